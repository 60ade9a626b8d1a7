/**
 * A scan as a loop. Carries are updated in place where their readers allow it; a carry that is also stacked lives in
 * its stack, so that history is never copied.
 */
import { argument, type Expr } from '../../ir/expr.ts'
import { required } from '../../ir/invariant.ts'
import type { Rate } from '../../ir/type.ts'
import { analyse, type Block, isPermuted, isView, operandsOf } from './block.ts'
import type { Instruction, Operand } from './plan.ts'
import { nodesOf } from './schedule.ts'
import {
  copy,
  fill,
  hold,
  inside,
  instruction,
  moved,
  place,
  release,
  type Site,
  unitsOf,
  widthOf,
} from './site.ts'

/** One carry of a loop: where a step finds it, where it leaves it, where it is in the end. */
interface Carry {
  readonly start: Operand
  readonly read: Operand
  readonly write: Operand
  readonly final: Operand
  /** Its stack, where it has one. */
  readonly stack?: Operand
}

const carryPlaces = (
  site: Site,
  space: Rate,
  units: number,
  e: Expr<'scan'>,
  stacked: boolean,
  until: number,
): Carry => {
  const { length, reverse } = e.attributes
  if (!stacked) {
    const here = hold(site, space, units, until)
    return { start: here, read: inside(here, 0), write: inside(here, 0), final: here }
  }
  // One more entry than steps: step t reads its carry at one place and leaves the next beside it.
  const history = hold(site, space, units * (length + 1), until)
  const [low, high] = [history, moved(history, units)]
  const end = moved(history, units * length)
  return reverse
    ? { start: end, read: inside(high, units), write: inside(low, units), final: low, stack: high }
    : { start: low, read: inside(low, units), write: inside(high, units), final: end, stack: low }
}

/** Whether the next carry may be written over the present one: nobody reads that one afterwards. */
const inPlace = (block: Block, carry: Expr, next: Expr): boolean => {
  const unit = block.unitOf.get(next)
  const here = unit === undefined ? undefined : block.units[unit]
  if (unit === undefined || here === undefined || block.lastUse(carry) > unit) return false
  // Parts of a concatenation are written before it.
  if (here.kind === 'single') return next.op !== 'concat' && block.lastUse(carry) < unit
  const nodes = nodesOf(here)
  const afterwards = nodes.slice(nodes.indexOf(next) + 1)
  return (
    next !== (here.kind === 'transform' ? here.node : undefined) &&
    !afterwards.some(e => readsThrough(e, carry)) &&
    // Through a part, a permutation or a repetition an element meets others than its own: they may be written already.
    !nodes.some(e => operandsOf(e).some(a => isIndirect(a) && readsThrough(a, carry)))
  )
}
const isIndirect = (e: Expr): boolean => isView(e) || isPermuted(e) || e.op === 'broadcast'
const readsThrough = (e: Expr, source: Expr): boolean =>
  operandsOf(e).some(a => {
    let x = a
    while (x !== source && isIndirect(x)) x = required(operandsOf(x)[0], 'an operand')
    return x === source
  })

const startsAtZero = (e: Expr): boolean =>
  e.op === 'constant' && e.attributes.re === 0 && e.attributes.im === 0

/** Whether the next carry is summed over the examples as it accumulates, which outer products of reals are. */
const accumulatesReduced = (block: Block, next: Expr): boolean =>
  block.accumulates.get(next)?.op === 'outer' && widthOf(next) === 1

/**
 * What a fused program, or an outer product, adds to the carry, if the next one is their sum and nothing else reads either.
 * `results`: the body's.
 */
const addedTo = (block: Block, results: readonly Expr[], carry: Expr, next: Expr): Expr | undefined => {
  const unit = block.unitOf.get(next)
  if (next.op !== 'add' || unit === undefined) return undefined
  if (block.units[unit]!.kind === 'single' && !accumulatesReduced(block, next)) return undefined
  if (block.users(carry).length !== 1 || block.users(next).length !== 0) return undefined
  if (results.includes(carry) || results.filter(r => r === next).length !== 1) return undefined
  const added = next.args.filter(a => a !== carry)
  return added.length === 1 ? added[0] : undefined
}

const isOnlySummed = (site: Site, item: Expr | undefined): boolean =>
  item !== undefined &&
  site.block.lastUse(item) !== Number.POSITIVE_INFINITY &&
  site.block.users(item).every(u => u.op === 'batchSum')

/** `emit`: makes the instructions of the body's block. */
export const loop = (
  site: Site,
  e: Expr<'scan'>,
  emit: (body: Site) => readonly Instruction[],
): readonly Instruction[] => {
  const { body, length, reverse, invariants, carries } = e.attributes
  const space = site.space(e)
  const items = new Map(
    site.block.users(e).flatMap(g => (g.op === 'get' ? [[g.attributes.item, g] as const] : [])),
  )
  const here = required(site.block.unitOf.get(e), 'a unit')
  const until = (item: number): number => {
    const g = items.get(item)
    return g === undefined ? here : Math.max(here, site.block.lastUse(g))
  }
  const args: readonly Expr[] = body.params.map((p, i) => argument(i, p.type))
  const carryArgs = args.slice(invariants, invariants + carries)
  const nexts = body.results.slice(0, carries)
  const stacks = body.results.slice(carries)

  // Places of carries and stacks.
  const historyOf = (k: number): number => stacks.indexOf(carryArgs[k]!)
  const carry = carryArgs.map((a, k) => {
    const j = historyOf(k)
    return carryPlaces(
      site,
      space,
      unitsOf(a),
      e,
      j >= 0,
      j < 0 ? until(k) : Math.max(until(k), until(carries + j)),
    )
  })
  const stackPlace = stacks.map((s, j) => {
    const k = carryArgs.findIndex((_, c) => historyOf(c) === j)
    return k >= 0 ? carry[k]!.stack! : hold(site, space, unitsOf(s) * length, until(carries + j))
  })

  const start = carry.map((c, k) => {
    const initial = required(e.args[invariants + k], 'an initial carry')
    // A constant that has a place is filled in, too: the engine looks for the zeros of totals.
    return initial.op === 'constant'
      ? fill(site, c.start, initial)
      : copy(c.start, place(site, initial), unitsOf(initial))
  })

  // The body.
  const places = new Map<Expr, Operand>()
  args.forEach((a, i) => {
    const operand = e.args[i]!
    if (i < invariants) places.set(a, inside(place(site, operand), 0))
    else if (i < invariants + carries) places.set(a, carry[i - invariants]!.read)
    else places.set(a, inside(place(site, operand), unitsOf(a)))
  })
  const block = analyse(
    body.results,
    x => x.op === 'arg',
    () => 0,
    nexts.map((next, k) => ({ carry: carryArgs[k]!, next })),
  )
  const targets = new Map<Expr, Operand>()
  const claim = (x: Expr, to: Operand): boolean => {
    if (!block.unitOf.has(x) || targets.has(x) || x.op === 'scan') return false
    targets.set(x, to)
    return true
  }
  const isHistory = (k: number): boolean => carry[k]!.stack !== undefined
  /** Whether a carry's next value is made where the next step finds it. A sum is where what it adds to is. */
  const isThere = (next: Expr, k: number): boolean =>
    block.accumulates.has(next)
      ? next.args.includes(carryArgs[k]!)
      : isHistory(k) || inPlace(block, carryArgs[k]!, next)
  const leftCarries = nexts
    .map((next, k) => ({ next, k }))
    .filter(
      ({ next, k }) =>
        !(!isHistory(k) && next === carryArgs[k]) && !(isThere(next, k) && claim(next, carry[k]!.write)),
    )
  const leftStacks = stacks
    .map((s, j) => ({ s, j }))
    .filter(
      ({ s, j }) =>
        carryArgs.every((_, k) => historyOf(k) !== j) && !claim(s, inside(stackPlace[j]!, unitsOf(s))),
    )
  const left = new Set(leftCarries.map(c => c.k))
  const totals = new Map<Expr, Expr>()
  nexts.forEach((next, k) => {
    const added = left.has(k) || isHistory(k) ? undefined : addedTo(block, body.results, carryArgs[k]!, next)
    if (added !== undefined && startsAtZero(e.args[invariants + k]!) && isOnlySummed(site, items.get(k)))
      totals.set(next, added)
    if (totals.has(next) && accumulatesReduced(block, next))
      site.reduced.add(required(items.get(k), 'an item'))
  })
  const inner: Site = {
    shop: site.shop,
    block,
    depth: site.depth + 1,
    space: () => space,
    places,
    targets,
    totals,
    reduced: new Set(),
    held: [],
  }
  const steps = emit(inner)
  // What could not be written in place is copied at the end: stacks first, then carries, by way of temporaries
  // where one carry's next value is another's present one.
  const copies = leftStacks.map(({ s, j }) =>
    copy(inside(stackPlace[j]!, unitsOf(s)), place(inner, s), unitsOf(s)),
  )
  const underlying = (e: Expr): Expr => {
    let x = e
    while (isView(x) && x.op !== 'get') x = required(x.args[0], 'an operand')
    return x
  }
  const pending = leftCarries.map(({ next, k }) => {
    const from = place(inner, next)
    if (!carryArgs.includes(underlying(next))) return { from, k, first: [] }
    const temporary = hold(inner, space, unitsOf(next), Number.POSITIVE_INFINITY)
    return { from: temporary, k, first: [copy(temporary, from, unitsOf(next))] }
  })
  release(inner, Number.POSITIVE_INFINITY)
  const instructions = [
    ...steps,
    ...copies,
    ...pending.flatMap(p => p.first),
    ...pending.map(({ from, k }) => copy(carry[k]!.write, from, unitsOf(carryArgs[k]!))),
  ]

  items.forEach((g, item) => {
    site.places.set(g, item < carries ? carry[item]!.final : stackPlace[item - carries]!)
  })
  return [...start, instruction('loop', [], [length, reverse ? 1 : 0, instructions.length], instructions)]
}
