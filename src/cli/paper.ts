/**
 * `parseval paper --figure 1`: the uRNN's curves of figure 1 of Arjovsky, Shah, Bengio (2016), copying memory at
 * T = 100, 200, 300, 500, each until the held-out cross-entropy is below a tenth of the baseline.
 */
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import type { Config } from '../train/config.ts'
import { taskOf } from '../train/experiment.ts'
import { execute, type RunResult, selectBackend } from './execute.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from './exit.ts'
import { onInterrupt } from './interrupt.ts'
import { defaults, givenSettings, type Raw, type SettingFlag, withSettings } from './options.ts'
import { createRunFolder, freshPath } from './runFolder.ts'
import { green, red, type Terminal } from './terminal.ts'
import { codeOf } from './train.ts'

const lags = [100, 200, 300, 500] as const
/** The share of the baseline to get below. */
const share = 0.1

const options: readonly SettingFlag[] = ['steps', 'seed', 'threads', 'precision', 'backend']

const examples = `
Examples:
  $ parseval paper --figure 1
  $ parseval paper --figure 1 --seed 2 --out runs/figure-1-seed-2

Exit codes: 0 all targets reached, 1 failure, 2 wrong usage, 3 a target missed, 130 interrupted.`

const title = 'Copying memory: the unitary evolution RNN (Arjovsky, Shah, Bengio 2016, figure 1)'

/* The paper's settings are the defaults; the target depends on T. */
const configsOf = (common: Omit<Config, 'lag' | 'target' | 'task'>): E.Either<Refusal, readonly Config[]> => {
  const configs: Config[] = []
  for (const lag of lags) {
    const config: Config = { ...common, task: 'copying', lag }
    const task = taskOf(config)
    if (E.isLeft(task)) return E.left(usage(task.left))
    configs.push({ ...config, target: share * task.right.baseline.value })
  }
  return E.right(configs)
}

const columns = ['T', 'baseline', 'target', 'reached', 'steps', 'seconds', 'ms/step', ''] as const

const cells = ({ config, experiment, outcome }: RunResult): readonly string[] => [
  String(config.lag),
  experiment.task.baseline.value.toFixed(4),
  config.target?.toFixed(4) ?? '–',
  outcome.heldOut?.toFixed(4) ?? '–',
  String(outcome.step),
  outcome.seconds.toFixed(1),
  outcome.step === 0 ? '–' : ((1000 * outcome.seconds) / outcome.step).toFixed(2),
]

const table = (terminal: Terminal, results: readonly RunResult[]): readonly string[] => {
  const verdict = ({ outcome: { reason } }: RunResult) =>
    reason === 'target'
      ? green(terminal, 'reached')
      : red(terminal, reason === 'steps' ? 'missed' : 'interrupted')
  const line = (parts: readonly string[], last: string) =>
    `${parts.map(p => p.padStart(9)).join('')}  ${last}`.trimEnd()
  return [line(columns.slice(0, -1), ''), ...results.map(r => line(cells(r), verdict(r)))]
}

const run = async (raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  if (raw.figure !== '1') return E.left(usage(`--figure ${raw.figure}: only figure 1 is available yet`))
  const given = givenSettings(raw)
  if (E.isLeft(given)) return given
  const wanted = { ...defaults, ...given.right }
  const selected = selectBackend(wanted.backend, wanted.precision, terminal)
  if (E.isLeft(selected)) return selected
  const { backend, precision } = selected.right
  const configs = configsOf({ ...wanted, backend: backend.name, precision })
  if (E.isLeft(configs)) return configs
  const folder = await createRunFolder(
    typeof raw.out === 'string' ? raw.out : freshPath('paper-figure-1', new Date()),
  )()
  if (E.isLeft(folder)) return E.left(failed(folder.left))
  const { right: at } = folder

  const interrupt = onInterrupt()
  const json = raw.json === true
  const context = { terminal, json, signal: AbortSignal.any([interrupt.signal, terminal.closed]) }
  const results = await execute(context, at, backend, title, configs.right, undefined)()
  interrupt.release()
  if (E.isLeft(results)) return results
  if (!json) {
    for (const l of table(terminal, results.right)) terminal.result(l)
    terminal.result(`report: ${at.report}`)
  }
  return E.right(results.right.length === 0 ? exitCode.interrupted : codeOf(results.right))
}

/** Adds the command; `done` is told how it ended. */
export const addPaper = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('paper')
    .summary('run a figure of the paper again')
    .description(
      'Trains the uRNN on copying memory at T = 100, 200, 300, 500, each until the held-out cross-entropy is below 10 % of its baseline.',
    )
    .requiredOption('--figure <k>', 'which figure: 1')
  withSettings(command, options)
    .option('--out <DIR>', 'the run folder (default: a fresh one under runs/)')
    .option('--json', 'one JSON object for each event on stdout')
    .addHelpText('after', examples)
    .action(async (raw: Raw) => done(await run(raw, terminal)))
}
