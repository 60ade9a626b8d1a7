/**
 * Inner products of what a transform makes with a loop's invariants are taken of what it is given:
 *
 *     a^H F u = (F^H a)^H u
 *
 * F^H a leaves the loop, and the product rides on the sweep that makes u, so that it is known while the transform still
 * runs and what needs it (a reflection's update, and all that follows) rides on the transform's last sweep. On the way
 * to the transform, a^H (d ∘ x) = (d* ∘ a)^H x, a^H Π x = (Π^H a)^H x, a^H (x ± y) = a^H x ± a^H y, and
 * a^H (s v) = s (a^H v) for a number s. Where such numbers multiply an invariant vector, the invariants among them go
 * to the vector, (p − s c) v = p v − s (c v): reflections one after the other become one update, of which no number
 * has to be computed before it begins. A loop is left as it is where a step would take as many sweeps.
 *
 * Of what multiples of invariants are added to, the inner product is that without them, a^H (x + s v) = a^H x + s (a^H v):
 * what is added need not be there for it.
 */
import { add, broadcast, conj, dot, mul, neg, sub, toComplex } from '../ir/build.ts'
import { type Expr, type Func, func, node, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder, postorderBy } from '../ir/order.ts'
import { adjointFactor, applyFactors, factors } from '../ir/unitary.ts'
import { rewrite } from '../ir/walk.ts'
import { invariantIn } from './bound.ts'
import { sweeps } from './cost.ts'
import { type Multiple, product, repeatedScalar, separated } from './multiples.ts'
import { changed, type Pass, silent, type Tell } from './pass.ts'

type IsInvariant = (e: Expr) => boolean

/* Products that one is taken apart into, and what is passed on the way to them: with more of them there is no sweep to be saved. */
const most = 100

/** a^H x by what transforms in x are given; undefined if x is not made by any. */
const advanced = (a: Expr, x: Expr, isInvariant: IsInvariant): Expr | undefined => {
  let left = most
  const through = (a: Expr, x: Expr): Expr | undefined => {
    const [p, q] = x.args
    if (p === undefined || left-- <= 0) return undefined
    switch (x.op) {
      case 'apply': {
        const [chain, u] = [factors(p), required(q, 'a vector')]
        const before = applyFactors(chain.map(adjointFactor).reverse(), a)
        return chain.every(f => f.op === 'permute') ? through(before, u) : dot(before, u)
      }
      case 'neg':
        return through(neg(a), p)
      case 'mul': {
        const factor = [p, q!].find(isInvariant)
        return factor && through(mul(conj(factor), a), factor === p ? q! : p)
      }
      case 'add':
      case 'sub': {
        // A sum of multiples of invariants alone is not made by a transform.
        if ([p, q!].every(y => asMultiple(y, isInvariant) !== undefined)) return undefined
        const [first, second] = [p, q!].map(y => through(a, y) ?? multiple(a, y, isInvariant))
        if (first === undefined || second === undefined) return undefined
        return x.op === 'add' ? add(first, second) : sub(first, second)
      }
      default:
        return undefined
    }
  }
  return through(a, x)
}

/** a^H x of an x that is a number times an invariant. */
const multiple = (a: Expr, x: Expr, isInvariant: IsInvariant): Expr | undefined => {
  const found = asMultiple(x, isInvariant)
  return found && mul(found.s, dot(a, found.v))
}

/** s v for a number s, with sums in s written as sums of vectors and invariants in it moved to v. */
const distributed = (s: Expr, v: Expr, isInvariant: IsInvariant): Expr => {
  let left = most
  const over = (s: Expr, v: Expr): Expr => {
    const [p, q] = s.args
    if (left-- > 0)
      switch (s.op) {
        case 'add':
        case 'sub': {
          const [first, second] = [over(p!, v), over(q!, v)]
          return s.op === 'add' ? add(first, second) : sub(first, second)
        }
        case 'neg':
          return over(p!, neg(v))
        case 'mul': {
          const factor = [p!, q!].find(isInvariant)
          if (factor === undefined) break
          const repeated = broadcast(factor, tensorType(v).shape)
          return over(factor === p ? q! : p!, mul(repeated, v))
        }
      }
    return mul(broadcast(s, tensorType(v).shape), v)
  }
  return over(s, v)
}

/** A number times an invariant vector, if that is what it is. */
const asMultiple = (x: Expr, isInvariant: IsInvariant): Multiple | undefined => {
  if (x.op !== 'mul' || tensorType(x).field !== 'complex') return undefined
  for (const [y, v] of [x.args, [...x.args].reverse()]) {
    const s = repeatedScalar(required(y, 'a factor'))
    if (s !== undefined && !isInvariant(s) && isInvariant(required(v, 'a factor'))) return { s, v: v! }
  }
  return undefined
}

const advanceIn = (body: Func, invariants: number, tell: Tell): Func => {
  const isInvariant = invariantIn(body, invariants)
  return func(
    body.params,
    rewrite(body.results, e => {
      const found = asMultiple(e, isInvariant)
      if (found !== undefined)
        return changed(e, distributed(found.s, found.v, isInvariant), '(p − s c) v = p v − s (c v)', tell)
      // No transform makes real numbers.
      if (e.op !== 'dot' || tensorType(e).field === 'real') return e
      const [a, b] = [required(e.args[0], 'a vector'), required(e.args[1], 'a vector')]
      if (isInvariant(a) && !isInvariant(b)) return changed(e, advanced(a, b, isInvariant) ?? e, rule, tell)
      if (!isInvariant(b) || isInvariant(a)) return e
      const mirrored = advanced(b, a, isInvariant)
      return changed(e, mirrored === undefined ? e : conj(mirrored), rule, tell)
    }),
  )
}

const rule = 'a^H U x = (U^H a)^H x'

/** Inner products with what multiples of invariants are added to, where that is at hand without them. */
const separateIn = (body: Func, invariants: number, tell: Tell): Func => {
  const isInvariant = invariantIn(body, invariants)
  // A number that is an inner product itself would have to be there before the other is complete.
  const waiting = new Set<Expr>()
  const walked = new Set<Expr>()
  const isGiven = (s: Expr): boolean => {
    for (const e of postorderBy([s], x => (walked.has(x) ? [] : x.args))) {
      walked.add(e)
      if ((e.op === 'dot' && !isInvariant(e)) || e.args.some(a => waiting.has(a))) waiting.add(e)
    }
    return !waiting.has(s)
  }
  const apart = (a: Expr, x: Expr): Expr | undefined => {
    const { rest, multiples } = separated(x, isInvariant)
    if (multiples.length === 0 || !multiples.every(m => isGiven(m.s))) return undefined
    if (rest !== undefined && !postorder([x]).includes(rest)) return undefined
    const all = multiples.map(({ s, v }) =>
      product(s, dot(a, tensorType(v).field === 'real' ? toComplex(v) : v)),
    )
    return (rest === undefined ? all : [dot(a, rest), ...all]).reduce(add)
  }
  return func(
    body.params,
    rewrite(body.results, e => {
      if (e.op !== 'dot' || tensorType(e).field === 'real') return e
      const [a, x] = [required(e.args[0], 'a vector'), required(e.args[1], 'a vector')]
      if (isInvariant(a) === isInvariant(x)) return e
      const found = isInvariant(a) ? apart(a, x) : apart(x, a)
      if (found === undefined) return e
      return changed(e, isInvariant(a) ? found : conj(found), 'a^H (x + s v) = a^H x + s (a^H v)', tell)
    }),
  )
}

const inLoops = (f: Func, tell = silent): Func =>
  func(
    f.params,
    rewrite(f.results, e => {
      if (e.op !== 'scan') return e
      const { body, invariants } = e.attributes
      const inner = inLoops(body, tell)
      const told: Parameters<Tell>[] = []
      const advanced = advanceIn(inner, invariants, (...rule) => told.push(rule))
      const isBetter = sweeps(advanced, invariants) < sweeps(inner, invariants)
      if (isBetter) for (const rule of told) tell(...rule)
      return node('scan', e.args, {
        ...e.attributes,
        body: separateIn(isBetter ? advanced : inner, invariants, tell),
      })
    }),
  )

export const advanceProducts: Pass = {
  name: 'advanceProducts',
  summary: 'inner products of what a transform makes are taken of what it is given',
  run: inLoops,
}
