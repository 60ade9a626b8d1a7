/** The transform y_k = Σ_j e^(−2πi jk/n) x_j as expressions, by the algorithm with the fewest operations for n. */

import type { Arithmetic } from './arithmetic.ts'
import { type Complex, minus, plus, rotated, turned } from './complex.ts'
import { primeDft } from './primeDft.ts'
import { range } from './range.ts'

export const smallestFactor = (n: number): number => range(n).find(d => d > 1 && n % d === 0) ?? n

/** The largest power of n's smallest prime that divides n. */
const primePower = (n: number): number => {
  const p = smallestFactor(n)
  return (n / p) % p === 0 ? p * primePower(n / p) : p
}

/**
 * Split radix with conjugate twiddles: the quarters x_{4j+1} and x_{4j−1} are turned by w and by its conjugate,
 * whose constants are the same but for signs, so that sums of the two share them.
 */
const splitRadix = (m: Arithmetic, x: readonly Complex[]): Complex[] => {
  const n = x.length
  const quarter = n / 4
  const even = dft(
    m,
    range(n / 2).map(j => x[2 * j]!),
  )
  const after = dft(
    m,
    range(quarter).map(j => x[4 * j + 1]!),
  )
  const before = dft(
    m,
    range(quarter).map(j => x[(4 * j - 1 + n) % n]!),
  )
  const y: Complex[] = []
  for (const k of range(quarter)) {
    const a = rotated(m, after[k]!, k, n)
    const b = rotated(m, before[k]!, -k, n)
    const sum = plus(m, a, b)
    const difference = turned(m, minus(m, a, b))
    y[k] = plus(m, even[k]!, sum)
    y[k + 2 * quarter] = minus(m, even[k]!, sum)
    y[k + quarter] = plus(m, even[k + quarter]!, difference)
    y[k + 3 * quarter] = minus(m, even[k + quarter]!, difference)
  }
  return y
}

/** Good and Thomas: for coprime factors a transform of two dimensions, with no twiddles. */
const primeFactor = (m: Arithmetic, x: readonly Complex[], n1: number): Complex[] => {
  const n = x.length
  const n2 = n / n1
  const rows = range(n2).map(j2 =>
    dft(
      m,
      range(n1).map(j1 => x[(n2 * j1 + n1 * j2) % n]!),
    ),
  )
  const columns = range(n1).map(k1 =>
    dft(
      m,
      rows.map(row => row[k1]!),
    ),
  )
  return range(n).map(k => columns[k % n1]![k % n2]!)
}

const cooleyTukey = (m: Arithmetic, x: readonly Complex[], r: number): Complex[] => {
  const n = x.length
  const rest = n / r
  const rows = range(r).map(j =>
    dft(
      m,
      range(rest).map(i => x[r * i + j]!),
    ).map((y, k) => rotated(m, y, j * k, n)),
  )
  const columns = range(rest).map(k =>
    dft(
      m,
      rows.map(row => row[k]!),
    ),
  )
  return range(n).map(k => columns[k % rest]![Math.floor(k / rest)]!)
}

export const dft = (m: Arithmetic, x: readonly Complex[]): Complex[] => {
  const n = x.length
  if (n === 1) return [...x]
  const p = smallestFactor(n)
  const power = primePower(n)
  if (n === 2) return [plus(m, x[0]!, x[1]!), minus(m, x[0]!, x[1]!)]
  if (p === n) return primeDft(m, x, y => dft(m, y))
  if (power !== n) return primeFactor(m, x, power)
  return p === 2 ? splitRadix(m, x) : cooleyTukey(m, x, p)
}
