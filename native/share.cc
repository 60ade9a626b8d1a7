#include "share.h"

#include <algorithm>
#include <cmath>

namespace parseval {

namespace {

// A block with less work than this is not worth the way of its values from one core to another.
constexpr double leastShared = 1e5, leastPart = 0.03;

double micros(const Pointwise *program) { return program == nullptr ? 0 : double(program->microCount); }

double costAt(const PlanSegment &segment, int64_t at);

int64_t after(const PlanSegment &segment, int64_t at) {
  const Instruction &i = segment.instructions[size_t(at)];
  return i.op == Opcode::loop ? i.end : at + 1;
}

double costOf(const PlanSegment &segment, int64_t from, int64_t end) {
  double cost = 0;
  for (int64_t at = from; at < end; at = after(segment, at)) cost += costAt(segment, at);
  return cost;
}

double costAt(const PlanSegment &segment, int64_t at) {
  constexpr double perInstruction = 30, perLevelOfTwo = 4;
  const Instruction &i = segment.instructions[size_t(at)];
  const auto n = [&](int k) { return double(i.attributes[k]); };
  switch (i.op) {
    case Opcode::loop: return n(0) * costOf(segment, at + 1, i.end);
    case Opcode::map: return perInstruction + n(0) * (1 + micros(i.program));
    case Opcode::transform:
      return perInstruction + n(0) * (micros(i.program) + micros(i.after) + perLevelOfTwo * std::log2(n(0)));
    case Opcode::matvec:
    case Opcode::outer: return perInstruction + n(0) * n(1) * n(2) * n(2);
    case Opcode::contract: return perInstruction + n(0) * n(1) * n(2) * n(3) * n(3);
    case Opcode::take: return perInstruction + n(1);
    case Opcode::permute:
    case Opcode::batchSize: return perInstruction;
    default: return perInstruction + n(0) * std::max(1.0, n(1));
  }
}

// Where so much of the work is done, up to a step of an outermost loop.
Point pointAt(const PlanSegment &segment, double cost) {
  for (int64_t at = 0; at < int64_t(segment.instructions.size()); at = after(segment, at)) {
    const double whole = costAt(segment, at);
    const Instruction &i = segment.instructions[size_t(at)];
    if (cost < whole) return {at, i.op == Opcode::loop ? int64_t(double(i.attributes[0]) * cost / whole) : 0};
    cost -= whole;
  }
  return {int64_t(segment.instructions.size()), 0};
}

}  // namespace

std::vector<Part> share(const std::vector<const PlanSegment *> &segments, int threads) {
  const auto end = [&](size_t k) { return Point{int64_t(segments[k]->instructions.size()), 0}; };
  std::vector<double> costs;
  for (size_t k = 0; k < segments.size(); k++)
    costs.push_back(k > 0 && segments[k] == segments[k - 1] ? costs.back() : costOf(*segments[k], 0, end(k).instruction));
  double all = 0, largest = 0;
  for (const double c : costs) all += c, largest = std::max(largest, c);
  const double piece = std::max(all / threads, largest);
  std::vector<Part> first, whole, last;
  double begin = 0;
  for (size_t k = 0; k < segments.size(); k++) {
    const double cut = std::ceil(begin / piece) * piece - begin;  // the next end of a piece, from where the block begins
    begin += costs[k];
    const bool isCut = int64_t(segments.size()) > threads && costs[k] > leastShared && cut > leastPart * costs[k] &&
                       cut < (1 - leastPart) * costs[k];
    // The second part lies in a piece's end, the first one at the beginning of the next.
    const Point middle = isCut ? pointAt(*segments[k], costs[k] - cut) : Point{0, 0};
    if (middle.instruction == 0 && middle.step == 0) {
      whole.push_back({int64_t(k), {0, 0}, end(k), true, true});
      continue;
    }
    first.push_back({int64_t(k), {0, 0}, middle, true, false});
    last.insert(last.begin(), {int64_t(k), middle, end(k), false, true});
  }
  first.insert(first.end(), whole.begin(), whole.end());
  first.insert(first.end(), last.begin(), last.end());
  return first;
}

}  // namespace parseval
