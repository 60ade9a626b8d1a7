// The columns of a transform's levels: the loops around the codelets. In which order they run is transform.h's matter.
#pragma once

#include "codelets/codelets.h"
#include "oddRadix.h"
#include "transpose.h"

namespace parseval {
namespace {

// On a lambda: inlined wherever it is called.
#define PARSEVAL_LAMBDA __attribute__((always_inline))

template <class K>
constexpr int64_t elementSize = 2 * K::lanes;

// Where the parts of the elements are, in scalars from an element's address. Exchanged, they make the inverse.
struct Parts {
  int64_t re, im;
};
template <class K>
constexpr Parts inOrder{0, K::lanes};
template <class K>
constexpr Parts exchanged{K::lanes, 0};

template <class K>
PARSEVAL_INLINE Complex<K> loadParts(const Scalar<K> *p, Parts parts) {
  return {loadReal<K, false>(p + parts.re), loadReal<K, false>(p + parts.im)};
}

template <class K>
PARSEVAL_INLINE void storeParts(Scalar<K> *p, Parts parts, Complex<K> x) {
  storeReal<K>(p + parts.re, x.re);
  storeReal<K>(p + parts.im, x.im);
}

// `leaf`: from the source to the work space, without twiddles; `pairs`: the same, of one vector of (re, im), whose
// elements are in the lanes. `inner`: in place. `top`: from the work space to the
// result, scaled. `whole`: a leaf that is the whole transform.
enum class Kind { leaf, pairs, inner, top, whole };
constexpr int kinds = 5;

// Blocks' transforms are generated code, or these kernels. Those of `top` and `whole`, given a scale of 1 and the parts in
// order, do for `inner` and `leaf`, too: fewer to compile, where speed is not what counts.
constexpr bool transformsBlocks = PARSEVAL_GENERATED_BYTES == 0;

// Lanes that the transform of one vector may fill (single.h). One where vectors are pieced together from narrower ones: moves
// between their lanes would go by memory.
#if defined(__AVX__) || !defined(__x86_64__)
template <class K>
constexpr int singleLanes = lanesOf<K>;
#else
template <class K>
constexpr int singleLanes = 1;
#endif

// `count` columns. Distances are in scalars: from one column to the next (`step`), and from one element of a column to
// the next (`apart`).
template <class K>
struct Columns {
  const Scalar<K> *from;
  int64_t fromStep, fromApart;
  Parts in;
  Scalar<K> *to;
  int64_t toStep, toApart;
  Parts out;
  int64_t count;
  const Scalar<K> *twiddles;
  Scalar<K> scale;
  int64_t radix;
  const Scalar<K> *roots;
};

// Radix 0: any odd one.
template <class K, int Radix, Kind kind>
__attribute__((noinline)) void runColumns(const Columns<K> &c) {
  constexpr bool twiddled = kind == Kind::inner || kind == Kind::top;
  constexpr bool scaled = kind == Kind::top || kind == Kind::whole;
  constexpr bool intoWork = kind == Kind::leaf || kind == Kind::pairs;
  constexpr int64_t element = elementSize<K>;
  const int64_t radix = Radix == 0 ? c.radix : Radix;
  const Scalar<K> *from = c.from, *w = c.twiddles;
  Scalar<K> *to = c.to;
  const int64_t fromStep = twiddled ? element : c.fromStep, toStep = twiddled ? element : c.toStep;
  const int64_t fromApart = c.fromApart, toApart = intoWork ? element : c.toApart;
  const Parts in = c.in, out = c.out;
  const typename K::Vector scale = splat<K>(c.scale);
  for (int64_t e = 0; e < c.count; e++, from += fromStep, to += toStep, w += 2 * (radix - 1)) {
    const auto load = [&](int j) PARSEVAL_LAMBDA {
      if constexpr (twiddled) return loadComplex<K, false>(from + j * fromApart);
      else if constexpr (kind == Kind::pairs) return loadPairs<K>(from + j * fromApart, in.re != 0);
      else return loadParts<K>(from + j * fromApart, in);
    };
    const auto store = [&](int k, Complex<K> y) PARSEVAL_LAMBDA {
      if constexpr (scaled) storeParts<K>(to + k * toApart, out, {y.re * scale, y.im * scale});
      else storeComplex<K>(to + k * toApart, y);
    };
    if constexpr (Radix == 0) {
      Complex<K> x[mostOddRadix];
      x[0] = load(0);
      for (int j = 1; j < radix; j++) {
        x[j] = load(j);
        if (twiddled) x[j] = times<K>(x[j], {splat<K>(w[2 * j - 2]), splat<K>(w[2 * j - 1])});
      }
      dftOdd<K>(int(radix), x, c.roots, store);
    } else if constexpr (Radix == 1) {
      store(0, load(0));
    } else if constexpr (twiddled) {
      Codelet<K, Radix>::dit(load, store, w);
    } else {
      Codelet<K, Radix>::dft(load, store);
    }
  }
}

// By radix; where there is no codelet, for any odd one.
template <class K>
struct ColumnKernels {
  using Kernel = void (*)(const Columns<K> &);
  static constexpr int largest = 64;
  Kernel at[kinds][largest + 1];

  template <int Radix, int Slot>
  constexpr void fill() {
    if constexpr (singleLanes<K> > 1) at[int(Kind::pairs)][Slot] = runColumns<K, Radix, Kind::pairs>;
    if constexpr (transformsBlocks)
      at[int(Kind::leaf)][Slot] = at[int(Kind::whole)][Slot] = runColumns<K, Radix, Kind::whole>;
    // The codelet of size 64 has no variant with twiddles; the planner puts it at the leaves only.
    if constexpr (Radix != 64 && Radix != 1) {
      if constexpr (transformsBlocks)
        at[int(Kind::inner)][Slot] = at[int(Kind::top)][Slot] = runColumns<K, Radix, Kind::top>;
      else at[int(Kind::inner)][Slot] = runColumns<K, Radix, Kind::inner>;
    }
  }
  template <size_t Index>
  constexpr void fillFrom() {
    if constexpr (Index < sizeof(codeletSizes) / sizeof(int)) {
      fill<codeletSizes[Index], codeletSizes[Index]>();
      fillFrom<Index + 1>();
    }
  }
  constexpr ColumnKernels() : at() {
    fill<0, 0>();
    for (int k = 0; k < kinds; k++)
      for (int radix = 1; radix <= largest; radix++) at[k][radix] = at[k][0];
    fill<1, 1>();
    fillFrom<0>();
  }
};

template <class K>
constexpr ColumnKernels<K> columnKernels{};

template <class K>
PARSEVAL_INLINE void run(Kind kind, const Columns<K> &columns) {
  columnKernels<K>.at[int(kind)][columns.radix](columns);
}

}  // namespace
}  // namespace parseval
