/** How often what is computed is used. */
import type { Expr } from '../ir/expr.ts'
import { postorder } from '../ir/order.ts'

/** How often a node is an operand of what the roots reach, or one of the roots. */
export const usesOf = (roots: readonly Expr[]): ((e: Expr) => number) => {
  const uses = new Map<Expr, number>()
  const count = (e: Expr): unknown => uses.set(e, (uses.get(e) ?? 0) + 1)
  for (const e of postorder(roots)) for (const a of e.args) count(a)
  for (const r of roots) count(r)
  return e => uses.get(e) ?? 0
}
