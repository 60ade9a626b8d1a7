/**
 * Sums over the examples move to the loops whose results they sum: Σ_b (x_b + y_b) = Σ_b x_b + Σ_b y_b, and
 * Σ_b u x_b = u Σ_b x_b for a u that is the same for all, an operator too. What came between is then computed once, not for each example,
 * and a loop that adds up a gradient sees that nothing but its sum over the examples is wanted.
 */
import { add, apply, batchSum, broadcast, complexOf, isZero, mul, scale, sub } from '../ir/build.ts'
import { type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { postorderBy } from '../ir/order.ts'
import { rateOf } from '../ir/type.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { changed, type Pass, silent, type Tell } from './pass.ts'

/** Linear in their only operand, which they do not make smaller. */
const linear: ReadonlySet<Op> = new Set([
  'neg',
  'conj',
  're',
  'im',
  'reshape',
  'transpose',
  'pad',
  'broadcast',
])

const varies = (e: Expr): boolean => rateOf(e.type) === 'varying'
/** Σ_b x_b by way of a loop's result or a contraction; undefined if none is reached. */
type Sunk = (x: Expr) => Expr | undefined

const ofUnary = (sunk: Sunk, x: Expr, a: Expr): Expr | undefined => {
  const inner = sunk(a)
  if (inner === undefined) return undefined
  return x.op === 'broadcast' ? broadcast(inner, tensorType(x).shape) : withArgs(x, [inner])
}

const ofSum = (sunk: Sunk, make: (a: Expr, b: Expr) => Expr, a: Expr, b: Expr): Expr | undefined => {
  if (!varies(a) || !varies(b)) return undefined
  const [p, q] = [sunk(a), sunk(b)]
  return p === undefined && q === undefined ? undefined : make(p ?? batchSum(a), q ?? batchSum(b))
}

/** `make`: linear in each operand, of which one is the same for all examples. */
const ofOne = (sunk: Sunk, make: (a: Expr, b: Expr) => Expr, a: Expr, b: Expr): Expr | undefined => {
  if (varies(a) === varies(b)) return undefined
  const inner = sunk(varies(a) ? a : b)
  return inner && (varies(a) ? make(inner, b) : make(a, inner))
}

const twofold: ReadonlySet<Op> = new Set(['add', 'sub', 'complex', 'mul', 'scale', 'apply'])

/** The operands of x that a sum over the examples may go through to. */
const reached = (x: Expr): readonly Expr[] =>
  varies(x) && (linear.has(x.op) || twofold.has(x.op)) ? x.args.filter(varies) : []

const through = (sunk: Sunk, x: Expr): Expr | undefined => {
  if (!varies(x)) return undefined
  if (x.op === 'get' || x.op === 'contract') return batchSum(x)
  const [a, b] = x.args
  if (a === undefined) return undefined
  if (linear.has(x.op)) return ofUnary(sunk, x, a)
  if (b === undefined) return undefined
  switch (x.op) {
    case 'add':
      return ofSum(sunk, add, a, b)
    case 'sub':
      return ofSum(sunk, sub, a, b)
    case 'complex':
      return isZero(a) || isZero(b) ? ofOne(sunk, complexOf, a, b) : ofSum(sunk, complexOf, a, b)
    case 'mul':
      return ofOne(sunk, mul, a, b)
    case 'scale':
      return ofOne(sunk, scale, a, b)
    case 'apply':
      return ofOne(sunk, apply, a, b)
    default:
      return undefined
  }
}

const sinkLevel = (f: Func, tell: Tell): Func => {
  const known = new Map<Expr, Expr | undefined>()
  const sunk = (root: Expr): Expr | undefined => {
    const order = postorderBy([root], x => (known.has(x) ? [] : reached(x)))
    for (const x of order)
      if (!known.has(x))
        known.set(
          x,
          through(a => known.get(a), x),
        )
    return known.get(root)
  }
  return func(
    f.params,
    rewrite(f.results, e =>
      e.op === 'batchSum'
        ? changed(e, sunk(required(e.args[0], 'an operand')) ?? e, 'Σ_b u x_b = u Σ_b x_b, a sum', tell)
        : e,
    ),
  )
}

export const sinkBatchSums: Pass = {
  name: 'sinkBatchSums',
  summary: 'sums over the examples move to the loops whose results they sum',
  run: (f, tell = silent) => deeply(f, g => sinkLevel(g, tell)),
}
