/**
 * Where in the user's files a term was written. Only the stack is taken when a term is made; it becomes text, through
 * whatever source maps the program was loaded with, when somebody asks.
 */
import { fileURLToPath } from 'node:url'

/** A place in a source file; line and column from 1 up. */
export interface Source {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A place that is not looked up yet. */
export interface Place {
  /** What V8 writes when it is read for the first time. */
  readonly stack?: string
}

/* The dozen innermost frames: a model's own, and those of this package between it and here. */
const depth = 12

/** The place of the call of `inner`, or of what called that. */
// biome-ignore lint/complexity/noBannedTypes: any function may be the one that is left out
export const here = (inner: Function): Place => {
  const place: { stack?: string } = {}
  // Where somebody has frozen `Error`, its own limit holds.
  const limit = Reflect.get(Error, 'stackTraceLimit')
  Reflect.set(Error, 'stackTraceLimit', depth)
  Error.captureStackTrace(place, inner)
  Reflect.set(Error, 'stackTraceLimit', limit)
  return place
}

const path = String.raw`(?:file:\/\/|\/|[A-Za-z]:[\\/]|\\\\).*`
const framed = new RegExp(String.raw` \((${path}):(\d+):(\d+)\)$`)
const bare = new RegExp(String.raw`^\s*at (?:async )?(${path}):(\d+):(\d+)$`)

const asPath = (name: string): string => (name.startsWith('file:') ? fileURLToPath(name) : name)

const frame = (text: string): readonly Source[] => {
  const match = framed.exec(text) ?? bare.exec(text)
  if (match === null) return []
  const [, name = '', line, column] = match
  return [{ file: asPath(name), line: Number(line), column: Number(column) }]
}

const dsl = fileURLToPath(new URL('.', import.meta.url))
const own = fileURLToPath(new URL('..', import.meta.url))
const installed = /[\\/]node_modules[\\/]/

/** Where it is: in the user's own files if the stack reaches them, else in a package's, else in one of our models. */
export const sourceOf = (place: Place): Source | undefined => {
  const frames = String(place.stack ?? '')
    .split('\n')
    .flatMap(frame)
    .filter(s => !s.file.startsWith(dsl))
  const outside = frames.filter(s => !s.file.startsWith(own))
  return outside.find(s => !installed.test(s.file)) ?? outside[0] ?? frames[0]
}

/** `file:line:column`, as terminals and editors follow it. */
export const showSource = ({ file, line, column }: Source): string => `${file}:${line}:${column}`
