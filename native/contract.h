// Contraction over time: C_ij = Σ_t a_ti conj(b_tj), a tile of C at a time, in registers, over a stretch of steps.
//
// A stretch's numbers are packed first, in the order in which tiles read them: rows of a sequence lie so far apart that
// unpacked ones would meet in a few sets of the first-level cache.
#pragma once

#include "lanes.h"

namespace parseval {
namespace {

template <class K, int Width>
struct ContractTile {
  static constexpr int room = registers<K> / Width;
  // Sums, one number of each row, one of a column. The number of sums divides by four.
  static constexpr int rows = room >= 32 ? 6 : room >= 16 ? 3 : 2;
  static constexpr int columns = room >= 16 ? 4 : 2;
  static_assert(rows <= contractTile && columns <= contractTile);
};

// `count` elements of each step, one step after the other as they lie in memory, to groups of `Group`: a group's
// numbers of all steps are together, in vectors W of a few steps each. The last group and the last vector are filled up with
// zeros; so are lanes that are not in the mask, if `Mask`.
template <class K, class W, int Width, bool Uniform, bool Mask, int Group>
PARSEVAL_INLINE void packPanel(Scalar<K> *to, const Scalar<K> *from, int64_t stride, int64_t steps, int64_t count,
                               typename K::Vector mask) {
  constexpr int64_t step = Width * unit<K, Uniform>, size = Width * W::lanes, fold = W::lanes / K::lanes;
  // The next step but one, from memory.
  constexpr int64_t ahead = 2;
  const int64_t vectors = (steps + fold - 1) / fold;
  for (int64_t t = 0; t < vectors * fold; t++, from += stride * step)
    for (int64_t first = 0; first < count; first += Group)
      for (int64_t j = 0; j < Group; j++) {
        Value<K, Width> x{};
        if (first + j < count && t < steps) {
          x = load<K, Width, Uniform>(from + (first + j) * step);
          __builtin_prefetch(from + (ahead * stride + first + j) * step, 0, 2);
        }
        if constexpr (Mask) x = where<K, Width>(mask, x);
        Scalar<K> *const at = to + (first * vectors + t / fold * Group + j) * size + t % fold * K::lanes;
        if constexpr (Width == 1) storeReal<K>(at, x);
        else {
          storeReal<K>(at, x.re);
          storeReal<K>(at + W::lanes, x.im);
        }
      }
}

// Products with six rows, whose numbers stay in registers: a compiler that thinks loads cheap would load each again for
// each product, and with vectors as long as a cache line loads are what limits this.
template <class K, int Columns>
PARSEVAL_INLINE void addSixRows(typename K::Vector (*sum)[Columns], const Scalar<K> *a, const Scalar<K> *b) {
  using V = typename K::Vector;
  const auto at = [](const Scalar<K> *p, int i) { return loadReal<K, false>(p + i * K::lanes); };
  V x0 = at(a, 0), x1 = at(a, 1), x2 = at(a, 2), x3 = at(a, 3), x4 = at(a, 4), x5 = at(a, 5);
#if defined(__x86_64__)
  if constexpr (sizeof(V) <= registerBytes && K::lanes > 1)
    __asm__("" : "+v"(x0), "+v"(x1), "+v"(x2), "+v"(x3), "+v"(x4), "+v"(x5));
#endif
  for (int j = 0; j < Columns; j++) {
    const V y = at(b, j);
    sum[0][j] += x0 * y;
    sum[1][j] += x1 * y;
    sum[2][j] += x2 * y;
    sum[3][j] += x3 * y;
    sum[4][j] += x4 * y;
    sum[5][j] += x5 * y;
  }
}

template <class T>
PARSEVAL_INLINE void addFour(T *to, FourOf<T> x) {
  FourOf<T> y;
  __builtin_memcpy(&y, to, sizeof y);
  y += x;
  __builtin_memcpy(to, &y, sizeof y);
}

// One tile, `steps` vectors deep. `Reduce`: C is one number for each element, the sum over lanes, else one for each lane.
template <class K, int Width, bool Reduce>
PARSEVAL_INLINE void addTile(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t steps, int64_t rows,
                             int64_t columns, int64_t stride) {
  using T = ContractTile<K, Width>;
  constexpr int64_t size = Width * K::lanes;
  Value<K, Width> sum[T::rows][T::columns];
  // One by one: as a whole they would be cleared in memory.
  for (int i = 0; i < T::rows; i++)
    for (int j = 0; j < T::columns; j++) sum[i][j] = Value<K, Width>{};
  for (int64_t t = 0; t < steps; t++, a += T::rows * size, b += T::columns * size) {
    if constexpr (Width == 1 && T::rows == 6) addSixRows<K, T::columns>(sum, a, b);
    else {
      Value<K, Width> x[T::rows];
      for (int i = 0; i < T::rows; i++) x[i] = load<K, Width, false>(a + i * size);
      for (int j = 0; j < T::columns; j++) {
        const Value<K, Width> y = load<K, Width, false>(b + j * size);
        for (int i = 0; i < T::rows; i++) addProduct<K, Width, true>(sum[i][j], y, x[i]);
      }
    }
  }
  if constexpr (Reduce) {
    // All at once, or sums that are asked for by number would be kept in memory.
#pragma GCC unroll 8
    for (int f = 0; f < T::rows * T::columns; f += 4) {
      const int i = f / T::columns;
      if (i >= rows) continue;
      for (int part = 0; part < Width; part++) {
        const auto of = [&](int k) -> typename K::Vector {
          const Value<K, Width> x = sum[(f + k) / T::columns][(f + k) % T::columns];
          if constexpr (Width == 1) return x;
          else return part == 0 ? x.re : x.im;
        };
        const FourOf<Scalar<K>> total = sumsOfLanes<K>(of(0), of(1), of(2), of(3));
        if constexpr (Width == 1 && T::columns == 4)
          if (columns >= 4) {
            addFour(to + i * stride, total);
            continue;
          }
        for (int k = 0; k < 4; k++) {
          const int row = (f + k) / T::columns, column = (f + k) % T::columns;
          if (row < rows && column < columns) to[(row * stride + column) * Width + part] += total[k];
        }
      }
    }
    return;
  }
  for (int i = 0; i < T::rows; i++)
    for (int j = 0; j < T::columns; j++) {
      if (i >= rows || j >= columns) continue;
      Scalar<K> *at = to + (i * stride + j) * size;
      store<K, Width>(at, added<K, Width>(load<K, Width, false>(at), sum[i][j]));
    }
}

template <class K, int Width, bool UniformA, bool UniformB, bool Reduce>
void contractOver(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t steps, int64_t rows, int64_t columns,
                  Scalar<K> *scratch, int64_t examples) {
  // Where the lanes are summed up, it does not matter which of them a step is in.
  using W = std::conditional_t<Reduce, Widest<K>, K>;
  using T = ContractTile<W, Width>;
  constexpr int64_t size = Width * K::lanes, unitTo = Reduce ? Width : size, fold = W::lanes / K::lanes;
  constexpr int64_t panel = contractColumns / Width;
  // The panel of wide vectors has half a second-level cache of the smallest. Where examples keep their lanes their sums must not depend on
  // how many of them there are, so that stretches are as long with any kernels that go together.
  constexpr bool wide = registerBytes / int64_t(sizeof(Scalar<K>)) > 8;
  constexpr int64_t stretch = wide && (!Reduce || fold == 1) ? contractSteps / 2 : contractSteps;
  typename K::Vector mask = splat<K>(0);
  if constexpr (K::lanes > 1)
    for (int64_t l = 0; l < examples; l++) mask[l] = 1;
  Scalar<K> *const packedA = scratch, *const packedB = scratch + T::rows * stretch * size;
  for (int64_t first = 0; first < columns; first += panel) {
    const int64_t width = columns - first < panel ? columns - first : panel;
    for (int64_t t = 0; t < steps; t += stretch) {
      const int64_t count = steps - t < stretch ? steps - t : stretch, vectors = (count + fold - 1) / fold;
      packPanel<K, W, Width, UniformB, Reduce, T::columns>(packedB, b + (t * columns + first) * Width * unit<K, UniformB>,
                                                       columns, count, width, mask);
      for (int64_t i = 0; i < rows; i += T::rows) {
        const int64_t here = rows - i < T::rows ? rows - i : T::rows;
        packPanel<K, W, Width, UniformA, Reduce, T::rows>(packedA, a + (t * rows + i) * Width * unit<K, UniformA>, rows,
                                                       count, here, mask);
        for (int64_t j = 0; j < width; j += T::columns)
          addTile<W, Width, Reduce>(to + (i * columns + first + j) * unitTo, packedA, packedB + j * vectors * fold * size,
                                    vectors, rows - i, width - j, columns);
      }
    }
  }
}

template <class K, int Width, bool UniformA, bool UniformB>
void runContract(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, const int64_t *attributes, const Frame &frame) {
  const int64_t steps = attributes[0], rows = attributes[1], columns = attributes[2];
  const int64_t units = rows * columns * Width;
  const bool accumulate = attributes[4], reduce = attributes[5];
  Scalar<K> *const scratch = static_cast<Scalar<K> *>(frame.scratch);
  if constexpr (K::lanes > 1)
    if (reduce) {
      __builtin_memset(to, 0, size_t(units) * sizeof(Scalar<K>));
      return contractOver<K, Width, UniformA, UniformB, true>(to, a, b, steps, rows, columns, scratch, frame.examples);
    }
  if (!accumulate) __builtin_memset(to, 0, size_t(units * K::lanes) * sizeof(Scalar<K>));
  contractOver<K, Width, UniformA, UniformB, false>(to, a, b, steps, rows, columns, scratch, frame.examples);
}

}  // namespace
}  // namespace parseval
