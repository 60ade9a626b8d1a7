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

// Where a register of a map is found.
enum class Place : int32_t { operand, temporary, constant };

struct Register {
  Place place;
  int32_t index;  // which operand, which temporary, or where in the constants
};

struct MicroInstruction {
  Micro op;
  int32_t width;
  Register to, a, b;
};

struct MapOperand {
  int32_t width;
  int64_t step;
};

struct Map {
  const MapOperand *operands;
  const MicroInstruction *micros;
  int64_t microCount;
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
  int64_t scratch;  // complex elements that a transform needs
};

struct Instruction {
  Opcode op;
  int32_t depth;  // enclosing loops
  const Operand *operands;
  int32_t operandCount;
  int64_t attributes[mostAttributes];
  int64_t end;  // of a loop: the index of the instruction after its body
  const Map *map;
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
};

// Elements of a map that go through its micro-ops together, so that temporaries stay in the first-level cache.
constexpr int64_t mapTile = 16;

// Of one map.
constexpr int32_t mostTemporaries = 1024;

}  // namespace parseval
