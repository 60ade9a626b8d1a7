/** Loops drop what nobody reads: outputs, carries that only feed themselves, invariants, sequences. */
import { get, scan } from '../ir/build.ts'
import { argument, type Expr, type Func, func, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { rateOf } from '../ir/type.ts'
import { rebuild, substitute, usedParams } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'

/** Which of a body's results are needed, given those that are read behind the loop. */
const liveResults = (e: Expr<'scan'>, read: ReadonlySet<number>): readonly number[] => {
  const { body, invariants, carries } = e.attributes
  const live = new Set(read)
  for (let size = -1; size !== live.size; ) {
    size = live.size
    const used = usedParams(
      func(
        body.params,
        [...live].map(k => required(body.results[k], 'a result')),
      ),
    )
    for (let k = 0; k < carries; k++) if (used.has(invariants + k)) live.add(k)
  }
  return [...live].sort((i, j) => i - j)
}

/** The loop with those results only, and where each of them went. */
const pruned = (
  tell: Tell,
  e: Expr<'scan'>,
  operands: readonly Expr[],
  read: ReadonlySet<number>,
): { readonly loop: Expr; readonly place: ReadonlyMap<number, number> } => {
  const { body, invariants, carries } = e.attributes
  const all = new Map(body.results.map((_, k) => [k, k]))
  const live = liveResults(e, read)
  const slim = pruneFunc(
    func(
      body.params,
      live.map(k => body.results[k]!),
    ),
    tell,
  )
  const used = usedParams(slim)
  const isCarry = (i: number): boolean => i >= invariants && i < invariants + carries
  const kept = body.params
    .map((_, i) => i)
    .filter(i => (isCarry(i) ? live.includes(i - invariants) : used.has(i)))
  if (slim === body && kept.length === body.params.length) return { loop: withArgs(e, operands), place: all }
  const renumbered: (Expr | undefined)[] = []
  kept.forEach((i, position) => {
    renumbered[i] = argument(position, body.params[i]!.type)
  })
  const loop = scan(
    kept.map(i => operands[i]!),
    {
      ...e.attributes,
      body: func(
        kept.map(i => body.params[i]!),
        substitute(slim.results, renumbered),
      ),
      invariants: kept.filter(i => i < invariants).length,
      carries: live.filter(k => k < carries).length,
    },
  )
  // All items of a loop vary if one does. Where that was one nobody reads, the others would no longer.
  const whole = scan(operands, e.attributes)
  const stays = rateOf(loop.type) === rateOf(whole.type)
  if (stays) {
    tell('a result that nobody reads', body.results.length - live.length)
    tell('an operand that nobody reads', body.params.length - kept.length)
  }
  return stays
    ? { loop, place: new Map(live.map((k, position) => [k, position])) }
    : { loop: whole, place: all }
}

const pruneFunc = (f: Func, tell: Tell): Func => {
  const reads = new Map<Expr, Set<number>>()
  for (const e of postorder(f.results))
    if (e.op === 'get') {
      const loop = required(e.args[0], 'a tuple')
      reads.set(loop, (reads.get(loop) ?? new Set()).add(e.attributes.item))
    }
  const places = new Map<Expr, ReadonlyMap<number, number>>()
  return func(
    f.params,
    rebuild(f.results, (e, args) => {
      if (e.op === 'scan') {
        const { loop, place } = pruned(tell, e as Expr<'scan'>, args, reads.get(e) ?? new Set())
        places.set(e, place)
        return loop
      }
      if (e.op === 'get') {
        const place = required(places.get(required(e.args[0], 'a tuple')), 'a pruned loop')
        return get(required(args[0], 'a tuple'), required(place.get(e.attributes.item), 'a live item'))
      }
      return withArgs(e, args)
    }),
  )
}

/* What a loop within drops may be all that kept something of the loop around it alive. */
const untilStable = (f: Func, tell = silent): Func => {
  const once = pruneFunc(f, tell)
  return once === f ? f : untilStable(once, tell)
}

export const prune: Pass = {
  name: 'prune',
  summary: 'loops drop results, carries and operands that nobody reads',
  run: untilStable,
}
