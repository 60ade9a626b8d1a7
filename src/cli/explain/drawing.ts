/** A graph as SVG: boxes laid out in layers. */
import { Graph as Layout, layout } from '@dagrejs/dagre'
import { escapeHtml } from '../html.ts'
import type { Arrow, Box, Graph } from './graph.ts'

const character = 7.3
const lineHeight = 16
const padding = 9
const margin = 12

interface Placed {
  readonly svg: string
  readonly width: number
  readonly height: number
}

const sizeOf = ({ lines }: Box): { readonly width: number; readonly height: number } => ({
  width: Math.max(...lines.map(l => [...l].length)) * character + 2 * padding,
  height: lines.length * lineHeight + 2 * padding - 6,
})

const boxSvg = (box: Box, x: number, y: number, link: string | undefined): string => {
  const { width, height } = sizeOf(box)
  const [left, top] = [x - width / 2, y - height / 2]
  const round = box.kind === 'input' || box.kind === 'result' ? height / 2 : 4
  const text = box.lines
    .map(
      (line, i) =>
        `<text x="${x.toFixed(1)}" y="${(top + padding + 9 + i * lineHeight).toFixed(1)}">${escapeHtml(line)}</text>`,
    )
    .join('')
  const drawn =
    `<g class="box ${box.kind} ${box.chain ?? ''}"><title>${escapeHtml(box.hover)}</title>` +
    `<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" rx="${round.toFixed(1)}"/>${text}</g>`
  return link === undefined ? drawn : `<a href="#${escapeHtml(link)}">${drawn}</a>`
}

const arrowSvg = (arrow: Arrow, points: readonly { readonly x: number; readonly y: number }[]): string => {
  const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
  const middle = points[Math.floor(points.length / 2)]
  const label =
    arrow.label === undefined || middle === undefined
      ? ''
      : `<text class="label" x="${middle.x.toFixed(1)}" y="${(middle.y - 2).toFixed(1)}">${escapeHtml(arrow.label)}</text>`
  return `<path class="arrow${arrow.chain ? ' chain' : ''}" d="${path}"/>${label}`
}

const place = (graph: Graph, direction: 'TB' | 'LR', linkOf: (box: Box) => string | undefined): Placed => {
  const g = new Layout({ multigraph: true })
  g.setGraph({ rankdir: direction, nodesep: 14, ranksep: 28, edgesep: 8, marginx: margin, marginy: margin })
  g.setDefaultEdgeLabel(() => ({}))
  for (const box of graph.boxes) g.setNode(box.id, sizeOf(box))
  for (const [k, a] of graph.arrows.entries())
    g.setEdge(
      a.from,
      a.to,
      a.label === undefined ? {} : { width: [...a.label].length * 6.2, height: 12, labelpos: 'c' },
      `${k}`,
    )
  layout(g)
  const arrows = graph.arrows.map((a, k) => arrowSvg(a, g.edge(a.from, a.to, `${k}`)?.points ?? []))
  const boxes = graph.boxes.map(box => {
    const { x = 0, y = 0 } = g.node(box.id)
    return boxSvg(box, x, y, linkOf(box))
  })
  const { width = 0, height = 0 } = g.graph()
  return { svg: [...arrows, ...boxes].join('\n'), width, height }
}

/** Wider than this a drawing has to be scrolled. */
const screen = 1500

/** The graph drawn; `linkOf`: the place on the page that a box leads to. */
export const drawing = (graph: Graph, linkOf: (box: Box) => string | undefined): string => {
  const down = place(graph, 'TB', linkOf)
  const across = down.width <= screen ? down : place(graph, 'LR', linkOf)
  const { svg, width, height } = across.width < down.width ? across : down
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img">\n${svg}\n</svg>`
}
