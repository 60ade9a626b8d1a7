/** The report: one HTML page with a panel and a table row for each run, and nothing fetched from anywhere. */
import type { Config } from '../train/config.ts'
import { colours, type Panel, panelSvg } from './figure.ts'
import { escapeHtml } from './html.ts'
import { percent } from './progress.ts'
import type { Record } from './record.ts'
import { titleOf } from './title.ts'

type Of<K extends Record['kind']> = Extract<Record, { readonly kind: K }>

/** What the records say of one run. */
export interface RunSummary {
  readonly run: string
  readonly config: Config
  readonly baseline: number
  readonly parameters: number
  readonly steps: readonly Of<'step'>[]
  readonly evaluations: readonly Of<'evaluation'>[]
  readonly test: Of<'test'> | undefined
  readonly failure: string | undefined
}

/** The runs in the records, in order. */
export const summaries = (records: readonly Record[]): readonly RunSummary[] =>
  [...new Set(records.map(r => r.run))].flatMap(run => {
    const own = records.filter(r => r.run === run)
    const of = <K extends Record['kind']>(kind: K) => own.filter((r): r is Of<K> => r.kind === kind)
    const started = of('started').at(-1)
    if (started === undefined) return []
    const { config, baseline, parameters } = started
    const last = own.at(-1)
    return [
      {
        run,
        config,
        baseline,
        parameters,
        steps: of('step'),
        evaluations: of('evaluation'),
        test: of('test').at(-1),
        failure: last?.kind === 'failed' ? last.message : undefined,
      },
    ]
  })

const lossNames: { readonly [K in Config['task']]: string } = {
  copying: 'cross-entropy (nats a step)',
  adding: 'mean squared error',
  pixels: 'cross-entropy (nats)',
  permuted: 'cross-entropy (nats)',
}

/** Whether a run got below its target; undefined without one. */
const isReached = ({ config, evaluations }: RunSummary): boolean | undefined => {
  const last = evaluations.at(-1)
  return config.target === undefined ? undefined : last !== undefined && last.loss < config.target
}

const panelOf = ({ config, baseline, steps, evaluations }: RunSummary): Panel => ({
  title: titleOf(config),
  lossName: lossNames[config.task],
  baseline,
  target: config.target,
  training: steps.map(s => ({ examples: s.step * config.batch, loss: s.loss })),
  heldOut: evaluations.map(e => ({ examples: e.step * config.batch, loss: e.loss })),
})

const verdict = (s: RunSummary): string => {
  if (s.failure !== undefined) return `failed: ${escapeHtml(s.failure)}`
  const reached = isReached(s)
  return reached === undefined ? '' : reached ? 'reached' : 'missed'
}

const given = <A>(value: A | undefined, show: (value: A) => string): string =>
  value === undefined ? '–' : show(value)

type Column = readonly [heading: string, cell: (s: RunSummary) => string]
const columns: readonly Column[] = [
  ['task', s => s.config.task],
  ['T', s => String(s.config.lag)],
  ['baseline', s => s.baseline.toPrecision(3)],
  ['target', s => given(s.config.target, x => x.toPrecision(3))],
  ['reached', s => given(s.evaluations.at(-1), x => x.loss.toPrecision(3))],
  ['of baseline', s => given(s.evaluations.at(-1), x => `${((100 * x.loss) / s.baseline).toFixed(1)} %`)],
  ['accuracy', s => given(s.evaluations.at(-1)?.accuracy, percent)],
  ['on the test set', s => given(s.test?.accuracy, x => `${percent(x)} (step ${s.test?.step})`)],
  ['steps', s => String(s.steps.at(-1)?.step ?? 0)],
  ['seconds', s => given(s.steps.at(-1), x => x.seconds.toFixed(1))],
  ['ms/step', s => given(s.steps.at(-1), x => ((1000 * x.seconds) / x.step).toFixed(2))],
  ['parameters', s => s.parameters.toLocaleString('en')],
  ['‖W†W − 1‖', s => given(s.evaluations.at(-1)?.residual, x => x.toExponential(1))],
  ['', verdict],
]

/* Tasks without right answers have no columns for them. */
const columnsOf = (runs: readonly RunSummary[]): readonly Column[] =>
  runs.some(r => r.evaluations.some(e => e.accuracy !== undefined))
    ? columns
    : columns.filter(([heading]) => heading !== 'accuracy' && heading !== 'on the test set')

const line = (shown: readonly Column[], tag: 'td' | 'th', text: (column: Column) => string): string =>
  `<tr>${shown.map(column => `<${tag}>${text(column)}</${tag}>`).join('')}</tr>`

const style = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 2rem auto; max-width: 1080px; padding: 0 1rem }
h1 { font-size: 1.25rem; margin-bottom: .2rem } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem } h3 { font-size: .95rem; margin: .6rem 0 0 }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: .6rem 1.6rem }
.panels svg { width: 100%; height: auto }
.legend span { display: inline-block; margin-right: 1.4rem } .legend i { display: inline-block; width: 1.8rem; margin-right: .4rem; vertical-align: middle }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .55rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap } th { font-weight: 600 }
th:first-child, td:first-child { text-align: left } pre { background: #f6f6f6; padding: .8rem; white-space: pre-wrap; font-size: 12.5px }
`

const key = (label: string, colour: string, border: string): string =>
  `<span><i style="border-top: ${border} ${colour}"></i>${label}</span>`

const legend = (runs: readonly RunSummary[]): string =>
  [
    key('held-out sequences', colours.heldOut, '3px solid'),
    key('training batches', colours.training, '2px solid'),
    key('baseline without memory', colours.baseline, '2px dashed'),
    ...(runs.some(r => r.config.target !== undefined) ? [key('target', colours.target, '2px dotted')] : []),
  ].join('\n')

/* What all runs share is said once, then each run's own. */
const settingsText = (runs: readonly RunSummary[]): string => {
  const configs = runs.map(r => Object.entries(r.config))
  const isShared = ([name, value]: readonly [string, unknown]) =>
    configs.every(c => c.some(([n, v]) => n === name && v === value))
  const show = (entries: readonly (readonly [string, unknown])[]) =>
    entries.map(([name, value]) => `${name} = ${value}`).join(', ')
  const shared = (configs[0] ?? []).filter(isShared)
  const own = runs.map((r, i) => `${r.run}: ${show(configs[i]!.filter(e => !isShared(e)))}`)
  return [show(shared), ...(runs.length > 1 ? own : [])].join('\n')
}

/** The page. */
export const reportHtml = (title: string, records: readonly Record[]): string => {
  const runs = summaries(records)
  const shown = columnsOf(runs)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<h1>${escapeHtml(title)}</h1>
<p class="legend">
${legend(runs)}
</p>
<div class="panels">
${runs.map(r => `<section><h3>${escapeHtml(titleOf(r.config))}</h3>${panelSvg(panelOf(r))}</section>`).join('\n')}
</div>
<h2>What was reached</h2>
<div class="wide"><table>
<thead>${line(shown, 'th', ([heading]) => heading)}</thead>
<tbody>
${runs.map(r => line(shown, 'td', ([, cell]) => cell(r))).join('\n')}
</tbody></table></div>
<p>Reached, accuracy: the last measurement on held-out sequences; the test set is looked at once, with the state that they chose. Seconds are those spent in training steps. The axes are cut at twice the baseline.</p>
<h2>Settings</h2>
<pre>${escapeHtml(settingsText(runs))}</pre>
</html>
`
}
