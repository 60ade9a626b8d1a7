// The pointwise programs: registers, widths, and which results must wait.
#include <algorithm>

#include "instructionDecoder.h"

namespace parseval {

namespace {

std::string text(int64_t n) { return std::to_string(n); }

bool overlap(const Operand &a, int64_t lowA, int64_t highA, const Operand &b, int64_t lowB, int64_t highB) {
  return a.varying == b.varying && lowA < highB && lowB < highA;
}

}  // namespace

void InstructionDecoder::readMap(Instruction &i, int32_t attributeCount) {
  const int64_t count = attributes_[0];
  const int64_t operandCount = i.operandCount;
  if (attributes_[1] + attributes_[2] != operandCount)
    fail("has " + text(operandCount) + " operands for " + text(attributes_[1]) + " outputs and " +
         text(attributes_[2]) + " inputs");
  if (attributes_[3] > mostTemporaries) fail("has more than " + text(mostTemporaries) + " temporaries");
  outputs_ = int32_t(attributes_[1]);
  inputs_ = int32_t(attributes_[2]);
  temporaries_ = int32_t(attributes_[3]);
  if (attributeCount < 4 + 2 * operandCount + 1) fail("has too few attributes for its operands");

  std::vector<MapOperand> &operands = plan_.mapOperands_.emplace_back();
  extents_.clear();
  for (int32_t o = 0; o < int32_t(operandCount); o++) {
    MapOperand operand{};
    operand.width = reader_.next("an operand's width");
    requireWidth(operand.width);
    operand.step = reader_.next("an operand's step");
    if (o < outputs_ && segment_.varying && !(*operands_)[size_t(o)].varying)
      fail("a varying segment writes varying operands only");
    const int64_t reach = count == 0 ? 0 : product(reader_, (count - 1) * operand.width, operand.step);
    const int64_t own = count == 0 ? 0 : operand.width;
    extents_.push_back(place(o, o < outputs_ ? "output" : "input", std::min<int64_t>(0, reach),
                             sum(reader_, std::abs(reach), own)));
    operands.push_back(operand);
  }

  const int64_t microInstructions = reader_.count("the number of micro-ops");
  if (attributeCount != 4 + 2 * operandCount + 1 + 5 * microInstructions)
    fail("has " + text(attributeCount) + " attributes, with " + text(microInstructions) + " micro-ops");
  std::vector<MicroInstruction> &micros = plan_.micros_.emplace_back();
  attributes_[0] = microInstructions;
  readMicros(micros, operands);
  needScratch(int64_t(temporaries_) * 2 * mapTile);
  i.map = &plan_.maps_.emplace_back(Map{operands.data(), micros.data(), int64_t(micros.size())});
}

void InstructionDecoder::readMicros(std::vector<MicroInstruction> &micros, const std::vector<MapOperand> &operands) {
  const int32_t firstOutput = inputs_ + temporaries_, registers = firstOutput + outputs_;
  struct State {
    int32_t width = 0;  // 0: nothing written yet
    Register at{Place::temporary, 0};
  };
  std::vector<State> states(static_cast<size_t>(registers));
  for (int32_t r = 0; r < registers; r++) {
    State &state = states[size_t(r)];
    if (r < inputs_) state = {operands[size_t(outputs_ + r)].width, {Place::operand, outputs_ + r}};
    else if (r < firstOutput) state.at = {Place::temporary, r - inputs_};
    else state.at = {Place::operand, r - firstOutput};
  }

  const auto source = [&](const char *name, int32_t width) {
    const int32_t r = reader_.below(name, registers);
    const State &state = states[size_t(r)];
    if (state.width == 0) fail("register " + text(r) + " is read before it is written");
    if (state.width != width)
      fail("register " + text(r) + " has width " + text(state.width) + ", where " + text(width) + " is needed");
    return state.at;
  };

  for (int64_t m = 0; m < attributes_[0]; m++) {
    MicroInstruction micro{};
    micro.op = Micro(reader_.below("the micro-op", microCount));
    const MicroInfo &info = microTable[int(micro.op)];
    micro.width = reader_.next("a micro-op's width");
    requireWidth(micro.width);
    if ((info.widths & micro.width) == 0) fail(std::string(info.name) + " has no form of width " + text(micro.width));
    const int32_t to = reader_.below("a micro-op's result", registers);
    if (to < inputs_) fail("register " + text(to) + " is an input and cannot be written");
    if (to >= firstOutput && operands[size_t(to - firstOutput)].width != micro.width)
      fail("register " + text(to) + " is an output of width " + text(operands[size_t(to - firstOutput)].width) +
           ", written with " + text(micro.width));
    State &state = states[size_t(to)];
    if (micro.op == Micro::constant) {
      const int32_t re = reader_.next("a constant's real part"), im = reader_.next("a constant's imaginary part");
      const Register constant{Place::constant, int32_t(constantPair(re, im, micro.width))};
      state.width = micro.width;
      if (to < firstOutput) {
        // A temporary that holds a constant is read where the constant is.
        state.at = constant;
        continue;
      }
      micro.a = micro.b = constant;
    } else {
      const auto width = [&](int w) { return w == ownWidth ? micro.width : w; };
      micro.a = source("a micro-op's first operand", width(info.a));
      if (info.b != 0) micro.b = source("a micro-op's second operand", width(info.b));
      else {
        reader_.next("a micro-op's second operand");
        micro.b = micro.a;
      }
      if (to < firstOutput) state.at = {Place::temporary, to - inputs_};
      state.width = micro.width;
    }
    micro.to = state.at;
    micros.push_back(micro);
  }
  for (int32_t o = 0; o < outputs_; o++)
    if (states[size_t(firstOutput + o)].width == 0) fail("output " + text(o) + " is never written");

  // An output that shares memory with an input still to be read, or whose elements are all one place and which is
  // read again, waits in a temporary until the tile is done.
  const size_t written = micros.size();
  for (int32_t o = 0; o < outputs_; o++) {
    const auto is = [&](Register r) { return r.place == Place::operand && r.index == o; };
    bool begun = false, wait = false;
    for (size_t m = 0; m < written; m++) {
      for (const Register &r : {micros[m].a, micros[m].b}) {
        if (!begun || r.place != Place::operand) continue;
        const Range a = extents_[size_t(o)].always, b = extents_[size_t(r.index)].always;
        if (is(r)) wait = wait || operands[size_t(o)].step == 0;
        else
          wait = wait || (r.index >= outputs_ && overlap((*operands_)[size_t(o)], a.low, a.high,
                                                         (*operands_)[size_t(r.index)], b.low, b.high));
      }
      begun = begun || is(micros[m].to);
    }
    if (!wait) continue;
    if (temporaries_ >= mostTemporaries) fail("has too many temporaries");
    const Register held{Place::temporary, temporaries_++}, output{Place::operand, o};
    for (size_t m = 0; m < written; m++)
      for (Register *r : {&micros[m].to, &micros[m].a, &micros[m].b})
        if (is(*r)) *r = held;
    MicroInstruction move{Micro::move, operands[size_t(o)].width, output, held, held};
    micros.push_back(move);
  }
}

}  // namespace parseval
