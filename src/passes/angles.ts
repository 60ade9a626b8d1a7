/** Angles of phases, permuted and added up so that opposite ones are seen to cancel. */
import { add, apply, neg, permute, re, toComplex, zerosLike } from '../ir/build.ts'
import type { Expr } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { composed, isIdentity, type Permutation } from '../ir/permutation.ts'

/** ±Π a, where a is itself neither a sum nor permuted; none for Π = 1. */
interface Term {
  readonly angles: Expr
  readonly permutation: Permutation | undefined
  readonly negated: boolean
}

/** The real vector permuted: the op is one on complex vectors. */
export const permuted = (permutation: Permutation, angles: Expr): Expr =>
  isIdentity(permutation) ? angles : re(apply(permute(permutation), toComplex(angles)))

/** What `permuted` made. */
const unpermuted = (e: Expr): { readonly permutation: Permutation; readonly angles: Expr } | undefined => {
  const turned = e.op === 're' ? e.args[0] : undefined
  const [u, x] = turned?.op === 'apply' ? turned.args : []
  return u?.op === 'permute' && x?.op === 'complex' && x.args[1]?.op === 'constant'
    ? { permutation: u.attributes.permutation, angles: required(x.args[0], 'angles') }
    : undefined
}

/** Π t. */
const turned = (π: Permutation, t: Term): Term => {
  const all = t.permutation === undefined ? π : composed(π, t.permutation)
  return { ...t, permutation: isIdentity(all) ? undefined : all }
}

/* A sum of sums of … the same has a term for every path through it: no further than this. */
const deepest = 10

const terms = (e: Expr, depth = 0): readonly Term[] => {
  const whole: readonly Term[] = [{ angles: e, permutation: undefined, negated: false }]
  if (depth === deepest) return whole
  const within = (i: number): readonly Term[] => terms(required(e.args[i], 'angles'), depth + 1)
  const opposite = (t: Term): Term => ({ ...t, negated: !t.negated })
  if (e.op === 'add') return [...within(0), ...within(1)]
  if (e.op === 'sub') return [...within(0), ...within(1).map(opposite)]
  if (e.op === 'neg') return within(0).map(opposite)
  if (e.op === 'constant' && e.attributes.re === 0) return []
  const inner = unpermuted(e)
  if (inner !== undefined) return terms(inner.angles, depth + 1).map(t => turned(inner.permutation, t))
  return whole
}

const same = (π: Permutation | undefined, σ: Permutation | undefined): boolean =>
  π === undefined || σ === undefined ? π === σ : π.every((j, i) => j === σ[i])

const cancels = (s: Term, t: Term): boolean =>
  s.angles === t.angles && s.negated !== t.negated && same(s.permutation, t.permutation)

export const areZero = (angles: Expr): boolean => terms(angles).length === 0

/** a + b, less what cancels; 0 if all of it does. */
export const total = (a: Expr, b: Expr): Expr => {
  const all = [...terms(a), ...terms(b)]
  const left: Term[] = []
  for (const t of all) {
    const at = left.findIndex(k => cancels(k, t))
    if (at < 0) left.push(t)
    else left.splice(at, 1)
  }
  if (left.length === all.length) return add(a, b)
  const written = left.map(({ angles, permutation, negated }) => {
    const moved = permutation === undefined ? angles : permuted(permutation, angles)
    return negated ? neg(moved) : moved
  })
  return written.length === 0 ? zerosLike(a) : written.reduce(add)
}
