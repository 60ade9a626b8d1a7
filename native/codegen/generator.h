// Machine code for a plan's maps and transforms: pointwise programs together with the codelets they stand before and
// behind.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <tuple>

#include "../plan.h"
#include "codeMemory.h"
#include "emit.h"
#include "programLines.h"

namespace parseval {

class Generator {
 public:
  // `full`: for blocks with an example in every lane. `fullShape`: that of full blocks, in whose order inner products are
  // summed. `functions`: a kernel's laneFunctions.
  Generator(VectorShape shape, VectorShape fullShape, const void *const *functions, bool full)
      : shape_(shape),
        single_{shape.part(), shape.scalarBytes},
        sumsApart_(fullShape.registers() < 32 ? 1 : 2),
        functions_{static_cast<const LaneFunctions *>(functions[0]), static_cast<const LaneFunctions *>(functions[1]),
                   static_cast<const LaneFunctions *>(functions[2])},
        full_(full) {}

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
  void levels(const Transform &t, Generated &g, VectorShape shape, bool whole, double scale, const std::string &name,
              Line &first, Line &last, Take take, Give give, EndLeaves endLeaves, EndTop endTop);
  void prepare(ProgramLines &program, int64_t count, int64_t columnElements, bool inARow);
  Memory convolved(const Instruction &i, int64_t j, int64_t spacing) const;
  LineValue factor(const Instruction &i, Line &line, CallPointer table, int64_t j, int64_t spacing) const;
  LineValue scaled(Line &line, LineValue z, double by) const;
  void put(GeneratedCode &to, const Line &line, VectorShape shape, const ColumnStep &step, const std::string &name);
  void writePerfMap() const;
  using MiddleKey = std::tuple<int64_t, int64_t, int64_t, int32_t>;  // radix, distance, that of rounds, fold
  static MiddleKey middleKey(const Transform &t, int64_t level, VectorShape shape);
  GeneratedCode *middle(const Transform &t, int64_t level, VectorShape shape);
  static ColumnStep columnsOf(const TransformLevel &level, VectorShape shape, int64_t elements, int64_t round = 0);
  const void *twiddlesOf(const Transform &t, const TransformLevel &level, double scale, VectorShape shape);

  const VectorShape shape_, single_;  // single: of elements that have none beside them in their vectors
  const int32_t sumsApart_;
  const std::array<const LaneFunctions *, 3> functions_;  // of one, two and four elements to a vector
  const LaneFunctions *functionsOf(VectorShape shape) const { return functions_[size_t(shape.fold / 2)]; }
  // With as many elements to a vector as fit.
  template <class F>
  VectorShape widest(F fits) const;
  VectorShape shapeOfMap(const Pointwise &program, int64_t count) const;
  const bool full_;
  const void *constants_ = nullptr;
  LoopAround loop_;
  Totals totals_{};
  CodeMemory memory_;
  std::vector<Pending> pending_;
  ProgramLines::Tables tables_;
  std::deque<Generated> generated_;
  std::deque<std::vector<Generated>> stages_;  // of convolutions
  std::deque<std::vector<GeneratedLevel>> levels_;
  struct Leveled {
    Generated *generated;
    const Transform *transform;
    VectorShape shape;
  };
  std::vector<Leveled> leveled_;  // whose inner levels are still to be looked up
  std::map<MiddleKey, GeneratedCode> middles_;
  std::map<std::tuple<const Transform *, const TransformLevel *, int32_t>, std::vector<uint8_t>> twiddles_;
};

}  // namespace parseval
