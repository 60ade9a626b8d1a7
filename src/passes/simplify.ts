/**
 * Algebraic laws and constant folding. Each rule has a name, holds for every value (NaN and ∞ included, but for
 * the sign of a zero), and makes the program smaller or its constants fewer, so rewriting ends.
 */
import * as b from '../ir/build.ts'
import { complexConstant, constant, type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { type Op, pointwiseOps } from '../ir/ops.ts'
import { foldPointwise } from '../ir/scalar.ts'
import { elements, rateOf, sameShape } from '../ir/type.ts'
import { everywhere } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'

export interface Rule {
  readonly name: string
  /** The ops of nodes that it may apply to. */
  readonly ops: readonly Op[]
  /** What stands for the node, or undefined where the rule does not apply. */
  readonly apply: (e: Expr) => Expr | undefined
}

const first = (e: Expr): Expr => required(e.args[0], 'the first operand')
const second = (e: Expr): Expr => required(e.args[1], 'the second operand')

const isConstant = (e: Expr, re: number): boolean =>
  e.op === 'constant' && e.attributes.re === re && e.attributes.im === 0

const rule = <K extends Op>(
  name: string,
  ops: K | readonly K[],
  apply: (e: Expr<K>) => Expr | undefined,
): Rule => {
  const of: readonly Op[] = typeof ops === 'string' ? [ops] : ops
  return { name, ops: of, apply: e => (of.includes(e.op) ? apply(e as Expr<K>) : undefined) }
}

/* All entries of a constant are the same number. */
const sameNumber = (e: Expr): Expr | undefined => {
  const x = first(e)
  return x.op === 'constant' ? filled(x.attributes.re, x.attributes.im, e) : undefined
}

export const rules: readonly Rule[] = [
  rule('−(−x) = x', 'neg', e => (first(e).op === 'neg' ? first(first(e)) : undefined)),
  rule('conj conj x = x', 'conj', e => (first(e).op === 'conj' ? first(first(e)) : undefined)),
  rule('Re(a + ib) = a', 're', e => (first(e).op === 'complex' ? first(first(e)) : undefined)),
  rule('Im(a + ib) = b', 'im', e => (first(e).op === 'complex' ? second(first(e)) : undefined)),
  rule('Re x + i Im x = x', 'complex', e => {
    const [p, q] = [first(e), second(e)]
    return p.op === 're' && q.op === 'im' && first(p) === first(q) ? first(p) : undefined
  }),
  rule('x + 0 = x', 'add', e =>
    isConstant(first(e), 0) ? second(e) : isConstant(second(e), 0) ? first(e) : undefined,
  ),
  rule('x − 0 = x', 'sub', e => (isConstant(second(e), 0) ? first(e) : undefined)),
  rule('0 − x = −x', 'sub', e => (isConstant(first(e), 0) ? b.neg(second(e)) : undefined)),
  rule('x + (−y) = x − y', 'add', e =>
    second(e).op === 'neg' ? b.sub(first(e), first(second(e))) : undefined,
  ),
  rule('x − (−y) = x + y', 'sub', e =>
    second(e).op === 'neg' ? b.add(first(e), first(second(e))) : undefined,
  ),
  rule('1 x = x', 'mul', e =>
    isConstant(first(e), 1) ? second(e) : isConstant(second(e), 1) ? first(e) : undefined,
  ),
  rule('1 z = z', 'scale', e => (isConstant(first(e), 1) ? second(e) : undefined)),
  rule('x/1 = x', 'div', e => (isConstant(second(e), 1) ? first(e) : undefined)),
  rule('no sum', 'sum', e => (e.attributes.axes === 0 ? first(e) : undefined)),
  rule('no repetition', 'broadcast', e =>
    e.attributes.shape.length === tensorType(first(e)).shape.length ? first(e) : undefined,
  ),
  rule('repeated twice', 'broadcast', e =>
    first(e).op === 'broadcast' ? b.broadcast(first(first(e)), e.attributes.shape) : undefined,
  ),
  rule('no padding', 'pad', e =>
    e.attributes.before === 0 && e.attributes.after === 0 ? first(e) : undefined,
  ),
  rule('all of it', 'slice', e =>
    e.attributes.length === tensorType(first(e)).shape[0] ? first(e) : undefined,
  ),
  rule('transposed twice', 'transpose', e => (first(e).op === 'transpose' ? first(first(e)) : undefined)),
  rule('the same axes', 'reshape', e =>
    sameShape(e.attributes.shape, tensorType(first(e)).shape) ? first(e) : undefined,
  ),
  rule('reshaped twice', 'reshape', e =>
    first(e).op === 'reshape' ? b.reshape(first(first(e)), e.attributes.shape) : undefined,
  ),
  rule('slice of a slice', 'slice', e => {
    const x = first(e)
    return x.op === 'slice'
      ? b.slice(first(x), x.attributes.start + e.attributes.start, e.attributes.length)
      : undefined
  }),
  rule('half of a concat', 'slice', e => {
    const x = first(e)
    if (x.op !== 'concat') return undefined
    const { start, length } = e.attributes
    const middle = tensorType(first(x)).shape[0]!
    if (start + length <= middle) return b.slice(first(x), start, length)
    return start >= middle ? b.slice(second(x), start - middle, length) : undefined
  }),
  rule('repeated constant', 'broadcast', sameNumber),
  rule('constant entries', 'slice', sameNumber),
  rule('reshaped constant', 'reshape', sameNumber),
  rule('sum of a constant', 'sum', e => {
    const x = first(e)
    if (x.op !== 'constant') return undefined
    const count = elements(tensorType(x).shape.slice(0, e.attributes.axes))
    return filled(count * x.attributes.re, count * x.attributes.im, e)
  }),
  rule('constant folding', pointwiseOps, e => {
    if (!e.args.every(a => a.op === 'constant')) return undefined
    const values = e.args.flatMap(a =>
      a.op === 'constant' ? [{ re: a.attributes.re, im: a.attributes.im }] : [],
    )
    const field = tensorType(first(e)).field === 'complex' ? 'complex' : 'real'
    const { re, im } = foldPointwise(e.op, e.attributes as never, field, values)
    return Number.isNaN(re) || Number.isNaN(im) ? undefined : filled(re, im, e)
  }),
]

/* In the order in which they are tried. */
const rulesOf = new Map<Op, Rule[]>()
for (const r of rules) for (const op of r.ops) rulesOf.set(op, [...(rulesOf.get(op) ?? []), r])

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
    let next: Expr | undefined
    for (const r of rulesOf.get(current.op) ?? []) {
      next = sameRate(current, r)
      if (next === undefined) continue
      if (next !== current) tell(r.name)
      break
    }
    if (next === undefined || next === current) return current
    current = next
  }
  return current
}

export const simplify: Pass = {
  name: 'simplify',
  summary: 'algebraic laws and constant folding',
  run: (f, tell = silent) => everywhere(f, e => settle(e, tell)),
}
