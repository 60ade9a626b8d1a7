/**
 * Generators of well-typed expressions, from the type wanted to what may have it: one row an op.
 *
 * What they make is well conditioned: values stay near 1, singularities and branch cuts are kept away from, so
 * two ways of computing the same thing in float64 differ by rounding and no more. So means stand for sums, and
 * three generators besides `any` hand out operands with margins: `unit`, `positive` and `away`.
 */
import * as fc from 'fast-check'
import * as b from '../ir/build.ts'
import { constant, type Expr, node, tensorType } from '../ir/expr.ts'
import type { Op, UnitaryAttributes } from '../ir/ops.ts'
import { elements, type Field, type Rate, rateOf, type Shape, type TensorType, tensor } from '../ir/type.ts'
import { all, between, later, type Option, oneOf, pick } from './choice.ts'
import { loop } from './loops.ts'
import { constantOf, deeper, indices, leaf, mean, type Scope, size } from './scope.ts'

type Make = fc.Arbitrary<Expr>
/** How an op can end in that type, if it can. */
type Row = (s: Scope, t: TensorType) => false | (() => Make)

const like = (t: TensorType, field: Field, shape = t.shape): TensorType => tensor(field, shape, t.rate)
const pair = (x: Make, y: Make, f: (x: Expr, y: Expr) => Expr): Make =>
  fc.tuple(x, y).map(([p, q]) => f(p, q))
const scaled = (x: Expr, by: number): Expr => b.times(constant(by, tensorType(x).shape), x)

/** An expression of this field and shape, and of this rate or a lesser one. */
export const any = (s: Scope, t: TensorType): Make =>
  pick(() => [[s.depth <= 0 ? 1 : 3, () => leaf(s, t)], ...(s.depth <= 0 ? [] : options(s, t))])

/** Real and imaginary parts in [−1, 1]. */
export const unit = (s: Scope, t: TensorType): Make =>
  later(() => {
    if (t.field === 'complex') return pair(unit(s, like(t, 'real')), unit(s, like(t, 'real')), b.complexOf)
    return fc.tuple(oneOf([b.tanh, b.sin, b.cos, b.sigmoid]), any(s, t)).map(([f, x]) => f(x))
  })

/** Real part at least 1. */
const shifted = (s: Scope, t: TensorType): Make =>
  fc.tuple(oneOf([2, 2.5, 3]), unit(s, t)).map(([by, x]) => b.add(constantOf(t, by, 0), x))

/** Where log and sqrt are smooth: in the right half-plane, or e to something small. */
const positive = (s: Scope, t: TensorType): Make =>
  pick<Expr>(() => [
    [3, () => shifted(s, t)],
    [1, () => unit(s, t).map(b.exp)],
  ])

/** At least 1 from zero, on any side of it. */
export const away = (s: Scope, t: TensorType): Make =>
  pick<Expr>(() => [
    [3, () => shifted(s, t)],
    [2, () => shifted(s, t).map(b.neg)],
    [t.field === 'complex' ? 2 : 0, () => shifted(s, t).map(x => b.mul(constantOf(t, 0, 1), x))],
    [t.shape.length > 0 && t.shape[0]! > 1 && s.depth > 0 ? 2 : 0, () => joined(s, t, away)],
  ])

const joined = (s: Scope, t: TensorType, part: (s: Scope, t: TensorType) => Make): Make =>
  between(1, t.shape[0]! - 1).chain(n =>
    pair(
      part(deeper(s), like(t, t.field, [n, ...t.shape.slice(1)])),
      part(deeper(s), like(t, t.field, [t.shape[0]! - n, ...t.shape.slice(1)])),
      b.concat,
    ),
  )

/** What modRelu adds to a modulus of at least 1, or of at most 5, without coming near zero. */
const bias = (s: Scope, t: TensorType): Make =>
  fc.tuple(oneOf([0.5, -0.5, -8]), unit(s, t)).map(([by, x]) => b.add(constantOf(t, by, 0), scaled(x, 0.4)))

const when = (holds: boolean, make: () => Make): false | (() => Make) => holds && make

const same =
  (f: (x: Expr) => Expr, operand = any): Row =>
  (s, t) =>
  () =>
    operand(deeper(s), t).map(f)
/** Entire functions grow fast off the real axis, and some have poles there. */
const tame =
  (f: (x: Expr) => Expr): Row =>
  (s, t) =>
  () =>
    (t.field === 'real' ? any : unit)(deeper(s), t).map(f)
const twoOf =
  (f: (x: Expr, y: Expr) => Expr, right = any): Row =>
  (s, t) =>
  () =>
    pair(any(deeper(s), t), right(deeper(s), t), f)
const partOf =
  (f: (x: Expr) => Expr): Row =>
  (s, t) =>
    when(t.field === 'real', () => any(deeper(s), like(t, 'complex')).map(f))

/** Shapes of as many entries: all on one axis, an axis of one entry more, axes joined or halved. */
const otherShapes = (shape: Shape): readonly Shape[] => {
  const [n, ...others] = shape as readonly [number, ...number[]]
  return [
    [1, ...shape],
    [...shape, 1],
    ...(others.length > 0 ? [[elements(shape)], [n * others[0]!, ...others.slice(1)]] : []),
    ...[2, 3].filter(d => n > d && n % d === 0).map(d => [n / d, d, ...others]),
  ]
}

type OperatorOp = Exclude<keyof UnitaryAttributes, 'apply'>

const rows: { readonly [K in Exclude<Op, OperatorOp | 'arg' | 'constant' | 'get'>]: Row } = {
  neg: same(b.neg),
  conj: (s, t) => when(t.field === 'complex', () => any(deeper(s), t).map(b.conj)),
  re: partOf(b.re),
  im: partOf(b.im),
  abs: (s, t) =>
    when(t.field === 'real', () =>
      oneOf<Field>(['real', 'complex'])
        .chain(field => (s.differentiable ? away : any)(deeper(s), like(t, field)))
        .map(b.abs),
    ),
  pinv: (s, t) => () =>
    pick<Expr>(() => [
      [5, () => away(deeper(s), t)],
      [1, () => fc.constant(constantOf(t, 0, 0))],
    ]).map(b.pinv),
  exp: same(b.exp, unit),
  log: same(b.log, positive),
  sqrt: same(b.sqrt, positive),
  sin: tame(b.sin),
  cos: tame(b.cos),
  tanh: tame(b.tanh),
  sigmoid: tame(b.sigmoid),
  relu: (s, t) => when(t.field === 'real', () => (s.differentiable ? away : any)(deeper(s), t).map(b.relu)),
  step: (s, t) => when(t.field === 'real', () => away(deeper(s), t).map(b.step)),

  add: twoOf(b.add),
  sub: twoOf(b.sub),
  mul: twoOf(b.mul),
  div: twoOf(b.div, away),
  scale: (s, t) =>
    when(t.field === 'complex', () => pair(any(deeper(s), like(t, 'real')), any(deeper(s), t), b.scale)),
  complex: (s, t) =>
    when(t.field === 'complex', () => {
      const part = any(deeper(s), like(t, 'real'))
      return pair(part, part, b.complexOf)
    }),
  modRelu: (s, t) =>
    when(t.field === 'complex', () =>
      oneOf([0, 1e-5, 0.1]).chain(epsilon =>
        pair(away(deeper(s), t), bias(deeper(s), like(t, 'real')), (z, by) => b.modRelu(z, by, epsilon)),
      ),
    ),

  sum: (s, t) =>
    when(elements(t.shape) < s.limit, () =>
      fc
        .tuple(between(1, 2), size(s, elements(t.shape)), between(1, 2))
        .chain(([axes, n, m]) =>
          any(deeper(s), like(t, t.field, [...(axes === 1 ? [n] : [m, n]), ...t.shape])).map(x =>
            mean(x, axes),
          ),
        ),
    ),
  broadcast: (s, t) =>
    when(t.shape.length > 0, () =>
      between(1, t.shape.length).chain(axes =>
        any(deeper(s), like(t, t.field, t.shape.slice(axes))).map(x => b.broadcast(x, t.shape)),
      ),
    ),
  dot: (s, t) =>
    when(t.shape.length === 0, () =>
      fc.tuple(size(s), fc.boolean()).chain(([n, flat]) => {
        const x = any(deeper(s), like(t, t.field, flat ? [n] : [2, n]))
        return pair(x, x, (p, q) => scaled(b.dot(p, q), 1 / n))
      }),
    ),
  matvec: (s, t) =>
    when(t.shape.length === 1, () =>
      fc.tuple(size(s, t.shape[0]), fc.boolean()).chain(([n, adjoint]) => {
        const m = t.shape[0]!
        return pair(
          any(deeper(s), like(t, t.field, adjoint ? [n, m] : [m, n])),
          any(deeper(s), like(t, t.field, [n])),
          (a, x) => scaled(b.matvec(a, x, adjoint), 1 / n),
        )
      }),
    ),
  transpose: (s, t) =>
    when(t.shape.length === 2, () =>
      any(deeper(s), like(t, t.field, [t.shape[1]!, t.shape[0]!])).map(b.transpose),
    ),
  outer: (s, t) =>
    when(t.shape.length === 2, () =>
      pair(
        any(deeper(s), like(t, t.field, [t.shape[0]!])),
        any(deeper(s), like(t, t.field, [t.shape[1]!])),
        b.outer,
      ),
    ),
  contract: (s, t) =>
    when(t.shape.length === 2, () =>
      size(s, Math.max(...t.shape)).chain(steps =>
        pair(
          any(deeper(s), like(t, t.field, [steps, t.shape[0]!])),
          any(deeper(s), like(t, t.field, [steps, t.shape[1]!])),
          (p, q) => scaled(b.contract(p, q), 1 / steps),
        ),
      ),
    ),
  concat: (s, t) => when(t.shape.length > 0 && t.shape[0]! > 1, () => joined(s, t, any)),
  slice: (s, t) =>
    when(t.shape.length > 0, () =>
      fc.tuple(between(0, 3), between(0, 3)).chain(([before, after]) => {
        const [n, ...others] = t.shape as readonly [number, ...number[]]
        return any(deeper(s), like(t, t.field, [before + n + after, ...others])).map(x =>
          b.slice(x, before, n),
        )
      }),
    ),
  reshape: (s, t) =>
    when(t.shape.length > 0, () =>
      oneOf(otherShapes(t.shape)).chain(shape =>
        any(deeper(s), like(t, t.field, shape)).map(x => b.reshape(x, t.shape)),
      ),
    ),
  pad: (s, t) =>
    when(t.shape.length > 0 && t.shape[0]! > 1, () =>
      between(0, t.shape[0]! - 1).chain(before =>
        between(0, t.shape[0]! - 1 - before).chain(after => {
          const shape = [t.shape[0]! - before - after, ...t.shape.slice(1)]
          return any(deeper(s), like(t, t.field, shape)).map(x => b.pad(x, before, after))
        }),
      ),
    ),
  take: (s, t) => {
    const at = indices(s, t)
    return when(at.length > 0, () =>
      fc
        .tuple(oneOf(at), between(0, 2))
        .chain(([i, more]) =>
          any(deeper(s), like(t, t.field, [tensorType(i).bound + more, ...t.shape])).map(x => b.take(x, i)),
        ),
    )
  },
  put: (s, t) => {
    const at = indices(s, t).filter(i => t.shape.length > 0 && tensorType(i).bound <= t.shape[0]!)
    return when(at.length > 0, () =>
      oneOf(at).chain(i =>
        any(deeper(s), like(t, t.field, t.shape.slice(1))).map(x => b.put(x, i, t.shape[0]!)),
      ),
    )
  },
  batchSum: (s, t) =>
    when(s.examples && s.values.some(v => rateOf(v.type) === 'varying'), () =>
      fc.tuple(any(deeper(s), tensor(t.field, t.shape, 'varying')), fc.boolean()).map(([x, exact]) => {
        if (rateOf(x.type) === 'uniform') return x
        const total = b.batchSum(x)
        return exact ? b.times(b.broadcast(b.pinv(b.batchSize()), t.shape), total) : scaled(total, 0.125)
      }),
    ),
  batchSize: (_, t) =>
    when(t.field === 'real' && t.shape.length === 0, () => fc.constant(scaled(b.batchSize(), 1 / 16))),
  logSumExp: (s, t) =>
    when(t.field === 'real' && t.shape.length === 0, () =>
      size(s).chain(n => any(deeper(s), like(t, 'real', [n])).map(b.logSumExp)),
    ),
  apply: (s, t) =>
    when(t.field === 'complex' && t.shape.length === 1, () =>
      pair(unitary(s, t.shape[0]!, t.rate), any(deeper(s), t), b.apply),
    ),
  scan: (s, t) => when(s.loops > 0, () => loop({ any, unit, unitary }, deeper(s), t)),
}

/* Ops that only some types have, and those with more to them, come up more often. */
const weights: { readonly [K in Op]?: number } = {
  scan: 3,
  apply: 8,
  matvec: 2,
  batchSum: 2,
  take: 2,
  put: 2,
  modRelu: 2,
  dot: 2,
  logSumExp: 2,
}

const options = (s: Scope, t: TensorType): readonly Option<Expr>[] =>
  Object.entries(rows).flatMap(([op, row]): readonly Option<Expr>[] => {
    const make = row(s, t)
    return make === false ? [] : [[weights[op as Op] ?? 1, make]]
  })

const permutation = (n: number): fc.Arbitrary<readonly number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: n }, (_, j) => j),
    { minLength: n },
  )

const operators: {
  readonly [K in OperatorOp]: (s: Scope, n: number, rate: Rate) => false | (() => Make)
} = {
  identity: (_, n) => () => fc.constant(node('identity', [], { size: n })),
  dft: (_, n) => () => fc.constant(node('dft', [], { size: n })),
  permute: (_, n) => () => permutation(n).map(b.permute),
  phase: (s, n, rate) => () => any(deeper(s), tensor('real', [n], rate)).map(b.phase),
  reflect: (s, n, rate) => () =>
    pick<Expr>(() => [
      [6, () => away(deeper(s), tensor('complex', [n], rate))],
      [1, () => fc.constant(constantOf(tensor('complex', [n]), 0, 0))],
    ]).map(b.reflect),
  compose: (s, n, rate) =>
    when(s.depth > 0, () =>
      between(1, 4).chain(count =>
        all(Array.from({ length: count }, () => unitary(deeper(s), n, rate))).map(b.compose),
      ),
    ),
  adjoint: (s, n, rate) => when(s.depth > 0, () => unitary(deeper(s), n, rate).map(b.adjoint)),
}

/** An operator on complex[n], of this rate or a lesser one. */
export const unitary = (s: Scope, n: number, rate: Rate): Make =>
  pick(() =>
    Object.values(operators).flatMap((row): readonly Option<Expr>[] => {
      const make = row(s, n, rate)
      return make === false ? [] : [[1, make]]
    }),
  )
