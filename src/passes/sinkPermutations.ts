/**
 * Permutations move towards the leaves, through pointwise ops: Π (x ∘ y) = Π x ∘ Π y. Those of parameters are then
 * paid once, in front of the loop, and those of a transform's result are only a way to read it. In an inner product
 * they move to the parameter, a^H Π x = (Π^H a)^H x, so that the sum can be taken as x is made.
 */
import { apply, dot, permute } from '../ir/build.ts'
import { type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { composed, isIdentity } from '../ir/permutation.ts'
import { adjointFactor } from '../ir/unitary.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { changed, type Pass, silent, type Tell } from './pass.ts'
import { usesOf } from './uses.ts'

const passesThrough: ReadonlySet<Op> = new Set(['add', 'sub', 'mul', 'neg', 'conj'])

const isRepeatedScalar = (e: Expr): boolean =>
  e.op === 'constant' ||
  (e.op === 'broadcast' && tensorType(required(e.args[0], 'a scalar')).shape.length === 0)

type Operator = Expr<'permute'>

const permuted = (e: Expr): { readonly operator: Operator; readonly x: Expr } | undefined => {
  const [operator, x] = e.args
  return e.op === 'apply' && operator?.op === 'permute' && x !== undefined
    ? { operator: operator as Operator, x }
    : undefined
}

/** Π Σ, or Σ alone. */
const followed = (Π: Operator | undefined, Σ: Operator): Operator =>
  Π === undefined ? Σ : (permute(composed(Π.attributes.permutation, Σ.attributes.permutation)) as Operator)

const inProduct = (e: Expr): Expr | undefined => {
  const [a, b] = [required(e.args[0], 'a vector'), required(e.args[1], 'a vector')]
  const [p, q] = [permuted(a), permuted(b)]
  const moves = (from: typeof p, to: Expr): from is NonNullable<typeof p> =>
    from !== undefined && tensorType(from.x).rate === 'varying' && tensorType(to).rate === 'uniform'
  if (moves(q, a)) return dot(apply(adjointFactor(q.operator), a), q.x)
  if (moves(p, b)) return dot(p.x, apply(adjointFactor(p.operator), b))
  return undefined
}

/**
 * The permutations that pointwise nodes, and permuted ones, are written with: all that use one take it in the same order, so
 * nothing is computed twice.
 */
const moved = (roots: readonly Expr[]): ReadonlyMap<Expr, Operator> => {
  const uses = usesOf(roots)
  const operators = new Map<Expr, Operator>()
  // By whom, and how often.
  const asked = new Map<Expr, Map<Operator, number>>()
  const ask = (operator: Operator, x: Expr): void => {
    const known = asked.get(x) ?? new Map<Operator, number>()
    known.set(operator, (known.get(operator) ?? 0) + 1)
    asked.set(x, known)
  }
  for (const e of [...postorder(roots)].reverse()) {
    const own = permuted(e)
    const [[operator, times] = []] = asked.get(e) ?? []
    if (operator !== undefined && times === uses(e) && (own !== undefined || passesThrough.has(e.op))) {
      operators.set(e, operator)
      if (own === undefined) for (const a of e.args) ask(operator, a)
    }
    if (own !== undefined) ask(followed(operators.get(e), own.operator), own.x)
  }
  return operators
}

const sinkOnce = (f: Func, tell: Tell): Func => {
  const operators = moved(f.results)
  const within = (operator: Operator, original: Expr, x: Expr): Expr =>
    isRepeatedScalar(x) || operators.has(original) || isIdentity(operator.attributes.permutation)
      ? x
      : apply(operator, x)
  return func(
    f.params,
    rewrite(f.results, (rebuilt, original) => {
      if (rebuilt.op === 'dot')
        return changed(rebuilt, inProduct(rebuilt) ?? rebuilt, 'a^H Π x = (Π^H a)^H x', tell)
      const own = permuted(rebuilt)
      if (own !== undefined) {
        const operator = followed(operators.get(original), own.operator)
        const sunk = within(operator, required(original.args[1], 'a vector'), own.x)
        return changed(rebuilt, sunk, 'Π (x ∘ y) = Π x ∘ Π y', tell)
      }
      const operator = operators.get(original)
      if (operator === undefined) return rebuilt
      return withArgs(
        rebuilt,
        rebuilt.args.map((a, i) => within(operator, required(original.args[i], 'an operand'), a)),
      )
    }),
  )
}

/* A product's permutation moves to its other side once, and from there as far as it goes. */
const sink = (f: Func, tell: Tell): Func => {
  const next = sinkOnce(f, tell)
  return next === f ? f : sink(next, tell)
}

export const sinkPermutations: Pass = {
  name: 'sinkPermutations',
  summary: 'permutations move through pointwise ops to what they can be read from',
  run: (f, tell = silent) => deeply(f, g => sink(g, tell)),
}
