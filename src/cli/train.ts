/** `parseval train <task>`: one run, from its start or from where it was left. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { isModelName } from '../models/registry.ts'
import type { Task } from '../tasks/task.ts'
import { type Config, settings } from '../train/config.ts'
import { imagesOf, needsImages } from '../train/data.ts'
import { taskOf } from '../train/experiment.ts'
import { execute, type RunResult, selectBackend } from './execute.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from './exit.ts'
import { onInterrupt } from './interrupt.ts'
import {
  decodeArgument,
  defaults,
  givenSettings,
  type Raw,
  type SettingFlag,
  withSettings,
} from './options.ts'
import { percent } from './progress.ts'
import type { Record } from './record.ts'
import {
  createRunFolder,
  freshPath,
  mendFolder,
  type RunFolder,
  readConfig,
  readRecords,
  runFolder,
} from './runFolder.ts'
import { green, red, type Terminal } from './terminal.ts'
import { runName, titleOf } from './title.ts'

const options: readonly SettingFlag[] = [
  'model',
  'lag',
  'data',
  'hidden',
  'batch',
  'steps',
  'learningRate',
  'decay',
  'halfLife',
  'momentum',
  'unitaryRate',
  'clip',
  'target',
  'seed',
  'threads',
  'precision',
  'memory',
  'backend',
  'heldOut',
  'evaluateEvery',
  'checkpointEvery',
]

const examples = `
Examples:
  $ parseval train copying --lag 100 --target 0.0173
  $ parseval train adding --lag 200 --hidden 512 --steps 10000 --out runs/adding
  $ parseval train copying --resume --out runs/long --steps 20000
  $ parseval train adding --lag 100 --hidden 128 --model ./cell.ts
  $ parseval train pixels --data mnist --steps 27500
  $ parseval train copying --lag 500 --json > run.jsonl

Exit codes: 0 done, 1 failure, 2 wrong usage, 3 target missed, 130 interrupted (the state is saved).`

/** What the paper's uRNN has where the task makes a difference. */
const taskDefaults: { readonly [K in Config['task']]: Partial<Config> } = {
  copying: { hidden: 128 },
  adding: { hidden: 512 },
  pixels: { hidden: 512, heldOut: 5000, evaluateEvery: 500, checkpointEvery: 100 },
  permuted: { hidden: 512, heldOut: 5000, evaluateEvery: 500, checkpointEvery: 100 },
}

/** Settings for a task of images: its pixels are the steps, and no more is held out than there is. */
export const fitted = <C extends Pick<Config, 'lag' | 'heldOut'>>(
  config: C,
  { length, heldOut = 1 }: Pick<Task, 'length' | 'heldOut'>,
): C => ({ ...config, lag: length, heldOut: Math.min(config.heldOut, heldOut) })

/** The run's settings with the steps its task has, and as many held-out examples as there are; checked. */
const settled = async (
  wanted: Omit<Config, 'backend' | 'precision'>,
  given: Partial<Config>,
  terminal: Terminal,
): Promise<E.Either<Refusal, Omit<Config, 'backend' | 'precision'>>> => {
  const { momentum = 0, decay } = wanted
  if (momentum ** 2 > decay)
    return E.left(
      usage(
        `--momentum ${momentum}: with --decay ${decay} at most ${Math.floor(1000 * Math.sqrt(decay)) / 1000}, its root: with more, one large gradient moves a parameter further and further`,
      ),
    )
  if (!needsImages(wanted.task)) {
    if (given.data !== undefined)
      return E.left(usage(`--data ${given.data}: ${wanted.task} draws its examples and reads none`))
    const task = taskOf(wanted)
    return E.isLeft(task) ? E.left(usage(`--lag ${wanted.lag}: ${task.left}`)) : E.right(wanted)
  }
  if (given.lag !== undefined)
    return E.left(
      usage(`--lag ${given.lag}: ${wanted.task} takes as many steps as an image has pixels, without a lag`),
    )
  const images = await imagesOf(wanted)()
  if (E.isLeft(images)) return E.left(failed(images.left))
  const task = taskOf(wanted, images.right)
  if (E.isLeft(task)) return E.left(failed(task.left))
  const { heldOut = 1 } = task.right
  if (given.heldOut !== undefined && given.heldOut > heldOut)
    return E.left(usage(`--held-out ${given.heldOut}: the data has ${heldOut} images to hold out`))
  if (images.right?.isMnist === false)
    terminal.note(
      `parseval: the data in ${wanted.data} is not MNIST as published: only its format was checked`,
    )
  return E.right(fitted(wanted, task.right))
}

const storedConfig = (folder: RunFolder): TE.TaskEither<Refusal, Config> =>
  TE.chainEitherK((runs: readonly Config[]) => {
    const [only, ...others] = runs
    return only !== undefined && others.length === 0
      ? E.right(only)
      : E.left(failed(`${folder.path} holds ${runs.length} runs: only a folder of a single one can go on`))
  })(TE.mapLeft(failed)(readConfig(folder)))

/** The least held-out loss. */
const leastOf = (records: readonly Record[]): { readonly loss: number; readonly step: number } | undefined =>
  records
    .flatMap(r => (r.kind === 'evaluation' ? [r] : []))
    .reduce<{ readonly loss: number; readonly step: number } | undefined>(
      (least, e) => (least === undefined || e.loss < least.loss ? e : least),
      undefined,
    )

const report = (
  terminal: Terminal,
  folder: RunFolder,
  { config, experiment, outcome, test }: RunResult,
  records: readonly Record[],
): void => {
  const { lossName, baseline } = experiment.task
  const reached =
    outcome.heldOut === undefined
      ? 'no held-out measurement yet'
      : `held-out ${lossName} ${outcome.heldOut.toPrecision(3)}, baseline ${baseline.value.toPrecision(3)} ` +
        `(${((100 * outcome.heldOut) / baseline.value).toFixed(1)} %)` +
        (outcome.accuracy === undefined ? '' : `, accuracy ${percent(outcome.accuracy)}`)
  const target =
    config.target === undefined || outcome.reason === 'aborted'
      ? ''
      : outcome.reason === 'target'
        ? green(terminal, `, target ${config.target.toPrecision(3)} reached`)
        : red(terminal, `, target ${config.target.toPrecision(3)} missed`)
  terminal.result(
    `${titleOf(config)}: ${reached} after ${outcome.step} steps, ${outcome.seconds.toFixed(1)} s${target}`,
  )
  const least = leastOf(records)
  if (test === undefined && least !== undefined && least.step !== outcome.step)
    terminal.result(`the least was ${least.loss.toPrecision(3)}, at step ${least.step}`)
  if (test !== undefined)
    terminal.result(
      `chosen by held-out examples: step ${test.step}; on the test set: ${lossName} ${test.loss.toPrecision(3)}` +
        (test.accuracy === undefined ? '' : `, accuracy ${percent(test.accuracy)}`),
    )
  if (outcome.reason === 'aborted') terminal.result(`interrupted: go on with --resume --out ${folder.path}`)
  terminal.result(`run folder: ${folder.path}`)
}

/** The code that says how runs ended. */
export const codeOf = (results: readonly RunResult[]): ExitCode =>
  results.some(r => r.outcome.reason === 'aborted')
    ? exitCode.interrupted
    : results.some(r => r.config.target !== undefined && r.outcome.reason !== 'target')
      ? exitCode.targetMissed
      : exitCode.ok

const run = async (taskText: string, raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  const task = decodeArgument(settings.task, 'task', taskText)
  if (E.isLeft(task)) return task
  const given = givenSettings(raw)
  if (E.isLeft(given)) return given
  const resume = raw.resume === true
  const out = typeof raw.out === 'string' ? raw.out : undefined
  if (resume && out === undefined)
    return E.left(usage('--resume: name the folder to go on in with --out DIR'))

  let earlier: Config | undefined
  if (resume && out !== undefined) {
    const stored = await storedConfig(runFolder(resolve(out)))()
    if (E.isLeft(stored)) return stored
    if (stored.right.task !== task.right)
      return E.left(failed(`${out} holds a run of ${stored.right.task}, not of ${task.right}`))
    earlier = stored.right
  }
  const { data: images, model } = given.right
  // paths as they are from anywhere, for the run may go on from elsewhere
  const data = images === undefined ? {} : { data: resolve(images) }
  const file = model === undefined || isModelName(model) ? {} : { model: resolve(model) }
  const wanted = {
    ...defaults,
    ...taskDefaults[task.right],
    ...earlier,
    ...given.right,
    ...data,
    ...file,
    task: task.right,
  }
  const checked = await settled(wanted, given.right, terminal)
  if (E.isLeft(checked)) return checked
  const selected = selectBackend(wanted.backend, wanted.precision, terminal)
  if (E.isLeft(selected)) return selected
  const { backend, precision } = selected.right
  const config: Config = { ...checked.right, backend: backend.name, precision }

  const path = out ?? freshPath(runName(config), new Date())
  const folder = resume ? E.right(runFolder(resolve(path))) : await createRunFolder(path)()
  if (E.isLeft(folder)) return E.left(failed(folder.left))
  const { right: at } = folder
  const mended = resume ? await mendFolder(at, terminal.note)() : E.right(false)
  if (E.isLeft(mended)) return E.left(failed(mended.left))

  const interrupt = onInterrupt()
  const context = {
    terminal,
    json: raw.json === true,
    signal: AbortSignal.any([interrupt.signal, terminal.closed]),
  }
  const from = earlier !== undefined && mended.right ? runName(earlier) : undefined
  const results = await execute(context, at, backend, titleOf(config), [config], from)()
  interrupt.release()
  if (E.isLeft(results)) return results
  if (!context.json) {
    const records = await readRecords(at)()
    if (E.isLeft(records)) return E.left(failed(records.left))
    for (const r of results.right) report(terminal, at, r, records.right)
  }
  return E.right(codeOf(results.right))
}

/** Adds the command; `done` is told how it ended. */
export const addTrain = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('train')
    .summary('train a model on a task')
    .description('Trains a model on a task, and leaves a run folder: settings, metrics, checkpoints, report.')
    .argument(
      '<task>',
      'copying, adding, pixels (MNIST, pixel by pixel) or permuted (in an order from the seed)',
    )
  withSettings(command, options)
    .option('--out <DIR>', 'the run folder (default: a fresh one under runs/)')
    .option('--resume', 'go on from the latest checkpoint in --out, with the settings found there')
    .option('--json', 'one JSON object for each event on stdout')
    .addHelpText('after', examples)
    .action(async (task: string, raw: Raw) => done(await run(task, raw, terminal)))
}
