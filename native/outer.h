// Products of two vectors: a matrix for each example, or their sum.
#pragma once

#include "transpose.h"

namespace parseval {
namespace {

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

// `Rows` × `Vectors` registers of columns: row l of x is example l's.
template <class K, bool UniformA, bool Full, int Rows, int Vectors>
PARSEVAL_INLINE void addTileOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *x, int64_t columns,
                                       int64_t examples) {
  using W = Widest<K>;
  typename W::Vector sum[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) sum[r][v] = loadAnywhere<W>(to + r * columns + v * W::lanes);
  for (int64_t l = 0; l < (Full ? K::lanes : examples); l++) {
    typename W::Vector y[Vectors];
    for (int v = 0; v < Vectors; v++) y[v] = loadAnywhere<W>(x + (l * Vectors + v) * W::lanes);
    for (int r = 0; r < Rows; r++) {
      const typename W::Vector z = splat<W>(a[r * unit<K, UniformA> + (UniformA ? 0 : l)]);
      for (int v = 0; v < Vectors; v++) sum[r][v] += y[v] * z;
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) storeAnywhere<W>(to + r * columns + v * W::lanes, sum[r][v]);
}

// Rows from `i` on, `Rows` at a time, what is left over in halves of that.
template <class K, bool UniformA, bool Full, int Rows, int Vectors>
PARSEVAL_INLINE void addRowsOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *x, int64_t i, int64_t rows,
                                       int64_t columns, int64_t examples) {
  for (; i + Rows <= rows; i += Rows)
    addTileOfExamples<K, UniformA, Full, Rows, Vectors>(to + i * columns, a + i * unit<K, UniformA>, x, columns, examples);
  if constexpr (Rows > 1)
    if (i < rows) addRowsOfExamples<K, UniformA, Full, Rows / 2, Vectors>(to, a, x, i, rows, columns, examples);
}

// All rows of `Vectors` registers of columns.
template <class K, bool UniformA, bool UniformB, bool Full, int Vectors>
PARSEVAL_INLINE void addColumnsOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t rows,
                                          int64_t columns, int64_t examples) {
  constexpr int64_t count = Vectors * Widest<K>::lanes;
  alignas(registerBytes) Scalar<K> x[K::lanes * count];
  rowsOfExamples<K, UniformB>(x, count, b, count);
  addRowsOfExamples<K, UniformA, Full, 3, Vectors>(to, a, x, 0, rows, columns, examples);
}

// to_ij += Σ a_i b_j over the examples: a product of matrices whose inner side are the lanes, so that b's are exchanged
// for its columns, which the lanes of the result are.
template <class K, bool UniformA, bool UniformB, bool Full>
PARSEVAL_INLINE void addOuterOfExamples(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t rows,
                                        int64_t columns, int64_t examples) {
  constexpr int64_t unitB = unit<K, UniformB>, lanes = Widest<K>::lanes;
  int64_t j = 0;
  for (; j + 2 * lanes <= columns; j += 2 * lanes)
    addColumnsOfExamples<K, UniformA, UniformB, Full, 2>(to + j, a, b + j * unitB, rows, columns, examples);
  for (; j + lanes <= columns; j += lanes)
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
