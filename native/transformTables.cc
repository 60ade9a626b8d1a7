#include "transformTables.h"

#include <algorithm>
#include <cmath>

#include "memory.h"

namespace parseval {
namespace {

using Number = std::complex<long double>;

// e^(−2πi k/n), with the angle brought into an eighth of a turn, where sine and cosine are most exact.
Number root(int64_t k, int64_t n) {
  const long double turn = 6.283185307179586476925286766559005768L;
  k = (k % n + n) % n;
  const bool mirrored = 2 * k > n;
  if (mirrored) k = n - k;
  const bool obtuse = 4 * k > n;
  long double c, s;
  // Within half a turn: the angle from the nearest axis, in units of a turn / 4n.
  const int64_t quarter = obtuse ? 2 * n - 4 * k : 4 * k;
  if (2 * quarter > n) {
    const long double angle = turn * (long double)(n - quarter) / (4.0L * (long double)n);
    c = std::sin(angle);
    s = std::cos(angle);
  } else {
    const long double angle = turn * (long double)quarter / (4.0L * (long double)n);
    c = std::cos(angle);
    s = std::sin(angle);
  }
  if (obtuse) c = -c;
  return {c, mirrored ? s : -s};
}

// Elements of equal index in different blocks, a multiple of so many elements apart, share a few places in the cache.
constexpr int64_t many = 32;

// After how many elements the work space leaves one free: the smallest block that is a multiple of that.
int64_t padEveryOf(int64_t size, const std::vector<int64_t> &radices) {
  int64_t pad = size, rest = size;
  for (const int64_t radix : radices) {
    rest /= radix;
    if (rest > 1 && rest % many == 0) pad = rest;
  }
  return pad;
}

std::vector<Number> rootsOf(int64_t n) {
  std::vector<Number> roots(static_cast<size_t>(n));
  for (int64_t k = 0; k < n; k++) roots[size_t(k)] = root(k, n);
  return roots;
}

// The unscaled transform, for tables only: exact rather than fast. `roots` are those of a multiple of its size.
std::vector<Number> transform(const std::vector<Number> &x, const std::vector<Number> &roots) {
  const size_t n = x.size(), step = roots.size() / n;
  if (n == 1) return x;
  size_t p = 2;
  while (n % p != 0) p++;
  const size_t m = n / p;
  std::vector<Number> y(n);
  for (size_t j = 0; j < p; j++) {
    std::vector<Number> part(m);
    for (size_t i = 0; i < m; i++) part[i] = x[i * p + j];
    part = transform(part, roots);
    for (size_t k = 0; k < n; k++) y[k] += roots[j * k % n * step] * part[k % m];
  }
  return y;
}

// e^(−2πi l k/n)/√n for the lanes l of each k = 0 … n/lanes − 1.
template <class T>
Arena laneTwiddles(int64_t n, int64_t lanes) {
  const int group = 16 / int(sizeof(T));
  const long double scale = 1 / std::sqrt((long double)n);
  Arena arena(size_t(2 * n) * sizeof(T));
  T *at = static_cast<T *>(arena.data());
  for (int64_t k = 0; k < n / lanes; k++, at += 2 * lanes) {
    for (int l = 0; l < lanes; l++) {
      const Number w = scale * root(k * laneOrder(l, int(lanes), group), n);
      at[l] = T(w.real());
      at[lanes + l] = T(w.imag());
    }
  }
  return arena;
}

}  // namespace

void TransformTables::Entry::push(Number z) {
  table.push(double(z.real()));
  table.push(double(z.imag()));
}

void TransformTables::addLevels(Entry &entry, const std::vector<int64_t> &radices, bool padded) {
  Transform &t = entry.transform;
  t.padEvery = padded ? padEveryOf(t.size, radices) : t.size;
  int64_t size = t.size;
  for (const int64_t radix : radices) {
    const int64_t rest = size / radix;
    TransformLevel level{radix, rest, placeInWork(t, rest), entry.place(), 0};
    if (rest > 1)
      for (int64_t k = 0; k < rest; k++)
        for (int64_t j = 1; j < radix; j++) entry.push(root(j * k, size));
    level.roots = entry.place();
    if (!hasCodelet(radix))
      for (int64_t m = 0; m < radix; m++) entry.push(root(m, radix));
    entry.levels.push_back(level);
    size = rest;
  }
  t.levelCount = int64_t(entry.levels.size());
  t.scratch = t.levelCount > 1 ? workSize(t) : t.size;
}

void TransformTables::addConvolution(Entry &entry) {
  const int64_t n = entry.transform.size, m = convenientSize(2 * n - 1, target_);
  requireMemory(6.0 * double(m) * sizeof(Number));  // roots, kernel, its transform, and what that is made of
  entry.transform.convolution = of(m);
  entry.transform.scratch = m + entry.transform.convolution->scratch;
  // e^(−πi j²/n), its square taken modulo 2n, so that no digit is lost.
  std::vector<Number> chirp(static_cast<size_t>(n)), kernel(static_cast<size_t>(m));
  int64_t square = 0;
  for (int64_t j = 0; j < n; j++) {
    chirp[size_t(j)] = root(square, 2 * n);
    square = (square + 2 * j + 1) % (2 * n);
  }
  for (int64_t j = 0; j < n; j++) {
    kernel[size_t(j)] = std::conj(chirp[size_t(j)]) / (long double)m;
    if (j > 0) kernel[size_t(m - j)] = kernel[size_t(j)];
  }
  entry.transform.chirp = entry.place();
  for (const Number &z : chirp) entry.push(z);
  entry.transform.kernel = entry.place();
  for (const Number &z : transform(kernel, rootsOf(m))) entry.push(z);
}

TransformTables::Entry &TransformTables::entry(int64_t size, bool padded) {
  std::unique_ptr<Entry> &known = entries_[{size, padded}];
  if (known) return *known;
  requireMemory(2.0 * double(size) * sizeof(double));
  auto made = std::make_unique<Entry>(precision_);
  made->transform.size = size;
  made->transform.scale = double(1 / std::sqrt((long double)size));
  const std::vector<int64_t> radices = radicesOf(size, target_, precision_);
  if (radices.empty()) addConvolution(*made);
  else addLevels(*made, radices, padded);
  made->transform.levels = made->levels.data();
  if (made->transform.levelCount > 1)
    for (int64_t leaf = 0; leaf < size / made->levels.back().radix; leaf += made->levels.front().radix)
      made->leafPlaces.push_back(leafPlace(made->transform, leaf));
  made->transform.leafPlaces = made->leafPlaces.data();
  made->transform.table = made->table.data();
  return *(known = std::move(made));
}

const Transform *TransformTables::inPlace(int64_t size) {
  int64_t rest = size;
  const std::vector<int64_t> radices = radicesOf(size, target_, precision_);
  for (const int64_t radix : radices) {
    rest /= radix;
    if (rest > 1 && competing(radix, rest * elementBytes_) > cacheWays) return nullptr;
  }
  return radices.size() < 2 ? nullptr : &entry(size, false).transform;
}

const Single *TransformTables::single(int64_t size, int64_t lanes) {
  std::unique_ptr<SingleEntry> &entry = singles_[{size, lanes}];
  if (entry) return &entry->single;
  entry = std::make_unique<SingleEntry>();
  const int64_t m = size / lanes;
  const bool fills = lanes > 1 && size % lanes == 0 && m >= lanes && !of(m)->convolution;
  Single &s = entry->single;
  s.lanes = fills ? lanes : 1;
  s.vertical = of(fills ? m : size);
  if (!fills) {
    s.scratch = s.vertical->scratch;
    return &s;
  }
  s.scratch = workSize(*s.vertical);
  if (precision_ == Precision::Single) entry->twiddles = laneTwiddles<float>(size, lanes);
  else entry->twiddles = laneTwiddles<double>(size, lanes);
  s.twiddles = entry->twiddles.data();
  return &s;
}

}  // namespace parseval
