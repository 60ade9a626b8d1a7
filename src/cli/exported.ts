/** What the default export of a user's module is: a model, a program, or neither, and then what to do. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { elaborate, showMismatch } from '../dsl/elaborate.ts'
import { isObject, isTerm, shown } from '../dsl/given.ts'
import type { Recurrent, Sizes } from '../dsl/model.ts'
import { type Initialiser, wrongStart } from '../dsl/parameter.ts'
import { apply, declared } from '../dsl/term.ts'
import type { Func, TypeMismatch } from '../ir/expr.ts'
import { parse } from '../ir/parse.ts'
import { print } from '../ir/print.ts'
import { complex, varying } from '../ir/type.ts'
import { verify } from '../ir/verify.ts'
import type { MakeModel } from '../models/registry.ts'
import { thrown } from './thrown.ts'

/** What a model's name or file gives. */
export type LoadedModel =
  | { readonly kind: 'recurrent'; readonly make: MakeModel }
  | { readonly kind: 'program'; readonly func: Func }

export const whatToExport =
  'export a function (sizes) => Recurrent, a Func, what elaborate returns, or a function of no arguments that returns one of the latter two'

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
  sizes: isObject,
  fixed: isObject,
}

/** What is wrong with a parameter; undefined if nothing is. */
const wrongParameter = (u: unknown): string | undefined => {
  if (!isObject(u)) return `is ${kindOf(u)}`
  const { name, type, term, initial } = u
  if (typeof name !== 'string' || name === '') return 'has no name'
  if (!isObject(type) || type.kind !== 'tensor' || !Array.isArray(type.shape)) return 'has no type'
  if (!isTerm(term)) return 'has no term'
  const start = wrongStart(type.shape, initial as Initialiser)
  return start === undefined ? undefined : `is no good: ${start}`
}

/** What is wrong inside of the parts; undefined if nothing is. */
const wrongInside = ({ parameters, sizes, unitaries }: Recurrent): string | undefined => {
  const { hidden }: { readonly hidden?: unknown } = sizes
  if (!Number.isSafeInteger(hidden) || Number(hidden) < 1)
    return `the hidden of its sizes is ${shown(hidden)} and must be a whole number from 1 up: hand on the sizes that the function is given`
  for (const [i, u] of parameters.entries()) {
    const wrong = wrongParameter(u)
    const { name = i }: { readonly name?: unknown } = isObject(u) ? u : {}
    if (wrong !== undefined)
      return `its parameter ${JSON.stringify(name)} ${wrong} (\`parameters\` makes the terms and the list of them)`
  }
  const maps: unknown = unitaries ?? {}
  return isObject(maps) && Object.values(maps).every(f => typeof f === 'function')
    ? undefined
    : 'its unitaries must be functions by name'
}

/** The model, if what it says is its unitary part is one, of its size. */
const ofUnitaryPart = (model: Recurrent): E.Either<string, Recurrent> => {
  const { recurrence, parameters, sizes } = model
  if (recurrence === undefined) return E.right(model)
  const due = `its recurrence must be a unitary operator on complex[${sizes.hidden}], the hidden of its sizes`
  if (!isTerm(recurrence))
    return E.left(`${due}, and is ${kindOf(recurrence)}: leave it out if there is none`)
  const x = declared<'complex'>('x')
  // names that are there twice are the experiment's to tell
  const distinct = parameters.filter(
    (p, i) => parameters.findIndex(q => q.name === p.name || q.term === p.term) === i,
  )
  const made = elaborate(
    [...distinct, { name: 'what the recurrence acts on', term: x, type: varying(complex(sizes.hidden)) }],
    [{ ...apply(recurrence, x), at: recurrence.at }], // the user's line, not this one
  )
  return E.isLeft(made) ? E.left(`${due}: ${showMismatch(made.left)}`) : E.right(model)
}

/** The model, if a step of it from its initial state gives a state again, and that an output. */
const tried = (model: Recurrent): E.Either<string, Recurrent> => {
  try {
    const next: unknown = model.step(model.initial, declared('x'))
    const names = Object.keys(model.initial)
    const lost = names.find(name => !isObject(next) || !isTerm(next[name]))
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
  if (wrong !== undefined)
    return E.left(
      `the model that it returns has ${u[wrong[0]] === undefined ? `no ${wrong[0]}` : `${kindOf(u[wrong[0]])} for its ${wrong[0]}`}: a Recurrent has ${Object.keys(parts).join(', ')}`,
    )
  const model = u as unknown as Recurrent
  const inside = wrongInside(model)
  return inside === undefined ? pipe(tried(model), E.chain(ofUnitaryPart)) : E.left(inside)
}

const called = <A>(shown: string, call: () => A): E.Either<string, A> =>
  E.tryCatch(call, e => `the default export of ${shown} fails when it is called: ${thrown(e)}`)

/** The model that a module exports; `shown`: its path in words. */
export const modelOf = (value: unknown, shown: string): E.Either<string, LoadedModel> => {
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
    // what looks like a model is told below what it lacks
    if (!isObject(made.right) || typeof made.right.step !== 'function')
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
