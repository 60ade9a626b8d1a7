/**
 * Runs that are kept: each in a folder of its own, named after what it is and the hash of everything that its result
 * depends on. A run with a result is not made again.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { Task } from '../../tasks/task.ts'
import type { Config } from '../../train/config.ts'
import { readBytes, writeDurably } from '../../train/file.ts'
import { type RunFolder, runFolder } from '../runFolder.ts'

/** How a run ended. */
export const Result = t.intersection([
  t.type({
    schema: t.literal(1),
    reason: t.union([t.literal('target'), t.literal('steps'), t.literal('diverged')]),
    step: t.number,
    /** Spent in updates. */
    seconds: t.number,
  }),
  t.partial({ heldOut: t.number, residual: t.number, message: t.string }),
])
export type Result = t.TypeOf<typeof Result>

/* One text for one value, in whatever order its fields were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  )

/** The hash of a value, as text of 64 digits. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex')

/**
 * The hash of what a run's result depends on: its settings, the model and loss as a program, the digests of the files
 * that its examples come from, the package's version. Threads, checkpoints, and where the files lie change nothing of it.
 */
export const keyOf = (config: Config, graph: string, version: string, files?: Task['data']): string => {
  const { threads, checkpointEvery, data, ...settings } = config
  return hashOf({ settings, graph, version, ...(files === undefined ? {} : { files }) })
}

/** What a run is called, in folders and to people. */
export const entryName = ({ task, lag, model, seed, halfLife }: Config): string =>
  `${task}-${lag}-${model}${halfLife === undefined ? '' : '-falling'}-seed${seed}`

const digits = 10

export const cachedFolder = (out: string, config: Config, key: string): RunFolder =>
  runFolder(join(out, 'runs', `${entryName(config)}-${key.slice(0, digits)}`))

const resultPath = (folder: RunFolder): string => join(folder.path, 'result.json')

/** A file of JSON that the codec describes; undefined where there is none, or none that it describes. */
export const readJson = async <A>(path: string, codec: t.Decoder<unknown, A>): Promise<A | undefined> => {
  const bytes = await readBytes(path)()
  if (E.isLeft(bytes)) return undefined
  const json = E.tryCatch(
    () => JSON.parse(new TextDecoder().decode(bytes.right)) as unknown,
    () => undefined,
  )
  const decoded = E.chainW(codec.decode)(json)
  return E.isRight(decoded) ? decoded.right : undefined
}

export const writeJson = (path: string, value: unknown): TE.TaskEither<string, void> =>
  writeDurably(path, `${JSON.stringify(value, null, 2)}\n`)

/** The result of a run that has ended. */
export const readResult = (folder: RunFolder): Promise<Result | undefined> =>
  readJson(resultPath(folder), Result)

/** Forgets it, so that the run is made again. */
export const removeResult = (folder: RunFolder): Promise<void> => rm(resultPath(folder), { force: true })

export const writeResult = (folder: RunFolder, result: Result): TE.TaskEither<string, void> =>
  writeJson(resultPath(folder), result)
