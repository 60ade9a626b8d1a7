// A plan, decoded from its tape and checked: whatever the tape holds, code that comes out of here stays inside
// its arenas.
#pragma once

#include <deque>
#include <vector>

#include "reader.h"
#include "transformTables.h"

namespace parseval {

struct PlanInput {
  bool varying;
  int64_t offset, units;
  int64_t bound;  // of an index; 0: any number
};
struct PlanOutput {
  bool varying;
  int64_t offset, units;
};
struct PlanUpdate {
  int64_t output, input;
};
struct PlanReduction {
  int64_t from, to, units;
  bool reduced;  // the lanes are summed already: one number for each unit, side by side
};
// Where generated code keeps a total: groups of four elements share the lanes of one vector, every fourth of which
// belongs to one element. The vectors are the first of those that the total would have lane by lane.
struct TotalLayout {
  static constexpr int64_t group = 4;
  int64_t offset, units;
  int32_t width;
  std::vector<int32_t> places;  // of each element: its group times 4, and its place in the group
};
struct PlanSegment {
  bool varying = false;
  std::vector<Instruction> instructions;
  int64_t pointerCount = 0;  // that its instructions have in a run
  std::vector<PlanReduction> reductions;
  std::vector<TotalLayout> totals;  // those of its reductions that are kept in another way than lane by lane
};

class Plan {
 public:
  // `elementBytes`: of a complex number in all lanes of the kernels that will run it; `target`: what its transforms are
  // composed for.
  Plan(const int32_t *code, size_t codeSize, const double *constants, size_t constantCount, Precision precision,
       int64_t elementBytes, PlannerTarget target);
  Plan(const Plan &) = delete;
  Plan &operator=(const Plan &) = delete;

  int64_t uniformUnits = 0, varyingUnits = 0;
  int64_t scratchUnits = 0;  // that the kernels need, for each thread
  std::vector<PlanInput> inputs;
  std::vector<PlanOutput> outputs;
  std::vector<PlanUpdate> updates;
  std::vector<PlanSegment> segments;
  ScalarTable constants;

 private:
  friend class InstructionDecoder;
  void readRim(Reader &reader);

  void readPermutations(Reader &reader);

  // What instructions point to; deques, so that nothing moves.
  TransformTables transforms_;
  std::vector<std::vector<int32_t>> permutations_;
  std::deque<std::vector<Operand>> operands_;
  std::deque<std::vector<Advance>> advances_;
  std::deque<std::vector<ProgramOperand>> programOperands_;
  std::deque<std::vector<MicroInstruction>> micros_;
  std::deque<std::vector<Gathering>> gatherings_;
  std::deque<std::vector<int32_t>> sums_;
  std::deque<Pointwise> programs_;
};

}  // namespace parseval
