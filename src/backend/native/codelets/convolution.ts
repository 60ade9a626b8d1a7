/** Convolutions y_q = Σ_i kernel_{q−i} x_i of real expressions with constants, for Rader's transforms, by
 *  smaller transforms. */

import type { Arithmetic, Scaled } from './arithmetic.ts'
import { type Complex, circle, type Transform, timesConstant } from './complex.ts'
import { range } from './range.ts'

interface Cyclic {
  /** Σ x, plus the bias. */
  readonly sum: Scaled
  /** The convolution, plus the bias. */
  readonly results: readonly Scaled[]
}

const biased = (m: Arithmetic, bias: Scaled | undefined, a: Scaled): Scaled => (bias ? m.add(bias, a) : a)

/** By the transform of size 3: (Σ x, x_0 − (x_1 + x_2)/2, x_1 − x_2), in which it is one scale and one 2 × 2 matrix. */
const cyclic3 = (
  m: Arithmetic,
  x: readonly Scaled[],
  kernel: readonly number[],
  bias: Scaled | undefined,
): Cyclic => {
  const [k0 = 0, k1 = 0, k2 = 0] = kernel
  const pair = m.add(x[1]!, x[2]!)
  const sum = m.add(x[0]!, pair)
  const p = m.subtract(x[0]!, m.scale(1 / 2, pair))
  const d = m.subtract(x[1]!, x[2]!)
  const mean = biased(m, bias, m.scale((k0 + k1 + k2) / 3, sum))
  // y_0 − mean, and y_1 − y_2 halved; p is 3/2 of x_0 without its mean.
  const u = (2 * k0 - k1 - k2) / 3
  const v = (k1 - k2) / 2
  const first = m.subtract(m.scale(u, p), m.scale(v, d))
  const half = m.add(m.scale(v, p), m.scale(k0 / 2 - (k1 + k2) / 4, d))
  const rest = m.subtract(mean, m.scale(1 / 2, first))
  return {
    sum: biased(m, bias, sum),
    results: [m.add(mean, first), m.add(rest, half), m.subtract(rest, half)],
  }
}

export const cyclic = (
  m: Arithmetic,
  transform: Transform,
  x: readonly Scaled[],
  kernel: readonly number[],
  bias?: Scaled,
): Cyclic => {
  const n = x.length
  if (n === 1) {
    return { sum: biased(m, bias, x[0]!), results: [biased(m, bias, m.scale(kernel[0]!, x[0]!))] }
  }
  if (n === 3) return cyclic3(m, x, kernel, bias)
  if (n % 2 === 1) throw new Error(`no cyclic convolution of size ${n}`)
  const h = n / 2
  const low = cyclic(
    m,
    transform,
    range(h).map(i => m.add(x[i]!, x[i + h]!)),
    range(h).map(i => (kernel[i]! + kernel[i + h]!) / 2),
    bias,
  )
  const high = negacyclic(
    m,
    transform,
    range(h).map(i => m.subtract(x[i]!, x[i + h]!)),
    range(h).map(i => (kernel[i]! - kernel[i + h]!) / 2),
  )
  return {
    sum: low.sum,
    results: range(n).map(i =>
      i < h ? m.add(low.results[i]!, high[i]!) : m.subtract(low.results[i - h]!, high[i - h]!),
    ),
  }
}

/** With the sign turned at every way round: x^n = −1. */
export const negacyclic = (
  m: Arithmetic,
  transform: Transform,
  x: readonly Scaled[],
  kernel: readonly number[],
): Scaled[] => {
  const n = x.length
  if (n === 1) return [m.scale(kernel[0]!, x[0]!)]
  const sign = (i: number) => (i % 2 === 0 ? 1 : -1)
  if (n % 2 === 1) {
    return cyclic(
      m,
      transform,
      x.map((a, i) => m.scale(sign(i), a)),
      kernel.map((k, i) => sign(i) * k),
    ).results.map((a, i) => m.scale(sign(i), a))
  }
  const h = n / 2
  if (h % 2 === 0) throw new Error(`no negacyclic convolution of size ${n}`)
  // With x^h = i, two real halves are one complex number; x = u y, u^h = i, makes y^h = 1.
  const u = h % 4 === 1 ? 1 : 3
  const unit = (power: number) => circle(u * power, 4)
  const values = range(h).map((i): Complex => {
    const { cos, sin } = unit(i)
    return timesConstant(m, { re: x[i]!, im: x[i + h]! }, cos, sin)
  })
  const weights = range(h).map(i => {
    const { cos, sin } = unit(i)
    const [re, im] = [kernel[i]!, kernel[i + h]!]
    return { re: re * cos - im * sin, im: re * sin + im * cos }
  })
  const spectrum = range(h).map(k =>
    weights.reduce(
      (sum, w, i) => {
        const { cos, sin } = circle(i * k, h)
        return { re: sum.re + w.re * cos + w.im * sin, im: sum.im + w.im * cos - w.re * sin }
      },
      { re: 0, im: 0 },
    ),
  )
  const products = transform(values).map((z, k) =>
    timesConstant(m, z, spectrum[k]!.re / h, spectrum[k]!.im / h),
  )
  const turned = transform(products)
  const results = range(h).map((i): Complex => {
    const { cos, sin } = unit(-i)
    // The inverse transform is the forward one at −i.
    return timesConstant(m, turned[(h - i) % h]!, cos, sin)
  })
  return [...results.map(z => z.re), ...results.map(z => z.im)]
}
