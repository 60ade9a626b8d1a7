// Generated from src/backend/native/codelets by `npm run generate`; do not edit.
// Transforms y_k = Σ_j e^(−2πi jk/n) x_j of elements in registers, the batch in the lanes. Element j comes from
// load(j), a Complex<K>, and goes to store(k, y_k), so that what belongs before or after a pass is computed in it.
// Every element is loaded once and stored once, and all loads come before the first store: both may be one place.
//
// dft: no twiddles. dit: inputs 1 … n − 1 are multiplied by w first, dif: outputs 1 … n − 1 are multiplied last; w is
// n − 1 pairs (re, im), the same for all lanes. For the transform backward with the conjugates of w, exchange re
// and im in load and in store.
#pragma once

#include "dft2.h"
#include "dft3.h"
#include "dft4.h"
#include "dft5.h"
#include "dft6.h"
#include "dft7.h"
#include "dft8.h"
#include "dft9.h"
#include "dft10.h"
#include "dft11.h"
#include "dft12.h"
#include "dft13.h"
#include "dft14.h"
#include "dft15.h"
#include "dft16.h"
#include "dft25.h"
#include "dft32.h"
#include "dft64.h"

namespace parseval {
namespace {

template <class K, int Size>
struct Codelet;

template <class K>
struct Codelet<K, 2> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft2<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit2<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif2<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 3> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft3<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit3<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif3<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 4> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft4<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit4<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif4<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 5> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft5<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit5<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif5<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 6> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft6<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit6<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif6<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 7> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft7<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit7<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif7<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 8> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft8<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit8<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif8<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 9> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft9<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit9<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif9<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 10> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft10<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit10<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif10<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 11> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft11<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit11<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif11<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 12> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft12<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit12<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif12<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 13> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft13<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit13<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif13<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 14> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft14<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit14<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif14<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 15> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft15<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit15<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif15<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 16> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft16<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit16<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif16<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 25> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft25<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit25<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif25<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 32> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft32<K>(load, store);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dit(const Load &load, const Store &store, const Scalar<K> *w) {
    dit32<K>(load, store, w);
  }
  template <class Load, class Store>
  static PARSEVAL_INLINE void dif(const Load &load, const Store &store, const Scalar<K> *w) {
    dif32<K>(load, store, w);
  }
};

template <class K>
struct Codelet<K, 64> {
  template <class Load, class Store>
  static PARSEVAL_INLINE void dft(const Load &load, const Store &store) {
    dft64<K>(load, store);
  }
};

constexpr int codeletSizes[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 25, 32, 64};

}  // namespace
}  // namespace parseval
