/** A training step within a memory budget: the loss's loops in chunks, as few steps run again as its plan allows. */
import * as E from 'fp-ts/lib/Either.js'
import type { Precision, Program } from '../backend/backend.ts'
import { compile } from '../backend/native/compile.ts'
import { varyingBytes } from '../backend/native/memory.ts'
import type { Func } from '../ir/expr.ts'
import { checkpoint } from '../passes/checkpoint.ts'
import { leastEntries, mostLevels, nestWithin } from '../passes/nest.ts'

export interface Budget {
  /** For all values that vary, of the whole batch. */
  readonly bytes: number
  readonly batch: number
  readonly precision: Precision
}

/** Bytes for people. */
export const showBytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(Math.ceil(bytes / 1e5) / 10).toFixed(1)} MB`

/** A program of a function whose loops keep `share` of their steps, and what its plan takes. */
interface Sized {
  readonly program: Program
  readonly share: number
  readonly bytes: number
}

/** Every loop in chunks that keep this share of its steps, or as few as can be, at so many levels at most. */
const keeping = (f: Func, share: number, levels: number): Func =>
  checkpoint(f, ({ attributes: { length } }) => {
    const least = leastEntries(length, levels)
    const entries = Math.max(least, Math.floor(share * length))
    return (nestWithin(length, entries, levels) ?? nestWithin(length, least, levels))?.nest
  })

/** Plans are made and measured this often on the way to the share that just fits. */
const attempts = 3
/** Of the budget: close enough. */
const enough = 0.95

/** Between one that fits and one that does not, the largest share that fits. Plans grow about linearly in it. */
const closest = (
  fitting: Sized,
  tooLarge: Sized,
  most: number,
  sized: (share: number) => E.Either<string, Sized>,
  left = attempts,
): Sized => {
  if (left === 0 || fitting.bytes >= enough * most) return fitting
  const slope = (tooLarge.share - fitting.share) / (tooLarge.bytes - fitting.bytes)
  const share = fitting.share + slope * (most - fitting.bytes)
  const next = sized(share)
  if (E.isLeft(next)) return closest(fitting, { ...tooLarge, share }, most, sized, left - 1)
  return next.right.bytes <= most
    ? closest(next.right, tooLarge, most, sized, left - 1)
    : closest(fitting, next.right, most, sized, left - 1)
}

/**
 * `programOf(loss)` as it is if its plan takes no more than the budget, else of the loss with its loops in chunks:
 * at as few levels as will do, since each runs the steps once more and has sums of its own. A plan is the only thing
 * that knows what it takes, so plans are measured.
 */
export const withinBudget = (
  loss: Func,
  programOf: (loss: Func) => E.Either<string, Program>,
  { bytes: most, batch, precision }: Budget,
): E.Either<string, Program> => {
  const bytesOf = (units: number): number => varyingBytes(units, precision, batch)
  const sized =
    (levels: number) =>
    (share: number): E.Either<string, Sized> => {
      const program = programOf(levels === 0 ? loss : keeping(loss, share, levels))
      if (E.isLeft(program)) return program
      const plan = compile(program.right)
      return E.isLeft(plan)
        ? E.left(plan.left.message)
        : E.right({ program: program.right, share, bytes: bytesOf(plan.right.units.varying) })
    }
  const whole = sized(0)(1)
  if (E.isRight(whole) && whole.right.bytes <= most) return E.right(whole.right.program)
  // A plan that cannot be made takes more than one can address.
  const tooLarge = (least: Sized): Sized =>
    E.isRight(whole) ? whole.right : { ...least, share: 1, bytes: bytesOf(2 ** 31) }
  let leastBytes = Number.POSITIVE_INFINITY
  let failure: E.Either<string, never> | undefined
  for (let levels = 1; levels <= mostLevels; levels++) {
    const least = sized(levels)(0)
    if (E.isLeft(least)) {
      failure = least
      continue
    }
    leastBytes = Math.min(leastBytes, least.right.bytes)
    if (least.right.bytes > most) continue
    return E.right(closest(least.right, tooLarge(least.right), most, sized(levels)).program)
  }
  if (leastBytes === Number.POSITIVE_INFINITY && failure !== undefined) return failure
  return E.left(
    `a step takes at least ${showBytes(leastBytes)} of memory for a batch of ${batch}, more than the ` +
      `${showBytes(most)} it may take: allow it more, or make the batch, the state or the sequences smaller`,
  )
}
