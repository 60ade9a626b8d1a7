/** Lines as a table that is also Markdown, or as JSON. */
import type { Machine } from './machine.ts'
import type { Figure, Line } from './row.ts'

const digits = (x: number): string =>
  x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x >= 1 ? x.toFixed(2) : x.toPrecision(2)

const shown = (f: Figure | undefined, unit: string): string =>
  f === undefined ? '' : `${digits(f.median)} ${unit} (${digits(f.low)}–${digits(f.high)})`

/** Whether the bound holds; nothing without one. */
export const verdict = ({ ratio, bound }: Line): string => {
  if (ratio === undefined || bound === undefined) return ''
  const reaches = (limit: number): boolean => (bound.kind === 'at least' ? ratio >= limit : ratio <= limit)
  return reaches(bound.aim) ? 'aim' : reaches(bound.must) ? 'yes' : 'no'
}

const bounds = ({ bound, rival, unit }: Line): string => {
  if (bound === undefined) return ''
  const one = (x: number): string =>
    unit === '' ? String(x) : rival === undefined && unit !== '×' ? `${x} ${unit}` : `${x}×`
  return `${bound.kind === 'at least' ? '≥' : '≤'} ${one(bound.must)}, aim ${one(bound.aim)}`
}

const cells = (line: Line): readonly string[] => [
  line.row,
  line.rival ?? '',
  shown(line.ours, line.unit),
  line.absent === undefined
    ? shown(line.theirs, line.unit) || (line.rival === undefined ? (line.note ?? '') : '')
    : `absent: ${line.absent}`,
  line.ratio === undefined
    ? ''
    : line.unit === ''
      ? line.ratio.toExponential(1)
      : line.rival === undefined
        ? ''
        : `${digits(line.ratio)}×`,
  bounds(line),
  verdict(line),
]

export const heading =
  '| row | rival | ours | theirs | ratio | to reach | reached |\n|---|---|---|---|---|---|---|'

export const tableLine = (line: Line): string => `| ${cells(line).join(' | ')} |`

export const machineText = (m: Machine): string =>
  [
    `${m.cpu}; ${m.cores} cores, ${m.memory}; ${m.instructionSets.join(' ')}`,
    `engine: ${m.engine.join(', ') || 'not built'}; Node ${m.node}, ${m.system}; ${m.date}; load before the run ${m.load}`,
  ].join('\n')

export const jsonLine = (line: Line, machine: Machine): string =>
  JSON.stringify({ ...line, reached: verdict(line) || undefined, machine })
