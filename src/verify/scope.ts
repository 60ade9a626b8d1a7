/** What generated expressions may use, and their leaves. */
import type * as fc from 'fast-check'
import { broadcast, complexOf, constantLike, im, pad, re, slice, sum, times } from '../ir/build.ts'
import { complexConstant, constant, type Expr, tensorType } from '../ir/expr.ts'
import { elements, type Shape, sameShape, type TensorType } from '../ir/type.ts'
import { between, type Option, oneOf, pick } from './choice.ts'

export interface Scope {
  /** Tensors that leaves are made of: parameters, and whatever is to be shared. */
  readonly values: readonly Expr[]
  /** How many more ops may be on the way to a leaf, more or less. */
  readonly depth: number
  /** How many more loops may be in one another. */
  readonly loops: number
  /** Whether there are examples to sum over: not in a loop's body. */
  readonly examples: boolean
  /** Whether relu and abs, too, keep away from their corners. */
  readonly differentiable: boolean
  /** How many elements a tensor has at most, more or less. */
  readonly limit: number
  readonly sizes: fc.Arbitrary<number>
}

export const deeper = (s: Scope): Scope => ({ ...s, depth: s.depth - 1 })

/** A new axis for tensors that have `others` elements along their other ones; mostly of a length that occurs. */
export const size = (s: Scope, others = 1): fc.Arbitrary<number> => {
  const known = s.values.flatMap(v => tensorType(v).shape)
  const most = Math.max(1, Math.floor(s.limit / others))
  return pick<number>(() => [
    [known.length === 0 ? 0 : 3, () => oneOf(known)],
    [1, () => s.sizes],
  ]).map(n => Math.min(n, most))
}

const usable = (s: Scope, t: Pick<TensorType, 'rate'>): readonly Expr[] =>
  s.values.filter(v => t.rate === 'varying' || tensorType(v).rate === 'uniform')

/** The indices in scope of this rank. */
export const indices = (s: Scope, t: Pick<TensorType, 'rate'>, rank = 0): readonly Expr[] =>
  usable(s, t).filter(v => tensorType(v).field === 'index' && tensorType(v).shape.length === rank)

/** The mean over the first axes: a sum that stays as small as what it sums. */
export const mean = (x: Expr, axes: number): Expr => {
  const total = sum(x, axes)
  const { shape } = tensorType(total)
  return times(constant(elements(shape) / elements(tensorType(x).shape), shape), total)
}

const resize = (x: Expr, length: number): Expr => {
  const given = tensorType(x).shape[0]!
  return given >= length ? slice(x, 0, length) : pad(x, 0, length - given)
}

/** x brought to the shape by what it takes: means, cuts, zeros, repetition. */
const reshape = (x: Expr, shape: Shape): Expr => {
  const own = tensorType(x).shape
  if (own.length <= shape.length && sameShape(shape.slice(shape.length - own.length), own))
    return broadcast(x, shape)
  if (own.length === shape.length && sameShape(own.slice(1), shape.slice(1))) return resize(x, shape[0]!)
  if (own.length > 1) return reshape(mean(x, own.length - 1), shape)
  return shape.length === 0 ? mean(x, 1) : broadcast(resize(x, shape[shape.length - 1]!), shape)
}

/** A tensor of real or complex numbers made one of that field and shape. */
export const adapt = (x: Expr, t: Pick<TensorType, 'field' | 'shape'>, imaginary = false): Expr => {
  const shaped = reshape(x, t.shape)
  const { field } = tensorType(x)
  if (field === t.field) return shaped
  if (field === 'complex') return imaginary ? im(shaped) : re(shaped)
  const nothing = constantLike(shaped, 0)
  return imaginary ? complexOf(nothing, shaped) : complexOf(shaped, nothing)
}

export const constantOf = (t: Pick<TensorType, 'field' | 'shape'>, re: number, im: number): Expr =>
  t.field === 'complex' ? complexConstant(re, im, t.shape) : constant(re, t.shape)

const numbers = [0.5, 1, -1, 0.25, -0.75, 0]

/** A value in scope, as it is if it fits and bent if not, or a constant. */
export const leaf = (s: Scope, t: TensorType): fc.Arbitrary<Expr> => {
  const given = usable(s, t).filter(v => tensorType(v).field !== 'index')
  const fitting = given.filter(
    v => tensorType(v).field === t.field && sameShape(tensorType(v).shape, t.shape),
  )
  const lively = given.filter(v => tensorType(v).rate === t.rate)
  const options: readonly Option<Expr>[] = [
    [fitting.length === 0 ? 0 : 6, () => oneOf(fitting)],
    [
      lively.length === 0 ? 0 : 3,
      () => oneOf(lively).chain(v => between(0, 1).map(part => adapt(v, t, part === 1))),
    ],
    [
      given.length === 0 ? 1 : 0.3,
      () => oneOf(numbers).chain(a => oneOf(numbers).map(b => constantOf(t, a, b))),
    ],
  ]
  return pick(() => options.filter(([weight]) => weight > 0))
}
