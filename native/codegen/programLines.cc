#include "programLines.h"

#include <algorithm>
#include <cstdlib>

namespace parseval {

// Of vectors that are larger lines come from the last cache or from memory.
constexpr int64_t secondCache = int64_t(512) << 10;
constexpr int64_t cacheLine = 64;
// As far as addresses reach.
constexpr int64_t mostAhead = int64_t(1) << 30;

ProgramLines::ProgramLines(const Instruction &instruction, const Pointwise &program, const void *constants,
                           VectorShape shape, int32_t sumsApart, const LaneFunctions *functions, int32_t firstSum,
                           int64_t spacing, Line &line)
    : instruction_(instruction),
      program_(program),
      constants_(constants),
      shape_(shape),
      sumsApart_(sumsApart),
      functions_(functions),
      firstSum_(firstSum),
      spacing_(spacing),
      line_(line),
      sums_(size_t(program.sumCount)) {}

static bool callsFunction(const MicroInstruction &micro) {
  switch (micro.op) {
    case Micro::sqrt: return micro.width == 2;
    case Micro::exp:
    case Micro::log:
    case Micro::sin:
    case Micro::cos:
    case Micro::tanh:
    case Micro::sigmoid: return true;
    default: return false;
  }
}

static bool callsFunctions(const Pointwise &program) {
  return std::any_of(program.micros, program.micros + program.microCount, callsFunction);
}

bool ProgramLines::possible() const {
  for (int64_t m = 0; m < program_.microCount; m++) {
    const MicroInstruction &micro = program_.micros[m];
    const LaneFunctionKind kind = micro.width == 2 ? ofComplex : ofReal;
    if (callsFunction(micro) && (functions_ == nullptr || (*functions_)[int(micro.op)][kind] == nullptr)) return false;
    for (const Register &r : {micro.to, micro.a, micro.b})
      if (r.place == Place::operand) {
        const int64_t step = program_.operands[r.index].step;
        if (step != 0 && step != 1) return false;
      }
  }
  return true;
}

const int64_t *ProgramLines::tableOf(Tables &tables, const int32_t *permutation, int64_t count, int64_t bytes) {
  std::vector<int64_t> &table = tables[{permutation, bytes}];
  if (table.empty()) {
    for (int64_t j = 0; j < count; j++) table.push_back(permutation[j] * bytes);
    table.resize(table.size() + 2 * mostUnrolled * mostFolded);
  }
  return table.data();
}

int32_t ProgramLines::constant(double value) { return line_.constant(value, shape_.scalarBytes); }

// An operand's beginning. Those that lie still are as far from each other as the plan says, so they share a pointer.
Memory ProgramLines::inOperand(int32_t number) const {
  const auto liesStill = [](const Operand &o) {
    return std::all_of(o.strides, o.strides + maxDepth, [](int64_t stride) { return stride == 0; });
  };
  const Operand *const operands = instruction_.operands, &operand = operands[number];
  Memory m{Memory::Base::pointer};
  m.pointer = number;
  if (!liesStill(operand)) return m;
  const int32_t first = int32_t(std::find_if(operands, operands + number, [&](const Operand &o) {
                                  return o.varying == operand.varying && liesStill(o);
                                }) - operands);
  const int64_t apart = (operand.offset - operands[first].offset) * (operand.varying ? shape_.part() : shape_.scalarBytes);
  if (std::abs(apart) > mostAhead) return m;
  m.pointer = first;
  m.displacement = apart;
  return m;
}

// Varying elements in a row, as many as a vector has.
LineValue ProgramLines::load(Memory m, int32_t width) {
  const int32_t a = line_.load(m);
  if (width == 1) return {a};
  m.displacement += shape_.bytes;
  const int32_t b = line_.load(m);
  if (shape_.fold == 1) return {a, b};
  return {line_.binary(Action::evenParts, a, b), line_.binary(Action::oddParts, a, b)};
}

// What each part has in all of its own.
int32_t ProgramLines::joined(const std::vector<int32_t> &parts) {
  if (parts.size() == 1) return parts[0];
  std::vector<int32_t> pairs;
  for (size_t k = 0; k < parts.size(); k += 2) pairs.push_back(line_.binary(Action::evenParts, parts[k], parts[k + 1]));
  return joined(pairs);
}

// The same of elements that lie anywhere.
LineValue ProgramLines::gathered(Memory m, int32_t width) {
  if (shape_.fold == 1) return load(m, width);
  std::vector<int32_t> elements;
  for (int32_t k = 0; k < shape_.fold; k++, m.element++) elements.push_back(width == 1 ? line_.spread(m) : line_.load(m));
  if (width == 1) return {joined(elements)};
  // Each has two parts.
  if (shape_.fold == 4)
    elements = {line_.binary(Action::lowHalves, elements[0], elements[1]), line_.binary(Action::lowHalves, elements[2], elements[3])};
  return {line_.binary(Action::evenParts, elements[0], elements[1]), line_.binary(Action::oddParts, elements[0], elements[1])};
}

void ProgramLines::store(Memory m, int32_t width, LineValue value) {
  if (width == 1) return line_.store(m, value.re);
  if (shape_.fold > 1)
    value = {line_.binary(Action::zipLow, value.re, value.im), line_.binary(Action::zipHigh, value.re, value.im)};
  line_.store(m, value.re);
  m.displacement += shape_.bytes;
  line_.store(m, value.im);
}

// One number of each example, for all elements.
LineValue ProgramLines::numberOf(Memory m, int32_t width) {
  const auto part = [&] { return shape_.fold == 1 ? line_.load(m) : line_.spread(m); };
  LineValue value{part()};
  m.displacement += shape_.part();
  if (width == 2) value.im = part();
  return value;
}

// One that is the same for all examples.
LineValue ProgramLines::splat(Memory m, int32_t width, bool inARow) {
  if (inARow && shape_.fold > 1) {
    if (width == 1) return {line_.splatRow(m, RowOf::reals)};
    const int32_t re = line_.splatRow(m, RowOf::realParts);
    return {re, line_.splatRow(m, RowOf::imaginaryParts)};
  }
  const auto part = [&] {
    if (m.base != Memory::Base::gathered) return line_.splat(m);
    std::vector<int32_t> elements;
    Memory at = m;
    for (int32_t k = 0; k < shape_.fold; k++, at.element++) elements.push_back(line_.splat(at));
    return joined(elements);
  };
  LineValue value{part()};
  m.displacement += shape_.scalarBytes;
  if (width == 2) value.im = part();
  return value;
}

LineValue ProgramLines::fromOperand(int32_t number, int64_t j, bool gathered) {
  const ProgramOperand &operand = program_.operands[number];
  const bool varying = instruction_.operands[number].varying;
  const int64_t part = varying ? shape_.part() : shape_.scalarBytes, size = part * operand.width;
  Memory m = inOperand(number);
  if (gathered) m.base = Memory::Base::gathered;
  // Behind a call of a function its pointer would have to be read again, too.
  m.fixed = !varying || (operand.onlyRead && !callsFunctions(program_));
  if (gathered) {
    m.table = tableOf(*tables_, operand.permutation, count_, size);
    m.element = j * spacing_;
  } else if (operand.step != 0) {
    m.stride = varying ? Stride::vectors : Stride::scalars;
    m.scale = operand.width;
    m.displacement += j * spacing_ * size;
  }
  const bool isNumber = !gathered && operand.step == 0;
  const LineValue value = !varying   ? splat(m, operand.width, !gathered && !isNumber)
                          : gathered ? this->gathered(m, operand.width)
                          : isNumber ? numberOf(m, operand.width)
                                     : load(m, operand.width);
  // Entries behind a permutation lie anywhere: those of the next column are asked for.
  if (gathered && varying && count_ * size > secondCache) {
    m.element += inARow_ ? columnElements_ : shape_.fold;
    for (int32_t k = 0; k < shape_.fold; k++, m.element++) prefetch(m, size);
  } else if (const int64_t ahead = untilNextStep(number); ahead != 0) {
    m.displacement += ahead;
    prefetch(m, size * shape_.fold);
  }
  return value;
}

void ProgramLines::prefetch(Memory m, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += cacheLine, m.displacement += cacheLine) line_.prefetch(m);
}

LineValue ProgramLines::read(Register r, int32_t width) {
  if (r.place == Place::constant) {
    const auto number = [&](int32_t k) {
      return shape_.scalarBytes == 8 ? static_cast<const double *>(constants_)[k]
                                     : double(static_cast<const float *>(constants_)[k]);
    };
    return {constant(number(r.index)), width == 2 ? constant(number(r.index + 1)) : -1};
  }
  const std::pair<int32_t, int32_t> key{int32_t(r.place), r.index};
  auto &known = known_[j_];
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  const bool gathered = r.place == Place::gathered;
  const int32_t operand = gathered ? program_.gatherings[r.index].operand : r.index;
  return known[key] = fromOperand(operand, j_, gathered);
}

// Whether the loop leaves behind more than a cache holds, each step in a place of its own.
bool ProgramLines::isHistory(int32_t number) const {
  constexpr int64_t cache = int64_t(1) << 20;
  const Operand &operand = instruction_.operands[number];
  if (instruction_.depth == 0 || !operand.varying) return false;
  const int64_t stride = operand.strides[instruction_.depth - 1];
  return std::abs(stride) >= count_ * program_.operands[number].width &&
         std::abs(stride) * loop_->steps * shape_.part() > cache;
}

// Whether its vectors begin at multiples of their length, as those written past the caches must: of a folded shape not all do.
bool ProgramLines::isAligned(int32_t number) const {
  const Operand &operand = instruction_.operands[number];
  return operand.offset % shape_.fold == 0 &&
         std::all_of(operand.strides, operand.strides + instruction_.depth, [&](int64_t s) { return s % shape_.fold == 0; });
}

// Bytes to where the next step reads what has long left the caches; 0 where another operand is there a step ahead.
int64_t ProgramLines::untilNextStep(int32_t number) const {
  if (!isHistory(number)) return 0;
  const Operand &operand = instruction_.operands[number];
  const int64_t stride = operand.strides[instruction_.depth - 1], next = loop_->reverse ? -stride : stride;
  const int64_t ahead = next * shape_.part();
  return std::abs(ahead) > mostAhead || loop_->moving.count(operand.offset + next) > 0 ? 0 : ahead;
}

void ProgramLines::storeTo(int32_t number, LineValue value) {
  const ProgramOperand &operand = program_.operands[number];
  Memory m = inOperand(number);
  m.stride = Stride::vectors;
  m.scale = operand.width;
  m.displacement += j_ * spacing_ * shape_.part() * operand.width;
  m.streamed = isHistory(number) && isAligned(number);
  store(m, operand.width, value);
}

int32_t ProgramLines::inverse(int32_t x) {
  return line_.binary(Action::keepNonzero, x, line_.binary(Action::div, constant(1), x));
}

LineValue ProgramLines::product(LineValue a, LineValue b, bool conjugated) {
  const int32_t rr = line_.mul(a.re, b.re), ii = line_.mul(a.im, b.im);
  const int32_t ri = line_.mul(a.re, b.im), ir = line_.mul(a.im, b.re);
  return conjugated ? LineValue{line_.add(rr, ii), line_.sub(ri, ir)} : LineValue{line_.sub(rr, ii), line_.add(ri, ir)};
}

LineValue ProgramLines::called(Micro op, int32_t width, LineValue a) {
  const LaneFunctionKind kind = width == 2 ? ofComplex : ofReal;
  line_.call(reinterpret_cast<const void *>((*functions_)[int(op)][kind]),
             width == 2 ? std::vector<int32_t>{a.re, a.im} : std::vector<int32_t>{a.re});
  const int32_t re = line_.result(0);
  return {re, width == 2 ? line_.result(1) : -1};
}

LineValue ProgramLines::compute(Micro op, int32_t width, LineValue a, LineValue b) {
  const bool complex = width == 2;
  const auto squared = [&](LineValue z) { return line_.add(line_.mul(z.re, z.re), line_.mul(z.im, z.im)); };
  switch (op) {
    case Micro::constant:
    case Micro::move: return a;
    case Micro::add: return {line_.add(a.re, b.re), complex ? line_.add(a.im, b.im) : -1};
    case Micro::sub: return {line_.sub(a.re, b.re), complex ? line_.sub(a.im, b.im) : -1};
    case Micro::mul: return complex ? product(a, b, false) : LineValue{line_.mul(a.re, b.re)};
    case Micro::conjMul: return product(a, b, true);
    case Micro::div: {
      if (!complex) return {line_.binary(Action::div, a.re, b.re)};
      const int32_t scale = line_.binary(Action::div, constant(1), squared(b));
      const LineValue c = product(b, a, true);
      return {line_.mul(c.re, scale), line_.mul(c.im, scale)};
    }
    case Micro::scale: return {line_.mul(a.re, b.re), line_.mul(a.re, b.im)};
    case Micro::complex: return {a.re, b.re};
    case Micro::neg: return {line_.unary(Action::negate, a.re), complex ? line_.unary(Action::negate, a.im) : -1};
    case Micro::conj: return {a.re, line_.unary(Action::negate, a.im)};
    case Micro::re: return {a.re};
    case Micro::im: return {a.im};
    case Micro::abs: return {line_.unary(Action::magnitude, a.re)};
    case Micro::modulus: return {line_.unary(Action::sqrt, squared(a))};
    case Micro::pinv: {
      if (!complex) return {inverse(a.re)};
      const int32_t scale = inverse(squared(a));
      return {line_.mul(a.re, scale), line_.mul(line_.unary(Action::negate, a.im), scale)};
    }
    case Micro::sqrt:
      if (!complex) return {line_.unary(Action::sqrt, a.re)};
      return called(op, width, a);
    case Micro::relu: return {line_.binary(Action::largest, constant(0), a.re)};
    case Micro::step: return {line_.binary(Action::keepPositive, a.re, constant(1))};
    case Micro::exp:
    case Micro::log:
    case Micro::sin:
    case Micro::cos:
    case Micro::tanh:
    case Micro::sigmoid: return called(op, width, a);
  }
  return a;
}

void ProgramLines::element(int64_t j, const LineValue *handed) {
  j_ = j;
  known_.clear();
  if (handed != nullptr) {
    const Register element = program_.element;
    known_[j][{int32_t(element.place), element.index}] = *handed;
    if (element.place == Place::operand) storeTo(element.index, *handed);
  }
  for (int64_t m = 0; m < program_.microCount; m++) step(program_.micros[m]);
}

void ProgramLines::elements(int64_t count) {
  const auto calls = [&](const MicroInstruction &micro) { return micro.width == 1 && callsFunction(micro); };
  const MicroInstruction *const end = program_.micros + program_.microCount;
  if (std::none_of(program_.micros, end, calls)) {
    for (int64_t j = 0; j < count; j++) element(j, nullptr);
    return;
  }
  known_.clear();
  for (const MicroInstruction *micro = program_.micros; micro != end; micro++) {
    const int64_t together = calls(*micro) ? count / vectorsAtOnce * vectorsAtOnce : 0;
    for (int64_t first = 0; first < together; first += vectorsAtOnce) stepsOfSeveral(*micro, first);
    for (j_ = together; j_ < count; j_++) step(*micro);
  }
}

// Of the elements from `first` on.
void ProgramLines::stepsOfSeveral(const MicroInstruction &micro, int64_t first) {
  std::vector<int32_t> arguments;
  for (j_ = first; j_ < first + vectorsAtOnce; j_++) arguments.push_back(read(micro.a, 1).re);
  line_.call(reinterpret_cast<const void *>((*functions_)[int(micro.op)][ofSeveral]), arguments);
  std::vector<int32_t> results;
  for (int32_t part = 0; part < vectorsAtOnce; part++) results.push_back(line_.result(part));
  for (j_ = first; j_ < first + vectorsAtOnce; j_++) keep(micro, {results[size_t(j_ - first)]});
}

void ProgramLines::step(const MicroInstruction &micro) {
  const MicroInfo &info = microTable[int(micro.op)];
  const auto width = [&](int w) { return w == ownWidth ? micro.width : w; };
  const bool constantOnly = micro.op == Micro::constant;
  const bool grouped = micro.to.place == Place::operand && isGrouped(micro.to.index);
  const LineValue a = grouped ? LineValue{} : read(micro.a, constantOnly ? micro.width : width(info.a));
  const LineValue b = info.b == 0 ? LineValue{} : read(micro.b, width(info.b));
  if (grouped) addToTotal(micro.to.index, b);
  else if (micro.to.place == Place::sum) addToSum(micro, a, b);
  else keep(micro, compute(micro.op, micro.width, a, b));
}

void ProgramLines::keep(const MicroInstruction &micro, LineValue value) {
  known_[j_][{int32_t(micro.to.place), micro.to.index}] = value;
  if (micro.to.place == Place::operand) storeTo(micro.to.index, value);
}

LineValue ProgramLines::result() { return read(program_.result, 2); }

}  // namespace parseval
