/** The report: one HTML page with a panel and a table row for each run, and nothing fetched from anywhere. */
import type { Config } from '../train/config.ts'
import { colours, type Panel, panelSvg } from './figure.ts'
import { escapeHtml } from './html.ts'
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

const row = (s: RunSummary): string => {
  const step = s.steps.at(-1)
  const evaluation = s.evaluations.at(-1)
  const cells = [
    s.config.task,
    String(s.config.lag),
    s.baseline.toPrecision(3),
    s.config.target?.toPrecision(3) ?? '–',
    evaluation?.loss.toPrecision(3) ?? '–',
    evaluation === undefined ? '–' : `${((100 * evaluation.loss) / s.baseline).toFixed(1)} %`,
    String(step?.step ?? 0),
    step?.seconds.toFixed(1) ?? '–',
    step === undefined ? '–' : ((1000 * step.seconds) / step.step).toFixed(2),
    s.parameters.toLocaleString('en'),
    evaluation?.residual?.toExponential(1) ?? '–',
    verdict(s),
  ]
  return `<tr>${cells.map(c => `<td>${c}</td>`).join('')}</tr>`
}

const headings = [
  'task',
  'T',
  'baseline',
  'target',
  'reached',
  'of baseline',
  'steps',
  'seconds',
  'ms/step',
  'parameters',
  '‖W†W − 1‖',
  '',
]

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
<thead><tr>${headings.map(h => `<th>${h}</th>`).join('')}</tr></thead>
<tbody>
${runs.map(row).join('\n')}
</tbody></table></div>
<p>Reached: the last measurement on held-out sequences. Seconds are those spent in training steps. The axes are cut at twice the baseline.</p>
<h2>Settings</h2>
<pre>${escapeHtml(settingsText(runs))}</pre>
</html>
`
}
