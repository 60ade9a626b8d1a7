/**
 * Permutations move towards the leaves, through pointwise ops: Π (x ∘ y) = Π x ∘ Π y. Those of parameters are then
 * paid once, in front of the loop, and those of a transform's result are only a way to read it. In an inner product
 * they move to the parameter, a^H Π x = (Π^H a)^H x, so that the sum can be taken as x is made.
 */
import { apply, dot } from '../ir/build.ts'
import { type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { adjointFactor, type Factor } from '../ir/unitary.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { changed, type Pass, silent, type Tell } from './pass.ts'
import { usesOf } from './uses.ts'

const passesThrough: ReadonlySet<Op> = new Set(['add', 'sub', 'mul', 'neg', 'conj'])

const isRepeatedScalar = (e: Expr): boolean =>
  e.op === 'constant' ||
  (e.op === 'broadcast' && tensorType(required(e.args[0], 'a scalar')).shape.length === 0)

/** One level down, where that does not compute anything twice. */
const sunk = (operator: Expr, x: Expr, uses: (e: Expr) => number): Expr | undefined => {
  if (isRepeatedScalar(x)) return x
  if (!passesThrough.has(x.op) || uses(x) !== 1) return undefined
  return withArgs(
    x,
    x.args.map(a => (isRepeatedScalar(a) ? a : apply(operator, a))),
  )
}

const permuted = (e: Expr): { readonly operator: Expr; readonly x: Expr } | undefined => {
  const [operator, x] = e.args
  return e.op === 'apply' && operator?.op === 'permute' && x !== undefined ? { operator, x } : undefined
}

const inProduct = (e: Expr): Expr | undefined => {
  const [a, b] = [required(e.args[0], 'a vector'), required(e.args[1], 'a vector')]
  const [p, q] = [permuted(a), permuted(b)]
  const moves = (from: typeof p, to: Expr): from is NonNullable<typeof p> =>
    from !== undefined && tensorType(from.x).rate === 'varying' && tensorType(to).rate === 'uniform'
  if (moves(q, a)) return dot(apply(adjointFactor(q.operator as Factor), a), q.x)
  if (moves(p, b)) return dot(p.x, apply(adjointFactor(p.operator as Factor), b))
  return undefined
}

const sinkOnce = (f: Func, tell: Tell): Func => {
  const uses = usesOf(f.results)
  return func(
    f.params,
    rewrite(f.results, (rebuilt, original) => {
      if (rebuilt.op === 'dot')
        return changed(rebuilt, inProduct(rebuilt) ?? rebuilt, 'a^H Π x = (Π^H a)^H x', tell)
      const operator = rebuilt.args[0]
      const x = rebuilt.args[1]
      // An operand that has changed in this round is left to the next, which counts its users anew.
      if (rebuilt.op !== 'apply' || operator?.op !== 'permute' || x === undefined || x !== original.args[1])
        return rebuilt
      return changed(rebuilt, sunk(operator, x, uses) ?? rebuilt, 'Π (x ∘ y) = Π x ∘ Π y', tell)
    }),
  )
}

/* Each round moves permutations down by one level, so it ends. */
const sink = (f: Func, tell: Tell): Func => {
  const next = sinkOnce(f, tell)
  return next === f ? f : sink(next, tell)
}

export const sinkPermutations: Pass = {
  name: 'sinkPermutations',
  summary: 'permutations move through pointwise ops to what they can be read from',
  run: (f, tell = silent) => deeply(f, g => sink(g, tell)),
}
