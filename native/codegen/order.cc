// A line's operations so that fewer wait for the one before them. A processor looks ahead for others by itself, but only
// half as far while the core's other thread is busy.
#include <algorithm>

#include "line.h"

namespace parseval {

namespace {

// Of so many operations that come next the first that need not wait is taken: of more, values would have to be saved.
constexpr size_t near = 6;
constexpr int64_t atOnce = 3;
// If all of those wait longer than a sum takes, as for a root or a quotient, one of so many is taken: a processor does not
// look that far behind operations that wait. But none that would leave so few registers of all, and hold so many values more
// than the line's order does there.
constexpr size_t far = 96;
constexpr int64_t patience = 4, spare = 3, most = 3;

int64_t latencyOf(Action action) {
  switch (action) {
    case Action::fmadd:
    case Action::fmsub:
    case Action::fnmadd:
    case Action::fnmsub: return 4;
    case Action::add:
    case Action::sub:
    case Action::mul: return 3;
    case Action::div: return 11;
    case Action::sqrt: return 15;
    default: return 1;
  }
}

// Each operand once.
template <class F>
void eachOperand(const Operation &o, F f) {
  if (o.a >= 0) f(o.a);
  if (o.b >= 0 && o.b != o.a) f(o.b);
  if (o.c >= 0 && o.c != o.a && o.c != o.b) f(o.c);
}

// The values that what has been taken leaves for others to read. What nothing writes to is read again instead.
class Held {
 public:
  explicit Held(const std::vector<Operation> &from) : from_(from), uses_(from.size()), made_(from.size()) {
    for (const Operation &o : from)
      eachOperand(o, [&](int32_t x) { uses_[size_t(x)]++; });
  }

  int64_t count() const { return count_; }
  int64_t countWith(int32_t k) const {
    int64_t count = count_ + (uses_[size_t(k)] > 0 && waits(k));
    eachOperand(from_[size_t(k)], [&](int32_t x) {
      if (!waits(x)) return;
      if (!made_[size_t(x)]) count += uses_[size_t(x)] > 1;
      else count -= uses_[size_t(x)] == 1;
    });
    return count;
  }
  void take(int32_t k) {
    count_ = countWith(k);
    made_[size_t(k)] = true;
    eachOperand(from_[size_t(k)], [&](int32_t x) {
      made_[size_t(x)] = true;
      uses_[size_t(x)]--;
    });
  }

 private:
  bool waits(int32_t x) const { return !(from_[size_t(x)].reads() && from_[size_t(x)].memory.fixed); }

  const std::vector<Operation> &from_;
  std::vector<int32_t> uses_;  // still to come
  std::vector<bool> made_;
  int64_t count_ = 0;
};

class Ordering {
 public:
  Ordering(const std::vector<Operation> &from, int64_t registers)
      : from_(from), room_(registers - spare), comesAlong_(from.size()), after_(from.size()), missing_(from.size()),
        startsAt_(from.size()), heldInOrder_(from.size()), held_(from), to_(from.size(), -1) {}

  Line run() {
    findReads();
    findOrder();
    findHeldInOrder();
    while (!waiting_.empty()) {
      const size_t place = next();
      const int32_t k = waiting_[place];
      if (startsAt_[size_t(k)] > now_) {
        now_ = startsAt_[size_t(k)];
        taken_ = 0;
      }
      take(k);
      waiting_.erase(waiting_.begin() + std::ptrdiff_t(place));
      if (++taken_ % atOnce == 0) now_++;
    }
    return std::move(line_);
  }

 private:
  // What is read goes with the first that wants it, unless something is written in between.
  void findReads() {
    std::vector<int32_t> written(from_.size());
    int32_t writes = 0;
    std::vector<bool> met(from_.size());
    for (size_t k = 0; k < from_.size(); k++) {
      written[k] = writes;
      writes += from_[k].writes();
      eachOperand(from_[k], [&](int32_t x) {
        const Operation &o = from_[size_t(x)];
        if (met[size_t(x)] || !o.reads()) return;
        met[size_t(x)] = true;
        comesAlong_[size_t(x)] = o.memory.fixed || written[size_t(x)] == written[k];
      });
    }
  }

  void comesAfter(int32_t k, int32_t before) {
    after_[size_t(before)].push_back(k);
    missing_[size_t(k)]++;
  }

  // Operands come before what they are for; what is written in the line's order, and after what was read before it.
  void findOrder() {
    int32_t written = -1;
    std::vector<int32_t> reading;
    for (int32_t k = 0; k < int32_t(from_.size()); k++) {
      const Operation &o = from_[size_t(k)];
      if (comesAlong_[size_t(k)]) continue;
      waiting_.push_back(k);
      bool reads = o.reads() && !o.memory.fixed;
      eachOperand(o, [&](int32_t x) {
        if (comesAlong_[size_t(x)]) reads = reads || !from_[size_t(x)].memory.fixed;
        else comesAfter(k, x);
      });
      if (written >= 0 && (reads || o.writes())) comesAfter(k, written);
      if (reads) reading.push_back(k);
      if (!o.writes()) continue;
      for (const int32_t r : reading)
        if (r != k) comesAfter(k, r);
      reading.clear();
      written = k;
    }
  }

  void findHeldInOrder() {
    Held held = held_;
    for (const int32_t k : waiting_) {
      heldInOrder_[size_t(k)] = held.count();
      held.take(k);
    }
  }

  size_t next() const {
    const auto start = [&](size_t place) { return startsAt_[size_t(waiting_[place])]; };
    const int64_t room = std::max(room_, heldInOrder_[size_t(waiting_[0])] + most);
    size_t best = waiting_.size();
    for (size_t i = 0; i < std::min(far, waiting_.size()); i++) {
      if (i >= near && best < waiting_.size() && start(best) - now_ <= patience) break;
      if (missing_[size_t(waiting_[i])] > 0) continue;
      if (i >= near && held_.countWith(waiting_[i]) > room) continue;
      if (start(i) <= now_) return i;
      if (best == waiting_.size() || start(i) < start(best)) best = i;
    }
    return best;
  }

  void take(int32_t k) {
    Operation o = from_[size_t(k)];
    for (int32_t *x : {&o.a, &o.b, &o.c}) {
      if (*x < 0) continue;
      int32_t &to = to_[size_t(*x)];
      if (to < 0) to = line_.put(from_[size_t(*x)]);
      *x = to;
    }
    to_[size_t(k)] = line_.put(o);
    held_.take(k);
    const int64_t ready = now_ + latencyOf(o.action);
    for (const int32_t later : after_[size_t(k)]) {
      missing_[size_t(later)]--;
      startsAt_[size_t(later)] = std::max(startsAt_[size_t(later)], ready);
    }
  }

  const std::vector<Operation> &from_;
  const int64_t room_;
  std::vector<bool> comesAlong_;             // with the first that wants it
  std::vector<std::vector<int32_t>> after_;  // what comes after each
  std::vector<int32_t> missing_;             // how many that each comes after are waiting
  std::vector<int64_t> startsAt_;
  std::vector<int64_t> heldInOrder_;         // before each, if all were taken in the line's order
  Held held_;
  std::vector<int32_t> waiting_, to_;
  int64_t now_ = 0, taken_ = 0;
  Line line_;
};

}  // namespace

Line ordered(const Line &line, int64_t registers) {
  const std::vector<Operation> &operations = line.operations();
  const bool calls = std::any_of(operations.begin(), operations.end(), [](const Operation &o) { return o.action == Action::call; });
  return calls ? line : Ordering(operations, registers).run();
}

}  // namespace parseval
