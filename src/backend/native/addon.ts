/** The C++ engine as an addon of Node: its interface, and where it is found. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'

export type Precision = 'single' | 'double'
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
   * example, or null if the input is uniform. Resolves to the outputs, varying ones example by example. One run
   * at a time.
   */
  readonly run: (
    batch: number,
    varying: readonly (Float64Array | null)[],
    threads: number,
  ) => Promise<readonly Float64Array[]>
  /** Makes the run under way, if any, reject soon; uniform inputs keep the values they had before it. */
  readonly cancel: () => void
}

export interface Addon {
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
