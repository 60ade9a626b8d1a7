/** One panel of a figure as SVG: a curve for each model, its axes named, the baseline dashed. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { ModelName } from '../../models/registry.ts'

/** A point of a curve; with several seeds their mean, least and greatest. */
export interface Point {
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
}

export interface Curve {
  readonly model: Series
  readonly points: readonly Point[]
}

export interface Chart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly curves: readonly Curve[]
  /** Height of a dashed line. */
  readonly baseline?: number
  /** What the y axis spans; else what the curves do. */
  readonly range?: readonly [number, number]
  readonly logarithmic?: boolean
  /** For a chart without curves. */
  readonly empty?: string
}

/** What has a colour of its own: a model, or the uRNN trained in another way than the paper's. */
export type Series = ModelName | 'urnn, falling rate'

export const chartWidth = 440
export const chartHeight = 290

/** One colour a model, of equal weight, told apart also by readers who do not see red and green apart. */
export const colours: { readonly [K in Series]: string } = {
  urnn: '#0072b2',
  'urnn, falling rate': '#56b4e9',
  lstm: '#d55e00',
  rnn: '#009e73',
  irnn: '#aa4499',
}
export const labels: { readonly [K in Series]: string } = {
  urnn: 'uRNN',
  'urnn, falling rate': 'uRNN, falling rate',
  lstm: 'LSTM',
  rnn: 'RNN',
  irnn: 'IRNN',
}
export const baselineColour = '#444'

/** More points than this are not told apart at a chart's width. */
const mostPoints = 400

const thinned = (points: readonly Point[]): readonly Point[] => {
  const k = Math.ceil(points.length / mostPoints)
  return k <= 1 ? points : points.filter((_, i) => i % k === 0 || i === points.length - 1)
}

/** Decades that a logarithmic axis goes down at most: below is rounding. */
const mostDecades = 14

/* What a logarithmic axis spans: whole decades. */
const decades = (values: readonly number[]): readonly [number, number] => {
  const positive = values.filter(v => v > 0 && Number.isFinite(v))
  if (positive.length === 0) return [0.1, 1]
  const high = Math.ceil(Math.log10(Math.max(...positive)))
  const low = Math.floor(Math.log10(Math.min(...positive)))
  return [10 ** Math.max(low, high - mostDecades), 10 ** (high > low ? high : high + 1)]
}

/* Room above the highest curve. */
const spanned = (values: readonly number[]): readonly [number, number] => {
  const finite = values.filter(Number.isFinite)
  const most = finite.length === 0 ? 1 : Math.max(...finite)
  return [Math.min(0, ...finite), most > 0 ? 1.05 * most : 1]
}

/** The chart, without its title. */
export const chartSvg = (chart: Chart): string => {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const points = chart.curves.flatMap(c => c.points)
  const [bottom, top] =
    chart.range ?? (chart.logarithmic === true ? decades : spanned)(points.flatMap(p => [p.low, p.high]))
  const isDrawn = (p: Point): boolean => Number.isFinite(p.y) && (chart.logarithmic !== true || p.y > 0)
  // What is off the scale is held just beyond its edge: coordinates stay numbers that every viewer takes.
  const held = (y: number): number => {
    const margin = chart.logarithmic === true ? 0 : top - bottom
    return Math.min(Math.max(y, chart.logarithmic === true ? bottom : bottom - margin), top + margin)
  }
  const last = Math.max(1, ...points.map(p => p.x))
  const band = ({ model, points: of }: Curve): Plot.Markish[] =>
    of.some(p => p.high > p.low)
      ? [
          Plot.areaY(thinned(of).filter(isDrawn), {
            x: 'x',
            y1: (p: Point) => held(p.low),
            y2: (p: Point) => held(p.high),
            fill: colours[model],
            fillOpacity: 0.18,
            clip: true,
          }),
        ]
      : []
  const line = ({ model, points: of }: Curve): Plot.Markish =>
    Plot.line(thinned(of).filter(isDrawn), {
      x: 'x',
      y: (p: Point) => held(p.y),
      stroke: colours[model],
      strokeWidth: 1.7,
      clip: true,
    })
  // Where a curve ends before the axis does, e.g. because the target was reached.
  const ends = chart.curves.flatMap(({ model, points: of }) => {
    const end = of.filter(isDrawn).at(-1)
    return end === undefined || end.y > top || end.y < bottom || end.x > 0.97 * last
      ? []
      : [{ ...end, model }]
  })
  const svg = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions['document']>,
    width: chartWidth,
    height: chartHeight,
    marginLeft: 58,
    marginBottom: 42,
    marginTop: 26,
    marginRight: 18,
    style: { fontSize: '12px', background: 'white', fontFamily: 'system-ui, sans-serif' },
    x: { label: chart.x, domain: [0, last], labelAnchor: 'center', labelArrow: 'none', ticks: 6 },
    y: {
      label: chart.y,
      domain: [bottom, top],
      type: chart.logarithmic === true ? 'log' : 'linear',
      grid: true,
      labelArrow: 'none',
      ...(chart.logarithmic === true
        ? { ticks: [...powersWithin(bottom, top)], tickFormat: powerOfTen }
        : { ticks: 6 }),
    },
    marks: [
      ...(chart.baseline === undefined
        ? []
        : [
            Plot.ruleY([chart.baseline], {
              stroke: baselineColour,
              strokeDasharray: '6 4',
              strokeWidth: 1.3,
            }),
          ]),
      ...chart.curves.flatMap(band),
      // the uRNN, which is first, on top
      ...[...chart.curves].reverse().map(line),
      Plot.dot(ends, { x: 'x', y: 'y', r: 3.5, fill: (e: { model: Series }) => colours[e.model] }),
      Plot.ruleY([bottom]),
      ...(chart.curves.length > 0 || chart.empty === undefined
        ? []
        : [Plot.text([chart.empty], { frameAnchor: 'middle', fontSize: 13, fill: '#666' })]),
    ],
  })
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return svg.outerHTML
}

/** The powers of ten between these two; not all of them where there are many. */
const powersWithin = (low: number, high: number): readonly number[] => {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)]
  const apart = Math.max(1, Math.ceil((last - first) / 7))
  return Array.from({ length: Math.floor((last - first) / apart) + 1 }, (_, k) => 10 ** (last - k * apart))
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'
/** 10⁻³ for 0.001; nothing for what is no power of ten. */
export const powerOfTen = (v: number): string => {
  const k = Math.log10(v)
  if (Math.abs(k - Math.round(k)) > 1e-6) return ''
  const digits = String(Math.abs(Math.round(k)))
  return `10${k < -0.5 ? '⁻' : ''}${[...digits].map(d => superscripts[Number(d)]).join('')}`
}
