/** Loss and accuracy of a state over many examples, a few hundred at a time, so that memory stays small. */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, BackendError, BackendOptions, Session } from '../backend/backend.ts'
import { type Example, pack, type Task } from '../tasks/task.ts'
import type { TrainingPrograms } from './program.ts'
import { load, type TrainState } from './state.ts'

export interface Measured {
  readonly loss: number
  /** The share of right answers, for tasks whose answers are right or wrong. */
  readonly accuracy?: number
}

/** A measurement, and after how many updates the state had it. */
export interface Best extends Measured {
  readonly step: number
}

/** Examples at a time. */
const chunk = 500

/** Whether `a` is to be chosen before `b`: by accuracy, then by loss. */
export const isBetter = (a: Measured, b: Measured): boolean =>
  a.accuracy !== undefined && b.accuracy !== undefined && a.accuracy !== b.accuracy
    ? a.accuracy > b.accuracy
    : a.loss < b.loss

/** The first best of these. */
export const bestOf = (all: readonly Best[]): Best | undefined =>
  all.reduce<Best | undefined>((best, m) => (best === undefined || isBetter(m, best) ? m : best), undefined)

/** Measures states over examples 0 … `count` − 1, with an evaluation program of its own. */
export type Measure = (state: TrainState, signal?: AbortSignal) => TE.TaskEither<BackendError, Measured>

export const startMeasure = (
  { inputs, correct }: Pick<Task, 'inputs' | 'correct'>,
  programs: TrainingPrograms,
  backend: Backend,
  options: BackendOptions,
  example: (i: number) => Example,
  count: number,
): E.Either<BackendError, Measure> =>
  E.map((session: Session): Measure => {
    const names = programs.parameters.map(p => p.name)
    return (state, signal) => async () => {
      const loaded = load(session, names, state)
      if (E.isLeft(loaded)) return loaded
      let loss = 0
      let rights = 0
      for (let first = 0; first < count; first += chunk) {
        const n = Math.min(chunk, count - first)
        const ran = await session.run(n, pack(inputs, example, first, n), signal)()
        if (E.isLeft(ran)) return ran
        // a running mean: with one chunk it is that chunk's, to the last bit
        loss += (ran.right[0]![0]! - loss) * (n / (first + n))
        // a mean of zeros and ones, so a count, whatever the precision
        rights += Math.round(n * (ran.right[1]?.[0] ?? 0))
      }
      return E.right(correct === undefined ? { loss } : { loss, accuracy: rights / count })
    }
  })(backend.start(programs.evaluate, options))
