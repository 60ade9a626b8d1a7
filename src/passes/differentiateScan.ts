/**
 * The adjoint of a loop. For c[t+1], y[t] = body(w, c[t], x[t]), t = 0 … T−1, it is the loop t = T−1 … 0
 *
 *     c̄[t], Δw̄, x̄[t] = the body's adjoint at (w, c[t], x[t]) of (c̄[t+1], ȳ[t]),    w̄ = Σ Δw̄.
 *
 * It reads the carries c[t], so the forward loop stacks those that it needs; whatever else of a step it needs it
 * computes again. Cotangents of invariants are carries, one sum for each example.
 */
import { add, get, scan, zerosLike } from '../ir/build.ts'
import { argument, type Expr, func, type Param, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { joinRates, rateOf, type TensorType, withRate } from '../ir/type.ts'
import { postorder, substitute } from '../ir/walk.ts'
import type { Contribution } from './derivatives.ts'

/** Cotangents of `wanted` (undefined where there is none) for those of `roots`, inside a loop's body. */
export type BodyAdjoint = (
  roots: readonly Expr[],
  seeds: readonly (Expr | undefined)[],
  wanted: readonly Expr[],
) => readonly (Expr | undefined)[]

/** Everything among the roots' nodes that depends on one of `sources`. */
export const dependents = (roots: readonly Expr[], sources: readonly Expr[]): ReadonlySet<Expr> => {
  const found = new Set<Expr>(sources)
  for (const e of postorder(roots)) if (e.args.some(a => found.has(a))) found.add(e)
  return found
}

/** A scan's parameters, by position, whose cotangents are wanted: a fixpoint over the carries. */
const activeParams = (e: Expr<'scan'>, isActive: (operand: Expr) => boolean): readonly number[] => {
  const { body, invariants, carries } = e.attributes
  const param = (i: number): TensorType => required(body.params[i], 'a parameter').type
  const found = new Set(e.args.flatMap((a, i) => (isActive(a) ? [i] : [])))
  for (let size = -1; size !== found.size; ) {
    size = found.size
    const reached = dependents(
      body.results,
      [...found].map(i => argument(i, param(i))),
    )
    for (let k = 0; k < carries; k++)
      if (reached.has(required(body.results[k], 'a carry'))) found.add(invariants + k)
  }
  return [...found].filter(i => param(i).field !== 'index').sort((i, j) => i - j)
}

/** A parameter of the adjoint loop's body: its argument while the body is made, and what is passed for it. */
interface Slot {
  readonly arg: Expr<'arg'>
  readonly name: string
  readonly operand: Expr
}

export interface ScanAdjoint {
  readonly contributions: readonly Contribution[]
  /** The loop itself, which also stacks the carries that the adjoint reads. */
  readonly forward: Expr<'scan'>
}

/** `itemAdj`: the cotangents of the scan's items, undefined where there is none. */
export const differentiateScan = (
  e: Expr<'scan'>,
  itemAdj: readonly (Expr | undefined)[],
  isActive: (operand: Expr) => boolean,
  bodyAdjoint: BodyAdjoint,
): ScanAdjoint => {
  const { body, length, reverse, invariants, carries } = e.attributes
  const rate = joinRates([rateOf(e.type), ...itemAdj.flatMap(a => (a === undefined ? [] : [rateOf(a.type)]))])
  const args = body.params.map((p, i) => argument(i, p.type))
  const isInvariant = (i: number): boolean => i < invariants
  const isCarry = (i: number): boolean => i >= invariants && i < invariants + carries
  const active = activeParams(e, isActive)

  // While it is made, the adjoint's body has the body's own arguments, and behind them those of cotangents.
  let next = args.length
  const fresh = (of: Param, suffix: string, type: TensorType, operand: Expr): Slot => ({
    arg: argument(next++, type),
    name: `${of.name}_${suffix}`,
    operand,
  })
  const param = (i: number): Param => required(body.params[i], 'a parameter')
  const cotangent = (i: number, operand: Expr): Slot =>
    fresh(param(i), 'adj', withRate(param(i).type, rate), operand)

  const carryAdj = active.filter(isCarry).map(i => ({
    i,
    slot: cotangent(i, itemAdj[i - invariants] ?? zerosLike(args[i]!)),
  }))
  const stackAdj = itemAdj.flatMap((a, k) => {
    if (k < carries || a === undefined) return []
    const entry = { ...tensorType(a), shape: tensorType(a).shape.slice(1) }
    return [{ k, slot: fresh({ name: `output${k - carries}`, type: entry }, 'adj', entry, a) }]
  })
  const seeds = body.results.map((_, k) =>
    k < carries
      ? carryAdj.find(c => c.i === invariants + k)?.slot.arg
      : stackAdj.find(s => s.k === k)?.slot.arg,
  )
  const adj = bodyAdjoint(
    body.results,
    seeds,
    active.map(i => args[i]!),
  )
  const adjOf = (i: number): Expr | undefined => adj[active.indexOf(i)]

  const reached = active.filter(i => adjOf(i) !== undefined)
  const sums = reached.filter(isInvariant).map(i => ({ i, slot: cotangent(i, zerosLike(args[i]!)) }))
  const entries = reached.filter(i => !isInvariant(i) && !isCarry(i))
  const results = [
    ...carryAdj.map(({ i }) => adjOf(i) ?? zerosLike(args[i]!)),
    ...sums.map(({ i, slot }) => add(slot.arg, adjOf(i)!)),
    ...entries.map(i => adjOf(i)!),
  ]

  const used = new Set(postorder(results).flatMap(x => (x.op === 'arg' ? [x.attributes.index] : [])))
  const read = args.map((_, i) => i).filter(i => used.has(i))
  const kept = read.filter(isCarry)
  const forward = scan(e.args, {
    ...e.attributes,
    body: func(body.params, [...body.results, ...kept.map(i => args[i]!)]),
  }) as Expr<'scan'>

  const own = (i: number, operand: Expr): Slot => ({ arg: args[i]!, name: param(i).name, operand })
  const passed = (i: number): Slot => own(i, e.args[i]!)
  const slots: readonly Slot[] = [
    ...read.filter(isInvariant).map(passed),
    ...carryAdj.map(c => c.slot),
    ...sums.map(s => s.slot),
    ...kept.map((i, k) => own(i, get(forward, body.results.length + k))),
    ...read.filter(i => !isInvariant(i) && !isCarry(i)).map(passed),
    ...stackAdj.map(s => s.slot),
  ]
  const renumbered: (Expr | undefined)[] = []
  slots.forEach(({ arg }, position) => {
    renumbered[arg.attributes.index] = argument(position, arg.attributes.type)
  })
  const backward = scan(
    slots.map(s => s.operand),
    {
      body: func(
        slots.map(s => ({ name: s.name, type: s.arg.attributes.type })),
        substitute(results, renumbered),
      ),
      length,
      reverse: !reverse,
      invariants: read.filter(isInvariant).length,
      carries: carryAdj.length + sums.length,
    },
  )
  const targets = [...carryAdj.map(c => c.i), ...sums.map(s => s.i), ...entries]
  return {
    contributions: targets.map((i, item): Contribution => [e.args[i]!, () => get(backward, item)]),
    forward,
  }
}
