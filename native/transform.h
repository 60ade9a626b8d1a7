// Transforms of any size whose prime factors have codelets, in depth-first order: a part of the data is finished
// before the next is begun, so that all but the last passes find theirs in the first-level cache.
//
// Decimation in time takes elements in digit-reversed order and leaves them in natural order, decimation in
// frequency the other way round; no digit reversal is ever executed. The first pass reads and the last one
// writes through the caller's load and store, called as load(position, natural) → Complex<K> and store(position,
// natural, value): an element's place in digit-reversed order and its index, either of which may be used.
// What belongs before or after the transform is so computed in its passes. The backward transform is the forward
// one with re and im exchanged in both.
#pragma once

#include "codelets/codelets.h"

namespace parseval {
namespace {

// On a lambda: inlined wherever it is called.
#define PARSEVAL_LAMBDA __attribute__((always_inline))

template <int N>
struct Int {
  static constexpr int value = N;
};

// As a load or store: the elements are in the work space, in the order of that side of the transform, and with the
// gaps of `placeInWork`.
template <bool Exchanged = false>
struct InWork {};

// Of a load or store of the caller's, or of the work space's own.
template <class F>
struct Outer {
  static constexpr bool inWork = false, exchanged = false;
};
template <bool Exchanged>
struct Outer<InWork<Exchanged>> {
  static constexpr bool inWork = true, exchanged = Exchanged;
};

// F at an end of the transform, plain between its passes.
template <bool AtEnd, class F>
struct ChosenAt {
  using Type = InWork<>;
};
template <class F>
struct ChosenAt<true, F> {
  using Type = F;
};
template <bool AtEnd, class F>
using Chosen = typename ChosenAt<AtEnd, F>::Type;

template <class K, class F = InWork<>>
PARSEVAL_INLINE Complex<K> loadWork(const Scalar<K> *at) {
  const Complex<K> x = loadComplex<K, false>(at);
  if constexpr (Outer<F>::exchanged) return {x.im, x.re};
  else return x;
}

template <class K, class F = InWork<>>
PARSEVAL_INLINE void storeWork(Scalar<K> *at, Complex<K> y) {
  if constexpr (Outer<F>::exchanged) storeComplex<K>(at, {y.im, y.re});
  else storeComplex<K>(at, y);
}

template <class F>
PARSEVAL_INLINE void withRadix(int64_t radix, F f) {
  switch (radix) {
#define PARSEVAL_RADIX(n) \
  case n: return f(Int<n>{});
    PARSEVAL_RADIX(2) PARSEVAL_RADIX(3) PARSEVAL_RADIX(4) PARSEVAL_RADIX(5) PARSEVAL_RADIX(6) PARSEVAL_RADIX(7)
    PARSEVAL_RADIX(8) PARSEVAL_RADIX(9) PARSEVAL_RADIX(10) PARSEVAL_RADIX(11) PARSEVAL_RADIX(12) PARSEVAL_RADIX(13)
    PARSEVAL_RADIX(14) PARSEVAL_RADIX(15) PARSEVAL_RADIX(16)
#undef PARSEVAL_RADIX
  }
}

template <class K>
constexpr int64_t elementSize = 2 * K::lanes;

// The elements k = 0 … rest − 1 of all blocks of a level: f(k, where k is in its block, its twiddles).
template <class K, int Radix, class F>
PARSEVAL_INLINE void eachColumn(const Transform &t, const TransformLevel &level, Scalar<K> *work, F f) {
  const Scalar<K> *w = static_cast<const Scalar<K> *>(t.table) + 2 * level.twiddles;
  const int64_t run = level.rest < t.padEvery ? level.rest : t.padEvery;
  for (int64_t start = 0; start < level.rest; start += run, work += elementSize<K>)
    for (int64_t k = start; k < start + run; k++, work += elementSize<K>, w += 2 * (Radix - 1)) f(k, work, w);
}

// A pass over one block of a level, in place.
template <class K, int Radix, bool InTime>
__attribute__((noinline)) void runLevel(const Transform &t, const TransformLevel &level, Scalar<K> *work) {
  const int64_t apart = level.apart * elementSize<K>;
  eachColumn<K, Radix>(t, level, work, [&](int64_t, Scalar<K> *at, const Scalar<K> *w) PARSEVAL_LAMBDA {
    const auto load = [&](int j) PARSEVAL_LAMBDA { return loadComplex<K, false>(at + j * apart); };
    const auto store = [&](int j, Complex<K> y) PARSEVAL_LAMBDA { storeComplex<K>(at + j * apart, y); };
    if constexpr (InTime) Codelet<K, Radix>::dit(load, store, w);
    else Codelet<K, Radix>::dif(load, store, w);
  });
}

// Where a block's elements are in the caller's orders.
struct Origin {
  int64_t position, natural, step;
};

// The smallest blocks of one block of the level above them.
template <class K, int Radix, bool InTime, class End>
void runLeaves(const TransformLevel &above, Scalar<K> *work, Origin o, const End &outer) {
  const int64_t apart = above.apart * elementSize<K>, step = o.step * above.radix;
  for (int64_t r = 0; r < above.radix; r++, work += apart, o.position += Radix, o.natural += o.step) {
    const auto load = [&](int j) PARSEVAL_LAMBDA {
      if constexpr (InTime && !Outer<End>::inWork) return outer(o.position + j, o.natural + j * step);
      else return loadWork<K, Chosen<InTime, End>>(work + j * elementSize<K>);
    };
    const auto store = [&](int j, Complex<K> y) PARSEVAL_LAMBDA {
      if constexpr (!InTime && !Outer<End>::inWork) outer(o.position + j, o.natural + j * step, y);
      else storeWork<K, Chosen<!InTime, End>>(work + j * elementSize<K>, y);
    };
    Codelet<K, Radix>::dft(load, store);
  }
}

// All levels below one block of `level`: before its own pass in time, after it in frequency.
template <class K, bool InTime, class End>
void runBelow(const Transform &t, int64_t level, Scalar<K> *work, Origin o, const End &outer) {
  const TransformLevel &above = t.levels[level], &below = t.levels[level + 1];
  if (level + 2 == t.levelCount) {
    return withRadix(below.radix, [&](auto r) PARSEVAL_LAMBDA { runLeaves<K, r.value, InTime>(above, work, o, outer); });
  }
  for (int64_t r = 0; r < above.radix; r++) {
    Scalar<K> *block = work + r * above.apart * elementSize<K>;
    const Origin origin{o.position + r * above.rest, o.natural + r * o.step, o.step * above.radix};
    const auto pass = [&](auto r) PARSEVAL_LAMBDA { runLevel<K, r.value, InTime>(t, below, block); };
    if (!InTime) withRadix(below.radix, pass);
    runBelow<K, InTime>(t, level + 1, block, origin, outer);
    if (InTime) withRadix(below.radix, pass);
  }
}

// A size that is a codelet's, or 1.
template <class K, class Load, class Store>
void transformOnce(const Transform &t, Scalar<K> *work, const Load &load, const Store &store) {
  const auto from = [&](int j) PARSEVAL_LAMBDA {
    if constexpr (Outer<Load>::inWork) return loadWork<K, Load>(work + j * elementSize<K>);
    else return load(j, j);
  };
  const auto to = [&](int j, Complex<K> y) PARSEVAL_LAMBDA {
    if constexpr (Outer<Store>::inWork) storeWork<K, Store>(work + j * elementSize<K>, y);
    else store(j, j, y);
  };
  if (t.size == 1) return to(0, from(0));
  withRadix(t.size, [&](auto r) PARSEVAL_LAMBDA { Codelet<K, r.value>::dft(from, to); });
}

// Digit-reversed to natural order.
template <class K, class Load, class Store>
void transformInTime(const Transform &t, Scalar<K> *work, const Load &load, const Store &store) {
  if (t.levelCount < 2) return transformOnce<K>(t, work, load, store);
  const TransformLevel &top = t.levels[0];
  runBelow<K, true>(t, 0, work, {0, 0, 1}, load);
  withRadix(top.radix, [&](auto r) PARSEVAL_LAMBDA {
    const int64_t apart = top.apart * elementSize<K>;
    eachColumn<K, r.value>(t, top, work, [&](int64_t k, Scalar<K> *at, const Scalar<K> *w) PARSEVAL_LAMBDA {
      Codelet<K, r.value>::dit(
          [&](int j) PARSEVAL_LAMBDA { return loadComplex<K, false>(at + j * apart); },
          [&](int j, Complex<K> y) PARSEVAL_LAMBDA {
            if constexpr (Outer<Store>::inWork) storeWork<K, Store>(at + j * apart, y);
            else store(k + j * top.rest, k + j * top.rest, y);
          },
          w);
    });
  });
}

// Natural to digit-reversed order.
template <class K, class Load, class Store>
void transformInFrequency(const Transform &t, Scalar<K> *work, const Load &load, const Store &store) {
  if (t.levelCount < 2) return transformOnce<K>(t, work, load, store);
  const TransformLevel &top = t.levels[0];
  withRadix(top.radix, [&](auto r) PARSEVAL_LAMBDA {
    const int64_t apart = top.apart * elementSize<K>;
    eachColumn<K, r.value>(t, top, work, [&](int64_t k, Scalar<K> *at, const Scalar<K> *w) PARSEVAL_LAMBDA {
      Codelet<K, r.value>::dif(
          [&](int j) PARSEVAL_LAMBDA {
            if constexpr (Outer<Load>::inWork) return loadWork<K, Load>(at + j * apart);
            else return load(k + j * top.rest, k + j * top.rest);
          },
          [&](int j, Complex<K> y) PARSEVAL_LAMBDA { storeComplex<K>(at + j * apart, y); }, w);
    });
  });
  runBelow<K, false>(t, 0, work, {0, 0, 1}, store);
}

}  // namespace
}  // namespace parseval
