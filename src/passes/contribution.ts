/** What a node's derivative rule adds to a cotangent. */
import type { Expr } from '../ir/expr.ts'

/** Where a contribution goes, and how to make it if it is wanted. */
export type Contribution = readonly [Expr, () => Expr]
