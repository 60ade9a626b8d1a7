/** What the runs' records and results say, brought together over seeds. */
import type { ModelName } from '../../models/registry.ts'
import type { Config } from '../../train/config.ts'
import type { Record } from '../record.ts'
import type { Result } from './cache.ts'
import type { Point, Series } from './chart.ts'
import type { Entry } from './experiments.ts'

/** A run with what is known of it. */
export interface RunReport {
  readonly entry: Entry
  readonly config: Config
  readonly baseline: number
  readonly parameters: number
  readonly records: readonly Record[]
  /** Missing where it was interrupted. */
  readonly result: Result | undefined
}

/** The runs of one entry, one for each seed. */
export interface Group {
  readonly entry: Entry
  readonly runs: readonly RunReport[]
}

/** Mean, least and greatest; a run that diverged counts as infinite. */
export interface Spread {
  readonly mean: number
  readonly least: number
  readonly most: number
}

export const spread = (values: readonly number[]): Spread | undefined =>
  values.length === 0
    ? undefined
    : {
        mean: values.reduce((sum, v) => sum + v, 0) / values.length,
        least: Math.min(...values),
        most: Math.max(...values),
      }

type Evaluation = Extract<Record, { readonly kind: 'evaluation' }>
const evaluations = (run: RunReport): readonly Evaluation[] =>
  run.records.filter((r): r is Evaluation => r.kind === 'evaluation')

/** The share of right answers, for tasks that have one. */
const accuracyOf = (e: Evaluation): number | undefined => e.accuracy
const lossOf = (e: Evaluation): number => e.loss

/** Classification is judged by accuracy, everything else by loss. */
export const isClassification = ({ figure }: Entry): boolean => figure === 3

/** What is measured on held-out sequences, against training examples seen: mean and range over the seeds. */
export const curveOf = ({ entry, runs }: Group): readonly Point[] => {
  const at = new Map<number, number[]>()
  const measure = isClassification(entry) ? accuracyOf : lossOf
  for (const run of runs)
    for (const e of evaluations(run)) {
      const value = measure(e)
      if (value !== undefined) at.set(e.step, [...(at.get(e.step) ?? []), value])
    }
  return [...at]
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => {
      const { mean, least, most } = spread(values)!
      return { x: step * entry.batch, y: mean, low: least, high: most }
    })
}

/**
 * The last held-out measurement; ∞ of a loss that diverged. Of a classification the accuracy on the test examples, in
 * the state that was the best on the held-out ones.
 */
export const finalOf = (run: RunReport): number | undefined => {
  const last = evaluations(run).at(-1)
  if (isClassification(run.entry)) return run.records.findLast(r => r.kind === 'test')?.accuracy
  return run.result?.reason === 'diverged' ? Number.POSITIVE_INFINITY : last?.loss
}

/** Whether what a run of this entry measured is what is expected of it: losses below the bar, accuracies from it on. */
const reaches = (entry: Entry, bar: number, measured: number | undefined): boolean =>
  measured !== undefined && (isClassification(entry) ? measured >= bar : measured < bar)

/** The first step at which the held-out examples were that far. */
export const firstThere = (run: RunReport, bar: number): number | undefined =>
  evaluations(run).find(e => reaches(run.entry, bar, isClassification(run.entry) ? e.accuracy : e.loss))?.step

/** Updates made, and the seconds they took: of a run that ended as its result has them, which is kept without every update. */
export const progressOf = (run: RunReport): { readonly step: number; readonly seconds: number } => {
  if (run.result !== undefined && run.result.seconds > 0) return run.result
  const last = run.records.findLast(r => r.kind === 'step')
  return { step: last?.step ?? 0, seconds: last?.seconds ?? 0 }
}

/**
 * Whether every run of a group reached its bar: ended below it, of classification above; undefined where nothing is
 * expected, or where a run is missing.
 */
export const isMet = ({ entry, runs }: Group): boolean | undefined => {
  const { bar } = entry
  if (bar === undefined || runs.length === 0 || runs.some(r => r.result === undefined)) return undefined
  return runs.every(r => reaches(entry, bar, finalOf(r)))
}

/** Under which colour and name its curve goes. */
export const seriesOf = ({ model, halfLife }: Entry): Series =>
  model === 'urnn' && halfLife !== undefined ? 'urnn, falling rate' : model

/** Groups of one panel, in the order of the models. */
export const panelsOf = (groups: readonly Group[]): readonly (readonly Group[])[] => {
  const keys = [...new Set(groups.map(g => `${g.entry.task} ${g.entry.lag}`))]
  return keys.map(key => groups.filter(g => `${g.entry.task} ${g.entry.lag}` === key))
}

/** One model's states, of each seed. */
export interface StatesReport {
  readonly model: ModelName
  readonly atStart: readonly (readonly number[])[]
  readonly afterUpdates: readonly (readonly number[])[]
  readonly norms: readonly (readonly number[])[]
  readonly distances: readonly (readonly number[])[]
}

/** Step by step the mean and range over the seeds. */
export const stepwise = (seeds: readonly (readonly number[])[]): readonly Point[] =>
  (seeds[0] ?? []).map((_, t) => {
    const { mean, least, most } = spread(seeds.map(s => s[t]!))!
    return { x: t + 1, y: mean, low: least, high: most }
  })
