/** A training step within a memory budget: the loss's loops in chunks, as few steps run again as its plan allows. */
import * as E from 'fp-ts/lib/Either.js'
import type { Precision, Program } from '../backend/backend.ts'
import { compile } from '../backend/native/compile.ts'
import { varyingBytes } from '../backend/native/memory.ts'
import type { Func } from '../ir/expr.ts'
import { checkpoint } from '../passes/checkpoint.ts'
import { leastEntries, nestWithin } from '../passes/nest.ts'

export interface Budget {
  /** For all values that vary, of the whole batch. */
  readonly bytes: number
  readonly batch: number
  readonly precision: Precision
}

/** Bytes for people. */
export const showBytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(Math.ceil(bytes / 1e5) / 10).toFixed(1)} MB`

/** The function with every loop of it in chunks that keep this share of its steps, or as few as can be. */
const keeping = (f: Func, share: number): Func =>
  checkpoint(f, ({ attributes: { length } }) => {
    const least = leastEntries(length)
    const found = nestWithin(length, Math.max(least, Math.floor(share * length))) ?? nestWithin(length, least)
    return found?.nest
  })

/** A program of a function that keeps some share of its steps, and what its plan takes. */
interface Sized {
  readonly program: Program
  readonly share: number
  readonly bytes: number
}

/** Plans are made and measured this often on the way to the share that just fits. */
const attempts = 3
/** Of the budget: close enough. */
const enough = 0.95

/**
 * `programOf(loss)` as it is if its plan takes no more than the budget, else of the loss with its loops in chunks. A
 * plan is the only thing that knows what it takes, so plans are measured; between two of them it is close to linear
 * in the entries kept.
 */
export const withinBudget = (
  loss: Func,
  programOf: (loss: Func) => E.Either<string, Program>,
  { bytes: most, batch, precision }: Budget,
): E.Either<string, Program> => {
  const sized = (share: number): E.Either<string, Sized> => {
    const program = programOf(share === 1 ? loss : keeping(loss, share))
    if (E.isLeft(program)) return program
    const plan = compile(program.right)
    return E.isLeft(plan)
      ? E.left(plan.left.message)
      : E.right({ program: program.right, share, bytes: varyingBytes(plan.right, precision, batch) })
  }
  const whole = sized(1)
  if (E.isRight(whole) && whole.right.bytes <= most) return E.right(whole.right.program)
  const least = sized(0)
  if (E.isLeft(least)) return least
  if (least.right.bytes > most)
    return E.left(
      `a step takes at least ${showBytes(least.right.bytes)} of memory for a batch of ${batch}, more than the ` +
        `${showBytes(most)} it may take: allow it more, or make the batch, the state or the sequences smaller`,
    )
  let fits = least.right
  // A plan too large to be made at all tells nothing of its size: the first guess is then a half.
  let tooLarge = E.isRight(whole) ? whole.right : { ...fits, share: 1, bytes: 2 * most }
  for (let k = 0; k < attempts && fits.bytes < enough * most; k++) {
    const slope = (tooLarge.share - fits.share) / (tooLarge.bytes - fits.bytes)
    const next = sized(fits.share + slope * (most - fits.bytes))
    if (E.isLeft(next)) return next
    if (next.right.bytes <= most) fits = next.right
    else tooLarge = next.right
  }
  return E.right(fits.program)
}
