// The pointwise programs of maps and transforms.
#pragma once

#include "functions.h"

namespace parseval {
namespace {

template <class K, Micro Op>
PARSEVAL_INLINE typename K::Vector computeReal(typename K::Vector a, typename K::Vector b) {
  if constexpr (Op == Micro::constant || Op == Micro::move) return a;
  else if constexpr (Op == Micro::add) return a + b;
  else if constexpr (Op == Micro::sub) return a - b;
  else if constexpr (Op == Micro::mul) return a * b;
  else if constexpr (Op == Micro::div) return a / b;
  else if constexpr (Op == Micro::neg) return -a;
  else if constexpr (Op == Micro::abs) return magnitude<K>(a);
  else if constexpr (Op == Micro::pinv) return pseudoInverse<K>(a);
  else if constexpr (Op == Micro::exp) return applied<K, Exponential>(a);
  else if constexpr (Op == Micro::log) return applied<K, Logarithm>(a);
  else if constexpr (Op == Micro::sqrt) return squareRoot<K>(a);
  else if constexpr (Op == Micro::sin) return applied<K, Sine>(a);
  else if constexpr (Op == Micro::cos) return applied<K, Cosine>(a);
  else if constexpr (Op == Micro::tanh) return applied<K, HyperbolicTangent>(a);
  else if constexpr (Op == Micro::sigmoid) return logistic<K>(a);
  else if constexpr (Op == Micro::relu) return byPacks<K, Rectifier>(a);
  else {
    static_assert(Op == Micro::step);
    return byPacks<K, Step>(a);
  }
}

template <class K, Micro Op>
PARSEVAL_INLINE Complex<K> computeComplex(Complex<K> a, Complex<K> b) {
  if constexpr (Op == Micro::constant || Op == Micro::move) return a;
  else if constexpr (Op == Micro::add) return plus<K>(a, b);
  else if constexpr (Op == Micro::sub) return minus<K>(a, b);
  else if constexpr (Op == Micro::mul) return times<K>(a, b);
  else if constexpr (Op == Micro::div) return quotient<K>(a, b);
  else if constexpr (Op == Micro::conjMul) return {a.re * b.re + a.im * b.im, a.re * b.im - a.im * b.re};
  else if constexpr (Op == Micro::neg) return {-a.re, -a.im};
  else if constexpr (Op == Micro::conj) return conjugate<K>(a);
  else if constexpr (Op == Micro::pinv) return pseudoInverse<K>(a);
  else if constexpr (Op == Micro::exp) return applied<K, ComplexExponential>(a);
  else if constexpr (Op == Micro::log) return eachLane<K>(a, logFunction{});
  else if constexpr (Op == Micro::sqrt) return applied<K, ComplexRoot>(a);
  else if constexpr (Op == Micro::sin) return applied<K, ComplexSine>(a);
  else if constexpr (Op == Micro::cos) return applied<K, ComplexCosine>(a);
  else if constexpr (Op == Micro::tanh) return applied<K, ComplexHyperbolicTangent>(a);
  else {
    static_assert(Op == Micro::sigmoid);
    return logistic<K>(a);
  }
}

// The widths of a micro-op's operands, when its own is Width. A constant reads one of its width.
template <Micro Op, int Width>
struct Widths {
  static constexpr MicroInfo info = microTable[int(Op)];
  static constexpr bool exists = (info.widths & Width) != 0;
  static constexpr int a = Op == Micro::constant || info.a == ownWidth ? Width : info.a;
  static constexpr int b = info.b == ownWidth ? Width : info.b;
};

template <class K, Micro Op, int Width>
PARSEVAL_INLINE Value<K, Width> compute(Value<K, Widths<Op, Width>::a> a,
                                        Value<K, Widths<Op, Width>::b == 2 ? 2 : 1> b) {
  if constexpr (Op == Micro::scale) return {a * b.re, a * b.im};
  else if constexpr (Op == Micro::complex) return {a, b};
  else if constexpr (Op == Micro::re) return a.re;
  else if constexpr (Op == Micro::im) return a.im;
  else if constexpr (Op == Micro::modulus) return squareRoot<K>(squaredModulus<K>(a));
  else if constexpr (Width == 1) return computeReal<K, Op>(a, b);
  else if constexpr (Widths<Op, Width>::b == 0) return computeComplex<K, Op>(a, a);
  else return computeComplex<K, Op>(a, b);
}

// Elements that go through a program together: `segments` times `count` in a row, the segments `apart`.
struct Tile {
  int64_t first, apart, segments, count;
};

// A register during a run: an element lies `advance` scalars further than the one before it in memory, and `step`
// scalars further than the one before it in the tile.
template <class T>
struct Column {
  T *base;
  int64_t step, advance;
};

template <class T>
struct BoundMicro {
  void (*kernel)(const BoundMicro &, const Tile &);
  Column<T> to, a, b;
};

template <class T>
PARSEVAL_INLINE T *start(const Column<T> &column, const Tile &tile) {
  return column.base + tile.first * column.advance;
}
// From the end of one segment to the next.
template <class T>
PARSEVAL_INLINE int64_t jump(const Column<T> &column, const Tile &tile) {
  return (tile.apart - tile.count) * column.advance;
}

template <class K, Micro Op, int Width, bool UniformA, bool UniformB>
void runMicro(const BoundMicro<Scalar<K>> &micro, const Tile &tile) {
  constexpr int widthB = Widths<Op, Width>::b;
  Scalar<K> *to = start(micro.to, tile);
  const Scalar<K> *a = start(micro.a, tile), *b = start(micro.b, tile);
  const int64_t stepTo = micro.to.step, stepA = micro.a.step, stepB = micro.b.step;
  for (int64_t s = 0; s < tile.segments; s++) {
    for (int64_t e = 0; e < tile.count; e++, to += stepTo, a += stepA, b += stepB) {
      const auto x = load<K, Widths<Op, Width>::a, UniformA>(a);
      Value<K, widthB == 2 ? 2 : 1> y{};
      if constexpr (widthB != 0) y = load<K, widthB, UniformB>(b);
      store<K, Width>(to, compute<K, Op, Width>(x, y));
    }
    to += jump(micro.to, tile);
    a += jump(micro.a, tile);
    b += jump(micro.b, tile);
  }
}

// to += Σ a, a b or conj(a) b, in sums that do not wait for each other.
template <class K, Micro Op, int Width, bool UniformA, bool UniformB>
void runMicroSum(const BoundMicro<Scalar<K>> &micro, const Tile &tile) {
  constexpr int64_t sums = 4;
  const Scalar<K> *a = start(micro.a, tile), *b = start(micro.b, tile);
  const int64_t stepA = micro.a.step, stepB = micro.b.step;
  Value<K, Width> sum[sums] = {};
  const auto add = [&](Value<K, Width> &to, const Scalar<K> *p, const Scalar<K> *q) {
    if constexpr (Op == Micro::move) to = added<K, Width>(to, load<K, Width, UniformA>(p));
    else
      addProduct<K, Width, Op == Micro::conjMul>(to, load<K, Width, UniformA>(p), load<K, Width, UniformB>(q));
  };
  for (int64_t s = 0; s < tile.segments; s++) {
    int64_t e = 0;
    for (; e + sums <= tile.count; e += sums)
      for (int64_t k = 0; k < sums; k++, a += stepA, b += stepB) add(sum[k], a, b);
    for (; e < tile.count; e++, a += stepA, b += stepB) add(sum[0], a, b);
    a += jump(micro.a, tile);
    b += jump(micro.b, tile);
  }
  const Value<K, Width> all =
      added<K, Width>(added<K, Width>(sum[0], sum[1]), added<K, Width>(sum[2], sum[3]));
  store<K, Width>(micro.to.base, added<K, Width>(load<K, Width, false>(micro.to.base), all));
}

// Kernels by micro-op, width − 1, and whether a and b are uniform. Sums are for `move`, `mul` and `conjMul` only.
template <class K>
struct MicroKernels {
  using Kernel = void (*)(const BoundMicro<Scalar<K>> &, const Tile &);
  Kernel at[microCount][2][2][2], sum[microCount][2][2][2];

  template <int Op, int Width>
  constexpr void fillWidth() {
    if constexpr (Widths<Micro(Op), Width>::exists) {
      constexpr Micro op = Micro(Op);
      constexpr bool hasB = Widths<op, Width>::b != 0;
      auto &k = at[Op][Width - 1];
      k[0][0] = runMicro<K, op, Width, false, false>;
      k[1][0] = runMicro<K, op, Width, true, false>;
      k[0][1] = runMicro<K, op, Width, false, hasB>;
      k[1][1] = runMicro<K, op, Width, true, hasB>;
      if constexpr (op == Micro::move || op == Micro::mul || op == Micro::conjMul) {
        auto &s = sum[Op][Width - 1];
        s[0][0] = runMicroSum<K, op, Width, false, false>;
        s[1][0] = runMicroSum<K, op, Width, true, false>;
        s[0][1] = runMicroSum<K, op, Width, false, hasB>;
        s[1][1] = runMicroSum<K, op, Width, true, hasB>;
      }
    }
  }
  template <int Op>
  constexpr void fillFrom() {
    if constexpr (Op < microCount) {
      fillWidth<Op, 1>();
      fillWidth<Op, 2>();
      fillFrom<Op + 1>();
    }
  }
  constexpr MicroKernels() : at(), sum() { fillFrom<0>(); }
};

template <class K>
constexpr MicroKernels<K> microKernels{};

// Complex elements in a row, segments of them `apart`, in scalars.
template <class T>
struct Rows {
  T *at;
  int64_t apart;
};

// A program whose operands are resolved. Scratch: the temporaries, then the sums.
template <class K>
class ProgramRun {
  using T = Scalar<K>;

 public:
  ProgramRun(const Instruction &i, const Pointwise &program, T *const *operands, const void *constants, T *scratch)
      : instruction_(i),
        program_(program),
        operands_(operands),
        constants_(static_cast<const T *>(constants)),
        temporaries_(scratch),
        sums_(scratch + program.temporaries * program.tile * element) {
    for (int64_t m = 0; m < program.microCount; m++) {
      const MicroInstruction &micro = program.micros[m];
      const Place to = micro.to.place;
      const auto &kernels = to == Place::sum ? microKernels<K>.sum : microKernels<K>.at;
      micros_[m] = {kernels[int(micro.op)][micro.width - 1][uniform(micro.a)][uniform(micro.b)], column(micro.to),
                    column(micro.a), column(micro.b)};
    }
    for (int64_t u = 0; u < 2 * program.sumCount; u++) storeReal<K>(sums_ + u * K::lanes, typename K::Vector{});
  }

  // Whether elements go through temporaries, a tile at a time, rather than from and to memory.
  bool works() const {
    return program_.microCount > 0 || program_.gatheringCount > 0 || program_.element.place == Place::temporary;
  }

  void run(Tile tile) {
    if (tile.apart == tile.count) {
      tile.count *= tile.segments;
      tile.segments = 1;
    }
    for (int64_t g = 0; g < program_.gatheringCount; g++) gather(program_.gatherings[g], tile);
    for (int64_t m = 0; m < program_.microCount; m++) micros_[m].kernel(micros_[m], tile);
  }

  // Where the elements of a tile are that a transform takes, or puts.
  Rows<T> result(const Tile &tile) const { return rows(program_.result, tile); }
  Rows<T> elements(const Tile &tile) const { return rows(program_.element, tile); }

  void finish() {
    for (int64_t s = 0; s < program_.sumCount; s++) {
      const int32_t o = program_.sums[s];
      for (int32_t w = 0; w < program_.operands[o].width; w++)
        storeReal<K>(operands_[o] + w * K::lanes, loadReal<K, false>(sums_ + s * element + w * K::lanes));
    }
  }

 private:
  static constexpr int64_t element = 2 * K::lanes;

  bool uniform(int32_t operand) const { return K::lanes > 1 && !instruction_.operands[operand].varying; }
  bool uniform(Register r) const {
    return r.place == Place::operand    ? uniform(r.index)
           : r.place == Place::gathered ? uniform(program_.gatherings[r.index].operand)
                                        : r.place == Place::constant;
  }
  // From one element of an operand to the next, when its step is 1.
  int64_t size(int32_t operand) const { return program_.operands[operand].width * (uniform(operand) ? 1 : K::lanes); }
  T *temporary(int32_t t) const { return temporaries_ + t * program_.tile * element; }

  Column<T> column(Register r) const {
    switch (r.place) {
      case Place::operand: {
        const int64_t step = program_.operands[r.index].step * size(r.index);
        return {operands_[r.index], step, step};
      }
      case Place::temporary: return {temporary(r.index), element, 0};
      case Place::gathered: {
        const Gathering &g = program_.gatherings[r.index];
        return {temporary(g.temporary), size(g.operand), 0};
      }
      case Place::sum: return {sums_ + r.index * element, 0, 0};
      case Place::constant: break;
    }
    return {const_cast<T *>(constants_ + r.index), 0, 0};
  }

  Rows<T> rows(Register r, const Tile &tile) const {
    const Column<T> c = column(r);
    return {start(c, tile), (c.advance != 0 ? tile.apart : tile.count) * element};
  }

  void gather(const Gathering &g, const Tile &tile) {
    const ProgramOperand &operand = program_.operands[g.operand];
    const T *from = operands_[g.operand];
    T *to = temporary(g.temporary);
    if (uniform(g.operand)) {
      if (operand.width == 1) gatherElements<1, true>(to, from, operand.permutation, tile);
      else gatherElements<2, true>(to, from, operand.permutation, tile);
    } else if (operand.width == 1) gatherElements<1, false>(to, from, operand.permutation, tile);
    else gatherElements<2, false>(to, from, operand.permutation, tile);
  }

  template <int Width, bool Uniform>
  static void gatherElements(T *to, const T *from, const int32_t *permutation, const Tile &tile) {
    constexpr int64_t size = Width * unit<K, Uniform>;
    for (int64_t s = 0; s < tile.segments; s++) {
      const int32_t *p = permutation + tile.first + s * tile.apart;
      for (int64_t e = 0; e < tile.count; e++, to += size) {
        const T *x = from + p[e] * size;
        if constexpr (Uniform)
          for (int64_t u = 0; u < size; u++) to[u] = x[u];
        else store<K, Width>(to, load<K, Width, false>(x));
      }
    }
  }

  const Instruction &instruction_;
  const Pointwise &program_;
  T *const *operands_;
  const T *constants_;
  T *temporaries_, *sums_;
  BoundMicro<T> micros_[mostMicros];
};

template <class K>
bool runMap(const Instruction &i, Scalar<K> *const *operands, const Frame &frame) {
  const int64_t count = i.attributes[0], most = i.program->tile;
  ProgramRun<K> program(i, *i.program, operands, frame.constants, static_cast<Scalar<K> *>(frame.scratch));
  const int64_t tiles = (count + most - 1) / most;
  for (int64_t tile = frame.share.first(tiles); tile < frame.share.end(tiles); tile++) {
    const int64_t first = tile * most;
    if (__atomic_load_n(frame.cancelled, __ATOMIC_RELAXED)) return false;
    const int64_t size = count - first < most ? count - first : most;
    program.run({first, size, 1, size});
  }
  program.finish();
  return true;
}

}  // namespace
}  // namespace parseval
