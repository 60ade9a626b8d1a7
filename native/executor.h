// Runs the code of a segment: keeps a table of where each operand is at the loops' present steps, and calls the kernels.
#pragma once

#include "contract.h"
#include "dot.h"
#include "matvec.h"
#include "moves.h"
#include "outer.h"
// Maps and transforms run as generated code, or where none can be made as programs that are interpreted.
#if PARSEVAL_GENERATED_BYTES
#include "generated.h"
#else
#include "transform.h"
#endif

namespace parseval {
namespace {

// Calls f with the flag as a compile-time constant. Where there is one lane, nothing differs, and one version will do.
template <class K, class F>
PARSEVAL_INLINE void choose(bool uniform, F f) {
  if (K::lanes > 1 && uniform) f(Yes{});
  else f(No{});
}
template <class K, class F>
PARSEVAL_INLINE void choose(bool uniformA, bool uniformB, F f) {
  choose<K>(uniformA, [&](auto a) { choose<K>(uniformB, [&](auto b) { f(a, b); }); });
}

template <class K>
void runSimple(const Instruction &i, Scalar<K> *const *p, const Frame &frame) {
  const int64_t *n = i.attributes;
  const bool *const uniform = i.uniform;
  Scalar<K> *const to = p[0];
  switch (i.op) {
    case Opcode::copy:
      return choose<K>(uniform[1], [&](auto u) { runCopy<K, u.value>(to, p[1], n[0], n[1]); });
    case Opcode::fill:
      return runFill<K>(to, static_cast<const Scalar<K> *>(frame.constants) + n[2], n[0], n[1]);
    case Opcode::sum:
      return choose<K>(uniform[1], [&](auto u) { runSum<K, u.value>(to, p[1], n[0], n[1]); });
    case Opcode::dot:
      return choose<K>(uniform[1], uniform[2], [&](auto a, auto b) {
        if (n[1] == 1) runDot<K, 1, a.value, b.value>(to, p[1], p[2], n[0]);
        else runDot<K, 2, a.value, b.value>(to, p[1], p[2], n[0]);
      });
    case Opcode::logSumExp:
      return choose<K>(uniform[1], [&](auto u) { runLogSumExp<K, u.value>(to, p[1], n[0]); });
    case Opcode::matvec:
      return choose<K>(uniform[1], uniform[2], [&](auto a, auto x) {
        if (n[2] == 1 && !n[3]) runMatvec<K, 1, false, a.value, x.value>(to, p[1], p[2], n[0], n[1]);
        else if (n[2] == 1) runMatvec<K, 1, true, a.value, x.value>(to, p[1], p[2], n[0], n[1]);
        else if (!n[3]) runMatvec<K, 2, false, a.value, x.value>(to, p[1], p[2], n[0], n[1]);
        else runMatvec<K, 2, true, a.value, x.value>(to, p[1], p[2], n[0], n[1]);
      });
    case Opcode::transpose:
      return choose<K>(uniform[1], [&](auto u) { runTranspose<K, u.value>(to, p[1], n[0], n[1], n[2]); });
    case Opcode::outer:
      return choose<K>(uniform[1], uniform[2], [&](auto a, auto b) {
        if constexpr (K::lanes > 1)
          if (n[4]) return runOuterOfExamples<K, a.value, b.value>(to, p[1], p[2], n[0], n[1], frame.examples);
        if (n[2] == 1) runOuter<K, 1, a.value, b.value>(to, p[1], p[2], n[0], n[1], n[3]);
        else runOuter<K, 2, a.value, b.value>(to, p[1], p[2], n[0], n[1], n[3]);
      });
    case Opcode::contract:
      return choose<K>(uniform[1], uniform[2], [&](auto a, auto b) {
        if (n[3] == 1) runContract<K, 1, a.value, b.value>(to, p[1], p[2], n, frame);
        else runContract<K, 2, a.value, b.value>(to, p[1], p[2], n, frame);
      });
    case Opcode::take:
      return choose<K>(uniform[1], uniform[2], [&](auto f, auto x) {
        runTake<K, f.value, x.value>(to, p[1], p[2], n[0], n[1]);
      });
    case Opcode::put:
      return choose<K>(uniform[1], uniform[2], [&](auto f, auto x) {
        runPut<K, f.value, x.value>(to, p[1], p[2], n[0], n[1], n[2]);
      });
    case Opcode::permute:
      return choose<K>(uniform[1], [&](auto u) { runPermute<K, u.value>(to, p[1], i.permutation, n[0]); });
    case Opcode::batchSize:
      return storeReal<K>(to, splat<K>(Scalar<K>(frame.batch)));
    case Opcode::loop:
    case Opcode::map:
    case Opcode::transform:
      return;
  }
}

template <class K>
Scalar<K> **pointersOf(const Instruction &i, const Frame &frame) {
  return reinterpret_cast<Scalar<K> **>(frame.pointers) + i.pointers;
}

template <class K>
Scalar<K> *placeOf(const Instruction &i, const Operand &operand, const Frame &frame, const int64_t *steps) {
  int64_t unit = operand.offset;
  for (int32_t d = 0; d < i.depth; d++) unit += operand.strides[d] * steps[d];
  return operand.varying ? static_cast<Scalar<K> *>(frame.varying) + unit * K::lanes
                         : static_cast<Scalar<K> *>(frame.uniform) + unit;
}

// Of the instructions from `first` on, inner loops' too: where their operands are at these steps.
template <class K>
void placeOperands(const Code &code, int64_t first, int64_t end, const Frame &frame, const int64_t *steps) {
  for (int64_t k = first; k < end; k++) {
    const Instruction &i = code.instructions[k];
    Scalar<K> **const pointers = pointersOf<K>(i, frame);
    for (int32_t o = 0; o < i.operandCount; o++) pointers[o] = placeOf<K>(i, i.operands[o], frame, steps);
  }
}

template <class K>
bool runRange(const Code &code, int64_t first, int64_t end, const Frame &frame, int64_t *steps);

// Steps `first` to `end` − 1 of the loop.
template <class K>
bool runLoop(const Code &code, int64_t index, int64_t first, int64_t end, const Frame &frame, int64_t *steps) {
  const Instruction &loop = code.instructions[index];
  const int64_t length = loop.attributes[0];
  const bool reverse = loop.attributes[1];
  Scalar<K> **const pointers = reinterpret_cast<Scalar<K> **>(frame.pointers);
  for (int64_t t = first; t < end; t++) {
    if (__atomic_load_n(frame.cancelled, __ATOMIC_RELAXED)) return false;
    steps[loop.depth] = reverse ? length - 1 - t : t;
    if (t == first) placeOperands<K>(code, index + 1, loop.end, frame, steps);
    else
      for (int64_t a = 0; a < loop.advanceCount; a++) {
        const Advance &advance = loop.advances[a];
        pointers[advance.pointer] += advance.varying ? advance.units * K::lanes : advance.units;
      }
    if (!runRange<K>(code, index + 1, loop.end, frame, steps)) return false;
  }
  return true;
}

template <class K>
bool runRange(const Code &code, int64_t first, int64_t end, const Frame &frame, int64_t *steps) {
  for (int64_t at = first; at < end;) {
    const Instruction &i = code.instructions[at];
    if (i.op == Opcode::loop) {
      if (!runLoop<K>(code, at, 0, i.attributes[0], frame, steps)) return false;
      at = i.end;
      continue;
    }
    Scalar<K> **const pointers = pointersOf<K>(i, frame);
    if (i.op == Opcode::map) {
      if (!runMap<K>(i, pointers, frame)) return false;
    } else if (i.op == Opcode::transform) {
      if (!runTransform<K>(i, pointers, frame)) return false;
    } else {
      runSimple<K>(i, pointers, frame);
    }
    at++;
  }
  return true;
}

template <class K>
bool runCode(const Code &code, const Frame &frame, Point from, Point to) {
  int64_t steps[maxDepth] = {};
  placeOperands<K>(code, 0, code.count, frame, steps);
  for (int64_t k = 0; k < code.count; k++) {
    const Instruction &i = code.instructions[k];
    if (i.op == Opcode::loop) continue;
    Scalar<K> **const pointers = pointersOf<K>(i, frame);
    pointers[i.operandCount + sumsPointer] = static_cast<Scalar<K> *>(frame.scratch);
    pointers[i.operandCount + maskPointer] = static_cast<Scalar<K> *>(const_cast<void *>(frame.mask));
  }
  int64_t at = from.instruction;
  if (from.step > 0) {
    const Instruction &loop = code.instructions[at];
    const bool ends = to.instruction == at;
    if (!runLoop<K>(code, at, from.step, ends ? to.step : loop.attributes[0], frame, steps)) return false;
    if (ends) return true;
    at = loop.end;
  }
  if (!runRange<K>(code, at, to.instruction, frame, steps)) return false;
  return to.step == 0 || runLoop<K>(code, to.instruction, 0, to.step, frame, steps);
}

}  // namespace
}  // namespace parseval
