// The unitary transform of complex vectors, the batch in the lanes: every lane does the same, so there are no
// shuffles, and a twiddle is one number for all lanes. Stockham's autosort: each pass reads `radix` elements
// n/radix apart and writes them `stride` apart, between two buffers, and no bit reversal is needed.
//
// The inverse is the forward transform with the real and imaginary parts exchanged on both sides, which costs
// nothing here: they lie at two addresses.
#pragma once

#include "butterflies.h"

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

template <class K>
struct Pass {
  const Scalar<K> *from;
  Scalar<K> *to;
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
  const int64_t apart = pass.groups * pass.stride * element, step = pass.stride * element;
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

// The passes alternate between `to` and `scratch`, and end in `to`.
template <class K>
void runStages(const Fft &fft, const Scalar<K> *from, Scalar<K> *to, Scalar<K> *scratch, Parts in, Parts out,
               double scale) {
  const Scalar<K> *table = static_cast<const Scalar<K> *>(fft.table);
  const Parts usual{0, K::lanes};
  for (int64_t s = 0; s < fft.stageCount; s++) {
    const FftStage &stage = fft.stages[s];
    const bool last = s + 1 == fft.stageCount;
    Scalar<K> *target = (fft.stageCount - s) % 2 == 1 ? to : scratch;
    const Pass<K> pass{s == 0 ? from : (target == to ? scratch : to),
                       target,
                       s == 0 ? in : usual,
                       last ? out : usual,
                       stage.radix,
                       stage.groups,
                       stage.stride,
                       table + 2 * stage.twiddles,
                       table + 2 * stage.roots,
                       Scalar<K>(scale)};
    if (last) runStage<K, true>(pass);
    else runStage<K, false>(pass);
  }
}

// Bluestein: jk = (j² + k² − (k − j)²)/2 makes the transform a convolution with a chirp, of any length that holds it.
template <class K>
void runConvolution(const Fft &fft, const Scalar<K> *from, Scalar<K> *to, Scalar<K> *scratch, Parts in, Parts out) {
  constexpr int64_t element = 2 * K::lanes;
  const Fft &inner = *fft.convolution;
  const Parts usual{0, K::lanes}, exchanged{K::lanes, 0};
  const Scalar<K> *table = static_cast<const Scalar<K> *>(fft.table);
  const Scalar<K> *chirp = table + 2 * fft.chirp, *kernel = table + 2 * fft.kernel;
  Scalar<K> *a = scratch, *b = a + inner.size * element, *rest = b + inner.size * element;
  for (int64_t j = 0; j < fft.size; j++)
    storeComplex<K>(a + j * element, times<K>(loadParts<K>(from + j * element, in), loadComplex<K, true>(chirp + 2 * j)));
  __builtin_memset(a + fft.size * element, 0, size_t((inner.size - fft.size) * element) * sizeof(Scalar<K>));
  runStages<K>(inner, a, b, rest, usual, usual, 1);
  for (int64_t j = 0; j < inner.size; j++)
    storeComplex<K>(b + j * element, times<K>(loadComplex<K, false>(b + j * element), loadComplex<K, true>(kernel + 2 * j)));
  runStages<K>(inner, b, a, rest, exchanged, exchanged, fft.scale);
  for (int64_t j = 0; j < fft.size; j++)
    storeParts<K>(to + j * element, out, times<K>(loadComplex<K, false>(a + j * element), loadComplex<K, true>(chirp + 2 * j)));
}

template <class K, bool Uniform>
void runFft(const Fft &fft, Scalar<K> *to, const Scalar<K> *from, Scalar<K> *scratch, bool inverse) {
  const Parts usual{0, K::lanes}, exchanged{K::lanes, 0};
  const Parts parts = inverse ? exchanged : usual;
  if constexpr (Uniform) {
    for (int64_t u = 0; u < 2 * fft.size; u++) storeReal<K>(scratch + u * K::lanes, splat<K>(from[u]));
    from = scratch;
    scratch += 2 * fft.size * K::lanes;
  }
  if (fft.convolution) runConvolution<K>(fft, from, to, scratch, parts, parts);
  else runStages<K>(fft, from, to, scratch, parts, parts, fft.scale);
}

}  // namespace
}  // namespace parseval
