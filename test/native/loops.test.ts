/** Loops of the engine against plain arithmetic. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instruction, loop, map, plan, program, uniform, varying } from './plans.ts'
import { near, numbers, range, settings, tolerance, value } from './values.ts'

describe('loops', () => {
  it('a recurrence, forward and backward, nested, with strides of both signs, over every batch', async () => {
    const [T, n] = [7, 3]
    // Varying units: the state, x, y; y is written from its end within a step.
    const [state, x, y] = [0, n, n + T * n]
    for (const { precision, isa } of settings)
      for (const reverse of [false, true]) {
        const recurrence = plan({
          units: { uniform: 1, varying: n + 2 * T * n },
          constants: [0],
          inputs: [
            { name: 'half', rate: 'uniform', offset: 0, units: 1, bound: 0 },
            { name: 'x', rate: 'varying', offset: x, units: T * n, bound: 0 },
          ],
          outputs: [{ rate: 'varying', offset: y, units: T * n }],
          segments: [
            {
              rate: 'varying',
              instructions: [
                instruction('fill', [varying(state)], [n, 1, 0, 0]),
                loop(T, reverse, [
                  loop(n, true, [
                    map(
                      1,
                      [[varying(state, 0, 1), 1, 1]],
                      [
                        [varying(state, 0, 1), 1, 1],
                        [varying(x, n, 1), 1, 1],
                        [uniform(0, 0, 0), 1, 0],
                      ],
                      1,
                      [
                        ['mul', 1, 3, 0, 2],
                        ['add', 1, 4, 3, 1],
                      ],
                    ),
                    instruction('copy', [varying(y + n - 1, n, -1), varying(state, 0, 1)], [1, 1]),
                  ]),
                ]),
              ],
              reductions: [],
            },
          ],
        })
        const p = program(recurrence, precision, isa)
        p.write(0, Float64Array.of(0.5))
        for (const batch of range(17).map(b => b + 1)) {
          const { rows } = value(numbers(batch), 'varying', T * n, batch)
          const [got] = await p.run(batch, [null, Float64Array.from(rows.flat())], 1)
          const want = rows.flatMap(row => {
            const [s, out] = [range(n).map(() => 0), range(T * n)]
            for (const t of reverse ? range(T).reverse() : range(T))
              for (const e of range(n)) out[t * n + n - 1 - e] = s[e] = s[e]! / 2 + row[t * n + e]!
            return out
          })
          near(got!, want, tolerance[precision], `${precision} ${isa} ${reverse} ${batch}`)
        }
      }
  })
  it('none at all', async () => {
    const p = program(
      plan({
        units: { uniform: 1, varying: 0 },
        constants: [3],
        outputs: [{ rate: 'uniform', offset: 0, units: 1 }],
        segments: [
          {
            rate: 'uniform',
            instructions: [loop(0, false, [instruction('fill', [uniform(5, 100)], [1, 1, 0, 0])])],
            reductions: [],
          },
        ],
      }),
    )
    assert.deepEqual(await p.run(1, [], 1), [Float64Array.of(0)])
  })
})
