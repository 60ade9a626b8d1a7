/**
 * Writes native/polynomials.h, the constants of the engine's elementary functions; `npm run generate`. The header is
 * checked in, so that a build of the addon needs no TypeScript, and a test compares it with what is printed here.
 */
import { writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { economised, halfPi, inverse, ln2, rounded, type Series, split } from './polynomial.ts'

const factorial = (n: number): bigint =>
  Array.from({ length: n }, (_, i) => BigInt(i + 1)).reduce((a, b) => a * b, 1n)
const alternating = (k: number): bigint => (k % 2 === 0 ? 1n : -1n)

interface Polynomial {
  readonly meaning: string
  readonly series: Series
  readonly from: number
  readonly to: number
  /** How many coefficients keep the error below a tenth of a unit in the last place. */
  readonly counts: { readonly float: number; readonly double: number }
}

// Quotients are taken in floating point and may be off by a little, so the intervals are a little wider than need be.
const halfLn2 = 0.3466
const quarterPi = 0.798
const logMost = ((Math.SQRT2 - 1) / (Math.SQRT2 + 1)) ** 2

const polynomials: Readonly<Record<string, Polynomial>> = {
  exp: {
    meaning: 'e^x = 1 + x + x² P(x)',
    series: { numerator: () => 1n, denominator: k => factorial(k + 2) },
    from: -halfLn2,
    to: halfLn2,
    counts: { float: 5, double: 10 },
  },
  log: {
    meaning: 'log((1 + x)/(1 − x)) = 2 x + x³ P(x²)',
    series: { numerator: () => 2n, denominator: k => BigInt(2 * k + 3) },
    from: 0,
    to: logMost,
    counts: { float: 4, double: 7 },
  },
  sin: {
    meaning: 'sin x = x + x³ P(x²)',
    series: { numerator: k => -alternating(k), denominator: k => factorial(2 * k + 3) },
    from: 0,
    to: quarterPi ** 2,
    counts: { float: 4, double: 7 },
  },
  cos: {
    meaning: 'cos x = 1 − x²/2 + x⁴ P(x²)',
    series: { numerator: alternating, denominator: k => factorial(2 * k + 4) },
    from: 0,
    to: quarterPi ** 2,
    counts: { float: 3, double: 6 },
  },
}

const types = { float: { digits: 24, suffix: 'f' }, double: { digits: 53, suffix: '' } } as const
type Type = keyof typeof types

const literal = (x: number, suffix: string): string =>
  `${Number.isInteger(x) ? x.toFixed(1) : String(x)}${suffix}`

const list = (xs: readonly number[], suffix: string): string =>
  `{${xs.map(x => literal(x, suffix)).join(', ')}}`

const constants = (type: Type): string => {
  const { digits, suffix } = types[type]
  const rows = Object.entries(polynomials).map(([name, { meaning, series, from, to, counts }]) => {
    const coefficients = economised(series, counts[type], from, to).map(c => rounded(c, digits))
    return `  // ${meaning}
  static constexpr ${type} ${name}[] = ${list(coefficients, suffix)};`
  })
  // The first part of ln 2 is short enough for its products with all exponents to be exact.
  const lengths = type === 'float' ? [13, 24] : [40, 53]
  // Likewise those of π/2, with whole numbers below 2^13 and 2^20.
  const turnLengths = type === 'float' ? [11, 11, 11, 11, 24] : [33, 33, 33, 53]
  return `template <>
struct Polynomials<${type}> {
${rows.join('\n')}
  static constexpr ${type} ln2[] = ${list(split(ln2(), lengths), suffix)};
  static constexpr ${type} perLn2 = ${literal(rounded(inverse(ln2()), digits), suffix)};
  static constexpr ${type} halfPi[] = ${list(split(halfPi(), turnLengths), suffix)};
  static constexpr ${type} perHalfPi = ${literal(rounded(inverse(halfPi()), digits), suffix)};
};`
}

export const header =
  (): string => `// Generated from src/backend/native/functions by \`npm run generate\`; do not edit.
// Constants of the elementary functions. Coefficients start with the constant one; P agrees with the power series at
// Chebyshev's nodes.
#pragma once

namespace parseval {
namespace {

template <class T>
struct Polynomials;
${constants('float')}
${constants('double')}

}  // namespace
}  // namespace parseval
`

export const headerFile = fileURLToPath(new URL('../../../../native/polynomials.h', import.meta.url))

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(headerFile, header())
