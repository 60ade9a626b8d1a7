/** From a program to its plan: the standard passes, then lowering. */
import type * as E from 'fp-ts/lib/Either.js'
import type { Pass } from '../../passes/pass.ts'
import { optimise, standard } from '../../passes/pipeline.ts'
import type { Program } from '../backend.ts'
import { type LowerError, lower } from './lower.ts'
import type { Plan } from './plan.ts'

export const compile = (program: Program, passes: readonly Pass[] = standard): E.Either<LowerError, Plan> =>
  lower({ ...program, func: optimise(program.func, passes) })
