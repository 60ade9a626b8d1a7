// A plan as the kernels run it: checked, decoded, flat. No types of the standard library, because kernels.cc is
// compiled once for each instruction set, and an inline library function compiled there could win at link time
// over the same function for any CPU.
#pragma once

#include "opcodes.h"

namespace parseval {

struct Operand {
  int64_t offset = 0;
  int64_t strides[maxDepth] = {};
  bool varying = false;
};

// Where a register of a pointwise program is found. `operand`: in memory; `gathered`: an input that is read through a
// permutation, a tile of it at a time; `sum`: adds up what is written to it.
enum class Place : int32_t { operand, temporary, constant, gathered, sum };

struct Register {
  Place place;
  int32_t index;  // which operand, temporary, gathering or sum, or where in the constants
};

struct MicroInstruction {
  Micro op;
  int32_t width;
  Register to, a, b;
};

struct ProgramOperand {
  int32_t width;
  int64_t step;
  const int32_t *permutation;
};

struct Gathering {
  int32_t operand, temporary;
};

// A pointwise program. Operands are those of the instruction, numbered through for both programs of a transform.
struct Pointwise {
  const ProgramOperand *operands;
  const MicroInstruction *micros;
  int64_t microCount;
  const Gathering *gatherings;
  int64_t gatheringCount;
  const int32_t *sums;  // the outputs that are
  int64_t sumCount;
  int32_t temporaries;
  int64_t tile;      // elements that each temporary holds
  Register result;   // what a transform takes from its first program: complex elements one after the other
  Register element;  // what it hands to its second, likewise
};

// One pass of a Stockham transform: n/radix butterflies, `groups` with twiddles of their own, `stride` alike.
struct FftStage {
  int64_t radix, groups, stride;
  int64_t twiddles;  // where in the table, in complex numbers: (radix − 1) for each group
  int64_t roots;     // of a butterfly for any odd radix: the radix-th roots of unity
};

struct Fft {
  int64_t size;
  int64_t stageCount;
  const FftStage *stages;
  const void *table;  // complex numbers of the engine's scalar
  double scale;       // 1/√size
  // Bluestein's way, for sizes with a large prime factor: a convolution by transforms of another size.
  const Fft *convolution;
  int64_t chirp, kernel;
  int64_t scratch;  // complex elements that a transform needs, apart from its programs
};

struct Instruction {
  Opcode op;
  int32_t depth;  // enclosing loops
  const Operand *operands;
  int32_t operandCount;
  int64_t attributes[mostAttributes];
  int64_t end;  // of a loop: the index of the instruction after its body
  const Pointwise *program;  // of a map; the first of a transform
  const Pointwise *after;    // the second of a transform
  const Fft *fft;
  const int32_t *permutation;
};

struct Code {
  const Instruction *instructions;
  int64_t count;
};

// What a run of a segment works on. The pointers are to the engine's scalar.
struct Frame {
  void *uniform;
  void *varying;
  void *scratch;
  const void *constants;
  const int *cancelled;
  int64_t batch;
  int64_t examples;  // in this block; the lanes behind them repeat the last
};

// Elements that go through a program together, so that temporaries stay in the first-level cache and it is worth the
// while to find a micro-op's kernel.
constexpr int64_t mostTile = 64, leastTile = 16;

// A contraction goes over its columns in panels, and over so many steps at a time, whose numbers it packs: columns ×
// steps × lanes of them stay in the second-level cache. Units of scratch.
constexpr int64_t contractSteps = 64, contractColumns = 128, contractTile = 8;
constexpr int64_t contractScratch = contractSteps * (contractColumns + 4 * contractTile);

// Butterflies at the ends of a transform that go together with a program.
constexpr int64_t tileOf(int64_t radix) { return radix > 16 ? 4 : mostTile / radix; }

// Of one program.
constexpr int32_t mostTemporaries = 1024;
constexpr int32_t mostMicros = 256;

}  // namespace parseval
