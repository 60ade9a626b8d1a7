import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { tensorOf, uniformValue, type Value, varyingValue, zeros } from '../../src/ir/tensor.ts'
import { models } from '../../src/models/registry.ts'
import { type ImageSet, imageSet } from '../../src/tasks/images.ts'
import { permuted, pixels } from '../../src/tasks/pixels.ts'
import type { Example, Split, Task } from '../../src/tasks/task.ts'
import { lossOf, measuresOf } from '../../src/train/program.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import {
  distance,
  evaluated,
  numbers,
  right as rightOf,
  runNative,
  withGradient,
} from '../property/support.ts'
import { holds, holdsAsync } from '../seed.ts'
import { filesOf, type Small, small } from './imageFiles.ts'

const right = <A>(e: E.Either<string, A>): A => (E.isRight(e) ? e.right : assert.fail(e.left))
const setOf = (size: Small): ImageSet => right(imageSet(filesOf(size)))
const set = setOf(small)
const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

const sizes = fc.record({
  train: fc.integer({ min: 2, max: 60 }),
  test: fc.integer({ min: 1, max: 8 }),
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 2, max: 4 }),
})
const made = fc
  .record({ size: sizes, seed: fc.nat(), make: fc.constantFrom(pixels, permuted) })
  .map(({ size, seed, make }) => ({ size, task: right(make({ images: setOf(size), seed })) }))

const key = ({ x, y }: Example): string => `${[...x!].join()}:${[...y!].join()}`
const keys = (task: Task, split: Split, count: number, first = 0): readonly string[] =>
  range(count).map(i => key(task.example(split, first + i)))

describe('pixels', () => {
  it('come row by row from the bottom, each from left to right, as shares of the brightest', () => {
    const task = right(pixels({ images: set, seed: 1 }))
    const { pixels: bytes, labels } = set.test
    for (const i of range(small.test)) {
      const [a, b, c, d, e, f] = bytes.subarray(6 * i, 6 * i + 6)
      const { x, y } = task.test!.example(i)
      assert.deepEqual(
        [...x!],
        [d, e, f, a, b, c].map(p => p! / 255),
      )
      assert.deepEqual([...y!], [labels[i]])
    }
    assert.equal(task.length, 6)
  })

  it('are refused without an image for each split', () => {
    const images = setOf({ ...small, train: 1 })
    assert.match(
      JSON.stringify(pixels({ images, seed: 1 })),
      /one image to learn from leaves none to hold out/,
    )
  })

  it('have the baseline of ten equal classes', () => {
    const task = right(pixels({ images: set, seed: 1 }))
    const memoryless = -Math.log(Array(10).fill(1 / 10)[0])
    assert.ok(Math.abs(task.baseline.value - memoryless) < 1e-15)
  })
})

describe('permuted pixels', () => {
  it('come in one order, drawn from the seed, in which each pixel has one place', () => {
    holds(
      fc.property(sizes, fc.nat(), (size, seed) => {
        const n = size.rows * size.columns
        // images of one bright pixel each show where it goes
        const bright = Uint8Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 255 : 0))
        const test = { count: n, pixels: bright, labels: new Uint8Array(n) }
        const images = { ...setOf(size), test }
        const places = (s: number) => {
          const task = right(permuted({ images, seed: s }))
          return range(n).map(p => task.test!.example(p).x!.indexOf(1))
        }
        assert.deepEqual(
          places(seed).toSorted((a, b) => a - b),
          range(n),
        )
        assert.deepEqual(places(seed), places(seed))
      }),
    )
  })

  it('come in another order for another seed, and in no order of rows', () => {
    const large = setOf({ train: 2, test: 1, rows: 8, columns: 8 })
    const of = (make: typeof pixels, seed: number) =>
      right(make({ images: large, seed }))
        .test!.example(0)
        .x!.join()
    assert.notEqual(of(permuted, 1), of(permuted, 2))
    assert.notEqual(of(permuted, 1), of(pixels, 1))
    assert.equal(of(pixels, 1), of(pixels, 2))
  })
})

describe('splits', () => {
  it('share no image, leave none out, and an epoch has each once', () => {
    holds(
      fc.property(made, fc.nat(5), ({ size, task }, epoch) => {
        const learned = size.train - task.heldOut!
        const train = keys(task, 'train', learned, epoch * learned)
        const heldOut = keys(task, 'held-out', task.heldOut!)
        const test = range(task.test!.count).map(i => key(task.test!.example(i)))
        const all = [...train, ...heldOut, ...test]
        assert.equal(new Set(all).size, all.length)
        assert.equal(all.length, size.train + size.test)
        // every epoch is of the same images
        assert.deepEqual(keys(task, 'train', learned).toSorted(), train.toSorted())
      }),
    )
  })

  it('are 55,000, 5,000 and 10,000 of as many images as MNIST has', () => {
    const images = setOf({ train: 60_000, test: 10_000, rows: 1, columns: 2 })
    const task = right(pixels({ images, seed: 3 }))
    assert.deepEqual([task.heldOut, task.test!.count], [5000, 10_000])
    assert.equal(new Set(range(55_000).map(i => task.example('train', i).x!.join())).size, 55_000)
  })

  it('are shuffled anew in every epoch, by the seed', () => {
    const of = (seed: number) => right(pixels({ images: setOf({ ...small, train: 60 }), seed }))
    const learned = 55
    assert.notDeepEqual(keys(of(1), 'train', learned), keys(of(1), 'train', learned, learned))
    assert.notDeepEqual(keys(of(1), 'train', learned), keys(of(2), 'train', learned))
    assert.deepEqual(keys(of(1), 'held-out', 5), keys(of(2), 'held-out', 5))
  })

  it('have the same example at a place in whatever order they are asked', () => {
    holds(
      fc.property(made, fc.array(fc.nat(500), { minLength: 1, maxLength: 8 }), ({ task }, places) => {
        const once = places.map(i => key(task.example('train', i)))
        const again = places.toReversed().map(i => key(task.example('train', i)))
        assert.deepEqual(again.toReversed(), once)
      }),
    )
  })
})

describe('the right answer', () => {
  /* A model whose answer is its parameter, whatever it reads. */
  const answers = (logits: readonly number[], label: number): readonly number[] => {
    const task = right(pixels({ images: set, seed: 1 }))
    const f = rightOf(measuresOf(models.rnn({ hidden: 1, reads: task.reads, writes: 10, seed: 1 }), task))
    const inputs: readonly Value[] = f.params.map(({ name, type }) => {
      if (name === 'x') return varyingValue([zeros(type)])
      if (name === 'y') return varyingValue([tensorOf(type, Float64Array.of(label))])
      return uniformValue(name === 'c' ? tensorOf(type, Float64Array.from(logits)) : zeros(type))
    })
    return evaluated({ func: f, inputs, batch: 1 }).map(v => numbers(v)[0]!)
  }

  it('is the class above all others; a tie is none', () => {
    const logit = fc.integer({ min: -3, max: 3 })
    holds(
      fc.property(fc.array(logit, { minLength: 10, maxLength: 10 }), fc.nat(9), (logits, label) => {
        const [loss, correct] = answers(logits, label)
        const above = logits.every((o, k) => k === label || o < logits[label]!)
        assert.equal(correct, above ? 1 : 0)
        const total = logits.reduce((sum, o) => sum + Math.exp(o), 0)
        assert.ok(Math.abs(loss! - (Math.log(total) - logits[label]!)) < 1e-12)
      }),
    )
  })
})

it('the engine gives losses, gradients and accuracies of all models on pixels', async () => {
  for (const make of [pixels, permuted])
    for (const name of ['urnn', 'lstm', 'rnn', 'irnn'] as const)
      for (const hidden of [1, 6, 8]) {
        const task = right(make({ images: set, seed: 5 }))
        const model = models[name]({ hidden, reads: task.reads, writes: task.writes, seed: 2 })
        const batch = fc.constantFrom(1, 7, 9, 17)
        await holdsAsync(
          fc.asyncProperty(runsOf(rightOf(lossOf(model, task)), { batch }), async p => {
            const g = withGradient(p)
            const due = evaluated(g).map(numbers)
            assert.ok(distance(await runNative(g), due) < 1e-11, name)
          }),
          2,
        )
        await holdsAsync(
          fc.asyncProperty(runsOf(rightOf(measuresOf(model, task)), { batch }), async p => {
            const due = evaluated(p).map(numbers)
            assert.ok(distance(await runNative(p), due) < 1e-11, name)
          }),
          2,
        )
      }
})
