/** Why there is no gradient, and how it is said from within. */
import * as E from 'fp-ts/lib/Either.js'

/**
 * Why there is no gradient: the first result is no real scalar, a parameter is missing or an index, or a loop would keep more
 * for it than a tensor can hold.
 */
export interface GradientError {
  readonly kind: 'GradientError'
  readonly message: string
}

export const refused = (message: string): E.Either<GradientError, never> =>
  E.left({ kind: 'GradientError', message })

/* As the rules of `infer` do, what finds it out deep within throws this, which `refusable` catches. */
interface Refusal {
  readonly noGradient: string
}
const isRefusal = (e: unknown): e is Refusal => typeof e === 'object' && e !== null && 'noGradient' in e

export const refuse = (noGradient: string): never => {
  throw { noGradient } satisfies Refusal
}

/** What `make` gives, or what it was left with by `refuse`. */
export const refusable = <A>(make: () => E.Either<GradientError, A>): E.Either<GradientError, A> => {
  try {
    return make()
  } catch (e) {
    if (isRefusal(e)) return refused(e.noGradient)
    throw e
  }
}
