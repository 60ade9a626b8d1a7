// Columns of an odd radix without a codelet, by the definition: with a_j = x_j + x_{r−j} and b_j = x_j − x_{r−j},
// outputs k and r − k share their sums of cos · a and sin · b. `roots` holds e^(−2πi m/r).
#pragma once

#include "lanes.h"

namespace parseval {
namespace {

constexpr int mostOddRadix = 64;

template <class K, class Store>
void dftOdd(int radix, Complex<K> *x, const Scalar<K> *roots, const Store &store) {
  const int half = radix / 2;
  Complex<K> sum = x[0];
  for (int j = 1; j <= half; j++) {
    const Complex<K> difference = minus<K>(x[j], x[radix - j]);
    x[j] = plus<K>(x[j], x[radix - j]);
    x[radix - j] = difference;
    sum = plus<K>(sum, x[j]);
  }
  store(0, sum);
  for (int k = 1; k <= half; k++) {
    Complex<K> even = x[0], odd{};
    int m = 0;
    for (int j = 1; j <= half; j++) {
      m += k;
      if (m >= radix) m -= radix;
      const typename K::Vector cosine = splat<K>(roots[2 * m]), sine = splat<K>(roots[2 * m + 1]);
      even.re += cosine * x[j].re;
      even.im += cosine * x[j].im;
      odd.re -= sine * x[radix - j].im;
      odd.im += sine * x[radix - j].re;
    }
    store(k, plus<K>(even, odd));
    store(radix - k, minus<K>(even, odd));
  }
}

}  // namespace
}  // namespace parseval
