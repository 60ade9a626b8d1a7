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

inline void *const *asPointers(void *operands) { return static_cast<void *const *>(operands); }

// Columns of elements in a row; false if the run was cancelled.
inline bool runElements(const Generated &g, void *const *pointers, int64_t count, const Frame &frame) {
  const int64_t whole = g.columns ? count >> g.unrollBits << g.unrollBits : 0;
  for (int64_t first = 0; first < whole; first += mostAtOnce) {
    if (__atomic_load_n(frame.cancelled, __ATOMIC_RELAXED)) return false;
    const int64_t elements = whole - first < mostAtOnce ? whole - first : mostAtOnce;
    g.columns(pointers, first, elements >> g.unrollBits, nullptr, nullptr, 1);
  }
  if (whole < count) g.rest(pointers, whole, count - whole, nullptr, nullptr, 1);
  return true;
}

template <class K>
bool runMap(const Instruction &i, Scalar<K> **operands, const Frame &frame) {
  const Generated &g = *i.generated;
  Scalar<K> *const sums = static_cast<Scalar<K> *>(frame.scratch);
  clearSums<K>(sums, g.sumsBefore);
  if (!runElements(g, asPointers(operands), i.attributes[0], frame)) return false;
  if (g.sumsBefore > 0) keepSums<K>(sums, *i.program, operands);
  return true;
}

// The columns of a block of an inner level, and of those behind it if the level has rounds.
template <class K>
void runLevel(const Transform &t, const Generated &g, int64_t level, Scalar<K> *block, int64_t rounds) {
  constexpr int64_t element = 2 * K::lanes;
  const TransformLevel &l = t.levels[level];
  const Scalar<K> *const twiddles = static_cast<const Scalar<K> *>(g.levels[level].twiddles);
  const int64_t run = l.rest < t.padEvery ? l.rest : t.padEvery;  // behind each an element is left free
  for (int64_t k = 0; k < l.rest; k += run, block += (run + 1) * element)
    g.levels[level].code(nullptr, 0, run, block, twiddles + 2 * (l.radix - 1) * k, rounds);
}

// The levels in the blocks of `level`, depth first.
template <class K>
void runInnerLevels(const Transform &t, const Generated &g, int64_t level, Scalar<K> *block) {
  constexpr int64_t element = 2 * K::lanes;
  const TransformLevel &l = t.levels[level];
  if (level + 2 >= t.levelCount) return;
  if (hasRounds(t, level + 1)) return runLevel<K>(t, g, level + 1, block, l.radix);
  for (int64_t r = 0; r < l.radix; r++, block += l.apart * element) {
    runInnerLevels<K>(t, g, level + 1, block);
    runLevel<K>(t, g, level + 1, block, 1);
  }
}

// All levels; `between`: called when the leaves, and the program in front of them, are done.
template <class K, class Between>
void runLevels(const Transform &t, const Generated &g, void *const *pointers, Scalar<K> *work, Between between) {
  constexpr int64_t element = 2 * K::lanes;
  if (!g.hasLevels) {
    g.columns(pointers, 0, 1, work, nullptr, 1);
    if (!g.rest) return;
    between();
    g.rest(pointers, 0, 1, work, nullptr, 1);
    return;
  }
  for (int64_t group = 0; group < g.leafGroups; group += g.rounds)
    g.columns(pointers, group * g.topRadix, g.topRadix, work + g.leafPlaces[group] * element, nullptr, g.rounds);
  between();
  if (g.levels != nullptr) runInnerLevels<K>(t, g, 0, work);
  const Scalar<K> *twiddles = static_cast<const Scalar<K> *>(g.twiddles);
  const int64_t run = g.columnsTogether;
  for (int64_t k = 0; k < g.columnCount; k += run, work += (run + 1) * element, twiddles += 2 * (g.topRadix - 1) * run)
    g.rest(pointers, k, run, work, twiddles, 1);
}

// Bluestein's: native/transform.h says how.
template <class K, class Between>
bool runConvolution(const Instruction &i, Scalar<K> **operands, void *const *pointers, Scalar<K> *convolved,
                    const Frame &frame, Between between) {
  constexpr int64_t element = 2 * K::lanes;
  const Transform &t = *i.transform, &inner = *t.convolution;
  const Generated *const stages = i.generated->stages;
  Scalar<K> *const table = static_cast<Scalar<K> *>(const_cast<void *>(t.table));
  operands[i.operandCount + convolvedPointer] = convolved;
  operands[i.operandCount + chirpPointer] = table + 2 * t.chirp;
  operands[i.operandCount + kernelPointer] = table + 2 * t.kernel;
  if (!runElements(stages[0], pointers, t.size, frame)) return false;
  between();
  __builtin_memset(convolved + t.size * element, 0, size_t((inner.size - t.size) * element) * sizeof(Scalar<K>));
  for (const Generated *stage : {&stages[1], &stages[2]})
    runLevels<K>(inner, *stage, pointers, convolved + inner.size * element, [] {});
  return runElements(stages[3], pointers, t.size, frame);
}

// False if the run was cancelled.
template <class K>
bool runTransform(const Instruction &i, Scalar<K> **operands, const Frame &frame) {
  constexpr int64_t element = 2 * K::lanes;
  const Generated &g = *i.generated;
  Scalar<K> *const sums = static_cast<Scalar<K> *>(frame.scratch), *const sumsBehind = sums + g.sumsBefore * element;
  Scalar<K> *const work = i.inPlace < 0 ? sumsBehind + g.sumsBehind * element : operands[i.inPlace];
  clearSums<K>(sums, g.sumsBefore + g.sumsBehind);
  void *const *const pointers = asPointers(operands);
  const auto between = [&] {
    if (g.sumsBefore > 0) keepSums<K>(sums, *i.program, operands);
  };
  if (g.stages == nullptr) runLevels<K>(*i.transform, g, pointers, work, between);
  else if (!runConvolution<K>(i, operands, pointers, work, frame, between)) return false;
  if (g.sumsBehind > 0) keepSums<K>(sumsBehind, *i.after, operands);
  return true;
}

}  // namespace
}  // namespace parseval
