// One JSON line for each size and batch: nanoseconds of a complex transform in single precision on one core, the
// batch in the lanes. With arguments these sizes; `-b` 32 chooses the batch. g++ -std=c++17 -O3 -fno-math-errno
// -mavx2 -mfma -Wno-psabi bench/fft.cc native/planner.cc native/transformTables.cc
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../native/transform.h"
#include "../native/transformTables.h"

using namespace parseval;

namespace {

#ifdef PARSEVAL_BENCH_WIDE
using K = Lanes<float, 64>;
#else
using K = EightFloats;
#endif

float *aligned(int64_t elements) {
  const size_t count = size_t(elements * elementSize<K>);
  constexpr size_t page = 2 << 20;
  float *f = static_cast<float *>(std::aligned_alloc(page, (count * sizeof(float) + page) / page * page));
#ifdef MADV_HUGEPAGE
  madvise(f, count * sizeof(float), MADV_HUGEPAGE);  // as the engine's arenas
#endif
  for (size_t i = 0; i < count; i++) f[i] = float(std::sin(double(i) * 1.7));
  return f;
}

// Of one transform, the least of many runs: whatever else the machine does only adds to it.
double nanoseconds(const Transform &t, int64_t blocks) {
  float *from = aligned(t.size * blocks), *to = aligned(t.size * blocks), *scratch = aligned(t.scratch + 1);
  const int64_t repeats = std::max<int64_t>(1, 100000 / (t.size * blocks));
  std::vector<double> times;
  for (int r = 0; r < 31; r++) {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < repeats; i++)
      for (int64_t b = 0; b < blocks; b++) {
        Memory<K> source{from + b * t.size * elementSize<K>}, sink{to + b * t.size * elementSize<K>};
        transformFrom<K>(t, false, source, sink, scratch);
      }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    times.push_back(time.count() / double(repeats * blocks * K::lanes));
  }
  for (float *p : {from, to, scratch}) std::free(p);
  return *std::min_element(times.begin(), times.end());
}

std::string composition(const Transform &t) {
  if (t.convolution) return "convolution of " + composition(*t.convolution);
  std::string text;
  for (int64_t l = 0; l < t.levelCount; l++) text += (l > 0 ? "x" : "") + std::to_string(t.levels[l].radix);
  return text;
}

}  // namespace

int main(int argc, char **argv) {
  int64_t batch = 32;
  std::vector<int64_t> sizes;
  for (int a = 1; a < argc; a++) {
    if (std::strcmp(argv[a], "-b") == 0 && a + 1 < argc) batch = std::atoll(argv[++a]);
    else sizes.push_back(std::atoll(argv[a]));
  }
  if (sizes.empty()) sizes = {60, 64, 128, 243, 256, 509, 512, 1000, 1001, 1024, 2048, 4096, 16384, 131072};
  TransformTables tables(Precision::Single, elementSize<K> * int64_t(sizeof(float)));
  for (const int64_t n : sizes) {
    const Transform &t = *tables.of(n);
    const double time = nanoseconds(t, (batch + K::lanes - 1) / K::lanes);
    std::printf("{\"n\":%ld,\"batch\":%ld,\"lanes\":%ld,\"composition\":\"%s\",\"nanoseconds\":%.1f,\"perElement\":%.3f}\n",
                long(n), long(batch), long(K::lanes), composition(t).c_str(), time, time / double(n));
    std::fflush(stdout);
  }
}
