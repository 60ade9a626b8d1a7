/** The report: the figures, what every run reached beside what the paper says, and the settings, as one HTML page. */
import { escapeHtml } from '../html.ts'
import { labels } from './chart.ts'
import { type Figure, figureSvg } from './figure.ts'
import {
  finalOf,
  firstThere,
  type Group,
  isClassification,
  isMet,
  progressOf,
  type RunReport,
  type Spread,
  seriesOf,
  spread,
} from './summary.ts'

export interface Report {
  readonly title: string
  readonly version: string
  readonly machine: string
  readonly seeds: readonly number[]
  readonly figures: readonly Figure[]
  readonly groups: readonly Group[]
  /** What is not in it, and why. */
  readonly missing: readonly string[]
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1b1b; background: white; max-width: 1200px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem }
figure { margin: 0; max-width: 904px } figure svg { max-width: 100%; height: auto } figcaption { color: #444; font-size: 13.5px }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 12.5px }
th, td { padding: .22rem .42rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2), th:last-child, td:last-child { text-align: left }
th { border-bottom: 2px solid #999; vertical-align: bottom; white-space: normal } tr.first td { border-top: 2px solid #bbb }
.met { color: #1a7f37; font-weight: 600 } .missed { color: #b3261e; font-weight: 600 }
pre { background: #f6f6f6; padding: .8rem; white-space: pre-wrap; font-size: 12px }
`

const number = (x: number): string =>
  Number.isFinite(x) ? (x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(1) : x.toPrecision(3)) : 'diverged'
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`

const headings = [
  'task',
  'model',
  'parameters',
  'n',
  'updates',
  'ms each',
  'baseline',
  'reached',
  'min',
  'max',
  'of baseline',
  'expected',
  'there at',
  'paper',
] as const

const range = (of: Spread | undefined, show: (x: number) => string): string =>
  of === undefined ? '–' : of.least === of.most ? show(of.mean) : `${show(of.least)}–${show(of.most)}`
const whole = (x: number): string => Math.round(x).toLocaleString('en')

const defined = (values: readonly (number | undefined)[]): readonly number[] =>
  values.filter((v): v is number => v !== undefined)

/** A group's cells, in the order of the headings. */
const cells = (group: Group): readonly string[] => {
  const { entry, runs } = group
  const show = isClassification(entry) ? percent : number
  const reached = spread(defined(runs.map(finalOf)))
  const made = runs.map(progressOf).filter(p => p.step > 0)
  const baseline = runs[0]?.baseline
  const met = isMet(group)
  const bar =
    entry.bar === undefined
      ? '–'
      : `${isClassification(entry) ? '≥' : '&lt;'} ${show(entry.bar)}${met === undefined ? '' : met ? ' <span class="met">met</span>' : ' <span class="missed">missed</span>'}`
  const { bar: level } = entry
  const first = level === undefined ? [] : defined(runs.map(r => firstThere(r, level)))
  return [
    escapeHtml(`${entry.task}, T = ${entry.lag}`),
    labels[seriesOf(entry)],
    whole(runs[0]?.parameters ?? 0),
    String(entry.hidden),
    range(spread(made.map(p => p.step)), whole),
    range(spread(made.map(p => (1000 * p.seconds) / p.step)), x => x.toPrecision(3)),
    isClassification(entry) || baseline === undefined ? '–' : number(baseline),
    reached === undefined ? '–' : show(reached.mean),
    reached === undefined ? '–' : show(reached.least),
    reached === undefined ? '–' : show(reached.most),
    isClassification(entry) ||
    reached === undefined ||
    baseline === undefined ||
    !Number.isFinite(reached.mean)
      ? '–'
      : percent(reached.mean / baseline),
    bar,
    first.length === 0 ? '–' : range(spread(first), whole),
    escapeHtml(entry.paper),
  ]
}

const table = (groups: readonly Group[]): string => {
  const rows = groups.map((g, i) => {
    const before = groups[i - 1]?.entry
    const isFirst = before?.task !== g.entry.task || before.lag !== g.entry.lag
    return `<tr${isFirst ? ' class="first"' : ''}>${cells(g)
      .map(c => `<td>${c}</td>`)
      .join('')}</tr>`
  })
  return (
    `<div class="wide"><table>\n<thead><tr>${headings.map(h => `<th>${h}</th>`).join('')}</tr></thead>\n` +
    `<tbody>\n${rows.join('\n')}\n</tbody></table></div>`
  )
}

const problems = (groups: readonly Group[]): readonly string[] =>
  groups.flatMap(({ runs }) =>
    runs.flatMap(({ entry, config, result }: RunReport) => {
      const name = `${config.task}, T = ${config.lag}, ${labels[seriesOf(entry)]}, seed ${config.seed}`
      if (result === undefined) return [`${name}: not done; the same command goes on with it`]
      return result.reason === 'diverged'
        ? [`${name}: diverged at update ${result.step}: ${result.message ?? ''}`]
        : []
    }),
  )

/* Every setting that all runs share, then each group's own. */
const settingsText = (groups: readonly Group[]): string => {
  const configs = groups.flatMap(g => {
    const config = g.runs[0]?.config
    if (config === undefined) return []
    const { seed, checkpointEvery, ...rest } = config
    return [Object.entries(rest)]
  })
  const isShared = ([name, value]: readonly [string, unknown]) =>
    configs.every(c => c.some(([n, v]) => n === name && v === value))
  const show = (entries: readonly (readonly [string, unknown])[]) =>
    entries.map(([name, value]) => `${name} = ${value}`).join(', ')
  return [
    show((configs[0] ?? []).filter(isShared)),
    ...configs.map(c => show(c.filter(e => !isShared(e)))),
  ].join('\n')
}

const figureHtml = (figure: Figure): string =>
  `<h2>Figure ${figure.number}: ${escapeHtml(figure.title)}</h2>\n<figure>${figureSvg(figure)}\n` +
  `<figcaption>${escapeHtml(figure.caption)}</figcaption></figure>`

/** The page; nothing in it is fetched from anywhere. */
export const paperHtml = (report: Report): string => {
  const { groups, figures, seeds, version, machine } = report
  const seconds = groups.flatMap(g => g.runs).reduce((sum, r) => sum + progressOf(r).seconds, 0)
  const notes = [...report.missing, ...problems(groups)]
  const band = seeds.length > 1 ? ' Lines are means over the seeds, bands go from the least to the most.' : ''
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>${style}</style>
<h1>${escapeHtml(report.title)}</h1>
<p>Parseval ${escapeHtml(version)} on ${escapeHtml(machine)}; ${seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds.join(', ')}`}; ${(seconds / 60).toFixed(1)} minutes in updates.${band}</p>
${notes.length === 0 ? '' : `<ul>${notes.map(n => `<li>${escapeHtml(n)}</li>`).join('')}</ul>`}
${figures.map(figureHtml).join('\n')}
<h2>What was reached</h2>
${table(groups)}
<p>Parameters: real numbers that training changes. Reached: the last measurement on held-out sequences (loss; accuracy for MNIST), its mean, least and greatest over the seeds. Expected: what the last measurement of every seed is to be below; there at: the first update after which one was. Paper: Arjovsky, Shah, Bengio (2016), read off its figures where it prints no number.</p>
<h2>Settings</h2>
<pre>${escapeHtml(settingsText(groups))}</pre>
</html>
`
}
