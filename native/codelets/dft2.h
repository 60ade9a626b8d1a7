// Generated from src/backend/native/codelets by `npm run generate`; do not edit.
// Transforms of size 2: dft, dit, dif. See codelets.h.
#pragma once

#include "../lanes.h"

namespace parseval {
namespace {

// 4 additions, 0 multiplications, 0 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dft2(const Load &load, const Store &store) {
  using V = typename K::Vector;
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const V t0 = x0.re + x1.re;
  const V t1 = x0.im + x1.im;
  const V t2 = x0.re - x1.re;
  const V t3 = x0.im - x1.im;
  store(0, Complex<K>{t0, t1});
  store(1, Complex<K>{t2, t3});
}

// 4 additions, 2 multiplications, 2 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dit2(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const V w0 = splat<K>(w[0]);
  const V t0 = w0 * x1.re;
  const V t1 = w0 * x1.im;
  const V w1 = splat<K>(w[1]);
  const V t2 = t0 - w1 * x1.im;
  const V t3 = t1 + w1 * x1.re;
  const V t4 = x0.re + t2;
  const V t5 = x0.im + t3;
  store(0, Complex<K>{t4, t5});
  const V t6 = x0.re - t2;
  const V t7 = x0.im - t3;
  store(1, Complex<K>{t6, t7});
}

// 4 additions, 2 multiplications, 2 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dif2(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const V t0 = x0.re - x1.re;
  const V t1 = x0.im - x1.im;
  const V t2 = x0.re + x1.re;
  const V t3 = x0.im + x1.im;
  const V w0 = splat<K>(w[0]);
  const V t4 = w0 * t0;
  const V t5 = w0 * t1;
  const V w1 = splat<K>(w[1]);
  const V t6 = t4 - w1 * t1;
  const V t7 = t5 + w1 * t0;
  store(1, Complex<K>{t6, t7});
  store(0, Complex<K>{t2, t3});
}

}  // namespace
}  // namespace parseval
