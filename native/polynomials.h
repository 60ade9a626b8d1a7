// Generated from src/backend/native/functions by `npm run generate`; do not edit.
// Constants of the elementary functions. Coefficients start with the constant one; P agrees with the power series at
// Chebyshev's nodes.
#pragma once

namespace parseval {
namespace {

template <class T>
struct Polynomials;
template <>
struct Polynomials<float> {
  // e^x = 1 + x + x² P(x)
  static constexpr float exp[] = {0.5f, 0.16666576266288757f, 0.041666556149721146f, 0.008363177999854088f, 0.0013926181709393859f};
  // log((1 + x)/(1 − x)) = 2 x + x³ P(x²)
  static constexpr float log[] = {0.6666666865348816f, 0.4000012278556824f, 0.2855082154273987f, 0.2333046793937683f};
  // sin x = x + x³ P(x²)
  static constexpr float sin[] = {-0.1666666716337204f, 0.008333331905305386f, -0.00019840009917970747f, 0.000002724003707044176f};
  // cos x = 1 − x²/2 + x⁴ P(x²)
  static constexpr float cos[] = {0.0416666641831398f, -0.0013888265239074826f, 0.000024539782316423953f};
  static constexpr float ln2[] = {0.693115234375f, 0.00003194618329871446f};
  static constexpr float perLn2 = 1.4426950216293335f;
  static constexpr float halfPi[] = {1.5703125f, 0.0004837512969970703f, 7.549533620476723e-8f, 2.5632829192545614e-12f, 6.123234262925839e-17f};
  static constexpr float perHalfPi = 0.6366197466850281f;
};
template <>
struct Polynomials<double> {
  // e^x = 1 + x + x² P(x)
  static constexpr double exp[] = {0.5000000000000001, 0.16666666666666669, 0.041666666666624136, 0.008333333333330063, 0.001388888891720967, 0.00019841269863050506, 0.000024801521302241082, 0.0000027557268464831627, 2.7620085455018414e-7, 2.510038319586702e-8};
  // log((1 + x)/(1 − x)) = 2 x + x³ P(x²)
  static constexpr double log[] = {0.666666666666667, 0.39999999999899505, 0.28571428625975487, 0.2222221113479508, 0.18182889125261723, 0.15331721600556042, 0.14616449685043406};
  // sin x = x + x³ P(x²)
  static constexpr double sin[] = {-0.16666666666666666, 0.008333333333333331, -0.0001984126984126424, 0.000002755731921870914, -2.505210601711778e-8, 1.6058498034524596e-10, -7.584748888333371e-13};
  // cos x = 1 − x²/2 + x⁴ P(x²)
  static constexpr double cos[] = {0.041666666666666664, -0.001388888888888714, 0.000024801587298383105, -2.7557317076469217e-7, 2.0876106223805247e-9, -1.1379793270010939e-11};
  static constexpr double ln2[] = {0.6931471805601177, -1.7239444525614835e-13};
  static constexpr double perLn2 = 1.4426950408889634;
  static constexpr double halfPi[] = {1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32};
  static constexpr double perHalfPi = 0.6366197723675814;
};

}  // namespace
}  // namespace parseval
