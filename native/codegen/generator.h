// Machine code for a plan's maps and transforms: pointwise programs together with the codelets they stand before and
// behind. What it has no code for is left to the kernels in C++.
#pragma once

#include <deque>
#include <map>

#include "../plan.h"
#include "codeMemory.h"
#include "emit.h"
#include "programLines.h"

namespace parseval {

class Generator {
 public:
  Generator(VectorShape shape, const LaneFunctions *functions) : shape_(shape), functions_(functions) {}

  // Gives the varying segments' instructions their code, where there is one.
  void generate(Plan &plan);

 private:
  struct Pending {
    GeneratedCode *to;
    size_t place;
  };
  bool map(const Instruction &i, Generated &g);
  bool transform(const Instruction &i, Generated &g);
  void put(GeneratedCode &to, const Line &line, const ColumnStep &step);
  GeneratedCode *middle(const Transform &t, int64_t level);
  const void *scaledTwiddles(const Transform &t);

  const VectorShape shape_;
  const LaneFunctions *functions_;
  const void *constants_ = nullptr;
  CodeMemory memory_;
  std::vector<Pending> pending_;
  ProgramLines::Tables tables_;
  std::deque<Generated> generated_;
  std::deque<std::vector<GeneratedCode>> levels_;
  std::map<std::pair<int64_t, int64_t>, GeneratedCode> middles_;  // by radix and distance
  std::map<const Transform *, std::vector<uint8_t>> scaled_;
};

}  // namespace parseval
