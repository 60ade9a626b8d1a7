/**
 * An optimiser is an expression: (parameter, gradient, accumulators) → (parameter, accumulators). It becomes part
 * of the program that computes the gradient, so that training state never leaves the engine.
 */
import type { Expr } from '../ir/expr.ts'

/** What the optimiser remembers of each parameter, of the parameter's own type. */
export interface Accumulator {
  readonly name: string
  /** Every real number in it at the start; of complex ones both parts. */
  readonly initial: number
}

export interface Optimiser {
  readonly name: string
  /** The numbers that, with the name, say which optimiser this is. */
  readonly settings: Readonly<Record<string, number>>
  readonly accumulators: readonly Accumulator[]
  readonly update: (
    parameter: Expr,
    gradient: Expr,
    accumulators: readonly Expr[],
  ) => { readonly parameter: Expr; readonly accumulators: readonly Expr[] }
}
