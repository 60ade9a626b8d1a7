// Machine code for a plan's maps and transforms: pointwise programs together with the codelets they stand before and
// behind.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "../plan.h"
#include "codeMemory.h"
#include "emit.h"
#include "programLines.h"

namespace parseval {

class Generator {
 public:
  Generator(VectorShape shape, const LaneFunctions *functions) : shape_(shape), functions_(functions) {}

  // Gives all maps and transforms of varying segments their code; false if there is one that has none.
  bool generate(Plan &plan);

 private:
  struct Pending {
    GeneratedCode *to;
    size_t place, bytes;
    std::string name;
  };
  bool map(const Instruction &i, Generated &g);
  bool transform(const Instruction &i, Generated &g);
  bool convolution(const Instruction &i, Generated &g);
  bool chirped(const Instruction &i, Generated &g, bool first, bool inverse);
  template <class Take, class Give, class EndLeaves, class EndTop>
  void levels(const Transform &t, Generated &g, bool whole, double scale, const std::string &name, Line &first,
              Line &last, Take take, Give give, EndLeaves endLeaves, EndTop endTop);
  void prepare(ProgramLines &program, int64_t count, int64_t columnElements);
  Memory convolved(const Instruction &i, int64_t j, int64_t spacing) const;
  LineValue factor(const Instruction &i, Line &line, CallPointer table, int64_t j, int64_t spacing) const;
  LineValue scaled(Line &line, LineValue z, double by) const;
  void put(GeneratedCode &to, const Line &line, const ColumnStep &step, const std::string &name);
  void writePerfMap() const;
  GeneratedCode *middle(const Transform &t, int64_t level);
  const void *scaledTwiddles(const Transform &t);

  const VectorShape shape_;
  const LaneFunctions *functions_;
  const void *constants_ = nullptr;
  LoopAround loop_;
  Totals totals_;
  CodeMemory memory_;
  std::vector<Pending> pending_;
  ProgramLines::Tables tables_;
  std::deque<Generated> generated_;
  std::deque<std::vector<Generated>> stages_;  // of convolutions
  std::deque<std::vector<GeneratedCode>> levels_;
  std::vector<std::pair<Generated *, const Transform *>> leveled_;  // whose inner levels are still to be looked up
  std::map<std::pair<int64_t, int64_t>, GeneratedCode> middles_;  // by radix and distance
  std::map<const Transform *, std::vector<uint8_t>> scaled_;
};

}  // namespace parseval
