/** A run small enough for the reference evaluator, and a place for its states. */
import assert from 'node:assert/strict'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { imageSet } from '../../src/tasks/images.ts'
import type { Config } from '../../src/train/config.ts'
import { type Experiment, prepare } from '../../src/train/experiment.ts'
import { initialState, type TrainState } from '../../src/train/state.ts'
import type { Plan, TrainEvent } from '../../src/train/trainer.ts'
import { filesOf } from '../tasks/imageFiles.ts'

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

/** One on small images: 22 to learn from, 2 held out, 5 to test on. */
export const pixelExperiment = (changes: Partial<Config> = {}): Experiment => {
  const images = imageSet(filesOf())
  const task = { ...config, task: 'permuted', lag: 6, ...changes } as const
  const made = prepare(task, E.isRight(images) ? images.right : assert.fail(images.left))
  return E.isRight(made) ? made.right : assert.fail(made.left)
}

export interface Watched {
  readonly plan: Plan
  readonly events: readonly TrainEvent[]
  readonly saved: readonly TrainState[]
  /** The states that were the best so far. */
  readonly chosen: readonly TrainState[]
}

/** A plan whose events and saved states can be looked at afterwards. */
export const watched = (of: Experiment, changes: Partial<Plan> = {}): Watched => {
  const events: TrainEvent[] = []
  const saved: TrainState[] = []
  const chosen: TrainState[] = []
  const { task, programs, unitarity } = of
  return {
    events,
    saved,
    chosen,
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
      ...(task.test === undefined
        ? {}
        : {
            saveBest: (state: TrainState) => {
              chosen.push(state)
              return TE.right(undefined)
            },
          }),
      onEvent: event => {
        events.push(event)
      },
      ...changes,
    },
  }
}
