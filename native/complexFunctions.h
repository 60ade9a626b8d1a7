// Elementary functions of complex packs (principal branches), made of the real ones. Where intermediate values might
// overflow or lose digits, or arguments are not finite, lanes go to the C library, which has every special case
// right; so does the logarithm always, whose real part needs twice the digits where |z| is near 1.
#pragma once

#include "realFunctions.h"

namespace parseval {
namespace {

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

// Those that are not `ordinary` by the C library; no lane depends on what is in another.
template <class P, class F, class Mask>
__attribute__((noinline, cold)) void replaceOthers(const Complex<P> *x, const Mask *ordinary, Complex<P> *y) {
  const Complex<P> z = eachLane<P>(*x, F{});
  *y = {*ordinary ? y->re : z.re, *ordinary ? y->im : z.im};
}

template <class P, class F, class Mask>
PARSEVAL_INLINE Complex<P> unlessOrdinary(Mask ordinary, Complex<P> x, Complex<P> y) {
  if (__builtin_expect(any<P>(~ordinary), 0)) {
    const Complex<P> copy = x;
    Complex<P> result = y;
    replaceOthers<P, F>(&copy, &ordinary, &result);
    return result;
  }
  return y;
}

// e^(a + ib) = e^a (cos b + i sin b)
struct ComplexExponential {
  using Library = expFunction;
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    using T = Scalar<P>;
    constexpr T most = T(0.69) * Format<T>::bias;
    const ScaledExponential<P> e = scaledExponential<P>(x.re);
    const SinCos<P> turn = sineAndCosine<P>(x.im);
    const auto ordinary = (x.re <= most) & (absolute<P>(x.im) <= mostAngle<T>);
    return unlessOrdinary<P, Library>(ordinary, x, {e.times(turn.cos), e.times(turn.sin)});
  }
};

// 2 sinh x and 2 cosh x, for |x| whose e^|x| does not overflow.
template <class P>
struct TwiceSinhCosh {
  Vector<P> sinh, cosh;
};
template <class P>
PARSEVAL_INLINE TwiceSinhCosh<P> twiceSinhCosh(Vector<P> x) {
  const Vector<P> t = exponentialMinusOne<P>(absolute<P>(x), 80).value;
  const Vector<P> e = t + 1, back = 1 / e;
  return {signedAs<P>(t + t * back, x), e + back};
}
template <class T>
constexpr T mostHyperbolic = 40;

struct ComplexLogarithm {
  using Library = logFunction;
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    return eachLane<P>(x, Library{});
  }
};

// sin(a + ib) = sin a cosh b + i cos a sinh b
struct ComplexSine {
  using Library = sinFunction;
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    using T = Scalar<P>;
    const SinCos<P> turn = sineAndCosine<P>(x.re);
    const TwiceSinhCosh<P> h = twiceSinhCosh<P>(x.im);
    const auto ordinary = (absolute<P>(x.re) <= mostAngle<T>) & (absolute<P>(x.im) <= mostHyperbolic<T>);
    return unlessOrdinary<P, Library>(ordinary, x, {turn.sin * h.cosh * T(0.5), turn.cos * h.sinh * T(0.5)});
  }
};

// cos(a + ib) = cos a cosh b − i sin a sinh b
struct ComplexCosine {
  using Library = cosFunction;
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    using T = Scalar<P>;
    const SinCos<P> turn = sineAndCosine<P>(x.re);
    const TwiceSinhCosh<P> h = twiceSinhCosh<P>(x.im);
    const auto ordinary = (absolute<P>(x.re) <= mostAngle<T>) & (absolute<P>(x.im) <= mostHyperbolic<T>);
    return unlessOrdinary<P, Library>(ordinary, x, {turn.cos * h.cosh * T(0.5), -(turn.sin * h.sinh * T(0.5))});
  }
};

// tanh(a + ib) = (sinh a cosh a + i sin b cos b)/(sinh² a + cos² b): nothing cancels
struct ComplexHyperbolicTangent {
  using Library = tanhFunction;
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    using T = Scalar<P>;
    const TwiceSinhCosh<P> h = twiceSinhCosh<P>(x.re);
    const SinCos<P> turn = sineAndCosine<P>(x.im);
    const Vector<P> sinh = h.sinh * T(0.5), cosh = h.cosh * T(0.5);
    const Vector<P> below = sinh * sinh + turn.cos * turn.cos;
    const auto ordinary = (absolute<P>(x.re) <= mostHyperbolic<T>) & (absolute<P>(x.im) <= mostAngle<T>);
    return unlessOrdinary<P, Library>(ordinary, x, {sinh * cosh / below, turn.sin * turn.cos / below});
  }
};

// t + i b/(2t) with t = √((|z| + a)/2) for a ≥ 0, else both parts exchanged, the imaginary one with the sign of b
struct ComplexRoot {
  using Library = sqrtFunction;
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    using T = Scalar<P>;
    constexpr T much = sizeof(T) == 4 ? T(1e28) : T(1e280);
    const Vector<P> square = x.re * x.re + x.im * x.im;
    const Vector<P> t = Root::of<P>((Root::of<P>(square) + absolute<P>(x.re)) * T(0.5));
    const Vector<P> other = absolute<P>(x.im) * T(0.5) / t;
    const auto ordinary = (square >= 1 / much) & (square <= much);
    return unlessOrdinary<P, Library>(ordinary, x, {x.re < 0 ? other : t, signedAs<P>(x.re < 0 ? t : other, x.im)});
  }
};

// As the real one.
struct ComplexLogistic {
  template <class P>
  static PARSEVAL_INLINE Complex<P> of(Complex<P> x) {
    const Vector<P> zero{}, one = splat<P>(1);
    const auto below = x.re < 0;
    const Complex<P> e = ComplexExponential::of<P>({below ? x.re : -x.re, below ? x.im : -x.im});
    return quotient<P>({below ? e.re : one, below ? e.im : zero}, {one + e.re, e.im});
  }
};

}  // namespace
}  // namespace parseval
