// A line's operations so that fewer wait for the one before them. A processor looks ahead for others by itself, but only
// half as far while the core's other thread is busy.
#include <algorithm>

#include "line.h"

namespace parseval {

namespace {

// Of so many operations that come next the first that need not wait is taken: of more, values would have to be saved.
constexpr size_t window = 6;
constexpr int64_t atOnce = 3;

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

class Ordering {
 public:
  explicit Ordering(const std::vector<Operation> &from)
      : from_(from), comesAlong_(from.size()), before_(from.size()), to_(from.size(), -1), readyAt_(from.size()) {}

  Line run() {
    findReads();
    findOrder();
    while (!waiting_.empty()) {
      const auto [place, start] = next();
      if (start > now_) {
        now_ = start;
        taken_ = 0;
      }
      take(waiting_[place]);
      waiting_.erase(waiting_.begin() + std::ptrdiff_t(place));
      if (++taken_ % atOnce == 0) now_++;
    }
    return std::move(line_);
  }

 private:
  template <class F>
  static void eachOperand(const Operation &o, F f) {
    for (const int32_t x : {o.a, o.b, o.c})
      if (x >= 0) f(x);
  }

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
        else before_[size_t(k)].push_back(x);
      });
      if (written >= 0 && (reads || o.writes())) before_[size_t(k)].push_back(written);
      if (reads) reading.push_back(k);
      if (!o.writes()) continue;
      for (const int32_t r : reading)
        if (r != k) before_[size_t(k)].push_back(r);
      reading.clear();
      written = k;
    }
  }

  struct Next {
    size_t place;
    int64_t start;
  };
  Next next() const {
    Next best{waiting_.size(), 0};
    for (size_t i = 0; i < std::min(window, waiting_.size()); i++) {
      int64_t start = 0;
      bool possible = true;
      for (const int32_t b : before_[size_t(waiting_[i])]) {
        possible = possible && to_[size_t(b)] >= 0;
        start = std::max(start, readyAt_[size_t(b)]);
      }
      if (!possible) continue;
      if (best.place == waiting_.size() || start < best.start) best = {i, start};
      if (start <= now_) break;
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
    readyAt_[size_t(k)] = now_ + latencyOf(o.action);
  }

  const std::vector<Operation> &from_;
  std::vector<bool> comesAlong_;              // with the first that wants it
  std::vector<std::vector<int32_t>> before_;  // what each comes after
  std::vector<int32_t> waiting_, to_;
  std::vector<int64_t> readyAt_;
  int64_t now_ = 0, taken_ = 0;
  Line line_;
};

}  // namespace

Line ordered(const Line &line) {
  const std::vector<Operation> &operations = line.operations();
  const bool calls = std::any_of(operations.begin(), operations.end(), [](const Operation &o) { return o.action == Action::call; });
  return calls ? line : Ordering(operations).run();
}

}  // namespace parseval
