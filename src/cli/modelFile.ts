/**
 * What `<model>` stands for: a built-in name, a module whose default export is a model (.ts, .js, .mjs, ...), or a
 * program as text (.ir) or JSON (.json).
 */
import { readFile, stat } from 'node:fs/promises'
import { extname, isAbsolute, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { showMismatch } from '../dsl/elaborate.ts'
import type { Recurrent, Sizes } from '../dsl/model.ts'
import { declared } from '../dsl/term.ts'
import type { Func, TypeMismatch } from '../ir/expr.ts'
import { fromJson, type JsonError, showJsonError } from '../ir/json.ts'
import { nearest } from '../ir/nearest.ts'
import { type ParseError, parse } from '../ir/parse.ts'
import { print } from '../ir/print.ts'
import { verify } from '../ir/verify.ts'
import { isModelName, isModelPath, type MakeModel, modelNames, models } from '../models/registry.ts'
import { cause } from '../train/file.ts'

/** What a model's name or file gives. */
export type LoadedModel =
  | { readonly kind: 'recurrent'; readonly make: MakeModel }
  | { readonly kind: 'program'; readonly func: Func }

const moduleEndings: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/** What `<model>` may be, in words. */
export const modelChoices = `${modelNames.join(', ')}, or the path of a .ts, .js, .mjs, .ir or .json file`

const whatToExport =
  'export a function (sizes) => Recurrent, a Func, what elaborate returns, or a function of no arguments that returns one of the latter two'

const isObject = (u: unknown): u is Readonly<Record<string, unknown>> => typeof u === 'object' && u !== null

const isFunc = (u: unknown): u is Func =>
  isObject(u) && Array.isArray(u.params) && Array.isArray(u.results) && typeof u.id === 'number'

const isMismatch = (u: unknown): u is TypeMismatch => isObject(u) && u.kind === 'TypeMismatch'

/* A copy of Parseval that is not this one has nodes and numbers of its own: its programs come over as text. */
const adopt = (f: Func): E.Either<string, Func> =>
  pipe(
    verify(f),
    E.mapLeft(e => e.message),
    E.chain(g =>
      pipe(
        parse(print(g)),
        E.mapLeft(e => e.message),
      ),
    ),
  )

const kindOf = (u: unknown): string => {
  if (u === undefined || u === null) return 'nothing'
  return Array.isArray(u) ? 'a list' : typeof u === 'object' ? 'an object' : `a ${typeof u}`
}

/** The program, where a value stands for one; undefined where it is something else. */
const programOf = (u: unknown): E.Either<string, Func> | undefined => {
  if (isFunc(u)) return adopt(u)
  if (!isObject(u)) return undefined
  if (u._tag === 'Right' && isFunc(u.right)) return adopt(u.right)
  return u._tag === 'Left' && isMismatch(u.left) ? E.left(showMismatch(u.left)) : undefined
}

/* What users of JavaScript may leave out or get wrong; TypeScript has said so already. */
const parts: { readonly [K in keyof Recurrent]?: (u: unknown) => boolean } = {
  name: u => typeof u === 'string' && u !== '',
  parameters: Array.isArray,
  initial: isObject,
  step: u => typeof u === 'function',
  output: u => typeof u === 'function',
  fixed: isObject,
}

/* A line of a stack: a path and a place in it. */
const frame = /^\s*(?:at (?:async )?(?:[^(]* \()?)?(?:file:\/\/)?([^()]+):(\d+):\d+\)?$/
const ours = fileURLToPath(new URL('..', import.meta.url))

/** The path as seen from the working directory, if it lies there. */
const shownPath = (path: string): string => {
  const within = relative(process.cwd(), path)
  return within.startsWith('..') ? path : within
}

/** What was thrown, with the user's line that it came from. */
const thrown = (e: unknown): string => {
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

const isTerm = (u: unknown): boolean => isObject(u) && typeof u.form === 'string'

/** The model, if a step of it from its initial state gives a state again, and that an output. */
const tried = (model: Recurrent): E.Either<string, Recurrent> => {
  try {
    const next: Readonly<Record<string, unknown>> = model.step(model.initial, declared('x'))
    const names = Object.keys(model.initial)
    const lost = names.find(name => !isTerm(next[name]))
    if (lost !== undefined)
      return E.left(`its step gives no next "${lost}": it must return { ${names.join(', ')} }`)
    return isTerm(model.output(next as Recurrent['initial']))
      ? E.right(model)
      : E.left('its output gives no term')
  } catch (e) {
    return E.left(`its step or output fails: ${thrown(e)}`)
  }
}

const recurrentOf = (u: unknown): E.Either<string, Recurrent> => {
  if (!isObject(u)) return E.left(`it returns ${kindOf(u)}, not a Recurrent`)
  const wrong = Object.entries(parts).find(([name, holds]) => !holds(u[name]))
  return wrong === undefined
    ? tried(u as unknown as Recurrent)
    : E.left(
        `the model that it returns has ${u[wrong[0]] === undefined ? `no ${wrong[0]}` : `${kindOf(u[wrong[0]])} for its ${wrong[0]}`}: a Recurrent has ${Object.keys(parts).join(', ')}`,
      )
}

const called = <A>(shown: string, call: () => A): E.Either<string, A> =>
  E.tryCatch(call, e => `the default export of ${shown} fails when it is called: ${thrown(e)}`)

const modelOf = (value: unknown, shown: string): E.Either<string, LoadedModel> => {
  const ofProgram = (made: E.Either<string, Func>): E.Either<string, LoadedModel> =>
    E.bimap(
      (message: string) => `${shown}: ${message}`,
      (func: Func): LoadedModel => ({ kind: 'program', func }),
    )(made)
  const program = programOf(value)
  if (program !== undefined) return ofProgram(program)
  if (typeof value !== 'function')
    return E.left(`the default export of ${shown} is ${kindOf(value)}: ${whatToExport}`)
  const call = value as (...args: readonly unknown[]) => unknown
  if (call.length === 0) {
    // a function of sizes that all have defaults has no arguments to count either, so its result decides
    const made = called(shown, () => call({ ...sample }))
    if (E.isLeft(made)) return made
    const inner = programOf(made.right)
    if (inner !== undefined) return ofProgram(inner)
    if (E.isLeft(recurrentOf(made.right)))
      return E.left(`the default export of ${shown} returns ${kindOf(made.right)}: ${whatToExport}`)
  }
  const make: MakeModel = sizes =>
    pipe(
      called(shown, () => call(sizes)),
      E.chain(u =>
        pipe(
          recurrentOf(u),
          E.mapLeft(message => `the default export of ${shown}: ${message}`),
        ),
      ),
    )
  return E.right({ kind: 'recurrent', make })
}

const sample: Sizes = { hidden: 4, reads: { kind: 'vector', size: 1 }, writes: 1, seed: 1 }

/** The module's exports. What it imports as `parseval` is this copy of Parseval, wherever it lies. */
const importModule = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  const [{ createJiti }, parseval, verification] = await Promise.all([
    import('jiti'),
    import('../index.ts'),
    import('../verify/index.ts'),
  ])
  const jiti = createJiti(path, {
    fsCache: false,
    interopDefault: false,
    virtualModules: { parseval, 'parseval/verify': verification },
  })
  return jiti.import(path)
}

const moduleModel =
  (path: string, shown: string): TE.TaskEither<string, LoadedModel> =>
  async () => {
    const loaded = await importModule(path).then(E.right, (e: unknown) => E.left(e))
    if (E.isLeft(loaded)) return E.left(`${shown} cannot be loaded: ${thrown(loaded.left)}`)
    const { right: exported } = loaded
    if (exported.default !== undefined) return modelOf(exported.default, shown)
    const names = Object.keys(exported)
    return E.left(
      `${shown} has no default export${names.length === 0 ? '' : ` (it exports ${names.join(', ')})`}: ${whatToExport}`,
    )
  }

const ofText = (text: string, shown: string): E.Either<string, Func> =>
  E.mapLeft((e: ParseError) => `${shown}:${e.line}:${e.column}: ${e.message}`)(parse(text))

const ofJson = (text: string, shown: string): E.Either<string, Func> =>
  pipe(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      e => `${shown} is no JSON: ${thrown(e)}`,
    ),
    E.chain(json => E.mapLeft((e: JsonError) => `${shown}: ${showJsonError(e)}`)(fromJson(json))),
  )

const dataModel = (path: string, shown: string, read: typeof ofText): TE.TaskEither<string, LoadedModel> =>
  pipe(
    TE.tryCatch(
      () => readFile(path, 'utf8'),
      e => `cannot read ${shown}: ${cause(e)}`,
    ),
    TE.chainEitherK(text => read(text, shown)),
    TE.map((func): LoadedModel => ({ kind: 'program', func })),
  )

/** The model of that name, or in the file at that path (from the working directory). */
export const loadModel = (text: string): TE.TaskEither<string, LoadedModel> => {
  if (isModelName(text)) return TE.right({ kind: 'recurrent', make: sizes => E.right(models[text](sizes)) })
  if (!isModelPath(text) && !/[/\\]/.test(text))
    return TE.left(`there is no model ${text}${nearest(text, modelNames)} (${modelChoices})`)
  const path = resolve(text)
  const shown = shownPath(path)
  const ending = extname(path)
  return async () => {
    const file = await stat(path).catch((e: unknown) => cause(e))
    if (typeof file === 'string') return E.left(`cannot read the model ${shown}: ${file}`)
    if (!file.isFile()) return E.left(`cannot read the model ${shown}: it is no file`)
    if (moduleEndings.includes(ending)) return moduleModel(path, shown)()
    if (ending === '.ir') return dataModel(path, shown, ofText)()
    if (ending === '.json') return dataModel(path, shown, ofJson)()
    return E.left(`${shown}: a model's file ends in ${[...moduleEndings, '.ir', '.json'].join(', ')}`)
  }
}

/** What makes the recurrent model of that name or file. */
export const recurrentModel = (text: string): TE.TaskEither<string, MakeModel> =>
  TE.chainEitherK((model: LoadedModel) =>
    model.kind === 'recurrent'
      ? E.right(model.make)
      : E.left(
          `${text} holds a program; this needs a recurrent model: export a function (sizes) => Recurrent`,
        ),
  )(loadModel(text))
