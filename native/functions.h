// Elementary functions by lanes, real and complex (principal branches). Functions of the C library only: they
// have one version for all CPUs, unlike inline ones of the C++ library.
#pragma once

#include "lanes.h"

namespace parseval {
namespace {

#define PARSEVAL_FUNCTION(name)                                              \
  struct name##Function {                                                    \
    float operator()(float x) const { return __builtin_##name##f(x); }       \
    double operator()(double x) const { return __builtin_##name(x); }        \
    __complex__ float operator()(__complex__ float x) const {                \
      return __builtin_c##name##f(x);                                        \
    }                                                                        \
    __complex__ double operator()(__complex__ double x) const {              \
      return __builtin_c##name(x);                                           \
    }                                                                        \
  };
PARSEVAL_FUNCTION(exp)
PARSEVAL_FUNCTION(log)
PARSEVAL_FUNCTION(sqrt)
PARSEVAL_FUNCTION(sin)
PARSEVAL_FUNCTION(cos)
PARSEVAL_FUNCTION(tanh)
#undef PARSEVAL_FUNCTION

template <class T>
struct CNumber;
template <>
struct CNumber<float> {
  typedef __complex__ float Type;
};
template <>
struct CNumber<double> {
  typedef __complex__ double Type;
};

template <class K, class F>
PARSEVAL_INLINE Complex<K> eachLane(Complex<K> x, F f) {
  Complex<K> y = x;
  for (int64_t l = 0; l < K::lanes; l++) {
    typename CNumber<Scalar<K>>::Type z;
    __real__ z = lane<K>(x.re, l);
    __imag__ z = lane<K>(x.im, l);
    z = f(z);
    if constexpr (K::lanes == 1) {
      y.re = __real__ z;
      y.im = __imag__ z;
    } else {
      y.re[l] = __real__ z;
      y.im[l] = __imag__ z;
    }
  }
  return y;
}

PARSEVAL_INLINE float root(float x) { return __builtin_sqrtf(x); }
PARSEVAL_INLINE double root(double x) { return __builtin_sqrt(x); }

PARSEVAL_INLINE float positive(float x) { return __builtin_fabsf(x); }
PARSEVAL_INLINE double positive(double x) { return __builtin_fabs(x); }

template <class K>
PARSEVAL_INLINE typename K::Vector squareRoot(typename K::Vector x) {
  return eachLane<K>(x, [](Scalar<K> r) { return root(r); });
}

template <class K>
PARSEVAL_INLINE typename K::Vector magnitude(typename K::Vector x) {
  return eachLane<K>(x, [](Scalar<K> r) { return positive(r); });
}

template <class K>
PARSEVAL_INLINE typename K::Vector squaredModulus(Complex<K> x) {
  return x.re * x.re + x.im * x.im;
}

template <class K>
PARSEVAL_INLINE Complex<K> quotient(Complex<K> a, Complex<K> b) {
  const typename K::Vector scale = 1 / squaredModulus<K>(b);
  const Complex<K> c = times<K>(a, conjugate<K>(b));
  return {c.re * scale, c.im * scale};
}

// 1/x, 0 at 0
template <class K>
PARSEVAL_INLINE typename K::Vector pseudoInverse(typename K::Vector x) {
  const typename K::Vector zero{};
  return x == zero ? zero : 1 / x;
}
template <class K>
PARSEVAL_INLINE Complex<K> pseudoInverse(Complex<K> x) {
  const typename K::Vector scale = pseudoInverse<K>(squaredModulus<K>(x));
  return {x.re * scale, -x.im * scale};
}

// The exponential's argument is never positive in its real part, so nothing overflows.
template <class K>
PARSEVAL_INLINE typename K::Vector logistic(typename K::Vector x) {
  return eachLane<K>(x, [](Scalar<K> r) {
    const Scalar<K> e = expFunction{}(r < 0 ? r : -r);
    return (r < 0 ? e : 1) / (1 + e);
  });
}
template <class K>
PARSEVAL_INLINE Complex<K> logistic(Complex<K> x) {
  const typename K::Vector zero{};
  const typename K::Vector one = splat<K>(1);
  const Complex<K> e = eachLane<K>(Complex<K>{x.re < 0 ? x.re : -x.re, x.re < 0 ? x.im : -x.im}, expFunction{});
  const Complex<K> above{x.re < 0 ? e.re : one, x.re < 0 ? e.im : zero};
  return quotient<K>(above, {one + e.re, e.im});
}

}  // namespace
}  // namespace parseval
