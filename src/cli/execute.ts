/** Runs experiments one after the other into a run folder: what `train` and `paper` have in common. */
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, BackendError, BackendOptions } from '../backend/backend.ts'
import { chooseBackend } from '../backend/choose.ts'
import { loadCheckpoint, saveCheckpoint } from '../train/checkpoint.ts'
import type { Config } from '../train/config.ts'
import { imagesOf } from '../train/data.ts'
import { type Experiment, prepare } from '../train/experiment.ts'
import { readBytes, writeDurably } from '../train/file.ts'
import { type Best, bestOf, type Measured, startMeasure } from '../train/measure.ts'
import { initialState, slotsOf, type TrainState } from '../train/state.ts'
import { type Outcome, type TrainError, train } from '../train/trainer.ts'
import { failed, type Refusal } from './exit.ts'
import { recurrentModel } from './modelFile.ts'
import { type Progress, progress } from './progress.ts'
import { eventRecord, outcomeRecord, type Record, schema } from './record.ts'
import {
  openRecorder,
  type Recorder,
  type RunFolder,
  readRecords,
  rewindRecords,
  writeConfig,
} from './runFolder.ts'
import type { Terminal } from './terminal.ts'
import { runName } from './title.ts'

export interface Context {
  readonly terminal: Terminal
  /** Records on stdout. */
  readonly json: boolean
  /** Fires when the run is to stop: an interrupt, or stdout's reader gone. */
  readonly signal: AbortSignal
}

/** The backend asked for (the best there is without a name) and its precision; tells what the user should know. */
export const selectBackend = (
  name: Config['backend'] | undefined,
  precision: Config['precision'] | undefined,
  terminal: Terminal,
): E.Either<Refusal, { readonly backend: Backend; readonly precision: Config['precision'] }> => {
  const choice = chooseBackend(name)
  if (E.isLeft(choice)) return E.left(failed(choice.left))
  const { backend, note } = choice.right
  if (note !== undefined) terminal.note(`parseval: ${note}`)
  if (backend.name !== 'reference') return E.right({ backend, precision: precision ?? 'single' })
  if (precision === 'single') terminal.note('parseval: the reference evaluator computes in double precision')
  return E.right({ backend, precision: 'double' })
}

export interface RunResult {
  readonly config: Config
  readonly experiment: Experiment
  readonly outcome: Outcome
  /** Of the best state on held-out examples, on those that chose nothing; for tasks that have such. */
  readonly test?: Best
}

/** What a run takes place in. */
export interface Stage {
  readonly context: Context
  readonly folder: RunFolder
  readonly recorder: Recorder
  readonly backend: Backend
  /** Its name in records, and in those of files. */
  readonly name: string
  readonly file: string
  /** Who watches it. */
  readonly watch: (config: Config, baseline: number, from: number) => Progress
  /** Seconds of work that may be lost with the process, or a step's if that is longer. */
  readonly checkpointSeconds: number
}

/** What a stage has where nothing else is said. */
export const checkpointSeconds = 30

const emit = ({ context, recorder }: Stage, record: Record): void => {
  recorder.write(record)
  if (context.json) context.terminal.result(JSON.stringify(record))
}

/** Measures the chosen state on the task's test examples. */
const test = async (
  { task, programs, identity }: Experiment,
  backend: Backend,
  options: BackendOptions,
  path: string,
  best: Best,
  signal: AbortSignal,
): Promise<E.Either<BackendError, Best | undefined>> => {
  if (task.test === undefined) return E.right(undefined)
  const { count, example } = task.test
  const state = await loadCheckpoint(path, identity, slotsOf(programs))()
  if (E.isLeft(state)) return E.left({ kind: 'BackendError', message: state.left })
  if (state.right.step !== best.step)
    return E.left({
      kind: 'BackendError',
      message: `${path} is of step ${state.right.step}, not of step ${best.step}, which was the best`,
    })
  const measure = startMeasure(task, programs, backend, options, example, count)
  if (E.isLeft(measure)) return measure
  const measured = await measure.right(state.right, signal)()
  return E.map((m: Measured): Best => ({ step: best.step, ...m }))(measured)
}

export interface Beginning {
  readonly from: TrainState
  /** The best held-out measurement up to there. */
  readonly best: Best | undefined
  /** Spent before `from`. */
  readonly secondsBefore: number
}

export interface Ready extends Beginning {
  readonly experiment: Experiment
}

/** Trains from a state on, recording what happens; the last checkpoint of a run that ends is kept as its final one. */
export const runOne = async (
  stage: Stage,
  { experiment, from, best, secondsBefore }: Ready,
): Promise<E.Either<TrainError, RunResult>> => {
  const { context, folder, recorder, backend, name, file, checkpointSeconds } = stage
  const { config, task, programs, identity } = experiment
  const slots = slotsOf(programs)
  const watch = stage.watch(config, task.baseline.value, from.step)
  emit(stage, {
    schema,
    run: name,
    kind: 'started',
    config,
    baseline: task.baseline.value,
    parameters: experiment.parameterCount,
    step: from.step,
    ...(task.data === undefined ? {} : { data: task.data }),
  })
  const latest = folder.checkpoint(file, 'latest')
  const chosen = folder.checkpoint(file, 'best')
  const options = { precision: config.precision, threads: config.threads }
  const signal = AbortSignal.any([context.signal, recorder.failed])
  const result = await train({
    task,
    programs,
    unitarity: experiment.unitarity,
    backend,
    options,
    batch: config.batch,
    steps: config.steps,
    heldOut: config.heldOut,
    evaluateEvery: config.evaluateEvery,
    checkpointEvery: config.checkpointEvery,
    checkpointSeconds,
    target: config.target,
    from,
    // the records first: they may go beyond the checkpoint that a run goes on from, never fall short of it
    save: state => async () => {
      await recorder.flush()
      return saveCheckpoint(latest, identity, slots, state)()
    },
    ...(task.test === undefined
      ? {}
      : { saveBest: (state: TrainState) => saveCheckpoint(chosen, identity, slots, state) }),
    ...(best === undefined ? {} : { best }),
    onEvent: event => {
      watch.event(event)
      emit(
        stage,
        eventRecord(
          name,
          event.kind === 'step' ? { ...event, seconds: event.seconds + secondsBefore } : event,
        ),
      )
    },
    signal,
  })()
  watch.stop()
  if (E.isLeft(result)) {
    emit(stage, { schema, run: name, kind: 'failed', step: result.left.step, message: result.left.message })
    return result
  }
  const trained: Outcome = { ...result.right, seconds: result.right.seconds + secondsBefore }
  const tested =
    trained.reason === 'aborted' || trained.best === undefined
      ? E.right(undefined)
      : await test(experiment, backend, options, chosen, trained.best, signal)
  if (E.isLeft(tested) && tested.left.cancelled === undefined) {
    const { message } = tested.left
    emit(stage, { schema, run: name, kind: 'failed', step: trained.step, message })
    return E.left({ kind: 'TrainError', cause: 'backend', step: trained.step, message })
  }
  const outcome: Outcome = E.isLeft(tested) ? { ...trained, reason: 'aborted' } : trained
  const measured = E.isRight(tested) ? tested.right : undefined
  if (outcome.reason !== 'aborted') {
    const kept = await TE.chain((bytes: Uint8Array) => writeDurably(folder.checkpoint(file, 'final'), bytes))(
      readBytes(latest),
    )()
    if (E.isLeft(kept))
      return E.left({ kind: 'TrainError', cause: 'save', step: outcome.step, message: kept.left })
  }
  if (measured !== undefined) emit(stage, { schema, run: name, kind: 'test', ...measured })
  emit(stage, outcomeRecord(name, outcome))
  return E.right({ config, experiment, outcome, ...(measured === undefined ? {} : { test: measured }) })
}

/* The drawing is loaded when it is needed: it takes longer to load than all the rest. */
const writeReport =
  (folder: RunFolder, title: string): TE.TaskEither<string, void> =>
  async () => {
    const records = await readRecords(folder)()
    if (E.isLeft(records)) return records
    const { reportHtml } = await import('./report.ts')
    return writeDurably(folder.report, reportHtml(title, records.right))()
  }

const measurementOf = ({ step, loss, accuracy }: Best): Best => ({
  step,
  loss,
  ...(accuracy === undefined ? {} : { accuracy }),
})

/** Where a run begins: at its start, or at the latest checkpoint of the run of the name `resume`. */
export const beginning = async (
  folder: RunFolder,
  { config, task, programs, identity }: Experiment,
  resume: string | undefined,
): Promise<E.Either<string, Beginning>> => {
  if (resume === undefined)
    return E.right({ from: initialState(programs, config.seed), best: undefined, secondsBefore: 0 })
  const path = folder.checkpoint(resume, 'latest')
  const from = await loadCheckpoint(path, identity, slotsOf(programs))()
  if (E.isLeft(from)) return from
  // with the measurement of that very step, which is rewound: it may not be made again
  const recorded = await readRecords(folder)()
  if (E.isLeft(recorded)) return recorded
  const measured = recorded.right.flatMap(r =>
    r.kind === 'evaluation' && r.step <= from.right.step ? [measurementOf(r)] : [],
  )
  const records = await rewindRecords(folder, from.right.step)()
  if (E.isLeft(records)) return records
  const last = records.right.findLast(r => r.kind === 'step')
  return E.right({
    from: from.right,
    best: task.test === undefined ? undefined : bestOf(measured),
    secondsBefore: last?.seconds ?? 0,
  })
}

const readyOf = async (
  folder: RunFolder,
  configs: readonly Config[],
  resume: string | undefined,
): Promise<E.Either<Refusal, readonly Ready[]>> => {
  const ready: Ready[] = []
  for (const config of configs) {
    const images = await imagesOf(config)()
    if (E.isLeft(images)) return E.left(failed(images.left))
    const make = await recurrentModel(config.model)()
    if (E.isLeft(make)) return E.left(failed(make.left))
    const experiment = prepare(config, images.right, make.right)
    if (E.isLeft(experiment)) return E.left(failed(experiment.left))
    const begin = await beginning(folder, experiment.right, resume)
    if (E.isLeft(begin)) return E.left(failed(begin.left))
    ready.push({ experiment: experiment.right, ...begin.right })
  }
  return E.right(ready)
}

/**
 * Runs these in order, until one is interrupted or fails; the report is written in any case. All of them begin at
 * their start, or go on from the checkpoint of the run of the name `resume`.
 */
export const execute =
  (
    context: Context,
    folder: RunFolder,
    backend: Backend,
    title: string,
    configs: readonly Config[],
    resume: string | undefined,
  ): TE.TaskEither<Refusal, readonly RunResult[]> =>
  async () => {
    // before the metrics are opened: resuming rewrites them
    const ready = await readyOf(folder, configs, resume)
    if (E.isLeft(ready)) return ready
    const written = await writeConfig(folder, configs)()
    if (E.isLeft(written)) return E.left(failed(written.left))
    const recorder = openRecorder(folder)
    const results: RunResult[] = []
    let failure: TrainError | undefined
    for (const begin of ready.right) {
      const name = runName(begin.experiment.config)
      const watch: Stage['watch'] = (...of) => progress(context.terminal, name, ...of)
      const stage = { context, folder, recorder, backend, name, file: name, watch, checkpointSeconds }
      const result = await runOne(stage, begin)
      if (E.isLeft(result)) failure = result.left
      else results.push(result.right)
      if (E.isLeft(result) || result.right.outcome.reason === 'aborted') break
    }
    const closed = await recorder.close()
    const reported = E.isLeft(closed) ? closed : await writeReport(folder, title)()
    if (failure !== undefined) return E.left(failed(failure.message))
    return E.isLeft(reported) ? E.left(failed(reported.left)) : E.right(results)
  }
