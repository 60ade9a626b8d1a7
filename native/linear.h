// Products of vectors and matrices. A template parameter `Uniform…` says that an operand is the same for all
// examples: it is read as single numbers and put into all lanes.
#pragma once

#include "transpose.h"

namespace parseval {
namespace {

// Sums that do not wait for each other hide the latency of an addition.
constexpr int sums = 4;

template <class K, int Width, bool UniformA, bool UniformB>
void runDot(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t count) {
  constexpr int64_t stepA = Width * unit<K, UniformA>, stepB = Width * unit<K, UniformB>;
  Value<K, Width> sum[sums] = {};
  int64_t e = 0;
  for (; e + sums <= count; e += sums, a += sums * stepA, b += sums * stepB)
    for (int64_t s = 0; s < sums; s++)
      addProduct<K, Width, true>(sum[s], load<K, Width, UniformA>(a + s * stepA), load<K, Width, UniformB>(b + s * stepB));
  for (; e < count; e++, a += stepA, b += stepB)
    addProduct<K, Width, true>(sum[0], load<K, Width, UniformA>(a), load<K, Width, UniformB>(b));
  store<K, Width>(to, added<K, Width>(added<K, Width>(sum[0], sum[1]), added<K, Width>(sum[2], sum[3])));
}

// Rows of a product A x: to_i = Σ_k A(i, k) x_k for `Rows` of them, with A(i, k) at i·stepI + k·stepK units. Each has so
// many sums.
template <class K, int Width, bool Conjugate, bool UniformA, bool UniformX, int Rows, int Chains>
PARSEVAL_INLINE void productRows(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *x, int64_t inner, int64_t stepI,
                                 int64_t stepK) {
  constexpr int64_t unitA = Width * unit<K, UniformA>, unitX = Width * unit<K, UniformX>;
  Value<K, Width> sum[Chains][Rows] = {};
  const auto addColumn = [&](int64_t k, int chain) {
    const Value<K, Width> v = load<K, Width, UniformX>(x + k * unitX);
    for (int r = 0; r < Rows; r++)
      addProduct<K, Width, Conjugate>(sum[chain][r], load<K, Width, UniformA>(a + (k * stepK + r * stepI) * unitA), v);
  };
  int64_t k = 0;
  for (; k + Chains <= inner; k += Chains)
    for (int c = 0; c < Chains; c++) addColumn(k + c, c);
  for (; k < inner; k++) addColumn(k, 0);
  for (int r = 0; r < Rows; r++) {
    for (int c = 1; c < Chains; c++) sum[0][r] = added<K, Width>(sum[0][r], sum[c][r]);
    store<K, Width>(to + r * Width * K::lanes, sum[0][r]);
  }
}

// Rows from `i` on, `Rows` at a time; what is left over in halves of that, with as many sums in all: they wait for each
// other's additions otherwise.
template <class K, int Width, bool Conjugate, bool UniformA, bool UniformX, int Rows, int Chains = 1>
PARSEVAL_INLINE void productBlocks(Scalar<K> *to, const Scalar<K> *matrix, const Scalar<K> *x, int64_t i, int64_t outer,
                                   int64_t inner, int64_t stepI, int64_t stepK) {
  constexpr int64_t unitA = Width * unit<K, UniformA>, unitTo = Width * K::lanes;
  for (; i + Rows <= outer; i += Rows)
    productRows<K, Width, Conjugate, UniformA, UniformX, Rows, Chains>(to + i * unitTo, matrix + i * stepI * unitA, x,
                                                                       inner, stepI, stepK);
  if constexpr (Rows > 1) {
    constexpr int fewer = Rows / 2;
    if (i < outer)
      productBlocks<K, Width, Conjugate, UniformA, UniformX, fewer, Chains * Rows / fewer>(to, matrix, x, i, outer,
                                                                                          inner, stepI, stepK);
  }
}

// A x, or A^H x: the same loops with the steps exchanged and the conjugate.
template <class K, int Width, bool Adjoint, bool UniformA, bool UniformX>
void runMatvec(Scalar<K> *to, const Scalar<K> *matrix, const Scalar<K> *x, int64_t rows, int64_t columns) {
  // One sum for each row, one entry of x, one of the matrix; more rows than that wait for each other's additions.
  constexpr int room = registers<K> / Width;
  constexpr int block = room >= 32 ? 16 : room >= 16 ? 12 : room >= 8 ? 4 : 2;
  const int64_t outer = Adjoint ? columns : rows, inner = Adjoint ? rows : columns;
  const int64_t stepI = Adjoint ? 1 : columns, stepK = Adjoint ? columns : 1;
  productBlocks<K, Width, Adjoint, UniformA, UniformX, block>(to, matrix, x, 0, outer, inner, stepI, stepK);
}

template <class K, int Width, bool UniformA, bool UniformB>
void runOuter(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t rows, int64_t columns, bool accumulate) {
  constexpr int64_t stepA = Width * unit<K, UniformA>, stepB = Width * unit<K, UniformB>, stepTo = Width * K::lanes;
  for (int64_t i = 0; i < rows; i++) {
    const Value<K, Width> x = load<K, Width, UniformA>(a + i * stepA);
    for (int64_t j = 0; j < columns; j++, to += stepTo) {
      Value<K, Width> sum{};
      if (accumulate) sum = load<K, Width, false>(to);
      // conj(b) a
      addProduct<K, Width, true>(sum, load<K, Width, UniformB>(b + j * stepB), x);
      store<K, Width>(to, sum);
    }
  }
}

// `Rows` × `Vectors` vectors, each of as many columns as there are lanes: those of vector v and example l are x[v·lanes + l].
template <class K, bool UniformA, bool Full, int Rows, int Vectors>
PARSEVAL_INLINE void addTileOfExamples(Scalar<K> *to, const Scalar<K> *a, const typename K::Vector *x, int64_t columns,
                                       int64_t examples) {
  typename K::Vector sum[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) sum[r][v] = loadAnywhere<K>(to + r * columns + v * K::lanes);
  for (int64_t l = 0; l < (Full ? K::lanes : examples); l++) {
    typename K::Vector y[Rows];
    for (int r = 0; r < Rows; r++) y[r] = splat<K>(a[r * unit<K, UniformA> + (UniformA ? 0 : l)]);
    for (int v = 0; v < Vectors; v++)
      for (int r = 0; r < Rows; r++) sum[r][v] += x[v * K::lanes + l] * y[r];
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) storeAnywhere<K>(to + r * columns + v * K::lanes, sum[r][v]);
}

// All rows of `Vectors` vectors of columns.
template <class K, bool UniformA, bool UniformB, bool Full, int Vectors>
PARSEVAL_INLINE void addColumnsOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t rows,
                                          int64_t columns, int64_t examples) {
  constexpr int together = 4;
  constexpr int64_t unitA = unit<K, UniformA>, unitB = unit<K, UniformB>;
  typename K::Vector x[Vectors * K::lanes];
  for (int64_t k = 0; k < Vectors * K::lanes; k++) x[k] = loadReal<K, UniformB>(b + k * unitB);
  for (int v = 0; v < Vectors; v++) transpose<K>(x + v * K::lanes);
  int64_t i = 0;
  for (; i + together <= rows; i += together)
    addTileOfExamples<K, UniformA, Full, together, Vectors>(to + i * columns, a + i * unitA, x, columns, examples);
  for (; i < rows; i++)
    addTileOfExamples<K, UniformA, Full, 1, Vectors>(to + i * columns, a + i * unitA, x, columns, examples);
}

// to_ij += Σ a_i b_j over the examples: a product of matrices whose inner side are the lanes, so that b's are exchanged
// for its columns, which the lanes of the result are.
template <class K, bool UniformA, bool UniformB, bool Full>
PARSEVAL_INLINE void addOuterOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t rows,
                                        int64_t columns, int64_t examples) {
  // What each of a's numbers is put into all lanes for; vectors of sixteen fill the registers already.
  constexpr int together = K::lanes > 8 ? 1 : 2;
  constexpr int64_t unitB = unit<K, UniformB>;
  int64_t j = 0;
  for (; j + together * K::lanes <= columns; j += together * K::lanes)
    addColumnsOfExamples<K, UniformA, UniformB, Full, together>(to + j, a, b + j * unitB, rows, columns, examples);
  for (; j + K::lanes <= columns; j += K::lanes)
    addColumnsOfExamples<K, UniformA, UniformB, Full, 1>(to + j, a, b + j * unitB, rows, columns, examples);
  for (; j < columns; j++)
    for (int64_t i = 0; i < rows; i++)
      for (int64_t l = 0; l < examples; l++)
        to[i * columns + j] += a[i * unit<K, UniformA> + (UniformA ? 0 : l)] * b[j * unitB + (UniformB ? 0 : l)];
}

template <class K, bool UniformA, bool UniformB>
void runOuterOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t rows, int64_t columns,
                        int64_t examples) {
  if (examples == K::lanes) addOuterOfExamples<K, UniformA, UniformB, true>(to, a, b, rows, columns, examples);
  else addOuterOfExamples<K, UniformA, UniformB, false>(to, a, b, rows, columns, examples);
}

}  // namespace
}  // namespace parseval
