/** Files, with failures as values. */
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as TE from 'fp-ts/lib/TaskEither.js'

/* Codes people meet, in words. */
const causes: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  EINVAL: 'the path is not valid',
  ENAMETOOLONG: 'the path is too long',
}

/** Why a file operation failed. */
export const cause = (e: unknown): string => {
  const code = typeof e === 'object' && e !== null && 'code' in e ? String(e.code) : ''
  return causes[code] ?? (e instanceof Error ? e.message : String(e))
}

/** Whether anything is under the path, so far as one can tell. */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    e => cause(e) !== causes.ENOENT,
  )

/** The action, with its failure told as `cannot …: why`. */
export const attempt = <A>(what: string, action: () => Promise<A>): TE.TaskEither<string, A> =>
  TE.tryCatch(action, e => `cannot ${what}: ${cause(e)}`)

export const readBytes = (path: string): TE.TaskEither<string, Uint8Array> =>
  attempt(`read ${path}`, () => readFile(path))

/* Node's own recursive mkdir never returns where a parent exists and refuses with ENOENT, as /proc does. */
const makeParents = async (path: string): Promise<void> => {
  const isFolder = await stat(path).then(
    s => s.isDirectory(),
    () => false,
  )
  if (isFolder) return
  if (dirname(path) !== path) await makeParents(dirname(path))
  await mkdir(path)
}

/** The folder, with those it lies in. */
export const makeFolder = (path: string): TE.TaskEither<string, void> =>
  attempt(`create the folder ${path}`, () => makeParents(path))

/**
 * Written beside, flushed to the disk, then renamed: under `path` there is the old file or the new one, whole. A link stays one,
 * and what is no file (a pipe, a device) is written to.
 */
export const writeDurably = (name: string, data: Uint8Array | string): TE.TaskEither<string, void> =>
  attempt(`write ${name}`, async () => {
    const path = await realpath(name).catch(() => name)
    const there = await stat(path).catch(() => undefined)
    if (there !== undefined && !there.isFile()) return writeFile(path, data)
    const beside = join(dirname(path), `.${basename(path)}.${process.pid}`)
    try {
      const file = await open(beside, 'w')
      try {
        await file.writeFile(data)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, path)
    } catch (e) {
      await rm(beside, { force: true })
      throw e
    }
    // the name itself lasts only once the folder is flushed; not every system lets a folder be opened
    const folder = await open(dirname(path), 'r').catch(() => undefined)
    await folder?.sync().catch(() => undefined)
    await folder?.close()
  })

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return pid !== process.pid
  } catch (e) {
    return typeof e === 'object' && e !== null && 'code' in e && e.code === 'EPERM'
  }
}

/* What `writeDurably` writes a run's files to before they get their names. */
const leftover = /^\..+\.(?:json|jsonl|html|safetensors)\.(\d+)$/

/** Removes what writers killed in the middle have left in the folder; a writer that still runs keeps its file. */
export const removeLeftovers = (folder: string): TE.TaskEither<string, void> =>
  attempt(`clear the folder ${folder}`, async () => {
    for (const name of await readdir(folder).catch(() => [])) {
      const pid = leftover.exec(name)?.[1]
      if (pid !== undefined && !isRunning(Number(pid))) await rm(join(folder, name), { force: true })
    }
  })
