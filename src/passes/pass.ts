/** A pass rewrites a function into one of the same type and meaning. A pipeline is a list of passes. */
import type { Func } from '../ir/expr.ts'

export interface Pass {
  readonly name: string
  readonly summary: string
  readonly run: (f: Func) => Func
}
