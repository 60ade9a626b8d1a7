/** Plain complex arithmetic on pairs of numbers, as the engine's results are compared with. */
import type { MicroOpName } from '../../src/backend/native/opcodes.ts'

type Row = readonly number[]
type Z = readonly [re: number, im: number]
const at = (x: Row, e: number): Z => [x[2 * e]!, x[2 * e + 1]!]
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const add = (a: Z, b: Z): Z => [a[0] + b[0], a[1] + b[1]]
const mul = (a: Z, b: Z): Z => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
const conj = (a: Z): Z => [a[0], -a[1]]
const scaled = (s: number, a: Z): Z => [s * a[0], s * a[1]]
const pinv = (a: Z): Z => (a[0] === 0 && a[1] === 0 ? [0, 0] : scaled(1 / (a[0] ** 2 + a[1] ** 2), conj(a)))
const div = (a: Z, b: Z): Z => mul(a, pinv(b))
const exp = (a: Z): Z => [Math.exp(a[0]) * Math.cos(a[1]), Math.exp(a[0]) * Math.sin(a[1])]
const log = (a: Z): Z => [Math.log(Math.hypot(...a)), Math.atan2(a[1], a[0])]
const sqrt = (a: Z): Z => {
  const [r, angle] = [Math.sqrt(Math.hypot(...a)), Math.atan2(a[1], a[0]) / 2]
  return [r * Math.cos(angle), r * Math.sin(angle)]
}
const times_i = (a: Z): Z => [-a[1], a[0]]
const minus = (a: Z, b: Z): Z => add(a, scaled(-1, b))

/** A micro-op that has complex numbers as operands or result. */
export const micro = (op: MicroOpName, x: Row, y: Row): Row => {
  const [a, b] = [[x[0]!, x[1]!] as const, [y[0]!, y[1]!] as const]
  const up = exp(times_i(a))
  const down = exp(scaled(-1, times_i(a)))
  switch (op) {
    case 'move':
      return a
    case 'add':
      return add(a, b)
    case 'sub':
      return minus(a, b)
    case 'mul':
      return mul(a, b)
    case 'div':
      return div(a, b)
    case 'conjMul':
      return mul(conj(a), b)
    case 'scale':
      return scaled(a[0], b)
    case 'complex':
      return [a[0], b[0]]
    case 'neg':
      return scaled(-1, a)
    case 'conj':
      return conj(a)
    case 're':
      return [a[0]]
    case 'im':
      return [a[1]]
    case 'modulus':
      return [Math.hypot(...a)]
    case 'pinv':
      return pinv(a)
    case 'exp':
      return exp(a)
    case 'log':
      return log(a)
    case 'sqrt':
      return sqrt(a)
    case 'sin':
      return div(minus(up, down), [0, 2])
    case 'cos':
      return scaled(0.5, add(up, down))
    case 'tanh':
      return div(minus(exp(a), exp(scaled(-1, a))), add(exp(a), exp(scaled(-1, a))))
    case 'sigmoid':
      return pinv(add([1, 0], exp(scaled(-1, a))))
    default:
      throw new Error(`${op} has no complex form`)
  }
}

/** Σ conj(a) b */
export const dot = (a: Row, b: Row): Row =>
  range(a.length / 2).reduce<Z>((sum, e) => add(sum, mul(conj(at(a, e)), at(b, e))), [0, 0])

const element = (x: Row, e: number, width: number): Z => (width === 1 ? [x[e]!, 0] : at(x, e))
const flat = (zs: readonly Z[], width: number): number[] => zs.flatMap(z => (width === 1 ? [z[0]] : [...z]))

export const matvec = (
  a: Row,
  x: Row,
  rows: number,
  columns: number,
  width: number,
  adjoint: boolean,
): Row => {
  const entry = (i: number, k: number): Z =>
    adjoint ? conj(element(a, k * columns + i, width)) : element(a, i * columns + k, width)
  const [outer, inner] = adjoint ? [columns, rows] : [rows, columns]
  return flat(
    range(outer).map(i =>
      range(inner).reduce<Z>((sum, k) => add(sum, mul(entry(i, k), element(x, k, width))), [0, 0]),
    ),
    width,
  )
}

/** a_i conj(b_j) */
export const outer = (a: Row, b: Row, width: number): Row =>
  flat(
    range(a.length / width).flatMap(i =>
      range(b.length / width).map(j => mul(element(a, i, width), conj(element(b, j, width)))),
    ),
    width,
  )

/** Σ_t a_ti conj(b_tj) */
export const contract = (a: Row, b: Row, steps: number, width: number): Row =>
  range(steps)
    .map(t => outer(part(a, t, steps), part(b, t, steps), width))
    .reduce((sum, x) => sum.map((s, i) => s + x[i]!))
const part = (x: Row, t: number, parts: number): Row =>
  x.slice((t * x.length) / parts, ((t + 1) * x.length) / parts)

export const dft = (x: Row, inverse: boolean): Row => {
  const n = x.length / 2
  const cosines = Float64Array.from(range(n), m => Math.cos((2 * Math.PI * m) / n) / Math.sqrt(n))
  const sines = Float64Array.from(
    range(n),
    m => ((inverse ? 1 : -1) * Math.sin((2 * Math.PI * m) / n)) / Math.sqrt(n),
  )
  return range(n).flatMap(k => {
    let [re, im] = [0, 0]
    for (let j = 0, m = 0; j < n; j++, m = m + k < n ? m + k : m + k - n) {
      const [c, s] = [cosines[m]!, sines[m]!]
      re += x[2 * j]! * c - x[2 * j + 1]! * s
      im += x[2 * j]! * s + x[2 * j + 1]! * c
    }
    return [re, im]
  })
}
