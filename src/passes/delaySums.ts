/**
 * A sum over a loop's steps takes a term at the step that follows, if all that the term is made of is handed over to it:
 *
 *     Σ_t T(z[t], h[t])  as  Σ_t T(z[t−1], h[t−1]), and the last one behind the loop
 *
 * for a carry h, and a z[t] that the step reads as an entry of one sequence and the next as one of another. The first step adds
 * T(z, 0) = 0. A loop is left as it is where a step would cost as much: the gradient of a phase wants modReLU of the state
 * before, which the next step has taken anyway.
 */
import { add, get, isZero, reshape, scan, slice } from '../ir/build.ts'
import { argument, type Expr, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { sameType } from '../ir/type.ts'
import { deeply, remade, rewrite } from '../ir/walk.ts'
import { cost } from './cost.ts'
import { handed } from './handed.ts'
import { type Pass, silent, type Tell } from './pass.ts'
import { type Replacement, replaceLoops } from './replaceLoops.ts'

type Loop = Expr<'scan'>

const param = ({ attributes: { body } }: Loop, i: number): Expr =>
  argument(i, required(body.params[i], 'a parameter').type)

/* 0 if an operand is, or if all are. */
const products: ReadonlySet<Op> = new Set<Op>(['mul', 'scale', 'dot'])
const sums: ReadonlySet<Op> = new Set<Op>([
  'add',
  'sub',
  'complex',
  'neg',
  'conj',
  're',
  'im',
  'broadcast',
  'sum',
])

/* Infinite, or no number, at some numbers: the first of these on both fields, the others beside the real axis. */
const singular: ReadonlySet<Op> = new Set<Op>(['log', 'div', 'exp', 'scan'])
const singularOfComplex: ReadonlySet<Op> = new Set<Op>(['sin', 'cos', 'tanh', 'sigmoid'])
const isSingular = (e: Expr): boolean =>
  singular.has(e.op) ||
  (singularOfComplex.has(e.op) && e.type.kind === 'tensor' && e.type.field === 'complex')

/** Whether `x` is 0 where all of `zeros` are: what they are multiplied by is a number, whatever it is made of. */
const vanishes = (x: Expr, zeros: ReadonlySet<Expr>): boolean => {
  const found = new Set<Expr>(zeros)
  for (const e of postorder([x])) {
    if (isSingular(e)) return false
    const isNothing = (a: Expr): boolean => found.has(a)
    if (products.has(e.op) ? e.args.some(isNothing) : sums.has(e.op) && e.args.every(isNothing)) found.add(e)
  }
  return found.has(x)
}

/** The loop with carry k's term a step later, and what stands for that carry's last value. */
const delayed = (e: Loop, k: number): { readonly loop: Loop; readonly total: Expr } | undefined => {
  const { body, invariants, carries, length, reverse } = e.attributes
  const own = param(e, invariants + k)
  const next = required(body.results[k], 'a carry')
  const term = next.op === 'add' && next.args.includes(own) ? next.args.find(a => a !== own) : undefined
  if (term === undefined) return undefined
  const readers = postorder(body.results).filter(x => x.args.includes(own) || x.args.includes(next))
  const isRead = readers.length > 1 || body.results.some((r, i) => r === own || (r === next && i !== k))
  if (isRead) return undefined

  /** The parameters that the next step has what this one makes, or reads, as. */
  const later = new Map<Expr, Expr>()
  const carried = new Map<Expr, number>()
  for (let i = invariants; i < body.params.length; i++) {
    const there = param(e, i)
    const of = handed(e, there)
    // What does not vary is not made of what does.
    if (of === undefined || i === invariants + k || !sameType(of.next.type, there.type)) continue
    later.set(of.next, there)
    if (i < invariants + carries) carried.set(of.next, i - invariants)
  }
  const isInvariant = (x: Expr): boolean => x.op === 'arg' && x.attributes.index < invariants
  const used = new Set<number>()
  const moved = remade(term, x => {
    const of = carried.get(x)
    if (of !== undefined) used.add(of)
    return later.get(x) ?? (isInvariant(x) ? x : undefined)
  })
  if (moved === undefined || used.size === 0) return undefined
  const begins = [...used].map(i => invariants + i)
  if (!begins.every(i => isZero(required(e.args[i], 'an initial carry')))) return undefined
  if (!vanishes(moved, new Set(begins.map(i => param(e, i))))) return undefined
  const results = body.results.map((r, i) => (i === k ? add(own, moved) : r))
  const after = func(body.params, results)
  if (cost(after).flops >= cost(body).flops) return undefined

  const loop = scan(e.args, { ...e.attributes, body: after }) as Loop
  const last = remade(term, x => {
    const of = carried.get(x)
    if (of !== undefined) return get(loop, of)
    if (x.op !== 'arg') return undefined
    const given = required(e.args[x.attributes.index], 'an argument')
    return x.attributes.index < invariants
      ? given
      : reshape(slice(given, reverse ? 0 : length - 1, 1), tensorType(x).shape)
  })
  return { loop, total: add(get(loop, k), required(last, 'the last term')) }
}

const delayAll = (e: Loop, tell: Tell): Replacement | undefined => {
  let loop = e
  let items: readonly Expr[] = e.attributes.body.results.map((_, i) => get(e, i))
  for (let k = 0; k < e.attributes.carries; k++) {
    const before = loop
    const of = delayed(before, k)
    if (of === undefined) continue
    tell('Σ_t T(h[t]) = Σ_t T(h[t−1]) + T, a sum')
    items = rewrite(items, x => (x === before ? of.loop : x)).map((x, i) => (i === k ? of.total : x))
    loop = of.loop
  }
  return loop === e ? undefined : { loop, items }
}

export const delaySums: Pass = {
  name: 'delaySums',
  summary: 'sums over a loop’s steps take terms at the step that has what they are made of',
  run: (f, tell = silent) => deeply(f, g => replaceLoops(g, loop => delayAll(loop, tell))),
}
