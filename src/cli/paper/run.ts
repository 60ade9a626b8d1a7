/** One run of the paper's: from the cache if it is there, else from where it was left, else from its start. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../backend/backend.ts'
import type { ImageSet } from '../../tasks/images.ts'
import { loadCheckpoint } from '../../train/checkpoint.ts'
import type { Config } from '../../train/config.ts'
import { type Experiment, prepare } from '../../train/experiment.ts'
import { isThere, makeFolder, removeLeftovers } from '../../train/file.ts'
import { initialState, slotsOf, type TrainState } from '../../train/state.ts'
import { type Beginning, beginning, type Context, runOne, type Stage } from '../execute.ts'
import { openRecorder, type RunFolder, readRecords, writeConfig } from '../runFolder.ts'
import { type Result, readResult, removeResult, writeResult } from './cache.ts'

/** A run as it is to be made. */
export interface Planned {
  readonly name: string
  readonly config: Config
  readonly key: string
  readonly folder: RunFolder
  readonly baseline: number
  readonly parameters: number
  /** What its task is made of, if it is images. */
  readonly images?: ImageSet | undefined
}

/** Its checkpoints are called so: the folder says which run they are of. */
const inFolder = 'run'

/** Where it begins: at its latest checkpoint if there is one that can be read, else at its start. */
const whereToBegin = async (
  { folder, config, name }: Planned,
  experiment: Experiment,
  note: (line: string) => void,
): Promise<E.Either<string, Beginning>> => {
  for (const path of [folder.path, join(folder.path, 'checkpoints')]) {
    const cleared = await removeLeftovers(path)()
    if (E.isLeft(cleared)) return cleared
  }
  if ((await readResult(folder)) !== undefined) {
    // it has ended: going on from its last checkpoint would measure nothing again
    note(`parseval: ${name} begins again: ${folder.metrics} is lost or broken`)
    await rm(folder.checkpoint(inFolder, 'latest'), { force: true })
    await removeResult(folder)
  }
  if (await isThere(folder.checkpoint(inFolder, 'latest'))) {
    const from = await beginning(folder, experiment, inFolder)
    if (E.isRight(from)) return from
    note(`parseval: ${name} begins again: ${from.left}`)
  }
  await rm(folder.metrics, { force: true })
  return E.right({ from: initialState(experiment.programs, config.seed), best: undefined, secondsBefore: 0 })
}

/** Runs to the end; undefined where it was interrupted. */
export const runPlanned = async (
  context: Context,
  backend: Backend,
  planned: Planned,
  watch: Stage['watch'],
  checkpointSeconds: number,
): Promise<E.Either<string, Result | undefined>> => {
  const { folder, config, name } = planned
  const experiment = prepare(config, planned.images)
  if (E.isLeft(experiment)) return experiment
  const made = await makeFolder(join(folder.path, 'checkpoints'))()
  if (E.isLeft(made)) return made
  const begin = await whereToBegin(planned, experiment.right, context.terminal.note)
  if (E.isLeft(begin)) return begin
  const written = await writeConfig(folder, [config])()
  if (E.isLeft(written)) return written
  const recorder = openRecorder(folder)
  const stage: Stage = { context, folder, recorder, backend, name, file: inFolder, watch, checkpointSeconds }
  const ended = await runOne(stage, { experiment: experiment.right, ...begin.right })
  const closed = await recorder.close()
  if (E.isLeft(closed)) return closed
  if (E.isLeft(ended)) {
    const { cause, step, message } = ended.left
    // That a model's numbers overflow is a result.
    if (cause !== 'not finite') return E.left(`${name}: ${message}`)
    const result: Result = { schema: 1, reason: 'diverged', step, seconds: 0, message }
    return E.map(() => result)(await writeResult(folder, result)())
  }
  const { reason, ...rest } = ended.right.outcome
  if (reason === 'aborted') return E.right(undefined)
  const result: Result = { schema: 1, reason, ...rest }
  return E.map(() => result)(await writeResult(folder, result)())
}

/** The result in the cache; none where the records that the report is made of are lost: such a run is made again. */
export const cachedResult = async ({ folder }: Planned): Promise<Result | undefined> => {
  const result = await readResult(folder)
  if (result === undefined) return undefined
  const records = await readRecords(folder)()
  const isWhole = E.isRight(records) && records.right.some(r => r.kind === 'finished' || r.kind === 'failed')
  return isWhole ? result : undefined
}

/** The state that a run ended with. */
export const finalState = (
  { folder }: Planned,
  { identity, programs }: Experiment,
): Promise<E.Either<string, TrainState>> =>
  loadCheckpoint(folder.checkpoint(inFolder, 'final'), identity, slotsOf(programs))()
