// The unitary transform of one vector, its elements in the lanes: n = L·m elements in pairs (re, im). Lane l holds
// x[Lp + l], p = 0 … m − 1, of which all lanes at once compute the transform of size m, as a batch does; then
// X[k + m·q] = Σ_l e^(−2πi l(k + m·q)/n) A_l[k], a twiddle for each lane and a transform of size L over the lanes, which
// is one over vectors when L of them have been transposed.
#pragma once

#include "transform.h"
#include "transpose.h"

namespace parseval {
namespace {

// Columns k … k + L − 1, row q of them that of lane q.
template <class K>
PARSEVAL_INLINE void runLanes(const Single &s, bool inverse, const Scalar<K> *work, Scalar<K> *to, int64_t k) {
  constexpr int lanes = lanesOf<K>;
  constexpr int64_t element = elementSize<K>;
  const Scalar<K> *w = static_cast<const Scalar<K> *>(s.twiddles) + k * element;
  // Gaps are between blocks that are multiples of the lanes; where there are none, columns may begin anywhere.
  const Scalar<K> *from = work + placeInWork(*s.vertical, k) * element;
  typename K::Vector re[lanes], im[lanes];
  for (int q = 0; q < lanes; q++) {
    const int64_t row = laneOrder(q, lanes, groupSize<K>) * element;
    const Complex<K> x = times<K>(loadComplex<K, false>(from + row), loadComplex<K, false>(w + row));
    re[q] = x.re;
    im[q] = x.im;
  }
  transpose<K>(re);
  transpose<K>(im);
  const int64_t apart = 2 * s.vertical->size;
  Codelet<K, lanes>::dft([&](int j) PARSEVAL_LAMBDA { return Complex<K>{re[laneOf<K>(j)], im[laneOf<K>(j)]}; },
                         [&](int q, Complex<K> y) PARSEVAL_LAMBDA {
                           storePairs<K>(to + 2 * k + apart * q, y, inverse);
                         });
}

// K: the lanes of single.lanes; One: the same numbers one by one. `from` and `to` may be the same. The vertical
// transform is not scaled; the twiddles are.
template <class K, class One>
void runSingle(const Single &s, bool inverse, const void *from, void *to, void *scratch) {
  using T = Scalar<K>;
  T *const x = const_cast<T *>(static_cast<const T *>(from)), *const y = static_cast<T *>(to);
  T *const work = static_cast<T *>(scratch);
#if PARSEVAL_GENERATED_BYTES == 0
  // Sizes that fill no lanes come to the kernels for any CPU, so only those are compiled for them.
  if (s.lanes == 1) {
    Memory<One> source{x}, sink{y};
    return transformFrom<One>(*s.vertical, inverse, source, sink, work);
  }
#endif
  if constexpr (singleLanes<K> > 1) {
    const int64_t m = s.vertical->size;
    const Parts parts = inverse ? exchanged<K> : inOrder<K>;
    Memory<K> source{x};
    Levels<K, Kind::pairs>(*s.vertical, work, parts, parts, 1).intoWork(source);
    // The last columns may have been computed before: nothing of the work space has been written over.
    for (int64_t k = 0; k < m; k += K::lanes) runLanes<K>(s, inverse, work, y, k + K::lanes <= m ? k : m - K::lanes);
  }
}

}  // namespace
}  // namespace parseval
