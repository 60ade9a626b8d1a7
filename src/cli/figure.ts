/** One panel of the report: a run's loss against training examples, after figure 1 of Arjovsky, Shah, Bengio (2016). */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

export interface Point {
  /** Training examples seen. */
  readonly examples: number
  readonly loss: number
}

export interface Panel {
  readonly title: string
  readonly lossName: string
  readonly baseline: number
  readonly target: number | undefined
  /** The loss of each training batch. */
  readonly training: readonly Point[]
  readonly heldOut: readonly Point[]
}

export const colours = {
  training: '#a9c4de',
  heldOut: '#0b4f8a',
  baseline: '#555',
  target: '#1a7f37',
} as const

/** More points than this are not told apart at a panel's width. */
const mostPoints = 600

/* Every k-th point, and the last. */
const thinned = (points: readonly Point[]): readonly Point[] => {
  const k = Math.ceil(points.length / mostPoints)
  return k <= 1 ? points : points.filter((_, i) => i % k === 0 || i === points.length - 1)
}

/** How far above the baseline the axis goes: the loss before the first step is far off and falls within a few. */
const headroom = 2

/** The panel as SVG, complete in itself. */
export const panelSvg = (panel: Panel): string => {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const top = headroom * panel.baseline
  const last = Math.max(1, ...[...panel.training, ...panel.heldOut].map(p => p.examples))
  const inThousands = last >= 10_000
  const x = (p: Point): number => (inThousands ? p.examples / 1000 : p.examples)
  const horizontal = (y: number, stroke: string, dashes: string) =>
    Plot.ruleY([y], { stroke, strokeDasharray: dashes, strokeWidth: 1.5 })
  const curve = (points: readonly Point[], stroke: string, strokeWidth: number) =>
    Plot.line(thinned(points), { x, y: 'loss', stroke, strokeWidth, clip: true })
  const svg = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions['document']>,
    width: 480,
    height: 300,
    marginLeft: 52,
    marginBottom: 40,
    style: { fontSize: '12px', background: 'white', fontFamily: 'system-ui, sans-serif' },
    x: {
      label: inThousands ? 'training examples (thousands)' : 'training examples',
      domain: [0, inThousands ? last / 1000 : last],
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: 6,
    },
    y: { label: panel.lossName, domain: [0, top], grid: true, ticks: 6, labelArrow: 'none' },
    marks: [
      curve(panel.training, colours.training, 1),
      horizontal(panel.baseline, colours.baseline, '6 4'),
      ...(panel.target === undefined ? [] : [horizontal(panel.target, colours.target, '2 3')]),
      curve(panel.heldOut, colours.heldOut, 2),
      Plot.dot(
        panel.heldOut.filter(p => p.loss <= top),
        { x, y: 'loss', r: panel.heldOut.length > 60 ? 0 : 2.5, fill: colours.heldOut },
      ),
      Plot.ruleY([0]),
    ],
  })
  // what linkedom leaves out and a stand-alone SVG needs
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', `${panel.title}: ${panel.lossName} against training examples`)
  return svg.outerHTML
}
