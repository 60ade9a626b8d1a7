// Inner products. A template parameter `Uniform…` says that an operand is the same for all examples: it is read as single
// numbers and put into all lanes.
#pragma once

#include "lanes.h"

namespace parseval {
namespace {

// Sums that do not wait for each other hide the latency of an addition.
constexpr int sums = 4;

template <class K, int Width, bool UniformA, bool UniformB>
void runDot(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t count) {
  constexpr int64_t stepA = Width * unit<K, UniformA>, stepB = Width * unit<K, UniformB>;
  Value<K, Width> sum[sums] = {};
  int64_t e = 0;
  for (; e + sums <= count; e += sums, a += sums * stepA, b += sums * stepB)
    for (int64_t s = 0; s < sums; s++)
      addProduct<K, Width, true>(sum[s], load<K, Width, UniformA>(a + s * stepA), load<K, Width, UniformB>(b + s * stepB));
  for (; e < count; e++, a += stepA, b += stepB)
    addProduct<K, Width, true>(sum[0], load<K, Width, UniformA>(a), load<K, Width, UniformB>(b));
  store<K, Width>(to, added<K, Width>(added<K, Width>(sum[0], sum[1]), added<K, Width>(sum[2], sum[3])));
}

}  // namespace
}  // namespace parseval
