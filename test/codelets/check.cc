// Every codelet against the definition, in many lanes and in one, in either precision; prints the largest errors.
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../../native/codelets/codelets.h"

using namespace parseval;

namespace {

using Number = std::complex<double>;
enum class Kind { dft, dit, dif };

double random() { return 2.0 * std::rand() / RAND_MAX - 1; }

Number root(int k, int n) { return std::polar(1.0, -2 * M_PI * (k % n) / n); }

// The largest error over outputs and lanes, where inputs are at most 1.
template <class K, int N>
double error(Kind kind, bool backward) {
  const int lanes = int(K::lanes);
  std::vector<Number> x(size_t(N * lanes));
  std::vector<Scalar<K>> twiddles;
  std::vector<Number> w(N, 1);
  for (int j = 1; j < N; j++) {
    w[j] = std::polar(1.0, 4 * random());
    twiddles.push_back(Scalar<K>(w[j].real()));
    twiddles.push_back(Scalar<K>(w[j].imag()));
    if (backward) w[j] = std::conj(w[j]);
  }
  alignas(64) static Scalar<K> data[N * 2 * K::lanes];
  for (int j = 0; j < N; j++) {
    for (int l = 0; l < lanes; l++) {
      const Number value{random(), random()};
      x[j * lanes + l] = value;
      data[(2 * j) * lanes + l] = Scalar<K>(value.real());
      data[(2 * j + 1) * lanes + l] = Scalar<K>(value.imag());
    }
  }
  // In place, as the transforms run them.
  const int re = backward ? lanes : 0, im = lanes - re;
  const auto load = [&](int j) {
    return Complex<K>{loadReal<K, false>(data + 2 * j * lanes + re), loadReal<K, false>(data + 2 * j * lanes + im)};
  };
  const auto store = [&](int k, Complex<K> y) {
    storeReal<K>(data + 2 * k * lanes + re, y.re);
    storeReal<K>(data + 2 * k * lanes + im, y.im);
  };
  if (kind == Kind::dft) Codelet<K, N>::dft(load, store);
  if constexpr (N <= 32) {
    if (kind == Kind::dit) Codelet<K, N>::dit(load, store, twiddles.data());
    if (kind == Kind::dif) Codelet<K, N>::dif(load, store, twiddles.data());
  }
  double worst = 0;
  for (int k = 0; k < N; k++) {
    for (int l = 0; l < lanes; l++) {
      Number sum = 0;
      for (int j = 0; j < N; j++) {
        const Number turn = backward ? std::conj(root(j * k, N)) : root(j * k, N);
        sum += turn * x[j * lanes + l] * (kind == Kind::dit ? w[j] : 1);
      }
      if (kind == Kind::dif) sum *= w[k];
      const Number y{double(data[2 * k * lanes + l]), double(data[(2 * k + 1) * lanes + l])};
      worst = std::fmax(worst, std::abs(y - sum) / std::sqrt(double(N)));
    }
  }
  return worst;
}

template <class K, int N>
double worstOf() {
  double worst = 0;
  for (Kind kind : {Kind::dft, Kind::dit, Kind::dif}) {
    if (N > 32 && kind != Kind::dft) continue;
    for (bool backward : {false, true}) worst = std::fmax(worst, error<K, N>(kind, backward));
  }
  return worst;
}

template <int N>
void check() {
  std::printf("%d %.3g %.3g\n", N, worstOf<EightFloats, N>(), worstOf<OneDouble, N>());
}

template <size_t... Index>
void checkAll(std::index_sequence<Index...>) {
  (check<codeletSizes[Index]>(), ...);
}

}  // namespace

int main() { checkAll(std::make_index_sequence<sizeof(codeletSizes) / sizeof(int)>()); }
