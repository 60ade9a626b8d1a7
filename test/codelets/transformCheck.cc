// native/transform.h, as the planner composes it, against the definition: forward and backward, from and to memory or
// through tiles. Prints for each size the largest error of all kinds of lanes, over the largest allowed.
#include <cmath>
#include <complex>
#include <cstdio>
#include <vector>

#include "../../native/transform.h"
#include "../../native/transformTables.h"

using namespace parseval;

namespace {

using Number = std::complex<long double>;

struct TwoDoubles {
  using Scalar = double;
  typedef double Vector __attribute__((vector_size(16), may_alias));
  static constexpr int64_t lanes = 2;
};
struct SixteenFloats {
  using Scalar = float;
  typedef float Vector __attribute__((vector_size(64), may_alias));
  static constexpr int64_t lanes = 16;
};

double part(int64_t j, int64_t lane) { return std::sin(3.7 * double(j) + double(lane) + double(j * j % 97)); }

// Elements by way of a tile of its own, as programs make and take them.
template <class K>
struct Tiled {
  Scalar<K> *memory, *tile;
  int64_t *seen;
  bool works() const { return true; }
  void finish() {}
  Rows<Scalar<K>> rows(const Tile &t) const { return {tile, t.count * elementSize<K>}; }
  Rows<Scalar<K>> result(const Tile &t) const { return rows(t); }
  Rows<Scalar<K>> elements(const Tile &t) const { return rows(t); }
  template <class F>
  void each(const Tile &t, F f) {
    for (int64_t s = 0, e = 0; s < t.segments; s++)
      for (int64_t c = 0; c < t.count; c++, e++) {
        const int64_t index = t.first + s * t.apart + c;
        seen[index]++;
        f(memory + index * elementSize<K>, tile + e * elementSize<K>);
      }
  }
};
template <class K>
struct From : Tiled<K> {
  void run(const Tile &t) {
    this->each(t, [](const Scalar<K> *outer, Scalar<K> *inner) { storeComplex<K>(inner, loadComplex<K, false>(outer)); });
  }
};
template <class K>
struct To : Tiled<K> {
  void run(const Tile &t) {
    this->each(t, [](Scalar<K> *outer, const Scalar<K> *inner) { storeComplex<K>(outer, loadComplex<K, false>(inner)); });
  }
};

template <class K>
struct Lines {
  struct alignas(elementSize<K> * sizeof(Scalar<K>)) Line {
    Scalar<K> x[elementSize<K>];
  };
  std::vector<Line> lines;
  explicit Lines(int64_t count) : lines(size_t(count + 1)) {}
  Scalar<K> *at() { return lines[0].x; }
};

// By the definition: some elements of the transform of lane 0 and of the last one.
std::vector<Number> definition(int64_t n, int64_t step, int64_t lane, int64_t lanes, bool inverse) {
  std::vector<Number> roots;
  for (int64_t m = 0; m < n; m++) roots.push_back(std::polar(1.0L, (inverse ? 2 : -2) * 3.14159265358979323846264L * m / n));
  std::vector<Number> y;
  for (int64_t k = 0; k < n; k += step) {
    Number sum = 0;
    for (int64_t j = 0; j < n; j++) sum += roots[size_t(j * k % n)] * Number(part(j, lane), part(j, lane + lanes));
    y.push_back(sum / std::sqrt((long double)n));
  }
  return y;
}

template <class K>
double worst(int64_t n, TransformTables &tables) {
  constexpr bool single = sizeof(Scalar<K>) == 4;
  const Transform &t = *tables.of(n);
  const int64_t step = n <= 130 ? 1 : n / 17;
  Lines<K> from(n), to(n), work(t.scratch), tile(2048);
  double most = 0;
  for (const bool inverse : {false, true}) {
    for (const bool tiled : {false, true}) {
      std::vector<int64_t> taken(static_cast<size_t>(n)), put(static_cast<size_t>(n));
      for (int64_t j = 0; j < n; j++)
        for (int64_t l = 0; l < elementSize<K>; l++) from.at()[j * elementSize<K> + l] = Scalar<K>(part(j, l));
      if (tiled) {
        From<K> source{{from.at(), tile.at(), taken.data()}};
        To<K> sink{{to.at(), tile.at(), put.data()}};
        transformFrom<K>(t, inverse, source, sink, work.at());
        for (int64_t j = 0; j < n; j++)
          if (taken[size_t(j)] != 1 || put[size_t(j)] != 1) return 1e9;  // each element once
      } else {
        Memory<K> source{from.at()}, sink{to.at()};
        transformFrom<K>(t, inverse, source, sink, work.at());
      }
      for (const int64_t lane : {int64_t(0), K::lanes - 1}) {
        const std::vector<Number> wanted = definition(n, step, lane, K::lanes, inverse);
        long double error = 0, norm = 0;
        for (size_t k = 0; k < wanted.size(); k++) {
          const Scalar<K> *y = to.at() + int64_t(k) * step * elementSize<K> + lane;
          error += std::norm(wanted[k] - Number(y[0], y[K::lanes]));
          norm += std::norm(wanted[k]);
        }
        const double allowed = (single ? 2e-7 : 4e-16) * (2 + std::log2(double(n)));
        most = std::fmax(most, double(std::sqrt(error / norm)) / allowed);
      }
    }
  }
  return most;
}

}  // namespace

int main() {
  TransformTables singles(Precision::Single), doubles(Precision::Double);
  std::vector<int64_t> sizes;
  for (int64_t n = 1; n <= 130; n++) sizes.push_back(n);
  for (int64_t n : {243, 255, 256, 257, 509, 511, 512, 513, 1000, 1001, 1009, 2048, 4095, 4096, 4097, 32768, 40000}) sizes.push_back(n);
  for (const int64_t n : sizes) {
    const double double2 = worst<TwoDoubles>(n, doubles), single16 = worst<SixteenFloats>(n, singles);
    std::printf("%d %.3g\n", int(n), std::fmax(std::fmax(double2, single16), worst<OneFloat>(n, singles)));
  }
}
