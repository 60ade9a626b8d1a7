// The elementary functions as plain functions, for code that is not compiled together with them: of one vector of a
// kind, or of a complex element [re | im].
#pragma once

#include "functions.h"

namespace parseval {
namespace {

// y may be x. Both are aligned to a vector of the kind.
template <class T>
using LaneFunction = void (*)(const T *x, T *y);

// By micro-op and width − 1; null where the micro-op is no elementary function.
template <class T>
struct LaneFunctionTable {
  LaneFunction<T> at[microCount][2];
};

template <class K, class F>
void applyReal(const Scalar<K> *x, Scalar<K> *y) {
  storeReal<K>(y, byPacks<K, F>(loadReal<K, false>(x)));
}
template <class K, class F>
void applyComplex(const Scalar<K> *x, Scalar<K> *y) {
  storeComplex<K>(y, byPacks<K, F>(loadComplex<K, false>(x)));
}

template <class K>
constexpr LaneFunctionTable<Scalar<K>> laneFunctionTable() {
  static_assert(K::lanes > 1);
  LaneFunctionTable<Scalar<K>> table{};
  const auto set = [&](Micro op, LaneFunction<Scalar<K>> real, LaneFunction<Scalar<K>> complex) {
    table.at[int(op)][0] = real;
    table.at[int(op)][1] = complex;
  };
  set(Micro::exp, applyReal<K, Exponential>, applyComplex<K, ComplexExponential>);
  set(Micro::log, applyReal<K, Logarithm>, applyComplex<K, ComplexLogarithm>);
  set(Micro::sqrt, applyReal<K, Root>, applyComplex<K, ComplexRoot>);
  set(Micro::sin, applyReal<K, Sine>, applyComplex<K, ComplexSine>);
  set(Micro::cos, applyReal<K, Cosine>, applyComplex<K, ComplexCosine>);
  set(Micro::tanh, applyReal<K, HyperbolicTangent>, applyComplex<K, ComplexHyperbolicTangent>);
  set(Micro::sigmoid, applyReal<K, Logistic>, applyComplex<K, ComplexLogistic>);
  return table;
}

template <class K>
constexpr LaneFunctionTable<Scalar<K>> laneFunctions = laneFunctionTable<K>();

}  // namespace
}  // namespace parseval
