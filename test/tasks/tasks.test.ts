import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { adding } from '../../src/tasks/adding.ts'
import { blank, copying, delimiter, remembered, symbols } from '../../src/tasks/copying.ts'
import { batch, type Split, type Task } from '../../src/tasks/task.ts'
import { holds } from '../seed.ts'

const right = <A>(e: E.Either<string, A>): A => (E.isRight(e) ? e.right : assert.fail(e.left))
const anySeed = fc.nat()
const split = fc.constantFrom<Split>('train', 'held-out')
const task: fc.Arbitrary<Task> = fc
  .record({ make: fc.constantFrom(copying, adding), lag: fc.integer({ min: 2, max: 40 }), seed: anySeed })
  .map(({ make, lag, seed }) => right(make({ lag, seed })))

describe('copying', () => {
  const at = fc.record({ lag: fc.integer({ min: 1, max: 60 }), seed: anySeed, split, i: fc.nat(1e6) })

  it('places symbols, blanks and delimiter as the paper does', () => {
    holds(
      fc.property(at, ({ lag, seed, split, i }) => {
        const { x, y } = right(copying({ lag, seed })).example(split, i) as {
          x: Float64Array
          y: Float64Array
        }
        const drawn = [...x.slice(0, remembered)]
        assert.ok(drawn.every(s => Number.isInteger(s) && s >= 0 && s < symbols))
        const blanks = (n: number) => Array<number>(n).fill(blank)
        assert.deepEqual([...x], [...drawn, ...blanks(lag - 1), delimiter, ...blanks(10)])
        assert.deepEqual([...y], [...blanks(lag + 10), ...drawn])
      }),
    )
  })

  it('draws every symbol about equally often', () => {
    const t = right(copying({ lag: 1, seed: 5 }))
    const counts = Array<number>(symbols).fill(0)
    for (let i = 0; i < 4000; i++) for (const s of t.example('train', i).x!.slice(0, remembered)) counts[s]!++
    // 40,000 draws: 5,000 each, standard deviation 66
    for (const n of counts) assert.ok(Math.abs(n - 5000) < 400, `${counts}`)
  })

  it('has the baseline of the paper: 10 ln 8/(T + 20)', () => {
    // blanks are certain; each of the last ten is one of eight, so it costs −ln 1/8: summed over the steps
    for (const [lag, published] of [
      [100, 0.1733],
      [200, 0.0945],
      [300, 0.065],
      [500, 0.04],
    ] as const) {
      const { baseline, example } = right(copying({ lag, seed: 1 }))
      const { y } = example('held-out', 0)
      const memoryless = y!.reduce((sum, _, t) => sum - Math.log(t < lag + 10 ? 1 : 1 / 8), 0) / y!.length
      assert.ok(Math.abs(baseline.value - memoryless) < 1e-12)
      assert.equal(Number(baseline.value.toFixed(4)), published)
    }
  })

  it('refuses a lag that is none', () => {
    for (const lag of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30])
      assert.match(JSON.stringify(copying({ lag, seed: 1 })), /the lag must be a whole number from 1/)
  })
})

describe('adding', () => {
  it('marks one number in each half and asks for their sum', () => {
    const at = fc.record({ lag: fc.integer({ min: 2, max: 60 }), seed: anySeed, split, i: fc.nat(1e6) })
    holds(
      fc.property(at, ({ lag, seed, split, i }) => {
        const { x, y } = right(adding({ lag, seed })).example(split, i) as {
          x: Float64Array
          y: Float64Array
        }
        const rows = Array.from({ length: lag }, (_, t) => ({ t, value: x[2 * t]!, mark: x[2 * t + 1]! }))
        assert.equal(x.length, 2 * lag)
        assert.ok(rows.every(r => r.value >= 0 && r.value < 1 && (r.mark === 0 || r.mark === 1)))
        const marked = rows.filter(r => r.mark === 1)
        assert.equal(marked.length, 2)
        const half = Math.floor(lag / 2)
        assert.ok(marked[0]!.t < half && marked[1]!.t >= half)
        assert.deepEqual([...y], [marked[0]!.value + marked[1]!.value])
      }),
    )
  })

  it('has the baseline of the paper: what always saying 1 costs', () => {
    const t = right(adding({ lag: 4, seed: 3 }))
    const n = 20_000
    let cost = 0
    for (let i = 0; i < n; i++) cost += (t.example('train', i).y![0]! - 1) ** 2 / n
    assert.ok(Math.abs(cost - t.baseline.value) < 0.005, `${cost}`)
    assert.equal(t.baseline.value.toFixed(3), '0.167')
  })

  it('refuses a lag without two halves', () => {
    for (const lag of [0, 1, 2.5, Number.NaN])
      assert.match(JSON.stringify(adding({ lag, seed: 1 })), /the lag must be a whole number from 2/)
  })
})

describe('examples', () => {
  it('depend on seed, split and position alone', () => {
    holds(
      fc.property(task, split, fc.array(fc.nat(500), { minLength: 1, maxLength: 6 }), (t, s, positions) => {
        const once = positions.map(i => t.example(s, i))
        const again = positions
          .toReversed()
          .map(i => t.example(s, i))
          .toReversed()
        assert.deepEqual(again, once)
      }),
    )
  })

  it('differ from seed to seed and from place to place', () => {
    const t = right(copying({ lag: 5, seed: 1 }))
    const other = right(copying({ lag: 5, seed: 2 }))
    assert.notDeepEqual(t.example('train', 0), other.example('train', 0))
    assert.notDeepEqual(t.example('train', 0), t.example('train', 1))
  })

  it('are never in both splits, whatever the seeds', () => {
    const key = (t: Task, s: Split, i: number) => t.example(s, i).x!.join()
    for (const make of [copying, adding]) {
      const own = right(make({ lag: 6, seed: 1 }))
      const other = right(make({ lag: 6, seed: 2 }))
      const learned = new Set(Array.from({ length: 3000 }, (_, i) => key(own, 'train', i)))
      for (let i = 0; i < 1500; i++) {
        assert.ok(!learned.has(key(own, 'held-out', i)))
        assert.ok(!learned.has(key(other, 'held-out', i)))
      }
    }
  })

  it('lie in a batch one after the other', () => {
    holds(
      fc.property(task, split, fc.nat(1000), fc.integer({ min: 1, max: 5 }), (t, s, first, count) => {
        const packed = batch(t, s, first, count)
        for (const { name } of t.inputs) {
          const apart = Array.from({ length: count }, (_, k) => [...t.example(s, first + k)[name]!]).flat()
          assert.deepEqual([...packed[name]!], apart)
        }
      }),
    )
  })
})
