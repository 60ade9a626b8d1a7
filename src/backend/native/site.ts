/** Where values lie while a block's instructions are made: places, buffers in use, and the simplest instructions. */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { bug, required } from '../../ir/invariant.ts'
import { elements, type Rate, reals, width } from '../../ir/type.ts'
import type { Arena, Buffer } from './allocate.ts'
import { type Block, isView, unitsInFront } from './block.ts'
import type { OpcodeName } from './opcodes.ts'
import type { Instruction, Operand } from './plan.ts'

/** What is shared by all blocks of one plan. */
export interface Shop {
  readonly arenas: Readonly<Record<Rate, Arena>>
  readonly constant: (value: number) => number
  readonly permutation: (entries: readonly number[]) => number
}

/** One block being emitted. */
export interface Site {
  readonly shop: Shop
  readonly block: Block
  readonly depth: number
  /** Where a computed node is kept. */
  readonly space: (e: Expr) => Rate
  readonly places: Map<Expr, Operand>
  /** Nodes whose place is given: results of loops. */
  readonly targets: ReadonlyMap<Expr, Operand>
  /** Sums x + y into a carry x in its place, of which nobody reads anything but what it adds up to over the examples. */
  readonly totals: ReadonlyMap<Expr, Expr>
  /** Values of which a block's sum over its examples is kept, one number for each unit. */
  readonly reduced: Set<Expr>
  /** Buffers in use, and after which unit they are free. */
  readonly held: { readonly buffer: Buffer; readonly space: Rate; readonly until: number }[]
}

export const unitsOf = (e: Expr): number => reals(tensorType(e))
export const widthOf = (e: Expr): 1 | 2 => width(tensorType(e).field)
export const instruction = (
  op: OpcodeName,
  operands: readonly Operand[],
  attributes: readonly number[],
  body: readonly Instruction[] = [],
): Instruction => ({ op, operands, attributes, body })

export const at = (space: Rate, buffer: Buffer, depth: number): Operand => ({
  space,
  offset: buffer.offset,
  strides: new Array<number>(depth).fill(0),
})
export const moved = (o: Operand, units: number): Operand => ({ ...o, offset: o.offset + units })
/** The operand as a loop's body sees it, moving by `stride` a step. */
export const inside = (o: Operand, stride: number): Operand => ({ ...o, strides: [...o.strides, stride] })

export const hold = (site: Site, space: Rate, units: number, until: number): Operand => {
  const buffer = site.shop.arenas[space].allocate(units)
  site.held.push({ buffer, space, until })
  return at(space, buffer, site.depth)
}

/** Frees what no unit after `unit` reads. */
export const release = (site: Site, unit: number): void => {
  const kept = site.held.filter(h => h.until > unit)
  for (const h of site.held) if (h.until <= unit) site.shop.arenas[h.space].free(h.buffer)
  site.held.length = 0
  site.held.push(...kept)
}

/** Where a node's value lies. */
export const place = (site: Site, e: Expr): Operand => {
  let [seen, before] = [e, 0]
  for (;;) {
    const known = site.places.get(seen)
    if (known !== undefined) return moved(known, before)
    if (!isView(seen) || seen.op === 'get') return bug(`no place for ${seen.op}`)
    const whole = required(seen.args[0], 'an operand')
    if (seen.op === 'slice') before += seen.attributes.start * (unitsOf(whole) / tensorType(whole).shape[0]!)
    seen = whole
  }
}

/** Its part of the one concatenation that reads it, so that it need not be moved there. */
const joinedPlace = (site: Site, e: Expr): Operand | undefined => {
  const { users, partOf, unitOf, lastUse } = site.block
  const [concat, another] = users(e).filter(u => u.op === 'concat')
  if (concat === undefined || another !== undefined) return undefined
  const { whole, before } = partOf(concat) ?? { whole: concat, before: 0 }
  const direct =
    (site.targets.has(whole) || lastUse(e) <= lastUse(whole)) &&
    lastUse(e) !== Number.POSITIVE_INFINITY &&
    unitOf.has(whole) &&
    site.space(whole) === site.space(e)
  return direct
    ? moved(site.places.get(whole) ?? result(site, whole), before + unitsInFront(e, concat))
    : undefined
}

/** A place for the result of a unit. */
export const result = (site: Site, e: Expr): Operand => {
  const given =
    site.targets.get(e) ??
    joinedPlace(site, e) ??
    hold(site, site.space(e), unitsOf(e), site.block.lastUse(e))
  site.places.set(e, given)
  return given
}

export const fill = (site: Site, to: Operand, e: Expr<'constant'>): Instruction =>
  instruction(
    'fill',
    [to],
    [
      elements(e.attributes.type.shape),
      width(e.attributes.type.field),
      site.shop.constant(e.attributes.re),
      site.shop.constant(e.attributes.im),
    ],
  )

export const copy = (to: Operand, from: Operand, units: number, repeats = 1): Instruction =>
  instruction('copy', [to, from], [units, repeats])
