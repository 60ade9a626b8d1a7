// Elementary functions of single numbers, real and complex (principal branches). Functions of the C library only: they
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

PARSEVAL_INLINE float root(float x) { return __builtin_sqrtf(x); }
PARSEVAL_INLINE double root(double x) { return __builtin_sqrt(x); }

PARSEVAL_INLINE float positive(float x) { return __builtin_fabsf(x); }
PARSEVAL_INLINE double positive(double x) { return __builtin_fabs(x); }

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

}  // namespace
}  // namespace parseval
