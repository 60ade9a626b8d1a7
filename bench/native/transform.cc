// Nanoseconds per complex transform, batch 32 in four blocks of eight lanes: native/transform.h against
// native/fft.h. g++ -std=c++17 -O3 -fno-math-errno -mavx2 -mfma -Wno-psabi bench/transform.cc native/fftTables.cc
#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "../native/fft.h"
#include "../native/fftTables.h"
#include "../native/transform.h"

using namespace parseval;

namespace {

using K = EightFloats;
constexpr int blocks = 4;

struct Plan {
  std::vector<TransformLevel> levels;
  std::vector<float> table;
  Transform transform;
};

Plan planOf(const std::vector<int> &radices) {
  Plan p;
  const int64_t n = std::accumulate(radices.begin(), radices.end(), int64_t(1), std::multiplies<>());
  int64_t pad = n, size = n;
  for (int r : radices) {
    size /= r;
    if (size > 1 && size % 64 == 0) pad = size;
  }
  size = n;
  for (size_t i = 0; i < radices.size(); i++) {
    const int64_t radix = radices[i], rest = size / radix;
    p.levels.push_back({radix, rest, rest + rest / pad, int64_t(p.table.size() / 2), 0});
    if (rest > 1) {
      for (int64_t k = 0; k < rest; k++) {
        for (int64_t j = 1; j < radix; j++) {
          const auto w = std::polar(1.0, -2 * M_PI * double(j * k % size) / double(size));
          p.table.push_back(float(w.real()));
          p.table.push_back(float(w.imag()));
        }
      }
    }
    size = rest;
  }
  p.transform = {n, int64_t(p.levels.size()), p.levels.data(), p.table.data(), pad, 1, nullptr, 0, 0, 0};
  return p;
}

float *aligned(size_t count) {
  void *p = std::aligned_alloc(64, (count * sizeof(float) + 4095) / 64 * 64);
  float *f = static_cast<float *>(p);
  for (size_t i = 0; i < count; i++) f[i] = float(std::sin(double(i) * 1.7));
  return f;
}

__attribute__((noinline)) void inTime(const Transform &t, float *work, const float *from, float *to) {
  transformInTime<K>(
      t, work, [=](int64_t, int64_t i) PARSEVAL_LAMBDA { return loadComplex<K, false>(from + i * 16); },
      [=](int64_t, int64_t i, Complex<K> y) PARSEVAL_LAMBDA { storeComplex<K>(to + i * 16, y); });
}
// Into the work space, and from it and into it: what a chain of F and F⁻¹ does.
__attribute__((noinline)) void intoWork(const Transform &t, float *work, const float *from) {
  transformInTime<K>(
      t, work, [=](int64_t, int64_t i) PARSEVAL_LAMBDA { return loadComplex<K, false>(from + i * 16); }, InWork<>{});
}
__attribute__((noinline)) void inPlace(const Transform &t, float *work) {
  transformInTime<K>(t, work, InWork<>{}, InWork<>{});
}
__attribute__((noinline)) void inPlaceBack(const Transform &t, float *work) {
  transformInFrequency<K>(t, work, InWork<>{}, InWork<>{});
}
__attribute__((noinline)) void inFrequency(const Transform &t, float *work, const float *from, float *to) {
  transformInFrequency<K>(
      t, work, [=](int64_t, int64_t i) PARSEVAL_LAMBDA { return loadComplex<K, false>(from + i * 16); },
      [=](int64_t, int64_t i, Complex<K> y) PARSEVAL_LAMBDA { storeComplex<K>(to + i * 16, y); });
}

template <class F>
double measure(int64_t n, F f) {
  std::vector<double> times;
  const int repeats = int(std::max<int64_t>(1, 40000 / n));
  for (int r = 0; r < 31; r++) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; i++)
      for (int b = 0; b < blocks; b++) f(b);
    const std::chrono::duration<double, std::nano> t = std::chrono::steady_clock::now() - start;
    times.push_back(t.count() / repeats / blocks / 8);
  }
  std::nth_element(times.begin(), times.begin() + 6, times.end());
  return times[6];
}

double error(int64_t n, const float *from, const float *to) {
  double worst = 0;
  for (int64_t k = 0; k < n; k += std::max<int64_t>(1, n / 37)) {
    std::complex<double> sum = 0;
    for (int64_t j = 0; j < n; j++)
      sum += std::polar(1.0, -2 * M_PI * double(j * k % n) / double(n)) *
             std::complex<double>(from[j * 16 + 3], from[j * 16 + 11]);
    worst = std::max(worst, std::abs(sum - std::complex<double>(to[k * 16 + 3], to[k * 16 + 11])));
  }
  return worst / std::sqrt(double(n));
}

void row(const std::vector<int> &radices) {
  Plan p = planOf(radices);
  const int64_t n = p.transform.size;
  const size_t block = size_t(n) * 16;
  float *from = aligned(block * blocks), *to = aligned(block * blocks);
  float *work = aligned(size_t(workSize(p.transform)) * 16), *scratch = aligned(block * 8);
  FftTables tables(Precision::Single);
  const Fft *fft = tables.of(n);
  std::string name;
  for (int r : radices) name += (name.empty() ? "" : "x") + std::to_string(r);
  const double present = measure(n, [&](int b) {
    Memory<K> source{from + size_t(b) * block}, sink{to + size_t(b) * block};
    float *const buffers[2] = {scratch, scratch + block};
    const Parts usual{0, K::lanes};
    runStages<K>(*fft, source, sink, buffers, usual, usual, fft->scale);
  });
  const double t = measure(n, [&](int b) { inTime(p.transform, work, from + size_t(b) * block, to + size_t(b) * block); });
  const double e = error(n, from, to);
  const double into = measure(n, [&](int b) { intoWork(p.transform, work, from + size_t(b) * block); });
  std::fill(work, work + size_t(workSize(p.transform)) * 16, 0.0f);
  const double place = measure(n, [&](int) { inPlace(p.transform, work); });
  const double back = measure(n, [&](int) { inPlaceBack(p.transform, work); });
  const double f =
      measure(n, [&](int b) { inFrequency(p.transform, work, from + size_t(b) * block, to + size_t(b) * block); });
  const double ef = error(n, from, to);
  std::printf("%5ld %-12s fft.h %8.1f | out of place: in time %8.1f, in frequency %8.1f | into work %8.1f | in place: "
              "%8.1f %8.1f | errors %.1e %.1e\n",
              long(n), name.c_str(), present, t, f, into, place, back, e, ef);
  for (float *x : {from, to, work, scratch}) std::free(x);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc > 1) {
    std::vector<int> radices;
    for (int i = 1; i < argc; i++) radices.push_back(std::atoi(argv[i]));
    row(radices);
    return 0;
  }
  for (const std::vector<int> &radices : std::vector<std::vector<int>>{
           {8, 8}, {8, 16}, {16, 16}, {4, 8, 8}, {8, 8, 8}, {8, 8, 16}, {4, 16, 16}, {16, 8, 16}, {8, 16, 16},
           {8, 8, 8, 8}, {16, 16, 16}, {4, 15}, {6, 10}, {9, 9, 3}, {10, 10, 10}, {8, 5, 5, 5}, {7, 11, 13}})
    row(radices);
}
