// Vectors as wide as a register, for long computations: the compiler splits wider ones operation by operation and
// takes comparisons and selections apart into single numbers. Only operations that SSE2 has for 64-bit integers:
// no comparison, no signed shift.
#pragma once

#include "lanes.h"

namespace parseval {
namespace {


// How a number is made of bits.
template <class T>
struct Format;
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int mantissa = 23, bias = 127;
};
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
};

// A kind of lanes, as those in lanes.h.
template <class T, int64_t Lanes>
struct Pack {
  using Scalar = T;
  static constexpr int64_t lanes = Lanes;
  typedef T Vector __attribute__((vector_size(Lanes * sizeof(T)), may_alias));
  typedef typename Format<T>::Bits Bits __attribute__((vector_size(Lanes * sizeof(T)), may_alias));
};

template <class P>
using Vector = typename P::Vector;
template <class P>
using Bits = typename P::Bits;

// What a kind's vector is split into.
template <class K>
constexpr int64_t packLanes =
    K::lanes * int64_t(sizeof(Scalar<K>)) < registerBytes ? K::lanes : registerBytes / int64_t(sizeof(Scalar<K>));
template <class K>
using PackOf = Pack<Scalar<K>, packLanes<K>>;

template <class T>
constexpr typename Format<T>::Bits signBit = typename Format<T>::Bits(1) << (8 * sizeof(T) - 1);
template <class T>
constexpr typename Format<T>::Bits oneBits = typename Format<T>::Bits(Format<T>::bias) << Format<T>::mantissa;

// A power of two.
template <class T>
constexpr T power(int exponent) {
  T x = 1;
  for (; exponent > 0; exponent--) x *= 2;
  for (; exponent < 0; exponent++) x /= 2;
  return x;
}

template <class P>
PARSEVAL_INLINE Vector<P> absolute(Vector<P> x) {
  return (Vector<P>)((Bits<P>)x & ~signBit<Scalar<P>>);
}

// `from`'s signs on y, whose own are +.
template <class P>
PARSEVAL_INLINE Vector<P> signedAs(Vector<P> y, Vector<P> from) {
  return (Vector<P>)((Bits<P>)y | ((Bits<P>)from & signBit<Scalar<P>>));
}

// Whether a mask, what a comparison gives, is true in any lane.
template <class P, class Mask>
PARSEVAL_INLINE bool any(Mask mask) {
  constexpr int bytes = sizeof(Mask);
  if constexpr (bytes <= 8) {
    uint64_t word = 0;
    __builtin_memcpy(&word, &mask, bytes);
    return word != 0;
  } else {
    typedef uint64_t Half __attribute__((vector_size(bytes / 2)));
    Half halves[2];
    __builtin_memcpy(halves, &mask, bytes);
    return any<P>(halves[0] | halves[1]);
  }
}

// F of a kind's vector, pack by pack; a single number stays one.
template <class K, class F>
PARSEVAL_INLINE Vector<K> byPacks(Vector<K> x) {
  using P = PackOf<K>;
  if constexpr (K::lanes == 1) return F::template of<K>(x);
  else if constexpr (P::lanes == K::lanes) return (Vector<K>)F::template of<P>((Vector<P>)x);
  else {
    Vector<P> packs[K::lanes / P::lanes];
    __builtin_memcpy(packs, &x, sizeof x);
    for (Vector<P> &pack : packs) pack = F::template of<P>(pack);
    __builtin_memcpy(&x, packs, sizeof x);
    return x;
  }
}
template <class K, class F>
PARSEVAL_INLINE Complex<K> byPacks(Complex<K> x) {
  using P = PackOf<K>;
  if constexpr (P::lanes == K::lanes) {
    const Complex<P> y = F::template of<P>(Complex<P>{(Vector<P>)x.re, (Vector<P>)x.im});
    return {(Vector<K>)y.re, (Vector<K>)y.im};
  } else {
    constexpr int64_t count = K::lanes / P::lanes;
    Vector<P> re[count], im[count];
    __builtin_memcpy(re, &x.re, sizeof x.re);
    __builtin_memcpy(im, &x.im, sizeof x.im);
    for (int64_t p = 0; p < count; p++) {
      const Complex<P> y = F::template of<P>(Complex<P>{re[p], im[p]});
      re[p] = y.re;
      im[p] = y.im;
    }
    __builtin_memcpy(&x.re, re, sizeof x.re);
    __builtin_memcpy(&x.im, im, sizeof x.im);
    return x;
  }
}

}  // namespace
}  // namespace parseval
