/** What depends on what; of a loop's body, what on anything but the loop's invariants. */
import type { Expr, Func } from '../ir/expr.ts'
import { postorder } from '../ir/order.ts'

/** The nodes of a loop's body that depend on a carry or on a sequence: the others are the same at every step. */
export const boundIn = (body: Func, invariants: number): ReadonlySet<Expr> => {
  const bound = new Set<Expr>()
  for (const e of postorder(body.results))
    if ((e.op === 'arg' && e.attributes.index >= invariants) || e.args.some(a => bound.has(a))) bound.add(e)
  return bound
}

/**
 * Whether a node of a loop's body is the same at every step; also of nodes that are made of the body's, which are not among
 * its own.
 */
export const invariantIn = (body: Func, invariants: number): ((e: Expr) => boolean) => {
  const bound = boundIn(body, invariants)
  const known = new Map<Expr, boolean>()
  return e => {
    if (bound.has(e)) return false
    const found = known.get(e) ?? !postorder([e]).some(x => bound.has(x))
    known.set(e, found)
    return found
  }
}

/** Everything among the roots' nodes that depends on one of `sources`. */
export const dependents = (roots: readonly Expr[], sources: readonly Expr[]): ReadonlySet<Expr> => {
  const found = new Set<Expr>(sources)
  for (const e of postorder(roots)) if (e.args.some(a => found.has(a))) found.add(e)
  return found
}
