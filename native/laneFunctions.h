// The elementary functions as plain functions, for code that is not compiled together with them: of one vector of a
// kind, of a complex element [re | im], or of several vectors, whose chains of operations overlap.
#pragma once

#include "functions.h"

namespace parseval {
namespace {

// y may be x. Both are aligned to a vector of the kind.
template <class T>
using LaneFunction = void (*)(const T *x, T *y);

// By micro-op; null where it is no elementary function.
template <class T>
struct LaneFunctionTable {
  LaneFunction<T> at[microCount][laneFunctionKinds];
};

template <class K, class F>
void applyReal(const Scalar<K> *x, Scalar<K> *y) {
  storeReal<K>(y, byPacks<K, F>(loadReal<K, false>(x)));
}
template <class K, class F>
void applySeveral(const Scalar<K> *x, Scalar<K> *y) {
#pragma GCC unroll 1
  for (int64_t k = 0; k < vectorsAtOnce; k++) applyReal<K, F>(x + k * K::lanes, y + k * K::lanes);
}
template <class K, class F>
void applyComplex(const Scalar<K> *x, Scalar<K> *y) {
  storeComplex<K>(y, byPacks<K, F>(loadComplex<K, false>(x)));
}

template <class K>
constexpr LaneFunctionTable<Scalar<K>> laneFunctionTable() {
  static_assert(K::lanes > 1);
  LaneFunctionTable<Scalar<K>> table{};
  const auto set = [&](Micro op, LaneFunction<Scalar<K>> real, LaneFunction<Scalar<K>> complex,
                       LaneFunction<Scalar<K>> several) {
    table.at[int(op)][ofReal] = real;
    table.at[int(op)][ofComplex] = complex;
    table.at[int(op)][ofSeveral] = several;
  };
  set(Micro::exp, applyReal<K, Exponential>, applyComplex<K, ComplexExponential>, applySeveral<K, Exponential>);
  set(Micro::log, applyReal<K, Logarithm>, applyComplex<K, ComplexLogarithm>, applySeveral<K, Logarithm>);
  set(Micro::sqrt, applyReal<K, Root>, applyComplex<K, ComplexRoot>, applySeveral<K, Root>);
  set(Micro::sin, applyReal<K, Sine>, applyComplex<K, ComplexSine>, applySeveral<K, Sine>);
  set(Micro::cos, applyReal<K, Cosine>, applyComplex<K, ComplexCosine>, applySeveral<K, Cosine>);
  set(Micro::tanh, applyReal<K, HyperbolicTangent>, applyComplex<K, ComplexHyperbolicTangent>, applySeveral<K, HyperbolicTangent>);
  set(Micro::sigmoid, applyReal<K, Logistic>, applyComplex<K, ComplexLogistic>, applySeveral<K, Logistic>);
  return table;
}

template <class K>
constexpr LaneFunctionTable<Scalar<K>> laneFunctions = laneFunctionTable<K>();

}  // namespace
}  // namespace parseval
