// Nanoseconds of a codelet on eight lanes, in passes over data in the first-level cache.
// What native/planner.cc has a codelet cost comes from here.
// g++ -std=c++17 -O3 -fno-math-errno -mavx2 -mfma -Wno-psabi bench/native/codelets.cc && ./a.out
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "../../native/codelets/codelets.h"

using namespace parseval;

namespace {

using K = EightFloats;
constexpr int64_t element = 2 * K::lanes;

enum class Way { dft, dit, dif };

template <int N, Way W>
__attribute__((noinline)) void pass(float *data, const float *twiddles, int count, int64_t apart) {
  for (int g = 0; g < count; g++, data += element, twiddles += 2 * (N - 1)) {
    const auto load = [&](int j) __attribute__((always_inline)) { return loadComplex<K, false>(data + j * apart); };
    const auto store = [&](int j, Complex<K> y) __attribute__((always_inline)) { storeComplex<K>(data + j * apart, y); };
    if constexpr (W == Way::dft) {
      Codelet<K, N>::dft(load, store);
    } else if constexpr (W == Way::dit) {
      Codelet<K, N>::dit(load, store, twiddles);
    } else {
      Codelet<K, N>::dif(load, store, twiddles);
    }
  }
}

template <int N, Way W>
double nanoseconds() {
  const int count = std::max(1, 128 / N);
  const int64_t apart = (count + 1) * element;
  std::vector<float> memory(size_t(N * apart + 64)), twiddles(size_t(2 * N * count), 0.1f);
  float *data = memory.data() + (16 - (reinterpret_cast<uintptr_t>(memory.data()) / 4) % 16) % 16;
  std::vector<double> times;
  for (int r = 0; r < 25; r++) {
    std::fill(memory.begin(), memory.end(), 0.0f);
    const int repeats = 20000 / N;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; i++) {
      pass<N, W>(data, twiddles.data(), count, apart);
      __asm__ volatile("" : : "r"(data) : "memory");
    }
    const std::chrono::duration<double, std::nano> t = std::chrono::steady_clock::now() - start;
    times.push_back(t.count() / repeats / count);
  }
  std::nth_element(times.begin(), times.begin() + 5, times.end());
  return times[5];
}

template <int N>
void row() {
  std::printf("%3d", N);
  std::printf(" dft %7.1f", nanoseconds<N, Way::dft>());
  if constexpr (N <= 32) std::printf(" dit %7.1f dif %7.1f", nanoseconds<N, Way::dit>(), nanoseconds<N, Way::dif>());
  std::printf("\n");
}

template <size_t... Index>
void rows(std::index_sequence<Index...>) {
  (row<codeletSizes[Index]>(), ...);
}

}  // namespace

int main() { rows(std::make_index_sequence<sizeof(codeletSizes) / sizeof(int)>()); }
