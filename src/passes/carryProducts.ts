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
import { argument, type Expr, type Func, func, type Param, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { deeply, rewrite, substitute } from '../ir/walk.ts'
import { invariantIn } from './bound.ts'
import { sweeps } from './cost.ts'
import { type Handed, handed } from './handed.ts'
import { type Pass, silent, type Tell } from './pass.ts'

/** An inner product that can be a carry: at the first step, and at the next. */
const found = (e: Expr<'scan'>, isInvariant: (x: Expr) => boolean, product: Expr): Handed | undefined => {
  const x = product.op === 'dot' ? product.args.find(a => !isInvariant(a)) : undefined
  if (x === undefined || product.args.every(a => !isInvariant(a))) return undefined
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

const carried = (e: Expr<'scan'>): { readonly loop: Expr; readonly more: number } | undefined => {
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
  return { loop: scan(args, { ...e.attributes, body: made, carries: carries + more }), more }
}

const carryLevel = (f: Func, tell: Tell): Func => {
  /** Of loops that have more carries: how many, by what they were. */
  const grown = new Map<Expr, { readonly carries: number; readonly more: number }>()
  return func(
    f.params,
    rewrite(f.results, (rebuilt, original) => {
      if (rebuilt.op === 'scan') {
        const of = carried(rebuilt as Expr<'scan'>)
        if (of === undefined) return rebuilt
        tell('a^H h[t] is carried', of.more)
        grown.set(original, { carries: rebuilt.attributes.carries, more: of.more })
        return of.loop
      }
      if (rebuilt.op === 'get') {
        const of = grown.get(required(original.args[0], 'a tuple'))
        if (of !== undefined && rebuilt.attributes.item >= of.carries)
          return get(required(rebuilt.args[0], 'a tuple'), rebuilt.attributes.item + of.more)
      }
      return rebuilt
    }),
  )
}

export const carryProducts: Pass = {
  name: 'carryProducts',
  summary: 'inner products of what a step is handed over are taken where that is made',
  run: (f, tell = silent) => deeply(f, g => carryLevel(g, tell)),
}
