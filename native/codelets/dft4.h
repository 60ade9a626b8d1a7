// Generated from src/backend/native/codelets by `npm run generate`; do not edit.
// Transforms of size 4: dft, dit, dif. See codelets.h.
#pragma once

#include "../lanes.h"

namespace parseval {
namespace {

// 16 additions, 0 multiplications, 0 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dft4(const Load &load, const Store &store) {
  using V = typename K::Vector;
  const Complex<K> x0 = load(0);
  const Complex<K> x2 = load(2);
  const V t0 = x0.re + x2.re;
  const V t1 = x0.im + x2.im;
  const V t2 = x0.re - x2.re;
  const V t3 = x0.im - x2.im;
  const Complex<K> x1 = load(1);
  const Complex<K> x3 = load(3);
  const V t4 = x1.re + x3.re;
  const V t5 = x1.im + x3.im;
  const V t6 = x1.im - x3.im;
  const V t7 = x1.re - x3.re;
  const V t8 = t0 + t4;
  const V t9 = t1 + t5;
  store(0, Complex<K>{t8, t9});
  const V t10 = t2 + t6;
  const V t11 = t3 - t7;
  store(1, Complex<K>{t10, t11});
  const V t12 = t0 - t4;
  const V t13 = t1 - t5;
  store(2, Complex<K>{t12, t13});
  const V t14 = t2 - t6;
  const V t15 = t3 + t7;
  store(3, Complex<K>{t14, t15});
}

// 16 additions, 6 multiplications, 6 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dit4(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  const Complex<K> x0 = load(0);
  const Complex<K> x2 = load(2);
  const V w2 = splat<K>(w[2]);
  const V t0 = w2 * x2.re;
  const V t1 = w2 * x2.im;
  const V w3 = splat<K>(w[3]);
  const V t2 = t0 - w3 * x2.im;
  const V t3 = t1 + w3 * x2.re;
  const Complex<K> x1 = load(1);
  const V w0 = splat<K>(w[0]);
  const V t4 = w0 * x1.re;
  const V t5 = w0 * x1.im;
  const V w1 = splat<K>(w[1]);
  const V t6 = t4 - w1 * x1.im;
  const V t7 = t5 + w1 * x1.re;
  const Complex<K> x3 = load(3);
  const V w4 = splat<K>(w[4]);
  const V t8 = w4 * x3.re;
  const V t9 = w4 * x3.im;
  const V w5 = splat<K>(w[5]);
  const V t10 = t8 - w5 * x3.im;
  const V t11 = t9 + w5 * x3.re;
  const V t12 = x0.re + t2;
  const V t13 = t6 + t10;
  const V t14 = t12 + t13;
  const V t15 = t12 - t13;
  const V t16 = x0.im + t3;
  const V t17 = t7 + t11;
  const V t18 = t16 + t17;
  const V t19 = t16 - t17;
  store(0, Complex<K>{t14, t18});
  store(2, Complex<K>{t15, t19});
  const V t20 = x0.re - t2;
  const V t21 = t7 - t11;
  const V t22 = t20 + t21;
  const V t23 = t20 - t21;
  const V t24 = x0.im - t3;
  const V t25 = t6 - t10;
  const V t26 = t24 - t25;
  const V t27 = t24 + t25;
  store(1, Complex<K>{t22, t26});
  store(3, Complex<K>{t23, t27});
}

// 16 additions, 6 multiplications, 6 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dif4(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  const Complex<K> x0 = load(0);
  const Complex<K> x2 = load(2);
  const V t0 = x0.re + x2.re;
  const V t1 = x0.im + x2.im;
  const V t2 = x0.re - x2.re;
  const V t3 = x0.im - x2.im;
  const Complex<K> x1 = load(1);
  const Complex<K> x3 = load(3);
  const V t4 = x1.re + x3.re;
  const V t5 = x1.im + x3.im;
  const V t6 = x1.im - x3.im;
  const V t7 = x1.re - x3.re;
  const V t8 = t2 + t6;
  const V t9 = t3 - t7;
  const V t10 = t0 - t4;
  const V t11 = t1 - t5;
  const V t12 = t2 - t6;
  const V t13 = t3 + t7;
  const V t14 = t0 + t4;
  const V t15 = t1 + t5;
  store(0, Complex<K>{t14, t15});
  const V w0 = splat<K>(w[0]);
  const V t16 = w0 * t8;
  const V w1 = splat<K>(w[1]);
  const V t17 = t16 - w1 * t9;
  const V t18 = w0 * t9;
  const V t19 = t18 + w1 * t8;
  store(1, Complex<K>{t17, t19});
  const V w2 = splat<K>(w[2]);
  const V t20 = w2 * t10;
  const V w3 = splat<K>(w[3]);
  const V t21 = t20 - w3 * t11;
  const V t22 = w2 * t11;
  const V t23 = t22 + w3 * t10;
  store(2, Complex<K>{t21, t23});
  const V w4 = splat<K>(w[4]);
  const V t24 = w4 * t12;
  const V w5 = splat<K>(w[5]);
  const V t25 = t24 - w5 * t13;
  const V t26 = w4 * t13;
  const V t27 = t26 + w5 * t12;
  store(3, Complex<K>{t25, t27});
}

}  // namespace
}  // namespace parseval
