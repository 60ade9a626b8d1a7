// A pointwise program written out for the elements of a kernel's column.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "../plan.h"
#include "assembler.h"
#include "line.h"

namespace parseval {

// A function of all lanes at once, `x` and `y` one vector for a real function, [re | im] for a complex one.
using LaneFunction = void (*)(const void *x, void *y);
// The functions that micro-ops call; null where there is none.
using LaneFunctions = LaneFunction[microCount][laneFunctionKinds];

// The innermost loop around an instruction.
struct LoopAround {
  int64_t steps = 1;
  bool reverse = false;
  std::set<int64_t> moving;  // offsets of what the loop's instructions find in another place at each step
};

// Totals that may be kept four elements to a vector, and how those that are lie. They mix the lanes, so that those behind the
// last example are masked, unless there are none.
struct Totals {
  bool masked;
  std::set<int64_t> offsets;
  std::vector<TotalLayout> layouts;
};

class ProgramLines {
 public:
  // Vectors that a map's column has at most, and elements to a vector.
  static constexpr int64_t mostUnrolled = 4, mostFolded = 4;

  // Element j of a column lies `spacing` elements after element 0; of a folded shape its neighbours come along. `firstSum`:
  // how many sums of other programs are before its own. `sumsApart`: parts that an inner product is summed in, 1 or 2.
  ProgramLines(const Instruction &instruction, const Pointwise &program, const void *constants, VectorShape shape,
               int32_t sumsApart, const LaneFunctions *functions, int32_t firstSum, int64_t spacing, Line &line);

  // Whether all of the program can be written out.
  bool possible() const;

  // The program for element j, given what a transform hands over, if it does.
  void element(int64_t j, const LineValue *handed);
  // The program for the column's first elements, of which nothing is handed over. If it calls functions, each micro-op is
  // written for all elements before the next, so that several are given to a call at once.
  void elements(int64_t count);
  // What a transform takes, of the last element.
  LineValue result();
  // After the last element of the column: adds up the sums.
  void finish();

  // Bytes to the entries of gathered operands: tables made by `tableOf`, with zeros behind for a column that is not there.
  using Tables = std::map<std::pair<const int32_t *, int64_t>, std::vector<int64_t>>;
  static const int64_t *tableOf(Tables &tables, const int32_t *permutation, int64_t count, int64_t bytes);
  void useTables(Tables &tables, int64_t count) {
    tables_ = &tables;
    count_ = count;
  }
  void inLoop(const LoopAround &loop) { loop_ = &loop; }
  // A column has so many elements, neighbours that come along in it included; in a row, or as far apart as the spacing says.
  void inColumnsOf(int64_t elements, bool inARow, Totals &totals) {
    columnElements_ = elements;
    inARow_ = inARow;
    totals_ = &totals;
  }

 private:
  LineValue read(Register r, int32_t width);
  LineValue fromOperand(int32_t operand, int64_t j, bool gathered);
  LineValue load(Memory m, int32_t width);
  LineValue gathered(Memory m, int32_t width);
  int32_t joined(const std::vector<int32_t> &parts);
  LineValue numberOf(Memory m, int32_t width);
  LineValue splat(Memory m, int32_t width, bool inARow);
  void store(Memory m, int32_t width, LineValue value);
  void prefetch(Memory from, int64_t bytes);
  Memory inOperand(int32_t operand) const;
  LineValue compute(Micro op, int32_t width, LineValue a, LineValue b);
  LineValue called(Micro op, int32_t width, LineValue a);
  void step(const MicroInstruction &micro);
  void keep(const MicroInstruction &micro, LineValue value);
  void stepsOfSeveral(const MicroInstruction &micro, int64_t first);
  LineValue product(LineValue a, LineValue b, bool conjugated);
  // An inner product in two parts where registers allow it, so that no addition waits for the one before it; and of
  // neighbours in a row the sums of groups that are full.
  struct Sum {
    LineValue even, odd;
    std::vector<LineValue> groups;
  };
  void addToSum(const MicroInstruction &micro, LineValue a, LineValue b);
  LineValue joined(const Sum &sum);
  int32_t partOf(int32_t x, int32_t part);
  LineValue partOf(LineValue x, int32_t part);
  void storeTo(int32_t operand, LineValue value);
  bool isHistory(int32_t operand) const;
  bool isAligned(int32_t operand) const;
  int64_t untilNextStep(int32_t operand) const;
  bool isGrouped(int32_t operand) const;
  void addToTotal(int32_t operand, LineValue term);
  int32_t pairOf(int32_t a, int32_t b);
  void addGroup(int32_t operand);
  void recordTotal(int32_t operand);
  int32_t constant(double value);
  int32_t inverse(int32_t x);

  const Instruction &instruction_;
  const Pointwise &program_;
  const void *constants_;
  VectorShape shape_;
  int32_t sumsApart_;
  const LaneFunctions *functions_;
  int32_t firstSum_;
  int64_t spacing_;
  Line &line_;
  Tables *tables_ = nullptr;
  int64_t count_ = 0;
  const LoopAround *loop_ = nullptr;

  int64_t columnElements_ = 1;
  bool inARow_ = false;
  Totals *totals_ = nullptr;
  // Of each grouped total: the elements in the order in which they came, and of the group that is not full the sums of two
  // and the term that is alone.
  struct Arrivals {
    std::vector<int64_t> elements;
    std::vector<LineValue> pairs;
    LineValue single;
  };
  std::map<int32_t, Arrivals> arrivals_;

  int64_t j_ = 0;
  // Of each element that is under way its registers, by place and index.
  std::map<int64_t, std::map<std::pair<int32_t, int32_t>, LineValue>> known_;
  std::vector<Sum> sums_;
};

}  // namespace parseval
