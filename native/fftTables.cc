#include "fftTables.h"

#include <algorithm>
#include <cmath>

namespace parseval {
namespace {

using Number = std::complex<long double>;

constexpr int64_t largestRadix = 61;  // above it a butterfly costs more than a convolution

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

// The radices of the passes, those without their own butterfly first; empty if a prime is too large.
std::vector<int64_t> radicesOf(int64_t n) {
  int twos = 0;
  while (n % 2 == 0) n /= 2, twos++;
  std::vector<int64_t> radices;
  for (int64_t p = 3; n > 1; p += 2) {
    if (p > largestRadix) return {};
    while (n % p == 0) radices.push_back(p), n /= p;
  }
  // Fours, and at the end, where there are no twiddles and registers suffice, an eight.
  while (twos > 3 || twos == 2) radices.push_back(4), twos -= 2;
  if (twos > 0) radices.push_back(int64_t(1) << twos);
  if (radices.empty()) radices.push_back(1);
  return radices;
}

// A size without large primes that is at least n.
int64_t convenientSize(int64_t n) {
  int64_t best = 1;
  while (best < n) best *= 2;
  for (int64_t odd : {3, 5, 9, 15}) {
    int64_t size = odd;
    while (size < n) size *= 2;
    if (size < best) best = size;
  }
  return best;
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

}  // namespace

void FftTables::Entry::push(Number z) {
  table.push(double(z.real()));
  table.push(double(z.imag()));
}

void FftTables::addStages(Entry &entry, const std::vector<int64_t> &radices) {
  int64_t left = entry.fft.size, stride = 1;
  for (const int64_t radix : radices) {
    FftStage stage{radix, left / radix, stride, entry.place(), 0};
    if (stage.groups > 1)
      for (int64_t g = 0; g < stage.groups; g++)
        for (int64_t k = 1; k < radix; k++) entry.push(root(g * k, left));
    stage.roots = entry.place();
    if (radix % 2 == 1)
      for (int64_t m = 0; m < radix; m++) entry.push(root(m, radix));
    entry.stages.push_back(stage);
    left /= radix;
    stride *= radix;
  }
  entry.fft.stageCount = int64_t(entry.stages.size());
  // Between the passes: programs may be at both ends, so neither is a place to write to.
  entry.fft.scratch = entry.fft.size * std::min<int64_t>(entry.fft.stageCount - 1, 2);
}

void FftTables::addConvolution(Entry &entry) {
  const int64_t n = entry.fft.size, m = convenientSize(2 * n - 1);
  entry.fft.convolution = of(m);
  entry.fft.scratch = 3 * m;
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
  entry.fft.chirp = entry.place();
  for (const Number &z : chirp) entry.push(z);
  entry.fft.kernel = entry.place();
  for (const Number &z : transform(kernel, rootsOf(m))) entry.push(z);
}

const Fft *FftTables::of(int64_t size) {
  const auto found = entries_.find(size);
  if (found != entries_.end()) return &found->second->fft;
  auto entry = std::make_unique<Entry>(precision_);
  entry->fft.size = size;
  entry->fft.scale = double(1 / std::sqrt((long double)size));
  const std::vector<int64_t> radices = radicesOf(size);
  if (radices.empty()) addConvolution(*entry);
  else addStages(*entry, radices);
  entry->fft.stages = entry->stages.data();
  entry->fft.table = entry->table.data();
  return &(entries_[size] = std::move(entry))->fft;
}

}  // namespace parseval
