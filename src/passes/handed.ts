/** What a step of a loop hands over to the next: carries, and entries that it reads of a sequence. */
import { reshape, slice } from '../ir/build.ts'
import { argument, type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { sameType } from '../ir/type.ts'

/** What a parameter of a loop's body is at the first step, and what of a step it is at the next. */
export interface Handed {
  readonly first: Expr
  readonly next: Expr
}

/**
 * Of a carry, or of a sequence whose entry the step before reads as one of another: both are parts of one tensor, an entry
 * apart.
 */
export const handed = (e: Expr<'scan'>, x: Expr): Handed | undefined => {
  const { body, invariants, carries, length, reverse } = e.attributes
  if (x.op !== 'arg' || x.attributes.index < invariants) return undefined
  const own = required(e.args[x.attributes.index], 'an argument')
  const next = body.results[x.attributes.index - invariants]
  if (x.attributes.index < invariants + carries)
    return next === undefined || next === x ? undefined : { first: own, next }
  if (own.op !== 'slice') return undefined
  const [whole] = own.args
  const { start } = own.attributes
  const before = start + (reverse ? -1 : 1)
  const other = e.args.findIndex(
    (a, i) =>
      i >= invariants + carries && a.op === 'slice' && a.args[0] === whole && a.attributes.start === before,
  )
  if (other < 0 || whole === undefined || !sameType(body.params[other]!.type, x.type)) return undefined
  const entry = slice(whole, start + (reverse ? length - 1 : 0), 1)
  return {
    first: reshape(entry, tensorType(x).shape),
    next: argument(other, required(body.params[other], 'a parameter').type),
  }
}
