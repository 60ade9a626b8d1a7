/** The plan that transforms are timed by: one, again and again, as the engine runs it. */
import { arena } from './allocate.ts'
import { planVersion } from './opcodes.ts'
import { microOpCode, type Plan } from './plan.ts'

/** A varying vector of n complex numbers, transformed `times` times to another place. Input and output: 2n reals. */
export const repeated = (n: number, times: number): Plan => {
  const places = arena()
  const [from, to] = [0, 1].map(
    () => ({ space: 'varying', offset: places.allocate(2 * n).offset, strides: [0] }) as const,
  )
  const place = [2, 1, -1]
  const move = [microOpCode('move'), 2, 1, 0, 0]
  const transform = {
    op: 'transform',
    operands: [from!, to!],
    // The size, forward; the counts of both programs; an input and the result, then an output and its move.
    attributes: [n, 0, 0, 1, 0, 1, 0, 0, ...place, 0, 0, ...place, 1, ...move],
    body: [],
  } as const
  return {
    version: planVersion,
    units: { uniform: 0, varying: places.size() },
    constants: [],
    inputs: [{ name: 'x', rate: 'varying', offset: 0, units: 2 * n, bound: 0 }],
    outputs: [{ rate: 'varying', offset: to!.offset, units: 2 * n }],
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
