/** What training is at a moment: all that is needed to go on from it, bit for bit. */
import * as E from 'fp-ts/lib/Either.js'
import type { BackendError, Numbers, Session } from '../backend/backend.ts'
import type { Slot, TrainingPrograms } from './program.ts'

export interface TrainState {
  /** Updates made so far; the next batch begins at example `step` × batch size. */
  readonly step: number
  readonly seed: number
  /** Parameters and accumulators by name, complex ones interleaved. */
  readonly tensors: ReadonlyMap<string, Numbers>
}

/** Everything training changes. */
export const slotsOf = (programs: TrainingPrograms): readonly Slot[] => [
  ...programs.parameters,
  ...programs.accumulators,
]

/** The state before the first step. */
export const initialState = (programs: TrainingPrograms, seed: number): TrainState => ({
  step: 0,
  seed,
  tensors: new Map(slotsOf(programs).map(s => [s.name, s.initial(seed)])),
})

/** Sets the session's parameters of these names. */
export const load = (
  session: Session,
  names: readonly string[],
  { tensors }: TrainState,
): E.Either<BackendError, void> => {
  for (const name of names) {
    const data = tensors.get(name)
    const written =
      data === undefined
        ? E.left<BackendError>({
            kind: 'BackendError',
            message: `the training state has no tensor "${name}"`,
          })
        : session.write(name, data)
    if (E.isLeft(written)) return written
  }
  return E.right(undefined)
}

/** The session's present values of all slots. */
export const snapshot = (
  session: Session,
  slots: readonly Slot[],
  step: number,
  seed: number,
): E.Either<BackendError, TrainState> => {
  const tensors = new Map<string, Numbers>()
  for (const { name } of slots) {
    const data = session.read(name)
    if (E.isLeft(data)) return data
    tensors.set(name, data.right)
  }
  return E.right({ step, seed, tensors })
}

/** The first tensor that holds NaN or an infinity. */
export const firstNotFinite = ({ tensors }: TrainState): string | undefined =>
  [...tensors].find(([, data]) => !data.every(Number.isFinite))?.[0]
