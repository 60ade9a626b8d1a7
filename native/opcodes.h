// Generated from src/backend/native/opcodes.ts by `npm run generate`; do not edit.
#pragma once

#include <stdint.h>

namespace parseval {

constexpr int32_t planVersion = 5;
constexpr int32_t planMagic = 0x50525356;
constexpr int maxDepth = 8;
constexpr int maxMapOperands = 64;
constexpr int mostOperands = 3;    // of the opcodes that are not variadic
constexpr int mostAttributes = 8;  // before the variadic ones

enum class Opcode : int32_t {
  loop,
  map,
  transform,
  copy,
  fill,
  sum,
  dot,
  logSumExp,
  matvec,
  transpose,
  outer,
  contract,
  take,
  put,
  permute,
  batchSize,
};
constexpr int opcodeCount = 16;

struct OpcodeInfo {
  const char *name;
  int operands, attributes;
  bool variadic;
  const char *operandNames[mostOperands];
  const char *attributeNames[mostAttributes];
};

constexpr OpcodeInfo opcodeTable[opcodeCount] = {
    {"loop", 0, 3, false, {nullptr, nullptr, nullptr}, {"length", "reverse", "instructions", nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"map", 0, 4, true, {nullptr, nullptr, nullptr}, {"count", "outputs", "inputs", "temporaries", nullptr, nullptr, nullptr, nullptr}},
    {"transform", 0, 8, true, {nullptr, nullptr, nullptr}, {"size", "inverse", "outputs", "inputs", "temporaries", "outputsAfter", "inputsAfter", "temporariesAfter"}},
    {"copy", 2, 2, false, {"to", "from", nullptr}, {"units", "repeats", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"fill", 1, 4, false, {"to", nullptr, nullptr}, {"count", "width", "re", "im", nullptr, nullptr, nullptr, nullptr}},
    {"sum", 2, 2, false, {"to", "from", nullptr}, {"outer", "inner", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"dot", 3, 2, false, {"to", "a", "b"}, {"count", "width", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"logSumExp", 2, 1, false, {"to", "from", nullptr}, {"count", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"matvec", 3, 4, false, {"to", "matrix", "vector"}, {"rows", "columns", "width", "adjoint", nullptr, nullptr, nullptr, nullptr}},
    {"transpose", 2, 3, false, {"to", "from", nullptr}, {"rows", "columns", "width", nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"outer", 3, 5, false, {"to", "a", "b"}, {"rows", "columns", "width", "accumulate", "reduce", nullptr, nullptr, nullptr}},
    {"contract", 3, 6, false, {"to", "a", "b"}, {"steps", "rows", "columns", "width", "accumulate", "reduce", nullptr, nullptr}},
    {"take", 3, 2, false, {"to", "from", "index"}, {"entries", "units", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"put", 3, 3, false, {"to", "from", "index"}, {"entries", "units", "accumulate", nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"permute", 2, 1, false, {"to", "from", nullptr}, {"permutation", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
    {"batchSize", 1, 0, false, {"to", nullptr, nullptr}, {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}},
};

// Pointwise operations inside a map.
enum class Micro : int32_t {
  constant,
  move,
  add,
  sub,
  mul,
  div,
  conjMul,
  scale,
  complex,
  neg,
  conj,
  re,
  im,
  abs,
  modulus,
  pinv,
  exp,
  log,
  sqrt,
  sin,
  cos,
  tanh,
  sigmoid,
  relu,
  step,
};
constexpr int microCount = 25;
constexpr int ownWidth = 3;

// widths: a set, 1 real and 2 complex; a, b: the operands' widths, 0 none, ownWidth that of the micro-op.
struct MicroInfo {
  const char *name;
  int widths, a, b;
};

constexpr MicroInfo microTable[microCount] = {
    {"constant", 3, 0, 0},
    {"move", 3, 3, 0},
    {"add", 3, 3, 3},
    {"sub", 3, 3, 3},
    {"mul", 3, 3, 3},
    {"div", 3, 3, 3},
    {"conjMul", 2, 2, 2},
    {"scale", 2, 1, 2},
    {"complex", 2, 1, 1},
    {"neg", 3, 3, 0},
    {"conj", 2, 2, 0},
    {"re", 1, 2, 0},
    {"im", 1, 2, 0},
    {"abs", 1, 1, 0},
    {"modulus", 1, 2, 0},
    {"pinv", 3, 3, 0},
    {"exp", 3, 3, 0},
    {"log", 3, 3, 0},
    {"sqrt", 3, 3, 0},
    {"sin", 3, 3, 0},
    {"cos", 3, 3, 0},
    {"tanh", 3, 3, 0},
    {"sigmoid", 3, 3, 0},
    {"relu", 1, 1, 0},
    {"step", 1, 1, 0},
};

}  // namespace parseval
