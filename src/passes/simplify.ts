/**
 * Algebraic laws and constant folding. Each rule has a name, holds for every value (NaN and ∞ included, but for
 * the sign of a zero), and makes the program smaller or its constants fewer, so rewriting ends.
 */
import * as b from '../ir/build.ts'
import { complexConstant, constant, type Expr, type Func, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { isPointwise, type PointwiseOp } from '../ir/ops.ts'
import { foldPointwise } from '../ir/scalar.ts'
import { elements, rateOf, sameShape } from '../ir/type.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'

export interface Rule {
  readonly name: string
  /** What stands for the node, or undefined where the rule does not apply. */
  readonly apply: (e: Expr) => Expr | undefined
}

const first = (e: Expr): Expr => required(e.args[0], 'the first operand')
const second = (e: Expr): Expr => required(e.args[1], 'the second operand')

const isConstant = (e: Expr, re: number): boolean =>
  e.op === 'constant' && e.attributes.re === re && e.attributes.im === 0

const rule = (name: string, apply: Rule['apply']): Rule => ({ name, apply })

export const rules: readonly Rule[] = [
  rule('−(−x) = x', e => (e.op === 'neg' && first(e).op === 'neg' ? first(first(e)) : undefined)),
  rule('conj conj x = x', e => (e.op === 'conj' && first(e).op === 'conj' ? first(first(e)) : undefined)),
  rule('Re(a + ib) = a', e => (e.op === 're' && first(e).op === 'complex' ? first(first(e)) : undefined)),
  rule('Im(a + ib) = b', e => (e.op === 'im' && first(e).op === 'complex' ? second(first(e)) : undefined)),
  rule('Re x + i Im x = x', e => {
    if (e.op !== 'complex') return undefined
    const [p, q] = [first(e), second(e)]
    return p.op === 're' && q.op === 'im' && first(p) === first(q) ? first(p) : undefined
  }),
  rule('x + 0 = x', e =>
    e.op !== 'add'
      ? undefined
      : isConstant(first(e), 0)
        ? second(e)
        : isConstant(second(e), 0)
          ? first(e)
          : undefined,
  ),
  rule('x − 0 = x', e => (e.op === 'sub' && isConstant(second(e), 0) ? first(e) : undefined)),
  rule('0 − x = −x', e => (e.op === 'sub' && isConstant(first(e), 0) ? b.neg(second(e)) : undefined)),
  rule('x + (−y) = x − y', e =>
    e.op === 'add' && second(e).op === 'neg' ? b.sub(first(e), first(second(e))) : undefined,
  ),
  rule('x − (−y) = x + y', e =>
    e.op === 'sub' && second(e).op === 'neg' ? b.add(first(e), first(second(e))) : undefined,
  ),
  rule('1 x = x', e =>
    e.op !== 'mul'
      ? undefined
      : isConstant(first(e), 1)
        ? second(e)
        : isConstant(second(e), 1)
          ? first(e)
          : undefined,
  ),
  rule('1 z = z', e => (e.op === 'scale' && isConstant(first(e), 1) ? second(e) : undefined)),
  rule('x/1 = x', e => (e.op === 'div' && isConstant(second(e), 1) ? first(e) : undefined)),
  rule('no sum', e => (e.op === 'sum' && e.attributes.axes === 0 ? first(e) : undefined)),
  rule('no repetition', e =>
    e.op === 'broadcast' && e.attributes.shape.length === tensorType(first(e)).shape.length
      ? first(e)
      : undefined,
  ),
  rule('repeated twice', e =>
    e.op === 'broadcast' && first(e).op === 'broadcast'
      ? b.broadcast(first(first(e)), e.attributes.shape)
      : undefined,
  ),
  rule('no padding', e =>
    e.op === 'pad' && e.attributes.before === 0 && e.attributes.after === 0 ? first(e) : undefined,
  ),
  rule('all of it', e =>
    e.op === 'slice' && e.attributes.length === tensorType(first(e)).shape[0] ? first(e) : undefined,
  ),
  rule('the same axes', e =>
    e.op === 'reshape' && sameShape(e.attributes.shape, tensorType(first(e)).shape) ? first(e) : undefined,
  ),
  rule('reshaped twice', e => {
    const x = e.op === 'reshape' ? first(e) : undefined
    return e.op === 'reshape' && x?.op === 'reshape' ? b.reshape(first(x), e.attributes.shape) : undefined
  }),
  rule('slice of a slice', e => {
    const x = e.op === 'slice' ? first(e) : undefined
    return e.op === 'slice' && x?.op === 'slice'
      ? b.slice(first(x), x.attributes.start + e.attributes.start, e.attributes.length)
      : undefined
  }),
  rule('half of a concat', e => {
    const x = e.op === 'slice' ? first(e) : undefined
    if (e.op !== 'slice' || x?.op !== 'concat') return undefined
    const { start, length } = e.attributes
    const middle = tensorType(first(x)).shape[0]!
    if (start + length <= middle) return b.slice(first(x), start, length)
    return start >= middle ? b.slice(second(x), start - middle, length) : undefined
  }),
  rule('repeated constant', e => {
    const x = e.op === 'broadcast' ? first(e) : undefined
    return x?.op === 'constant' ? filled(x.attributes.re, x.attributes.im, e) : undefined
  }),
  rule('constant entries', e => {
    const x = e.op === 'slice' ? first(e) : undefined
    return x?.op === 'constant' ? filled(x.attributes.re, x.attributes.im, e) : undefined
  }),
  rule('reshaped constant', e => {
    const x = e.op === 'reshape' ? first(e) : undefined
    return x?.op === 'constant' ? filled(x.attributes.re, x.attributes.im, e) : undefined
  }),
  rule('sum of a constant', e => {
    const x = e.op === 'sum' ? first(e) : undefined
    if (e.op !== 'sum' || x?.op !== 'constant') return undefined
    const count = elements(tensorType(x).shape.slice(0, e.attributes.axes))
    return filled(count * x.attributes.re, count * x.attributes.im, e)
  }),
  rule('constant folding', e => {
    if (!isPointwise(e.op) || !e.args.every(a => a.op === 'constant')) return undefined
    const values = e.args.flatMap(a =>
      a.op === 'constant' ? [{ re: a.attributes.re, im: a.attributes.im }] : [],
    )
    const field = tensorType(first(e)).field === 'complex' ? 'complex' : 'real'
    const { re, im } = foldPointwise(e.op as PointwiseOp, e.attributes as never, field, values)
    return Number.isNaN(re) || Number.isNaN(im) ? undefined : filled(re, im, e)
  }),
]

const filled = (re: number, im: number, like: Expr): Expr => {
  const { field, shape } = tensorType(like)
  return field === 'complex' ? complexConstant(re, im, shape) : constant(re, shape)
}

/* Re(a + ib) varies where only b does, and a does not: as another type, a cannot stand for it. */
const sameRate = (e: Expr, { apply }: Rule): Expr | undefined => {
  const next = apply(e)
  return next !== undefined && rateOf(next.type) === rateOf(e.type) ? next : undefined
}

/** The node with rules applied until none does. Every rule makes progress, so fuel only guards against a bad one. */
const settle = (e: Expr, tell: Tell): Expr => {
  let current = e
  for (let fuel = 100; fuel > 0; fuel--) {
    let applied = ''
    const next = rules.reduce<Expr | undefined>((found, r) => {
      if (found !== undefined) return found
      applied = r.name
      return sameRate(current, r)
    }, undefined)
    if (next === undefined || next === current) return current
    tell(applied)
    current = next
  }
  return current
}

export const simplify: Pass = {
  name: 'simplify',
  summary: 'algebraic laws and constant folding',
  run: (f, tell = silent) =>
    deeply(f, (g: Func) =>
      func(
        g.params,
        rewrite(g.results, e => settle(e, tell)),
      ),
    ),
}
