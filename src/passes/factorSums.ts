/**
 * A loop that sums u·g[t] over its steps, with u the same in all of them, sums g[t] and multiplies once, behind it:
 *
 *     Σ u g[t] = u Σ g[t],    Σ −g[t] = −Σ g[t],    Σ c[t] v = (Σ c[t]) v,    Σ c[t] (g[t] + s[t] v) = Σ c[t] g[t] + (Σ c[t] s[t]) v
 *
 * The last two turn sums of vectors into those of scalars. A permutation, and what two terms have in common, go the same way:
 *
 *     Σ Π g[t] = Π Σ g[t],    Σ (c[t] u g[t] + d[t] u h[t]) = u Σ (c[t] g[t] + d[t] h[t])
 *
 * Gradients of parameters are such sums.
 */
import * as b from '../ir/build.ts'
import { get, scan } from '../ir/build.ts'
import { argument, type Expr, type Func, func, node, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { deeply, rewrite, substitute } from '../ir/walk.ts'
import { invariantIn } from './bound.ts'
import { multiplied, repeatedScalar, separated } from './multiples.ts'
import { type Pass, silent, type Tell } from './pass.ts'

/** What is summed in the loop instead, and what the sum was in terms of those sums. */
interface Split {
  readonly terms: readonly Expr[]
  readonly rebuild: (sums: readonly Expr[]) => Expr
}

const isScalar = (e: Expr): boolean => tensorType(e).shape.length === 0

/** A vector as what a factor that is the same at every step, or a permutation, makes of another. */
interface Made {
  readonly by: Expr
  readonly of: Expr
  readonly remake: (of: Expr) => Expr
}

const made = (x: Expr, isInvariant: (e: Expr) => boolean): Made | undefined => {
  const [p, q] = x.args
  if (p === undefined || q === undefined) return undefined
  if (x.op === 'apply')
    return p.op === 'permute' ? { by: p, of: q, remake: y => withArgs(x, [p, y]) } : undefined
  if (x.op !== 'mul' && x.op !== 'scale') return undefined
  const repeated = repeatedScalar(p)
  if (repeated !== undefined && !isInvariant(p)) {
    const inner = made(q, isInvariant)
    return inner && { ...inner, of: withArgs(x, [p, inner.of]) }
  }
  if (x.op === 'mul' && isInvariant(p) && !isInvariant(q)) return { by: p, of: q, remake: y => b.mul(p, y) }
  return undefined
}

/** L x ± L y as L (x ± y). */
const shared = (x: Expr, isInvariant: (e: Expr) => boolean): Expr | undefined => {
  const [p, q] = x.args.map(a => made(a, isInvariant))
  if (p === undefined || q === undefined || p.by !== q.by) return undefined
  const rest = withArgs(x, [p.of, q.of])
  return p.remake(shared(rest, isInvariant) ?? rest)
}

/** `outside`: an expression of the loop as one in front of it, if it is the same at every step. */
const split = (x: Expr, outside: (e: Expr) => Expr | undefined): Split => {
  const whole: Split = { terms: [x], rebuild: sums => required(sums[0], 'a sum') }
  const [p, q] = x.args
  switch (x.op) {
    case 'neg': {
      const inner = split(required(p, 'an operand'), outside)
      return { terms: inner.terms, rebuild: sums => b.neg(inner.rebuild(sums)) }
    }
    case 'add':
    case 'sub': {
      const [left, right] = [split(required(p, 'p'), outside), split(required(q, 'q'), outside)]
      const terms = [...left.terms, ...right.terms]
      // Two vectors in place of one would cost more than they save.
      if (isScalar(x)) return whole
      if (terms.filter(t => !isScalar(t)).length > 1) {
        const common = shared(x, e => outside(e) !== undefined)
        return common === undefined ? whole : split(common, outside)
      }
      const n = left.terms.length
      return {
        terms,
        rebuild: sums => node(x.op, [left.rebuild(sums.slice(0, n)), right.rebuild(sums.slice(n))], {}),
      }
    }
    case 'apply': {
      if (p?.op !== 'permute') return whole
      const inner = split(required(q, 'a vector'), outside)
      return { terms: inner.terms, rebuild: sums => withArgs(x, [p, inner.rebuild(sums)]) }
    }
    case 'broadcast': {
      const inner = split(required(p, 'a scalar'), outside)
      return { terms: inner.terms, rebuild: sums => withArgs(x, [inner.rebuild(sums)]) }
    }
    case 'mul':
    case 'scale': {
      const [left, right] = [required(p, 'p'), required(q, 'q')]
      const [u, v] = [outside(left), outside(right)]
      if (u !== undefined && v === undefined) {
        const inner = split(right, outside)
        return { terms: inner.terms, rebuild: sums => node(x.op, [u, inner.rebuild(sums)], {}) }
      }
      if (v !== undefined && u === undefined) {
        const inner = split(left, outside)
        return { terms: inner.terms, rebuild: sums => node(x.op, [inner.rebuild(sums), v], {}) }
      }
      return whole
    }
    default:
      return whole
  }
}

/** r (x + s v) = r x + (r s) v. */
const apart = (x: Expr, isInvariant: (e: Expr) => boolean): Expr => {
  if (isScalar(x)) return x
  const { rest, multiples } = separated(x, isInvariant)
  return multiples.length === 0
    ? x
    : [...(rest === undefined ? [] : [rest]), ...multiples.map(multiplied)].reduce(b.add)
}

const factored = (e: Expr<'scan'>): { readonly loop: Expr; readonly items: readonly Expr[] } | undefined => {
  const { body, invariants, carries } = e.attributes
  const isInvariant = invariantIn(body, invariants)
  const users = new Map<Expr, number>()
  for (const x of postorder(body.results)) for (const a of x.args) users.set(a, (users.get(a) ?? 0) + 1)
  const outside = (x: Expr): Expr | undefined =>
    isInvariant(x) ? substitute([x], e.args.slice(0, invariants))[0] : undefined

  const splits = body.results.slice(0, carries).map((r, k): Split | undefined => {
    const carry = argument(invariants + k, required(body.params[invariants + k], 'a parameter').type)
    const initial = required(e.args[invariants + k], 'an initial carry')
    const [sum, term] = r.args
    const added =
      sum !== carry || term === undefined
        ? undefined
        : r.op === 'add'
          ? term
          : r.op === 'sub'
            ? b.neg(term)
            : undefined
    const isSum = users.get(carry) === 1 && !body.results.includes(carry) && b.isZero(initial)
    // A step that reads the sum so far, before its own term or after it, needs it whole.
    const isRead = users.has(r) || body.results.filter(other => other === r).length > 1
    if (added === undefined || !isSum || isRead) return undefined
    const found = split(apart(added, isInvariant), outside)
    return found.terms.length === 1 && found.terms[0] === added ? undefined : found
  })
  if (splits.every(s => s === undefined)) return undefined

  // New carries stand where the old ones stood.
  const slots = body.results.slice(0, carries).map((_, k) => {
    const at = invariants + k
    const found = splits[k]
    return found === undefined
      ? [{ param: body.params[at]!, initial: e.args[at]!, next: body.results[k]!, isSum: false }]
      : found.terms.map(t => ({
          param: {
            name: body.params[at]!.name,
            type: { ...tensorType(t), rate: body.params[at]!.type.rate },
          },
          initial: b.zerosLike(t),
          next: t,
          isSum: true,
        }))
  })
  const flat = slots.flat()
  const shift = flat.length - carries
  const firstOf = slots.map((_, k) => slots.slice(0, k).reduce((n, s) => n + s.length, 0))
  const renumbered = body.params.map((p, i) => {
    if (i < invariants) return argument(i, p.type)
    if (i >= invariants + carries) return argument(i + shift, p.type)
    return argument(invariants + firstOf[i - invariants]!, p.type)
  })
  const results = substitute([...flat.map(s => s.next), ...body.results.slice(carries)], renumbered)
  const nexts = flat.map((s, k) => {
    const next = required(results[k], 'the next value of a carry')
    return s.isSum ? b.add(argument(invariants + k, s.param.type), next) : next
  })
  const loop = scan(
    [...e.args.slice(0, invariants), ...flat.map(s => s.initial), ...e.args.slice(invariants + carries)],
    {
      ...e.attributes,
      body: func(
        [
          ...body.params.slice(0, invariants),
          ...flat.map(s => s.param),
          ...body.params.slice(invariants + carries),
        ],
        [...nexts, ...results.slice(flat.length)],
      ),
      carries: flat.length,
    },
  )
  const items = body.results.map((_, k) => {
    if (k >= carries) return get(loop, k + shift)
    const found = splits[k]
    const first = firstOf[k]!
    return found === undefined
      ? get(loop, first)
      : found.rebuild(found.terms.map((_, j) => get(loop, first + j)))
  })
  return { loop, items }
}

const factorLevel = (f: Func, tell: Tell): Func => {
  const items = new Map<Expr, readonly Expr[]>()
  return func(
    f.params,
    rewrite(f.results, (rebuilt, original) => {
      if (rebuilt.op === 'scan') {
        const found = factored(rebuilt as Expr<'scan'>)
        if (found === undefined) return rebuilt
        tell('Σ_t u g[t] = u Σ_t g[t], a loop')
        items.set(original, found.items)
        return found.loop
      }
      if (original.op === 'get') {
        const of = items.get(required(original.args[0], 'a tuple'))
        if (of !== undefined) return required(of[original.attributes.item], 'an item')
      }
      return rebuilt
    }),
  )
}

export const factorSums: Pass = {
  name: 'factorSums',
  summary: 'sums over a loop’s steps are freed of factors that are the same at every step',
  run: (f, tell = silent) => deeply(f, g => factorLevel(g, tell)),
}
