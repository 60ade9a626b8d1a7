/** Wisdom by measurement: the compositions that the planner thinks cheapest, each timed as the engine runs it. */
import type { Addon, ProgramOptions } from './addon.ts'
import { planVersion } from './opcodes.ts'
import { microOpCode, type Plan, tape } from './plan.ts'

/** A varying vector of n complex numbers, transformed `times` times in its place. */
const repeated = (n: number, times: number): Plan => {
  const vector = { space: 'varying', offset: 0, strides: [0] } as const
  const place = [2, 1, -1]
  const move = [microOpCode('move'), 2, 1, 0, 0]
  const transform = {
    op: 'transform',
    operands: [vector, vector],
    // The size, forward; the counts of both programs; an input and the result, then an output and its move.
    attributes: [n, 0, 0, 1, 0, 1, 0, 0, ...place, 0, 0, ...place, 1, ...move],
    body: [],
  } as const
  return {
    version: planVersion,
    units: { uniform: 0, varying: 2 * n },
    constants: [],
    inputs: [],
    outputs: [],
    updates: [],
    permutations: [],
    segments: [
      {
        rate: 'varying',
        instructions: [{ op: 'loop', operands: [], attributes: [times, 0, 1], body: [transform] }],
        reductions: [],
      },
    ],
  }
}

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
  const programs = candidates.map(radices => {
    learn(radices)
    return { radices, program: new Program(code, constants, options) }
  })
  const least = new Map<readonly number[], number>()
  // In turn, so that whatever else the machine does meets all of them.
  for (let round = 0; round < 7; round++)
    for (const { radices, program } of programs) {
      const start = performance.now()
      await program.run(batch, [], 1)
      least.set(radices, Math.min(least.get(radices) ?? Number.POSITIVE_INFINITY, performance.now() - start))
    }
  const measured = [...least].map(([radices, milliseconds]) => ({ radices, milliseconds }))
  measured.sort((a, b) => a.milliseconds - b.milliseconds)
  if (measured[0]) learn(measured[0].radices)
  return measured
}
