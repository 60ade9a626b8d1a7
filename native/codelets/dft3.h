// Generated from src/backend/native/codelets by `npm run generate`; do not edit.
// Transforms of size 3: dft, dit, dif. See codelets.h.
#pragma once

#include "../lanes.h"

namespace parseval {
namespace {

// 6 additions, 0 multiplications, 6 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dft3(const Load &load, const Store &store) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_500000000 = Scalar<K>(0.50000000000000000000);
  constexpr Scalar<K> k0_866025404 = Scalar<K>(0.86602540378443859659);
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const Complex<K> x2 = load(2);
  const V t0 = x1.re + x2.re;
  const V t1 = x1.im + x2.im;
  const V t2 = x0.re - k0_500000000 * t0;
  const V t3 = x1.im - x2.im;
  const V t4 = x0.im - k0_500000000 * t1;
  const V t5 = x1.re - x2.re;
  const V t6 = x0.re + t0;
  const V t7 = x0.im + t1;
  store(0, Complex<K>{t6, t7});
  const V t8 = t2 + k0_866025404 * t3;
  const V t9 = t4 - k0_866025404 * t5;
  store(1, Complex<K>{t8, t9});
  const V t10 = t2 - k0_866025404 * t3;
  const V t11 = t4 + k0_866025404 * t5;
  store(2, Complex<K>{t10, t11});
}

// 6 additions, 4 multiplications, 10 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dit3(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_500000000 = Scalar<K>(0.50000000000000000000);
  constexpr Scalar<K> k0_866025404 = Scalar<K>(0.86602540378443859659);
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const V w0 = splat<K>(w[0]);
  const V t0 = w0 * x1.re;
  const V t1 = w0 * x1.im;
  const Complex<K> x2 = load(2);
  const V w2 = splat<K>(w[2]);
  const V t2 = w2 * x2.re;
  const V t3 = w2 * x2.im;
  const V w1 = splat<K>(w[1]);
  const V t4 = t0 - w1 * x1.im;
  const V w3 = splat<K>(w[3]);
  const V t5 = t2 - w3 * x2.im;
  const V t6 = t4 + t5;
  const V t7 = t1 + w1 * x1.re;
  const V t8 = t3 + w3 * x2.re;
  const V t9 = t7 + t8;
  const V t10 = x0.re + t6;
  const V t11 = x0.im + t9;
  store(0, Complex<K>{t10, t11});
  const V t12 = x0.re - k0_500000000 * t6;
  const V t13 = t7 - t8;
  const V t14 = t12 + k0_866025404 * t13;
  const V t15 = t12 - k0_866025404 * t13;
  const V t16 = x0.im - k0_500000000 * t9;
  const V t17 = t4 - t5;
  const V t18 = t16 - k0_866025404 * t17;
  const V t19 = t16 + k0_866025404 * t17;
  store(1, Complex<K>{t14, t18});
  store(2, Complex<K>{t15, t19});
}

// 6 additions, 4 multiplications, 10 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dif3(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_500000000 = Scalar<K>(0.50000000000000000000);
  constexpr Scalar<K> k0_866025404 = Scalar<K>(0.86602540378443859659);
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const Complex<K> x2 = load(2);
  const V t0 = x1.re + x2.re;
  const V t1 = x1.im + x2.im;
  const V t2 = x1.im - x2.im;
  const V t3 = x1.re - x2.re;
  const V t4 = x0.re - k0_500000000 * t0;
  const V t5 = t4 + k0_866025404 * t2;
  const V t6 = t4 - k0_866025404 * t2;
  const V t7 = x0.im - k0_500000000 * t1;
  const V t8 = t7 - k0_866025404 * t3;
  const V t9 = t7 + k0_866025404 * t3;
  const V t10 = x0.re + t0;
  const V t11 = x0.im + t1;
  store(0, Complex<K>{t10, t11});
  const V w0 = splat<K>(w[0]);
  const V t12 = w0 * t5;
  const V w1 = splat<K>(w[1]);
  const V t13 = t12 - w1 * t8;
  const V t14 = w0 * t8;
  const V t15 = t14 + w1 * t5;
  store(1, Complex<K>{t13, t15});
  const V w2 = splat<K>(w[2]);
  const V t16 = w2 * t6;
  const V w3 = splat<K>(w[3]);
  const V t17 = t16 - w3 * t9;
  const V t18 = w2 * t9;
  const V t19 = t18 + w3 * t6;
  store(2, Complex<K>{t17, t19});
}

}  // namespace
}  // namespace parseval
