// The elementary functions of lanes against the C library's of more digits. Prints a line for each function and kind:
// its name, bytes of a number, lanes, components, and the largest error in units in the last place. Special cases
// are asserted.
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "../../native/laneFunctions.h"

using namespace parseval;

namespace {

using Long = long double;
using LongComplex = std::complex<Long>;

struct SixteenFloats {
  using Scalar = float;
  typedef float Vector __attribute__((vector_size(64), may_alias));
  static constexpr int64_t lanes = 16;
};
struct FourFloats {
  using Scalar = float;
  typedef float Vector __attribute__((vector_size(16), may_alias));
  static constexpr int64_t lanes = 4;
};
struct EightDoubles {
  using Scalar = double;
  typedef double Vector __attribute__((vector_size(64), may_alias));
  static constexpr int64_t lanes = 8;
};
struct TwoDoubles {
  using Scalar = double;
  typedef double Vector __attribute__((vector_size(16), may_alias));
  static constexpr int64_t lanes = 2;
};

uint64_t state = 88172645463325252u;
uint64_t random64() {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
double uniform() { return double(random64() >> 11) / 9007199254740992.0; }

template <class T>
T fromBits(uint64_t bits) {
  T x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// The distance of two neighbours of the format around y.
template <class T>
Long spacing(Long y) {
  using Limits = std::numeric_limits<T>;
  int exponent = 0;
  std::frexp(y, &exponent);
  const int least = Limits::min_exponent;
  return std::ldexp(1.0L, (exponent < least ? least : exponent) - Limits::digits);
}

// Whether y is what the format has for `exact`, when that is no finite number of it, or near enough to none.
template <class T>
Long errorOf(T y, Long exact) {
  if (std::isnan(exact)) return std::isnan(y) ? 0 : INFINITY;
  const T nearest = T(exact);
  if (y == nearest) return std::signbit(y) == std::signbit(nearest) ? 0 : INFINITY;
  if (std::isnan(y)) return INFINITY;
  // One step beyond the largest number is infinity.
  Long value = y;
  if (std::isinf(y)) value = std::copysign(std::ldexp(1.0L, std::numeric_limits<T>::max_exponent), Long(y));
  if (std::isinf(exact)) return INFINITY;
  return std::fabs(value - exact) / spacing<T>(exact);
}

struct Function {
  const char *name;
  Micro op;
  Long (*real)(Long);
  LongComplex (*complex)(LongComplex);
};

Long sigmoid(Long x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
LongComplex complexSigmoid(LongComplex z) {
  const LongComplex e = std::exp(z.real() < 0 ? z : -z);
  return (z.real() < 0 ? e : LongComplex(1)) / (LongComplex(1) + e);
}

const Function functions[] = {
    {"exp", Micro::exp, [](Long x) { return std::exp(x); }, [](LongComplex z) { return std::exp(z); }},
    {"log", Micro::log, [](Long x) { return std::log(x); }, [](LongComplex z) { return std::log(z); }},
    {"sqrt", Micro::sqrt, [](Long x) { return std::sqrt(x); }, [](LongComplex z) { return std::sqrt(z); }},
    {"sin", Micro::sin, [](Long x) { return std::sin(x); }, [](LongComplex z) { return std::sin(z); }},
    {"cos", Micro::cos, [](Long x) { return std::cos(x); }, [](LongComplex z) { return std::cos(z); }},
    {"tanh", Micro::tanh, [](Long x) { return std::tanh(x); }, [](LongComplex z) { return std::tanh(z); }},
    {"sigmoid", Micro::sigmoid, sigmoid, complexSigmoid},
};

// Arguments near which something changes: zeros, limits of the format, multiples of π/2 and of log 2, limits of
// overflow and of the fast paths, each with its neighbours.
template <class T>
std::vector<T> particular() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {0, 1, Limits::min(), Limits::denorm_min(), Limits::max(), Limits::epsilon(), T(std::sqrt(0.5)),
                           T(M_SQRT2), 40, 44, 80, 8192, 1048576, T(1e22), 22, 19, 9, Limits::min() / 2};
  for (int k = 1; k < 4000; k = k < 40 ? k + 1 : k * 5 / 4) {
    values.push_back(T(k * acosl(0)));
    values.push_back(T(k * logl(2) / 2));
  }
  for (Long y : {Long(Limits::max()), Long(Limits::min()), Long(Limits::denorm_min()), Long(Limits::denorm_min()) / 2})
    values.push_back(T(std::fabs(std::log(y))));
  std::vector<T> all = {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()};
  for (T x : values)
    for (T y : {std::nextafter(x, T(0)), x, std::nextafter(x, Limits::infinity())}) {
      all.push_back(y);
      all.push_back(-y);
    }
  return all;
}

// Mostly of the sizes that matter, some of any.
template <class T>
T argument() {
  const uint64_t kind = random64() % 8;
  const T sign = random64() % 2 ? 1 : -1;
  if (kind == 0) return fromBits<T>(random64());
  if (kind == 1) return sign * T(std::exp2(40 * uniform() - 20));
  if (kind == 2) return sign * T(1 + (uniform() - 0.5) / 64);
  if (kind == 3) return sign * T((sizeof(T) == 4 ? 110 : 760) * uniform());
  if (kind == 4) return sign * T(70000 * uniform());
  return sign * T(12 * uniform());
}

template <class K>
void checkReal(const Function &f, long count) {
  using T = Scalar<K>;
  const LaneFunction<T> compiled = laneFunctions<K>.at[int(f.op)][0];
  alignas(64) T x[K::lanes], y[K::lanes];
  const std::vector<T> first = particular<T>();
  Long worst = 0;
  T worstAt = 0;
  for (long done = 0; done < count; done += K::lanes) {
    for (int l = 0; l < K::lanes; l++)
      x[l] = size_t(done + l) < first.size() ? first[size_t(done + l)] : argument<T>();
    compiled(x, y);
    for (int l = 0; l < K::lanes; l++) {
      const Long error = errorOf<T>(y[l], f.real(x[l]));
      if (error > worst) {
        worst = error;
        worstAt = x[l];
      }
    }
  }
  std::printf("%s %d %d 1 %.4Lg %.9g\n", f.name, int(sizeof(T)), int(K::lanes), worst, double(worstAt));
}

// Error of the whole number, in units in the last place of its larger component.
template <class K>
void checkComplex(const Function &f, long count) {
  using T = Scalar<K>;
  const LaneFunction<T> compiled = laneFunctions<K>.at[int(f.op)][1];
  alignas(64) T x[2 * K::lanes], y[2 * K::lanes];
  Long worst = 0;
  std::complex<T> worstAt = 0;
  for (long done = 0; done < count; done += K::lanes) {
    // Vectors with one large argument are computed in another way than those without.
    const bool wide = random64() % 4 == 0;
    for (int l = 0; l < 2 * K::lanes; l++) {
      const T size = random64() % 4 == 0 ? T(1e-3) : T(8);
      x[l] = wide ? argument<T>() : size * T(2 * uniform() - 1);
      if (!std::isfinite(x[l])) x[l] = 1;
    }
    compiled(x, y);
    for (int l = 0; l < K::lanes; l++) {
      const LongComplex z(x[l], x[K::lanes + l]), w = f.complex(z);
      const std::complex<T> got(y[l], y[K::lanes + l]);
      const Long size = std::fmax(std::fabs(w.real()), std::fabs(w.imag()));
      if (!(size <= std::numeric_limits<T>::max() / 2)) continue;
      Long error = std::abs(LongComplex(got.real(), got.imag()) - w) / spacing<T>(size);
      // At its poles, 1 + e^z loses the digits that e^z has.
      if (f.op == Micro::sigmoid) error /= 1 + 1 / std::abs(LongComplex(1) + std::exp(z.real() < 0 ? z : -z));
      if (!(error <= worst)) {
        worst = std::isnan(error) ? Long(INFINITY) : error;
        worstAt = std::complex<T>(x[l], x[K::lanes + l]);
      }
    }
  }
  std::printf("%s %d %d 2 %.4Lg %.9g\n", f.name, int(sizeof(T)), int(K::lanes), worst, double(worstAt.real()));
}

// Specials give what the C library gives, sign of zero and all.
template <class T>
bool same(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}
template <class K, class Library>
long differentSpecials(Micro op, const Library &library) {
  using T = Scalar<K>;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T values[] = {0, -T(0), inf, -inf, nan};
  alignas(64) T x[2 * K::lanes], y[2 * K::lanes];
  long different = 0;
  for (T re : values) {
    for (T im : values) {
      for (int l = 0; l < K::lanes; l++) {
        // One in a vector of ordinary numbers.
        x[l] = l == 1 ? re : T(0.5);
        x[K::lanes + l] = l == 1 ? im : T(0.25);
      }
      laneFunctions<K>.at[int(op)][1](x, y);
      typename CNumber<T>::Type z;
      __real__ z = re;
      __imag__ z = im;
      const auto w = library(z);
      if (!same<T>(y[1], __real__ w) || !same<T>(y[K::lanes + 1], __imag__ w)) different++;
    }
  }
  return different;
}
template <class K>
void checkSpecials() {
  const long different =
      differentSpecials<K>(Micro::exp, expFunction{}) + differentSpecials<K>(Micro::log, logFunction{}) +
      differentSpecials<K>(Micro::sqrt, sqrtFunction{}) + differentSpecials<K>(Micro::sin, sinFunction{}) +
      differentSpecials<K>(Micro::cos, cosFunction{}) + differentSpecials<K>(Micro::tanh, tanhFunction{});
  std::printf("specials %d %d 2 %ld 0\n", int(sizeof(Scalar<K>)), int(K::lanes), different);
}

template <class K>
void check(long count) {
  for (const Function &f : functions) {
    checkReal<K>(f, count);
    checkComplex<K>(f, count / 4);
  }
  checkSpecials<K>();
}

}  // namespace

// Arguments for each function and kind.
int main(int argc, char **argv) {
  const long count = argc > 1 ? std::atol(argv[1]) : 1000000;
  check<EightFloats>(count);
  check<FourDoubles>(count);
  check<SixteenFloats>(count / 8);
  check<FourFloats>(count / 8);
  check<EightDoubles>(count / 8);
  check<TwoDoubles>(count / 8);
}
