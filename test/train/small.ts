/** A run small enough for the reference evaluator, and a place for its states. */
import assert from 'node:assert/strict'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import type { Config } from '../../src/train/config.ts'
import { type Experiment, prepare } from '../../src/train/experiment.ts'
import { initialState, type TrainState } from '../../src/train/state.ts'
import type { Plan, TrainEvent } from '../../src/train/trainer.ts'

export const config: Config = {
  model: 'urnn',
  task: 'copying',
  lag: 2,
  hidden: 3,
  batch: 2,
  steps: 6,
  learningRate: 1e-2,
  decay: 0.9,
  seed: 7,
  threads: 1,
  precision: 'double',
  backend: 'reference',
  heldOut: 2,
  evaluateEvery: 2,
  checkpointEvery: 2,
}

export const experiment = (changes: Partial<Config> = {}): Experiment => {
  const made = prepare({ ...config, ...changes })
  return E.isRight(made) ? made.right : assert.fail(made.left)
}

export interface Watched {
  readonly plan: Plan
  readonly events: readonly TrainEvent[]
  readonly saved: readonly TrainState[]
}

/** A plan whose events and saved states can be looked at afterwards. */
export const watched = (of: Experiment, changes: Partial<Plan> = {}): Watched => {
  const events: TrainEvent[] = []
  const saved: TrainState[] = []
  const { task, programs, unitarity } = of
  return {
    events,
    saved,
    plan: {
      task,
      programs,
      unitarity,
      backend: referenceBackend,
      options: { precision: 'double', threads: 1 },
      batch: config.batch,
      steps: config.steps,
      heldOut: config.heldOut,
      evaluateEvery: config.evaluateEvery,
      checkpointEvery: config.checkpointEvery,
      target: undefined,
      from: initialState(programs, config.seed),
      save: state => {
        saved.push(state)
        return TE.right(undefined)
      },
      onEvent: event => {
        events.push(event)
      },
      ...changes,
    },
  }
}
