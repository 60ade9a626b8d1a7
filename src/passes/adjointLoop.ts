/** An adjoint loop under way: its body in terms of slots, until it is known which of them it reads. */
import { scan } from '../ir/build.ts'
import { argument, type Expr, type Func, func } from '../ir/expr.ts'
import { postorder } from '../ir/order.ts'
import { substitute } from '../ir/walk.ts'
import type { Knowledge } from './cut.ts'

/** Cotangents of `wanted` (undefined where there is none) for those of `roots`, inside a loop's body. */
export type BodyAdjoint = (
  roots: readonly Expr[],
  seeds: readonly (Expr | undefined)[],
  wanted: readonly Expr[],
  known: Knowledge,
) => readonly (Expr | undefined)[]

/** A parameter of the adjoint loop's body: its argument while the body is made, and what is passed for it. */
export interface Slot {
  readonly arg: Expr<'arg'>
  readonly name: string
  readonly operand: Expr
}

/** The body of an adjoint loop under way: results in terms of its slots' arguments. */
export interface Draft {
  readonly results: readonly Expr[]
  readonly invariants: readonly Slot[]
  readonly carries: readonly Slot[]
  readonly sequences: readonly Slot[]
}

/** The arguments that the roots read. */
export const argsOf = (roots: readonly Expr[]): ReadonlySet<Expr> =>
  new Set(postorder(roots).filter(x => x.op === 'arg'))

const bodyOf = ({ results, invariants, carries, sequences }: Draft): Func => {
  const slots = [...invariants, ...carries, ...sequences]
  const renumbered: (Expr | undefined)[] = []
  slots.forEach(({ arg }, position) => {
    renumbered[arg.attributes.index] = argument(position, arg.attributes.type)
  })
  return func(
    slots.map(s => ({ name: s.name, type: s.arg.attributes.type })),
    substitute(results, renumbered),
  )
}

/** The loop, its slots numbered. */
export const loopOf = (d: Draft, length: number, reverse: boolean): Expr =>
  scan(
    [...d.invariants, ...d.carries, ...d.sequences].map(s => s.operand),
    { body: bodyOf(d), length, reverse, invariants: d.invariants.length, carries: d.carries.length },
  )
