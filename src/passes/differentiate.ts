/**
 * Reverse-mode differentiation, symbolic: gradients are again programs of the IR, so they can be differentiated,
 * printed and compiled like any other. A scan's gradient is a scan in the other direction; of the forward loop
 * only the carries that it needs are kept, everything else of a step is written down again and recomputed.
 */
import * as E from 'fp-ts/lib/Either.js'
import { add, batchSize, batchSum, broadcast, scan, times, zerosLike } from '../ir/build.ts'
import { argument, constant, type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { rateOf, showType } from '../ir/type.ts'
import { rebuild } from '../ir/walk.ts'
import type { BodyAdjoint } from './adjointLoop.ts'
import { dependents } from './bound.ts'
import type { Contribution } from './contribution.ts'
import { type Knowledge, operandsIn } from './cut.ts'
import { derivatives } from './derivatives.ts'
import { differentiateScan } from './differentiateScan.ts'
import { type GradientError, refusable, refused } from './gradientError.ts'

/** Forward scans, and the same ones that also stack the carries that backward loops read. */
type Augmented = ReadonlyMap<Expr, Expr<'scan'>>

interface Pullback {
  /** One for each of the wanted expressions; undefined where the roots do not depend on it. */
  readonly cotangents: readonly (Expr | undefined)[]
  readonly augmented: Augmented
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

/**
 * The cotangents of `wanted` for those of the roots: J* of the seeds, where J is the roots' real-linear derivative.
 * `inLoop`: what the examples contribute stays apart.
 */
const pullback = (
  roots: readonly Expr[],
  seeds: readonly (Expr | undefined)[],
  wanted: readonly Expr[],
  inLoop: boolean,
  known: Knowledge,
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
      const { contributions, forward } = differentiateScan(e, items, a => active.has(a), bodyAdjoint)
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
    const rule = derivatives[e.op] as (
      y: Expr,
      yAdj: Expr,
      isKnown: (x: Expr) => boolean,
    ) => readonly Contribution[]
    for (const [target, make] of rule(e, eAdj, x => known.has(x))) receive(target, e, make)
  }
  return { cotangents: wanted.map(w => cotangents.get(w)), augmented }
}

const bodyAdjoint: BodyAdjoint = (roots, seeds, wanted, known) => {
  const { cotangents, augmented } = pullback(roots, seeds, wanted, true, known)
  const found = finished(
    cotangents.flatMap(c => (c === undefined ? [] : [c])),
    augmented,
    known,
  )
  let next = 0
  return cotangents.map(c => (c === undefined ? undefined : found[next++]))
}

const nothing: Knowledge = new Map()

/** The roots with what is known in its place, and with the forward scans that keep what the backward ones read. */
const finished = (roots: readonly Expr[], augmented: Augmented, known: Knowledge): readonly Expr[] =>
  augmented.size + known.size === 0
    ? roots
    : rebuild(
        roots,
        (e, args) => {
          const forward = augmented.get(e)
          return known.get(e)?.make(args) ?? (forward ? scan(args, forward.attributes) : withArgs(e, args))
        },
        operandsIn(known),
      )

/** The parameters at these positions as expressions, or why one of them has no gradient. */
export const differentiable = (f: Func, wrt: readonly number[]): E.Either<GradientError, readonly Expr[]> => {
  for (const i of wrt) {
    const param = f.params[i]
    if (param === undefined) return refused(`there is no parameter ${i}: the function has ${f.params.length}`)
    if (param.type.field === 'index')
      return refused(`parameter "${param.name}" is an index: it has no gradient`)
  }
  return E.right(wrt.map(i => argument(i, f.params[i]!.type)))
}

/** The function's first result, if it is a real scalar. */
export const realScalar = (f: Func): E.Either<GradientError, Expr> => {
  const value = f.results[0]
  return value?.type.kind === 'tensor' && value.type.field === 'real' && value.type.shape.length === 0
    ? E.right(value)
    : refused(
        `only a real scalar has a gradient; the first result is ${value === undefined ? 'missing' : `${showType(value.type)}: make one number of it, such as the sum of |x|²`}`,
      )
}

/** Values of a function, and cotangents of its parameters. */
export interface Cotangents {
  readonly values: readonly Expr[]
  readonly cotangents: readonly Expr[]
}

/**
 * `values`, and the cotangents of `wanted` for those of the roots. `apart`: contributions of the examples to what
 * is the same for all of them are not summed.
 */
export const cotangentsOf = (
  roots: readonly Expr[],
  seeds: readonly Expr[],
  wanted: readonly Expr[],
  values: readonly Expr[],
  apart = false,
): E.Either<GradientError, Cotangents> =>
  refusable(() => {
    const { cotangents, augmented } = pullback(roots, seeds, wanted, apart, nothing)
    const all = finished(
      [...values, ...cotangents.map((c, i) => c ?? zerosLike(required(wanted[i], 'what is wanted')))],
      augmented,
      nothing,
    )
    return E.right({ values: all.slice(0, values.length), cotangents: all.slice(values.length) })
  })

/**
 * The function that gives, on the same parameters, the first result of `f` and its gradient with respect to the
 * parameters at the positions `wrt`. The first result must be a real scalar; a varying one counts as summed over
 * the examples. The gradient of a varying parameter is uniform where it is the same for every example. The gradient
 * of a complex parameter z is ∂L/∂Re z + i ∂L/∂Im z, the direction of steepest ascent (PyTorch's convention; JAX
 * gives its conjugate).
 */
export const valueAndGradient = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> => {
  const value = realScalar(f)
  if (E.isLeft(value)) return value
  const wanted = differentiable(f, wrt)
  if (E.isLeft(wanted)) return wanted
  return E.map(({ values, cotangents }: Cotangents) => func(f.params, [...values, ...cotangents]))(
    cotangentsOf([value.right], [constant(1)], wanted.right, [value.right]),
  )
}

/** The gradient alone: `valueAndGradient` without the value. */
export const gradient = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> =>
  E.Functor.map(valueAndGradient(f, wrt), both => func(f.params, both.results.slice(1)))
