/** A recurrent model: written for one sequence, as equations. */
import type { TensorType } from '../ir/type.ts'
import { index, real } from '../ir/type.ts'
import type { Parameter } from './parameter.ts'
import type { Complex, Real, Term, Terms, Unitary } from './term.ts'

/** What a model reads at each step: one of `count` symbols, or a vector of `size` real numbers. */
export type Reads =
  | { readonly kind: 'symbols'; readonly count: number }
  | { readonly kind: 'vector'; readonly size: number }

/** The type of one such entry. */
export const entryType = (reads: Reads): TensorType =>
  reads.kind === 'symbols' ? index(reads.count) : real(reads.size)

/** What every model is made for. */
export interface Sizes {
  /** Units of the state; complex ones count once. */
  readonly hidden: number
  /** What is read at each step. */
  readonly reads: Reads
  /** Numbers in the output. */
  readonly writes: number
  /** Fixes whatever the model draws for good (a permutation); initial values have their own. */
  readonly seed: number
}

/**
 * A recurrent model, complete: parameters, the state at first, one step, what is said after a step. All of it for one
 * sequence; `S` names the vectors of the state.
 */
export interface Recurrent<S extends Terms = Terms> {
  /** What checkpoints and reports call it. */
  readonly name: string
  /** What it was made for. */
  readonly sizes: Sizes
  /** All parameters, as `parameters` lists them. */
  readonly parameters: readonly Parameter[]
  /** The state before the first step. */
  readonly initial: S
  /**
   * The next state, from the one before and what is read: `x` is an index or real[size], as `sizes.reads` says.
   */
  readonly step: (state: S, x: Term) => S
  /** What the model says after a step: `writes` real numbers. */
  readonly output: (state: S) => Real
  /** The unitary part of the recurrence, for those that have one. */
  readonly recurrence?: Unitary
  /**
   * Maps of complex[hidden] to itself, of the parameters, that the model says are unitary without having the type, by
   * name. `parseval verify` holds them to it.
   */
  readonly unitaries?: Readonly<Record<string, (x: Complex) => Complex>>
  /** What the model fixed from its seed and a checkpoint must know, e.g. a permutation. */
  readonly fixed: Readonly<Record<string, readonly number[]>>
}
