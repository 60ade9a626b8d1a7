// A codelet's operations as data.
#pragma once

#include <cstdint>

namespace parseval {

// ± factor · value, or ± the value times number `twiddle` of the twiddles (re and im count each).
struct CodeletTerm {
  int16_t value = -1, twiddle = -1;
  bool negative = false;
  double factor = 1;
};

// Takes input `index` (load), puts output `index`, or adds one or two terms.
struct CodeletStep {
  enum class Kind : uint8_t { load, store, sum } kind;
  int16_t index = -1;
  CodeletTerm first{}, second{};
};

struct CodeletTable {
  int64_t size;
  bool twiddled;  // decimation in time: inputs 1 … size − 1 are multiplied by twiddles
  const CodeletStep *steps;
  uint64_t count;
};

namespace codelet {

struct Twiddle {
  int16_t number;
};
constexpr Twiddle w(int16_t number) { return {number}; }

constexpr CodeletStep load(int16_t index) { return {CodeletStep::Kind::load, index}; }
constexpr CodeletStep store(int16_t index, int16_t re, int16_t im) {
  return {CodeletStep::Kind::store, index, {re}, {im}};
}
constexpr CodeletTerm plus(int16_t value, double factor = 1) { return {value, -1, false, factor}; }
constexpr CodeletTerm minus(int16_t value, double factor = 1) { return {value, -1, true, factor}; }
constexpr CodeletTerm plus(int16_t value, Twiddle w) { return {value, w.number, false, 1}; }
constexpr CodeletTerm minus(int16_t value, Twiddle w) { return {value, w.number, true, 1}; }
constexpr CodeletStep sum(CodeletTerm a, CodeletTerm b = {}) { return {CodeletStep::Kind::sum, -1, a, b}; }

}  // namespace codelet
}  // namespace parseval
