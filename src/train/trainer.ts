/**
 * The training loop: steps, held-out measurements, checkpoints. The state lives in the engine; what comes out
 * here are losses, and the state itself where it is saved. Everything depends on (seed, step) alone, so a run
 * that stops and goes on from its checkpoint is, bit for bit, the run that never stopped.
 */
import { setImmediate as turn } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, BackendError, BackendOptions, Session } from '../backend/backend.ts'
import { batch, type Task } from '../tasks/task.ts'
import { type Best, isBetter, type Measure, type Measured, startMeasure } from './measure.ts'
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
  /**
   * Where the state of the best held-out measurement is kept, and the best before `from`. `save` has always had that
   * state or a later one, so that a run that goes on has not yet passed its best.
   */
  readonly saveBest?: (state: TrainState) => TE.TaskEither<string, void>
  readonly best?: Best
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
      readonly accuracy?: number
      /** ‖W†W − 1‖, for models with a unitary part. */
      readonly residual?: number
    }
  | { readonly kind: 'saved'; readonly step: number }

export interface Outcome {
  readonly reason: 'target' | 'steps' | 'aborted'
  readonly step: number
  /** The latest held-out measurement. */
  readonly heldOut?: number
  readonly accuracy?: number
  readonly residual?: number
  /** The best held-out measurement, if its state is kept. */
  readonly best?: Best
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
  if (name !== undefined) return `${name} must be a whole number from 1 up, not ${String(plan[name])}`
  const { heldOut } = plan.task
  return heldOut !== undefined && plan.heldOut > heldOut
    ? `the task has ${heldOut} held-out examples, not ${plan.heldOut}`
    : undefined
}

interface Machine {
  readonly training: Session
  readonly heldOut: Measure
  readonly residual: Residual | undefined
}

const start = (plan: Plan): E.Either<BackendError, Machine> => {
  const { task, backend, options, programs, unitarity } = plan
  const training = backend.start(programs.step, options)
  if (E.isLeft(training)) return training
  const loaded = load(
    training.right,
    slotsOf(programs).map(s => s.name),
    plan.from,
  )
  if (E.isLeft(loaded)) return loaded
  const heldOut = startMeasure(
    task,
    programs,
    backend,
    options,
    i => task.example('held-out', i),
    plan.heldOut,
  )
  if (E.isLeft(heldOut)) return heldOut
  const residual = unitarity === undefined ? E.right(undefined) : startResidual(unitarity, backend, options)
  if (E.isLeft(residual)) return residual
  return E.right({
    training: training.right,
    heldOut: heldOut.right,
    residual: residual.right,
  })
}

interface Evaluated extends Measured {
  readonly residual?: number
}

const evaluated = async (
  { heldOut, residual }: Machine,
  state: TrainState,
  signal: AbortSignal | undefined,
): Promise<E.Either<BackendError, Evaluated>> => {
  const measured = await heldOut(state, signal)()
  if (E.isLeft(measured) || residual === undefined) return measured
  const distance = await residual(state)()
  return E.isLeft(distance) ? distance : E.right({ ...measured.right, residual: distance.right })
}

const run = async (plan: Plan): Promise<E.Either<TrainError, Outcome>> => {
  const wrong = wrongArgument(plan)
  if (wrong !== undefined) return failure('arguments', plan.from.step, wrong)
  const slots = slotsOf(plan.programs)
  let step = plan.from.step
  let seconds = 0
  let saved = step > 0 ? step : -1
  let savedAt = performance.now()
  let latest: Evaluated | undefined
  let { best } = plan

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
  /* Equal measurements choose the earlier state; the same step's again, because its state may not have been kept. */
  const keepBest = async (state: TrainState, measured: Measured): Promise<E.Either<TrainError, void>> => {
    if (plan.saveBest === undefined) return E.right(undefined)
    if (best !== undefined && best.step !== step && !isBetter(measured, best)) return E.right(undefined)
    const kept = await keep(state)
    if (E.isLeft(kept)) return kept
    const { loss, accuracy } = measured
    best = { step, loss, ...(accuracy === undefined ? {} : { accuracy }) }
    const result = await plan.saveBest(state)()
    return E.isLeft(result) ? failure('save', step, result.left) : E.right(undefined)
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
      ...(latest?.accuracy === undefined ? {} : { accuracy: latest.accuracy }),
      ...(latest?.residual === undefined ? {} : { residual: latest.residual }),
      ...(best === undefined ? {} : { best }),
    })
  }

  const examplesOf = (n: number) => batch(plan.task, 'train', n * plan.batch, plan.batch)
  let data = examplesOf(step)

  const isDue = (): boolean =>
    plan.checkpointSeconds !== undefined && performance.now() - savedAt >= 1000 * plan.checkpointSeconds

  for (;;) {
    // a backend that never leaves the event loop would otherwise keep signals from being heard
    await turn()
    if (plan.signal?.aborted) return finish('aborted')
    if (step % plan.evaluateEvery === 0 || step >= plan.steps) {
      const state = present()
      if (E.isLeft(state)) return state
      const measured = await evaluated(machine, state.right, plan.signal)
      if (E.isLeft(measured)) return measured.left.cancelled ? finish('aborted') : broken(measured.left)
      latest = measured.right
      if (!Number.isFinite(latest.loss)) return notFinite(`the held-out loss is ${latest.loss}`)
      plan.onEvent({ kind: 'evaluation', step, ...latest })
      const chosen = await keepBest(state.right, latest)
      if (E.isLeft(chosen)) return chosen
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
    const before = performance.now()
    const running = machine.training.run(plan.batch, data, plan.signal)()
    // while the engine works
    const ahead = examplesOf(step + 1)
    const ran = await running
    seconds += (performance.now() - before) / 1000
    // a run that was cut off updates nothing: the state is still that of `step`
    if (E.isLeft(ran)) return ran.left.cancelled ? finish('aborted') : broken(ran.left)
    step += 1
    data = ahead
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
