// Numbers in lanes: what a kernel computes with. `K` says which: a vector of the compiler's (split where the
// CPU's are narrower), or one number where a value is the same for all examples.
#pragma once

#include <stddef.h>

#include <type_traits>

#include "code.h"

namespace parseval {
namespace {

template <class T, int Bytes>
struct Lanes {
  using Scalar = T;
  typedef T Vector __attribute__((vector_size(Bytes), may_alias));
  static constexpr int64_t lanes = Bytes / sizeof(T);
};
using EightFloats = Lanes<float, 32>;
using FourDoubles = Lanes<double, 32>;
struct OneFloat {
  using Scalar = float;
  using Vector = float;
  static constexpr int64_t lanes = 1;
};
struct OneDouble {
  using Scalar = double;
  using Vector = double;
  static constexpr int64_t lanes = 1;
};

// A flag as a compile-time constant.
struct Yes {
  static constexpr bool value = true;
};
struct No {
  static constexpr bool value = false;
};

// How many of K's vectors the CPU's registers hold.
#if defined(__AVX512F__)
constexpr int64_t registerCount = 32, registerBytes = 64;
#elif defined(__AVX2__)
constexpr int64_t registerCount = 16, registerBytes = 32;
#elif defined(__aarch64__)
constexpr int64_t registerCount = 32, registerBytes = 16;
#else
constexpr int64_t registerCount = 16, registerBytes = 16;
#endif
template <class K>
constexpr int registers = int(int64_t(sizeof(typename K::Vector)) <= registerBytes
                                  ? registerCount
                                  : registerCount * registerBytes / int64_t(sizeof(typename K::Vector)));

// A register full of K's numbers; K itself where its vectors are as long, or one number.
template <class K>
using Widest = std::conditional_t<(K::lanes > 1 && int64_t(sizeof(typename K::Vector)) < registerBytes),
                                  Lanes<typename K::Scalar, int(registerBytes)>, K>;
template <class K>
constexpr int64_t blocksInRegister = Widest<K>::lanes / K::lanes;

#define PARSEVAL_INLINE inline __attribute__((always_inline))

template <class K>
using Scalar = typename K::Scalar;

template <class K>
struct Complex {
  typename K::Vector re, im;
};

// The distance between units in scalars: a uniform operand has one number where others have one for each lane.
template <class K, bool Uniform>
constexpr int64_t unit = Uniform ? 1 : K::lanes;

// The same number in all lanes. x − 0 is x for every x, −0 too, and costs nothing.
template <class K>
PARSEVAL_INLINE typename K::Vector splat(Scalar<K> x) {
  return x - typename K::Vector{};
}

template <class K, bool Uniform>
PARSEVAL_INLINE typename K::Vector loadReal(const Scalar<K> *p) {
  if constexpr (Uniform) return splat<K>(*p);
  else return *reinterpret_cast<const typename K::Vector *>(p);
}

template <class K, bool Uniform>
PARSEVAL_INLINE Complex<K> loadComplex(const Scalar<K> *p) {
  return {loadReal<K, Uniform>(p), loadReal<K, Uniform>(p + unit<K, Uniform>)};
}

template <class K>
PARSEVAL_INLINE void storeReal(Scalar<K> *p, typename K::Vector x) {
  *reinterpret_cast<typename K::Vector *>(p) = x;
}

template <class K>
PARSEVAL_INLINE void storeComplex(Scalar<K> *p, Complex<K> x) {
  storeReal<K>(p, x.re);
  storeReal<K>(p + K::lanes, x.im);
}

// Values of either width, for kernels that serve both.
template <class K, int Width>
struct ValueOf {
  using Type = Complex<K>;
};
template <class K>
struct ValueOf<K, 1> {
  using Type = typename K::Vector;
};
template <class K, int Width>
using Value = typename ValueOf<K, Width>::Type;

template <class K, int Width, bool Uniform>
PARSEVAL_INLINE Value<K, Width> load(const Scalar<K> *p) {
  if constexpr (Width == 1) return loadReal<K, Uniform>(p);
  else return loadComplex<K, Uniform>(p);
}

template <class K, int Width>
PARSEVAL_INLINE void store(Scalar<K> *p, Value<K, Width> x) {
  if constexpr (Width == 1) storeReal<K>(p, x);
  else storeComplex<K>(p, x);
}

template <class K>
PARSEVAL_INLINE Complex<K> plus(Complex<K> a, Complex<K> b) {
  return {a.re + b.re, a.im + b.im};
}
template <class K>
PARSEVAL_INLINE Complex<K> minus(Complex<K> a, Complex<K> b) {
  return {a.re - b.re, a.im - b.im};
}
template <class K>
PARSEVAL_INLINE Complex<K> times(Complex<K> a, Complex<K> b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
template <class K>
PARSEVAL_INLINE Complex<K> conjugate(Complex<K> a) {
  return {a.re, -a.im};
}

// sum += a b, or conj(a) b: the step of every inner product.
template <class K, int Width, bool Conjugate>
PARSEVAL_INLINE void addProduct(Value<K, Width> &sum, Value<K, Width> a, Value<K, Width> b) {
  if constexpr (Width == 1) sum += a * b;
  else if constexpr (Conjugate) {
    sum.re += a.re * b.re;
    sum.im += a.re * b.im;
    sum.re += a.im * b.im;
    sum.im -= a.im * b.re;
  } else {
    sum.re += a.re * b.re;
    sum.im += a.re * b.im;
    sum.re -= a.im * b.im;
    sum.im += a.im * b.re;
  }
}

template <class K, int Width>
PARSEVAL_INLINE Value<K, Width> added(Value<K, Width> a, Value<K, Width> b) {
  if constexpr (Width == 1) return a + b;
  else return plus<K>(a, b);
}

// The value where the mask is above 0, else 0.
template <class K, int Width>
PARSEVAL_INLINE Value<K, Width> where(typename K::Vector mask, Value<K, Width> x) {
  const typename K::Vector zero{};
  if constexpr (Width == 1) return mask > zero ? x : zero;
  else return {mask > zero ? x.re : zero, mask > zero ? x.im : zero};
}

template <class T>
struct Four {
  typedef T Vector __attribute__((vector_size(4 * sizeof(T)), may_alias));
};
template <class T>
using FourOf = typename Four<T>::Vector;

#if defined(__clang__)
#define PARSEVAL_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PARSEVAL_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, decltype((a) < (b)){__VA_ARGS__})
#endif

// Halves of the lanes are added until four are left.
template <class T, class V>
PARSEVAL_INLINE FourOf<T> sumToFour(V x) {
  if constexpr (sizeof(V) == sizeof(FourOf<T>)) return (FourOf<T>)x;
  else {
    typedef T Half __attribute__((vector_size(sizeof(V) / 2), may_alias));
    Half half[2];
    __builtin_memcpy(half, &x, sizeof x);
    return sumToFour<T, Half>(half[0] + half[1]);
  }
}

// The sums over the lanes of four vectors, in an order that is the same everywhere.
template <class K>
PARSEVAL_INLINE FourOf<Scalar<K>> sumsOfLanes(typename K::Vector p, typename K::Vector q, typename K::Vector r,
                                              typename K::Vector s) {
  using T = Scalar<K>;
  const FourOf<T> a = sumToFour<T>(p), b = sumToFour<T>(q), c = sumToFour<T>(r), d = sumToFour<T>(s);
  const FourOf<T> ab = PARSEVAL_SHUFFLE(a, b, 0, 4, 1, 5) + PARSEVAL_SHUFFLE(a, b, 2, 6, 3, 7);
  const FourOf<T> cd = PARSEVAL_SHUFFLE(c, d, 0, 4, 1, 5) + PARSEVAL_SHUFFLE(c, d, 2, 6, 3, 7);
  return PARSEVAL_SHUFFLE(ab, cd, 0, 1, 4, 5) + PARSEVAL_SHUFFLE(ab, cd, 2, 3, 6, 7);
}

// f of each lane.
template <class K, class F>
PARSEVAL_INLINE typename K::Vector eachLane(typename K::Vector x, F f) {
  if constexpr (K::lanes == 1) return f(x);
  else {
    typename K::Vector y;
    for (int64_t l = 0; l < K::lanes; l++) y[l] = f(x[l]);
    return y;
  }
}

template <class K>
PARSEVAL_INLINE Scalar<K> lane(typename K::Vector x, int64_t l) {
  if constexpr (K::lanes == 1) return (void)l, x;
  else return x[l];
}

}  // namespace
}  // namespace parseval
