/** Which backend runs: the native one where it loads, else the reference evaluator, and it says so. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Backend } from './backend.ts'
import { nativeBackend } from './native/backend.ts'
import { referenceBackend } from './reference/backend.ts'

/** A backend that runs here, and what is to be said about it. */
export interface Choice {
  readonly backend: Backend
  /** What the user should know, if anything. */
  readonly note?: string
}

/** The backend of that name; without one the best there is. */
export const chooseBackend = (name: Backend['name'] | undefined): E.Either<string, Choice> => {
  if (name === 'reference') return E.right({ backend: referenceBackend })
  const native = pipe(
    nativeBackend(),
    E.map(backend => ({ backend })),
  )
  if (name === 'native' || E.isRight(native)) return native
  return E.right({
    backend: referenceBackend,
    note: `${native.left}; the slow reference evaluator runs instead`,
  })
}
