// Products of a matrix and a vector. Every entry is summed in the order of its terms, whatever is in lanes, so that what
// an example gives does not depend on the block that it is in.
#pragma once

#include "transpose.h"

namespace parseval {
namespace {

// Rows of a product A x, the examples in lanes: to_i = Σ_k A(i, k) x_k for `Rows` of them, with A(i, k) at i·stepI + k·stepK
// units.
template <class K, int Width, bool Conjugate, bool UniformA, bool UniformX, int Rows>
PARSEVAL_INLINE void productRows(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *x, int64_t inner, int64_t stepI,
                                 int64_t stepK) {
  constexpr int64_t unitA = Width * unit<K, UniformA>, unitX = Width * unit<K, UniformX>;
  Value<K, Width> sum[Rows] = {};
  for (int64_t k = 0; k < inner; k++) {
    const Value<K, Width> v = load<K, Width, UniformX>(x + k * unitX);
    for (int r = 0; r < Rows; r++)
      addProduct<K, Width, Conjugate>(sum[r], load<K, Width, UniformA>(a + (k * stepK + r * stepI) * unitA), v);
  }
  for (int r = 0; r < Rows; r++) store<K, Width>(to + r * Width * K::lanes, sum[r]);
}

// The same for `rows`, of which there are at most `Most`: all at once, as each of a few waits for its own last addition.
template <class K, int Width, bool Conjugate, bool UniformA, bool UniformX, int Most>
PARSEVAL_INLINE void productOfFewRows(int64_t rows, Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *x, int64_t inner,
                                      int64_t stepI, int64_t stepK) {
  if constexpr (Most > 0) {
    if (rows == Most) productRows<K, Width, Conjugate, UniformA, UniformX, Most>(to, a, x, inner, stepI, stepK);
    else productOfFewRows<K, Width, Conjugate, UniformA, UniformX, Most - 1>(rows, to, a, x, inner, stepI, stepK);
  }
}

// A register of the matrix's entries in lanes: each is read once for the sums of a few examples, so that it does not
// matter how many of them there are. How many sums are kept beside what is added to them, and of how many examples.
template <class K>
constexpr int sumsInRegisters = registers<Widest<K>> * 3 / 4;
template <class K>
constexpr int examplesTogether = int(K::lanes) < sumsInRegisters<K> / 3 ? int(K::lanes) : sumsInRegisters<K> / 3;

// sums(l, i) += Σ_k A(i, k) x(k, l) for each example l and `Vectors` registers of entries i, which lie side by side; those
// of the next k are `stepK` further in A.
template <class K, int Vectors>
PARSEVAL_INLINE void addEntriesInLanes(Scalar<K> *sums, const Scalar<K> *a, const Scalar<K> *x, int64_t inner,
                                       int64_t stepK) {
  using W = Widest<K>;
  constexpr int64_t count = Vectors * W::lanes, together = examplesTogether<K>;
  for (int64_t first = 0; first < K::lanes; first += together) {
    typename W::Vector sum[together][Vectors];
    for (int64_t l = 0; l < together; l++)
      for (int v = 0; v < Vectors; v++) sum[l][v] = loadReal<W, false>(sums + (first + l) * count + v * W::lanes);
    for (int64_t k = 0; k < inner; k++) {
      typename W::Vector entries[Vectors];
      for (int v = 0; v < Vectors; v++) entries[v] = loadAnywhere<W>(a + k * stepK + v * W::lanes);
      for (int64_t l = 0; l < together; l++) {
        const typename W::Vector y = splat<W>(x[k * K::lanes + first + l]);
        for (int v = 0; v < Vectors; v++) sum[l][v] += entries[v] * y;
      }
    }
    for (int64_t l = 0; l < together; l++)
      for (int v = 0; v < Vectors; v++) storeReal<W>(sums + (first + l) * count + v * W::lanes, sum[l][v]);
  }
}

// `Rows` rows of as many as `inner` entries, `columns` apart, to columns.
template <class W, int Rows>
PARSEVAL_INLINE void exchangePanel(Scalar<W> *to, const Scalar<W> *rows, int64_t inner, int64_t columns) {
  for (int64_t v = 0; v < Rows; v += W::lanes) {
    int64_t k = 0;
    for (; k + W::lanes <= inner; k += W::lanes) {
      typename W::Vector x[W::lanes];
      for (int64_t r = 0; r < W::lanes; r++) x[r] = loadAnywhere<W>(rows + (v + r) * columns + k);
      transpose<W>(x);
      for (int64_t j = 0; j < W::lanes; j++) storeReal<W>(to + (k + j) * Rows + v, x[j]);
    }
    for (; k < inner; k++)
      for (int64_t r = 0; r < W::lanes; r++) to[k * Rows + v + r] = rows[(v + r) * columns + k];
  }
}

// `Vectors` registers of entries of A x, or A^T x. Rows of A are exchanged for columns, a panel at a time.
template <class K, bool Adjoint, int Vectors>
PARSEVAL_INLINE void entriesInLanes(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *x, int64_t inner,
                                    int64_t columns) {
  using W = Widest<K>;
  constexpr int64_t count = Vectors * W::lanes, panel = 128;
  alignas(registerBytes) Scalar<K> sums[K::lanes * count] = {};
  if constexpr (Adjoint) addEntriesInLanes<K, Vectors>(sums, a, x, inner, columns);
  else {
    alignas(registerBytes) Scalar<K> exchanged[panel * count];
    for (int64_t k = 0; k < inner; k += panel) {
      const int64_t here = inner - k < panel ? inner - k : panel;
      exchangePanel<W, count>(exchanged, a + k, here, columns);
      addEntriesInLanes<K, Vectors>(sums, exchanged, x + k * K::lanes, here, count);
    }
  }
  elementsOfRows<K>(to, sums, count, count);
}

// Entries of A x, or A^T x, as many as fill registers; returns how many.
template <class K, bool Adjoint>
int64_t matvecInLanes(Scalar<K> *to, const Scalar<K> *matrix, const Scalar<K> *x, int64_t rows, int64_t columns) {
  constexpr int vectors = sumsInRegisters<K> / examplesTogether<K>;
  constexpr int64_t lanes = Widest<K>::lanes;
  // With fewer terms, or entries, than this, exchanging rows and columns takes longer than what is gained.
  constexpr int64_t fewest = blocksInRegister<K> == 1 ? 64 : !Adjoint ? vectors * lanes : 4;
  const int64_t outer = Adjoint ? columns : rows, inner = Adjoint ? rows : columns, step = Adjoint ? 1 : columns;
  if ((Adjoint ? inner : outer) < fewest) return 0;
  int64_t i = 0;
  for (; i + vectors * lanes <= outer; i += vectors * lanes)
    entriesInLanes<K, Adjoint, vectors>(to + i * K::lanes, matrix + i * step, x, inner, columns);
  for (; i + lanes <= outer; i += lanes)
    entriesInLanes<K, Adjoint, 1>(to + i * K::lanes, matrix + i * step, x, inner, columns);
  return i;
}

// A x, or A^H x: the same loops with the steps exchanged and the conjugate.
template <class K, int Width, bool Adjoint, bool UniformA, bool UniformX>
void runMatvec(Scalar<K> *to, const Scalar<K> *matrix, const Scalar<K> *x, int64_t rows, int64_t columns) {
  // One sum for each row, one entry of x, one of the matrix; more rows than that wait for each other's additions.
  constexpr int room = registers<K> / Width;
  constexpr int block = room >= 32 ? 16 : room >= 16 ? 12 : room >= 8 ? 4 : 2;
  constexpr int64_t unitA = Width * unit<K, UniformA>, unitTo = Width * K::lanes;
  const int64_t outer = Adjoint ? columns : rows, inner = Adjoint ? rows : columns;
  const int64_t stepI = Adjoint ? 1 : columns, stepK = Adjoint ? columns : 1;
  int64_t i = 0;
  if constexpr (K::lanes > 1 && sizeof(typename K::Vector) <= registerBytes && Width == 1 && UniformA && !UniformX)
    if constexpr (Adjoint || blocksInRegister<K> > 1) i = matvecInLanes<K, Adjoint>(to, matrix, x, rows, columns);
  for (; i + block <= outer; i += block)
    productRows<K, Width, Adjoint, UniformA, UniformX, block>(to + i * unitTo, matrix + i * stepI * unitA, x, inner,
                                                             stepI, stepK);
  productOfFewRows<K, Width, Adjoint, UniformA, UniformX, block - 1>(
      outer - i, to + i * unitTo, matrix + i * stepI * unitA, x, inner, stepI, stepK);
}

}  // namespace
}  // namespace parseval
