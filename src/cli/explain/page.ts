/** A page of its own, with nothing fetched from anywhere: costs, what passes did, graphs, programs, plan. */
import type { Plan } from '../../backend/native/plan.ts'
import { showPlan } from '../../backend/native/show.ts'
import { sourcesOf } from '../../dsl/elaborate.ts'
import type { Func } from '../../ir/expr.ts'
import { postorder } from '../../ir/order.ts'
import { bodiesOf, print } from '../../ir/print.ts'
import { escapeHtml } from '../html.ts'
import type { Subject } from '../subject.ts'
import { collapsed } from './collapse.ts'
import { drawing } from './drawing.ts'
import { type Box, graphOf, type WrittenAt } from './graph.ts'
import type { Stage } from './stages.ts'
import { bytesPerNumber, count, fired, kept, transforms } from './text.ts'

const style = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; margin: 2rem auto; padding: 0 1.5rem; max-width: 1560px }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.5rem } h3 { font-size: 1rem; margin-bottom: .3rem }
table { border-collapse: collapse; font-size: 13px } td, th { padding: .2rem .8rem .2rem 0; text-align: right; vertical-align: top; border-bottom: 1px solid #e4e8ee }
td { white-space: nowrap } td.text { white-space: normal }
td:first-child, th:first-child, td.text, th.text { text-align: left } td.text { max-width: 40rem }
pre, svg text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 12px }
pre { background: #f6f8fa; padding: .8rem; overflow-x: auto } figure { margin: .5rem 0 1.5rem; overflow-x: auto; border: 1px solid #e4e8ee; border-radius: 6px }
figcaption { position: sticky; left: 0; padding: .4rem .8rem; background: #f6f8fa; font-size: 13px; font-weight: 600 }
svg text { text-anchor: middle; fill: #1c2430 } svg .label { font-size: 10px; fill: #5c6a7c; paint-order: stroke; stroke: #fff; stroke-width: 3px }
.box rect { fill: #fff; stroke: #9aa7b8 } .box:hover rect { stroke: #1c2430; stroke-width: 2 }
.input rect { fill: #eef2f7 } .result rect { fill: #e9f5ec; stroke: #6fae83 } .loop rect { fill: #f1ecfb; stroke: #8e76c9; stroke-width: 1.5 }
.unitary rect { fill: #ffe9c7; stroke: #d9822b; stroke-width: 2 } .between rect { fill: #fff7e8; stroke: #e0a95c }
.loop.unitary rect, .loop.between rect { fill: #f1ecfb; stroke: #8e76c9 }
.arrow { fill: none; stroke: #9aa7b8; marker-end: url(#tip) } .arrow.chain { stroke: #d9822b; stroke-width: 2 }
.key span { display: inline-block; border: 1px solid #9aa7b8; border-radius: 4px; padding: 0 .5rem; margin-right: .6rem; font-size: 13px }
.key .u { background: #ffe9c7; border-color: #d9822b } .key .b { background: #fff7e8; border-color: #e0a95c } .key .l { background: #f1ecfb; border-color: #8e76c9 } .key .i { background: #eef2f7 } .key .r { background: #e9f5ec; border-color: #6fae83 }
`

const key =
  '<p class="key"><span class="i">input</span><span class="u">unitary operator applied</span><span class="b">between two</span><span class="l">loop: its body is drawn below</span><span class="r">result</span> Names without a box are the same for all examples. Boxes tell types and where they were written to a pointer that rests on them.</p>'

const tip =
  '<svg width="0" height="0" style="position:absolute"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="#7d8a9c"/></marker></defs></svg>'

/* A function's next carries and stacks, by name. */
const bodyResults = (holder: Func, body: Func): readonly string[] => {
  const loop = postorder(holder.results).find(e => e.op === 'scan' && e.attributes.body === body)
  if (loop?.op !== 'scan') return []
  const { carries, invariants } = loop.attributes
  return body.results.map((_, k) =>
    k < carries ? `next ${body.params[invariants + k]?.name ?? k}` : `stack ${k - carries}`,
  )
}

const bodyInvariants = (holder: Func, body: Func): number => {
  const loop = postorder(holder.results).find(e => e.op === 'scan' && e.attributes.body === body)
  return loop?.op === 'scan' ? loop.attributes.invariants : 0
}

/* A parameter's next value goes with those of its accumulators, `next R1` with `next R1.meanSquare`. */
const groupOf = (box: Box): string => (box.lines[0] ?? '').split(/[.=]/)[0]!.trim()

/** A figure of the function and one of each loop's body. */
const figures = (id: string, f: Func, resultNames: readonly string[], writtenAt: WrittenAt): string => {
  const bodies = bodiesOf(f)
  const bodyName = (body: Func): string => `@body${bodies.indexOf(body)}`
  const anchor = (body: Func): string => `${id}-body${bodies.indexOf(body)}`
  const draw = (g: Func, names: readonly string[], isName: (param: number) => boolean): string =>
    drawing(collapsed(graphOf(g, { bodyName, writtenAt, resultNames: names, isName }), groupOf), box =>
      box.body === undefined ? undefined : anchor(box.body),
    )
  const figure = (name: string, caption: string, svg: string): string =>
    `<figure id="${name}"><figcaption>${escapeHtml(caption)}</figcaption>${svg}</figure>`
  const isUniform = (param: number): boolean => f.params[param]?.type.rate === 'uniform'
  return [
    figure(id, 'the function itself', draw(f, resultNames, isUniform)),
    ...bodies.map(body => {
      const holder = [f, ...bodies].find(g => bodyResults(g, body).length > 0) ?? f
      const invariants = bodyInvariants(holder, body)
      return figure(
        anchor(body),
        `a step of the loop ${bodyName(body)}`,
        draw(body, bodyResults(holder, body), param => param < invariants),
      )
    }),
  ].join('\n')
}

const cells = (s: Stage): readonly string[] => [
  count(s.nodes),
  count(s.cost.flops),
  count(s.cost.traffic * bytesPerNumber),
  transforms(s),
  kept(s),
]

const table = (stages: readonly Stage[]): string => {
  const rows = stages.map(
    (s, k) =>
      `<tr><td>${s.name}</td>${cells(s)
        .map(c => `<td>${escapeHtml(c)}</td>`)
        .join(
          '',
        )}<td class="text">${escapeHtml(s.summary)}${k === 0 || s.fired.size === 0 ? '' : `<br><b>${escapeHtml(fired(s))}</b>`}</td></tr>`,
  )
  return `<table><tr><th>pass</th><th>nodes</th><th>flops</th><th>bytes</th><th>transforms a step</th><th>bytes kept a step</th><th class="text">what it did, and how often</th></tr>${rows.join('')}</table>`
}

/** What the results of the program are called: those that become a parameter's next value by its name. */
const resultNames = ({ program: { func, updates } }: Subject): readonly string[] =>
  func.results.map((_, k) => {
    const update = updates.find(u => u.result === k)
    return update === undefined ? `result ${k}` : `next ${func.params[update.param]?.name ?? k}`
  })

/** The page that explains a model. */
export const pageOf = (
  title: string,
  subject: Subject,
  stages: readonly [Stage, ...Stage[]],
  plan: Plan,
): string => {
  const { declares, declared, makes } = subject
  const source = sourcesOf(declared)
  const writtenAt: WrittenAt = e => {
    const at = source(e)
    return at && `${at.file}:${at.line}`
  }
  const [before] = stages
  const after = stages.at(-1) ?? before
  const names = resultNames(subject)
  const programs = stages.map(
    s =>
      `<details><summary>after ${s.name}: ${escapeHtml(s.summary)}</summary><pre>${escapeHtml(print(s.func))}</pre></details>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} explained</title><style>${style}</style></head><body>
${tip}<h1>${escapeHtml(title)}: ${escapeHtml(makes)}</h1>
<p>${count(before.cost.flops)} flops for one example before the passes, ${count(after.cost.flops)} after them; ${count(before.cost.traffic * bytesPerNumber)} and ${count(after.cost.traffic * bytesPerNumber)} bytes, if every value went through memory in single precision.</p>
${table(stages)}
${key}
<h2>${escapeHtml(declares)}</h2>
${figures('declared', declared, [], writtenAt)}
${
  before.func === declared
    ? ''
    : `<h2>Before the passes: ${escapeHtml(makes)}</h2>\n${figures('before', before.func, names, writtenAt)}`
}
<h2>After the passes: ${escapeHtml(makes)}</h2>
${figures('after', after.func, names, writtenAt)}
<h2>The programs as text</h2>
${programs.join('\n')}
<h2>The plan</h2>
<p>${count(plan.units.uniform)} numbers for all examples, ${count(plan.units.varying)} for each lane.</p>
<details><summary>instructions</summary><pre>${escapeHtml(showPlan(plan))}</pre></details>
</body></html>
`
}
