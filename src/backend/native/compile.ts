/** From a program to its plan: the standard passes, then lowering. */
import * as E from 'fp-ts/lib/Either.js'
import type { Func } from '../../ir/expr.ts'
import type { Pass, PassError } from '../../passes/pass.ts'
import { optimise, optimiseVerified, standard } from '../../passes/pipeline.ts'
import type { Program } from '../backend.ts'
import { type LowerError, lower } from './lower.ts'
import type { Plan } from './plan.ts'

/** How a program becomes a plan. */
export interface CompileOptions {
  /** What rewrites the program, in this order: `standard`, or a list of your own, e.g. `[...standard, mine]`. */
  readonly passes?: readonly Pass[]
  /** Whether each pass's result is verified; the first that breaks a type is then named. False if not given. */
  readonly verify?: boolean
}

/** Why there is no plan: a pass broke its promise, or the engine has no such program. */
export type CompileError = PassError | LowerError

/** The plan of a program, or of a function that updates nothing. */
export const compile = (
  program: Program | Func,
  { passes = standard, verify = false }: CompileOptions = {},
): E.Either<CompileError, Plan> => {
  const { func, updates }: Program = 'func' in program ? program : { func: program, updates: [] }
  const optimised: E.Either<CompileError, Func> = verify
    ? optimiseVerified(func, passes)
    : E.right(optimise(func, passes))
  return E.chain((f: Func): E.Either<CompileError, Plan> => lower({ func: f, updates }))(optimised)
}
