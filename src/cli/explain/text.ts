/** What `explain` says in a terminal. */
import type { Plan } from '../../backend/native/plan.ts'
import { showPlan } from '../../backend/native/show.ts'
import { print } from '../../ir/print.ts'
import type { Subject } from '../subject.ts'
import type { Stage } from './stages.ts'

/** Bytes of a number in single precision. */
export const bytesPerNumber = 4

export const count = (n: number): string => Math.round(n).toLocaleString('en')

const direction = (reverse: boolean): string => (reverse ? 'backward' : 'forward')

/** `2 (forward), 3 (backward)` */
export const transforms = ({ loops }: Stage): string =>
  loops.map(s => `${s.cost.transforms} (${direction(s.reverse)})`).join(', ')

/** `1,024 (forward)`: bytes that a step leaves behind. */
export const kept = ({ loops }: Stage): string =>
  loops
    .filter(s => s.kept > 0)
    .map(s => `${count(s.kept * bytesPerNumber)} (${direction(s.reverse)})`)
    .join(', ')

/** `x + 0 = x (12), …`, the most frequent first. */
export const fired = (stage: Stage): string =>
  [...stage.fired]
    .sort(([, a], [, b]) => b - a)
    .map(([rule, times]) => `${rule} (${count(times)})`)
    .join(', ')

const row = (cells: readonly string[]): string => {
  const [name = '', nodes = '', flops = '', bytes = '', perStep = '', left = ''] = cells
  return [
    name.padEnd(17),
    nodes.padStart(7),
    flops.padStart(15),
    bytes.padStart(15),
    `  ${perStep.padEnd(27)}`,
    `  ${left}`,
  ]
    .join('')
    .trimEnd()
}

const titles = ['pass', 'nodes', 'flops', 'bytes', 'transforms a step', 'bytes kept a step']

const cells = (s: Stage): readonly string[] => [
  s.name,
  count(s.nodes),
  count(s.cost.flops),
  count(s.cost.traffic * bytesPerNumber),
  transforms(s),
  kept(s),
]

/** All of it: the model, its cost after each pass, what the passes did, the plan. */
export const overview = (
  { declares, declared, makes }: Subject,
  stages: readonly Stage[],
  plan: Plan,
): readonly string[] => [
  `${declares}:`,
  '',
  print(declared),
  `What each pass makes of ${makes}, for one example (bytes: every value through memory, in single precision):`,
  '',
  row(titles),
  ...stages.map(s => row(cells(s))),
  '',
  'What each pass did, and how often (the program after it: --pass NAME):',
  '',
  ...stages
    .slice(1)
    .flatMap(s => [
      `${s.name.padEnd(17)}${s.summary}`,
      `${' '.repeat(17)}${s.fired.size === 0 ? 'nothing here' : fired(s)}`,
    ]),
  '',
  `The plan: ${count(plan.units.uniform)} numbers for all examples, ${count(plan.units.varying)} for each lane.`,
  '',
  showPlan(plan),
]
