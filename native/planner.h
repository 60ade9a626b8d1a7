// How a transform is composed: which radices, in which order, so that a cost model, or a measurement, finds it cheapest.
#pragma once

#include <cstdint>
#include <vector>

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
  std::vector<int64_t> radices;  // empty: there is a prime factor for which nothing but a convolution will do
  double cost;
};

Composition compose(int64_t size, PlannerTarget target);

// The cheapest size at least as large, for a convolution.
int64_t convenientSize(int64_t least, PlannerTarget target);

}  // namespace parseval
