// Elementary functions of any kind of lanes: packs as wide as a register, or single numbers by the C library.
#pragma once

#include "complexFunctions.h"

namespace parseval {
namespace {

// F is one of realFunctions.h for reals, of complexFunctions.h for complex numbers.
template <class K, class F, class X>
PARSEVAL_INLINE X applied(X x) {
  if constexpr (K::lanes == 1) return eachLane<K>(x, typename F::Library{});
  else return byPacks<K, F>(x);
}

template <class K>
PARSEVAL_INLINE typename K::Vector squareRoot(typename K::Vector x) {
  return eachLane<K>(x, [](Scalar<K> r) { return root(r); });
}

template <class K>
PARSEVAL_INLINE typename K::Vector magnitude(typename K::Vector x) {
  return eachLane<K>(x, [](Scalar<K> r) { return positive(r); });
}

// 1/x, 0 at 0
template <class K>
PARSEVAL_INLINE typename K::Vector pseudoInverse(typename K::Vector x) {
  return byPacks<K, PseudoInverse>(x);
}
template <class K>
PARSEVAL_INLINE Complex<K> pseudoInverse(Complex<K> x) {
  const typename K::Vector scale = pseudoInverse<K>(squaredModulus<K>(x));
  return {x.re * scale, -x.im * scale};
}

// The exponential's argument is never positive in its real part, so nothing overflows.
template <class K>
PARSEVAL_INLINE typename K::Vector logistic(typename K::Vector x) {
  if constexpr (K::lanes > 1) return byPacks<K, Logistic>(x);
  else {
    const Scalar<K> e = expFunction{}(x < 0 ? x : -x);
    return (x < 0 ? e : 1) / (1 + e);
  }
}
template <class K>
PARSEVAL_INLINE Complex<K> logistic(Complex<K> x) {
  if constexpr (K::lanes > 1) return byPacks<K, ComplexLogistic>(x);
  else {
    const Complex<K> e = eachLane<K>(x.re < 0 ? x : Complex<K>{-x.re, -x.im}, expFunction{});
    return quotient<K>(x.re < 0 ? e : Complex<K>{1, 0}, {1 + e.re, e.im});
  }
}

}  // namespace
}  // namespace parseval
