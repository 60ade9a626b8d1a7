// Decodes the instructions of one segment.
#pragma once

#include <initializer_list>

#include "plan.h"

namespace parseval {

class InstructionDecoder {
 public:
  InstructionDecoder(Plan &plan, Reader &reader, int64_t segmentNumber, PlanSegment &segment, const double *constants,
                     int64_t constantCount)
      : plan_(plan),
        reader_(reader),
        segmentNumber_(segmentNumber),
        segment_(segment),
        constants_(constants),
        constantCount_(constantCount) {}

  void readSegment();

 private:
  // The units that an operand may touch: in one go, and over all steps of the enclosing loops.
  struct Range {
    int64_t low, high;
  };
  struct Extent {
    Range once, always;
  };

  void readInstructions(int32_t count);
  void readInstruction();
  void readOperands(int32_t count);
  void readAttributes(const OpcodeInfo &info);
  void finish(Instruction &i);
  void readLoop();
  void settleAdvances(size_t loop);

  // A pointwise program while it is decoded.
  struct RegisterState {
    int32_t width = 0;  // 0: nothing written yet
    Register at{Place::temporary, 0};
  };
  struct Draft {
    int64_t count;
    int32_t outputs, inputs, temporaries;
    bool takesElement;  // as register 0
    int32_t first = 0;  // of its operands
    std::vector<RegisterState> registers{};
    std::vector<MicroInstruction> micros{};
    std::vector<Gathering> gatherings{};
    std::vector<int32_t> sums{};
    bool hasResult = false;
    Register result{Place::temporary, 0}, element{Place::constant, 0};
  };
  void readMap(Instruction &i);
  void readTransform(Instruction &i);
  void readProgram(Draft &draft);
  void readProgramOperands(Draft &draft);
  void readMicros(Draft &draft);
  void readMicro(Draft &draft);
  void readResult(Draft &draft);
  bool moveAlike(const Operand &a, const Operand &b) const;
  bool isTotal(Register r) const;
  bool sharesMemory(int32_t a, int32_t b) const;
  int32_t spareOutput(const Draft &after) const;
  void findOnlyRead(std::initializer_list<const Draft *> drafts);
  Register newTemporary(Draft &draft);
  void replace(Draft &draft, Register from, Register to);
  void settleElement(Draft &draft);
  void settleResult(Draft &draft);
  void settleOutputs(Draft &draft);
  void settleSums(Draft &draft);
  const Pointwise *finishProgram(const Draft &draft, int64_t tile);

  int64_t constantPair(int64_t re, int64_t im, int64_t width);
  // Checks that the operand with `units` of its own from `low` on stays inside its arena.
  Extent place(int32_t operand, const std::string &name, int64_t low, int64_t units);
  void requireWidth(int64_t width);
  void requireFlag(const char *name, int64_t flag);
  void forbidOverlap(const std::vector<int64_t> &units);
  void needScratch(int64_t units);
  [[noreturn]] void fail(const std::string &message) const { reader_.fail(message); }

  Plan &plan_;
  Reader &reader_;
  int64_t segmentNumber_;
  PlanSegment &segment_;
  const double *constants_;
  int64_t constantCount_;

  int64_t number_ = 0;  // of the instruction in the segment, loops and their bodies counted alike
  std::vector<int64_t> lengths_;  // of the enclosing loops
  bool dead_ = false;  // inside a loop that never runs: there is nothing to stay inside of
  std::vector<Operand> *operands_ = nullptr;
  int64_t attributes_[mostAttributes] = {};
  // Of pointwise programs.
  std::vector<ProgramOperand> *programOperands_ = nullptr;
  std::vector<Extent> extents_;
};

}  // namespace parseval
