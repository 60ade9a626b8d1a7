// The body of a generated kernel: operations on vectors in one straight line, each the only one to give its value.
// Values are named by their operation's place in the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "assembler.h"

namespace parseval {

// Which of a kernel's pointers moves with the column, and what an address adds to it.
enum class Stride : uint8_t { none, scalars, vectors };

// Where a vector, or a scalar for all lanes, lies.
struct Memory {
  enum class Base : uint8_t { pointer, gathered, work, twiddles, constant, stack };
  Base base = Base::stack;
  int32_t pointer = 0;             // of `pointer` and `gathered`: which of the call's pointers
  Stride stride = Stride::none;    // of `pointer`
  int32_t scale = 1;
  int64_t displacement = 0;        // of `constant`: the scalar's bits
  const int64_t *table = nullptr;  // of `gathered`: bytes to add for each element
  int64_t element = 0;             // of `gathered`: which entry, counted from the column's first
  bool fixed = false;              // nothing writes here while the kernel runs
  bool streamed = false;           // what is written here is not read for long
};

enum class Action : uint8_t {
  load,    // a vector
  splat,   // a scalar, to all lanes
  // Of folded vectors: one part, to all; a scalar to each part, `part` says of which RowOf.
  spread, splatRow,
  add, sub, mul, div,
  fmadd,   // a b + c
  fmsub,   // a b − c
  fnmadd,  // −a b + c
  fnmsub,  // −a b − c
  negate,
  magnitude,
  sqrt,
  largest,       // the larger of a and b; b where either is NaN
  keepNonzero,   // b where a ≠ 0 (NaN is not), else 0
  keepPositive,  // b where a > 0, else 0
  bitAnd,
  unpackLow, unpackHigh, lowPairs, highPairs, lowHalves, highHalves, evenParts, oddParts, zipLow, zipHigh,  // as in assembler.h
  argument,      // a is vector `part` of what the next call is given
  call,          // a function of lanes
  result,        // part `part` of what the call before it gave
  store,         // a
  storeFirst,    // the first part of a
  prefetch,      // nothing: what lies there will be wanted
};

struct Operation {
  bool hasEffect() const {
    return action == Action::store || action == Action::storeFirst || action == Action::prefetch || action == Action::argument;
  }
  bool writes() const { return action == Action::store || action == Action::storeFirst; }
  // Whether it reads memory and does no more.
  bool reads() const {
    return action == Action::load || action == Action::splat || action == Action::spread || action == Action::splatRow;
  }

  Action action = Action::load;
  int32_t a = -1, b = -1, c = -1;
  Memory memory{};
  const void *function = nullptr;
  int32_t part = 0;
  bool apart = false;  // a sum that is not made one with the sums it adds
};

// A real value of the line, or the two of a complex one.
struct LineValue {
  int32_t re = -1, im = -1;
};

class Line {
 public:
  const std::vector<Operation> &operations() const { return operations_; }

  int32_t load(const Memory &m) { return put({Action::load, -1, -1, -1, m}); }
  // One that nothing writes to is read once, however often it is asked for.
  int32_t spread(const Memory &m) { return once({Action::spread, -1, -1, -1, m}); }
  int32_t splat(const Memory &m) { return once({Action::splat, -1, -1, -1, m}); }
  int32_t splatRow(const Memory &m, RowOf which) { return once({Action::splatRow, -1, -1, -1, m, nullptr, int32_t(which)}); }
  // The number in all lanes.
  int32_t constant(double value, int32_t scalarBytes);
  int32_t unary(Action action, int32_t a) { return put({action, a}); }
  int32_t binary(Action action, int32_t a, int32_t b) { return put({action, a, b}); }
  int32_t add(int32_t a, int32_t b) { return binary(Action::add, a, b); }
  int32_t sub(int32_t a, int32_t b) { return binary(Action::sub, a, b); }
  int32_t mul(int32_t a, int32_t b) { return binary(Action::mul, a, b); }
  int32_t fused(Action action, int32_t a, int32_t b, int32_t c) { return put({action, a, b, c}); }
  int32_t addApart(int32_t a, int32_t b) {
    const int32_t sum = add(a, b);
    operations_.back().apart = true;
    return sum;
  }
  void store(const Memory &m, int32_t a) { put({Action::store, a, -1, -1, m}); }
  void storeFirst(const Memory &m, int32_t a) { put({Action::storeFirst, a, -1, -1, m}); }
  void prefetch(const Memory &m) { put({Action::prefetch, -1, -1, -1, m}); }
  void call(const void *function, const std::vector<int32_t> &arguments) {
    for (size_t k = 0; k < arguments.size(); k++) {
      put({Action::argument, arguments[k]});
      operations_.back().part = int32_t(k);
    }
    put({Action::call});
    operations_.back().function = function;
  }
  int32_t result(int32_t part) {
    put({Action::result});
    operations_.back().part = part;
    return last();
  }
  int32_t put(const Operation &o) {
    operations_.push_back(o);
    return last();
  }

 private:
  int32_t once(const Operation &o);
  int32_t last() const { return int32_t(operations_.size()) - 1; }
  std::vector<Operation> operations_;
  using Place = std::tuple<Action, int32_t, Memory::Base, int32_t, Stride, int32_t, int64_t>;
  std::map<Place, int32_t> splats_;
};

// The same, with products joined to the sums they go to, signs moved into them, and what nobody needs gone.
Line contracted(const Line &line);
// The same in another order, for a processor with so many registers. One that calls functions stays as it is.
Line ordered(const Line &line, int64_t registers);

}  // namespace parseval
