/** What lowering knows of one block (the top level or a loop's body) before it emits: who uses what, and when. */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { postorderBy } from '../../ir/order.ts'
import { reals } from '../../ir/type.ts'
import { postpone } from './postpone.ts'
import { recompute } from './recompute.ts'
import { type Need, nodesOf, schedule, takesElements, type Unit } from './schedule.ts'

/** Where in another node's value a node's lies. */
interface Part {
  readonly whole: Expr
  readonly before: number
}

export interface Block {
  readonly units: readonly Unit[]
  readonly unitOf: ReadonlyMap<Expr, number>
  /** The last unit that reads the node, itself or through a view of it; ∞ for results. */
  readonly lastUse: (e: Expr) => number
  /** No instruction of its own: read as a constant, a repeated scalar or a permuted value where it is used. */
  readonly isVirtual: (e: Expr) => boolean
  /** A concatenation without a place of its own, as it is read by one other only: of which it is a part, and from which unit on. */
  readonly partOf: (e: Expr) => Part | undefined
  /** Sums into a carry in place: the node, and what it adds. */
  readonly accumulates: ReadonlyMap<Expr, Expr>
  /** Computed in every program that reads it, and so not kept. */
  readonly isRecomputed: (e: Expr) => boolean
  readonly users: (e: Expr) => readonly Expr[]
}

/** A part of another node's buffer, or all of it: the sum of a single entry is that entry. */
export const isView = (e: Expr): boolean =>
  e.op === 'slice' ||
  e.op === 'reshape' ||
  e.op === 'get' ||
  (e.op === 'sum' && reals(tensorType(e)) === reals(tensorType(e.args[0]!)))

/** A permutation of another node's value. */
export const isPermuted = (e: Expr): boolean => e.op === 'apply' && e.args[0]!.op === 'permute'

/** Units of what a concatenation of two has in front of one of them. */
export const unitsInFront = (part: Expr, concat: Expr): number => {
  const [first] = concat.args
  return first === undefined || first === part ? 0 : reals(tensorType(first))
}

/** Operands that have values: an application's operator has none. */
export const operandsOf = (e: Expr): readonly Expr[] => (e.op === 'apply' ? e.args.slice(1) : e.args)

/**
 * `known`: nodes with a place already (arguments). `segmentOf`: in which order the nodes' segments run. `carried`:
 * for each carry of the loop its argument and next value.
 */
export const analyse = (
  roots: readonly Expr[],
  known: (e: Expr) => boolean,
  segmentOf: (e: Expr) => number,
  carried: readonly { readonly carry: Expr; readonly next: Expr }[],
): Block => {
  const order = postorderBy(roots, e => (known(e) ? [] : operandsOf(e)))
  const userLists = new Map<Expr, Expr[]>(order.map(e => [e, []]))
  for (const e of order) if (!known(e)) for (const a of new Set(operandsOf(e))) userLists.get(a)!.push(e)
  const users = (e: Expr): readonly Expr[] => userLists.get(e) ?? []
  const rootSet = new Set(roots)

  const isInitialOnly = (scan: Expr, e: Expr): boolean =>
    scan.op === 'scan' &&
    scan.args.every(
      (a, i) =>
        a !== e ||
        (i >= scan.attributes.invariants && i < scan.attributes.invariants + scan.attributes.carries),
    )
  const virtual = new Set(
    order.filter(e => {
      if (known(e) || rootSet.has(e)) return false
      if (e.op === 'constant') return users(e).every(u => takesElements(u) || isInitialOnly(u, e))
      const repeats = e.op === 'broadcast' && tensorType(e.args[0]!).shape.length === 0
      return (repeats || isPermuted(e)) && users(e).every(takesElements)
    }),
  )

  const accumulates = new Map<Expr, Expr>()
  const absorbed = new Map<Expr, Expr>()
  for (const { carry, next } of carried) {
    if (next.op !== 'add' || !next.args.includes(carry) || users(carry).length !== 1) continue
    const added = next.args[0] === carry ? next.args[1]! : next.args[0]!
    const alone = users(added).length === 1 && !rootSet.has(added) && !rootSet.has(carry)
    if (
      (added.op === 'outer' || added.op === 'put' || added.op === 'contract') &&
      alone &&
      !accumulates.has(next)
    ) {
      accumulates.set(next, added)
      absorbed.set(added, next)
    }
  }

  // Joined parts that are joined again go straight to where they are in the end.
  const parts = new Map<Expr, Part>()
  for (const e of [...order].reverse()) {
    const [user] = users(e)
    const isInner = e.op === 'concat' && !known(e) && !rootSet.has(e) && users(e).length === 1
    if (!isInner || user?.op !== 'concat') continue
    const { whole, before } = parts.get(user) ?? { whole: user, before: 0 }
    parts.set(e, { whole, before: before + unitsInFront(e, user) })
  }
  const transparent = new Set(
    order.filter(e => isView(e) || virtual.has(e) || parts.has(e) || absorbed.has(e)),
  )
  const computed = order.filter(e => !known(e) && !transparent.has(e))
  // A part or a permutation of a value can be read when all of it is there.
  const needsOf = new Map<Expr, readonly Need[]>()
  const seenAs = (e: Expr): readonly Need[] => {
    if (known(e)) return []
    if (!transparent.has(e)) return [{ node: e, late: false }]
    const through = needsOf.get(e)!
    return isView(e) || isPermuted(e) ? through.map(n => ({ ...n, late: true })) : through
  }
  for (const e of order) needsOf.set(e, operandsOf(e).flatMap(seenAs))
  const needs = (e: Expr): readonly Need[] => needsOf.get(e)!

  // Sums over the examples are the last thing of their segment.
  const segments = [...new Set(computed.map(segmentOf))].sort((a, b) => a - b)
  const recomputed = new Set<Expr>()
  const units = segments.flatMap((s): readonly Unit[] => {
    const inSegment = computed.filter(e => segmentOf(e) === s)
    const isSum = (e: Expr): boolean => e.op === 'batchSum'
    const scheduled = schedule(
      inSegment.filter(e => !isSum(e)),
      needs,
      e => accumulates.has(e),
    )
    const surroundings = { needs, users, isResult: (e: Expr): boolean => rootSet.has(e) }
    const made = recompute(postpone(scheduled, surroundings), surroundings)
    for (const e of made.recomputed) recomputed.add(e)
    return [...made.units, ...inSegment.filter(isSum).map((node): Unit => ({ kind: 'single', node }))]
  })
  const unitOf = new Map<Expr, number>()
  const lastUnitOf = new Map<Expr, number>()
  units.forEach((u, i) => {
    for (const e of nodesOf(u)) {
      if (!unitOf.has(e)) unitOf.set(e, i)
      lastUnitOf.set(e, i)
    }
  })

  const last = new Map<Expr, number>()
  for (const e of [...order].reverse()) {
    const uses = users(e).map(u => (transparent.has(u) ? last.get(u)! : lastUnitOf.get(u)!))
    last.set(e, rootSet.has(e) ? Number.POSITIVE_INFINITY : Math.max(-1, ...uses))
  }
  return {
    units,
    unitOf,
    lastUse: e => last.get(e) ?? -1,
    isVirtual: e => virtual.has(e),
    partOf: e => parts.get(e),
    accumulates,
    isRecomputed: e => recomputed.has(e),
    users,
  }
}
