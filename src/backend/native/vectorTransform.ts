/** The transform of one vector, without a model around it. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { loadAddon, type ProgramOptions, type VectorTransform } from './addon.ts'

export type { ProgramOptions, VectorTransform } from './addon.ts'

/**
 * The unitary transform of vectors of `size` complex numbers, and its inverse, planned once; or why there is none: no
 * engine here, or a size that is no whole number from 1 to 2²⁶.
 */
export const vectorTransform = (size: number, options: ProgramOptions): E.Either<string, VectorTransform> =>
  pipe(
    loadAddon(),
    E.chain(({ VectorTransform }) =>
      E.tryCatch(
        () => new VectorTransform(size, options),
        error => (error instanceof Error ? error.message : String(error)),
      ),
    ),
  )
