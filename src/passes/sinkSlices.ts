/**
 * Parts of a pointwise value become pointwise values of parts: (x ∘ y)[s] = x[s] ∘ y[s], where the parts do not overlap
 * and are all that is read of it. What is computed from each then joins it in one pass. Parts of parameters leave
 * loops, and so do the sums that are their gradients.
 */
import { broadcast, constantLike, slice } from '../ir/build.ts'
import { complexConstant, type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { isPointwise } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'

/** The part of an operand; of one that is the same everywhere, the same with fewer entries. */
const part = (x: Expr, start: number, length: number): Expr => {
  const { shape, field } = tensorType(x)
  const [repeated] = x.args
  if (x.op === 'broadcast' && repeated !== undefined && tensorType(repeated).shape.length < shape.length)
    return broadcast(repeated, [length, ...shape.slice(1)])
  const own = slice(x, start, length)
  if (x.op !== 'constant') return own
  const { re, im } = x.attributes
  return field === 'complex' ? complexConstant(re, im, tensorType(own).shape) : constantLike(own, re)
}

/** Values of which nothing but parts that do not overlap are read. */
const cutUp = (f: Func): ReadonlySet<Expr> => {
  const users = new Map<Expr, Expr[]>()
  for (const e of postorder(f.results))
    for (const a of new Set(e.args)) users.set(a, [...(users.get(a) ?? []), e])
  const found = new Set<Expr>()
  for (const [e, readers] of users) {
    if (!isPointwise(e.op) || f.results.includes(e)) continue
    const parts = readers.flatMap(u => (u.op === 'slice' ? [u.attributes] : []))
    const ordered = [...parts].sort((a, b) => a.start - b.start)
    const apart = ordered.every(
      (p, i) => i === 0 || ordered[i - 1]!.start + ordered[i - 1]!.length <= p.start,
    )
    if (parts.length === readers.length && apart) found.add(e)
  }
  return found
}

const sinkOnce = (f: Func, tell: Tell): Func => {
  const cut = cutUp(f)
  return func(
    f.params,
    rewrite(f.results, (rebuilt, original) => {
      const x = rebuilt.args[0]
      // An operand that has changed in this round is left to the next, which counts its users anew.
      if (rebuilt.op !== 'slice' || x === undefined || x !== original.args[0] || !cut.has(x)) return rebuilt
      const { start, length } = rebuilt.attributes
      tell('(x ∘ y)[s] = x[s] ∘ y[s]')
      return withArgs(
        x,
        x.args.map(a => part(a, start, length)),
      )
    }),
  )
}

/* Each round moves slices down by one level, so it ends. */
const sink = (f: Func, tell: Tell): Func => {
  const next = sinkOnce(f, tell)
  return next === f ? f : sink(next, tell)
}

export const sinkSlices: Pass = {
  name: 'sinkSlices',
  summary: 'parts of pointwise values are computed each on its own',
  run: (f, tell = silent) => deeply(f, g => sink(g, tell)),
}
