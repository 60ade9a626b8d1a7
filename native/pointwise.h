// The pointwise programs of `map`.
#pragma once

#include "functions.h"

namespace parseval {
namespace {

template <class K, Micro Op>
PARSEVAL_INLINE typename K::Vector computeReal(typename K::Vector a, typename K::Vector b) {
  const typename K::Vector zero{};
  if constexpr (Op == Micro::constant || Op == Micro::move) return a;
  else if constexpr (Op == Micro::add) return a + b;
  else if constexpr (Op == Micro::sub) return a - b;
  else if constexpr (Op == Micro::mul) return a * b;
  else if constexpr (Op == Micro::div) return a / b;
  else if constexpr (Op == Micro::neg) return -a;
  else if constexpr (Op == Micro::abs) return magnitude<K>(a);
  else if constexpr (Op == Micro::pinv) return pseudoInverse<K>(a);
  else if constexpr (Op == Micro::exp) return eachLane<K>(a, expFunction{});
  else if constexpr (Op == Micro::log) return eachLane<K>(a, logFunction{});
  else if constexpr (Op == Micro::sqrt) return squareRoot<K>(a);
  else if constexpr (Op == Micro::sin) return eachLane<K>(a, sinFunction{});
  else if constexpr (Op == Micro::cos) return eachLane<K>(a, cosFunction{});
  else if constexpr (Op == Micro::tanh) return eachLane<K>(a, tanhFunction{});
  else if constexpr (Op == Micro::sigmoid) return logistic<K>(a);
  else if constexpr (Op == Micro::relu) return a < 0 ? zero : a;  // so NaN stays NaN
  else {
    static_assert(Op == Micro::step);
    return a > 0 ? splat<K>(1) : zero;
  }
}

template <class K, Micro Op>
PARSEVAL_INLINE Complex<K> computeComplex(Complex<K> a, Complex<K> b) {
  if constexpr (Op == Micro::constant || Op == Micro::move) return a;
  else if constexpr (Op == Micro::add) return plus<K>(a, b);
  else if constexpr (Op == Micro::sub) return minus<K>(a, b);
  else if constexpr (Op == Micro::mul) return times<K>(a, b);
  else if constexpr (Op == Micro::div) return quotient<K>(a, b);
  else if constexpr (Op == Micro::neg) return {-a.re, -a.im};
  else if constexpr (Op == Micro::conj) return conjugate<K>(a);
  else if constexpr (Op == Micro::pinv) return pseudoInverse<K>(a);
  else if constexpr (Op == Micro::exp) return eachLane<K>(a, expFunction{});
  else if constexpr (Op == Micro::log) return eachLane<K>(a, logFunction{});
  else if constexpr (Op == Micro::sqrt) return eachLane<K>(a, sqrtFunction{});
  else if constexpr (Op == Micro::sin) return eachLane<K>(a, sinFunction{});
  else if constexpr (Op == Micro::cos) return eachLane<K>(a, cosFunction{});
  else if constexpr (Op == Micro::tanh) return eachLane<K>(a, tanhFunction{});
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

// A register during a tile: where its elements lie, and how far apart they are, in scalars.
template <class T>
struct Column {
  T *at;
  int64_t step;
};

template <class T>
using MicroKernel = void (*)(Column<T> to, Column<const T> a, Column<const T> b, int64_t count);

template <class K, Micro Op, int Width, bool UniformA, bool UniformB>
void runMicro(Column<Scalar<K>> to, Column<const Scalar<K>> a, Column<const Scalar<K>> b, int64_t count) {
  constexpr int widthB = Widths<Op, Width>::b;
  for (int64_t e = 0; e < count; e++) {
    const auto x = load<K, Widths<Op, Width>::a, UniformA>(a.at);
    Value<K, widthB == 2 ? 2 : 1> y{};
    if constexpr (widthB != 0) y = load<K, widthB, UniformB>(b.at);
    store<K, Width>(to.at, compute<K, Op, Width>(x, y));
    to.at += to.step;
    a.at += a.step;
    b.at += b.step;
  }
}

// Kernels by micro-op, width − 1, and whether a and b are uniform.
template <class K>
struct MicroKernels {
  using T = Scalar<K>;
  MicroKernel<T> at[microCount][2][2][2];

  template <int Op, int Width>
  constexpr void fillWidth() {
    if constexpr (Widths<Micro(Op), Width>::exists) {
      constexpr bool hasB = Widths<Micro(Op), Width>::b != 0;
      auto &k = at[Op][Width - 1];
      k[0][0] = runMicro<K, Micro(Op), Width, false, false>;
      k[1][0] = runMicro<K, Micro(Op), Width, true, false>;
      k[0][1] = runMicro<K, Micro(Op), Width, false, hasB>;
      k[1][1] = runMicro<K, Micro(Op), Width, true, hasB>;
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
  constexpr MicroKernels() : at() { fillFrom<0>(); }
};

template <class K>
constexpr MicroKernels<K> microKernels{};

// `operands` are resolved; a tile of elements goes through all micro-ops before the next one.
template <class K>
bool runMap(const Instruction &i, Scalar<K> *const *operands, const Frame &frame) {
  using T = Scalar<K>;
  const Map &map = *i.map;
  const int64_t count = i.attributes[0];
  const T *constants = static_cast<const T *>(frame.constants);
  T *temporaries = static_cast<T *>(frame.scratch);

  struct Source {
    Column<T> column;
    bool uniform;
  };
  const auto find = [&](Register r, int64_t first) -> Source {
    if (r.place == Place::operand) {
      const MapOperand &o = map.operands[r.index];
      const bool uniform = K::lanes > 1 && !i.operands[r.index].varying;
      const int64_t step = o.step * o.width * (uniform ? 1 : K::lanes);
      return {{operands[r.index] + first * step, step}, uniform};
    }
    if (r.place == Place::temporary) return {{temporaries + r.index * (2 * mapTile * K::lanes), 2 * K::lanes}, false};
    return {{const_cast<T *>(constants + r.index), 0}, true};
  };

  for (int64_t first = 0; first < count; first += mapTile) {
    if (__atomic_load_n(frame.cancelled, __ATOMIC_RELAXED)) return false;
    const int64_t size = count - first < mapTile ? count - first : mapTile;
    for (int64_t m = 0; m < map.microCount; m++) {
      const MicroInstruction &micro = map.micros[m];
      const Source to = find(micro.to, first), a = find(micro.a, first), b = find(micro.b, first);
      microKernels<K>.at[int(micro.op)][micro.width - 1][a.uniform][b.uniform](
          to.column, {a.column.at, a.column.step}, {b.column.at, b.column.step}, size);
    }
  }
  return true;
}

}  // namespace
}  // namespace parseval
