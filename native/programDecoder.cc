// The pointwise programs: registers, widths, and which results must wait.
#include <algorithm>

#include "instructionDecoder.h"

namespace parseval {

namespace {

std::string text(int64_t n) { return std::to_string(n); }

bool same(Register a, Register b) { return a.place == b.place && a.index == b.index; }

// Elements that go together through a program of a map: fewer when there are many registers.
int64_t mapTile(int64_t registers) {
  constexpr int64_t cache = 24576, bytes = 64;  // of the first level, without a rest; of a complex number in all lanes
  int64_t tile = mostTile;
  while (tile > leastTile && registers * tile * bytes > cache) tile /= 2;
  return tile;
}

}  // namespace

void InstructionDecoder::readMap(Instruction &i) {
  const int64_t *n = attributes_;
  if (n[1] + n[2] != i.operandCount)
    fail("has " + text(i.operandCount) + " operands for " + text(n[1]) + " outputs and " + text(n[2]) + " inputs");
  programOperands_ = &plan_.programOperands_.emplace_back();
  extents_.clear();
  Draft draft{n[0], int32_t(n[1]), int32_t(n[2]), int32_t(std::min<int64_t>(n[3], mostTemporaries + 1)), false};
  readProgram(draft);
  settleOutputs(draft);
  settleSums(draft);
  findOnlyRead({&draft});
  i.program = finishProgram(draft, mapTile(draft.temporaries + i.operandCount));
  needScratch(2 * (i.program->temporaries * i.program->tile + i.program->sumCount));
}

void InstructionDecoder::readTransform(Instruction &i) {
  const int64_t *n = attributes_, size = n[0];
  if (size < 1) fail("a transform of size 0");
  requireFlag("inverse", n[1]);
  if (n[2] + n[3] + n[5] + n[6] != i.operandCount)
    fail("has " + text(i.operandCount) + " operands for " + text(n[2]) + " and " + text(n[5]) + " outputs, " +
         text(n[3]) + " and " + text(n[6]) + " inputs");
  programOperands_ = &plan_.programOperands_.emplace_back();
  extents_.clear();
  const auto draftOf = [&](const int64_t *counts, bool takesElement) {
    return Draft{size, int32_t(counts[0]), int32_t(counts[1]),
                 int32_t(std::min<int64_t>(counts[2], mostTemporaries + 1)), takesElement};
  };
  Draft before = draftOf(n + 2, false), after = draftOf(n + 5, true);
  readProgram(before);
  readResult(before);
  after.first = before.outputs + before.inputs;
  readProgram(after);
  settleResult(before);
  settleOutputs(before);
  settleSums(before);
  settleElement(after);
  settleOutputs(after);
  settleSums(after);
  findOnlyRead({&before, &after});
  if (dead_) return;
  // The size of the tables is held against that of the arenas, which are in memory anyway; but what a transform is of, and what
  // becomes of it, need not be in memory.
  constexpr int64_t small = 1 << 20;
  if (size > std::max(small, plan_.uniformUnits + plan_.varyingUnits))
    fail("a transform of size " + text(size) + ", larger than the arenas");
  const int32_t output = spareOutput(after);
  if (output >= 0) i.transform = plan_.transforms_.inPlace(size);
  if (i.transform != nullptr) i.inPlace = output;
  else i.transform = plan_.transforms_.of(size);
  const Transform &t = *i.transform;
  const auto tile = [&](int64_t level) {
    if (t.convolution) return mostTile;
    const int64_t radix = t.levels[level].radix;
    return radix * std::min(tileOf(radix), size / radix);
  };
  i.program = finishProgram(before, tile(t.levelCount - 1));
  i.after = finishProgram(after, tile(0));
  const auto scratch = [](const Pointwise *p) { return p->temporaries * p->tile + p->sumCount; };
  needScratch(2 * (t.scratch + scratch(i.program) + scratch(i.after)));
}

void InstructionDecoder::readProgram(Draft &draft) {
  if (draft.temporaries > mostTemporaries) fail("has more than " + text(mostTemporaries) + " temporaries");
  readProgramOperands(draft);
  const int32_t firstInput = draft.takesElement ? 1 : 0, firstTemporary = firstInput + draft.inputs;
  const int32_t firstOutput = firstTemporary + draft.temporaries;
  draft.registers.resize(size_t(firstOutput + draft.outputs));
  for (int32_t r = 0; r < int32_t(draft.registers.size()); r++) {
    RegisterState &state = draft.registers[size_t(r)];
    if (r < firstInput) {
      state = {2, draft.element};
    } else if (r < firstTemporary) {
      const int32_t o = draft.first + draft.outputs + r - firstInput;
      const ProgramOperand &operand = programOperands_->at(size_t(o));
      state = {operand.width, {Place::operand, o}};
      if (operand.permutation != nullptr) {
        state.at = {Place::gathered, int32_t(draft.gatherings.size())};
        draft.gatherings.push_back({o, 0});
      }
    } else if (r < firstOutput) {
      state.at = {Place::temporary, r - firstTemporary};
    } else {
      state.at = {Place::operand, draft.first + r - firstOutput};
    }
  }
  for (Gathering &g : draft.gatherings) g.temporary = newTemporary(draft).index;
  if (draft.takesElement) draft.registers[0].at = draft.element = newTemporary(draft);
  readMicros(draft);
}

void InstructionDecoder::readProgramOperands(Draft &draft) {
  const int32_t inputs = draft.first + draft.outputs, end = inputs + draft.inputs;
  for (int32_t o = draft.first; o < end; o++) {
    const bool output = o < inputs;
    ProgramOperand operand{};
    operand.width = reader_.next("an operand's width");
    requireWidth(operand.width);
    operand.step = reader_.next("an operand's step");
    const int32_t permutation = reader_.next("an operand's permutation");
    const int64_t known = int64_t(plan_.permutations_.size());
    // An output's says what becomes of it.
    constexpr int32_t adds = -2;
    operand.total = output && permutation == adds;
    if (operand.total && (operand.step != 1 || !segment_.varying))
      fail("output " + text(o) + " is a total over examples, but " +
           (segment_.varying ? "has step " + text(operand.step) : "nothing varies in its segment"));
    if (!operand.total && (permutation < -1 || permutation >= known))
      fail("permutation " + text(permutation) + " is named; there are " + text(known));
    if (output && segment_.varying && !(*operands_)[size_t(o)].varying)
      fail("a varying segment writes varying operands only");
    if (permutation >= 0) {
      const std::vector<int32_t> &places = plan_.permutations_[size_t(permutation)];
      if (output) fail("operand " + text(o) + " is an output with a permutation");
      if (operand.step != 1) fail("operand " + text(o) + " has a permutation and step " + text(operand.step));
      if (int64_t(places.size()) != draft.count)
        fail("operand " + text(o) + " has a permutation of " + text(int64_t(places.size())) + " for " +
             text(draft.count) + " elements");
      operand.permutation = places.data();
    }
    const bool sum = output && operand.step == 0, none = draft.count == 0;
    const int64_t reach = none ? 0 : product(reader_, (draft.count - 1) * operand.width, operand.step);
    extents_.push_back(place(o, output ? "output" : "input", std::min<int64_t>(0, reach),
                             parseval::sum(reader_, std::abs(reach), none && !sum ? 0 : operand.width)));
    programOperands_->push_back(operand);
  }
  for (int32_t i = inputs; i < end; i++)
    for (int32_t o = draft.first; o < inputs; o++) {
      const Operand &from = (*operands_)[size_t(i)], &to = (*operands_)[size_t(o)];
      const Range a = extents_[size_t(i)].once, b = extents_[size_t(o)].once;
      // As with other overlaps: where the operands move differently, they are the plan's business.
      if (programOperands_->at(size_t(i)).permutation != nullptr && moveAlike(from, to) && a.low < b.high &&
          b.low < a.high)
        fail("output operand " + text(o) + " overlaps operand " + text(i) + ", which is read through a permutation");
    }
}

void InstructionDecoder::readMicros(Draft &draft) {
  const int32_t count = reader_.count("the number of micro-ops");
  for (int32_t m = 0; m < count; m++) {
    if (draft.micros.size() > size_t(mostMicros)) fail("has more than " + text(mostMicros) + " micro-ops");
    readMicro(draft);
  }
  const size_t firstOutput = draft.registers.size() - size_t(draft.outputs);
  for (int32_t o = 0; o < draft.outputs; o++)
    if (draft.registers[firstOutput + size_t(o)].width == 0) fail("output " + text(o) + " is never written");
}

void InstructionDecoder::readMicro(Draft &draft) {
  const int32_t registers = int32_t(draft.registers.size()), firstOutput = registers - draft.outputs;
  const int32_t firstTemporary = (draft.takesElement ? 1 : 0) + draft.inputs;
  const auto source = [&](const char *name, int32_t width) {
    const int32_t r = reader_.below(name, registers);
    const RegisterState &state = draft.registers[size_t(r)];
    if (state.width == 0) fail("register " + text(r) + " is read before it is written");
    if (isTotal(state.at)) fail("register " + text(r) + " is a total over examples and cannot be read");
    if (state.width != width)
      fail("register " + text(r) + " has width " + text(state.width) + ", where " + text(width) + " is needed");
    return state.at;
  };

  MicroInstruction micro{};
  micro.op = Micro(reader_.below("the micro-op", microCount));
  const MicroInfo &info = microTable[int(micro.op)];
  micro.width = reader_.next("a micro-op's width");
  requireWidth(micro.width);
  if ((info.widths & micro.width) == 0) fail(std::string(info.name) + " has no form of width " + text(micro.width));
  const int32_t to = reader_.below("a micro-op's result", registers);
  if (to < firstTemporary) fail("register " + text(to) + " is an input and cannot be written");
  if (to >= firstOutput) {
    const int32_t width = programOperands_->at(size_t(draft.first + to - firstOutput)).width;
    if (width != micro.width)
      fail("register " + text(to) + " is an output of width " + text(width) + ", written with " + text(micro.width));
  }
  RegisterState &state = draft.registers[size_t(to)];
  if (micro.op == Micro::constant) {
    const int32_t re = reader_.next("a constant's real part"), im = reader_.next("a constant's imaginary part");
    const Register constant{Place::constant, int32_t(constantPair(re, im, micro.width))};
    state.width = micro.width;
    if (to < firstOutput) {
      // A temporary that holds a constant is read where the constant is.
      state.at = constant;
      return;
    }
    if (isTotal(state.at)) fail("register " + text(to) + " is a total over examples, to which one move adds");
    micro.a = micro.b = constant;
  } else {
    const auto width = [&](int w) { return w == ownWidth ? micro.width : w; };
    micro.a = source("a micro-op's first operand", width(info.a));
    if (info.b != 0) {
      micro.b = source("a micro-op's second operand", width(info.b));
    } else {
      reader_.next("a micro-op's second operand");
      micro.b = micro.a;
    }
    if (to < firstOutput) state.at = {Place::temporary, to - firstTemporary};
    if (isTotal(state.at)) {
      if (micro.op != Micro::move || state.width != 0)
        fail("register " + text(to) + " is a total over examples, to which one move adds");
      micro = {Micro::add, micro.width, state.at, state.at, micro.a};
    }
    state.width = micro.width;
  }
  micro.to = state.at;
  draft.micros.push_back(micro);
}

void InstructionDecoder::readResult(Draft &draft) {
  const int32_t r = reader_.below("the register to transform", int64_t(draft.registers.size()));
  const RegisterState &state = draft.registers[size_t(r)];
  if (state.width != 2)
    fail("register " + text(r) + ", which is transformed, " +
         (state.width == 0 ? "is never written" : "is not complex"));
  if (isTotal(state.at)) fail("register " + text(r) + " is a total over examples and cannot be transformed");
  draft.hasResult = true;
  draft.result = state.at;
}

bool InstructionDecoder::isTotal(Register r) const {
  return r.place == Place::operand && programOperands_->at(size_t(r.index)).total;
}

// Whether two operands may overlap: exact where they move alike.
bool InstructionDecoder::sharesMemory(int32_t a, int32_t b) const {
  const Operand &x = (*operands_)[size_t(a)], &y = (*operands_)[size_t(b)];
  if (x.varying != y.varying) return false;
  const bool alike = moveAlike(x, y);
  const Extent &e = extents_[size_t(a)], &f = extents_[size_t(b)];
  const Range p = alike ? e.once : e.always, q = alike ? f.once : f.always;
  return p.low < q.high && q.low < p.high;
}

// An output of a transform's second program in which its levels may work: complex elements in a row, in the same place at
// each step, where no other operand is.
int32_t InstructionDecoder::spareOutput(const Draft &after) const {
  if (!segment_.varying) return -1;
  for (int32_t o = after.first; o < after.first + after.outputs; o++) {
    const ProgramOperand &operand = programOperands_->at(size_t(o));
    bool spare = operand.width == 2 && operand.step == 1 && !operand.total && !operands_->at(size_t(o)).moves;
    for (int32_t other = 0; other < int32_t(operands_->size()); other++)
      spare = spare && (other == o || !sharesMemory(o, other));
    if (spare) return o;
  }
  return -1;
}

void InstructionDecoder::findOnlyRead(std::initializer_list<const Draft *> drafts) {
  for (int32_t o = 0; o < int32_t(operands_->size()); o++) {
    bool only = true;
    for (const Draft *draft : drafts)
      for (int32_t k = 0; k < draft->outputs; k++) only = only && !sharesMemory(o, draft->first + k);
    programOperands_->at(size_t(o)).onlyRead = only;
  }
}

Register InstructionDecoder::newTemporary(Draft &draft) {
  if (draft.temporaries >= mostTemporaries) fail("has too many temporaries");
  return {Place::temporary, draft.temporaries++};
}

void InstructionDecoder::replace(Draft &draft, Register from, Register to) {
  for (MicroInstruction &m : draft.micros)
    for (Register *r : {&m.to, &m.a, &m.b})
      if (same(*r, from)) *r = to;
  if (draft.hasResult && same(draft.result, from)) draft.result = to;
}

// A transform may write straight to an output that nothing else is written to, unless an input is still to be read
// there.
void InstructionDecoder::settleElement(Draft &draft) {
  for (size_t m = 0; m < draft.micros.size(); m++) {
    const MicroInstruction micro = draft.micros[m];
    if (micro.op != Micro::move || !same(micro.a, draft.element) || micro.to.place != Place::operand) continue;
    const int32_t to = micro.to.index;
    bool free = programOperands_->at(size_t(to)).step == 1;
    for (size_t k = 0; k < draft.micros.size(); k++) free = free && (k == m || !same(draft.micros[k].to, micro.to));
    for (int32_t o = 0; o < draft.outputs + draft.inputs; o++)
      free = free && (draft.first + o == to || !sharesMemory(to, draft.first + o));
    if (!free) continue;
    draft.micros.erase(draft.micros.begin() + std::ptrdiff_t(m));
    replace(draft, draft.element, micro.to);
    draft.element = micro.to;
    return;
  }
}

// What is transformed must be complex numbers in a row, that are there when the program is through with a tile.
void InstructionDecoder::settleResult(Draft &draft) {
  const Register from = draft.result;
  if (from.place == Place::temporary) return;
  const int32_t o = from.place == Place::operand    ? from.index
                    : from.place == Place::gathered ? draft.gatherings[size_t(from.index)].operand
                                                    : -1;
  const bool output = from.place == Place::operand && o < draft.first + draft.outputs;
  const bool inARow = o >= 0 && (*operands_)[size_t(o)].varying == segment_.varying &&
                      programOperands_->at(size_t(o)).step == 1;
  bool lasts = true;
  if (from.place == Place::operand)
    for (int32_t k = 0; k < draft.outputs; k++)
      lasts = lasts && (draft.first + k == o || !sharesMemory(o, draft.first + k));
  if (inARow && lasts) return;
  draft.result = newTemporary(draft);
  const MicroInstruction move{Micro::move, 2, draft.result, from, from};
  draft.micros.insert(output ? draft.micros.end() : draft.micros.begin(), move);
}

// An output that shares memory with an input still to be read waits in a temporary until the tile is done.
void InstructionDecoder::settleOutputs(Draft &draft) {
  const size_t written = draft.micros.size();
  for (int32_t o = draft.first; o < draft.first + draft.outputs; o++) {
    const Register output{Place::operand, o};
    const ProgramOperand &operand = programOperands_->at(size_t(o));
    if (operand.step == 0 || operand.total || same(draft.element, output)) continue;
    bool begun = false, wait = false;
    for (size_t m = 0; m < written; m++) {
      if (begun)
        for (const Register &r : {draft.micros[m].a, draft.micros[m].b})
          wait = wait || (r.place == Place::operand && r.index >= draft.first + draft.outputs &&
                          sharesMemory(o, r.index));
      begun = begun || same(draft.micros[m].to, output);
    }
    if (!wait) continue;
    const Register held = newTemporary(draft);
    replace(draft, output, held);
    draft.micros.push_back({Micro::move, programOperands_->at(size_t(o)).width, output, held, held});
  }
}

// Outputs of step 0 are sums. A product that is only summed up goes to the sum directly, anything else by a temporary.
void InstructionDecoder::settleSums(Draft &draft) {
  for (int32_t o = draft.first; o < draft.first + draft.outputs; o++) {
    if (programOperands_->at(size_t(o)).step != 0) continue;
    const Register output{Place::operand, o}, sum{Place::sum, int32_t(draft.sums.size())};
    draft.sums.push_back(o);
    int64_t writes = 0;
    bool direct = !(draft.hasResult && same(draft.result, output));
    for (const MicroInstruction &m : draft.micros) {
      direct = direct && !same(m.a, output) && !same(m.b, output);
      if (!same(m.to, output)) continue;
      writes++;
      direct = direct && (m.op == Micro::move || m.op == Micro::mul || m.op == Micro::conjMul);
    }
    if (direct && writes == 1) {
      replace(draft, output, sum);
      continue;
    }
    const Register held = newTemporary(draft);
    replace(draft, output, held);
    draft.micros.push_back({Micro::move, programOperands_->at(size_t(o)).width, sum, held, held});
  }
}

const Pointwise *InstructionDecoder::finishProgram(const Draft &draft, int64_t tile) {
  if (draft.micros.size() > size_t(mostMicros)) fail("has more than " + text(mostMicros) + " micro-ops");
  const auto &micros = plan_.micros_.emplace_back(draft.micros);
  const auto &gatherings = plan_.gatherings_.emplace_back(draft.gatherings);
  const auto &sums = plan_.sums_.emplace_back(draft.sums);
  return &plan_.programs_.emplace_back(Pointwise{programOperands_->data(), micros.data(), int64_t(micros.size()),
                                                 gatherings.data(), int64_t(gatherings.size()), sums.data(),
                                                 int64_t(sums.size()), draft.temporaries, tile, draft.result,
                                                 draft.element});
}

}  // namespace parseval
