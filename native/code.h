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
  bool moves = false;  // whether any stride is not 0
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
  bool total;  // an output that is added to, and of which nothing is read but what it adds up to over the examples
  bool onlyRead;  // the instruction writes to nothing of it
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

// One factor of a transform's size: `radix` blocks of `rest` elements each, `apart` elements of the work space from
// each other, become one block. Column k = 0 … rest − 1 takes element k of each of them, at k + k/padEvery from
// the block's start, multiplies that of block j > 0 by e^(−2πi jk/(radix·rest)), and transforms the column in place.
struct TransformLevel {
  int64_t radix, rest, apart;
  int64_t twiddles;  // where in the table, in complex numbers: for each k the radix − 1 of j = 1 … radix − 1
  int64_t roots;     // of an odd radix without a codelet: where its radix-th roots of unity e^(−2πi m/radix) are
};

// A unitary transform y_k = scale Σ_j e^(−2πi jk/size) x_j by decimation in time, in natural order on both sides.
//
// Levels go from the whole down to the leaves, sizes radix·rest: size, levels[0].rest, levels[1].rest …; the last
// level has rest 1 and no twiddles. Leaf i = 0 … size/radix − 1, of the last level's radix, takes elements
// i + j·size/radix and writes its j-th result to leafPlace(i) + j of the work space. The other levels run
// bottom up in place; level 0 goes to the result instead, element k + j·rest, times `scale`. With one level the leaf
// is all there is. The inverse exchanges re and im where elements are taken and where they are put.
struct Transform {
  int64_t size;
  int64_t levelCount;  // at least 1
  const TransformLevel *levels;
  const void *table;  // complex numbers of the engine's scalar
  const int64_t *leafPlaces;  // of every levels[0].radix-th leaf
  // In the work space one element is left free after so many, or elements of equal index in different blocks would
  // compete for the same few places of the first-level cache. It divides every larger `rest`, and is a multiple of
  // every other; `size` if there is no need.
  int64_t padEvery;
  double scale;  // 1/√size
  // Bluestein's way, for sizes with a large prime factor: a convolution by transforms of another size. Then there are
  // no levels.
  const Transform *convolution;
  int64_t chirp, kernel;
  int64_t scratch;  // complex elements that a transform needs, apart from its programs
};

// Where element k of a block of the work space is, from its start.
static constexpr int64_t placeInWork(const Transform &t, int64_t k) { return k + k / t.padEvery; }
// How many elements the work space has.
static constexpr int64_t workSize(const Transform &t) { return placeInWork(t, t.size - 1) + 1; }
// Where leaf i begins: the digits of i, the lowest first, choose the block of level 0, 1, ….
static constexpr int64_t leafPlace(const Transform &t, int64_t i) {
  int64_t place = 0;
  for (int64_t l = 0; l + 1 < t.levelCount; l++) {
    place += i % t.levels[l].radix * t.levels[l].apart;
    i /= t.levels[l].radix;
  }
  return place;
}

// Whether an inner level's blocks in one of the level above are rounds of one call: they have no levels of their own, and their
// columns lie in a row.
static constexpr bool hasRounds(const Transform &t, int64_t level) {
  return level + 2 == t.levelCount && level > 0 && t.levels[level].rest <= t.padEvery;
}

// A transform of one vector of n complex numbers, its elements in the lanes (single.h).
struct Single {
  int64_t lanes;              // 1: one after the other, for sizes that fill no lanes
  const Transform *vertical;  // of size n/lanes
  const void *twiddles;       // for each of its results e^(−2πi l k/n)/√n, the lanes in their order, [re × L | im × L]
  int64_t scratch;            // complex elements of all lanes
};

// Which of `lanes` complex numbers in a row a lane holds, when pairs (re, im) are taken apart within each `group`:
// as many scalars as have 16 bytes.
static constexpr int laneOrder(int lane, int lanes, int group) {
  const int number = lane / group, place = lane % group, half = group / 2;
  return place < half ? number * half + place : lanes / 2 + number * half + place - half;
}

// How generated code calls an elementary function: with a vector, with a complex element, or with several vectors.
enum LaneFunctionKind : int32_t { ofReal, ofComplex, ofSeveral, laneFunctionKinds };
constexpr int64_t vectorsAtOnce = 4;

// What a generated kernel is called with: the pointers that its addresses count from (the operands, then those of
// CallPointer), the element its first column begins at, the number of columns (at least one), where they begin in the
// work space, their twiddles, and how many such rounds there are (at least one; a kernel that has no rounds does not ask).
// Each takes the next elements, the same twiddles, and another place of the work space.
using GeneratedCode = void (*)(void *const *pointers, int64_t first, int64_t columns, void *work, const void *twiddles,
                               int64_t rounds);

// What follows the operands among a call's pointers: the sums, the mask of examples, and of a convolution its numbers,
// its chirp and its kernel.
enum CallPointer : int32_t { sumsPointer, maskPointer, convolvedPointer, chirpPointer, kernelPointer, callPointers };

// A level of a transform, and its twiddles: as in the transform's table, but for those of columns that go together, which are
// side by side.
struct GeneratedLevel {
  GeneratedCode code = nullptr;
  const void *twiddles = nullptr;
};

// Machine code of an instruction, with all that the loops around it need: what they are made of lies elsewhere. Of a map:
// `columns` take `unroll` elements each, `rest` one. Of a transform: `columns` are its leaves with the program before them,
// `levels` its inner levels by number, null if there are none, `rest` the outermost one with the program behind it, whose
// twiddles have the scale in them; with one level `columns` may be all there is. Of a convolution: `stages` are a map (the first
// program, times the chirp), a transform (times the kernel), an inverse one, and a map (times the chirp, the second program).
struct Generated {
  GeneratedCode columns = nullptr, rest = nullptr;
  int64_t unrollBits = 0;  // unroll = 2^unrollBits
  int32_t sumsBefore = 0, sumsBehind = 0;  // of the program, or a transform's two
  // Of a transform with more than one level: `columns` is called for each group of as many leaves as the outermost level's radix,
  // or for so many rounds of them; `rest` for so many of that level's columns in a row.
  bool hasLevels = false;
  int64_t leafGroups = 1, topRadix = 1, rounds = 1, columnCount = 1, columnsTogether = 1;
  const int64_t *leafPlaces = nullptr;
  const void *twiddles = nullptr;
  GeneratedLevel *levels = nullptr;
  const Generated *stages = nullptr;
};

// What a step of a loop adds to a pointer of the run's table, in units.
struct Advance {
  int64_t pointer, units;
  bool varying;
};

struct Instruction {
  Opcode op;
  int32_t depth;  // enclosing loops
  int32_t operandCount;
  bool uniform[mostOperands];  // of the first: the same for all examples
  int64_t pointers;            // where its first is in the run's table of pointers; places for CallPointer follow them
  const Generated *generated;  // null: none, the kernels in C++ run it
  const Transform *transform;
  int64_t attributes[mostAttributes];
  int32_t inPlace = -1;  // of a transform: the operand that is its work space too; −1: the scratch space is
  const Operand *operands;
  int64_t end;  // of a loop: the index of the instruction after its body
  const Advance *advances;  // of a loop: the operands of its body, without inner loops', that move
  int64_t advanceCount;
  const Pointwise *program;  // of a map; the first of a transform
  const Pointwise *after;    // the second of a transform
  const int32_t *permutation;
};

struct Code {
  const Instruction *instructions;
  int64_t count;
};

// A point of the code where a run may stop and another go on: before this instruction, which no loop is around, or, if
// it is a loop, before this of its steps.
struct Point {
  int64_t instruction, step;
};

// Which of so many equal parts of an instruction's elements a run takes, where they may be taken apart.
struct Share {
  int64_t part = 0, parts = 1;
  constexpr int64_t first(int64_t count) const { return count * part / parts; }
  constexpr int64_t end(int64_t count) const { return count * (part + 1) / parts; }
};

// What a run of a segment works on. The pointers are to the engine's scalar.
struct Frame {
  void *uniform;
  void *varying;
  void *scratch;
  const void *constants;
  void **pointers;  // of all the segment's instructions: where their operands are at the loops' present steps
  const int *cancelled;
  int64_t batch;
  int64_t examples;  // in this block; the lanes behind them repeat the last
  const void *mask;  // all bits in the lanes of examples, none behind; null outside of blocks
  Share share = {};  // of maps outside of blocks
};

// Elements that go through a program together, so that temporaries stay in the first-level cache and it is worth the
// while to find a micro-op's kernel.
constexpr int64_t mostTile = 64, leastTile = 16;

// A contraction goes over its columns in panels, and over so many steps at a time, whose numbers it packs: columns ×
// steps × lanes of them stay in the second-level cache. Units of scratch.
constexpr int64_t contractSteps = 64, contractColumns = 128, contractTile = 8;
constexpr int64_t contractScratch = contractSteps * (contractColumns + 4 * contractTile);

// Columns at the ends of a transform that go together with a program.
constexpr int64_t tileOf(int64_t radix) { return radix > mostTile / 2 ? 1 : mostTile / radix; }

// Of one program.
constexpr int32_t mostTemporaries = 1024;
constexpr int32_t mostMicros = 256;

}  // namespace parseval
