// The kernels for one instruction set.
#pragma once

#include "code.h"

namespace parseval {

// Runs the code from one point to the other; false if it was cancelled.
using Run = bool (*)(const Code &, const Frame &, Point from, Point to);

// Transforms one vector of pairs (re, im): native/single.h. `from` and `to` may be the same.
using RunSingle = void (*)(const Single &, bool inverse, const void *from, void *to, void *scratch);

struct PrecisionKernels {
  int lanes;  // examples in a block
  Run block;
  int singleLanes;  // that a transform of one vector may fill
  RunSingle single;
  const void *laneFunctions[3];  // LaneFunctionTables for generated code: of one element to a vector, of two and of four, if there are such
};

struct Kernels {
  const char *name;
  int generatedBytes;  // of the vectors in machine code that is generated for blocks, of one element or more; 0: none is
  PrecisionKernels singlePrecision, doublePrecision;
};

// For what is computed once for all examples.
struct UniformKernels {
  Run singlePrecision, doublePrecision;
};

extern const UniformKernels uniformKernels;
extern const Kernels baselineKernels;
#ifdef PARSEVAL_X64
// Half, quarter: with room for so many examples of those that there might be. Generated code has two or four neighbouring
// elements of theirs to a vector (codegen/assembler.h).
extern const Kernels avx2Kernels, avx2HalfKernels, avx512Kernels, avx512HalfKernels, avx512QuarterKernels;
#endif

}  // namespace parseval
