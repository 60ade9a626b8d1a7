// native/transform.h against the definition: every order, forward and backward, out of place and in the work space.
#include <cmath>
#include <complex>
#include <cstdio>
#include <vector>

#include "../../native/transform.h"

using namespace parseval;

namespace {

using Number = std::complex<double>;

// As wide as the vectors of every CPU of the kind.
struct TwoDoubles {
  using Scalar = double;
  typedef double Vector __attribute__((vector_size(16), may_alias));
  static constexpr int64_t lanes = 2;
};

Number element(int64_t j, int64_t lane) { return {std::sin(3.7 * double(j) + double(lane)), std::cos(1.3 * double(j * j % 97))}; }

template <class K>
struct Check {
  std::vector<TransformLevel> levels;
  std::vector<Scalar<K>> table;
  std::vector<int64_t> positionOf;  // of each index
  Transform t;

  explicit Check(const std::vector<int64_t> &radices) {
    int64_t n = 1;
    for (int64_t r : radices) n *= r;
    int64_t pad = n, size = n;
    for (int64_t r : radices) {
      size /= r;
      if (size > 1 && size % 64 == 0) pad = size;
    }
    size = n;
    for (int64_t radix : radices) {
      const int64_t rest = size / radix;
      levels.push_back({radix, rest, rest + rest / pad, int64_t(table.size() / 2), 0});
      for (int64_t k = 0; rest > 1 && k < rest; k++) {
        for (int64_t j = 1; j < radix; j++) {
          const Number w = std::polar(1.0, -2 * M_PI * double(j * k % size) / double(size));
          table.push_back(Scalar<K>(w.real()));
          table.push_back(Scalar<K>(w.imag()));
        }
      }
      size = rest;
    }
    t = {n, int64_t(levels.size()), levels.data(), table.data(), pad, 1, nullptr, 0, 0, 0};
    for (int64_t j = 0; j < n; j++) {
      int64_t position = 0, rest = n, index = j;
      for (int64_t r : radices) {
        rest /= r;
        position += index % r * rest;
        index /= r;
      }
      positionOf.push_back(position);
    }
  }

  // The largest error over both decimations, over lanes and indices, divided by √n.
  double worst(bool backward) {
    const int64_t n = t.size;
    const int64_t re = backward ? K::lanes : 0, im = K::lanes - re;
    std::vector<Number> expected(size_t(n * K::lanes));
    for (int64_t k = 0; k < n; k++)
      for (int64_t j = 0; j < n; j++) {
        const Number w = std::polar(1.0, (backward ? 2 : -2) * M_PI * double(j * k % n) / double(n));
        for (int64_t l = 0; l < K::lanes; l++) expected[k * K::lanes + l] += w * element(j, l);
      }
    struct alignas(elementSize<K> * sizeof(Scalar<K>)) Line {
      Scalar<K> x[elementSize<K>];
    };
    std::vector<Line> from(n), to(n), work(workSize(t));
    const auto fill = [&](std::vector<Line> &lines, auto placeOf) {
      for (int64_t j = 0; j < n; j++)
        for (int64_t l = 0; l < K::lanes; l++) {
          lines[placeOf(j)].x[l] = Scalar<K>(element(j, l).real());
          lines[placeOf(j)].x[K::lanes + l] = Scalar<K>(element(j, l).imag());
        }
    };
    double most = 0;
    const auto compare = [&](const std::vector<Line> &lines, auto placeOf) {
      for (int64_t k = 0; k < n; k++)
        for (int64_t l = 0; l < K::lanes; l++) {
          const Scalar<K> *y = lines[placeOf(k)].x;
          const Number got{double(y[l]), double(y[K::lanes + l])};
          most = std::fmax(most, std::abs(got - expected[k * K::lanes + l]) / std::sqrt(double(n)));
        }
    };
    const auto natural = [](int64_t k) { return k; };
    const auto naturalWork = [&](int64_t k) { return placeInWork(t, k); };
    const auto reversedWork = [&](int64_t k) { return placeInWork(t, positionOf[k]); };

    const auto load = [&](int64_t position, int64_t j) PARSEVAL_LAMBDA {
      if (positionOf[j] != position) most = 1;
      return Complex<K>{loadReal<K, false>(from[j].x + re), loadReal<K, false>(from[j].x + im)};
    };
    const auto store = [&](int64_t position, int64_t k, Complex<K> y) PARSEVAL_LAMBDA {
      if (positionOf[k] != position) most = 1;
      storeReal<K>(to[k].x + re, y.re);
      storeReal<K>(to[k].x + im, y.im);
    };
    // In natural order the position is the index.
    const auto loadNatural = [&](int64_t, int64_t j) PARSEVAL_LAMBDA { return load(positionOf[j], j); };
    const auto storeNatural = [&](int64_t, int64_t k, Complex<K> y) PARSEVAL_LAMBDA { store(positionOf[k], k, y); };
    fill(from, natural);
    transformInTime<K>(t, work[0].x, load, storeNatural);
    compare(to, natural);
    transformInFrequency<K>(t, work[0].x, loadNatural, store);
    compare(to, natural);
    fill(work, reversedWork);
    if (backward) transformInTime<K>(t, work[0].x, InWork<true>{}, InWork<true>{});
    else transformInTime<K>(t, work[0].x, InWork<>{}, InWork<>{});
    compare(work, naturalWork);
    fill(work, naturalWork);
    if (backward) transformInFrequency<K>(t, work[0].x, InWork<true>{}, InWork<true>{});
    else transformInFrequency<K>(t, work[0].x, InWork<>{}, InWork<>{});
    compare(work, reversedWork);
    return most;
  }
};

template <class K>
double worst(const std::vector<int64_t> &radices) {
  return std::fmax(Check<K>(radices).worst(false), Check<K>(radices).worst(true));
}

}  // namespace

int main() {
  for (const std::vector<int64_t> &radices : std::vector<std::vector<int64_t>>{
           {}, {7}, {16}, {2, 3}, {8, 8}, {3, 4, 5}, {9, 9, 3}, {4, 8, 8}, {8, 8, 8}, {3, 8, 8, 2}, {8, 4, 4, 4}, {7, 11, 13}}) {
    int64_t n = 1;
    for (int64_t r : radices) n *= r;
    std::printf("%d %.3g\n", int(n), worst<TwoDoubles>(radices));
  }
}
