/** V x: how a model reads its input, a symbol or a vector. */
import type { Reads } from '../dsl/model.ts'
import { type Declaration, glorot } from '../dsl/parameter.ts'
import {
  type Complex,
  type Index,
  matvec,
  type Numeric,
  type Real,
  type Term,
  take,
  toComplex,
} from '../dsl/term.ts'

/**
 * The shape and start of V. For symbols V is kept by rows: row k is V e_k. `gates`: how many matrices of `hidden`
 * rows V is made of.
 */
export const inputMatrix = <F extends Numeric>(
  field: F,
  reads: Reads,
  hidden: number,
  gates = 1,
): Declaration<F> =>
  reads.kind === 'symbols'
    ? { field, shape: [reads.count, gates * hidden], initial: glorot(reads.count, hidden) }
    : { field, shape: [gates * hidden, reads.size], initial: glorot(reads.size, hidden) }

/** V x of a complex V. */
export const readComplex = (reads: Reads, V: Complex, x: Term): Complex =>
  reads.kind === 'symbols' ? take(V, x as Index) : matvec(V, toComplex(x as Real))

/** V x of a real V. */
export const readReal = (reads: Reads, V: Real, x: Term): Real =>
  reads.kind === 'symbols' ? take(V, x as Index) : matvec(V, x as Real)
