#include "planner.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <sstream>

namespace parseval {
namespace {

// Of a codelet in the first-level cache, in nanoseconds per element of one machine: as a leaf, and with twiddles; on
// vectors of 32 bytes with 16 registers, and of 64 with 32. Measured (bench/codelets.cc); what counts is how they
// compare.
struct RadixCost {
  int64_t radix;
  double leaf, twiddled, wideLeaf, wideTwiddled;
};
constexpr double never = 1e30;
constexpr RadixCost radixCosts[] = {
    {2, 0.60, 0.85, 0.60, 0.70},  {3, 0.65, 1.00, 0.70, 0.87},  {4, 0.65, 0.98, 0.70, 1.00},
    {5, 0.85, 1.45, 0.82, 1.18},  {6, 0.85, 1.35, 0.73, 1.13},  {7, 1.35, 2.10, 1.07, 1.80},
    {8, 0.86, 1.32, 0.81, 1.15},  {9, 1.50, 2.10, 1.15, 1.67},  {10, 1.35, 1.80, 0.86, 1.44},
    {11, 2.95, 3.05, 1.68, 2.20}, {12, 1.17, 1.58, 0.88, 1.28}, {13, 2.70, 3.50, 1.68, 2.20},
    {14, 2.10, 2.43, 1.48, 1.68}, {15, 1.67, 2.07, 1.46, 1.71}, {16, 1.29, 1.73, 1.06, 1.48},
    {25, 2.70, 3.35, 1.93, 2.60}, {32, 2.00, 2.80, 1.55, 2.25}, {64, 2.50, never, 2.30, never},
};

double radixCost(int64_t radix, bool leaf, PlannerTarget target) {
  const bool wide = target.elementBytes > 64;
  for (const RadixCost &r : radixCosts)
    if (r.radix == radix) return leaf ? (wide ? r.wideLeaf : r.leaf) : wide ? r.wideTwiddled : r.twiddled;
  // By the definition: two multiply-adds of each pair of a half of the inputs and a half of the outputs.
  return 1.2 + 0.14 * double(radix);
}

// Bytes that the caches keep for the work space, and what a pass over more costs per line of 64 bytes.
constexpr int64_t firstLevel = 32 << 10, secondLevel = 512 << 10;
constexpr double pastFirst = 0.5, pastSecond = 4;
constexpr double perLevel = 0.10;  // of loops

// What an element of a column costs that finds its place in the cache taken by others of its column: it comes again from
// the next cache, or from memory.
constexpr double crowdedLeaf = 0.03, crowdedLevel = 0.25, crowdedPastSecond = 3, crowdedEndPastSecond = 1.5;
// At the ends of a transform the operands of its programs want their places, too.
constexpr int64_t endWays = cacheWays / 2;

double crowded(int64_t radix, int64_t apart, int64_t ways) {
  return double(std::max<int64_t>(competing(radix, apart) - ways, 0));
}

// Leaves read a radix of elements far apart, and write as many in a row, which is dear where they are few and the first
// cache does not hold it.
double leafCost(int64_t size, int64_t radix, PlannerTarget target) {
  const int64_t bytes = size * target.elementBytes;
  const double apart =
      bytes <= firstLevel    ? 0
      : bytes <= secondLevel ? 3.0 / double(radix) + crowdedLeaf * crowded(radix, bytes / radix, cacheWays)
                             : pastSecond / 2 + crowdedEndPastSecond * crowded(radix, bytes / radix, endWays);
  return radixCost(radix, true, target) + apart * double(target.elementBytes) / 64;
}

// A level that makes blocks of this size, `isTop`: all of the transform.
double levelCost(int64_t block, int64_t radix, bool isTop, PlannerTarget target) {
  const int64_t bytes = block * target.elementBytes;
  const double cost = radixCost(radix, false, target) + perLevel;
  if (bytes <= firstLevel) return cost;
  const double apart =
      bytes <= secondLevel ? pastFirst + crowdedLevel * crowded(radix, bytes / radix, cacheWays)
      : isTop              ? pastSecond + crowdedEndPastSecond * crowded(radix, bytes / radix, endWays)
                           : pastSecond + crowdedPastSecond * crowded(radix, bytes / radix, cacheWays);
  return cost + apart * double(target.elementBytes) / 64;
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

// The best compositions of each divisor that the radices reach, as a block of its own that grows from the leaves.
std::vector<Composition> compositions(int64_t size, PlannerTarget target, size_t most) {
  if (size == 1) return {{{1}, 1}};
  const std::vector<int64_t> radices = radicesIn(size);
  std::map<int64_t, std::vector<Composition>> blocks;  // ascending: what a block is made of is done before it
  const auto add = [&](int64_t block, Composition c) {
    std::vector<Composition> &best = blocks[block];
    best.insert(std::upper_bound(best.begin(), best.end(), c,
                                 [](const Composition &x, const Composition &y) { return x.cost < y.cost; }),
                std::move(c));
    if (best.size() > most) best.pop_back();
  };
  for (const int64_t r : radices) add(r, {{r}, leafCost(size, r, target)});
  for (auto at = blocks.begin(); at != blocks.end(); at++) {
    for (const Composition &below : at->second) {
      for (const int64_t r : radices) {
        const int64_t whole = at->first * r;
        const double cost = below.cost + levelCost(whole, r, whole == size, target);
        if (size % whole != 0 || cost >= never) continue;
        Composition c{{r}, cost};
        c.radices.insert(c.radices.end(), below.radices.begin(), below.radices.end());
        add(whole, std::move(c));
      }
    }
  }
  const auto whole = blocks.find(size);
  return whole == blocks.end() ? std::vector<Composition>{} : whole->second;
}

int64_t convenientSize(int64_t least, PlannerTarget target) {
  int64_t power = 1;
  while (power < least) power *= 2;
  int64_t best = power;
  double cost = compositions(power, target, 1).front().cost * double(power);
  // With few factors other than two; a size that is more than half as large again is not worth a look.
  for (int64_t odd = 3; odd <= 225; odd += 2) {
    int64_t size = odd;
    while (size < least) size *= 2;
    if (size >= power || size % 8 != 0) continue;
    const std::vector<Composition> c = compositions(size, target, 1);
    if (!c.empty() && c[0].cost * double(size) < cost) cost = c[0].cost * double(size), best = size;
  }
  return best;
}

namespace {

constexpr const char *signature = "parseval-wisdom 1";
constexpr int64_t largestSize = int64_t(1) << 31;

using Compositions = std::map<std::pair<Precision, int64_t>, std::vector<int64_t>>;
std::mutex wisdomLock;
Compositions known;

const char *nameOf(Precision precision) { return precision == Precision::Single ? "single" : "double"; }

// What is wrong with a line, or nothing.
std::string addLine(Compositions &to, const std::string &line) {
  std::istringstream words(line);
  std::string precision;
  int64_t size = 0, product = 1;
  words >> precision >> size;
  if (precision != "single" && precision != "double") return "it begins with neither 'single' nor 'double'";
  if (!words || size < 2 || size > largestSize) return "its size is no number from 2 to 2^31";
  std::vector<int64_t> radices;
  for (int64_t radix; words >> radix;) {
    const bool usable = radix > 1 && (hasCodelet(radix) || (radix <= largestOddRadix && isPrime(radix)));
    if (!usable) return "there is no radix " + std::to_string(radix);
    product *= radix;
    if (product > size) break;
    if (!radices.empty() && radixCost(radices.back(), false, {64}) >= never)
      return "radix " + std::to_string(radices.back()) + " is for leaves only";
    radices.push_back(radix);
  }
  if (product == size && !words.eof()) return "something other than a radix is in it";
  if (product != size) return "its radices do not make " + std::to_string(size);
  to[{precision == "single" ? Precision::Single : Precision::Double, size}] = radices;
  return "";
}

}  // namespace

std::string wisdom() {
  const std::lock_guard<std::mutex> lock(wisdomLock);
  std::string text = std::string(signature) + "\n";
  for (const auto &[key, radices] : known) {
    text += std::string(nameOf(key.first)) + " " + std::to_string(key.second);
    for (const int64_t r : radices) text += " " + std::to_string(r);
    text += "\n";
  }
  return text;
}

void learn(const std::string &text) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != signature)
    throw WisdomError(std::string("wisdom begins with the line '") + signature + "'");
  const std::lock_guard<std::mutex> lock(wisdomLock);
  Compositions grown = known;
  for (int64_t number = 2; std::getline(lines, line); number++) {
    if (line.empty()) continue;
    const std::string wrong = addLine(grown, line);
    if (!wrong.empty()) throw WisdomError("wisdom, line " + std::to_string(number) + ": " + wrong);
  }
  known = std::move(grown);
}

void forgetWisdom() {
  const std::lock_guard<std::mutex> lock(wisdomLock);
  known.clear();
}

std::vector<int64_t> radicesOf(int64_t size, PlannerTarget target, Precision precision) {
  {
    const std::lock_guard<std::mutex> lock(wisdomLock);
    const auto found = known.find({precision, size});
    if (found != known.end()) return found->second;
  }
  const std::vector<Composition> best = compositions(size, target, 1);
  return best.empty() ? std::vector<int64_t>{} : best[0].radices;
}

}  // namespace parseval
