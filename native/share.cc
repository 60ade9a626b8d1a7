#include "share.h"

#include <algorithm>
#include <cmath>

namespace parseval {

namespace {

// What is left over is cut into parts of a sixteenth of a block, and smaller ones towards its end, of a quarter of what is then
// left, so that no thread is done much before the others. Less work than this is not worth the way of a block's values from one
// core to another, and so is a block that has but two parts more left than the thread's own.
constexpr double largest = 1.0 / 16, smallest = 1.0 / 64, ofRest = 0.25, leastPart = 5e4;
constexpr size_t worthLeaving = 3;

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

bool operator<(const Point &a, const Point &b) {
  return a.instruction != b.instruction ? a.instruction < b.instruction : a.step < b.step;
}

}  // namespace

size_t narrowest(int64_t examples, const std::vector<int64_t> &rooms) {
  size_t kind = 0;
  while (kind + 1 < rooms.size() && examples <= rooms[kind + 1]) kind++;
  return kind;
}

std::vector<int64_t> divided(int64_t batch, const std::vector<int64_t> &rooms) {
  // What a block takes, of one with the most room (measured in single precision: 0.5 to 0.7, 0.3 to 0.4).
  constexpr double costs[] = {1, 0.62, 0.4};
  // So much must be gained where full blocks would do: two narrow blocks are more work than one.
  constexpr double worthwhile = 0.9;
  const int64_t most = rooms[0];
  std::vector<int64_t> blocks, best;
  double leastTime = 0;
  // With none or one of the full blocks taken apart.
  for (int64_t full = batch / most, apart = 0; apart < 2 && full >= 0; full--, apart++)
    for (const int64_t room : rooms) {
      blocks.clear();
      double all = double(full), longest = full > 0 ? costs[0] : 0;
      for (int64_t left = batch - full * most; left > 0; left -= room) {
        const int64_t examples = std::min(left, room);
        const double cost = costs[narrowest(examples, rooms)];
        blocks.push_back(examples);
        all += cost;
        longest = std::max(longest, cost);
      }
      const double time = std::max(longest, all / 2);
      if (leastTime > 0 && time > worthwhile * leastTime) continue;
      leastTime = time;
      best.assign(size_t(full), most);
      best.insert(best.end(), blocks.begin(), blocks.end());
    }
  return best;
}

std::vector<std::vector<Part>> share(const std::vector<const PlanSegment *> &segments, int threads) {
  const size_t blocks = segments.size(), few = size_t(threads) + 1;
  const size_t whole = blocks < few ? blocks : blocks - few;  // one for each thread, or so many that they come first
  std::vector<std::vector<Part>> result;
  for (size_t k = 0; k < blocks; k++) {
    const PlanSegment &segment = *segments[k];
    const Point end{int64_t(segment.instructions.size()), 0};
    std::vector<Part> &parts = result.emplace_back();
    Point from{0, 0};
    const double cost = k < whole ? 0 : costOf(segment, 0, end.instruction);
    for (double left = cost;;) {
      const double part = std::max(std::clamp(ofRest * left, smallest * cost, largest * cost), leastPart);
      left -= part;
      if (left < part / 2) break;
      const Point to = pointAt(segment, cost - left);
      if (!(from < to)) continue;
      parts.push_back({int64_t(k), from, to, parts.empty(), false});
      from = to;
    }
    parts.push_back({int64_t(k), from, end, parts.empty(), true});
  }
  return result;
}

Queue::Queue(const std::vector<std::vector<Part>> &blocks) : blocks_(blocks), done_(blocks.size()), taken_(blocks.size()) {}

const Part *Queue::next(const Part *ended) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t count = blocks_.size(), own = ended == nullptr ? count : size_t(ended->block);
  if (ended != nullptr) {
    done_[own]++;
    taken_[own] = false;
  }
  if (whole_ < count && blocks_[whole_].size() == 1) return &blocks_[whole_++][0];
  const auto left = [&](size_t k) { return k < count ? blocks_[k].size() - done_[k] : 0; };
  size_t other = count;
  for (size_t k = whole_; k < count; k++)
    if (k != own && !taken_[k] && left(k) > left(other)) other = k;
  const size_t best = left(own) > 0 && left(other) < left(own) + worthLeaving ? own : other;
  if (left(best) == 0) return nullptr;
  taken_[best] = true;
  return &blocks_[best][done_[best]];
}

}  // namespace parseval
