/**
 * Values that are computed again where they are read instead of being kept. A *light* node is pointwise and needs, by way of
 * such nodes alone, nothing but what was there before the block began. Where several programs read light nodes, each of
 * them can compute them for itself from the same operands: that is worth it where the numbers kept would be more than
 * those read and the operations done again.
 */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { isPointwise, type Op } from '../../ir/ops.ts'
import { postorderBy } from '../../ir/order.ts'
import { width } from '../../ir/type.ts'
import { type Program, programsOf, type Surroundings, withPrograms } from './programs.ts'
import { countOf, largestCluster, type Unit } from './schedule.ts'

/* What an element costs, in the time in which one real number of it is read. Beside transforms, numbers are written far apart. */
const writing = 3
const readingUniform = 0.5
const operation = 0.3
const slow: { readonly [K in Op]?: number } = { abs: 3, pinv: 3, div: 3, sqrt: 3 }
const transcendental = 20
const functions: ReadonlySet<Op> = new Set<Op>(['exp', 'log', 'sin', 'cos', 'tanh', 'sigmoid'])

const reading = (e: Expr): number =>
  tensorType(e).rate === 'uniform' ? readingUniform : width(tensorType(e).field)
const computing = (e: Expr): number =>
  functions.has(e.op) ? transcendental : (slow[e.op] ?? operation * width(tensorType(e).field))

/** The units with light nodes added to the programs that read them, and the nodes that are therefore not kept. */
export const recompute = (
  units: readonly Unit[],
  { needs, users, isResult }: Surroundings,
): { readonly units: readonly Unit[]; readonly recomputed: ReadonlySet<Expr> } => {
  const programs = units.flatMap(programsOf)
  const home = new Map<Expr, Program>()
  for (const p of programs) for (const e of p.nodes) home.set(e, p)
  const programsWith = new Map<Expr, Program[]>()
  for (const p of programs)
    for (const e of p.own) {
      const known = programsWith.get(e)
      if (known === undefined) programsWith.set(e, [p])
      else known.push(p)
    }
  /** Light nodes, and how long a chain of such ends with each. None is longer than a program. */
  const light = new Map<Expr, number>()
  for (const { nodes } of programs)
    for (const e of nodes) {
      if (!isPointwise(e.op) || countOf(e) === 1) continue
      const length = needs(e).reduce((longest, n) => Math.max(longest, 1 + (light.get(n.node) ?? 0)), 1)
      if (length > largestCluster) continue
      if (needs(e).every(n => !n.late && light.has(n.node) && countOf(n.node) === countOf(e)))
        light.set(e, length)
    }
  /** What a light node is made of, itself included. */
  const chainOf = (e: Expr): readonly Expr[] => postorderBy([e], x => needs(x).map(n => n.node))
  const readsOf = (chain: readonly Expr[]): readonly Expr[] =>
    chain.flatMap(x => x.args.filter(a => !light.has(a) && a.op !== 'constant'))
  const programsReading = (e: Expr): readonly Program[] | undefined => {
    const reading = users(e).map(u => programsWith.get(u) ?? [])
    return isResult(e) || reading.some(of => of.length === 0) ? undefined : [...new Set(reading.flat())]
  }
  /** Light nodes that would be kept, by the vectors that they are made of. */
  const groups = new Map<string, { readonly e: Expr; readonly others: readonly Program[] }[]>()
  for (const e of light.keys()) {
    const others = programsReading(e)?.filter(p => p !== home.get(e)) ?? []
    if (others.length === 0) continue
    const key = [...new Set(readsOf(chainOf(e)))]
      .filter(x => tensorType(x).rate === 'varying')
      .map(x => x.id)
      .sort()
      .join()
    groups.set(key, [...(groups.get(key) ?? []), { e, others }])
  }
  const added = new Map<Program, Set<Expr>>()
  const recomputed = new Set<Expr>()
  for (const group of groups.values()) {
    const kept = group.reduce(
      (sum, { e, others }) => sum + width(tensorType(e).field) * (writing + others.length),
      0,
    )
    const again = new Map<Program, { readonly nodes: Set<Expr>; readonly reads: Set<Expr> }>()
    for (const { e, others } of group)
      for (const p of others) {
        const at = again.get(p) ?? { nodes: new Set(), reads: new Set() }
        again.set(p, at)
        const chain = chainOf(e)
        for (const x of chain) if (!p.own.has(x)) at.nodes.add(x)
        for (const x of readsOf(chain)) if (!p.nodes.some(y => y.args.includes(x))) at.reads.add(x)
      }
    const cost = [...again.values()].reduce(
      (sum, { nodes, reads }) =>
        sum +
        [...nodes].reduce((s, e) => s + computing(e), 0) +
        [...reads].reduce((s, e) => s + reading(e), 0),
      0,
    )
    if (cost >= kept) continue
    for (const { e } of group) recomputed.add(e)
    for (const [p, { nodes }] of again) added.set(p, new Set([...(added.get(p) ?? []), ...nodes]))
  }
  /** What a program gained stands before what reads it, which may be what it reads itself of the program's. */
  const grown = (p: Program): readonly Expr[] => {
    const more = added.get(p)
    if (more === undefined) return p.nodes
    const all = new Set([...p.nodes, ...more])
    return postorderBy([...all], x => needs(x).flatMap(n => (all.has(n.node) ? [n.node] : [])))
  }
  return { recomputed, units: withPrograms(units, programs.map(grown)) }
}
