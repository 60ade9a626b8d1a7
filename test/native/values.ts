/** Numbers to compute with, and how near results must come. */
import assert from 'node:assert/strict'
import { addon, type Value } from './plans.ts'

export const precisions = ['single', 'double'] as const
export const settings = precisions.flatMap(precision => addon.features().isa.map(isa => ({ precision, isa })))
export const tolerance = { single: 2e-5, double: 1e-12 } as const

/** The same numbers in every run: a linear congruential generator, in (−1, 1). */
export const numbers = (seed: number) => {
  let state = (seed * 2654435761) >>> 0
  return (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround((state / 2 ** 32) * 2 - 1)
  }
}
export const drawn = (length: number, next: () => number): Float64Array => {
  const x = new Float64Array(length)
  for (let n = 0; n < length; n++) x[n] = next()
  return x
}
export const value = (
  next: () => number,
  rate: 'uniform' | 'varying',
  units: number,
  batch: number,
  change: (x: number) => number = x => x,
): Value => {
  const row = (): number[] => Array.from({ length: units }, () => change(next()))
  const first = row()
  return {
    rate,
    units,
    gap: 3,
    rows: Array.from({ length: batch }, (_, b) => (b === 0 || rate === 'uniform' ? first : row())),
  }
}

export const near = (
  actual: Float64Array,
  expected: ArrayLike<number>,
  allowed: number,
  what: string,
): void => {
  assert.equal(actual.length, expected.length, what)
  let size = 1
  for (let n = 0; n < expected.length; n++)
    if (Number.isFinite(expected[n]!)) size = Math.max(size, Math.abs(expected[n]!))
  for (let n = 0; n < expected.length; n++) {
    const [x, y] = [expected[n]!, actual[n]!]
    const same = Object.is(x, y) || Math.abs(x - y) <= allowed * size || (Number.isNaN(x) && Number.isNaN(y))
    if (!same) assert.fail(`${what}: number ${n} is ${y}, expected ${x}`)
  }
}

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
export const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
