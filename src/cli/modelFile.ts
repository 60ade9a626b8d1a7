/**
 * What `<model>` stands for: a built-in name, a module whose default export is a model (.ts, .js, .mjs, ...), or a
 * program as text (.ir) or JSON (.json).
 */
import { readFile, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Func } from '../ir/expr.ts'
import { fromJson, type JsonError, showJsonError } from '../ir/json.ts'
import { nearest } from '../ir/nearest.ts'
import { type ParseError, parse } from '../ir/parse.ts'
import { isModelName, isModelPath, type MakeModel, modelNames, models } from '../models/registry.ts'
import { cause } from '../train/file.ts'
import { type LoadedModel, modelOf, whatToExport } from './exported.ts'
import { shownPath, thrown } from './thrown.ts'

export type { LoadedModel } from './exported.ts'

const moduleEndings: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/** What `<model>` may be, in words. */
export const modelChoices = `${modelNames.join(', ')}, or the path of a .ts, .js, .mjs, .ir or .json file`

/** The module's exports. What it imports as `parseval`, or a part of it, is this copy of Parseval, wherever it lies. */
const importModule = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  const [{ createJiti }, parseval, verify] = await Promise.all([
    import('jiti'),
    import('../index.ts'),
    import('../verify/index.ts'),
  ])
  const jiti = createJiti(path, {
    fsCache: false,
    interopDefault: false,
    virtualModules: { parseval, 'parseval/verify': verify },
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
      (): unknown => JSON.parse(text.replace(/^\ufeff/, '')), // some editors put a byte order mark first
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
