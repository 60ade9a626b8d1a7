/** Vectors as sums of which some terms are numbers times a loop's invariants. */
import { add, broadcast, mul, neg, scale, sub } from '../ir/build.ts'
import { type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'

/** s v: a number that differs from step to step times a vector that does not. */
export interface Multiple {
  readonly s: Expr
  readonly v: Expr
}

/** A vector: `rest`, if there is any, and multiples of invariants. */
export interface Separated {
  readonly rest?: Expr | undefined
  readonly multiples: readonly Multiple[]
}

/** The number that this vector repeats. */
export const repeatedScalar = (e: Expr): Expr | undefined => {
  const [scalar] = e.args
  return e.op === 'broadcast' && scalar !== undefined && tensorType(scalar).shape.length === 0
    ? scalar
    : undefined
}

/** p q, entry by entry, each of either field. */
export const product = (p: Expr, q: Expr): Expr => {
  if (tensorType(p).field === tensorType(q).field) return mul(p, q)
  return tensorType(p).field === 'real' ? scale(p, q) : scale(q, p)
}

/** s v, written out. */
export const multiplied = ({ s, v }: Multiple): Expr => product(broadcast(s, tensorType(v).shape), v)

/* Terms of sums of sums. */
const deepest = 10

/** The vector with what is a multiple of an invariant in it by itself. */
export const separated = (x: Expr, isInvariant: (e: Expr) => boolean, depth = 0): Separated => {
  const whole: Separated = { rest: x, multiples: [] }
  if (depth === deepest || isInvariant(x)) return whole
  const inner = (i: number): Separated => separated(required(x.args[i], 'an operand'), isInvariant, depth + 1)
  const negated = ({ s, v }: Multiple): Multiple => ({ s: neg(s), v })
  switch (x.op) {
    case 'neg': {
      const { rest, multiples } = inner(0)
      return { rest: rest && neg(rest), multiples: multiples.map(negated) }
    }
    case 'add':
    case 'sub': {
      const [p, q] = [inner(0), inner(1)]
      const minus = x.op === 'sub'
      const right = minus ? q.rest && neg(q.rest) : q.rest
      const both = p.rest && q.rest && (minus ? sub : add)(p.rest, q.rest)
      return {
        rest: both ?? p.rest ?? right,
        multiples: [...p.multiples, ...(minus ? q.multiples.map(negated) : q.multiples)],
      }
    }
    case 'mul':
    case 'scale':
      for (const i of [0, 1]) {
        const factor = required(x.args[i], 'a factor')
        const of = required(x.args[1 - i], 'a factor')
        const s = isInvariant(factor) ? undefined : repeatedScalar(factor)
        if (s !== undefined && isInvariant(of)) return { multiples: [{ s, v: of }] }
        if (s === undefined && !isInvariant(factor)) continue
        const { rest, multiples } = inner(1 - i)
        if (multiples.length === 0) continue
        return {
          rest: rest && product(factor, rest),
          multiples: multiples.map(m =>
            s === undefined ? { s: m.s, v: product(factor, m.v) } : { s: product(s, m.s), v: m.v },
          ),
        }
      }
  }
  return whole
}
