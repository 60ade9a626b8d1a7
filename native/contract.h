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
  // Accumulators, one row of b, one number of a.
  static constexpr int rows = room >= 16 ? 4 : room >= 8 ? 2 : 1;
  static constexpr int columns = room >= 32 ? 6 : room >= 16 ? 3 : room >= 8 ? 2 : 1;
  static constexpr int64_t steps = K::lanes > 8 ? contractSteps / 2 : contractSteps;
  static_assert(rows <= contractRows && columns <= 8 && steps <= contractSteps);
};

// `count` elements of each step, filled up to `Most` with zeros; in lanes from `examples` on, too, if `Mask`.
template <class K, int Width, bool Uniform, bool Mask, int Most>
PARSEVAL_INLINE void packPanel(Scalar<K> *to, const Scalar<K> *from, int64_t stride, int64_t steps, int64_t count,
                               typename K::Vector mask) {
  constexpr int64_t step = Width * unit<K, Uniform>;
  for (int64_t t = 0; t < steps; t++, from += stride * step)
    for (int64_t j = 0; j < Most; j++, to += Width * K::lanes) {
      Value<K, Width> x{};
      if (j < count) x = load<K, Width, Uniform>(from + j * step);
      if constexpr (Mask) x = where<K, Width>(mask, x);
      store<K, Width>(to, x);
    }
}

// One tile. `Reduce`: C is one number for each element, the sum over lanes, else one for each lane.
template <class K, int Width, bool Reduce>
PARSEVAL_INLINE void addTile(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t steps, int64_t rows,
                             int64_t columns, int64_t stride) {
  using T = ContractTile<K, Width>;
  constexpr int64_t size = Width * K::lanes;
  Value<K, Width> sum[T::rows][T::columns] = {};
  for (int64_t t = 0; t < steps; t++, a += T::rows * size, b += T::columns * size) {
    Value<K, Width> y[T::columns];
    for (int j = 0; j < T::columns; j++) y[j] = load<K, Width, false>(b + j * size);
    for (int i = 0; i < T::rows; i++) {
      const Value<K, Width> x = load<K, Width, false>(a + i * size);
      for (int j = 0; j < T::columns; j++) addProduct<K, Width, true>(sum[i][j], y[j], x);
    }
  }
  for (int i = 0; i < T::rows; i++)
    for (int j = 0; j < T::columns; j++) {
      if (i >= rows || j >= columns) continue;
      if constexpr (!Reduce) {
        Scalar<K> *at = to + (i * stride + j) * size;
        store<K, Width>(at, added<K, Width>(load<K, Width, false>(at), sum[i][j]));
      } else {
        Scalar<K> *at = to + (i * stride + j) * Width;
        if constexpr (Width == 1) at[0] += sumOfLanes<K>(sum[i][j]);
        else {
          at[0] += sumOfLanes<K>(sum[i][j].re);
          at[1] += sumOfLanes<K>(sum[i][j].im);
        }
      }
    }
}

template <class K, int Width, bool UniformA, bool UniformB, bool Reduce>
void contractOver(Scalar<K> *to, const Scalar<K> *a, const Scalar<K> *b, int64_t steps, int64_t rows, int64_t columns,
                  Scalar<K> *scratch, int64_t examples) {
  using T = ContractTile<K, Width>;
  constexpr int64_t size = Width * K::lanes, unitTo = Reduce ? Width : size;
  constexpr int64_t panel = contractColumns / Width;
  typename K::Vector mask = splat<K>(0);
  if constexpr (K::lanes > 1)
    for (int64_t l = 0; l < examples; l++) mask[l] = 1;
  Scalar<K> *const packedA = scratch, *const packedB = scratch + T::rows * T::steps * size;
  for (int64_t first = 0; first < columns; first += panel) {
    const int64_t width = columns - first < panel ? columns - first : panel;
    for (int64_t t = 0; t < steps; t += T::steps) {
      const int64_t count = steps - t < T::steps ? steps - t : T::steps;
      for (int64_t j = 0; j < width; j += T::columns)
        packPanel<K, Width, UniformB, false, T::columns>(
            packedB + j * count * size, b + (t * columns + first + j) * Width * unit<K, UniformB>, columns, count,
            width - j, mask);
      for (int64_t i = 0; i < rows; i += T::rows) {
        packPanel<K, Width, UniformA, Reduce, T::rows>(packedA, a + (t * rows + i) * Width * unit<K, UniformA>, rows,
                                                       count, rows - i, mask);
        for (int64_t j = 0; j < width; j += T::columns)
          addTile<K, Width, Reduce>(to + (i * columns + first + j) * unitTo, packedA, packedB + j * count * size, count,
                                    rows - i, width - j, columns);
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
  if (K::lanes == 1 || !reduce) {
    if (!accumulate) __builtin_memset(to, 0, size_t(units * K::lanes) * sizeof(Scalar<K>));
    contractOver<K, Width, UniformA, UniformB, false>(to, a, b, steps, rows, columns, scratch, frame.examples);
    return;
  }
  // The sums side by side first, then each to its place, from the last to the first.
  __builtin_memset(to, 0, size_t(units) * sizeof(Scalar<K>));
  contractOver<K, Width, UniformA, UniformB, true>(to, a, b, steps, rows, columns, scratch, frame.examples);
  for (int64_t u = units - 1; u >= 0; u--) {
    const Scalar<K> sum = to[u];
    storeReal<K>(to + u * K::lanes, typename K::Vector{} );
    to[u * K::lanes] = sum;
  }
}

}  // namespace
}  // namespace parseval
