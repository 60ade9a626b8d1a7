// Small transforms of elements in registers, forward: y_k = Σ_j e^(−2πi jk/r) x_j.
#pragma once

#include "lanes.h"

namespace parseval {
namespace {

// Larger primes go Bluestein's way.
constexpr int mostRadix = 64;

// −i x
template <class K>
PARSEVAL_INLINE Complex<K> turned(Complex<K> x) {
  return {x.im, -x.re};
}

template <class K>
PARSEVAL_INLINE void butterfly2(Complex<K> &a, Complex<K> &b) {
  const Complex<K> difference = minus<K>(a, b);
  a = plus<K>(a, b);
  b = difference;
}

template <class K>
PARSEVAL_INLINE void butterfly4(Complex<K> *x) {
  butterfly2<K>(x[0], x[2]);
  butterfly2<K>(x[1], x[3]);
  x[3] = turned<K>(x[3]);
  butterfly2<K>(x[0], x[1]);
  butterfly2<K>(x[2], x[3]);
  const Complex<K> one = x[2];
  x[2] = x[1];
  x[1] = one;
}

template <class K>
PARSEVAL_INLINE void butterfly8(Complex<K> *x) {
  const typename K::Vector half = splat<K>(Scalar<K>(0.70710678118654752440));
  Complex<K> even[4] = {x[0], x[2], x[4], x[6]}, odd[4] = {x[1], x[3], x[5], x[7]};
  butterfly4<K>(even);
  butterfly4<K>(odd);
  odd[1] = {(odd[1].re + odd[1].im) * half, (odd[1].im - odd[1].re) * half};
  odd[2] = turned<K>(odd[2]);
  odd[3] = {(odd[3].im - odd[3].re) * half, (odd[3].re + odd[3].im) * -half};
  for (int k = 0; k < 4; k++) {
    x[k] = plus<K>(even[k], odd[k]);
    x[k + 4] = minus<K>(even[k], odd[k]);
  }
}

// Any odd radix: with a_j = x_j + x_{r−j} and b_j = x_j − x_{r−j}, outputs k and r − k share their sums of
// cos · a and sin · b. `roots` holds e^(−2πi m/r).
template <class K, int Radix>
PARSEVAL_INLINE void butterflyOdd(Complex<K> *x, int radix, const Scalar<K> *roots) {
  constexpr int most = Radix == 0 ? mostRadix : Radix;
  const int half = radix / 2;
  Complex<K> y[most];
  for (int j = 1; j <= half; j++) butterfly2<K>(x[j], x[radix - j]);
  y[0] = x[0];
  for (int j = 1; j <= half; j++) y[0] = plus<K>(y[0], x[j]);
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
    y[k] = plus<K>(even, odd);
    y[radix - k] = minus<K>(even, odd);
  }
  for (int k = 0; k < radix; k++) x[k] = y[k];
}

template <class K, int Radix>
PARSEVAL_INLINE void butterfly(Complex<K> *x, int radix, const Scalar<K> *roots) {
  if constexpr (Radix == 2) butterfly2<K>(x[0], x[1]);
  else if constexpr (Radix == 4) butterfly4<K>(x);
  else if constexpr (Radix == 8) butterfly8<K>(x);
  else butterflyOdd<K, Radix>(x, Radix == 0 ? radix : Radix, roots);
}

}  // namespace
}  // namespace parseval
