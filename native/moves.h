// Instructions that move numbers, or add them up.
#pragma once

#include "functions.h"
#include "transpose.h"

namespace parseval {
namespace {

// `from` may overlap `to` when both are of one kind: then it is moved as a whole, once.
template <class K, bool Uniform>
void runCopy(Scalar<K> *to, const Scalar<K> *from, int64_t units, int64_t repeats) {
  for (int64_t r = 0; r < repeats; r++, to += units * K::lanes) {
    if constexpr (!Uniform) __builtin_memmove(to, from, size_t(units * K::lanes) * sizeof(Scalar<K>));
    else
      for (int64_t u = 0; u < units; u++) storeReal<K>(to + u * K::lanes, splat<K>(from[u]));
  }
}

template <class K>
void runFill(Scalar<K> *to, const Scalar<K> *value, int64_t count, int64_t width) {
  for (int64_t e = 0; e < count; e++)
    for (int64_t w = 0; w < width; w++, to += K::lanes) storeReal<K>(to, splat<K>(value[w]));
}

// Column by column; `to` may be the first row of `from`.
template <class K, bool Uniform>
void runSum(Scalar<K> *to, const Scalar<K> *from, int64_t outer, int64_t inner) {
  constexpr int64_t step = unit<K, Uniform>;
  using V = typename K::Vector;
  for (int64_t j = 0; j < inner; j++) {
    const Scalar<K> *p = from + j * step;
    V sum[4] = {};
    int64_t o = 0;
    for (; o + 4 <= outer; o += 4)
      for (int64_t s = 0; s < 4; s++, p += inner * step) sum[s] += loadReal<K, Uniform>(p);
    for (; o < outer; o++, p += inner * step) sum[0] += loadReal<K, Uniform>(p);
    storeReal<K>(to + j * K::lanes, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}

// The largest exponent is taken out, so that nothing overflows.
template <class K, bool Uniform>
void runLogSumExp(Scalar<K> *to, const Scalar<K> *from, int64_t count) {
  constexpr int64_t step = unit<K, Uniform>;
  using V = typename K::Vector;
  V most = splat<K>(-__builtin_inff());
  for (int64_t e = 0; e < count; e++) {
    const V x = loadReal<K, Uniform>(from + e * step);
    most = x > most ? x : most;
  }
  // Infinite exponents must not be subtracted from each other.
  const V bound = splat<K>(sizeof(Scalar<K>) == 4 ? Scalar<K>(3.4e38) : Scalar<K>(1.7e308));
  const V shift = most > bound ? bound - bound : (most < -bound ? bound - bound : most);
  V sum{};
  for (int64_t e = 0; e < count; e++)
    sum += applied<K, Exponential>(loadReal<K, Uniform>(from + e * step) - shift);
  storeReal<K>(to, shift + applied<K, Logarithm>(sum));
}

// Which entry of a table each lane asks for; what is outside goes to the nearest, NaN to the first.
template <class K>
struct Entries {
  int64_t of[K::lanes];

  template <bool UniformIndex>
  static Entries find(const Scalar<K> *index, int64_t count) {
    Entries result;
    const int64_t last = count - 1;
    for (int64_t l = 0; l < K::lanes; l++) {
      const Scalar<K> x = UniformIndex ? *index : index[l];
      result.of[l] = x > 0 ? (x < Scalar<K>(last) ? int64_t(x) : last) : 0;
    }
    return result;
  }

  // Calls f(entry, mask, Yes or No) for each entry that is asked for, with 1 in the lanes that ask: whether all do.
  template <class F>
  PARSEVAL_INLINE void each(F f) const {
    bool one = true;
    for (int64_t l = 1; l < K::lanes; l++) one = one && of[l] == of[0];
    if constexpr (K::lanes == 1) f(of[0], splat<K>(1), Yes{});
    else if (one) f(of[0], splat<K>(1), Yes{});
    else {
      using V = typename K::Vector;
      V entries{};  // exact: an index is one of the engine's numbers
      for (int64_t l = 0; l < K::lanes; l++) entries[l] = Scalar<K>(of[l]);
      V left = splat<K>(1);
      for (int64_t l = 0; l < K::lanes; l++) {
        if (left[l] == 0) continue;
        const V mask = entries == splat<K>(entries[l]) ? splat<K>(1) : V{};
        left -= mask;
        f(of[l], mask, No{});
      }
    }
  }
};

// Numbers to all lanes of an element each.
template <class K>
PARSEVAL_INLINE void spreadRow(Scalar<K> *to, const Scalar<K> *row, int64_t units) {
  int64_t u = 0;
  if constexpr (isNarrow<K>)
    for (; u + Widest<K>::lanes <= units; u += Widest<K>::lanes) spreadNumbers<K>(to + u * K::lanes, row + u);
  for (; u < units; u++) storeReal<K>(to + u * K::lanes, splat<K>(row[u]));
}
template <class K>
PARSEVAL_INLINE void addRow(Scalar<K> *to, const Scalar<K> *row, int64_t units) {
  using W = Widest<K>;
  const int64_t count = units * K::lanes;
  int64_t j = 0;
  for (; j + W::lanes <= count; j += W::lanes) storeAnywhere<W>(to + j, loadAnywhere<W>(to + j) + loadAnywhere<W>(row + j));
  for (; j < count; j += K::lanes) storeReal<K>(to + j, loadReal<K, false>(to + j) + loadReal<K, false>(row + j));
}

template <class K, bool UniformFrom, bool UniformIndex>
void runTake(Scalar<K> *to, const Scalar<K> *from, const Scalar<K> *index, int64_t entries, int64_t units) {
  constexpr int64_t step = unit<K, UniformFrom>;
  Entries<K>::template find<UniformIndex>(index, entries).each([&](int64_t entry, typename K::Vector mask, auto all) {
    const Scalar<K> *const row = from + entry * units * step;
    if constexpr (decltype(all)::value && UniformFrom) return spreadRow<K>(to, row, units);
    for (int64_t u = 0; u < units; u++) {
      Scalar<K> *const at = to + u * K::lanes;
      const typename K::Vector taken = loadReal<K, UniformFrom>(row + u * step);
      if constexpr (decltype(all)::value) storeReal<K>(at, taken);
      else storeReal<K>(at, mask > typename K::Vector{} ? taken : loadReal<K, false>(at));
    }
  });
}

template <class K, bool UniformFrom, bool UniformIndex>
void runPut(Scalar<K> *to, const Scalar<K> *from, const Scalar<K> *index, int64_t entries, int64_t units,
            bool accumulate) {
  if (!accumulate) __builtin_memset(to, 0, size_t(entries * units * K::lanes) * sizeof(Scalar<K>));
  Entries<K>::template find<UniformIndex>(index, entries).each([&](int64_t entry, typename K::Vector mask, auto all) {
    Scalar<K> *const row = to + entry * units * K::lanes;
    if constexpr (decltype(all)::value && !UniformFrom) return addRow<K>(row, from, units);
    for (int64_t u = 0; u < units; u++) {
      Scalar<K> *const at = row + u * K::lanes;
      const typename K::Vector old = loadReal<K, false>(at), term = loadReal<K, UniformFrom>(from + u * unit<K, UniformFrom>);
      if constexpr (decltype(all)::value) storeReal<K>(at, old + term);
      else storeReal<K>(at, mask > typename K::Vector{} ? old + term : old);
    }
  });
}

// Row by row of the result, some rows at a time, whose elements lie in the same cache lines.
template <class K, bool Uniform>
void runTranspose(Scalar<K> *to, const Scalar<K> *from, int64_t rows, int64_t columns, int64_t width) {
  constexpr int64_t together = 16;
  for (int64_t first = 0; first < columns; first += together) {
    const int64_t end = columns - first < together ? columns : first + together;
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = first; j < end; j++)
        for (int64_t w = 0; w < width; w++)
          storeReal<K>(to + ((j * rows + i) * width + w) * K::lanes,
                       loadReal<K, Uniform>(from + ((i * columns + j) * width + w) * unit<K, Uniform>));
  }
}

template <class K, bool Uniform>
void runPermute(Scalar<K> *to, const Scalar<K> *from, const int32_t *permutation, int64_t count) {
  for (int64_t j = 0; j < count; j++)
    storeComplex<K>(to + 2 * j * K::lanes, loadComplex<K, Uniform>(from + 2 * permutation[j] * unit<K, Uniform>));
}

}  // namespace
}  // namespace parseval
