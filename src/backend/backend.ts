/** What runs programs. The reference evaluator and the native engine are the two there are. */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Func } from '../ir/expr.ts'
import { nearest } from '../ir/nearest.ts'
import { type Rate, sameType, showType } from '../ir/type.ts'

/** What numbers the engine computes with: float32 or float64. At the rim both are float64. */
export type Precision = 'single' | 'double'

/**
 * A function to be run again and again. Uniform parameters are resident: set once, kept between runs. After a
 * run that succeeds each `update` makes a result the parameter's next value; so training state never leaves.
 */
export interface Program {
  /** What is computed. */
  readonly func: Func
  /** Which result becomes the next value of which parameter, by their positions. */
  readonly updates: readonly { readonly result: number; readonly param: number }[]
}

/** Why something was not written, read or run. */
export interface BackendError {
  readonly kind: 'BackendError'
  readonly message: string
  /** Set where a signal ended the run. */
  readonly cancelled?: true
}

/** Numbers of a tensor, complex ones interleaved (re, im); for varying values all examples, one after the other. */
export type Numbers = Float64Array

/** A program that is ready to run, with its resident parameters: `write` each before the first run. */
export interface Session {
  /** Sets a uniform parameter, by name. */
  readonly write: (name: string, data: Numbers) => E.Either<BackendError, void>
  /** The uniform parameter's present value. */
  readonly read: (name: string) => E.Either<BackendError, Numbers>
  /**
   * Runs on `batch` examples: `data` holds every varying parameter, by name. Gives, in order, the results that are
   * nothing's next value; `read` has the others.
   */
  readonly run: (
    batch: number,
    data: Readonly<Record<string, Numbers>>,
    signal?: AbortSignal,
  ) => TE.TaskEither<BackendError, readonly Numbers[]>
}

/** How a program runs. */
export interface BackendOptions {
  readonly precision: Precision
  /** How many carry blocks of examples; results do not depend on it. */
  readonly threads: number
  /** The native engine's instruction set; else the one that PARSEVAL_ISA names, else the best there is. */
  readonly isa?: string
}

/** What runs programs. */
export interface Backend {
  readonly name: 'native' | 'reference'
  /** Makes the program ready to run, or says why it cannot be. */
  readonly start: (program: Program, options: BackendOptions) => E.Either<BackendError, Session>
}

/** The program, if each of its updates makes a result the next value of a uniform parameter of that type, of each once. */
export const updatable = (program: Program): E.Either<BackendError, Program> => {
  const { results, params } = program.func
  const wrong = program.updates.map(({ result, param }, i) => {
    const [r, p] = [results[result], params[param]]
    if (r === undefined) return `there is no result ${result}: results are 0 to ${results.length - 1}`
    if (p === undefined) return `there is no parameter ${param}: parameters are 0 to ${params.length - 1}`
    if (p.type.rate !== 'uniform') return `"${p.name}" varies: it is given to each run, with the batch`
    if (!sameType(r.type, p.type))
      return `result ${result} is ${showType(r.type)}, and "${p.name}" ${showType(p.type)}`
    return program.updates.findIndex(u => u.param === param) < i ? `"${p.name}" is updated twice` : undefined
  })
  const at = wrong.findIndex(w => w !== undefined)
  return at < 0 ? E.right(program) : E.left({ kind: 'BackendError', message: `update ${at}: ${wrong[at]}` })
}

/** The data of a uniform parameter, if every number is finite: a NaN would spread to every result unseen. */
export const finite = (name: string, data: Numbers): E.Either<BackendError, Numbers> => {
  const i = data.findIndex(x => !Number.isFinite(x))
  return i < 0
    ? E.right(data)
    : E.left({
        kind: 'BackendError',
        message: `"${name}" is ${data[i]} at position ${i}: parameters must be finite numbers`,
      })
}

/** Why no uniform parameter has that name. */
export const noParameter = (
  name: string,
  inputs: readonly { readonly name: string; readonly type: { readonly rate: Rate } }[],
): string => {
  if (inputs.some(i => i.name === name))
    return `"${name}" is no parameter but an input that varies: it is given to each run, with the batch`
  const names = inputs.flatMap(i => (i.type.rate === 'uniform' ? [i.name] : []))
  const close = nearest(name, names)
  return `there is no parameter "${name}"${close || `; the program has ${names.join(', ') || 'none'}`}`
}

/** What a batch without that input says. */
export const lacks = (name: string, data: Readonly<Record<string, unknown>>): string => {
  const close = nearest(name, Object.keys(data)).replace(/^: did you mean (.*)\?$/, ', but has "$1"')
  return `the batch lacks "${name}"${close}`
}

/** Why that many numbers are not the input's, as the engine says it, too. */
export const takes = (name: string, reals: number, got: number, examples?: number): string =>
  `"${name}" takes ${reals * (examples ?? 1)} numbers${
    examples === undefined ? '' : ` (${examples} examples of ${reals})`
  }; it got ${got}`
