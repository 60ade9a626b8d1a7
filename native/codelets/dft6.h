// Generated from src/backend/native/codelets by `npm run generate`; do not edit.
// Transforms of size 6: dft, dit, dif. See codelets.h.
#pragma once

#include "../lanes.h"

namespace parseval {
namespace {

// 24 additions, 0 multiplications, 12 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dft6(const Load &load, const Store &store) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_500000000 = Scalar<K>(0.50000000000000000000);
  constexpr Scalar<K> k0_866025404 = Scalar<K>(0.86602540378443859659);
  const Complex<K> x0 = load(0);
  const Complex<K> x3 = load(3);
  const V t0 = x0.re + x3.re;
  const V t1 = x0.im + x3.im;
  const V t2 = x0.re - x3.re;
  const V t3 = x0.im - x3.im;
  const Complex<K> x2 = load(2);
  const Complex<K> x5 = load(5);
  const V t4 = x2.re + x5.re;
  const V t5 = x2.im + x5.im;
  const V t6 = x2.re - x5.re;
  const V t7 = x2.im - x5.im;
  const Complex<K> x1 = load(1);
  const Complex<K> x4 = load(4);
  const V t8 = x1.re + x4.re;
  const V t9 = x1.re - x4.re;
  const V t10 = x1.im - x4.im;
  const V t11 = x1.im + x4.im;
  const V t12 = t5 + t11;
  const V t13 = t6 - t9;
  const V t14 = t7 + t10;
  const V t15 = t7 - t10;
  const V t16 = t6 + t9;
  const V t17 = t4 + t8;
  const V t18 = t5 - t11;
  const V t19 = t4 - t8;
  const V t20 = t0 + t17;
  const V t21 = t1 + t12;
  store(0, Complex<K>{t20, t21});
  const V t22 = t2 - k0_500000000 * t13;
  const V t23 = t22 + k0_866025404 * t14;
  const V t24 = t22 - k0_866025404 * t14;
  const V t25 = t3 - k0_500000000 * t15;
  const V t26 = t25 - k0_866025404 * t16;
  const V t27 = t25 + k0_866025404 * t16;
  store(1, Complex<K>{t23, t26});
  store(5, Complex<K>{t24, t27});
  const V t28 = t0 - k0_500000000 * t17;
  const V t29 = t28 - k0_866025404 * t18;
  const V t30 = t28 + k0_866025404 * t18;
  const V t31 = t1 - k0_500000000 * t12;
  const V t32 = t31 + k0_866025404 * t19;
  const V t33 = t31 - k0_866025404 * t19;
  store(2, Complex<K>{t29, t32});
  store(4, Complex<K>{t30, t33});
  const V t34 = t2 + t13;
  const V t35 = t3 + t15;
  store(3, Complex<K>{t34, t35});
}

// 24 additions, 10 multiplications, 22 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dit6(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_500000000 = Scalar<K>(0.50000000000000000000);
  constexpr Scalar<K> k0_866025404 = Scalar<K>(0.86602540378443859659);
  const Complex<K> x0 = load(0);
  const Complex<K> x3 = load(3);
  const V w4 = splat<K>(w[4]);
  const V t0 = w4 * x3.im;
  const V t1 = w4 * x3.re;
  const V w5 = splat<K>(w[5]);
  const V t2 = t1 - w5 * x3.im;
  const V t3 = x0.re + t2;
  const V t4 = x0.re - t2;
  const V t5 = t0 + w5 * x3.re;
  const V t6 = x0.im + t5;
  const V t7 = x0.im - t5;
  const Complex<K> x2 = load(2);
  const V w2 = splat<K>(w[2]);
  const V t8 = w2 * x2.re;
  const V t9 = w2 * x2.im;
  const Complex<K> x5 = load(5);
  const V w8 = splat<K>(w[8]);
  const V t10 = w8 * x5.re;
  const V t11 = w8 * x5.im;
  const V w9 = splat<K>(w[9]);
  const V t12 = t10 - w9 * x5.im;
  const V w3 = splat<K>(w[3]);
  const V t13 = t8 - w3 * x2.im;
  const V t14 = t13 + t12;
  const V t15 = t13 - t12;
  const V t16 = t9 + w3 * x2.re;
  const V t17 = t11 + w9 * x5.re;
  const V t18 = t16 + t17;
  const V t19 = t16 - t17;
  const Complex<K> x1 = load(1);
  const V w0 = splat<K>(w[0]);
  const V t20 = w0 * x1.re;
  const V t21 = w0 * x1.im;
  const V w1 = splat<K>(w[1]);
  const V t22 = t21 + w1 * x1.re;
  const Complex<K> x4 = load(4);
  const V w6 = splat<K>(w[6]);
  const V t23 = w6 * x4.re;
  const V t24 = w6 * x4.im;
  const V t25 = t20 - w1 * x1.im;
  const V w7 = splat<K>(w[7]);
  const V t26 = t23 - w7 * x4.im;
  const V t27 = t25 + t26;
  const V t28 = t25 - t26;
  const V t29 = t24 + w7 * x4.re;
  const V t30 = t22 + t29;
  const V t31 = t22 - t29;
  const V t32 = t14 + t27;
  const V t33 = t3 + t32;
  const V t34 = t18 - t30;
  const V t35 = t3 - k0_500000000 * t32;
  const V t36 = t18 + t30;
  const V t37 = t6 + t36;
  const V t38 = t6 - k0_500000000 * t36;
  const V t39 = t14 - t27;
  const V t40 = t35 - k0_866025404 * t34;
  const V t41 = t38 + k0_866025404 * t39;
  store(2, Complex<K>{t40, t41});
  const V t42 = t38 - k0_866025404 * t39;
  const V t43 = t35 + k0_866025404 * t34;
  store(4, Complex<K>{t43, t42});
  store(0, Complex<K>{t33, t37});
  const V t44 = t15 - t28;
  const V t45 = t4 - k0_500000000 * t44;
  const V t46 = t4 + t44;
  const V t47 = t19 + t31;
  const V t48 = t19 - t31;
  const V t49 = t7 - k0_500000000 * t48;
  const V t50 = t7 + t48;
  const V t51 = t15 + t28;
  const V t52 = t45 + k0_866025404 * t47;
  store(3, Complex<K>{t46, t50});
  const V t53 = t49 - k0_866025404 * t51;
  store(1, Complex<K>{t52, t53});
  const V t54 = t45 - k0_866025404 * t47;
  const V t55 = t49 + k0_866025404 * t51;
  store(5, Complex<K>{t54, t55});
}

// 24 additions, 10 multiplications, 22 fused multiply-adds
template <class K, class Load, class Store>
PARSEVAL_INLINE void dif6(const Load &load, const Store &store, const Scalar<K> *w) {
  using V = typename K::Vector;
  constexpr Scalar<K> k0_500000000 = Scalar<K>(0.50000000000000000000);
  constexpr Scalar<K> k0_866025404 = Scalar<K>(0.86602540378443859659);
  const Complex<K> x3 = load(3);
  const Complex<K> x0 = load(0);
  const V t0 = x0.im + x3.im;
  const V t1 = x0.re + x3.re;
  const V t2 = x0.re - x3.re;
  const V t3 = x0.im - x3.im;
  const Complex<K> x2 = load(2);
  const Complex<K> x5 = load(5);
  const V t4 = x2.im + x5.im;
  const V t5 = x2.im - x5.im;
  const V t6 = x2.re - x5.re;
  const V t7 = x2.re + x5.re;
  const Complex<K> x1 = load(1);
  const Complex<K> x4 = load(4);
  const V t8 = x1.re - x4.re;
  const V t9 = x1.re + x4.re;
  const V t10 = x1.im - x4.im;
  const V t11 = x1.im + x4.im;
  const V t12 = t6 + t8;
  const V t13 = t4 - t11;
  const V t14 = t6 - t8;
  const V t15 = t4 + t11;
  const V t16 = t0 - k0_500000000 * t15;
  const V t17 = t2 - k0_500000000 * t14;
  const V t18 = t2 + t14;
  const V t19 = t7 + t9;
  const V t20 = t1 + t19;
  const V t21 = t0 + t15;
  const V t22 = t1 - k0_500000000 * t19;
  const V t23 = t5 + t10;
  const V t24 = t5 - t10;
  const V t25 = t7 - t9;
  const V t26 = t3 + t24;
  const V t27 = t3 - k0_500000000 * t24;
  store(0, Complex<K>{t20, t21});
  const V t28 = t27 - k0_866025404 * t12;
  const V t29 = t17 + k0_866025404 * t23;
  const V t30 = t27 + k0_866025404 * t12;
  const V w0 = splat<K>(w[0]);
  const V t31 = w0 * t29;
  const V w1 = splat<K>(w[1]);
  const V t32 = t31 - w1 * t28;
  const V t33 = w0 * t28;
  const V t34 = t33 + w1 * t29;
  store(1, Complex<K>{t32, t34});
  const V t35 = t22 - k0_866025404 * t13;
  const V t36 = t16 + k0_866025404 * t25;
  const V t37 = t22 + k0_866025404 * t13;
  const V w2 = splat<K>(w[2]);
  const V t38 = w2 * t35;
  const V w3 = splat<K>(w[3]);
  const V t39 = t38 - w3 * t36;
  const V t40 = w2 * t36;
  const V t41 = t40 + w3 * t35;
  store(2, Complex<K>{t39, t41});
  const V w4 = splat<K>(w[4]);
  const V t42 = w4 * t18;
  const V t43 = t17 - k0_866025404 * t23;
  const V w5 = splat<K>(w[5]);
  const V t44 = t42 - w5 * t26;
  const V t45 = w4 * t26;
  const V t46 = t45 + w5 * t18;
  store(3, Complex<K>{t44, t46});
  const V t47 = t16 - k0_866025404 * t25;
  const V w6 = splat<K>(w[6]);
  const V t48 = w6 * t37;
  const V w7 = splat<K>(w[7]);
  const V t49 = t48 - w7 * t47;
  const V t50 = w6 * t47;
  const V t51 = t50 + w7 * t37;
  store(4, Complex<K>{t49, t51});
  const V w8 = splat<K>(w[8]);
  const V t52 = w8 * t43;
  const V w9 = splat<K>(w[9]);
  const V t53 = t52 - w9 * t30;
  const V t54 = w8 * t30;
  const V t55 = t54 + w9 * t43;
  store(5, Complex<K>{t53, t55});
}

}  // namespace
}  // namespace parseval
