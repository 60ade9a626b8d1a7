// Elementary functions of real packs. test/functions measures their errors: at most 2 units in the last place in single
// precision and 3 in double.
#pragma once

#include "library.h"
#include "packs.h"
#include "polynomials.h"

namespace parseval {
namespace {

// Σ c_k x^k, k = First …
template <class P, int Count, int First = 0>
PARSEVAL_INLINE Vector<P> polynomial(const Scalar<P> (&c)[Count], Vector<P> x) {
  if constexpr (First == Count - 1) return splat<P>(c[First]);
  else return polynomial<P, Count, First + 1>(c, x) * x + c[First];
}

// x + shifter has x, rounded to a whole number, in its lowest bits.
template <class T>
constexpr T shifter = T(3) * power<T>(Format<T>::mantissa - 1);

// e^x = (1 + small) 2^n, n whole, in the lowest bits of `count`. `lost` is what the sum `small` rounded away.
template <class P>
struct ReducedExponential {
  Vector<P> small, lost;
  Bits<P> count;
};

template <class P, int Offset>
PARSEVAL_INLINE ReducedExponential<P> reduceExponential(Vector<P> x) {
  using T = Scalar<P>;
  using C = Polynomials<T>;
  constexpr T shift = shifter<T> + Offset;
  const Vector<P> shifted = x * C::perLn2 + shift;
  const Vector<P> n = shifted - shift;
  // Exact. What is subtracted then joins the curved part, which is smaller, so that its digits are not lost here.
  const Vector<P> most = x - n * C::ln2[0];
  const Vector<P> r = most - n * C::ln2[1];
  const Vector<P> curved = r * r * polynomial<P>(C::exp, r) - n * C::ln2[1];
  const Vector<P> small = most + curved;
  return {small, curved - (small - most), (Bits<P>)shifted};
}

// e^x. 2^n is two factors, so that products overflow, and lose digits below the least normal number, in the last
// multiplication only. `lost` is what the mantissa rounded away.
template <class P>
struct ScaledExponential {
  Vector<P> mantissa, lost, first, second;
  PARSEVAL_INLINE Vector<P> times(Vector<P> y) const { return y * mantissa * first * second; }
  PARSEVAL_INLINE Vector<P> value() const { return mantissa * first * second; }
};

template <class P>
PARSEVAL_INLINE ScaledExponential<P> scaledExponential(Vector<P> x) {
  using T = Scalar<P>;
  using F = Format<T>;
  constexpr int offset = 4 * (F::bias + 1);  // more than |n|
  constexpr T least = T(-0.75) * F::bias - F::mantissa, most = T(0.75) * F::bias;
  const Vector<P> low = splat<P>(least), high = splat<P>(most);
  x = x < low ? low : x;
  x = x > high ? high : x;
  const ReducedExponential<P> e = reduceExponential<P, offset>(x);
  const Bits<P> n = e.count & (2 * offset - 1);
  const Bits<P> first = n >> 1, second = n - first;
  constexpr typename F::Bits back = typename F::Bits(F::bias - offset / 2);
  const Vector<P> mantissa = 1 + e.small;
  return {mantissa, e.small - (mantissa - 1) + e.lost, (Vector<P>)((first + back) << F::mantissa),
          (Vector<P>)((second + back) << F::mantissa)};
}

// e^x − 1 for 0 ≤ x, and the most there is where x is more than `most`; 2^n does not overflow then. `lost` is what
// 1 + small had not.
template <class P>
struct ExponentialMinusOne {
  Vector<P> value, lost;
};
template <class P>
PARSEVAL_INLINE ExponentialMinusOne<P> exponentialMinusOne(Vector<P> x, Scalar<P> most) {
  using T = Scalar<P>;
  x = x > most ? splat<P>(most) : x;
  const ReducedExponential<P> e = reduceExponential<P, 0>(x);
  const Vector<P> scale = (Vector<P>)((e.count << Format<T>::mantissa) + oneBits<T>);
  return {scale * e.small + (scale - 1), scale * e.lost};
}

struct Root {
  using Library = sqrtFunction;
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    for (int64_t l = 0; l < P::lanes; l++) x[l] = root(x[l]);
    return x;
  }
};

struct Exponential {
  using Library = expFunction;
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    return scaledExponential<P>(x).value();
  }
};

// x = 2^k m, √½ ≤ m < √2: log x = k log 2 + log m. With f = m − 1 and s = f/(2 + f), m = (1 + s)/(1 − s), and
// 2 s = f − s f = f − f²/2 + s f²/2: f is exact, and what is added to it is small.
struct Logarithm {
  using Library = logFunction;
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    using T = Scalar<P>;
    using F = Format<T>;
    using C = Polynomials<T>;
    constexpr T leastNormal = power<T>(1 - F::bias), lift = power<T>(F::mantissa + 1);
    constexpr typename F::Bits half = sizeof(T) == 4 ? 0x3f3504f3 : 0x3fe6a09e667f3bcd;  // √½
    const Vector<P> zero{};
    const auto tiny = x < leastNormal;
    const Vector<P> normal = tiny ? x * lift : x;
    const Bits<P> bits = (Bits<P>)normal + (oneBits<T> - half);
    // The exponent becomes a number as the last digits of 2^mantissa.
    constexpr T large = power<T>(F::mantissa);
    constexpr typename F::Bits largeBits = typename F::Bits(F::bias + F::mantissa) << F::mantissa;
    const Vector<P> k =
        ((Vector<P>)((bits >> F::mantissa) | largeBits) - (large + F::bias)) - (tiny ? splat<P>(F::mantissa + 1) : zero);
    const Vector<P> f = (Vector<P>)((bits & ((typename F::Bits(1) << F::mantissa) - 1)) + half) - 1;
    const Vector<P> s = f / (2 + f), z = s * s, square = f * f * T(0.5);
    const Vector<P> rest = s * (square + z * polynomial<P>(C::log, z)) + k * C::ln2[1];
    Vector<P> y = k * C::ln2[0] - ((square - rest) - f);
    const Vector<P> infinity = splat<P>(T(__builtin_inf()));
    y = x > 0 ? y : (x == 0 ? -infinity : splat<P>(T(__builtin_nan(""))));
    return x < infinity ? y : x;
  }
};

// Up to these the multiple of π/2 has few enough digits for its products with the parts of π/2 to be exact.
template <class T>
constexpr T mostAngle = sizeof(T) == 4 ? 8192 : 1048576;

// |x| = n π/2 + rest + low
template <class P>
struct ReducedAngle {
  Vector<P> rest, low;
  Bits<P> n;
};

// The parts of π/2 are taken from x one by one, the largest first. Where much cancels, the differences are exact, so
// that a small rest has all its digits; what they round away elsewhere goes to `low`, and the last part as a whole.
// The first differences of single precision are exact always.
template <class P>
PARSEVAL_INLINE ReducedAngle<P> reduceAngle(Vector<P> x) {
  using T = Scalar<P>;
  using C = Polynomials<T>;
  constexpr int count = sizeof C::halfPi / sizeof(T);
  const Vector<P> shifted = x * C::perHalfPi + shifter<T>;
  const Vector<P> n = shifted - shifter<T>;
  for (int k = 0; k < count - 3; k++) x = x - n * C::halfPi[k];
  const Vector<P> y = x - n * C::halfPi[count - 3];
  const Vector<P> rest = y - n * C::halfPi[count - 2];
  const Vector<P> lostFirst = (x - y) - n * C::halfPi[count - 3], lost = (y - rest) - n * C::halfPi[count - 2];
  return {rest, lostFirst + lost - n * C::halfPi[count - 1], (Bits<P>)shifted};
}

template <class P>
struct SinCos {
  Vector<P> sin, cos;
};

// Of rest + low.
template <class P>
PARSEVAL_INLINE SinCos<P> sinCosNearZero(ReducedAngle<P> a) {
  using C = Polynomials<Scalar<P>>;
  const Vector<P> r = a.rest, z = r * r;
  return {r + (r * z * polynomial<P>(C::sin, z) + a.low),
          1 - (z * Scalar<P>(0.5) - (z * z * polynomial<P>(C::cos, z) - r * a.low))};
}

// The sine of n quarter turns more: n odd exchanges the two, and two of four turns change the sign.
template <class P>
PARSEVAL_INLINE Vector<P> turned(SinCos<P> y, Bits<P> n) {
  const Bits<P> odd = 0 - (n & 1);
  const Bits<P> sign = (n >> 1) << (8 * sizeof(Scalar<P>) - 1);
  return (Vector<P>)((((Bits<P>)y.sin & ~odd) | ((Bits<P>)y.cos & odd)) ^ sign);
}

// For |x| ≤ mostAngle.
template <class P>
PARSEVAL_INLINE Vector<P> sine(Vector<P> x) {
  const ReducedAngle<P> a = reduceAngle<P>(absolute<P>(x));
  const Vector<P> y = turned<P>(sinCosNearZero<P>(a), a.n);
  return (Vector<P>)((Bits<P>)y ^ ((Bits<P>)x & signBit<Scalar<P>>));
}
template <class P>
PARSEVAL_INLINE Vector<P> cosine(Vector<P> x) {
  const ReducedAngle<P> a = reduceAngle<P>(absolute<P>(x));
  return turned<P>(sinCosNearZero<P>(a), a.n + 1);
}
template <class P>
PARSEVAL_INLINE SinCos<P> sineAndCosine(Vector<P> x) {
  const ReducedAngle<P> a = reduceAngle<P>(absolute<P>(x));
  const SinCos<P> y = sinCosNearZero<P>(a);
  const Vector<P> s = turned<P>(y, a.n);
  return {(Vector<P>)((Bits<P>)s ^ ((Bits<P>)x & signBit<Scalar<P>>)), turned<P>(y, a.n + 1)};
}

// Larger angles, rare ones, lane by lane.
template <class P, class F>
__attribute__((noinline, cold)) void turnLargeAngles(const Vector<P> *x, Vector<P> *y) {
  for (int64_t l = 0; l < P::lanes; l++)
    if (positive((*x)[l]) > mostAngle<Scalar<P>>) (*y)[l] = F{}((*x)[l]);
}

struct Sine {
  using Library = sinFunction;
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    Vector<P> y = sine<P>(x);
    if (__builtin_expect(any<P>(absolute<P>(x) > mostAngle<Scalar<P>>), 0)) {
      const Vector<P> copy = x;
      turnLargeAngles<P, Library>(&copy, &y);
    }
    return y;
  }
};

struct Cosine {
  using Library = cosFunction;
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    Vector<P> y = cosine<P>(x);
    if (__builtin_expect(any<P>(absolute<P>(x) > mostAngle<Scalar<P>>), 0)) {
      const Vector<P> copy = x;
      turnLargeAngles<P, Library>(&copy, &y);
    }
    return y;
  }
};

// t/(t + 2), t = e^2|x| − 1, with the sign of x. From 22 on it is 1 in both precisions. What t and t + 2 rounded away
// is put back in first order: dy = (1 − y)/2 (dt − y d(t + 2)), as 2/(t + 2) = 1 − y. Above 2 nothing of it is seen in y.
struct HyperbolicTangent {
  using Library = tanhFunction;
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    const Vector<P> size = absolute<P>(x);
    const ExponentialMinusOne<P> t = exponentialMinusOne<P>(size + size, 44);
    const Vector<P> below = t.value + 2, lost = t.value - (below - 2) + t.lost;
    const Vector<P> y = t.value / below;
    const Vector<P> correction = (t.lost - y * lost) * ((1 - y) * Scalar<P>(0.5));
    return signedAs<P>(t.value < 2 ? y + correction : y, x);
  }
};

// 1/(1 + e) or e/(1 + e), e = e^−|x|, so that nothing overflows. What e and 1 + e rounded away is put back in first
// order, as above.
struct Logistic {
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    const auto negative = x < 0;
    const ScaledExponential<P> s = scaledExponential<P>((Vector<P>)((Bits<P>)x | signBit<Scalar<P>>));
    const Vector<P> e = s.value(), one = splat<P>(1), below = 1 + e;
    const Vector<P> relative = s.lost - s.lost * (s.mantissa - 1);  // nearly lost/mantissa
    const Vector<P> lost = e - (below - 1);
    const Vector<P> y = (negative ? e : one) / below;
    return y + y * ((negative ? one - y : y) * ((negative ? relative : -(e * relative)) - lost));
  }
};

// 1/x, 0 at 0
struct PseudoInverse {
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    const Vector<P> zero{};
    return x == zero ? zero : 1 / x;
  }
};

// NaN stays NaN.
struct Rectifier {
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    return x < 0 ? Vector<P>{} : x;
  }
};

struct Step {
  template <class P>
  static PARSEVAL_INLINE Vector<P> of(Vector<P> x) {
    return x > 0 ? splat<P>(1) : Vector<P>{};
  }
};

}  // namespace
}  // namespace parseval
