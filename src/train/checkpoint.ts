/** Checkpoints: a training state as a safetensors file that says what it was made for. */
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { Precision } from '../backend/backend.ts'
import { type TensorType, width } from '../ir/type.ts'
import { readBytes, writeDurably } from './file.ts'
import type { Slot } from './program.ts'
import { decode, encode, type StoredTensor } from './safetensors.ts'
import { firstNotFinite, type TrainState } from './state.ts'

/** What a checkpoint and the run that loads it must agree on. */
export interface Identity {
  readonly model: string
  readonly hidden: number
  readonly task: string
  readonly taskSettings: Readonly<Record<string, number>>
  /** SHA-256 of the files that the examples come from, by name. */
  readonly data?: Readonly<Record<string, string>>
  readonly optimiser: string
  readonly optimiserSettings: Readonly<Record<string, number>>
  /** Examples in a batch: with the step it says which examples come next. */
  readonly batch: number
  readonly seed: number
  readonly precision: Precision
  /** What a step's values may take, if that is limited: which sums are made in which order depends on it. */
  readonly memory?: number
  /** What the model drew for good, e.g. its permutation. */
  readonly fixed: Readonly<Record<string, readonly number[]>>
  /** SHA-256 of the loss as text. */
  readonly graph: string
}

const format = 'parseval-checkpoint-1'

const Metadata = t.type({ format: t.literal(format), identity: t.string, step: t.string })

/* Complex numbers are real pairs: a trailing axis of 2, which every reader of the format understands. */
const storedShape = ({ field, shape }: TensorType): readonly number[] =>
  width(field) === 2 ? [...shape, 2] : shape

export const encodeCheckpoint = (
  identity: Identity,
  slots: readonly Slot[],
  state: TrainState,
): E.Either<string, Uint8Array> => {
  const broken = firstNotFinite(state)
  if (broken !== undefined)
    return E.left(`"${broken}" holds a number that is not finite: such a state is not saved`)
  const tensors = new Map<string, StoredTensor>()
  for (const { name, type } of slots) {
    const data = state.tensors.get(name)
    if (data === undefined) return E.left(`the training state has no tensor "${name}"`)
    tensors.set(name, {
      dtype: identity.precision === 'single' ? 'F32' : 'F64',
      shape: storedShape(type),
      data,
    })
  }
  return E.right(
    encode({ tensors, metadata: { format, identity: JSON.stringify(identity), step: String(state.step) } }),
  )
}

/* Every leaf of a JSON value with its path; lists of numbers count as one. */
const leaves = (value: unknown, path = ''): readonly (readonly [string, string])[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([k, v]) => leaves(v, path === '' ? k : `${path}.${k}`))
    : [[path, JSON.stringify(value) ?? 'missing']]

const shorten = (s: string): string => (s.length <= 40 ? s : `${s.slice(0, 37)}…`)

/** What differs between two identities, in words. */
export const differences = (found: unknown, due: Identity): readonly string[] => {
  const foundLeaves = new Map(leaves(found))
  // as it would come back out of a file: JSON leaves out what is undefined
  const dueLeaves = new Map(leaves(JSON.parse(JSON.stringify(due)) as unknown))
  return [...new Set([...dueLeaves.keys(), ...foundLeaves.keys()])]
    .filter(k => foundLeaves.get(k) !== dueLeaves.get(k))
    .map(
      k =>
        `${k} is ${shorten(foundLeaves.get(k) ?? 'missing')}, not ${shorten(dueLeaves.get(k) ?? 'missing')}`,
    )
}

export const decodeCheckpoint = (
  bytes: Uint8Array,
  due: Identity,
  slots: readonly Slot[],
): E.Either<string, TrainState> => {
  const file = decode(bytes)
  if (E.isLeft(file)) return file
  const metadata = Metadata.decode(file.right.metadata)
  if (E.isLeft(metadata)) return E.left(`it is no checkpoint of Parseval's (${format})`)
  const step = Number(metadata.right.step)
  if (!/^\d+$/.test(metadata.right.step) || !Number.isSafeInteger(step))
    return E.left(`its step "${shorten(metadata.right.step)}" is no whole number`)
  const identity = E.tryCatch(
    () => JSON.parse(metadata.right.identity) as unknown,
    () => 'what it was made for is no JSON',
  )
  if (E.isLeft(identity)) return identity
  const differing = differences(identity.right, due)
  if (differing.length > 0) return E.left(`it was made for something else: ${differing.join('; ')}`)

  const tensors = new Map<string, Float64Array>()
  for (const { name, type } of slots) {
    const stored = file.right.tensors.get(name)
    if (stored === undefined) return E.left(`it has no tensor "${name}"`)
    const shape = storedShape(type)
    if (stored.shape.join() !== shape.join())
      return E.left(`"${name}" has the shape [${stored.shape.join(', ')}], not [${shape.join(', ')}]`)
    tensors.set(name, stored.data)
  }
  const extra = [...file.right.tensors.keys()].find(name => !tensors.has(name))
  if (extra !== undefined) return E.left(`it has a tensor "${extra}" that this model has not`)
  const state = { step, seed: due.seed, tensors }
  const broken = firstNotFinite(state)
  return broken === undefined ? E.right(state) : E.left(`"${broken}" holds a number that is not finite`)
}

/** Written beside and renamed, so that whatever happens there is a whole file under the name. */
export const saveCheckpoint = (
  path: string,
  identity: Identity,
  slots: readonly Slot[],
  state: TrainState,
): TE.TaskEither<string, void> =>
  TE.chain((bytes: Uint8Array) => writeDurably(path, bytes))(
    TE.fromEither(
      E.mapLeft((e: string) => `cannot save the checkpoint ${path}: ${e}`)(
        encodeCheckpoint(identity, slots, state),
      ),
    ),
  )

export const loadCheckpoint = (
  path: string,
  due: Identity,
  slots: readonly Slot[],
): TE.TaskEither<string, TrainState> =>
  TE.chainEitherK((bytes: Uint8Array) =>
    E.mapLeft((e: string) => `cannot go on from the checkpoint ${path}: ${e}`)(
      decodeCheckpoint(bytes, due, slots),
    ),
  )(readBytes(path))
