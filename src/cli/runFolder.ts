/**
 * The run folder: `config.json` (what runs, resolved), `metrics.jsonl`, `checkpoints/<run>-latest.safetensors` and
 * `-final` (and `-best`, by held-out examples, where a task has others to test it on), `report.html`.
 */
import { constants, createWriteStream } from 'node:fs'
import { copyFile, readdir, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { finished } from 'node:stream/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Config } from '../train/config.ts'
import {
  attempt,
  cause,
  isThere,
  makeFolder,
  readBytes,
  removeLeftovers,
  writeDurably,
} from '../train/file.ts'
import { parseRecords, type Record, schema } from './record.ts'

export interface RunFolder {
  readonly path: string
  readonly config: string
  readonly metrics: string
  readonly report: string
  readonly checkpoint: (run: string, which: 'latest' | 'best' | 'final') => string
}

export const runFolder = (path: string): RunFolder => ({
  path,
  config: join(path, 'config.json'),
  metrics: join(path, 'metrics.jsonl'),
  report: join(path, 'report.html'),
  checkpoint: (run, which) => join(path, 'checkpoints', `${run}-${which}.safetensors`),
})

/** `runs/<name>-<date>T<time>`: new each second, sorted by time. */
export const freshPath = (name: string, now: Date): string =>
  join('runs', `${name}-${now.toISOString().slice(0, 19).replaceAll(':', '-')}`)

/** A new folder, or one that is there and empty; never one with something in it. */
export const createRunFolder =
  (path: string): TE.TaskEither<string, RunFolder> =>
  async () => {
    const folder = runFolder(resolve(path))
    const existing = await readdir(folder.path).catch(() => [])
    if (existing.length > 0)
      return E.left(
        `the folder ${path === '' ? folder.path : path} exists and is not empty: name another with --out, or go on with --resume`,
      )
    const made = await makeFolder(join(folder.path, 'checkpoints'))()
    return E.isLeft(made) ? made : E.right(folder)
  }

/** What `config.json` holds: one run, or several in their order. */
const Stored = t.type({ schema: t.literal(schema), runs: t.array(Config) })

export const writeConfig = (folder: RunFolder, runs: readonly Config[]): TE.TaskEither<string, void> =>
  writeDurably(folder.config, `${JSON.stringify({ schema, runs }, null, 2)}\n`)

export const readConfig = (folder: RunFolder): TE.TaskEither<string, readonly Config[]> =>
  TE.chainEitherK((bytes: Uint8Array) => {
    const json = E.tryCatch(
      () => JSON.parse(new TextDecoder().decode(bytes)) as unknown,
      () => undefined,
    )
    const stored = E.chainW(Stored.decode)(json)
    return E.isLeft(stored)
      ? E.left(`${folder.config} is no configuration of a run (schema ${schema})`)
      : E.right(stored.right.runs)
  })(readBytes(folder.config))

export const readRecords = (folder: RunFolder): TE.TaskEither<string, readonly Record[]> =>
  TE.chainEitherK((bytes: Uint8Array) =>
    E.mapLeft((e: string) => `${folder.metrics}: ${e}`)(parseRecords(new TextDecoder().decode(bytes))),
  )(readBytes(folder.metrics))

/** Forgets what was recorded past `step`, where a run goes on from: it will be recorded again. */
export const rewindRecords = (folder: RunFolder, step: number): TE.TaskEither<string, readonly Record[]> =>
  TE.chain((records: readonly Record[]) => {
    const isKept = (r: Record) =>
      r.kind === 'evaluation' ? r.step < step : r.kind === 'step' && r.step <= step
    const kept = records.filter(r => r.kind === 'started' || isKept(r))
    return TE.map(() => kept)(writeDurably(folder.metrics, kept.map(r => `${JSON.stringify(r)}\n`).join('')))
  })(readRecords(folder))

/** Whether any state of a run was saved. */
const hasCheckpoint = async (folder: RunFolder): Promise<boolean> =>
  (await readdir(join(folder.path, 'checkpoints')).catch(() => [])).some(name =>
    name.endsWith('.safetensors'),
  )

/** A name beside the metrics that nothing has. */
const aside = async ({ metrics }: RunFolder, why: 'broken' | 'earlier'): Promise<string> => {
  let k = 1
  while (await isThere(`${metrics}.${why}-${k}`)) k++
  return `${metrics}.${why}-${k}`
}

/** The metrics up to the first line that is no record; the whole file is kept under another name. */
const mendMetrics = async (
  folder: RunFolder,
  note: (line: string) => void,
): Promise<E.Either<string, void>> => {
  const { metrics } = folder
  if (!(await isThere(metrics))) {
    note(`parseval: ${metrics} is not there: what was recorded before the checkpoint is lost`)
    return writeDurably(metrics, '')()
  }
  const bytes = await readBytes(metrics)()
  if (E.isLeft(bytes)) return bytes
  const text = new TextDecoder().decode(bytes.right)
  if (E.isRight(parseRecords(text))) return E.right(undefined)
  const lines = text.split('\n')
  const broken = lines.findIndex(l => E.isLeft(parseRecords(`${l}\n`)))
  const other = await aside(folder, 'broken')
  // a copy first: killed in between, the records are still there
  const copied = await attempt(`copy ${metrics} to ${other}`, () =>
    copyFile(metrics, other, constants.COPYFILE_EXCL),
  )()
  if (E.isLeft(copied)) return copied
  note(
    `parseval: ${metrics}: line ${broken + 1} is no record of metrics: the file is kept as ${other}, the lines before go on`,
  )
  return writeDurably(
    metrics,
    lines
      .slice(0, broken)
      .map(l => `${l}\n`)
      .join(''),
  )()
}

/** Makes a folder ready to go on in, whatever a kill or a broken file left; false: no checkpoint, it begins at step 0. */
export const mendFolder =
  (folder: RunFolder, note: (line: string) => void): TE.TaskEither<string, boolean> =>
  async () => {
    for (const path of [folder.path, join(folder.path, 'checkpoints')]) {
      const cleared = await removeLeftovers(path)()
      if (E.isLeft(cleared)) return cleared
    }
    if (await hasCheckpoint(folder)) return E.map(() => true)(await mendMetrics(folder, note))
    note(`parseval: ${folder.path} has no checkpoint yet: begins at step 0`)
    const made = await makeFolder(join(folder.path, 'checkpoints'))()
    if (E.isLeft(made)) return made
    // what an earlier beginning recorded is made again
    if (await isThere(folder.metrics)) {
      const other = await aside(folder, 'earlier')
      const moved = await attempt(`rename ${folder.metrics} to ${other}`, () =>
        rename(folder.metrics, other),
      )()
      if (E.isLeft(moved)) return moved
    }
    return E.right(false)
  }

/** Appends records to the metrics file. */
export interface Recorder {
  readonly write: (record: Record) => void
  /** Resolves once everything written so far is in the file. */
  readonly flush: () => Promise<void>
  /** Fires if the file can no longer be written. */
  readonly failed: AbortSignal
  /** Everything written, or why not. */
  readonly close: TE.TaskEither<string, void>
}

export const openRecorder = (folder: RunFolder): Recorder => {
  const stream = createWriteStream(folder.metrics, { flags: 'a' })
  const failed = new AbortController()
  stream.on('error', e => failed.abort(e))
  return {
    write: record => {
      if (!failed.signal.aborted) stream.write(`${JSON.stringify(record)}\n`)
    },
    flush: () =>
      new Promise(resolve => {
        if (failed.signal.aborted) resolve()
        else stream.write('', () => resolve())
      }),
    failed: failed.signal,
    close: async () => {
      stream.end()
      await finished(stream).catch(() => undefined)
      return failed.signal.aborted
        ? E.left(`cannot write ${folder.metrics}: ${cause(failed.signal.reason)}`)
        : E.right(undefined)
    },
  }
}
