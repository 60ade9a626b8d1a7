/**
 * The training loop: steps, held-out measurements, checkpoints. The state lives in the engine; what comes out
 * here are losses, and the state itself where it is saved. Everything depends on (seed, step) alone, so a run
 * that stops and goes on from its checkpoint is, bit for bit, the run that never stopped.
 */
import { setImmediate as turn } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, BackendError, BackendOptions, Session } from '../backend/backend.ts'
import { batch, type Example, type Task } from '../tasks/task.ts'
import type { TrainingPrograms } from './program.ts'
import { firstNotFinite, load, slotsOf, snapshot, type TrainState } from './state.ts'
import { type Residual, startResidual, type UnitarityPrograms } from './unitarity.ts'

export interface Plan {
  readonly task: Task
  readonly programs: TrainingPrograms
  readonly unitarity: UnitarityPrograms | undefined
  readonly backend: Backend
  readonly options: BackendOptions
  /** Examples in a batch. */
  readonly batch: number
  /** Training ends when this many updates have been made. */
  readonly steps: number
  /** Held-out examples, and after how many steps each time they are measured. */
  readonly heldOut: number
  readonly evaluateEvery: number
  /** Held-out loss below which training is done; undefined: no end but `steps`. */
  readonly target: number | undefined
  /**
   * Steps between checkpoints at least; one is saved only where the held-out loss is known to be finite. The first
   * is that of the start, so that there always is a good one.
   */
  readonly checkpointEvery: number
  /** Seconds between checkpoints at most, whatever is measured when: no more than this is lost with the process. */
  readonly checkpointSeconds?: number
  readonly from: TrainState
  readonly save: (state: TrainState) => TE.TaskEither<string, void>
  readonly onEvent: (event: TrainEvent) => void
  readonly signal?: AbortSignal
}

export type TrainEvent =
  /** After update `step`: the batch's mean loss before it; seconds spent in updates since this run began. */
  | { readonly kind: 'step'; readonly step: number; readonly loss: number; readonly seconds: number }
  /** Of the state after `step` updates. */
  | {
      readonly kind: 'evaluation'
      readonly step: number
      readonly loss: number
      /** ‖W†W − 1‖, for models with a unitary part. */
      readonly residual?: number
    }
  | { readonly kind: 'saved'; readonly step: number }

export interface Outcome {
  readonly reason: 'target' | 'steps' | 'aborted'
  readonly step: number
  /** The latest held-out measurement. */
  readonly heldOut?: number
  readonly residual?: number
  /** Spent in updates since this run began. */
  readonly seconds: number
}

export interface TrainError {
  readonly kind: 'TrainError'
  readonly cause: 'not finite' | 'backend' | 'save' | 'arguments'
  readonly step: number
  readonly message: string
}

const failure = (cause: TrainError['cause'], step: number, message: string): E.Either<TrainError, never> =>
  E.left({ kind: 'TrainError', cause, step, message })

const atLeastOne: readonly (keyof Plan)[] = ['batch', 'steps', 'heldOut', 'evaluateEvery', 'checkpointEvery']

const wrongArgument = (plan: Plan): string | undefined => {
  const name = atLeastOne.find(k => !Number.isSafeInteger(plan[k]) || (plan[k] as number) < 1)
  return name && `${name} must be a whole number from 1 up, not ${String(plan[name])}`
}

interface Machine {
  readonly training: Session
  readonly evaluation: Session
  readonly residual: Residual | undefined
  readonly heldOut: Example
}

const start = (plan: Plan): E.Either<BackendError, Machine> => {
  const { backend, options, programs, unitarity } = plan
  const training = backend.start(programs.step, options)
  if (E.isLeft(training)) return training
  const loaded = load(
    training.right,
    slotsOf(programs).map(s => s.name),
    plan.from,
  )
  if (E.isLeft(loaded)) return loaded
  const evaluation = backend.start(programs.evaluate, options)
  if (E.isLeft(evaluation)) return evaluation
  const residual = unitarity === undefined ? E.right(undefined) : startResidual(unitarity, backend, options)
  if (E.isLeft(residual)) return residual
  return E.right({
    training: training.right,
    evaluation: evaluation.right,
    residual: residual.right,
    heldOut: batch(plan.task, 'held-out', 0, plan.heldOut),
  })
}

interface Measured {
  readonly loss: number
  readonly residual?: number
}

const measure = async (
  plan: Plan,
  machine: Machine,
  state: TrainState,
): Promise<E.Either<BackendError, Measured>> => {
  const { evaluation, residual, heldOut } = machine
  const names = plan.programs.parameters.map(p => p.name)
  const loaded = load(evaluation, names, state)
  if (E.isLeft(loaded)) return loaded
  const loss = await evaluation.run(plan.heldOut, heldOut, plan.signal)()
  if (E.isLeft(loss)) return loss
  const measured = { loss: loss.right[0]![0]! }
  if (residual === undefined) return E.right(measured)
  const distance = await residual(state)()
  return E.isLeft(distance) ? distance : E.right({ ...measured, residual: distance.right })
}

const run = async (plan: Plan): Promise<E.Either<TrainError, Outcome>> => {
  const wrong = wrongArgument(plan)
  if (wrong !== undefined) return failure('arguments', plan.from.step, wrong)
  const slots = slotsOf(plan.programs)
  let step = plan.from.step
  let seconds = 0
  let saved = step > 0 ? step : -1
  let savedAt = performance.now()
  let latest: Measured | undefined

  const broken = (e: BackendError) => failure('backend', step, e.message)
  const notFinite = (what: string) =>
    failure(
      'not finite',
      step,
      `${what} at step ${step}: training stopped${saved < 0 ? '' : `, the checkpoint of step ${saved} is kept`}; ` +
        'try a smaller learning rate, another seed or double precision',
    )
  const started = start(plan)
  if (E.isLeft(started)) return broken(started.left)
  const machine = started.right

  const present = (): E.Either<TrainError, TrainState> => {
    const state = snapshot(machine.training, slots, step, plan.from.seed)
    if (E.isLeft(state)) return broken(state.left)
    const name = firstNotFinite(state.right)
    return name === undefined ? state : notFinite(`"${name}" is not finite`)
  }
  const keep = async (state: TrainState): Promise<E.Either<TrainError, void>> => {
    if (saved === step) return E.right(undefined)
    const result = await plan.save(state)()
    if (E.isLeft(result)) return failure('save', step, result.left)
    saved = step
    savedAt = performance.now()
    plan.onEvent({ kind: 'saved', step })
    return E.right(undefined)
  }
  const finish = async (reason: Outcome['reason']): Promise<E.Either<TrainError, Outcome>> => {
    const state = present()
    if (E.isLeft(state)) return state
    const kept = await keep(state.right)
    if (E.isLeft(kept)) return kept
    return E.right({
      reason,
      step,
      seconds,
      ...(latest === undefined ? {} : { heldOut: latest.loss }),
      ...(latest?.residual === undefined ? {} : { residual: latest.residual }),
    })
  }

  const isDue = (): boolean =>
    plan.checkpointSeconds !== undefined && performance.now() - savedAt >= 1000 * plan.checkpointSeconds

  for (;;) {
    // a backend that never leaves the event loop would otherwise keep signals from being heard
    await turn()
    if (plan.signal?.aborted) return finish('aborted')
    if (step % plan.evaluateEvery === 0 || step >= plan.steps) {
      const state = present()
      if (E.isLeft(state)) return state
      const measured = await measure(plan, machine, state.right)
      if (E.isLeft(measured)) return measured.left.cancelled ? finish('aborted') : broken(measured.left)
      latest = measured.right
      if (!Number.isFinite(latest.loss)) return notFinite(`the held-out loss is ${latest.loss}`)
      plan.onEvent({ kind: 'evaluation', step, ...latest })
      if (plan.target !== undefined && latest.loss < plan.target) return finish('target')
      if (step >= plan.steps) return finish('steps')
      if (saved < 0 || step - saved >= plan.checkpointEvery || isDue()) {
        const kept = await keep(state.right)
        if (E.isLeft(kept)) return kept
      }
    } else if (isDue()) {
      const state = present()
      if (E.isLeft(state)) return state
      const kept = await keep(state.right)
      if (E.isLeft(kept)) return kept
    }
    const data = batch(plan.task, 'train', step * plan.batch, plan.batch)
    const before = performance.now()
    const ran = await machine.training.run(plan.batch, data, plan.signal)()
    seconds += (performance.now() - before) / 1000
    // a run that was cut off updates nothing: the state is still that of `step`
    if (E.isLeft(ran)) return ran.left.cancelled ? finish('aborted') : broken(ran.left)
    step += 1
    const loss = ran.right[0]![0]!
    if (!Number.isFinite(loss)) return notFinite(`the loss is ${loss}`)
    plan.onEvent({ kind: 'step', step, loss, seconds })
  }
}

/** Trains from `plan.from` to a target, the last step, or an abort. */
export const train =
  (plan: Plan): TE.TaskEither<TrainError, Outcome> =>
  () =>
    run(plan)
