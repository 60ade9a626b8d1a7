// Moves between the lanes: complex numbers in pairs, blocks of as many vectors as there are lanes, and elements of few examples, some
// to a register.
//
// Pairs are taken apart within groups of 16 bytes, which every CPU does in one step, so lanes hold them in an order of
// their own, `laneOrder`; whoever reads the lanes takes that into account, by addresses.
#pragma once

#include <utility>

#include "lanes.h"

namespace parseval {
namespace {

template <class K>
constexpr int groupSize = 16 / int(sizeof(Scalar<K>));
template <class K>
constexpr int lanesOf = int(K::lanes);

// Which lane holds that complex number of as many in a row.
template <class K>
constexpr int laneOf(int number) {
  for (int lane = 0; lane < lanesOf<K>; lane++)
    if (laneOrder(lane, lanesOf<K>, groupSize<K>) == number) return lane;
  return 0;
}

// Where lane l of a result comes from: a lane of a, or one of b, counted on from those of a.

// Elements of one parity in each group, a's before b's.
template <class K, int parity>
struct Parted {
  static constexpr int from(int l) {
    constexpr int size = groupSize<K>, half = size / 2;
    const int place = l % size;
    return l - place + parity + (place < half ? 2 * place : lanesOf<K> + 2 * (place - half));
  }
};
// The lower or upper half of each group, a and b in turn, `size` elements at a time.
template <class K, int upper, int size>
struct Zipped {
  static constexpr int from(int l) {
    const int place = l % groupSize<K>, unit = place / size;
    return l - place + upper * groupSize<K> / 2 + unit / 2 * size + place % size + (unit % 2) * lanesOf<K>;
  }
};
// The groups of one parity, a's before b's.
template <class K, int parity>
struct PartedGroups {
  static constexpr int from(int l) {
    constexpr int groups = lanesOf<K> / groupSize<K>, half = groups / 2;
    const int group = l / groupSize<K>, place = l % groupSize<K>;
    return place + (group < half ? (2 * group + parity) * groupSize<K>
                                 : lanesOf<K> + (2 * (group - half) + parity) * groupSize<K>);
  }
};

template <class K, class Pattern, size_t... l>
PARSEVAL_INLINE typename K::Vector shuffledBy(typename K::Vector a, typename K::Vector b, std::index_sequence<l...>) {
#ifdef __clang__
  return __builtin_shufflevector(a, b, Pattern::from(int(l))...);
#else
  using Mask = decltype(a < b);
  return __builtin_shuffle(a, b, Mask{Pattern::from(int(l))...});
#endif
}
template <class K, class Pattern>
PARSEVAL_INLINE typename K::Vector shuffled(typename K::Vector a, typename K::Vector b) {
  return shuffledBy<K, Pattern>(a, b, std::make_index_sequence<size_t(K::lanes)>{});
}

// On any boundary.
template <class K>
PARSEVAL_INLINE typename K::Vector loadAnywhere(const Scalar<K> *p) {
  typename K::Vector x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
template <class K>
PARSEVAL_INLINE void storeAnywhere(Scalar<K> *p, typename K::Vector x) {
  __builtin_memcpy(p, &x, sizeof x);
}

#if defined(__AVX512F__) && !defined(__clang__)
// A shuffle whose numbers of lanes differ from the pattern's in a bit, or not: one instruction all the same.
template <class K, class Pattern, size_t... l>
PARSEVAL_INLINE typename K::Vector shuffledBut(typename K::Vector a, typename K::Vector b, bool differ, int bit,
                                               std::index_sequence<l...>) {
  using Mask = decltype(a < b);
  using Lane = std::remove_reference_t<decltype(Mask{}[0])>;
  return __builtin_shuffle(a, b, Mask{Pattern::from(int(l))...} ^ Lane(differ ? bit : 0));
}
#else
template <class K>
PARSEVAL_INLINE Complex<K> exchangedIf(bool exchange, Complex<K> x) {
  const typename K::Vector choice = splat<K>(exchange ? 1 : 0), zero{};
  return {choice > zero ? x.im : x.re, choice > zero ? x.re : x.im};
}
#endif

// As many complex numbers as there are lanes, in pairs, in laneOrder; with re and im exchanged, or not: no branch.
template <class K>
PARSEVAL_INLINE Complex<K> loadPairs(const Scalar<K> *p, bool exchange) {
  const auto a = loadAnywhere<K>(p), b = loadAnywhere<K>(p + K::lanes);
#if defined(__AVX512F__) && !defined(__clang__)
  constexpr auto lanes = std::make_index_sequence<size_t(K::lanes)>{};
  return {shuffledBut<K, Parted<K, 0>>(a, b, exchange, 1, lanes), shuffledBut<K, Parted<K, 1>>(a, b, exchange, 1, lanes)};
#else
  return exchangedIf<K>(exchange, {shuffled<K, Parted<K, 0>>(a, b), shuffled<K, Parted<K, 1>>(a, b)});
#endif
}
template <class K>
PARSEVAL_INLINE void storePairs(Scalar<K> *p, Complex<K> x, bool exchange) {
#if defined(__AVX512F__) && !defined(__clang__)
  constexpr auto lanes = std::make_index_sequence<size_t(K::lanes)>{};
  storeAnywhere<K>(p, shuffledBut<K, Zipped<K, 0, 1>>(x.re, x.im, exchange, int(K::lanes), lanes));
  storeAnywhere<K>(p + K::lanes, shuffledBut<K, Zipped<K, 1, 1>>(x.re, x.im, exchange, int(K::lanes), lanes));
#else
  x = exchangedIf<K>(exchange, x);
  storeAnywhere<K>(p, shuffled<K, Zipped<K, 0, 1>>(x.re, x.im));
  storeAnywhere<K>(p + K::lanes, shuffled<K, Zipped<K, 1, 1>>(x.re, x.im));
#endif
}

// Within each group of as many vectors: element l of vector v and element v of vector l change places.
template <class K>
PARSEVAL_INLINE void transposeGroups(typename K::Vector *x, int64_t count) {
  using V = typename K::Vector;
  constexpr int size = groupSize<K>;
  for (int64_t v = 0; v < count; v += size) {
    if constexpr (size == 2) {
      const V a = x[v], b = x[v + 1];
      x[v] = shuffled<K, Zipped<K, 0, 1>>(a, b);
      x[v + 1] = shuffled<K, Zipped<K, 1, 1>>(a, b);
    } else {
      const V a = shuffled<K, Zipped<K, 0, 1>>(x[v], x[v + 1]), b = shuffled<K, Zipped<K, 1, 1>>(x[v], x[v + 1]);
      const V c = shuffled<K, Zipped<K, 0, 1>>(x[v + 2], x[v + 3]), d = shuffled<K, Zipped<K, 1, 1>>(x[v + 2], x[v + 3]);
      x[v] = shuffled<K, Zipped<K, 0, 2>>(a, c);
      x[v + 1] = shuffled<K, Zipped<K, 1, 2>>(a, c);
      x[v + 2] = shuffled<K, Zipped<K, 0, 2>>(b, d);
      x[v + 3] = shuffled<K, Zipped<K, 1, 2>>(b, d);
    }
  }
}

// Element l of vector v and element v of vector l change places.
template <class K>
PARSEVAL_INLINE void transpose(typename K::Vector *x) {
  using V = typename K::Vector;
  constexpr int size = groupSize<K>, groups = lanesOf<K> / size;
  transposeGroups<K>(x, K::lanes);
  // Now groups are in place in their rows; whole groups change places.
  for (int i = 0; i < size; i++) {
    if constexpr (groups == 2) {
      const V a = x[i], b = x[size + i];
      x[i] = shuffled<K, PartedGroups<K, 0>>(a, b);
      x[size + i] = shuffled<K, PartedGroups<K, 1>>(a, b);
    } else if constexpr (groups == 4) {
      const V a = x[i], b = x[size + i], c = x[2 * size + i], d = x[3 * size + i];
      const V ab0 = shuffled<K, PartedGroups<K, 0>>(a, b), ab1 = shuffled<K, PartedGroups<K, 1>>(a, b);
      const V cd0 = shuffled<K, PartedGroups<K, 0>>(c, d), cd1 = shuffled<K, PartedGroups<K, 1>>(c, d);
      x[i] = shuffled<K, PartedGroups<K, 0>>(ab0, cd0);
      x[size + i] = shuffled<K, PartedGroups<K, 0>>(ab1, cd1);
      x[2 * size + i] = shuffled<K, PartedGroups<K, 1>>(ab0, cd0);
      x[3 * size + i] = shuffled<K, PartedGroups<K, 1>>(ab1, cd1);
    }
  }
}

// Of registers that hold some elements each, with an example in every lane of theirs, when groups have been transposed: the
// lanes of the register of example `which`·size + v, from the v-th of each group's registers; and the way back.
template <class K, int which>
struct RowOfExample {
  static constexpr int wide = lanesOf<Widest<K>>, size = groupSize<K>, groups = lanesOf<K> / size, together = wide / lanesOf<K>;
  static constexpr int from(int l) {
    return l / (size * together) * wide + (l % together * groups + which) * size + l / together % size;
  }
};
template <class K, int which>
struct ElementsOfRow {
  static constexpr int size = RowOfExample<K, which>::size, groups = RowOfExample<K, which>::groups;
  static constexpr int wide = RowOfExample<K, which>::wide, together = RowOfExample<K, which>::together;
  static constexpr int from(int l) {
    const int group = l / size;
    return group % groups * wide + together * (size * which + l % size) + group / groups;
  }
};
template <class K, template <class, int> class Pattern>
PARSEVAL_INLINE void exchangeGroups(typename Widest<K>::Vector *x) {
  using W = Widest<K>;
  constexpr int size = groupSize<K>;
  for (int v = 0; v < size; v++) {
    const typename W::Vector a = x[v];
    if constexpr (lanesOf<K> == size) x[v] = shuffled<W, Pattern<K, 0>>(a, a);
    else {
      const typename W::Vector b = x[size + v];
      x[v] = shuffled<W, Pattern<K, 0>>(a, b);
      x[size + v] = shuffled<W, Pattern<K, 1>>(a, b);
    }
  }
}

// Whether registers hold some elements each, and all examples of theirs are in few groups.
template <class K>
constexpr bool isNarrow = blocksInRegister<K> > 1 && lanesOf<K> >= groupSize<K> && lanesOf<K> <= 2 * groupSize<K>;

// `count` elements, a multiple of a register's lanes: from a vector each, with an example in every lane, to a row for each
// example, and back. Rows lie `stride` apart.
template <class K, bool Uniform>
PARSEVAL_INLINE void rowsOfExamples(Scalar<K> *rows, int64_t stride, const Scalar<K> *elements, int64_t count) {
  using R = std::conditional_t<isNarrow<K> && !Uniform, Widest<K>, K>;
  for (int64_t k = 0; k < count; k += R::lanes) {
    typename R::Vector x[K::lanes];
    if constexpr (std::is_same_v<R, K>)
      for (int64_t i = 0; i < K::lanes; i++) x[i] = loadReal<K, Uniform>(elements + (k + i) * unit<K, Uniform>);
    else
      for (int64_t i = 0; i < K::lanes; i++) x[i] = loadAnywhere<R>(elements + k * K::lanes + i * R::lanes);
    if constexpr (std::is_same_v<R, K>) transpose<K>(x);
    else {
      transposeGroups<R>(x, K::lanes);
      exchangeGroups<K, RowOfExample>(x);
    }
    for (int64_t l = 0; l < K::lanes; l++) storeAnywhere<R>(rows + l * stride + k, x[l]);
  }
}
template <class K>
PARSEVAL_INLINE void elementsOfRows(Scalar<K> *elements, const Scalar<K> *rows, int64_t stride, int64_t count) {
  using R = std::conditional_t<isNarrow<K>, Widest<K>, K>;
  for (int64_t k = 0; k < count; k += R::lanes) {
    typename R::Vector x[K::lanes];
    for (int64_t l = 0; l < K::lanes; l++) x[l] = loadAnywhere<R>(rows + l * stride + k);
    if constexpr (std::is_same_v<R, K>) transpose<K>(x);
    else {
      exchangeGroups<K, ElementsOfRow>(x);
      transposeGroups<R>(x, K::lanes);
    }
    for (int64_t i = 0; i < K::lanes; i++) storeAnywhere<R>(elements + k * K::lanes + i * R::lanes, x[i]);
  }
}

// Of a register's lanes those of number `which`·together and on, each as often as an element has lanes.
template <class K, int which>
struct Repeated {
  static constexpr int from(int l) { return which * int(blocksInRegister<K>) + l / lanesOf<K>; }
};
// As many numbers as a register has lanes, each to all lanes of an element.
template <class K, int... which>
PARSEVAL_INLINE void spreadNumbers(Scalar<K> *elements, const Scalar<K> *numbers, std::integer_sequence<int, which...>) {
  using W = Widest<K>;
  const typename W::Vector x = loadAnywhere<W>(numbers);
  (storeAnywhere<W>(elements + which * W::lanes, shuffled<W, Repeated<K, which>>(x, x)), ...);
}
template <class K>
PARSEVAL_INLINE void spreadNumbers(Scalar<K> *elements, const Scalar<K> *numbers) {
  spreadNumbers<K>(elements, numbers, std::make_integer_sequence<int, lanesOf<K>>{});
}

}  // namespace
}  // namespace parseval
