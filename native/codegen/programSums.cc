// What a program adds up in its column: inner products, and totals that are kept four elements to a vector.
#include "programLines.h"

namespace parseval {

// Elements whose totals share a vector.
constexpr int64_t groupSize = TotalLayout::group;

// A vector whose first part is that one of x, and the next is the next if the number is even. The sign stays in front, where what
// contracts products finds it.
int32_t ProgramLines::partOf(int32_t x, int32_t part) {
  if (part == 0) return x;
  const Operation o = line_.operations()[size_t(x)];
  if (o.action == Action::negate) return line_.unary(Action::negate, partOf(o.a, part));
  if (part > 1) return partOf(line_.binary(Action::highHalves, x, x), part - 2);
  return line_.binary(Action::oddParts, x, x);
}

LineValue ProgramLines::partOf(LineValue x, int32_t part) {
  return {x.re < 0 ? -1 : partOf(x.re, part), x.im < 0 ? -1 : partOf(x.im, part)};
}

// In one order, whatever the vectors and whether elements share one: what an example gives does not depend on its batch.
void ProgramLines::addToSum(const MicroInstruction &micro, LineValue a, LineValue b) {
  Sum &sum = sums_[size_t(micro.to.index)];
  const auto add = [&](LineValue &to, LineValue x, LineValue y) {
    const LineValue term = compute(micro.op, micro.width, x, y);
    to.re = to.re < 0 ? term.re : line_.add(to.re, term.re);
    if (micro.width == 2) to.im = to.im < 0 ? term.im : line_.add(to.im, term.im);
  };
  if (!inARow_ || shape_.fold == 1) return add(j_ % sumsApart_ == 0 ? sum.even : sum.odd, a, b);
  // Those of even and of odd number are two parts of one vector, unless they belong to one sum.
  for (int32_t k = 0; k < shape_.fold; k += sumsApart_) add(sum.even, partOf(a, k), partOf(b, k));
  if ((j_ + 1) % (mostUnrolled / shape_.fold) != 0) return;
  if (sumsApart_ == 2) sum.odd = partOf(sum.even, 1);
  sum.groups.push_back(joined(sum));
  sum.even = sum.odd = {};
}

LineValue ProgramLines::joined(const Sum &sum) {
  const auto both = [&](int32_t even, int32_t odd) { return even < 0 || odd < 0 ? even : line_.addApart(even, odd); };
  return {both(sum.even.re, sum.odd.re), both(sum.even.im, sum.odd.im)};
}

// Whether the total is kept four elements to a vector: a quarter of the lines, for some shuffles.
bool ProgramLines::isGrouped(int32_t number) const {
  const ProgramOperand &operand = program_.operands[number];
  if (!operand.total || shape_.scalarBytes != 4) return false;
  const int64_t together = inARow_ ? groupSize * shape_.fold : groupSize;
  if (columnElements_ % together != 0 || count_ % columnElements_ != 0) return false;
  const Operand &at = instruction_.operands[number];
  for (int32_t d = 0; d < instruction_.depth; d++)
    if (at.strides[d] != 0) return false;
  return totals_->offsets.count(at.offset) > 0;
}

void ProgramLines::addToTotal(int32_t number, LineValue term) {
  if (totals_->masked) {
    Memory m{Memory::Base::pointer};
    m.pointer = instruction_.operandCount + maskPointer;
    m.fixed = true;
    const int32_t mask = numberOf(m, 1).re;
    for (int32_t *part : {&term.re, &term.im})
      if (*part >= 0) *part = line_.binary(Action::bitAnd, *part, mask);
  }
  Arrivals &a = arrivals_[number];
  a.elements.push_back(j_);
  // Two that are there are added at once, as fewer registers hold them.
  if (a.elements.size() % 2 == 1) a.single = term;
  else a.pairs.push_back({pairOf(a.single.re, term.re), pairOf(a.single.im, term.im)});
  if (int64_t(a.elements.size()) % groupSize == 0) addGroup(number);
}

// Of terms a and b, in each 16 bytes: a₀+a₂, b₀+b₂, a₁+a₃, b₁+b₃.
int32_t ProgramLines::pairOf(int32_t a, int32_t b) {
  if (a < 0) return -1;
  return line_.addApart(line_.binary(Action::unpackLow, a, b), line_.binary(Action::unpackHigh, a, b));
}

// Of terms a, b, c, d, in each 16 bytes: a₀+…+a₃, b₀+…+b₃, c₀+…+c₃, d₀+…+d₃.
void ProgramLines::addGroup(int32_t number) {
  Arrivals &arrivals = arrivals_[number];
  const int64_t group = int64_t(arrivals.elements.size()) / groupSize - 1;
  const int32_t width = program_.operands[number].width;
  Memory m = inOperand(number);
  if (inARow_) {
    m.stride = Stride::scalars;
    m.scale = width * shape_.lanes() / groupSize;
  } else {
    m.stride = Stride::vectors;
    m.scale = width;
  }
  m.displacement += group * spacing_ * width * shape_.part();
  const auto sumsOf = [&](bool imaginary) {
    const LineValue first = arrivals.pairs[0], second = arrivals.pairs[1];
    const int32_t ab = imaginary ? first.im : first.re, cd = imaginary ? second.im : second.re;
    return line_.addApart(line_.binary(Action::lowPairs, ab, cd), line_.binary(Action::highPairs, ab, cd));
  };
  // A folded vector has a group of each of its columns, or of elements as far apart as it has elements.
  const LineValue before = load(m, width);
  LineValue after{line_.addApart(before.re, sumsOf(false))};
  if (width == 2) after.im = line_.addApart(before.im, sumsOf(true));
  store(m, width, after);
  arrivals.pairs.clear();
}

void ProgramLines::recordTotal(int32_t number) {
  const std::vector<int64_t> &elements = arrivals_[number].elements;
  TotalLayout layout{instruction_.operands[number].offset, count_ * program_.operands[number].width,
                     program_.operands[number].width, std::vector<int32_t>(size_t(count_))};
  const int64_t columns = count_ / columnElements_, groups = columnElements_ / groupSize;
  const int64_t together = inARow_ ? shape_.fold : 1;  // of one column
  for (int64_t column = 0; column < columns; column++)
    for (int64_t k = 0; k < columnElements_ / together; k++)
      for (int64_t part = 0; part < together; part++) {
        const int64_t j = elements[size_t(k)] * spacing_, group = k / groupSize;
        const int64_t element = inARow_ ? column * columnElements_ + j + part : column + j;
        const int64_t place = inARow_ ? column * groups + group * together + part : column + group * spacing_;
        layout.places[size_t(element)] = int32_t(place * groupSize + k % groupSize);
      }
  totals_->layouts.push_back(std::move(layout));
}

void ProgramLines::finish() {
  for (const auto &[number, arrivals] : arrivals_) recordTotal(number);
  arrivals_.clear();
  for (int64_t s = 0; s < program_.sumCount; s++) {
    const Sum &sum = sums_[size_t(s)];
    const LineValue last = joined(sum);
    Memory m{Memory::Base::pointer};
    m.pointer = instruction_.operandCount + sumsPointer;
    m.displacement = (firstSum_ + s) * 2 * shape_.part();
    for (const bool imaginary : {false, true}) {
      const auto part = [&](LineValue x) { return imaginary ? x.im : x.re; };
      std::vector<int32_t> terms;
      for (const LineValue &group : sum.groups) terms.push_back(part(group));
      if (part(last) >= 0) {
        terms.push_back(part(last));
        // Those of the columns that go together with it.
        for (int32_t k = 1; k < shape_.fold; k++) terms.push_back(partOf(part(last), k));
      }
      if (terms.empty() || terms[0] < 0) continue;
      int32_t total = numberOf(m, 1).re;
      for (const int32_t term : terms) total = line_.addApart(total, term);
      if (shape_.fold == 1) line_.store(m, total);
      else line_.storeFirst(m, total);
      m.displacement += shape_.part();
    }
  }
  sums_.assign(sums_.size(), {});
}

}  // namespace parseval
