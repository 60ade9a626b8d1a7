/**
 * The adjoint of a loop. For c[t+1], y[t] = body(w, c[t], x[t]), t = 0 … T−1, it is the loop t = T−1 … 0
 *
 *     c̄[t], Δw̄, x̄[t] = the body's adjoint at (w, c[t], x[t]) of (c̄[t+1], ȳ[t]),    w̄ = Σ Δw̄.
 *
 * It reads the carries c[t], so the forward loop stacks those that it needs, or nodes in their place that give more
 * (`cut.ts`); whatever else of a step it needs it computes again. With a cut, c[t] = φ(z[t−1]) holds for t ≥ 1 only:
 * step 0 is a loop of its own behind the other, which knows c[0]. Where the step reads φ nowhere else, z̄ is carried
 * in the place of c̄: a step ends with z̄[t−1] = φ'(z[t−1])* c̄[t], when z[t−1] and c[t] are at hand, and what the
 * last z owes to c[T] stands in front of the loop. Cotangents of invariants are carries, one sum for each example.
 */
import { add, concat, get, reshape, scan, slice, zerosLike } from '../ir/build.ts'
import { argument, type Expr, func, type Param, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { elements, joinRates, mostElements, rateOf, reals, type TensorType, withRate } from '../ir/type.ts'
import { rewrite, substitute } from '../ir/walk.ts'
import { argsOf, type BodyAdjoint, type Draft, loopOf, type Slot } from './adjointLoop.ts'
import { dependents } from './bound.ts'
import type { Contribution } from './contribution.ts'
import { type Cost, cost } from './cost.ts'
import { type Cut, cuts, dear, flopsPerSaved, knowledge } from './cut.ts'
import { expand } from './expand.ts'
import { refuse } from './gradientError.ts'
import { isTail, replaced, type Tail, tailOf } from './tail.ts'

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

export interface ScanAdjoint {
  readonly contributions: readonly Contribution[]
  /** The loop itself, which also stacks what the adjoint reads. */
  readonly forward: Expr<'scan'>
}

/** An adjoint loop, and what it costs: its steps, and what is saved for them. */
interface Version {
  readonly cost: Cost
  readonly saved: number
  /** Positions of the carries that are saved themselves. */
  readonly kept: readonly number[]
  readonly finish: () => ScanAdjoint
}

/* Step 0 apart makes a program larger: a cut that saves less than a tenth is not worth that. */
const isBetter = (p: Version, q: Version): boolean => {
  if (p.cost.transforms !== q.cost.transforms) return p.cost.transforms < q.cost.transforms
  const price = (v: Version): number => v.cost.flops + flopsPerSaved * v.saved
  return price(p) < 0.9 * price(q)
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

  // While it is made, the adjoint's body has the body's own arguments, and behind them those of cotangents and of
  // what has been saved.
  let next = args.length
  const fresh = (name: string, type: TensorType, operand: Expr): Slot => ({
    arg: argument(next++, type),
    name,
    operand,
  })
  const param = (i: number): Param => required(body.params[i], 'a parameter')
  const own = (i: number, operand: Expr): Slot => ({ arg: args[i]!, name: param(i).name, operand })
  const cotangent = (i: number, operand: Expr): Slot =>
    fresh(`${param(i).name}_adj`, withRate(param(i).type, rate), operand)

  const carryAdj = active.filter(isCarry).map(i => ({
    i,
    slot: cotangent(i, itemAdj[i - invariants] ?? zerosLike(args[i]!)),
  }))
  const stackAdj = itemAdj.flatMap((a, k) => {
    if (k < carries || a === undefined) return []
    const entry = { ...tensorType(a), shape: tensorType(a).shape.slice(1) }
    return [{ k, slot: fresh(`output${k - carries}_adj`, entry, a) }]
  })
  const seeds = body.results.map((_, k) =>
    k < carries
      ? carryAdj.find(c => c.i === invariants + k)?.slot.arg
      : stackAdj.find(s => s.k === k)?.slot.arg,
  )
  const costly = dear(e)
  const cotangentOf = (i: number): Slot | undefined => carryAdj.find(c => c.i === i)?.slot
  const carryOf = (i: number, z: Expr, at: Expr): Expr =>
    replaced(required(body.results[i - invariants], 'a next carry'), z, at)
  const invariantArgs = active.filter(isInvariant).map(i => args[i]!)

  const versionOf = (cut: Cut): Version => {
    // Of a saved node z there are two entries: that of the step, and for c[t] = φ(z[t−1]) that of the step before.
    const savedNodes = [...new Set([...cut.values(), ...costly])]
    const hereOf = new Map<Expr, Expr<'arg'>>(savedNodes.map(z => [z, argument(next++, tensorType(z))]))
    const beforeOf = new Map<Expr, Expr<'arg'>>(
      [...new Set(cut.values())].map(z => [z, argument(next++, tensorType(z))]),
    )
    const turned = [...cut].filter(
      ([i, z]) => cotangentOf(i) !== undefined && isTail(body.results, i - invariants, z),
    )
    const adj = bodyAdjoint(
      body.results.map((r, k) => turned.find(([i]) => i === invariants + k)?.[1] ?? r),
      seeds,
      active.map(i => args[i]!),
      knowledge(hereOf),
    )
    const adjOf = (i: number): Expr | undefined => adj[active.indexOf(i)]
    const tailAt = (i: number, z: Expr, cAdj: Expr): Tail => {
      const at = required(beforeOf.get(z), 'its entry')
      return tailOf(i, carryOf(i, z, at), at, cAdj, invariantArgs, bodyAdjoint)
    }
    const tails = turned.flatMap(([i, z]) => {
      const cAdj = adjOf(i)
      return cAdj === undefined ? [] : [tailAt(i, z, cAdj)]
    })
    // What the last z owes to the final carry, by itself: in front of the loop.
    const begun = turned.flatMap(([i, z]) => {
      const slot = required(cotangentOf(i), 'a cotangent')
      return itemAdj[i - invariants] === undefined ? [] : [{ z, slot, ...tailAt(i, z, slot.arg) }]
    })
    /** What a step passes on to a parameter, its tails' part included. */
    const passedOn = (i: number, ending: readonly Tail[]): Expr | undefined =>
      [adjOf(i), ...ending.map(({ owed }) => owed.get(args[i]!))].reduce(
        (sum, x) => (sum === undefined || x === undefined ? (sum ?? x) : add(sum, x)),
        undefined,
      )
    const reached = active.filter(i => passedOn(i, tails) !== undefined)
    const sums = reached.filter(isInvariant).map(i => ({ i, slot: cotangent(i, zerosLike(args[i]!)) }))
    const entries = reached.filter(i => !isInvariant(i) && !isCarry(i))
    const endedBy = (ending: readonly Tail[]): readonly Expr[] => [
      ...carryAdj.map(({ i }) => ending.find(t => t.i === i)?.zAdj ?? adjOf(i) ?? zerosLike(args[i]!)),
      ...sums.map(({ i, slot }) => {
        const more = passedOn(i, ending)
        return more === undefined ? slot.arg : add(slot.arg, more)
      }),
      ...entries.map(i => adjOf(i)!),
    ]
    const results = endedBy([])
    const targets = [...carryAdj.map(c => c.i), ...sums.map(s => s.i), ...entries]

    const used = argsOf(results)
    const cutCarries = [...cut.keys()].filter(i => used.has(args[i]!))
    const kept = args
      .map((_, i) => i)
      .filter(i => isCarry(i) && used.has(args[i]!) && !cutCarries.includes(i))
    const recovered: (Expr | undefined)[] = []
    for (const i of cutCarries) {
      const z = required(cut.get(i), 'a saved node')
      recovered[i] = carryOf(i, z, required(beforeOf.get(z), 'its entry'))
    }
    const later = rewrite(endedBy(tails), x => (x.op === 'arg' ? (recovered[x.attributes.index] ?? x) : x))
    const usedLater = argsOf(later)
    const usedFirst = argsOf(begun.flatMap(({ zAdj, owed }) => [zAdj, ...owed.values()]))
    const stacked = savedNodes.filter(z => {
      const before = beforeOf.get(z) ?? z
      return used.has(hereOf.get(z)!) || usedLater.has(before) || usedFirst.has(before)
    })

    const finish = (): ScanAdjoint => {
      for (const { shape } of [...kept.map(i => param(i).type), ...stacked.map(tensorType)])
        if (length * elements(shape) > mostElements)
          refuse(
            `for its gradient a loop would keep a tensor of [${shape.join(', ')}] at each of its ${length} steps, more than the 2^31 elements that a tensor can have: ` +
              'a budget of memory (--memory, `checkpoint`) keeps fewer steps and takes the others again',
          )
      const forward = scan(e.args, {
        ...e.attributes,
        body: func(body.params, [...body.results, ...kept.map(i => args[i]!), ...stacked]),
      }) as Expr<'scan'>
      const stackOf = (z: Expr): Expr => get(forward, body.results.length + kept.length + stacked.indexOf(z))
      const [firstAt, restAt, beforeAt, lastAt] = reverse ? [length - 1, 0, 1, 0] : [0, 1, 0, length - 1]
      const beginnings = begun.map(({ z, slot, zAdj, owed }) => {
        const values: (Expr | undefined)[] = e.args.slice(0, invariants)
        values[slot.arg.attributes.index] = slot.operand
        if (stacked.includes(z)) {
          const entry = slice(stackOf(z), lastAt, 1)
          const { index } = required(beforeOf.get(z), 'its entry').attributes
          values[index] = reshape(entry, tensorType(z).shape)
        }
        const outside = (x: Expr): Expr => required(substitute([x], values)[0], 'a cotangent')
        const more = [...owed].map(([arg, x]): Contribution => {
          const target = required(e.args[arg.attributes.index], 'an invariant')
          return [target, () => outside(x)]
        })
        return { slot, zAdj: outside(zAdj), more }
      })
      const alsoOwed = beginnings.flatMap(({ more }) => more)
      const beginning = (s: Slot): Slot => {
        const tail = beginnings.find(({ slot }) => slot === s)
        return tail === undefined ? s : { ...s, operand: tail.zAdj }
      }

      const draft = (
        roots: readonly Expr[],
        before: readonly Slot[],
        start: (s: Slot, k: number) => Slot,
        part: (whole: Expr) => Expr,
      ): Draft => {
        const read = argsOf(roots)
        const passed = args.map((_, i) => i).filter(i => read.has(args[i]!) && !kept.includes(i))
        const along = (s: Slot): Slot => ({ ...s, operand: part(s.operand) })
        return {
          results: roots,
          invariants: passed.filter(i => isInvariant(i) || isCarry(i)).map(i => own(i, e.args[i]!)),
          carries: [...carryAdj.map(c => c.slot).map(start), ...sums.map(s => s.slot)],
          sequences: [
            ...[
              ...kept.map((i, k) => own(i, get(forward, body.results.length + k))),
              ...stacked
                .filter(z => read.has(hereOf.get(z)!))
                .map(z => ({ arg: hereOf.get(z)!, name: 'saved', operand: stackOf(z) })),
            ].map(along),
            ...before,
            ...passed
              .filter(i => !isInvariant(i) && !isCarry(i))
              .map(i => own(i, e.args[i]!))
              .map(along),
            ...stackAdj.map(s => along(s.slot)),
          ],
        }
      }
      if (cutCarries.length === 0 && turned.length === 0) {
        const backward = loopOf(
          draft(results, [], beginning, x => x),
          length,
          !reverse,
        )
        return {
          contributions: targets.map((i, item): Contribution => [e.args[i]!, () => get(backward, item)]),
          forward,
        }
      }
      const entry = (x: Expr): Expr => (length === 1 ? x : slice(x, firstAt, 1))
      if (length === 1) {
        const alone = loopOf(draft(results, [], beginning, entry), 1, !reverse)
        return {
          contributions: [
            ...targets.map((i, item): Contribution => [e.args[i]!, () => get(alone, item)]),
            ...alsoOwed,
          ],
          forward,
        }
      }
      const before = [...beforeOf]
        .filter(([, at]) => usedLater.has(at))
        .map(
          ([z, at]): Slot => ({ arg: at, name: 'before', operand: slice(stackOf(z), beforeAt, length - 1) }),
        )
      const rest = loopOf(
        draft(later, before, beginning, x => slice(x, restAt, length - 1)),
        length - 1,
        !reverse,
      )
      const first = loopOf(
        draft(results, [], (s, k) => ({ ...s, operand: get(rest, k) }), entry),
        1,
        !reverse,
      )
      const both = (i: number, item: number): Expr => {
        const [x, y] = [get(first, item), get(rest, item)]
        if (isCarry(i)) return x
        if (isInvariant(i)) return add(y, x)
        return reverse ? concat(y, x) : concat(x, y)
      }
      return {
        contributions: [
          ...targets.map((i, item): Contribution => [e.args[i]!, () => both(i, item)]),
          ...alsoOwed,
        ],
        forward,
      }
    }
    return {
      cost: cost(expand.run(func([], later))),
      saved:
        kept.reduce((n, i) => n + reals(param(i).type), 0) +
        stacked.reduce((n, z) => n + reals(tensorType(z)), 0),
      kept,
      finish,
    }
  }

  const uncut = versionOf(new Map())
  return cuts(e, uncut.kept)
    .slice(1)
    .map(versionOf)
    .reduce((best, v) => (isBetter(v, best) ? v : best), uncut)
    .finish()
}
