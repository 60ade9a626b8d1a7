import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../src/backend/backend.ts'
import { bestOf, isBetter, startMeasure } from '../../src/train/measure.ts'
import { initialState } from '../../src/train/state.ts'
import { holds } from '../seed.ts'
import { experiment, pixelExperiment } from './small.ts'

/* An engine whose loss is the mean of the marked numbers, and which is right where they are above 1/2. */
const meanOf = (sizes: number[]): Backend => ({
  name: 'reference',
  start: () =>
    E.right({
      write: () => E.right(undefined),
      read: () => assert.fail('nothing is read'),
      run: (batch, data) => async () => {
        sizes.push(batch)
        const all = [...data.y!]
        const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length
        return E.right(
          [mean(all), mean(all.map(x => Number(x > 4)))].map(x => Float64Array.of(Math.fround(x))),
        )
      },
    }),
})

describe('measuring', () => {
  it('over many examples, in parts, is the mean over all of them and the exact share of right answers', async () => {
    const { task, programs } = pixelExperiment()
    const of = (i: number) => ({ x: new Float64Array(6), y: Float64Array.of((7 * i) % 10) })
    for (const count of [1, 499, 500, 501, 1733]) {
      const sizes: number[] = []
      const options = { precision: 'single', threads: 1 } as const
      const started = startMeasure(task, programs, meanOf(sizes), options, of, count)
      const measured = await (E.isRight(started) ? started.right : assert.fail())(initialState(programs, 1))()
      const labels = Array.from({ length: count }, (_, i) => (7 * i) % 10)
      assert.ok(E.isRight(measured))
      const { loss, accuracy } = measured.right
      assert.ok(Math.abs(loss - labels.reduce((a, b) => a + b, 0) / count) < 1e-6)
      assert.equal(accuracy, labels.filter(x => x > 4).length / count)
      assert.equal(
        sizes.reduce((a, b) => a + b, 0),
        count,
      )
      assert.ok(Math.max(...sizes) <= 500)
    }
  })

  it('has no accuracy where answers are neither right nor wrong', () => {
    assert.equal(experiment().task.correct, undefined)
    assert.equal(experiment().programs.evaluate.func.results.length, 1)
    assert.equal(pixelExperiment().programs.evaluate.func.results.length, 2)
  })
})

describe('the best measurement', () => {
  const some = fc.integer({ min: 0, max: 3 })
  const all = fc
    .array(fc.record({ loss: some, accuracy: some }), { minLength: 1, maxLength: 9 })
    .map(list => list.map((m, step) => ({ ...m, step })))

  it('has the highest accuracy, then the lowest loss, and is the first of its like', () => {
    holds(
      fc.property(all, list => {
        const most = Math.max(...list.map(m => m.accuracy))
        const least = Math.min(...list.filter(m => m.accuracy === most).map(m => m.loss))
        const due = list.find(m => m.accuracy === most && m.loss === least)
        assert.deepEqual(bestOf(list), due)
      }),
    )
    assert.equal(bestOf([]), undefined)
  })

  it('goes by the loss alone without an accuracy', () => {
    assert.equal(isBetter({ loss: 1 }, { loss: 2 }), true)
    assert.equal(isBetter({ loss: 2 }, { loss: 2 }), false)
  })
})
