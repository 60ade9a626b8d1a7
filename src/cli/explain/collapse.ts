/**
 * What keeps a large graph readable: values that serve one group of results alone become one box with them, and where that
 * is not enough, so do those that the loops are given.
 */
import type { Arrow, Box, Graph } from './graph.ts'

/** Graphs of more boxes than this are collapsed. */
const most = 60

/** The groups of results that each box is on a way to. */
const served = (
  { boxes, arrows }: Graph,
  groupOf: (box: Box) => string,
): ReadonlyMap<string, ReadonlySet<string>> => {
  const into = new Map<string, string[]>()
  for (const { from, to } of arrows) into.set(to, [...(into.get(to) ?? []), from])
  const found = new Map<string, Set<string>>(boxes.map(b => [b.id, new Set<string>()]))
  for (const result of boxes) {
    if (result.kind !== 'result') continue
    const group = groupOf(result)
    const rest = [result.id]
    for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
      const groups = found.get(id)
      if (groups === undefined || groups.has(group)) continue
      groups.add(group)
      rest.push(...(into.get(id) ?? []))
    }
  }
  return found
}

/** Boxes that a loop leads to, and the loops. */
const behindLoops = ({ boxes, arrows }: Graph): ReadonlySet<string> => {
  const out = new Map<string, string[]>()
  for (const { from, to } of arrows) out.set(from, [...(out.get(from) ?? []), to])
  const found = new Set<string>()
  const rest = boxes.filter(b => b.kind === 'loop').map(b => b.id)
  for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
    if (found.has(id)) continue
    found.add(id)
    rest.push(...(out.get(id) ?? []))
  }
  return found
}

const together = (id: string, members: readonly Box[]): Box => {
  const results = members.filter(b => b.kind === 'result')
  const values = members.length - results.length
  const what = results.length === 0 ? `${values} values before the loops` : `from ${values} values`
  return {
    id,
    kind: results.length === 0 ? 'value' : 'result',
    lines: [...results.map(r => r.lines[0] ?? ''), ...(values === 0 ? [] : [what])],
    hover: members.map(b => b.lines.join(' ')).join('\n'),
    chain: undefined,
  }
}

/** The graph with one box for all that `memberOf` gives the same name. */
const merged = (graph: Graph, memberOf: (box: Box) => string | undefined): Graph => {
  const members = new Map<string, Box[]>()
  const place = new Map<string, string>()
  for (const box of graph.boxes) {
    const group = memberOf(box)
    if (group !== undefined) members.set(group, [...(members.get(group) ?? []), box])
    place.set(box.id, group ?? box.id)
  }
  const moved: readonly Arrow[] = graph.arrows
    .map(a => ({ ...a, from: place.get(a.from) ?? a.from, to: place.get(a.to) ?? a.to }))
    .filter(a => a.from !== a.to)
  // one arrow from box to box: that it carries many values the hover tells
  const arrows = [...new Map(moved.map(a => [`${a.from} > ${a.to}`, a])).values()].map(({ label, ...a }) => ({
    ...a,
    ...(label === undefined || moved.filter(b => b.from === a.from && b.to === a.to).length > 1
      ? {}
      : { label }),
  }))
  return {
    boxes: [
      ...graph.boxes.filter(b => memberOf(b) === undefined),
      ...[...members].map(([id, of]) => together(id, of)),
    ],
    arrows,
  }
}

/** The graph, or, where it is large, one with a box for each group of results and all that only they need. */
export const collapsed = (graph: Graph, groupOf: (box: Box) => string): Graph => {
  if (graph.boxes.length <= most) return graph
  const groups = served(graph, groupOf)
  const byResults = merged(graph, box => {
    const [group, ...others] = groups.get(box.id) ?? []
    const isMember = box.kind === 'result' || (box.kind === 'value' && others.length === 0)
    return isMember && group !== undefined ? `group ${group}` : undefined
  })
  if (byResults.boxes.length <= most) return byResults
  const behind = behindLoops(byResults)
  const isGiven = (box: Box): boolean => box.kind === 'value' && !behind.has(box.id)
  return behind.size === 0 ? byResults : merged(byResults, box => (isGiven(box) ? 'before' : undefined))
}
