/** A figure: its charts side by side under one legend, as one SVG that is complete in itself. */
import { escapeHtml } from '../html.ts'
import {
  baselineColour,
  type Chart,
  chartHeight,
  chartSvg,
  chartWidth,
  colours,
  labels,
  type Series,
} from './chart.ts'

export interface Figure {
  readonly number: 1 | 2 | 3 | 4
  readonly title: string
  readonly caption: string
  readonly charts: readonly Chart[]
}

const columns = 2
const gap = 24
const titleHeight = 26
const legendHeight = 34

interface Key {
  readonly label: string
  readonly colour: string
  readonly dashes?: string
}

const series = Object.keys(colours) as readonly Series[]
const keysOf = ({ charts }: Figure): readonly Key[] => {
  const drawn = charts.flatMap(c => c.curves).map(c => c.model)
  return [
    ...series.filter(m => drawn.includes(m)).map(m => ({ label: labels[m], colour: colours[m] })),
    ...(charts.some(c => c.baseline !== undefined)
      ? [{ label: 'baseline without memory', colour: baselineColour, dashes: '6 4' }]
      : []),
  ]
}

/* About as wide as the letters are. */
const widthOf = (text: string): number => 7.2 * text.length

const legend = (figure: Figure): string => {
  let x = 10
  return keysOf(figure)
    .map(({ label, colour, dashes }) => {
      const at = x
      x += 34 + widthOf(label) + 22
      const dash = dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`
      return (
        `<line x1="${at}" y1="16" x2="${at + 28}" y2="16" stroke="${colour}" stroke-width="2.5"${dash}/>` +
        `<text x="${at + 34}" y="20">${escapeHtml(label)}</text>`
      )
    })
    .join('')
}

/** The figure. */
export const figureSvg = (figure: Figure): string => {
  const rows = Math.ceil(figure.charts.length / columns)
  const width = columns * chartWidth + (columns - 1) * gap
  const height = legendHeight + rows * (chartHeight + titleHeight + gap)
  const placed = figure.charts.map((chart, i) => {
    const x = (i % columns) * (chartWidth + gap)
    const y = legendHeight + Math.floor(i / columns) * (chartHeight + titleHeight + gap)
    const inner = chartSvg(chart).replace('<svg ', `<svg x="${x}" y="${y + titleHeight}" `)
    return (
      `<text x="${x + chartWidth / 2}" y="${y + 18}" text-anchor="middle" font-weight="600">` +
      `${escapeHtml(chart.title)}</text>${inner}`
    )
  })
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="13" role="img" ` +
    `aria-label="${escapeHtml(`Figure ${figure.number}: ${figure.title}`)}">` +
    `<rect width="100%" height="100%" fill="white"/>${legend(figure)}${placed.join('')}</svg>`
  )
}
