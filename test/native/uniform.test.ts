/** What is the same for all examples: computed once, by all threads where it is large. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Plan } from '../../src/backend/native/plan.ts'
import { instruction, map, plan, program, uniform } from './plans.ts'
import { drawn, numbers, precisions } from './values.ts'

/** w is 0.9 w[turned] + Σ_b x_b, six times: enough elements for sums over blocks and for maps to be shared among threads. */
const large = (units: number): Plan => {
  const [w, sums, next] = [uniform(0), uniform(units), uniform(2 * units)]
  const scaled = Array.from({ length: 6 }, (_, k) => ['mul', 1, 3, k === 0 ? 0 : 3, 2] as const)
  return plan({
    units: { uniform: 3 * units + 1, varying: units },
    constants: [0.9],
    permutations: [Array.from({ length: units }, (_, k) => (k + 1) % units)],
    inputs: [
      { name: 'w', rate: 'uniform', offset: 0, units, bound: 0 },
      { name: 'x', rate: 'varying', offset: 0, units, bound: 0 },
    ],
    outputs: [
      { rate: 'uniform', offset: units, units },
      { rate: 'uniform', offset: 2 * units, units },
    ],
    updates: [{ output: 1, input: 0 }],
    segments: [
      { rate: 'varying', instructions: [], reductions: [{ from: 0, to: units, units, reduced: false }] },
      {
        rate: 'uniform',
        instructions: [
          instruction('fill', [uniform(3 * units)], [1, 1, 0, 0]),
          map(
            units,
            [[next, 1, 1]],
            [
              [w, 1, 1, 0],
              [sums, 1, 1],
            ],
            2,
            [['constant', 1, 2, 0], ...scaled, ['add', 1, 4, 3, 1]],
          ),
        ],
        reductions: [],
      },
    ],
  })
}

describe('what is large and the same for all examples', () => {
  // No multiple of a tile; so many elements of five blocks or more.
  const units = 30_011
  it('is shared among threads, to the last bit', async () => {
    for (const precision of precisions) {
      const x = drawn(36 * units, numbers(1))
      const w = drawn(units, numbers(2))
      const results = []
      for (const threads of [1, 2, 3, 7]) {
        const p = program(large(units), precision)
        p.write(0, w)
        results.push([
          await p.run(36, [null, x], threads),
          p.read(0),
          await p.run(36, [null, x], threads),
          p.read(0),
        ])
      }
      for (const r of results.slice(1)) assert.deepEqual(r, results[0])
      const [sums, once] = [results[0]![0]![0] as Float64Array, results[0]![1] as Float64Array]
      for (const k of [0, 1, 63, 64, 15_000, units - 2, units - 1]) {
        let sum = 0
        for (let e = 0; e < 36; e++) sum += x[e * units + k]!
        assert.ok(Math.abs(sums[k]! - sum) < 1e-4, `sum ${k}`)
        assert.ok(Math.abs(once[k]! - (0.9 ** 6 * w[(k + 1) % units]! + sum)) < 1e-4, `element ${k}`)
      }
    }
  })
})
