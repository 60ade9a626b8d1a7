/** Wisdom by measurement: the compositions that the planner thinks cheapest, each timed as the engine runs it. */
import type { Addon, ProgramOptions } from './addon.ts'
import { tape } from './plan.ts'
import { repeated } from './repeated.ts'

export interface Measured {
  readonly radices: readonly number[]
  readonly milliseconds: number
}

const batch = 16
const signature = 'parseval-wisdom 1'

/**
 * Times up to `most` compositions of size n, in transforms of a batch, and learns the fastest. The list, fastest
 * first; empty if there is nothing to choose from.
 */
export const measure = async (
  { planner, Program }: Addon,
  n: number,
  options: ProgramOptions,
  most = 8,
): Promise<readonly Measured[]> => {
  const learn = (radices: readonly number[]): void =>
    planner.learn(`${signature}\n${options.precision} ${n} ${radices.join(' ')}\n`)
  const candidates = n < 2 ? [] : planner.compositions(n, most, options)
  const { code, constants } = tape(repeated(n, Math.max(1, Math.floor(20_000 / n))))
  const data = new Float64Array(2 * n * batch)
  const programs = candidates.map(radices => {
    learn(radices)
    return { radices, program: new Program(code, constants, options) }
  })
  const least = new Map<readonly number[], number>()
  // In turn, so that whatever else the machine does meets all of them.
  for (let round = 0; round < 7; round++)
    for (const { radices, program } of programs) {
      const start = performance.now()
      await program.run(batch, [data], 1)
      least.set(radices, Math.min(least.get(radices) ?? Number.POSITIVE_INFINITY, performance.now() - start))
    }
  const measured = [...least].map(([radices, milliseconds]) => ({ radices, milliseconds }))
  measured.sort((a, b) => a.milliseconds - b.milliseconds)
  if (measured[0]) learn(measured[0].radices)
  return measured
}
