#include "planner.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace parseval {
namespace {

// Of a codelet in the first-level cache, per element of eight floats: as a leaf, and with twiddles. Measured
// (bench/codelets.cc); what counts is how they compare.
struct RadixCost {
  int64_t radix;
  double leaf, twiddled;
};
constexpr double never = 1e30;
constexpr RadixCost radixCosts[] = {
    {2, 0.60, 0.85},  {3, 0.65, 1.00},  {4, 0.65, 0.98},  {5, 0.85, 1.45},  {6, 0.85, 1.35},  {7, 1.35, 2.10},
    {8, 0.86, 1.32},  {9, 1.50, 2.10},  {10, 1.35, 1.80}, {11, 2.95, 3.05}, {12, 1.17, 1.58}, {13, 2.70, 3.50},
    {14, 2.10, 2.43}, {15, 1.67, 2.07}, {16, 1.29, 1.73}, {25, 2.70, 3.35}, {32, 1.80, 2.40}, {64, 2.50, never},
};

// A pass over a block that the first-level cache, or the second, cannot hold, per element; as much for each element
// of 64 bytes.
constexpr double pastFirst = 0.5, pastSecond = 4;
constexpr int64_t firstLevel = 32 << 10, secondLevel = 512 << 10;

double memoryCost(int64_t size, PlannerTarget target) {
  const int64_t bytes = size * target.elementBytes;
  const double lines = double(target.elementBytes) / 64;
  return bytes <= firstLevel ? 0 : bytes <= secondLevel ? pastFirst * lines : pastSecond * lines;
}

double radixCost(int64_t radix, bool leaf) {
  for (const RadixCost &r : radixCosts)
    if (r.radix == radix) return leaf ? r.leaf : r.twiddled;
  // By the definition: two multiply-adds of each pair of a half of the inputs and a half of the outputs.
  return 1.2 + 0.14 * double(radix);
}

bool isPrime(int64_t n) {
  for (int64_t p = 2; p * p <= n; p++)
    if (n % p == 0) return false;
  return n > 1;
}

// Numbers that may be a level of a transform of this size.
std::vector<int64_t> radicesIn(int64_t size) {
  std::vector<int64_t> radices;
  for (const RadixCost &r : radixCosts)
    if (size % r.radix == 0) radices.push_back(r.radix);
  for (int64_t p = 17; p <= largestOddRadix; p += 2)
    if (size % p == 0 && isPrime(p)) radices.push_back(p);
  return radices;
}

}  // namespace

bool hasCodelet(int64_t radix) {
  return radix == 1 || std::any_of(std::begin(radixCosts), std::end(radixCosts),
                                   [&](const RadixCost &r) { return r.radix == radix; });
}

// The cheapest composition of each divisor that the radices reach, as a block of its own that grows from the leaves.
Composition compose(int64_t size, PlannerTarget target) {
  if (size == 1) return {{1}, 1};
  const std::vector<int64_t> radices = radicesIn(size);
  std::map<int64_t, Composition> blocks;  // in ascending order, so that what a block is made of is done before it
  for (const int64_t r : radices) blocks[r] = {{r}, radixCost(r, true) + memoryCost(size, target)};
  for (auto at = blocks.begin(); at != blocks.end(); at++) {
    const Composition below = at->second;
    for (const int64_t r : radices) {
      const int64_t whole = at->first * r;
      if (size % whole != 0) continue;
      const double cost = below.cost + radixCost(r, false) + memoryCost(whole, target);
      Composition &best = blocks[whole];
      if (!best.radices.empty() && best.cost <= cost) continue;
      best.radices = {r};
      best.radices.insert(best.radices.end(), below.radices.begin(), below.radices.end());
      best.cost = cost;
    }
  }
  const auto whole = blocks.find(size);
  return whole == blocks.end() ? Composition{{}, never} : whole->second;
}

int64_t convenientSize(int64_t least, PlannerTarget target) {
  int64_t power = 1;
  while (power < least) power *= 2;
  int64_t best = power;
  double cost = compose(power, target).cost * double(power);
  // With few factors other than two; a size that is more than half as large again is not worth a look.
  for (int64_t odd = 3; odd <= 225; odd += 2) {
    int64_t size = odd;
    while (size < least) size *= 2;
    if (size >= power || size % 8 != 0) continue;
    const Composition c = compose(size, target);
    if (c.cost * double(size) < cost) cost = c.cost * double(size), best = size;
  }
  return best;
}

}  // namespace parseval
