// The unitary transform of complex vectors, the batch in the lanes: every lane does the same, so there are no
// shuffles, and a twiddle is one number for all lanes. By decimation in time; code.h says what a Transform is.
//
// Elements are taken in natural order and put in natural order: the leaves read theirs far apart, and write them where
// the next level finds them together, so no digit reversal is ever executed. The inverse is the forward transform
// with the real and imaginary parts exchanged on both sides: they lie at two addresses.
//
// A pointwise program makes the elements and another takes them. They run on the elements of a few columns of the
// leaves and of the top level at a time, between the first-level cache and the registers.
#pragma once

#include "columns.h"
#include "pointwise.h"

namespace parseval {
namespace {

// What a transform takes its elements from, or puts them to, when that is memory in a row. Of what a transform has
// taken it may put results in the place.
template <class K>
struct Memory {
  Scalar<K> *at;
  bool works() const { return false; }
  void run(const Tile &) {}
  void finish() {}
  Rows<Scalar<K>> rows(const Tile &tile) const {
    return {at + elementSize<K> * tile.first, elementSize<K> * tile.apart};
  }
  Rows<Scalar<K>> result(const Tile &tile) const { return rows(tile); }
  Rows<Scalar<K>> elements(const Tile &tile) const { return rows(tile); }
};

// f of each tile of n/radix columns: all at once if there is no program to run.
template <class F>
PARSEVAL_INLINE void inTiles(bool works, int64_t radix, int64_t columns, F f) {
  const int64_t most = works ? tileOf(radix) : columns;
  for (int64_t k = 0; k < columns; k += most) f(Tile{k, columns, radix, columns - k < most ? columns - k : most});
}

// Bytes of a block that is finished before the next is begun: in the first-level cache if the leaves may run in any
// order, in the second if a program makes their elements, some neighbours at a time.
constexpr int64_t firstLevelBytes = 24 << 10, secondLevelBytes = 512 << 10;

template <class K, Kind leafKind = Kind::leaf>
class Levels {
  using T = Scalar<K>;
  static constexpr int64_t element = elementSize<K>;

 public:
  Levels(const Transform &t, T *work, Parts in, Parts out, double scale)
      : t_(t), leaf_(t.levels[t.levelCount - 1]), table_(static_cast<const T *>(t.table)), work_(work), in_(in),
        out_(out), scale_(T(scale)) {}

  template <class Source, class Sink>
  void run(Source &source, Sink &sink) const {
    if (t_.levelCount == 1) {
      const Tile all{0, 1, t_.size, 1};
      source.run(all);
      source.finish();
      const Rows<T> x = source.result(all), y = sink.elements(all);
      parseval::run<K>(Kind::whole, {x.at, 0, x.apart, in_, y.at, 0, y.apart, out_, 1, nullptr, scale_, t_.size,
                                     roots(leaf_)});
      sink.run(all);
      return;
    }
    const TransformLevel &top = t_.levels[0];
    below(source);
    source.finish();
    inTiles(sink.works(), top.radix, top.rest, [&](const Tile &tile) {
      const Rows<T> y = sink.elements(tile);
      columns(Kind::top, top, 0, tile.first, tile.count, y);
      sink.run(tile);
    });
  }

  // Unscaled, and the result stays in the work space.
  template <class Source>
  void intoWork(Source &source) const {
    if (t_.levelCount == 1) {
      const Tile all{0, 1, t_.size, 1};
      source.run(all);
      leaves(source.result(all), 0, 0, 0, 1);
    } else {
      below(source);
      innerColumns(0, 0);
    }
    source.finish();
  }

 private:
  // The blocks of the top level.
  template <class Source>
  void below(Source &source) const {
    const TransformLevel &top = t_.levels[0];
    const int64_t second = secondLevelBytes / int64_t(element * sizeof(T));
    const int64_t first = firstLevelBytes / int64_t(element * sizeof(T));
    const int64_t most = source.works() || t_.size > second ? second : first;
    if (t_.size <= most || t_.levelCount == 2) {
      allLeaves(source);
      if (t_.levelCount > 2)
        for (int64_t d = 0; d < top.radix; d++) levelsFrom(1, d * top.apart);
    } else {
      // A few blocks together, so that a program has neighbours to work on.
      int64_t group = tileOf(leaf_.radix);
      while (group > 1 && group * top.rest > most) group /= 2;
      for (int64_t d = 0; d < top.radix; d += group)
        blocks(source, 1, d * top.apart, d, top.radix, top.radix - d < group ? top.radix - d : group, most);
    }
  }

  const T *roots(const TransformLevel &level) const { return table_ + 2 * level.roots; }

  // Leaves of which the elements are `step` apart, and the places `apart`.
  void leaves(const Rows<T> &x, int64_t step, int64_t place, int64_t apart, int64_t count) const {
    parseval::run<K>(leafKind, {x.at, step * element, x.apart, in_, work_ + place * element, apart * element, element,
                                inOrder<K>, count, nullptr, T(1), leaf_.radix, roots(leaf_)});
  }

  // In natural order; so many in a row go to blocks of the top level in turn.
  template <class Source>
  void allLeaves(Source &source) const {
    const TransformLevel &top = t_.levels[0];
    inTiles(source.works(), leaf_.radix, t_.size / leaf_.radix, [&](const Tile &tile) {
      source.run(tile);
      Rows<T> x = source.result(tile);
      for (int64_t i = tile.first, end = tile.first + tile.count; i < end;) {
        const int64_t left = top.radix - i % top.radix, count = left < end - i ? left : end - i;
        leaves(x, 1, leafPlace(t_, i), top.apart, count);
        x.at += count * element;
        i += count;
      }
    });
  }

  // A block of level l, and its neighbours in the top level, `group` in all, depth first. The leaves of the first are
  // origin + step·i.
  template <class Source>
  void blocks(Source &source, int64_t l, int64_t place, int64_t origin, int64_t step, int64_t group,
              int64_t most) const {
    const TransformLevel &level = t_.levels[l];
    const int64_t size = level.radix * level.rest, neighbour = t_.levels[0].apart;
    if (size * group > most && l + 2 < t_.levelCount) {
      for (int64_t d = 0; d < level.radix; d++)
        blocks(source, l + 1, place + d * level.apart, origin + d * step, step * level.radix, group, most);
      for (int64_t g = 0; g < group; g++) innerColumns(l, place + g * neighbour);
      return;
    }
    const int64_t count = size / leaf_.radix, apart = t_.size / leaf_.radix;
    if (source.works() || group > 1) {
      for (int64_t i = 0; i < count; i++) {
        const Tile tile{origin + i * step, apart, leaf_.radix, group};
        source.run(tile);
        leaves(source.result(tile), 1, place + placeFrom(l, i), neighbour, group);
      }
    } else if (l + 1 == t_.levelCount) {
      leaves(source.result({origin, apart, leaf_.radix, 1}), step, place, 0, 1);
    } else {
      for (int64_t i = 0; i < count; i += level.radix)
        leaves(source.result({origin + i * step, apart, leaf_.radix, 1}), step, place + placeFrom(l, i), level.apart,
               level.radix);
    }
    for (int64_t g = 0; g < group; g++) levelsFrom(l, place + g * neighbour);
  }

  // Where leaf i of a block of level l is in it.
  int64_t placeFrom(int64_t l, int64_t i) const {
    int64_t place = 0;
    for (; l + 1 < t_.levelCount; l++) {
      place += i % t_.levels[l].radix * t_.levels[l].apart;
      i /= t_.levels[l].radix;
    }
    return place;
  }

  // The levels of a block whose leaves are done, depth first.
  void levelsFrom(int64_t l, int64_t place) const {
    if (l + 1 >= t_.levelCount) return;
    const TransformLevel &level = t_.levels[l];
    if (l + 2 < t_.levelCount)
      for (int64_t d = 0; d < level.radix; d++) levelsFrom(l + 1, place + d * level.apart);
    innerColumns(l, place);
  }

  void innerColumns(int64_t l, int64_t place) const {
    const TransformLevel &level = t_.levels[l];
    columns(Kind::inner, level, place, 0, level.rest, {work_ + place * element, level.apart * element});
  }

  // Some columns of a block. Those in place skip the gaps of the work space, others have none.
  void columns(Kind kind, const TransformLevel &level, int64_t place, int64_t first, int64_t count, Rows<T> y) const {
    for (int64_t k = first, end = first + count; k < end;) {
      const int64_t left = t_.padEvery - k % t_.padEvery, run = left < end - k ? left : end - k;
      T *const x = work_ + (place + placeInWork(t_, k)) * element;
      const bool inner = kind == Kind::inner;
      parseval::run<K>(kind, {x, element, level.apart * element, in_, inner ? x : y.at, element, y.apart,
                              inner ? inOrder<K> : out_, run, table_ + 2 * (level.twiddles + k * (level.radix - 1)),
                              inner ? T(1) : scale_, level.radix, roots(level)});
      y.at += run * element;
      k += run;
    }
  }

  const Transform &t_;
  const TransformLevel &leaf_;
  const T *table_;
  T *work_;
  Parts in_, out_;
  T scale_;
};

// Bluestein: jk = (j² + k² − (k − j)²)/2 makes the transform a convolution with a chirp, of any length that holds it.
template <class K, class Source, class Sink>
void runConvolution(const Transform &t, Source &source, Sink &sink, Scalar<K> *scratch, Parts in, Parts out) {
  constexpr int64_t element = elementSize<K>;
  const Transform &inner = *t.convolution;
  const Scalar<K> *table = static_cast<const Scalar<K> *>(t.table);
  const Scalar<K> *chirp = table + 2 * t.chirp, *kernel = table + 2 * t.kernel;
  Memory<K> a{scratch};
  Scalar<K> *const work = scratch + inner.size * element;
  inTiles(true, 1, t.size, [&](const Tile &tile) {
    source.run(tile);
    const Scalar<K> *x = source.result(tile).at;
    for (int64_t j = 0; j < tile.count; j++)
      storeComplex<K>(a.at + (tile.first + j) * element,
                      times<K>(loadParts<K>(x + j * element, in), loadComplex<K, true>(chirp + 2 * (tile.first + j))));
  });
  source.finish();
  __builtin_memset(a.at + t.size * element, 0, size_t((inner.size - t.size) * element) * sizeof(Scalar<K>));
  Levels<K>(inner, work, inOrder<K>, inOrder<K>, 1).run(a, a);
  for (int64_t j = 0; j < inner.size; j++) {
    Scalar<K> *const x = a.at + j * element;
    storeComplex<K>(x, times<K>(loadComplex<K, false>(x), loadComplex<K, true>(kernel + 2 * j)));
  }
  Levels<K>(inner, work, exchanged<K>, exchanged<K>, t.scale).run(a, a);
  inTiles(true, 1, t.size, [&](const Tile &tile) {
    Scalar<K> *y = sink.elements(tile).at;
    for (int64_t j = 0; j < tile.count; j++)
      storeParts<K>(y + j * element, out, times<K>(loadComplex<K, false>(a.at + (tile.first + j) * element),
                                                   loadComplex<K, true>(chirp + 2 * (tile.first + j))));
    sink.run(tile);
  });
}

// From source to sink; `scratch` holds t.scratch elements.
template <class K, class Source, class Sink>
void transformFrom(const Transform &t, bool inverse, Source &source, Sink &sink, Scalar<K> *scratch) {
  const Parts parts = inverse ? exchanged<K> : inOrder<K>;
  if (t.convolution) runConvolution<K>(t, source, sink, scratch, parts, parts);
  else Levels<K>(t, scratch, parts, parts, t.scale).run(source, sink);
}

template <class K>
bool runTransform(const Instruction &i, Scalar<K> *const *operands, const Frame &frame) {
  constexpr int64_t element = elementSize<K>;
  const Pointwise &first = *i.program, &second = *i.after;
  Scalar<K> *const scratch = static_cast<Scalar<K> *>(frame.scratch);
  Scalar<K> *const room = scratch + i.transform->scratch * element;
  ProgramRun<K> before(i, first, operands, frame.constants, room);
  ProgramRun<K> after(i, second, operands, frame.constants,
                      room + (first.temporaries * first.tile + first.sumCount) * element);
  transformFrom<K>(*i.transform, i.attributes[1], before, after, scratch);
  after.finish();
  return true;
}

}  // namespace
}  // namespace parseval
