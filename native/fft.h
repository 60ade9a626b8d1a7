// The unitary transform of complex vectors, the batch in the lanes: every lane does the same, so there are no
// shuffles, and a twiddle is one number for all lanes. Stockham's autosort: each pass reads `radix` elements
// n/radix apart and writes them `stride` apart, between two buffers, and no bit reversal is needed.
//
// The inverse is the forward transform with the real and imaginary parts exchanged on both sides, which costs
// nothing here: they lie at two addresses.
//
// A pointwise program makes the elements and another takes them. They run on the elements of a few butterflies of the
// first and the last pass at a time, between the first-level cache and the registers.
#pragma once

#include "butterflies.h"
#include "pointwise.h"

namespace parseval {
namespace {

// Where the parts of the elements are, in scalars from an element's address.
struct Parts {
  int64_t re, im;
};

template <class K>
PARSEVAL_INLINE Complex<K> loadParts(const Scalar<K> *p, Parts parts) {
  return {loadReal<K, false>(p + parts.re), loadReal<K, false>(p + parts.im)};
}

template <class K>
PARSEVAL_INLINE void storeParts(Scalar<K> *p, Parts parts, Complex<K> x) {
  storeReal<K>(p + parts.re, x.re);
  storeReal<K>(p + parts.im, x.im);
}

// n/radix butterflies, or some of them: `groups` of `stride` with the same twiddles. They read elements `apart`, and
// write them `step` apart.
template <class K>
struct Pass {
  const Scalar<K> *from;
  Scalar<K> *to;
  int64_t apart, step;
  Parts in, out;
  int64_t radix, groups, stride;
  const Scalar<K> *twiddles, *roots;
  Scalar<K> scale;  // of the last pass
};

// The last pass has one group, so no twiddles; it scales instead.
template <class K, int Radix, bool Last>
void runPass(const Pass<K> &pass) {
  constexpr int64_t element = 2 * K::lanes;
  const int radix = Radix == 0 ? int(pass.radix) : Radix;
  const int64_t apart = pass.apart, step = pass.step;
  const Scalar<K> *from = pass.from, *twiddle = pass.twiddles;
  Scalar<K> *to = pass.to;
  const typename K::Vector scale = splat<K>(pass.scale);
  for (int64_t g = 0; g < pass.groups; g++, to += (radix - 1) * step, twiddle += 2 * (radix - 1)) {
    for (int64_t s = 0; s < pass.stride; s++, from += element, to += element) {
      Complex<K> x[Radix == 0 ? mostRadix : Radix];
      for (int j = 0; j < radix; j++) x[j] = loadParts<K>(from + j * apart, pass.in);
      butterfly<K, Radix>(x, radix, pass.roots);
      for (int j = 0; j < radix; j++) {
        if constexpr (Last) x[j] = {x[j].re * scale, x[j].im * scale};
        else if (j > 0) x[j] = times<K>(x[j], {splat<K>(twiddle[2 * j - 2]), splat<K>(twiddle[2 * j - 1])});
        storeParts<K>(to + j * step, pass.out, x[j]);
      }
    }
  }
}

template <class K, bool Last>
void runStage(const Pass<K> &pass) {
  switch (pass.radix) {
    case 2: return runPass<K, 2, Last>(pass);
    case 3: return runPass<K, 3, Last>(pass);
    case 4: return runPass<K, 4, Last>(pass);
    case 5: return runPass<K, 5, Last>(pass);
    case 7: return runPass<K, 7, Last>(pass);
    case 8: return runPass<K, 8, Last>(pass);
    default: return runPass<K, 0, Last>(pass);
  }
}

// What a transform takes its elements from, or puts them to, when that is memory in a row.
template <class K>
struct Memory {
  Scalar<K> *at;
  bool works() const { return false; }
  void run(const Tile &) {}
  void finish() {}
  Rows<Scalar<K>> rows(const Tile &tile) const {
    return {at + 2 * K::lanes * tile.first, 2 * K::lanes * tile.apart};
  }
  Rows<Scalar<K>> result(const Tile &tile) const { return rows(tile); }
  Rows<Scalar<K>> elements(const Tile &tile) const { return rows(tile); }
};

// f of each tile of n/radix groups: all at once if there is no program to run.
template <class F>
PARSEVAL_INLINE void inTiles(bool works, int64_t radix, int64_t groups, F f) {
  const int64_t most = works ? tileOf(radix) : groups;
  for (int64_t g = 0; g < groups; g += most) f(Tile{g, groups, radix, groups - g < most ? groups - g : most});
}

// The passes between the first and the last go from one of two buffers to the other.
template <class K, class Source, class Sink>
void runStages(const Fft &fft, Source &source, Sink &sink, Scalar<K> *const buffers[2], Parts in, Parts out,
               double scale) {
  constexpr int64_t element = 2 * K::lanes;
  const Scalar<K> *table = static_cast<const Scalar<K> *>(fft.table);
  const Parts usual{0, K::lanes};
  const int64_t lastStage = fft.stageCount - 1;
  for (int64_t s = 0; s <= lastStage; s++) {
    const FftStage &stage = fft.stages[s];
    const int64_t radix = stage.radix, butterflies = stage.groups * stage.stride;
    const Scalar<K> *from = buffers[(s + 1) % 2];
    Pass<K> pass{from,
                 buffers[s % 2],
                 butterflies * element,
                 stage.stride * element,
                 usual,
                 usual,
                 radix,
                 stage.groups,
                 stage.stride,
                 table + 2 * stage.twiddles,
                 table + 2 * stage.roots,
                 Scalar<K>(scale)};
    const auto take = [&](const Tile &tile) {
      source.run(tile);
      const Rows<Scalar<K>> x = source.result(tile);
      pass.from = x.at;
      pass.apart = x.apart;
      pass.in = in;
    };
    const auto put = [&](const Tile &tile) {
      const Rows<Scalar<K>> y = sink.elements(tile);
      pass.to = y.at;
      pass.step = y.apart;
      pass.out = out;
      runStage<K, true>(pass);
      sink.run(tile);
    };
    if (s == 0 && s == lastStage) {
      const Tile all{0, 1, radix, 1};
      take(all);
      source.finish();
      put(all);
    } else if (s == 0) {
      inTiles(source.works(), radix, butterflies, [&](const Tile &tile) {
        take(tile);
        pass.to = buffers[0] + tile.first * radix * element;
        pass.groups = tile.count;
        pass.twiddles = table + 2 * (stage.twiddles + tile.first * (radix - 1));
        runStage<K, false>(pass);
      });
      source.finish();
    } else if (s == lastStage) {
      inTiles(sink.works(), radix, butterflies, [&](const Tile &tile) {
        pass.from = from + tile.first * element;
        pass.stride = tile.count;
        put(tile);
      });
    } else {
      runStage<K, false>(pass);
    }
  }
}

// Bluestein: jk = (j² + k² − (k − j)²)/2 makes the transform a convolution with a chirp, of any length that holds it.
template <class K, class Source, class Sink>
void runConvolution(const Fft &fft, Source &source, Sink &sink, Scalar<K> *scratch, Parts in, Parts out) {
  constexpr int64_t element = 2 * K::lanes;
  const Fft &inner = *fft.convolution;
  const Parts usual{0, K::lanes}, exchanged{K::lanes, 0};
  const Scalar<K> *table = static_cast<const Scalar<K> *>(fft.table);
  const Scalar<K> *chirp = table + 2 * fft.chirp, *kernel = table + 2 * fft.kernel;
  Memory<K> a{scratch}, b{scratch + inner.size * element};
  Scalar<K> *const rest = b.at + inner.size * element;
  inTiles(true, 1, fft.size, [&](const Tile &tile) {
    source.run(tile);
    const Scalar<K> *x = source.result(tile).at;
    for (int64_t j = 0; j < tile.count; j++)
      storeComplex<K>(a.at + (tile.first + j) * element,
                      times<K>(loadParts<K>(x + j * element, in), loadComplex<K, true>(chirp + 2 * (tile.first + j))));
  });
  source.finish();
  __builtin_memset(a.at + fft.size * element, 0, size_t((inner.size - fft.size) * element) * sizeof(Scalar<K>));
  // What a transform has read it may write over.
  Scalar<K> *const there[2] = {rest, a.at}, *const back[2] = {rest, b.at};
  runStages<K>(inner, a, b, there, usual, usual, 1);
  for (int64_t j = 0; j < inner.size; j++) {
    Scalar<K> *const x = b.at + j * element;
    storeComplex<K>(x, times<K>(loadComplex<K, false>(x), loadComplex<K, true>(kernel + 2 * j)));
  }
  runStages<K>(inner, b, a, back, exchanged, exchanged, fft.scale);
  inTiles(true, 1, fft.size, [&](const Tile &tile) {
    Scalar<K> *y = sink.elements(tile).at;
    for (int64_t j = 0; j < tile.count; j++)
      storeParts<K>(y + j * element, out, times<K>(loadComplex<K, false>(a.at + (tile.first + j) * element),
                                                   loadComplex<K, true>(chirp + 2 * (tile.first + j))));
    sink.run(tile);
  });
}

template <class K>
void runTransform(const Instruction &i, Scalar<K> *const *operands, const Frame &frame) {
  constexpr int64_t element = 2 * K::lanes;
  const Fft &fft = *i.fft;
  const Pointwise &first = *i.program, &second = *i.after;
  Scalar<K> *const scratch = static_cast<Scalar<K> *>(frame.scratch);
  Scalar<K> *const room = scratch + fft.scratch * element;
  ProgramRun<K> before(i, first, operands, frame.constants, room);
  ProgramRun<K> after(i, second, operands, frame.constants,
                      room + (first.temporaries * first.tile + first.sumCount) * element);
  const Parts usual{0, K::lanes}, exchanged{K::lanes, 0};
  const Parts parts = i.attributes[1] ? exchanged : usual;
  if (fft.convolution) {
    runConvolution<K>(fft, before, after, scratch, parts, parts);
  } else {
    Scalar<K> *const buffers[2] = {scratch, scratch + fft.size * element};
    runStages<K>(fft, before, after, buffers, parts, parts, fft.scale);
  }
  after.finish();
}

}  // namespace
}  // namespace parseval
