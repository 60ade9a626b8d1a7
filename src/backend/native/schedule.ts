/**
 * An order for the nodes of one block (a segment, or a loop's body), in units: a single instruction's node, or a
 * cluster of pointwise nodes over equally many elements that one `map` computes. Whatever a cluster's nodes need
 * from outside is computed before it, since clusters are runs of the order itself.
 */
import type { Expr } from '../../ir/expr.ts'
import { tensorType } from '../../ir/expr.ts'
import { isPointwise } from '../../ir/ops.ts'
import { elements } from '../../ir/type.ts'

export type Unit =
  | { readonly kind: 'cluster'; readonly nodes: readonly Expr[] }
  | { readonly kind: 'single'; readonly node: Expr }

/** Keeps one map's registers in the first-level cache. */
const largestCluster = 64

/**
 * `nodes`: those to be computed, operands first. `operands`: which nodes one needs, seen through those that are
 * no instruction of their own. `alone`: pointwise ones that are single instructions nevertheless.
 */
export const schedule = (
  nodes: readonly Expr[],
  operands: (e: Expr) => readonly Expr[],
  alone: (e: Expr) => boolean,
): readonly Unit[] => {
  const clusters = (e: Expr): boolean => isPointwise(e.op) && !alone(e)
  const inBlock = new Set(nodes)
  const users = new Map<Expr, Expr[]>(nodes.map(e => [e, []]))
  const missing = new Map<Expr, number>()
  for (const e of nodes) {
    const needs = [...new Set(operands(e))].filter(a => inBlock.has(a))
    missing.set(e, needs.length)
    for (const a of needs) users.get(a)!.push(e)
  }
  const position = new Map(nodes.map((e, i) => [e, i]))
  let ready = nodes.filter(e => missing.get(e) === 0)
  const units: Unit[] = []
  let left = nodes.length

  const take = (e: Expr): void => {
    left--
    ready = ready.filter(r => r !== e)
    for (const u of users.get(e)!) {
      missing.set(u, missing.get(u)! - 1)
      if (missing.get(u) === 0) ready.push(u)
    }
    ready.sort((a, b) => position.get(a)! - position.get(b)!)
  }
  const count = (e: Expr): number => elements(tensorType(e).shape)

  while (left > 0) {
    // Instructions of their own first: what they give lets later clusters grow.
    const single = ready.find(e => !clusters(e))
    if (single !== undefined) {
      take(single)
      units.push({ kind: 'single', node: single })
      continue
    }
    const seed = ready[0]!
    const cluster: Expr[] = []
    for (
      let next: Expr | undefined = seed;
      next !== undefined && cluster.length < largestCluster;
      next = ready.find(e => clusters(e) && count(e) === count(seed))
    ) {
      cluster.push(next)
      take(next)
    }
    units.push({ kind: 'cluster', nodes: cluster })
  }
  return units
}
