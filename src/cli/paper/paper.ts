/** Makes the runs that are missing, one after the other, and writes the report of all there are. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../backend/backend.ts'
import { loadImages, needsImages } from '../../train/data.ts'
import { makeFolder, writeDurably } from '../../train/file.ts'
import { type Context, checkpointSeconds } from '../execute.ts'
import { readRecords } from '../runFolder.ts'
import type { Experiments } from './experiments.ts'
import { lossFigure, statesFigure } from './figures.ts'
import { type Common, type FigureNumber, type Images, type Plan, planAll, runsOf } from './plan.ts'
import { cachedResult, runPlanned } from './run.ts'
import { statesOf } from './states.ts'
import type { Group, RunReport, StatesReport } from './summary.ts'
import { watchAll } from './watch.ts'

export interface PaperRun extends Common {
  readonly context: Context
  readonly engine: Backend
  readonly experiments: Experiments
  readonly figures: readonly FigureNumber[]
  /** Seconds between checkpoints at most. */
  readonly checkpointSeconds?: number
}

export interface PaperResult {
  readonly groups: readonly Group[]
  readonly skipped: Plan['skipped']
  /** Runs made now, and those that were there. */
  readonly made: number
  readonly cached: number
  readonly interrupted: boolean
  readonly report: string
}

interface Trained {
  readonly made: number
  readonly cached: number
  readonly interrupted: boolean
  /** Why a run could not be made, which ends the training. */
  readonly failure?: string
}

const trainMissing = async (run: PaperRun, plan: Plan): Promise<Trained> => {
  const { context, engine } = run
  const all = runsOf(plan)
  const missing: (typeof all)[number][] = []
  for (const r of all) if ((await cachedResult(r.planned)) === undefined) missing.push(r)
  const cached = all.length - missing.length
  if (cached > 0) context.terminal.note(`parseval: ${cached} of ${all.length} runs are done already`)
  if (missing.length === 0) return { made: 0, cached, interrupted: false }
  const watch = watchAll(
    context.terminal,
    missing.map(({ planned, seconds }) => ({ name: planned.name, seconds })),
  )
  try {
    for (const [i, { planned }] of missing.entries()) {
      const result = await runPlanned(
        context,
        engine,
        planned,
        watch.run(i),
        run.checkpointSeconds ?? checkpointSeconds,
      )
      if (E.isLeft(result)) return { made: i, cached, interrupted: false, failure: result.left }
      if (result.right === undefined) return { made: i, cached, interrupted: true }
    }
    return { made: missing.length, cached, interrupted: false }
  } finally {
    watch.stop()
  }
}

const groupsOf = async (plan: Plan): Promise<readonly Group[]> => {
  const groups: { entry: Group['entry']; runs: RunReport[] }[] = []
  for (const { entry, planned } of plan.entries) {
    const records = await readRecords(planned.folder)()
    const result = await cachedResult(planned)
    const { config, baseline, parameters } = planned
    const run: RunReport = {
      entry,
      config,
      baseline,
      parameters,
      records: E.isRight(records) ? records.right : [],
      result,
    }
    const known = groups.find(g => g.entry === entry)
    if (known === undefined) groups.push({ entry, runs: [run] })
    else known.runs.push(run)
  }
  return groups
}

/** Figure 4's curves of the runs that are done. */
const statesReports = async (
  run: PaperRun,
  plan: Plan,
): Promise<E.Either<string, readonly StatesReport[]>> => {
  const { engine, precision, threads, out, experiments } = run
  const reports = new Map<string, StatesReport>()
  for (const { whole, begun } of plan.states) {
    if ((await cachedResult(whole.planned)) === undefined) continue
    if ((await cachedResult(begun.planned)) === undefined) continue
    const { states: entry } = experiments
    const states = await statesOf(out, engine, { precision, threads }, entry, whole.planned, begun.planned)
    if (E.isLeft(states)) return states
    const { model } = whole.entry
    const { atStart, afterUpdates, norms, distances } = states.right
    const before = reports.get(model)
    reports.set(model, {
      model,
      atStart: [...(before?.atStart ?? []), atStart],
      afterUpdates: [...(before?.afterUpdates ?? []), afterUpdates],
      norms: [...(before?.norms ?? []), ...(norms === undefined ? [] : [norms])],
      distances: [...(before?.distances ?? []), ...(distances === undefined ? [] : [distances])],
    })
  }
  return E.right([...reports.values()])
}

const machine = (threads: number): string => {
  const all = cpus()
  return `${all[0]?.model.trim() ?? 'an unknown processor'}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
}

const title = 'The experiments of Arjovsky, Shah and Bengio (2016), run again'

/** The report and the figures, as files in `out`. */
const writeReport = async (
  run: PaperRun,
  plan: Plan,
  groups: readonly Group[],
  states: readonly StatesReport[],
): Promise<E.Either<string, string>> => {
  const { out, figures: wanted, experiments, version, seeds, threads } = run
  const isSkipped = (n: FigureNumber): boolean => plan.skipped.some(s => s.figure === n)
  const figures = wanted
    .filter(n => !isSkipped(n))
    .map(n => (n === 4 ? statesFigure(experiments.states, states) : lossFigure(n, groups)))
  // loaded when it is needed: it takes longer to load than all the rest
  const [{ figureSvg }, { paperHtml }] = await Promise.all([import('./figure.ts'), import('./report.ts')])
  for (const figure of figures) {
    const written = await writeDurably(join(out, `figure-${figure.number}.svg`), figureSvg(figure))()
    if (E.isLeft(written)) return written
  }
  const html = paperHtml({
    title,
    version,
    machine: machine(threads),
    seeds,
    figures,
    groups,
    missing: plan.skipped.map(({ figure, why }) => `Figure ${figure} is not in this report: ${why}`),
  })
  const path = join(out, 'report.html')
  return E.map(() => path)(await writeDurably(path, html)())
}

/** The table with the pixels that the images have, where their number is not MNIST's. */
const withPixels = (experiments: Experiments, images: Images | undefined): Experiments => {
  if (images === undefined || E.isLeft(images)) return experiments
  const lag = images.right.rows * images.right.columns
  return {
    ...experiments,
    entries: experiments.entries.map(e => (needsImages(e.task) ? { ...e, lag } : e)),
  }
}

/** All of it. An interrupt or a failure ends the training; the report is written of what is there. */
export const runPaper = async (run: PaperRun): Promise<E.Either<string, PaperResult>> => {
  const { context, out, experiments, figures } = run
  const images = figures.includes(3) ? await loadImages(run.data)() : undefined
  const planned = planAll(withPixels(experiments, images), figures, run, images)
  if (E.isLeft(planned)) return planned
  const { right: plan } = planned
  for (const { figure, why } of plan.skipped)
    context.terminal.note(`parseval: figure ${figure} is skipped: ${why}`)
  const made = await makeFolder(out)()
  if (E.isLeft(made)) return made
  const trained = await trainMissing(run, plan)
  const { failure, ...counts } = trained
  const groups = await groupsOf(plan)
  const states = trained.interrupted ? E.right([]) : await statesReports(run, plan)
  if (E.isLeft(states) && failure === undefined) return states
  const report = await writeReport(run, plan, groups, E.isRight(states) ? states.right : [])
  if (failure !== undefined)
    return E.left(
      E.isRight(report) ? `${failure}; what is finished is in ${report.right}` : `${failure}; ${report.left}`,
    )
  if (E.isLeft(report)) return report
  return E.right({ ...counts, groups, skipped: plan.skipped, report: report.right })
}
