/**
 * Reverse-mode differentiation, symbolic: gradients are again programs of the IR, so they can be differentiated,
 * printed and compiled like any other. A scan's gradient is a scan in the other direction; of the forward loop
 * only the carries that it needs are kept, everything else of a step is written down again and recomputed.
 */
import * as E from 'fp-ts/lib/Either.js'
import { add, batchSize, batchSum, broadcast, get, scan, times, zerosLike } from '../ir/build.ts'
import { argument, constant, type Expr, type Func, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { joinRates, type Rate, rateOf, showType, type TensorType, withRate } from '../ir/type.ts'
import { postorder, rewrite, substitute } from '../ir/walk.ts'
import { type Contribution, derivatives } from './derivatives.ts'

export interface GradientError {
  readonly kind: 'GradientError'
  readonly message: string
}

/** Forward scans, and the same ones that also stack the carries that backward loops read. */
type Augmented = ReadonlyMap<Expr, Expr<'scan'>>

interface Pullback {
  /** One for each of the wanted expressions; undefined where the roots do not depend on it. */
  readonly cotangents: readonly (Expr | undefined)[]
  readonly augmented: Augmented
}

/** Everything among the roots' nodes that depends on one of `sources`. */
const dependents = (roots: readonly Expr[], sources: readonly Expr[]): ReadonlySet<Expr> => {
  const found = new Set<Expr>(sources)
  for (const e of postorder(roots)) if (e.args.some(a => found.has(a))) found.add(e)
  return found
}

/**
 * A varying user of a uniform value passes back one contribution for each example: their sum. Inside a loop
 * they stay apart and are summed once, behind it.
 */
const overExamples = (target: Expr, user: Expr, contribution: Expr): Expr => {
  if (rateOf(target.type) === 'varying' || rateOf(user.type) === 'uniform') return contribution
  return rateOf(contribution.type) === 'varying'
    ? batchSum(contribution)
    : times(broadcast(batchSize(), tensorType(contribution).shape), contribution)
}

const pullback = (
  roots: readonly Expr[],
  seeds: readonly (Expr | undefined)[],
  wanted: readonly Expr[],
  inLoop: boolean,
): Pullback => {
  const active = dependents(roots, wanted)
  const cotangents = new Map<Expr, Expr>()
  const ofItems = new Map<Expr, (Expr | undefined)[]>()
  const augmented = new Map<Expr, Expr<'scan'>>()

  const receive = (target: Expr, user: Expr, make: () => Expr): void => {
    if (!active.has(target)) return
    const one = inLoop ? make() : overExamples(target, user, make())
    const sum = cotangents.get(target)
    cotangents.set(target, sum === undefined ? one : add(sum, one))
  }
  roots.forEach((r, i) => {
    const seed = seeds[i]
    if (seed !== undefined) receive(r, r, () => seed)
  })

  for (const e of [...postorder(roots)].reverse()) {
    if (!active.has(e)) continue
    if (e.op === 'scan') {
      const items = ofItems.get(e)
      if (items === undefined) continue
      const { contributions, forward } = scanDerivative(e, items, a => active.has(a))
      augmented.set(e, forward)
      for (const [target, make] of contributions) receive(target, e, make)
      continue
    }
    const eAdj = cotangents.get(e)
    if (eAdj === undefined) continue
    if (e.op === 'get') {
      const tuple = required(e.args[0], 'a tuple')
      const items = ofItems.get(tuple) ?? []
      items[e.attributes.item] = eAdj
      ofItems.set(tuple, items)
      continue
    }
    const rule = derivatives[e.op] as (y: Expr, yAdj: Expr) => readonly Contribution[]
    for (const [target, make] of rule(e, eAdj)) receive(target, e, make)
  }
  return { cotangents: wanted.map(w => cotangents.get(w)), augmented }
}

/** The roots with the forward scans that keep what the backward ones read. */
const augment = (roots: readonly Expr[], augmented: Augmented): readonly Expr[] =>
  augmented.size === 0
    ? roots
    : rewrite(roots, (rebuilt, original) => {
        const forward = augmented.get(original)
        return forward === undefined ? rebuilt : scan(rebuilt.args, forward.attributes)
      })

/** Which of a scan's operands, by position, its results depend on with a derivative: a fixpoint over the carries. */
const activeParams = (e: Expr<'scan'>, isActive: (operand: Expr) => boolean): ReadonlySet<number> => {
  const { body, invariants, carries } = e.attributes
  const found = new Set(e.args.flatMap((a, i) => (isActive(a) ? [i] : [])))
  for (let size = -1; size !== found.size; ) {
    size = found.size
    const reached = dependents(
      body.results,
      [...found].map(i => argument(i, required(body.params[i], 'a parameter').type)),
    )
    for (let k = 0; k < carries; k++) if (reached.has(body.results[k]!)) found.add(invariants + k)
  }
  const params = body.params.map(p => p.type)
  return new Set([...found].filter(i => params[i]!.field !== 'index'))
}

/**
 * c[t+1], y[t] = body(w, c[t], x[t]) for t = 0 … T−1 has the adjoint loop, t = T−1 … 0,
 *     c̄[t], Δw̄, x̄[t] = body's adjoint at (w, c[t], x[t]) of (c̄[t+1], ȳ[t]),    w̄ = Σ Δw̄.
 * Cotangents of invariants are carries, one sum for each example.
 */
const scanDerivative = (
  e: Expr<'scan'>,
  itemAdj: readonly (Expr | undefined)[],
  isActive: (operand: Expr) => boolean,
): { readonly contributions: readonly Contribution[]; readonly forward: Expr<'scan'> } => {
  const { body, length, reverse, invariants, carries } = e.attributes
  const rate: Rate = joinRates([
    rateOf(e.type),
    ...itemAdj.map(a => (a === undefined ? 'uniform' : rateOf(a.type))),
  ])
  const active = [...activeParams(e, isActive)].sort((i, j) => i - j)
  const isCarry = (i: number): boolean => i >= invariants && i < invariants + carries
  const carryIndices = active.filter(isCarry)
  const invariantIndices = active.filter(i => i < invariants)
  const sequenceIndices = active.filter(i => i >= invariants + carries)

  // The body's adjoint, its own arguments first, then the cotangents of the results.
  const args = body.params.map((p, i) => argument(i, p.type))
  const stackIndices = itemAdj.flatMap((a, k) => (k >= carries && a !== undefined ? [k] : []))
  const entryType = (a: Expr): TensorType => ({ ...tensorType(a), shape: tensorType(a).shape.slice(1) })
  const seedTypes = [
    ...carryIndices.map(i => withRate(body.params[i]!.type, rate)),
    ...stackIndices.map(k => entryType(itemAdj[k]!)),
  ]
  const seedArgs = seedTypes.map((type, s) => argument(args.length + s, type))
  const seeds = body.results.map((_, k) => {
    const s =
      k < carries ? carryIndices.indexOf(invariants + k) : carryIndices.length + stackIndices.indexOf(k)
    return s < 0 || (k >= carries && !stackIndices.includes(k)) ? undefined : seedArgs[s]
  })
  const { cotangents, augmented } = pullback(
    body.results,
    seeds,
    active.map(i => args[i]!),
    true,
  )
  const adjOf = new Map(active.map((i, k) => [i, cotangents[k]] as const))

  // Sums of the invariants' cotangents come after the body's arguments and the seeds.
  const summed = invariantIndices.filter(i => adjOf.get(i) !== undefined)
  const sumArgs = summed.map((i, k) =>
    argument(args.length + seedArgs.length + k, withRate(body.params[i]!.type, rate)),
  )
  const stackedX = sequenceIndices.filter(i => adjOf.get(i) !== undefined)
  const results = augment(
    [
      ...carryIndices.map(i => adjOf.get(i) ?? zerosLike(args[i]!)),
      ...summed.map((i, k) => add(sumArgs[k]!, adjOf.get(i)!)),
      ...stackedX.map(i => adjOf.get(i)!),
    ],
    augmented,
  )

  // The forward loop, with the carries stacked that the adjoint reads.
  const used = new Set(postorder(results).flatMap(x => (x.op === 'arg' ? [x.attributes.index] : [])))
  const kept = body.params.map((_, i) => i).filter(i => isCarry(i) && used.has(i))
  const forward = scan(e.args, {
    ...e.attributes,
    body: func(body.params, [...body.results, ...kept.map(i => args[i]!)]),
  }) as Expr<'scan'>

  // The adjoint loop: parameters in a scan's order.
  const read = body.params.map((_, i) => i).filter(i => used.has(i) && !isCarry(i))
  const invariantReads = read.filter(i => i < invariants)
  const sequenceReads = read.filter(i => i >= invariants + carries)
  const cotangentName = (i: number): string => `${body.params[i]!.name}_adj`
  const like = (i: number, name = body.params[i]!.name, type = body.params[i]!.type) => ({
    name,
    type,
  })
  const finalAdj = carryIndices.map(i => itemAdj[i - invariants] ?? zerosLike(args[i]!))
  const slots = [
    ...invariantReads.map(i => ({ arg: args[i]!, param: like(i), operand: e.args[i]! })),
    ...carryIndices.map((i, s) => ({
      arg: seedArgs[s]!,
      param: { name: cotangentName(i), type: seedTypes[s]! },
      operand: finalAdj[s]!,
    })),
    ...summed.map((i, k) => ({
      arg: sumArgs[k]!,
      param: { name: cotangentName(i), type: tensorType(sumArgs[k]!) },
      operand: zerosLike(args[i]!),
    })),
    ...kept.map((i, k) => ({
      arg: args[i]!,
      param: like(i),
      operand: get(forward, body.results.length + k),
    })),
    ...sequenceReads.map(i => ({ arg: args[i]!, param: like(i), operand: e.args[i]! })),
    ...stackIndices.map((k, s) => ({
      arg: seedArgs[carryIndices.length + s]!,
      param: { name: `output${k - carries}_adj`, type: seedTypes[carryIndices.length + s]! },
      operand: itemAdj[k]!,
    })),
  ]
  const renumbered: (Expr | undefined)[] = []
  slots.forEach((slot, position) => {
    renumbered[slot.arg.attributes.index] = argument(position, slot.param.type)
  })
  const backward = scan(
    slots.map(s => s.operand),
    {
      body: func(
        slots.map(s => s.param),
        substitute(results, renumbered),
      ),
      length,
      reverse: !reverse,
      invariants: invariantReads.length,
      carries: carryIndices.length + summed.length,
    },
  )
  const contributions: readonly Contribution[] = [
    ...carryIndices.map((i, k): Contribution => [e.args[i]!, () => get(backward, k)]),
    ...summed.map((i, k): Contribution => [e.args[i]!, () => get(backward, carryIndices.length + k)]),
    ...stackedX.map(
      (i, k): Contribution => [e.args[i]!, () => get(backward, carryIndices.length + summed.length + k)],
    ),
  ]
  return { contributions, forward }
}

/**
 * The function that gives, on the same parameters, the first result of `f` and its gradient with respect to the
 * parameters at the positions `wrt`. The first result must be a real scalar; a varying one counts as summed over
 * the examples. The gradient of a varying parameter is uniform where it is the same for every example. The gradient of a complex parameter z is ∂L/∂Re z + i ∂L/∂Im z, the direction of steepest ascent
 * (PyTorch's convention; JAX gives its conjugate).
 */
export const valueAndGradient = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> => {
  const refuse = (message: string) => E.left({ kind: 'GradientError' as const, message })
  const value = f.results[0]
  if (value?.type.kind !== 'tensor' || value.type.field !== 'real' || value.type.shape.length !== 0)
    return refuse(
      `only a real scalar has a gradient; the first result is ${value === undefined ? 'missing' : showType(value.type)}`,
    )
  for (const i of wrt) {
    const param = f.params[i]
    if (param === undefined) return refuse(`there is no parameter ${i}: the function has ${f.params.length}`)
    if (param.type.field === 'index')
      return refuse(`parameter "${param.name}" is an index: it has no gradient`)
  }
  const wanted = wrt.map(i => argument(i, f.params[i]!.type))
  const { cotangents, augmented } = pullback([value], [constant(1)], wanted, false)
  const gradients = cotangents.map((c, i) => c ?? zerosLike(wanted[i]!))
  return E.right(func(f.params, augment([value, ...gradients], augmented)))
}

/** The gradient alone: `valueAndGradient` without the value. */
export const gradient = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> =>
  E.Functor.map(valueAndGradient(f, wrt), both => func(f.params, both.results.slice(1)))
