/**
 * The order of a codelet's operations. First by bisection, which needs few registers whatever their number: the
 * operations nearer to the loads before those nearer to the stores, the parts that fall apart one after the
 * other, and so on within each part. Then improved for the number of registers there is, by moves of single
 * operations that lower the traffic with memory.
 */

import { improve } from './improve.ts'
import type { Operation } from './operations.ts'
import { type Graph, graph } from './order.ts'

/** The vertices in groups that no edge joins, in the order of their first members. */
const components = (g: Graph, members: readonly number[]): number[][] => {
  const within = new Set(members)
  const seen = new Set<number>()
  return members.flatMap(start => {
    if (seen.has(start)) return []
    const group: number[] = []
    const pending = [start]
    seen.add(start)
    for (let v = pending.pop(); v !== undefined; v = pending.pop()) {
      group.push(v)
      for (const next of [...g.before[v]!, ...g.after[v]!]) {
        if (!within.has(next) || seen.has(next)) continue
        seen.add(next)
        pending.push(next)
      }
    }
    return [group.sort((a, b) => a - b)]
  })
}

/** The sources' half: what all operands of are in it, and the sinks' half likewise, by turns. */
const nearSources = (g: Graph, members: readonly number[]): Set<number> => {
  const undecided = new Set(members)
  const red = new Set<number>()
  const blue = new Set<number>()
  const grow = (half: Set<number>, edges: readonly (readonly number[])[]): void => {
    const grown = [...undecided].filter(v => edges[v]!.every(u => half.has(u) || !within.has(u)))
    for (const v of grown) {
      undecided.delete(v)
      half.add(v)
    }
  }
  const within = new Set(members)
  while (undecided.size > 0) {
    grow(red, g.before)
    grow(blue, g.after)
  }
  return red
}

const bisect = (g: Graph, members: readonly number[]): number[] => {
  const groups = components(g, members)
  if (groups.length > 1) return groups.flatMap(group => bisect(g, group))
  if (members.length < 2) return [...members]
  const red = nearSources(g, members)
  return [
    ...bisect(
      g,
      members.filter(v => red.has(v)),
    ),
    ...bisect(
      g,
      members.filter(v => !red.has(v)),
    ),
  ]
}

export const scheduled = (operations: readonly Operation[], effort: number): Operation[] => {
  const g = graph(operations)
  const order = bisect(
    g,
    operations.map((_, v) => v),
  )
  return improve(g, order, effort).map(v => operations[v]!)
}
