#include "instructionDecoder.h"

namespace parseval {

namespace {
constexpr int64_t longestLoop = int64_t(1) << 30;

std::string text(int64_t n) { return std::to_string(n); }
}  // namespace

void InstructionDecoder::readSegment() {
  readInstructions(reader_.count("the number of instructions"));
}

void InstructionDecoder::readInstructions(int32_t count) {
  for (int32_t n = 0; n < count; n++) readInstruction();
}

void InstructionDecoder::readInstruction() {
  const std::string where = "segment " + text(segmentNumber_) + ", instruction " + text(number_++);
  reader_.enter(where);
  const OpcodeInfo &info = opcodeTable[reader_.below("the opcode", opcodeCount)];
  reader_.enter(where + " (" + info.name + ")");
  const Opcode op = Opcode(&info - opcodeTable);
  const int32_t operandCount = reader_.count("the number of operands");
  const int32_t attributeCount = reader_.count("the number of attributes");
  if (!info.variadic && operandCount != info.operands)
    fail("has " + text(operandCount) + " operands instead of " + text(info.operands));
  if (operandCount > maxMapOperands) fail("has more than " + text(maxMapOperands) + " operands");
  if (info.variadic ? attributeCount < info.attributes : attributeCount != info.attributes)
    fail("has " + text(attributeCount) + " attributes instead of " + text(info.attributes));
  readOperands(operandCount);
  const int64_t start = reader_.at();
  readAttributes(info);
  if (op == Opcode::loop) return readLoop();

  Instruction i{};
  i.op = op;
  i.depth = int32_t(lengths_.size());
  i.operands = operands_->data();
  i.operandCount = operandCount;
  for (int32_t o = 0; o < std::min(operandCount, mostOperands); o++) i.uniform[o] = !i.operands[o].varying;
  i.pointers = segment_.pointerCount;
  segment_.pointerCount += operandCount + callPointers;
  for (int a = 0; a < mostAttributes; a++) i.attributes[a] = attributes_[a];
  if (info.variadic) {
    if (op == Opcode::map) readMap(i);
    else readTransform(i);
    if (reader_.at() - start != attributeCount)
      fail("has " + text(attributeCount) + " attributes, of which " + text(reader_.at() - start) + " have a meaning");
  } else {
    if (!operands_->front().varying && segment_.varying) fail("a varying segment writes varying operands only");
    finish(i);
  }
  segment_.instructions.push_back(i);
}

void InstructionDecoder::readOperands(int32_t count) {
  operands_ = &plan_.operands_.emplace_back();
  for (int32_t o = 0; o < count; o++) {
    Operand operand;
    operand.varying = reader_.rate("an operand's space");
    if (operand.varying && !segment_.varying) fail("operand " + text(o) + " is varying, in a uniform segment");
    operand.offset = reader_.count("an operand's offset");
    for (size_t d = 0; d < lengths_.size(); d++) {
      operand.strides[d] = reader_.next("an operand's stride");
      operand.moves = operand.moves || operand.strides[d] != 0;
    }
    operands_->push_back(operand);
  }
}

void InstructionDecoder::readAttributes(const OpcodeInfo &info) {
  for (int a = 0; a < mostAttributes; a++) attributes_[a] = 0;
  for (int a = 0; a < info.attributes; a++) attributes_[a] = reader_.count(info.attributeNames[a]);
}

void InstructionDecoder::readLoop() {
  const int64_t length = attributes_[0];
  if (length > longestLoop) fail("its length is " + text(length) + ", which is more than 2^30");
  requireFlag("reverse", attributes_[1]);
  if (lengths_.size() >= size_t(maxDepth)) fail("loops nest deeper than " + text(maxDepth));
  const size_t at = segment_.instructions.size();
  Instruction i{};
  i.op = Opcode::loop;
  i.depth = int32_t(lengths_.size());
  for (int a = 0; a < mostAttributes; a++) i.attributes[a] = attributes_[a];
  segment_.instructions.push_back(i);

  const bool dead = dead_;
  dead_ = dead_ || length == 0;
  lengths_.push_back(length);
  readInstructions(int32_t(i.attributes[2]));
  lengths_.pop_back();
  dead_ = dead;
  settleAdvances(at);
}

void InstructionDecoder::settleAdvances(size_t at) {
  Instruction &loop = segment_.instructions[at];
  loop.end = int64_t(segment_.instructions.size());
  std::vector<Advance> &advances = plan_.advances_.emplace_back();
  for (size_t k = at + 1; k < segment_.instructions.size(); k++) {
    const Instruction &i = segment_.instructions[k];
    for (int32_t o = 0; i.depth == loop.depth + 1 && o < i.operandCount; o++) {
      const Operand &operand = i.operands[o];
      const int64_t stride = operand.strides[loop.depth];
      if (stride != 0) advances.push_back({i.pointers + o, loop.attributes[1] ? -stride : stride, operand.varying});
    }
  }
  loop.advances = advances.data();
  loop.advanceCount = int64_t(advances.size());
}

InstructionDecoder::Extent InstructionDecoder::place(int32_t number, const std::string &name, int64_t low,
                                                     int64_t units) {
  const Operand &operand = (*operands_)[size_t(number)];
  const int64_t first = sum(reader_, operand.offset, low);
  Extent extent{{first, sum(reader_, first, units)}, {}};
  extent.always = extent.once;
  if (dead_) return extent;
  for (size_t d = 0; d < lengths_.size(); d++) {
    const int64_t move = product(reader_, operand.strides[d], lengths_[d] - 1);
    int64_t &end = move < 0 ? extent.always.low : extent.always.high;
    end = sum(reader_, end, move);
  }
  const int64_t arena = operand.varying ? plan_.varyingUnits : plan_.uniformUnits;
  if (extent.always.low < 0 || extent.always.high > arena)
    fail("operand " + text(number) + " (" + name + ") spans units " + text(extent.always.low) + " to " +
         text(extent.always.high) + " of the " + (operand.varying ? "varying" : "uniform") + " arena, which has " +
         text(arena));
  return extent;
}

void InstructionDecoder::requireWidth(int64_t width) {
  if (width != 1 && width != 2) fail("a width is " + text(width) + ", neither 1 nor 2");
}

void InstructionDecoder::requireFlag(const char *name, int64_t flag) {
  if (flag != 0 && flag != 1) fail(std::string(name) + " is " + text(flag) + ", neither 0 nor 1");
}

void InstructionDecoder::needScratch(int64_t units) {
  if (units > plan_.scratchUnits) plan_.scratchUnits = units;
}

bool InstructionDecoder::moveAlike(const Operand &a, const Operand &b) const {
  bool alike = a.varying == b.varying;
  for (size_t d = 0; d < lengths_.size(); d++) alike = alike && a.strides[d] == b.strides[d];
  return alike;
}

// Operands that move alike are seen to overlap or not; those that move differently are the plan's business: the
// numbers may be wrong then, but stay inside the arena.
void InstructionDecoder::forbidOverlap(const std::vector<int64_t> &units) {
  const Operand &to = operands_->front();
  for (size_t o = 1; o < operands_->size(); o++) {
    const Operand &from = (*operands_)[o];
    if (moveAlike(to, from) && to.offset < from.offset + units[o] && from.offset < to.offset + units[0] && units[0] > 0)
      fail("its result overlaps operand " + text(int64_t(o)));
  }
}

int64_t InstructionDecoder::constantPair(int64_t re, int64_t im, int64_t width) {
  for (const int64_t c : {re, width == 2 ? im : re})
    if (c < 0 || c >= constantCount_) fail("constant " + text(c) + " is named; there are " + text(constantCount_));
  const int64_t at = plan_.constants.size();
  if (at > INT32_MAX - 2) fail("too many constants");
  plan_.constants.push(constants_[re]);
  plan_.constants.push(width == 2 ? constants_[im] : 0);
  return at;
}

// Checks the operands of everything but loops and pointwise programs, and prepares what they point to.
void InstructionDecoder::finish(Instruction &i) {
  const int64_t *n = attributes_;
  const auto times = [&](int64_t a, int64_t b) { return product(reader_, a, b); };
  std::vector<int64_t> units;
  bool separate = false;
  switch (i.op) {
    case Opcode::copy:
      units = {times(n[0], n[1]), n[1] == 0 ? 0 : n[0]};
      separate = n[1] > 1;
      break;
    case Opcode::fill:
      requireWidth(n[1]);
      units = {times(n[0], n[1])};
      i.attributes[2] = constantPair(n[2], n[3], n[1]);
      break;
    case Opcode::sum:
      units = {n[1], times(n[0], n[1])};
      separate = operands_->at(0).offset != operands_->at(1).offset;
      break;
    case Opcode::transpose:
      requireWidth(n[2]);
      units = {times(times(n[0], n[1]), n[2]), times(times(n[0], n[1]), n[2])};
      separate = true;
      break;
    case Opcode::dot:
      requireWidth(n[1]);
      units = {n[1], times(n[0], n[1]), times(n[0], n[1])};
      break;
    case Opcode::logSumExp:
      units = {1, n[0]};
      break;
    case Opcode::matvec:
    case Opcode::outer: {
      requireWidth(n[2]);
      requireFlag(i.op == Opcode::matvec ? "adjoint" : "accumulate", n[3]);
      if (i.op == Opcode::outer) {
        requireFlag("reduce", n[4]);
        if (n[4] && (!n[3] || n[2] != 1)) fail("reduces, which only real products that accumulate do");
      }
      const int64_t rows = times(n[0], n[2]), columns = times(n[1], n[2]), all = times(rows, n[1]);
      if (i.op == Opcode::outer) units = {all, rows, columns};
      else if (n[3]) units = {columns, all, rows};
      else units = {rows, all, columns};
      separate = true;
      break;
    }
    case Opcode::contract: {
      requireWidth(n[3]);
      requireFlag("accumulate", n[4]);
      requireFlag("reduce", n[5]);
      if (n[4] && n[5]) fail("accumulates and reduces at once");
      const int64_t rows = times(n[1], n[3]), columns = times(n[2], n[3]);
      units = {times(rows, n[2]), times(n[0], rows), times(n[0], columns)};
      needScratch(contractScratch);
      separate = true;
      break;
    }
    case Opcode::take:
    case Opcode::put:
      if (n[0] < 1) fail("takes from no entries");
      if (i.op == Opcode::put) requireFlag("accumulate", n[2]);
      units = {n[1], times(n[0], n[1]), 1};
      if (i.op == Opcode::put) std::swap(units[0], units[1]);
      separate = true;
      break;
    case Opcode::permute: {
      const int64_t known = int64_t(plan_.permutations_.size());
      if (n[0] >= known) fail("permutation " + text(n[0]) + " is named; there are " + text(known));
      const std::vector<int32_t> &permutation = plan_.permutations_[size_t(n[0])];
      i.permutation = permutation.data();
      i.attributes[0] = int64_t(permutation.size());
      units = {2 * i.attributes[0], 2 * i.attributes[0]};
      separate = true;
      break;
    }
    case Opcode::batchSize:
      units = {1};
      break;
    case Opcode::loop:
    case Opcode::map:
    case Opcode::transform:
      break;
  }
  const OpcodeInfo &info = opcodeTable[int(i.op)];
  for (int32_t o = 0; o < i.operandCount; o++) place(o, info.operandNames[o], 0, units[size_t(o)]);
  if (separate) forbidOverlap(units);
}

}  // namespace parseval
