// A column of a transform's level, written out: by a codelet, or for other odd radices by the definition.
#pragma once

#include <vector>

#include "../codelets/tables.h"
#include "../code.h"
#include "assembler.h"
#include "line.h"

namespace parseval {

inline const CodeletTable *tableOf(int64_t size, bool twiddled) {
  for (const CodeletTable &t : codeletTables)
    if (t.size == size && t.twiddled == twiddled) return &t;
  return nullptr;
}

// Addresses reach so far.
inline constexpr int64_t mostBytes = int64_t(1) << 30;
// By the definition, so a longer line for each larger one.
inline constexpr int64_t mostOddRadix = 64;

inline LineValue product(Line &line, LineValue a, LineValue b) {
  return {line.sub(line.mul(a.re, b.re), line.mul(a.im, b.im)), line.add(line.mul(a.re, b.im), line.mul(a.im, b.re))};
}

// A real number of the column's twiddles. Those of columns that go together are side by side.
inline int32_t twiddle(VectorShape shape, Line &line, int64_t number) {
  Memory m{Memory::Base::twiddles};
  m.displacement = number * shape.fold * shape.scalarBytes;
  m.fixed = true;
  return shape.fold == 1 ? line.splat(m) : line.splatRow(m, RowOf::reals);
}

// The codelet on what `load` gives; `store` takes the results.
template <class Load, class Store>
void writeCodelet(const CodeletTable &table, VectorShape shape, Line &line, Load load, Store store) {
  std::vector<int32_t> values(size_t(2 * table.size), -1);
  for (uint64_t k = 0; k < table.count; k++) {
    const CodeletStep &step = table.steps[k];
    if (step.kind == CodeletStep::Kind::load) {
      const LineValue x = load(int64_t(step.index));
      values[size_t(2 * step.index)] = x.re;
      values[size_t(2 * step.index) + 1] = x.im;
    } else if (step.kind == CodeletStep::Kind::store) {
      store(int64_t(step.index),
            LineValue{values[size_t(step.first.value)], values[size_t(step.second.value)]});
    } else {
      const auto term = [&](const CodeletTerm &t) {
        const int32_t value = values[size_t(t.value)];
        if (t.twiddle >= 0) return line.mul(value, twiddle(shape, line, int64_t(t.twiddle)));
        return t.factor == 1 ? value : line.mul(value, line.constant(t.factor, shape.scalarBytes));
      };
      const int32_t a = term(step.first);
      if (step.second.value < 0) {
        values.push_back(step.first.negative ? line.unary(Action::negate, a) : a);
        continue;
      }
      const int32_t b = term(step.second);
      values.push_back(step.first.negative    ? line.sub(b, a)
                       : step.second.negative ? line.sub(a, b)
                                              : line.add(a, b));
    }
  }
}

// A column of an odd radix without a codelet: as native/oddRadix.h has it.
template <class Load, class Store>
void writeOddRadix(const Transform &t, const TransformLevel &level, VectorShape shape, Line &line, Load load, Store store) {
  const int64_t radix = level.radix, half = radix / 2;
  const auto root = [&](int64_t m, bool imaginary) {
    const int64_t at = 2 * (level.roots + m) + imaginary;
    return line.constant(shape.scalarBytes == 8 ? static_cast<const double *>(t.table)[at]
                                                : double(static_cast<const float *>(t.table)[at]),
                         shape.scalarBytes);
  };
  std::vector<LineValue> x;
  for (int64_t j = 0; j < radix; j++) x.push_back(load(j));
  LineValue total = x[0];
  for (int64_t j = 1; j <= half; j++) {
    const LineValue a = x[size_t(j)], b = x[size_t(radix - j)];
    x[size_t(j)] = {line.add(a.re, b.re), line.add(a.im, b.im)};
    x[size_t(radix - j)] = {line.sub(a.re, b.re), line.sub(a.im, b.im)};
    total = {line.add(total.re, x[size_t(j)].re), line.add(total.im, x[size_t(j)].im)};
  }
  store(0, total);
  for (int64_t k = 1; k <= half; k++) {
    LineValue even = x[0], odd;
    for (int64_t j = 1; j <= half; j++) {
      const int64_t m = j * k % radix;
      const int32_t cosine = root(m, false), sine = root(m, true);
      const LineValue sum = x[size_t(j)], difference = x[size_t(radix - j)];
      even = {line.add(even.re, line.mul(cosine, sum.re)), line.add(even.im, line.mul(cosine, sum.im))};
      // i times the sine's sum, up to the sign that it is given below
      const int32_t re = line.mul(sine, difference.im), im = line.mul(sine, difference.re);
      odd = odd.re < 0 ? LineValue{re, im} : LineValue{line.add(odd.re, re), line.add(odd.im, im)};
    }
    store(k, LineValue{line.sub(even.re, odd.re), line.add(even.im, odd.im)});
    store(radix - k, LineValue{line.add(even.re, odd.re), line.sub(even.im, odd.im)});
  }
}

// A column of a level: with its twiddles, unless it is a leaf.
template <class Load, class Store>
void writeColumn(const Transform &t, int64_t number, VectorShape shape, Line &line, Load load, Store store) {
  const TransformLevel &level = t.levels[number];
  const bool leaf = number + 1 == t.levelCount;
  if (const CodeletTable *table = tableOf(level.radix, !leaf)) return writeCodelet(*table, shape, line, load, store);
  writeOddRadix(t, level, shape, line, [&](int64_t j) {
    const LineValue x = load(j);
    if (leaf || j == 0) return x;
    const int32_t re = twiddle(shape, line, 2 * j - 2);
    return product(line, x, {re, twiddle(shape, line, 2 * j - 1)});
  }, store);
}

// Whether columns of all its levels, and so elements of what they make, can go together by so many.
inline bool isFoldable(const Transform &t, int64_t fold) {
  return t.convolution == nullptr && t.levelCount > 1 && t.padEvery % fold == 0 && t.levels[0].radix % fold == 0 &&
         t.levels[t.levelCount - 1].radix % fold == 0;
}

// Whether all of the transform's levels can be written.
inline bool hasColumns(const Transform &t, VectorShape shape) {
  if (t.size < 2 || t.size * 2 * shape.part() > mostBytes) return false;
  for (int64_t l = 0; l < t.levelCount; l++) {
    const int64_t radix = t.levels[l].radix;
    if (tableOf(radix, l + 1 < t.levelCount) == nullptr && (radix % 2 == 0 || radix > mostOddRadix)) return false;
  }
  return true;
}

}  // namespace parseval
