/**
 * Inner products of what a step is handed over with a loop's invariants are taken where that is made, a step before:
 *
 *     s[t] = a^H h[t]  becomes a carry,  s[t+1] = a^H h[t+1]
 *
 * They ride on the sweep that makes h[t+1] and are there when the next step begins; else all that needs them waits for a
 * sweep of its own. An entry of a sequence is made a step before if the step reads that entry of the same tensor then, as
 * the way back reads z[t] and z[t+1]. A loop is left as it is where a step would take as many sweeps.
 */
import { get, scan } from '../ir/build.ts'
import { argument, type Expr, func, type Param, tensorType, withArgs } from '../ir/expr.ts'
import { postorder } from '../ir/order.ts'
import { rateOf } from '../ir/type.ts'
import { deeply, rewrite, substitute } from '../ir/walk.ts'
import { invariantIn } from './bound.ts'
import { sweeps } from './cost.ts'
import { type Handed, handed } from './handed.ts'
import { type Pass, silent, type Tell } from './pass.ts'
import { type Replacement, replaceLoops } from './replaceLoops.ts'

/** An inner product that can be a carry: at the first step, and at the next. */
const found = (e: Expr<'scan'>, isInvariant: (x: Expr) => boolean, product: Expr): Handed | undefined => {
  const x = product.op === 'dot' ? product.args.find(a => !isInvariant(a)) : undefined
  if (x === undefined || product.args.every(a => !isInvariant(a))) return undefined
  // A carry varies if the loop does.
  if (rateOf(product.type) !== rateOf(e.type)) return undefined
  const of = handed(e, x)
  if (of === undefined) return undefined
  const outside = substitute(
    product.args.filter(a => a !== x),
    e.args.slice(0, e.attributes.invariants),
  )[0]!
  return {
    first: withArgs(
      product,
      product.args.map(a => (a === x ? of.first : outside)),
    ),
    next: withArgs(
      product,
      product.args.map(a => (a === x ? of.next : a)),
    ),
  }
}

const carried = (e: Expr<'scan'>, tell: Tell): Replacement | undefined => {
  const { body, invariants, carries } = e.attributes
  const isInvariant = invariantIn(body, invariants)
  const products = postorder(body.results).flatMap(x => {
    const of = found(e, isInvariant, x)
    return of === undefined ? [] : [{ x, ...of }]
  })
  if (products.length === 0) return undefined
  const more = products.length
  const end = invariants + carries
  const place = new Map<Expr, Expr>(products.map(({ x }, k) => [x, argument(end + k, tensorType(x))]))
  const results = rewrite(
    [...body.results.slice(0, carries), ...products.map(p => p.next), ...body.results.slice(carries)],
    (rebuilt, original) => {
      if (original.op === 'arg' && original.attributes.index >= end)
        return argument(original.attributes.index + more, original.attributes.type)
      return place.get(original) ?? rebuilt
    },
  )
  const params: readonly Param[] = [
    ...body.params.slice(0, end),
    ...products.map(({ x }) => ({ name: 'product', type: tensorType(x) })),
    ...body.params.slice(end),
  ]
  const made = func(params, results)
  if (sweeps(made, invariants) >= sweeps(body, invariants)) return undefined
  const args = [...e.args.slice(0, end), ...products.map(p => p.first), ...e.args.slice(end)]
  tell('a^H h[t] is carried', more)
  const loop = scan(args, { ...e.attributes, body: made, carries: carries + more })
  return { loop, items: body.results.map((_, i) => get(loop, i < carries ? i : i + more)) }
}

export const carryProducts: Pass = {
  name: 'carryProducts',
  summary: 'inner products of what a step is handed over are taken where that is made',
  run: (f, tell = silent) => deeply(f, g => replaceLoops(g, loop => carried(loop, tell))),
}
