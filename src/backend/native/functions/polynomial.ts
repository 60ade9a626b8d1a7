/**
 * Polynomials in place of power series: fewer terms for the same error on an interval. Numbers are multiples of
 * 2^−fraction, in bigints, so that coefficients are right beyond a double's last place.
 */

const fraction = 320n
const one = 1n << fraction

const times = (a: bigint, b: bigint): bigint => (a * b) >> fraction
const over = (a: bigint, b: bigint): bigint => (a << fraction) / b

/** A double as a multiple of 2^−fraction; exact, those near the least ones do not occur. */
const fixed = (x: number): bigint => {
  if (x === 0) return 0n
  const exponent = Math.floor(Math.log2(Math.abs(x))) - 60
  return (BigInt(x * 2 ** -exponent) << fraction) >> BigInt(-exponent)
}

/** A series Σ c_k x^k, c_k = numerator(k)/denominator(k), that converges quickly where it is used. */
export interface Series {
  readonly numerator: (k: number) => bigint
  readonly denominator: (k: number) => bigint
}

const terms = 120

const valueAt =
  ({ numerator, denominator }: Series) =>
  (x: bigint): bigint =>
    Array.from({ length: terms }, (_, k) => over(numerator(k), denominator(k))).reduceRight(
      (sum, c) => times(sum, x) + c,
      0n,
    )

/** Zeros of the Chebyshev polynomial of degree n, moved from (−1, 1) to (from, to). */
const nodes = (n: number, from: number, to: number): bigint[] =>
  Array.from({ length: n }, (_, k) =>
    fixed((from + to) / 2 + ((to - from) / 2) * Math.cos(((2 * k + 1) * Math.PI) / (2 * n))),
  )

/** Newton's divided differences, f[x_0], f[x_0, x_1], … */
const differences = (xs: readonly bigint[], values: readonly bigint[]): bigint[] =>
  xs.reduce<{ result: bigint[]; column: readonly bigint[] }>(
    ({ result, column }, _, order) => ({
      result: [...result, column[0]!],
      column: column.slice(1).map((y, i) => over(y - column[i]!, xs[i + order + 1]! - xs[i]!)),
    }),
    { result: [], column: values },
  ).result

/** sum(x) · (x − node) + c */
const step = (sum: readonly bigint[], node: bigint, c: bigint): bigint[] =>
  [0n, ...sum].map((above, k) => above - times(node, sum[k] ?? 0n) + (k === 0 ? c : 0n))

/**
 * Coefficients c_0 … c_(count−1), as multiples of 2^−320, of the polynomial that agrees with the series at
 * Chebyshev's nodes: its largest error is within a small factor of the least possible.
 */
export const economised = (series: Series, count: number, from: number, to: number): bigint[] => {
  const xs = nodes(count, from, to)
  return differences(xs, xs.map(valueAt(series)))
    .reduceRight<bigint[]>((sum, c, k) => step(sum, xs[k]!, c), [])
    .slice(0, count)
}

/** The nearest number of so many binary digits, ties away from 0; exact as a double for digits ≤ 53. */
export const rounded = (x: bigint, digits: number): number => {
  if (x < 0n) return -rounded(-x, digits)
  const excess = BigInt(x.toString(2).length - digits)
  if (excess <= 0n) return Number(x) / 2 ** Number(fraction)
  const mantissa = (x + (1n << (excess - 1n))) >> excess
  return Number(mantissa) * 2 ** Number(excess - fraction)
}

/** x as a sum of parts with so many binary digits each; the last one takes what is left, to the precision given. */
export const split = (x: bigint, digits: readonly number[]): number[] =>
  digits.reduce<{ parts: number[]; rest: bigint }>(
    ({ parts, rest }, d) => {
      const part = rounded(rest, d)
      return { parts: [...parts, part], rest: rest - fixed(part) }
    },
    { parts: [], rest: x },
  ).parts

/** Σ 1/((2k + 1) 9^k) · 2/3 = 2 artanh(1/3) = ln 2 */
export const ln2 = (): bigint => {
  const artanh = Array.from({ length: 220 }, (_, k) => one / (BigInt(2 * k + 1) * 3n * 9n ** BigInt(k)))
  return 2n * artanh.reduce((a, b) => a + b)
}

const arctanOfInverse = (n: bigint): bigint =>
  Array.from({ length: 260 }, (_, k) => {
    const term = one / (BigInt(2 * k + 1) * n ** BigInt(2 * k + 1))
    return k % 2 === 0 ? term : -term
  }).reduce((a, b) => a + b)

/** Machin: π/4 = 4 arctan 1/5 − arctan 1/239 */
export const halfPi = (): bigint => 2n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n))

export const inverse = (x: bigint): bigint => over(one, x)
