/**
 * Transforms of odd prime size p. With a_j = x_j + x_{p−j} and b_j = x_j − x_{p−j}, outputs k and p − k share
 * sums of cos · a and of sin · b, both real matrices of half the size.
 */

import type { Arithmetic, Scaled } from './arithmetic.ts'
import { type Complex, circle, minus, plus, type Transform } from './complex.ts'
import { cyclic, negacyclic } from './convolution.ts'
import type { Part } from './node.ts'
import { range } from './range.ts'

interface Halves {
  /** X_0 */
  readonly all: Scaled
  /** x_0 + Σ cos(2πjk/p) a_j and Σ sin(2πjk/p) b_j, for k = 1 … (p − 1)/2. */
  readonly even: readonly Scaled[]
  readonly odd: readonly Scaled[]
}

const total = (m: Arithmetic, terms: readonly Scaled[]): Scaled => terms.reduce(m.add)

/** For one part of the elements, as the definition has it. */
const direct = (m: Arithmetic, p: number, x: Scaled, a: readonly Scaled[], b: readonly Scaled[]): Halves => {
  const half = range((p - 1) / 2)
  const angle = (j: number, k: number) => circle((j + 1) * (k + 1), p)
  return {
    all: total(m, [x, ...a]),
    even: half.map(k => total(m, [x, ...half.map(j => m.scale(angle(j, k).cos, a[j]!))])),
    odd: half.map(k =>
      total(
        m,
        half.map(j => m.scale(angle(j, k).sin, b[j]!)),
      ),
    ),
  }
}

/** g^0, g^1, … g^(p−2) modulo p. */
const powers = (g: number, p: number): number[] => {
  const list = [1]
  while (list.length < p - 1) list.push((list.at(-1)! * g) % p)
  return list
}

const generator = (p: number): number =>
  range(p).find(g => g > 1 && new Set(powers(g, p)).size === p - 1) ?? 1

/**
 * Rader's way: with indices as powers of a generator g, which has g^((p−1)/2) = −1, the cosines make a cyclic
 * convolution and the sines, whose signs turn half way round, a negacyclic one.
 */
const rader = (
  m: Arithmetic,
  transform: Transform,
  p: number,
  x: Scaled,
  a: readonly Scaled[],
  b: readonly Scaled[],
): Halves => {
  const h = (p - 1) / 2
  const g = powers(generator(p), p)
  /** a at −j is a at j; b at −j is −b. */
  const fold = (j: number) => (j > h ? p - j : j) - 1
  const sign = (j: number) => (j > h ? -1 : 1)
  const inputs = range(h).map(i => g[i]!)
  /** Output g^−q takes the root g^(i−q) of input g^i: the kernel at q − i is the root of g^−(q−i). */
  const roots = range(h).map(i => circle(g[(p - 1 - i) % (p - 1)]!, p))
  const { sum, results } = cyclic(
    m,
    transform,
    inputs.map(j => a[fold(j)]!),
    roots.map(r => r.cos),
    x,
  )
  const odds = negacyclic(
    m,
    transform,
    inputs.map(j => m.scale(sign(j), b[fold(j)]!)),
    roots.map(r => r.sin),
  )
  const outputs = range(h).map(q => g[(p - 1 - q) % (p - 1)]!)
  const at = (k: number) => outputs.findIndex(j => fold(j) === k)
  return {
    all: sum,
    even: range(h).map(k => results[at(k)]!),
    odd: range(h).map(k => m.scale(sign(outputs[at(k)]!), odds[at(k)]!)),
  }
}

/** Sizes at which Rader's way takes fewer additions than the definition, or as many and fewer multiplications. */
const raders: readonly number[] = [5, 13]

/** `transform`: of smaller sizes. */
export const primeDft = (m: Arithmetic, x: readonly Complex[], transform: Transform): Complex[] => {
  const p = x.length
  const half = range((p - 1) / 2)
  const a = half.map(j => plus(m, x[j + 1]!, x[p - 1 - j]!))
  const b = half.map(j => minus(m, x[j + 1]!, x[p - 1 - j]!))
  const halves = (part: Part): Halves => {
    const values = [x[0]![part], a.map(z => z[part]), b.map(z => z[part])] as const
    return raders.includes(p) ? rader(m, transform, p, ...values) : direct(m, p, ...values)
  }
  const re = halves('re')
  const im = halves('im')
  const y: Complex[] = [{ re: re.all, im: im.all }]
  for (const k of half) {
    y[k + 1] = { re: m.add(re.even[k]!, im.odd[k]!), im: m.subtract(im.even[k]!, re.odd[k]!) }
    y[p - 1 - k] = { re: m.subtract(re.even[k]!, im.odd[k]!), im: m.add(im.even[k]!, re.odd[k]!) }
  }
  return y
}
