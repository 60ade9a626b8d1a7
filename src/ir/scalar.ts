/**
 * The pointwise ops on single numbers: the reference evaluator's and constant folding's one source. Complex
 * functions take their principal branches.
 */
import type { Attributes, BinaryOp, PointwiseOp, UnaryOp } from './ops.ts'

export interface Scalar {
  readonly re: number
  readonly im: number
}

type ComplexOnly = 'conj' | 're' | 'im' | 'scale' | 'complex' | 'modRelu'
type RealOnly = 'relu' | 'step'
type RealTable = {
  readonly [K in Exclude<UnaryOp, ComplexOnly>]: (x: number) => number
} & {
  readonly [K in Exclude<BinaryOp, ComplexOnly>]: (x: number, y: number) => number
}
type ComplexTable = {
  readonly [K in Exclude<UnaryOp, RealOnly>]: (z: Scalar) => Scalar
} & {
  readonly [K in Exclude<BinaryOp, RealOnly>]: (z: Scalar, w: Scalar, attributes: Attributes[K]) => Scalar
}

const zero: Scalar = { re: 0, im: 0 }
const one: Scalar = { re: 1, im: 0 }
const real = (re: number): Scalar => ({ re, im: 0 })
const modulus = (z: Scalar): number => Math.hypot(z.re, z.im)

/** Smith's division: no overflow where the quotient has none. */
const divide = (z: Scalar, w: Scalar): Scalar => {
  if (Math.abs(w.re) >= Math.abs(w.im)) {
    const ratio = w.im === 0 ? 0 : w.im / w.re
    const by = w.re + w.im * ratio
    return { re: (z.re + z.im * ratio) / by, im: (z.im - z.re * ratio) / by }
  }
  const ratio = w.re / w.im
  const by = w.re * ratio + w.im
  return { re: (z.re * ratio + z.im) / by, im: (z.im * ratio - z.re) / by }
}

/** Apart for real operands, so that e^∞ is ∞ and not NaN i. */
const exponential = ({ re, im }: Scalar): Scalar => {
  const r = Math.exp(re)
  return im === 0 ? { re: r, im } : { re: r * Math.cos(im), im: r * Math.sin(im) }
}

const root = (z: Scalar): Scalar => {
  if (z.re === 0 && z.im === 0) return { re: 0, im: z.im }
  const r = Math.sqrt((Math.abs(z.re) + modulus(z)) / 2)
  const other = z.im / (2 * r)
  return z.re >= 0
    ? { re: r, im: other }
    : { re: Math.abs(other), im: z.im < 0 || Object.is(z.im, -0) ? -r : r }
}

/** (sinh x cosh x + i sin y cos y)/(sinh² x + cos² y); far out, where that overflows, its limit. */
const hyperbolicTangent = ({ re: x, im: y }: Scalar): Scalar => {
  if (Math.abs(x) > 20)
    return { re: Math.sign(x), im: 4 * Math.sin(y) * Math.cos(y) * Math.exp(-2 * Math.abs(x)) }
  const [s, c] = [Math.sinh(x), Math.cos(y)]
  const by = s * s + c * c
  return { re: (s * Math.cosh(x)) / by, im: (Math.sin(y) * c) / by }
}

/** By whichever of e^x, e^−x is small. */
const logistic = (z: Scalar): Scalar => {
  if (z.re >= 0) {
    const e = exponential({ re: -z.re, im: -z.im })
    return divide(one, { re: 1 + e.re, im: e.im })
  }
  const e = exponential(z)
  return divide(e, { re: 1 + e.re, im: e.im })
}

const onReals: RealTable = {
  neg: x => -x,
  abs: Math.abs,
  pinv: x => (x === 0 ? 0 : 1 / x),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: x => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  relu: x => Math.max(x, 0),
  step: x => (x > 0 ? 1 : 0),
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
}

const onComplexes: ComplexTable = {
  neg: z => ({ re: -z.re, im: -z.im }),
  conj: z => ({ re: z.re, im: -z.im }),
  re: z => real(z.re),
  im: z => real(z.im),
  abs: z => real(modulus(z)),
  pinv: z => (z.re === 0 && z.im === 0 ? zero : divide(one, z)),
  exp: exponential,
  log: z => ({ re: Math.log(modulus(z)), im: Math.atan2(z.im, z.re) }),
  sqrt: root,
  sin: ({ re, im }) => ({ re: Math.sin(re) * Math.cosh(im), im: Math.cos(re) * Math.sinh(im) }),
  cos: ({ re, im }) => ({ re: Math.cos(re) * Math.cosh(im), im: -Math.sin(re) * Math.sinh(im) }),
  tanh: hyperbolicTangent,
  sigmoid: logistic,
  add: (z, w) => ({ re: z.re + w.re, im: z.im + w.im }),
  sub: (z, w) => ({ re: z.re - w.re, im: z.im - w.im }),
  mul: (z, w) => ({ re: z.re * w.re - z.im * w.im, im: z.re * w.im + z.im * w.re }),
  div: divide,
  scale: (r, z) => ({ re: r.re * z.re, im: r.re * z.im }),
  complex: (x, y) => ({ re: x.re, im: y.re }),
  modRelu: (z, b, { epsilon }) => {
    const r = modulus(z)
    if (r === 0 || r + b.re < 0) return zero
    const gain = (r + b.re) / (r + epsilon)
    return { re: gain * z.re, im: gain * z.im }
  },
}

/* Rows differ in how many operands they read; behind these two doors they all take both. */
type OnReals = (x: number, y: number) => number
type OnScalars<K extends PointwiseOp> = (z: Scalar, w: Scalar, attributes: Attributes[K]) => Scalar

/** The op on reals alone, if it is real for them. */
export const realFunction = (op: PointwiseOp): OnReals | undefined =>
  op in onReals ? (onReals[op as keyof RealTable] as OnReals) : undefined

/** The op on numbers of which at least one, or the result, is complex. */
export const complexFunction = <K extends PointwiseOp>(op: K): OnScalars<K> | undefined =>
  op in onComplexes ? (onComplexes[op as keyof ComplexTable] as OnScalars<K>) : undefined

/**
 * The op on these numbers, where `field` is that of the first operand: the square root of −1 is NaN as a real
 * number and i as a complex one.
 */
export const foldPointwise = <K extends PointwiseOp>(
  op: K,
  attributes: Attributes[K],
  field: 'real' | 'complex',
  args: readonly Scalar[],
): Scalar => {
  const [z = zero, w = zero] = args
  const onReal = field === 'real' ? realFunction(op) : undefined
  if (onReal !== undefined) return real(onReal(z.re, w.re))
  return complexFunction(op)?.(z, w, attributes) ?? { re: Number.NaN, im: 0 }
}
