// Runs machine code that was generated for an instruction: the loops around it.
#pragma once

#include "lanes.h"

namespace parseval {
namespace {

// Elements of a map between two looks at whether the run was cancelled.
constexpr int64_t mostAtOnce = 8192;

// Sums are made in the scratch space, because their results may lie where operands are still to be read.
template <class K>
void clearSums(Scalar<K> *sums, int64_t count) {
  for (int64_t u = 0; u < 2 * count; u++) storeReal<K>(sums + u * K::lanes, typename K::Vector{});
}
template <class K>
void keepSums(const Scalar<K> *sums, const Pointwise &program, Scalar<K> *const *operands) {
  for (int64_t s = 0; s < program.sumCount; s++) {
    const int32_t o = program.sums[s];
    for (int32_t w = 0; w < program.operands[o].width; w++)
      storeReal<K>(operands[o] + w * K::lanes, loadReal<K, false>(sums + (2 * s + w) * K::lanes));
  }
}

// `operands` has places behind its last for the sums and the mask.
template <class K>
void *const *pointersOf(const Instruction &i, Scalar<K> **operands, Scalar<K> *sums, const Frame &frame) {
  operands[i.operandCount] = sums;
  operands[i.operandCount + 1] = static_cast<Scalar<K> *>(const_cast<void *>(frame.mask));
  return reinterpret_cast<void *const *>(operands);
}

template <class K>
bool runMap(const Instruction &i, Scalar<K> **operands, const Frame &frame) {
  const Generated &g = *i.generated;
  Scalar<K> *const sums = static_cast<Scalar<K> *>(frame.scratch);
  clearSums<K>(sums, i.program->sumCount);
  void *const *pointers = pointersOf<K>(i, operands, sums, frame);
  const int64_t count = i.attributes[0], whole = g.columns ? count / g.unroll * g.unroll : 0;
  for (int64_t first = 0; first < whole; first += mostAtOnce) {
    if (__atomic_load_n(frame.cancelled, __ATOMIC_RELAXED)) return false;
    const int64_t elements = whole - first < mostAtOnce ? whole - first : mostAtOnce;
    g.columns(pointers, first, elements / g.unroll, nullptr, nullptr);
  }
  if (whole < count) g.rest(pointers, whole, count - whole, nullptr, nullptr);
  keepSums<K>(sums, *i.program, operands);
  return true;
}

// The inner levels of one block of `level`, depth first.
template <class K>
void runInnerLevels(const Transform &t, const Generated &g, int64_t level, Scalar<K> *block) {
  constexpr int64_t element = 2 * K::lanes;
  const TransformLevel &l = t.levels[level];
  if (level + 2 < t.levelCount)
    for (int64_t r = 0; r < l.radix; r++) runInnerLevels<K>(t, g, level + 1, block + r * l.apart * element);
  if (level == 0) return;
  const Scalar<K> *const twiddles = static_cast<const Scalar<K> *>(t.table) + 2 * l.twiddles;
  const int64_t run = l.rest < t.padEvery ? l.rest : t.padEvery;
  for (int64_t k = 0; k < l.rest; k += run)
    g.levels[level](nullptr, 0, run, block + placeInWork(t, k) * element, twiddles + 2 * (l.radix - 1) * k);
}

template <class K>
void runTransform(const Instruction &i, Scalar<K> **operands, const Frame &frame) {
  constexpr int64_t element = 2 * K::lanes;
  const Transform &t = *i.transform;
  const Generated &g = *i.generated;
  Scalar<K> *const sums = static_cast<Scalar<K> *>(frame.scratch);
  const int64_t sumCount = i.program->sumCount + i.after->sumCount;
  Scalar<K> *const work = sums + sumCount * element;
  clearSums<K>(sums, sumCount);
  void *const *pointers = pointersOf<K>(i, operands, sums, frame);
  if (t.levelCount == 1) {
    g.columns(pointers, 0, 1, work, nullptr);
    if (g.rest) {
      keepSums<K>(sums, *i.program, operands);
      g.rest(pointers, 0, 1, work, nullptr);
    }
  } else {
    const TransformLevel &top = t.levels[0];
    const int64_t leaves = t.size / t.levels[t.levelCount - 1].radix;
    for (int64_t leaf = 0; leaf < leaves; leaf += top.radix)
      g.columns(pointers, leaf, top.radix, work + leafPlace(t, leaf) * element, nullptr);
    keepSums<K>(sums, *i.program, operands);
    runInnerLevels<K>(t, g, 0, work);
    const Scalar<K> *const twiddles = static_cast<const Scalar<K> *>(g.twiddles);
    const int64_t run = top.rest < t.padEvery ? top.rest : t.padEvery;
    for (int64_t k = 0; k < top.rest; k += run)
      g.rest(pointers, k, run, work + placeInWork(t, k) * element, twiddles + 2 * (top.radix - 1) * k);
  }
  keepSums<K>(sums + i.program->sumCount * element, *i.after, operands);
}

}  // namespace
}  // namespace parseval
