/** The C++ engine as an addon of Node: its interface, and where it is found. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import type { Precision } from '../backend.ts'

export type { Precision }

/** `isa`: an instruction set of `features()`; else the one that PARSEVAL_ISA names, else the best. */
export interface ProgramOptions {
  readonly precision: Precision
  readonly isa?: string
}

/** A plan in the engine, with the values of its uniform inputs. Methods throw, and `run` rejects, with an Error. */
export interface NativeProgram {
  /** Sets a uniform input; it stays until the next `write`, or until the plan updates it. Not during a run. */
  readonly write: (input: number, data: Float64Array) => void
  readonly read: (input: number) => Float64Array
  /**
   * Runs the plan over a batch of examples. `varying`: for each input of the plan its values, example by
   * example, or null if the input is uniform. Resolves to the outputs that update no input (`read` has those), varying
   * ones example by example. One run at a time.
   */
  readonly run: (
    batch: number,
    varying: readonly (Float64Array | null)[],
    threads: number,
  ) => Promise<readonly Float64Array[]>
  /** Makes the run under way, if any, reject soon; uniform inputs keep the values they had before it. */
  readonly cancel: () => void
}

/** The unitary transform of one vector of complex numbers, by a plan that is made once for its size. */
export interface VectorTransform {
  /**
   * Of pairs (re, im): a Float32Array in single precision, a Float64Array in double; several vectors in a row are
   * transformed each on its own. The scale is 1/√n, so that the inverse undoes it. Returns a new array of the kind, or
   * `to` with the result, which may be `x`. Throws if the length is no multiple of 2n, or `to` is not as long.
   */
  readonly run: <A extends Float32Array | Float64Array>(x: A, inverse?: boolean, to?: A) => A
}

/** How transforms are composed of radices. What is learnt holds for plans made after it, in this process. */
export interface Planner {
  /** What was learnt: a signature, then lines of precision, size, and radices from the whole to the leaves. */
  readonly wisdom: () => string
  /** Adds to it. A text with a wrong line throws, and adds nothing. */
  readonly learn: (wisdom: string) => void
  readonly forget: () => void
  /** The cheapest compositions of a size by the cost model, the best first; none if only a convolution will do. */
  readonly compositions: (
    size: number,
    most: number,
    options: ProgramOptions,
  ) => readonly (readonly number[])[]
}

export interface Addon {
  readonly VectorTransform: new (size: number, options: ProgramOptions) => VectorTransform
  readonly planner: Planner
  readonly Program: new (code: Int32Array, constants: Float64Array, options: ProgramOptions) => NativeProgram
  /** `isa`: the instruction sets that this machine runs, best first. */
  readonly features: () => { readonly isa: readonly string[] }
}

/** Three folders up from here, in `src` as in `dist`. */
const packageRoot = fileURLToPath(new URL('../../..', import.meta.url))

/** The addon, or why there is none. */
export const loadAddon = (): E.Either<string, Addon> =>
  E.tryCatch(
    () => {
      const require = createRequire(import.meta.url)
      const load: unknown = require('node-gyp-build')
      return (load as (root: string) => Addon)(packageRoot)
    },
    error =>
      `the native engine cannot be loaded (npm run build:native builds it): ${
        error instanceof Error ? error.message : String(error)
      }`,
  )
