/** What a user's module throws, told with the user's own line. */
import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/* A line of a stack: a path and a place in it. */
const frame = /^\s*(?:at (?:async )?(?:[^(]* \()?)?(?:file:\/\/)?([^()]+):(\d+):\d+\)?$/
const ours = fileURLToPath(new URL('..', import.meta.url))

/** The path as seen from the working directory, if it lies there. */
export const shownPath = (path: string): string => {
  const within = relative(process.cwd(), path)
  return within.startsWith('..') ? path : within
}

/** What was thrown, with the user's line that it came from. */
export const thrown = (e: unknown): string => {
  const [first = ''] = (e instanceof Error ? e.message : String(e)).split('\n')
  const message = first.trim().replace(/^ParseError: /, '')
  const stack = e instanceof Error ? (e.stack ?? '').split('\n') : []
  const [, path, line] =
    stack
      .map(l => frame.exec(l))
      .find(
        m => m !== null && isAbsolute(m[1]!) && !m[1]!.startsWith(ours) && !m[1]!.includes('node_modules'),
      ) ?? []
  return path === undefined ? message : `${shownPath(path)}:${line}: ${message}`
}
