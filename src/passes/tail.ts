/**
 * The end of a step that only its carry is made of: c = φ(z), φ of z and invariants. An adjoint loop may carry z̄ in the
 * place of c̄ then, and take φ's adjoint where the step ends.
 */
import { zerosLike } from '../ir/build.ts'
import type { Expr } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { sameType } from '../ir/type.ts'
import { rewrite } from '../ir/walk.ts'
import type { BodyAdjoint } from './adjointLoop.ts'
import { dependents } from './bound.ts'
import { knowledge } from './cut.ts'

/** Whether the carry's next value, of the type of z, is made of z for nothing else in the step. */
export const isTail = (results: readonly Expr[], k: number, z: Expr): boolean => {
  const next = required(results[k], 'a next carry')
  if (z === next || !sameType(z.type, next.type)) return false
  const between = dependents([next], [z])
  const others = results.filter((_, j) => j !== k)
  return !postorder(others).some(x => x !== z && between.has(x))
}

/** The expression with `at` in the place of z. */
export const replaced = (e: Expr, z: Expr, at: Expr): Expr =>
  required(rewrite([e], (rebuilt, x) => (x === z ? at : rebuilt))[0], 'an expression')

/** What φ's adjoint gives for the cotangent of the carry at position i. */
export interface Tail {
  readonly i: number
  readonly zAdj: Expr
  /** What else it gives, to arguments that are invariants. */
  readonly owed: ReadonlyMap<Expr<'arg'>, Expr>
}

/** `carry`: φ(at). */
export const tailOf = (
  i: number,
  carry: Expr,
  at: Expr,
  cAdj: Expr,
  invariants: readonly Expr<'arg'>[],
  bodyAdjoint: BodyAdjoint,
): Tail => {
  const [zAdj, ...others] = bodyAdjoint([carry], [cAdj], [at, ...invariants], knowledge(new Map()))
  const owed = invariants.flatMap((arg, k) => {
    const x = others[k]
    return x === undefined ? [] : [[arg, x] as const]
  })
  return { i, zAdj: zAdj ?? zerosLike(at), owed: new Map(owed) }
}
