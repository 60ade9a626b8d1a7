/** Figure 4's numbers: gradients by hidden states before and after a few updates; hidden states over a long run. */
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Backend, BackendOptions, Numbers } from '../../backend/backend.ts'
import { batch, type Task } from '../../tasks/task.ts'
import { type Experiment, prepare, taskOf } from '../../train/experiment.ts'
import { makeFolder } from '../../train/file.ts'
import { initialState, load, type TrainState } from '../../train/state.ts'
import {
  distancesToLast,
  norms,
  type StateProgram,
  stateGradients,
  stateHistory,
} from '../../train/states.ts'
import { hashOf, readJson, writeJson } from './cache.ts'
import type { StatesEntry } from './experiments.ts'
import { finalState, type Planned } from './run.ts'

const Curve = t.readonlyArray(t.number)
/** One model's curves: entry k is that of step k + 1. */
export const States = t.intersection([
  t.type({
    schema: t.literal(1),
    /** Mean ‖∂C/∂h[t]‖ before the first update, and after a few. */
    atStart: Curve,
    afterUpdates: Curve,
  }),
  /** Mean ‖h[t]‖ and ‖h[t] − h[T]‖ of the trained model; a model that diverged has none. */
  t.partial({ norms: Curve, distances: Curve }),
])
export type States = t.TypeOf<typeof States>

const measured = async (
  { program, probe, result }: StateProgram,
  backend: Backend,
  options: BackendOptions,
  { programs }: Experiment,
  state: TrainState,
  task: Task,
  examples: number,
): Promise<E.Either<string, Numbers>> => {
  const session = backend.start(program, options)
  if (E.isLeft(session)) return E.left(session.left.message)
  const names = programs.parameters.map(p => p.name)
  const loaded = load(session.right, names, state)
  if (E.isLeft(loaded)) return E.left(loaded.left.message)
  const zeros = probe === undefined ? {} : { [probe.name]: new Float64Array(examples * probe.size) }
  const data = { ...batch(task, 'held-out', 0, examples), ...zeros }
  const results = await session.right.run(examples, data)()
  return E.isLeft(results) ? E.left(results.left.message) : E.right(results.right[result]!)
}

/** ‖∂C/∂h[t]‖ for every t, in this state of the model. */
export const gradientNorms = async (
  backend: Backend,
  options: BackendOptions,
  experiment: Experiment,
  state: TrainState,
  examples: number,
): Promise<E.Either<string, readonly number[]>> => {
  const { model, task } = experiment
  const program = stateGradients(model, task)
  if (E.isLeft(program)) return program
  const all = await measured(program.right, backend, options, experiment, state, task, examples)
  return E.isLeft(all) ? all : E.right(norms(all.right, program.right))
}

/** ‖h[t]‖ and ‖h[t] − h[T]‖ for every t of longer sequences. */
const longRun = async (
  backend: Backend,
  options: BackendOptions,
  experiment: Experiment,
  state: TrainState,
  { long, stateExamples }: StatesEntry,
): Promise<
  E.Either<string, { readonly norms: readonly number[]; readonly distances: readonly number[] }>
> => {
  const task = taskOf({ ...experiment.config, lag: long })
  if (E.isLeft(task)) return task
  const program = stateHistory(experiment.model, task.right)
  if (E.isLeft(program)) return program
  const all = await measured(program.right, backend, options, experiment, state, task.right, stateExamples)
  if (E.isLeft(all)) return all
  return E.right({
    norms: norms(all.right, program.right),
    distances: distancesToLast(all.right, program.right),
  })
}

/** The curves of a model from its two runs, out of the cache where they are in it. */
export const statesOf = async (
  out: string,
  backend: Backend,
  options: BackendOptions,
  entry: StatesEntry,
  whole: Planned,
  begun: Planned,
): Promise<E.Either<string, States>> => {
  const key = hashOf({ whole: whole.key, begun: begun.key, entry })
  const folder = join(out, 'states')
  const path = join(folder, `${whole.name}-${key.slice(0, 10)}.json`)
  const known = await readJson(path, States)
  if (known !== undefined) return E.right(known)

  const prepared = prepare(whole.config)
  if (E.isLeft(prepared)) return prepared
  const { right: experiment } = prepared
  const start = initialState(experiment.programs, whole.config.seed)
  const atStart = await gradientNorms(backend, options, experiment, start, entry.gradientExamples)
  if (E.isLeft(atStart)) return atStart
  const soon = await finalState(begun, experiment)
  if (E.isLeft(soon)) return soon
  const afterUpdates = await gradientNorms(backend, options, experiment, soon.right, entry.gradientExamples)
  if (E.isLeft(afterUpdates)) return afterUpdates
  const trained = await finalState(whole, experiment)
  const long = E.isLeft(trained)
    ? undefined
    : await longRun(backend, options, experiment, trained.right, entry)
  if (long !== undefined && E.isLeft(long)) return long

  const states: States = {
    schema: 1,
    atStart: atStart.right,
    afterUpdates: afterUpdates.right,
    ...(long === undefined ? {} : long.right),
  }
  const made = await makeFolder(folder)()
  if (E.isLeft(made)) return made
  const written = await writeJson(path, states)()
  return E.isLeft(written) ? written : E.right(states)
}
