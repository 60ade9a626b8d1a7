// Generated from src/backend/native/codelets by `npm run generate`; do not edit.
// Transforms of size 5: dft, dit, dif. See codelets.h.
#pragma once

#include "../lanes.h"

namespace parseval {
namespace {

// 14 additions, 0 multiplications, 18 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dft5(const Load &load, const Store &store) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_250000000 = Scalar<K>(0.25000000000000000000);
  constexpr Scalar<K> k0_559016994 = Scalar<K>(0.55901699437494745126);
  constexpr Scalar<K> k0_618033989 = Scalar<K>(0.61803398874989490253);
  constexpr Scalar<K> k0_951056516 = Scalar<K>(0.95105651629515353118);
  const Complex<K> x0 = load(0);
  const Complex<K> x1 = load(1);
  const Complex<K> x4 = load(4);
  const V t0 = x1.re + x4.re;
  const V t1 = x1.im + x4.im;
  const V t2 = x1.im - x4.im;
  const V t3 = x1.re - x4.re;
  const Complex<K> x2 = load(2);
  const Complex<K> x3 = load(3);
  const V t4 = x2.re + x3.re;
  const V t5 = x2.im + x3.im;
  const V t6 = x2.im - x3.im;
  const V t7 = x2.re - x3.re;
  const V t8 = t0 + t4;
  const V t9 = x0.re - k0_250000000 * t8;
  const V t10 = t1 + t5;
  const V t11 = x0.im - k0_250000000 * t10;
  const V t12 = t0 - t4;
  const V t13 = t2 + k0_618033989 * t6;
  const V t14 = t1 - t5;
  const V t15 = t3 + k0_618033989 * t7;
  const V t16 = t6 - k0_618033989 * t2;
  const V t17 = t7 - k0_618033989 * t3;
  const V t18 = x0.re + t8;
  const V t19 = x0.im + t10;
  store(0, Complex<K>{t18, t19});
  const V t20 = t9 + k0_559016994 * t12;
  const V t21 = t20 + k0_951056516 * t13;
  const V t22 = t20 - k0_951056516 * t13;
  const V t23 = t11 + k0_559016994 * t14;
  const V t24 = t23 - k0_951056516 * t15;
  const V t25 = t23 + k0_951056516 * t15;
  store(1, Complex<K>{t21, t24});
  store(4, Complex<K>{t22, t25});
  const V t26 = t9 - k0_559016994 * t12;
  const V t27 = t26 - k0_951056516 * t16;
  const V t28 = t26 + k0_951056516 * t16;
  const V t29 = t11 - k0_559016994 * t14;
  const V t30 = t29 + k0_951056516 * t17;
  const V t31 = t29 - k0_951056516 * t17;
  store(2, Complex<K>{t27, t30});
  store(3, Complex<K>{t28, t31});
}

// 14 additions, 8 multiplications, 26 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dit5(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_250000000 = Scalar<K>(0.25000000000000000000);
  constexpr Scalar<K> k0_559016994 = Scalar<K>(0.55901699437494745126);
  constexpr Scalar<K> k0_618033989 = Scalar<K>(0.61803398874989490253);
  constexpr Scalar<K> k0_951056516 = Scalar<K>(0.95105651629515353118);
  const Complex<K> x1 = load(1);
  const V w0 = splat<K>(w[0]);
  const V t0 = w0 * x1.im;
  const V t1 = w0 * x1.re;
  const V w1 = splat<K>(w[1]);
  const V t2 = t1 - w1 * x1.im;
  const V t3 = t0 + w1 * x1.re;
  const Complex<K> x4 = load(4);
  const V w6 = splat<K>(w[6]);
  const V t4 = w6 * x4.re;
  const V t5 = w6 * x4.im;
  const V w7 = splat<K>(w[7]);
  const V t6 = t4 - w7 * x4.im;
  const V t7 = t5 + w7 * x4.re;
  const Complex<K> x2 = load(2);
  const V w2 = splat<K>(w[2]);
  const V t8 = w2 * x2.re;
  const V t9 = w2 * x2.im;
  const V w3 = splat<K>(w[3]);
  const V t10 = t8 - w3 * x2.im;
  const V t11 = t9 + w3 * x2.re;
  const Complex<K> x3 = load(3);
  const V w4 = splat<K>(w[4]);
  const V t12 = w4 * x3.re;
  const V t13 = w4 * x3.im;
  const V w5 = splat<K>(w[5]);
  const V t14 = t12 - w5 * x3.im;
  const V t15 = t13 + w5 * x3.re;
  const V t16 = t2 + t6;
  const V t17 = t10 + t14;
  const V t18 = t16 + t17;
  const V t19 = t3 + t7;
  const V t20 = t11 + t15;
  const V t21 = t19 + t20;
  const V t22 = t3 - t7;
  const V t23 = t11 - t15;
  const Complex<K> x0 = load(0);
  const V t24 = t2 - t6;
  const V t25 = t10 - t14;
  const V t26 = x0.re + t18;
  const V t27 = x0.im + t21;
  store(0, Complex<K>{t26, t27});
  const V t28 = x0.re - k0_250000000 * t18;
  const V t29 = t16 - t17;
  const V t30 = t28 + k0_559016994 * t29;
  const V t31 = t28 - k0_559016994 * t29;
  const V t32 = t22 + k0_618033989 * t23;
  const V t33 = x0.im - k0_250000000 * t21;
  const V t34 = t19 - t20;
  const V t35 = t33 + k0_559016994 * t34;
  const V t36 = t33 - k0_559016994 * t34;
  const V t37 = t24 + k0_618033989 * t25;
  const V t38 = t23 - k0_618033989 * t22;
  const V t39 = t25 - k0_618033989 * t24;
  const V t40 = t30 + k0_951056516 * t32;
  const V t41 = t35 - k0_951056516 * t37;
  store(1, Complex<K>{t40, t41});
  const V t42 = t31 - k0_951056516 * t38;
  const V t43 = t36 + k0_951056516 * t39;
  store(2, Complex<K>{t42, t43});
  const V t44 = t31 + k0_951056516 * t38;
  const V t45 = t36 - k0_951056516 * t39;
  store(3, Complex<K>{t44, t45});
  const V t46 = t30 - k0_951056516 * t32;
  const V t47 = t35 + k0_951056516 * t37;
  store(4, Complex<K>{t46, t47});
}

// 14 additions, 8 multiplications, 26 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dif5(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_250000000 = Scalar<K>(0.25000000000000000000);
  constexpr Scalar<K> k0_559016994 = Scalar<K>(0.55901699437494745126);
  constexpr Scalar<K> k0_618033989 = Scalar<K>(0.61803398874989490253);
  constexpr Scalar<K> k0_951056516 = Scalar<K>(0.95105651629515353118);
  const Complex<K> x1 = load(1);
  const Complex<K> x4 = load(4);
  const V t0 = x1.re + x4.re;
  const V t1 = x1.im + x4.im;
  const Complex<K> x2 = load(2);
  const Complex<K> x3 = load(3);
  const V t2 = x2.re + x3.re;
  const V t3 = x2.im + x3.im;
  const V t4 = t0 + t2;
  const V t5 = t1 + t3;
  const V t6 = x1.im - x4.im;
  const V t7 = x2.im - x3.im;
  const V t8 = x1.re - x4.re;
  const Complex<K> x0 = load(0);
  const V t9 = x2.re - x3.re;
  const V t10 = x0.re - k0_250000000 * t4;
  const V t11 = t0 - t2;
  const V t12 = t10 + k0_559016994 * t11;
  const V t13 = t10 - k0_559016994 * t11;
  const V t14 = x0.im - k0_250000000 * t5;
  const V t15 = t1 - t3;
  const V t16 = t14 + k0_559016994 * t15;
  const V t17 = t14 - k0_559016994 * t15;
  const V t18 = t8 + k0_618033989 * t9;
  const V t19 = t7 - k0_618033989 * t6;
  const V t20 = t9 - k0_618033989 * t8;
  const V t21 = t6 + k0_618033989 * t7;
  const V t22 = x0.re + t4;
  const V t23 = x0.im + t5;
  store(0, Complex<K>{t22, t23});
  const V t24 = t12 + k0_951056516 * t21;
  const V w0 = splat<K>(w[0]);
  const V t25 = w0 * t24;
  const V t26 = t16 - k0_951056516 * t18;
  const V t27 = w0 * t26;
  const V w1 = splat<K>(w[1]);
  const V t28 = t25 - w1 * t26;
  const V t29 = t27 + w1 * t24;
  store(1, Complex<K>{t28, t29});
  const V t30 = t13 - k0_951056516 * t19;
  const V w2 = splat<K>(w[2]);
  const V t31 = w2 * t30;
  const V t32 = t17 + k0_951056516 * t20;
  const V t33 = w2 * t32;
  const V w3 = splat<K>(w[3]);
  const V t34 = t31 - w3 * t32;
  const V t35 = t33 + w3 * t30;
  store(2, Complex<K>{t34, t35});
  const V t36 = t13 + k0_951056516 * t19;
  const V w4 = splat<K>(w[4]);
  const V t37 = w4 * t36;
  const V t38 = t17 - k0_951056516 * t20;
  const V t39 = w4 * t38;
  const V w5 = splat<K>(w[5]);
  const V t40 = t37 - w5 * t38;
  const V t41 = t39 + w5 * t36;
  store(3, Complex<K>{t40, t41});
  const V t42 = t12 - k0_951056516 * t21;
  const V w6 = splat<K>(w[6]);
  const V t43 = w6 * t42;
  const V t44 = t16 + k0_951056516 * t18;
  const V t45 = w6 * t44;
  const V w7 = splat<K>(w[7]);
  const V t46 = t43 - w7 * t44;
  const V t47 = t45 + w7 * t42;
  store(4, Complex<K>{t46, t47});
}

}  // namespace
}  // namespace parseval
