// How a transform is composed: which radices, in which order, so that a cost model, or a measurement, finds it cheapest.
#pragma once

#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "scalarTable.h"

namespace parseval {

// Radices with a codelet, and odd ones without one up to this, which compute by the definition.
constexpr int64_t largestOddRadix = 61;
bool hasCodelet(int64_t radix);

// What a work space and a cache are measured in: bytes of a complex element in all lanes.
struct PlannerTarget {
  int64_t elementBytes;
};

// A way to transform, from the whole to the leaves, and what it costs per element, in nanoseconds of some machine.
struct Composition {
  std::vector<int64_t> radices;
  double cost;
};

// Numbers in a first-level cache, of present processors' the smallest, that share a place when they are a multiple of its
// period apart; and how many of a column's, so many bytes apart, meet in one.
constexpr int64_t cachePeriod = 4096, cacheWays = 8;
constexpr int64_t competing(int64_t radix, int64_t apart) { return radix * std::gcd(apart, cachePeriod) / cachePeriod; }

// By the cost model, the cheapest first, at most so many.
std::vector<Composition> compositions(int64_t size, PlannerTarget target, size_t most);

// As wisdom has it; else the cheapest by the cost model.
std::vector<int64_t> radicesOf(int64_t size, PlannerTarget target, Precision precision);

// The cheapest size at least as large, for a convolution.
int64_t convenientSize(int64_t least, PlannerTarget target);

// Wisdom: compositions that measurements, or a user, found better than what the cost model says, kept for the
// process. As text: a signature, then a line each of precision, size, and radices from the whole to the leaves.
struct WisdomError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
std::string wisdom();
// Adds to it, or, if any line is wrong, throws and adds nothing.
void learn(const std::string &text);
void forgetWisdom();

}  // namespace parseval
