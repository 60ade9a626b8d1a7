/** `parseval verify <model>`: everything that Parseval promises, of the user's own model. */
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { nearest } from '../ir/nearest.ts'
import { settings } from '../train/config.ts'
import { taskOf } from '../train/experiment.ts'
import { type Check, showReport } from '../verify/report.ts'
import { checkNames, type Model, type VerifyOptions, verify } from '../verify/verify.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from './exit.ts'
import { type LoadedModel, loadModel, modelChoices } from './modelFile.ts'
import { decodeOption, givenSettings, type Raw, type SettingFlag, withSettings } from './options.ts'
import type { Terminal } from './terminal.ts'

const options: readonly SettingFlag[] = ['hidden', 'seed']

const examples = `
Examples:
  $ parseval verify urnn
  $ parseval verify ./cell.ts --hidden 64             a model of your own
  $ parseval verify ./cell.ts --check unitary         only that its operators keep norms
  $ parseval verify ./cell.ts --seed 7 --check pass   every pass, on other numbers
Ends with 3 if something does not hold. The checks: ${checkNames().join(', ')}.`

const Task = t.keyof({ copying: null, adding: null }, 'copying or adding')

/** `--check` may be given several times: by name, or by family (`pass` for `pass:…`). */
const checksOf = (raw: Raw): E.Either<Refusal, readonly string[] | undefined> => {
  const asked = raw.check as readonly string[] | undefined
  const names = checkNames()
  const families = new Set(names.map(name => name.split(':')[0]!))
  const known = [...names, ...families]
  const stranger = asked?.find(name => !known.includes(name))
  return stranger === undefined
    ? E.right(asked)
    : E.left(usage(`--check ${stranger}: there is no such check${nearest(stranger, known)}`))
}

const optional = <A>(
  codec: t.Decoder<unknown, A>,
  flag: string,
  raw: Raw,
): E.Either<Refusal, A | undefined> =>
  raw[flag] === undefined ? E.right(undefined) : decodeOption(codec, flag, raw[flag])

/** What the command line asks of `verify`. */
const optionsOf = (modelText: string, raw: Raw): E.Either<Refusal, VerifyOptions> => {
  const checks = checksOf(raw)
  if (E.isLeft(checks)) return checks
  const given = givenSettings({ hidden: raw.hidden, seed: raw.seed })
  if (E.isLeft(given)) return given
  const batch = optional(settings.batch, 'batch', raw)
  if (E.isLeft(batch)) return batch
  const length = optional(settings.batch, 'length', raw)
  if (E.isLeft(length)) return length
  const name = optional(Task, 'task', raw)
  if (E.isLeft(name)) return name
  const task = name.right === undefined ? E.right(undefined) : taskOf({ task: name.right, lag: 2, seed: 1 })
  if (E.isLeft(task)) return E.left(failed(task.left))
  const { seed = 1, hidden } = given.right
  const asGiven = ['hidden', 'task', 'length', 'batch'].flatMap(flag =>
    raw[flag] === undefined ? [] : [`--${flag} ${raw[flag]}`],
  )
  return E.right({
    name: modelText,
    seed,
    replay: (own, check) =>
      ['parseval verify', modelText, ...asGiven, `--seed ${own}`, `--check ${check}`].join(' '),
    ...(checks.right && { checks: checks.right }),
    ...(hidden !== undefined && { hidden }),
    ...(batch.right !== undefined && { batch: batch.right }),
    ...(length.right !== undefined && { length: length.right }),
    ...(task.right !== undefined && { reads: task.right.reads, writes: task.right.writes }),
  })
}

/* A model that cannot be made at some size is a finding, which `verify` catches. */
const subject = (loaded: LoadedModel): Model =>
  loaded.kind === 'program'
    ? loaded.func
    : sizes => {
        const made = loaded.make(sizes)
        if (E.isRight(made)) return made.right
        throw new Error(made.left)
      }

const run = async (modelText: string, raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  const asked = optionsOf(modelText, raw)
  if (E.isLeft(asked)) return asked
  const loaded = await loadModel(modelText)()
  if (E.isLeft(loaded)) return E.left(usage(loaded.left))
  const progress = ({ name, failure }: Check): void => {
    if (terminal.interactive) terminal.note(`${failure === undefined ? '✓' : '✗'} ${name}`)
  }
  const report = await verify(subject(loaded.right), { ...asked.right, progress })
  terminal.result(showReport(report))
  return E.right(report.holds ? exitCode.ok : exitCode.targetMissed)
}

/** Adds the command; `done` is told how it ended. */
export const addVerify = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('verify')
    .summary('prove a model: operators, gradients, passes, engine')
    .description(
      'Holds a model to what Parseval promises: its operators are unitary, its gradients are slopes, every pass and the native engine agree with the reference evaluator, at its own sizes and at small ones. What fails is shown as the smallest program that does.',
    )
    .argument('<model>', modelChoices)
    .option(
      '--check <name>',
      'only this check, or family of checks; may be repeated',
      (name, all: string[] = []) => [...all, name],
    )
    .option('--task <name>', 'what a recurrent model reads and writes: copying or adding (default: copying)')
    .option('--length <T>', "steps of a sequence at the model's own size (default: 4)")
    .option('--batch <B>', 'examples (default: 3)')
  withSettings(command, options)
    .addHelpText('after', examples)
    .action(async (model: string, raw: Raw) => done(await run(model, raw, terminal)))
}
