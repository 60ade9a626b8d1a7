/** Ours against rivals, all loaded at once, a repetition of each in turn. */
import { setTimeout } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { type Contender, type Running, start } from './contender.ts'
import { type Figure, figure, type Line, median } from './row.ts'

export interface Rival {
  readonly contender: Contender
  readonly bound?: Line['bound']
  readonly note?: string
  /** Whether it says what it computes in numbers that must be ours. */
  readonly agrees: boolean
}

export interface Duel {
  readonly row: string
  readonly what: string
  readonly unit: string
  /** From seconds to the unit. */
  readonly factor: number
  readonly ours: Contender
  readonly rivals: readonly Rival[]
  readonly load: unknown
  readonly rounds: number
  /** Largest relative difference between the numbers that ours and a rival's say. */
  readonly tolerance: number
  /** Differences are relative to no less than this; 1e-3 of the largest of ours if it is not given. */
  readonly least?: number
}

/** The largest difference, relative to the larger of the two or to `least`. */
export const difference = (
  a: readonly number[],
  b: readonly number[],
  least: number = 1e-3 * Math.max(...a.map(Math.abs)),
): number => {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!) / Math.max(Math.abs(x), Math.abs(b[i]!), least)))
}

type Times = Map<Running, number[]>

/* For so long the threads of a rival's that wait for work may spin before they sleep: OpenMP's default is 200. */
const rest = 250

/* A turn's repetitions take so many seconds: of short ones a single one would say what the neighbours do at the time. */
const turn = 0.15
const mostRepetitions = 16

/**
 * In turn, and every other round in the other order, so that none always follows the same one. Each begins when the
 * others' threads have gone to sleep, and once unmeasured, as what it works on has left the caches meanwhile.
 */
const measure = async (contenders: readonly Running[], rounds: number): Promise<E.Either<string, Times>> => {
  const times: Times = new Map(contenders.map(c => [c, []]))
  for (let r = 0; r < rounds; r++)
    for (const c of r % 2 === 0 ? contenders : [...contenders].reverse()) {
      await setTimeout(rest)
      const first = await c.run(1)
      const wanted = E.isLeft(first) ? 1 : Math.ceil(turn / Math.max(first.right[0]!, 1e-9))
      const ran = E.isLeft(first) ? first : await c.run(Math.min(wanted, mostRepetitions))
      if (E.isLeft(ran)) return E.left(`${c.name}: ${ran.left}`)
      times.get(c)!.push(median(ran.right))
    }
  return E.right(times)
}

export const duel = async (d: Duel): Promise<readonly Line[]> => {
  const { row, what, unit } = d
  const line = (rival: Rival, rest: Partial<Line>): Line => ({
    row,
    what,
    unit,
    rival: rival.contender.name,
    ...(rival.bound === undefined ? {} : { bound: rival.bound }),
    ...(rival.note === undefined ? {} : { note: rival.note }),
    ...rest,
  })
  const started: Running[] = []
  try {
    const ours = await start(d.ours, d.load)
    if (E.isLeft(ours)) return d.rivals.map(r => line(r, { absent: `ours: ${ours.left}` }))
    started.push(ours.right)
    const problems = new Map<Rival, string>()
    const running = new Map<Rival, Running>()
    for (const rival of d.rivals) {
      const theirs = await start(rival.contender, d.load)
      if (E.isLeft(theirs)) {
        problems.set(rival, theirs.left)
        continue
      }
      started.push(theirs.right)
      const apart = rival.agrees ? difference(ours.right.losses, theirs.right.losses, d.least) : 0
      if (apart <= d.tolerance) running.set(rival, theirs.right)
      else
        problems.set(
          rival,
          `it computes something else: ${theirs.right.losses.join(', ')}, not ${ours.right.losses.join(', ')}`,
        )
    }
    const times = await measure([ours.right, ...running.values()], d.rounds)
    const of = (r: Running | undefined): Figure | undefined =>
      r === undefined || E.isLeft(times) ? undefined : figure(times.right.get(r)!, d.factor)
    const own = of(ours.right)
    return d.rivals.map(rival => {
      const theirs = of(running.get(rival))
      const seconds = own === undefined ? {} : { ours: own }
      if (own === undefined || theirs === undefined)
        return line(rival, {
          ...seconds,
          absent: problems.get(rival) ?? (E.isLeft(times) ? times.left : 'not run'),
        })
      const version = running.get(rival)!.version
      const note = rival.note === undefined ? version : `${version}; ${rival.note}`
      return line(rival, { ours: own, theirs, ratio: theirs.median / own.median, note })
    })
  } finally {
    for (const c of started) c.stop()
  }
}
