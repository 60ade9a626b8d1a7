/** Gradient clipping: min(max(g, −c), c), exactly, on both backends. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, Precision } from '../../src/backend/backend.ts'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { argument, func } from '../../src/ir/expr.ts'
import { type Field, tensor } from '../../src/ir/type.ts'
import { optimise } from '../../src/passes/pipeline.ts'
import { batch } from '../../src/tasks/task.ts'
import { clip, clipped } from '../../src/train/clip.ts'
import { prepare } from '../../src/train/experiment.ts'
import { rmsprop } from '../../src/train/rmsprop.ts'
import { native, right } from '../property/support.ts'
import { holdsAsync } from '../seed.ts'
import { config } from './small.ts'

const run = async (
  backend: Backend,
  field: Field,
  g: readonly number[],
  c: number,
  precision: Precision = 'double',
): Promise<readonly number[]> => {
  const type = tensor(field, [field === 'complex' ? g.length / 2 : g.length])
  const program = { func: optimise(func([{ name: 'g', type }], [clip(argument(0, type), c)])), updates: [] }
  const session = right(backend.start(program, { precision, threads: 1 }))
  right(session.write('g', Float64Array.from(g)))
  return [...right(await session.run(1, {})())[0]!].map(x => x + 0) // −0 is 0
}

const number = fc.oneof(
  fc.double({ min: -3, max: 3, noNaN: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1, -1, 1e-300, 1e300, -1e300),
)
const gradients = fc.array(number, { minLength: 4, maxLength: 4 })
const bound = fc.oneof(fc.constant(1), fc.double({ min: 1e-6, max: 1e6, noNaN: true }))

describe('clipping', () => {
  it('is min(max(g, −c), c), to the last bit, of real numbers and of both parts of complex ones', () =>
    holdsAsync(
      fc.asyncProperty(gradients, bound, fc.constantFrom<Field>('real', 'complex'), async (g, c, field) => {
        const due = g.map(x => Math.min(Math.max(x, -c), c) + 0)
        assert.deepEqual(await run(referenceBackend, field, g, c), due)
        assert.deepEqual(await run(native(), field, g, c), due)
      }),
      60,
    ))

  it('loses nothing of small gradients in single precision', () =>
    holdsAsync(
      fc.asyncProperty(fc.double({ min: 1e-30, max: 1, noNaN: true }), async x => {
        const g = [x, -x, 100 + x, -100 - x]
        const f = Math.fround(x)
        assert.deepEqual(await run(native(), 'real', g, 1, 'single'), [f, -f, 1, -1])
      }),
      40,
    ))

  it('is a part of what an optimiser is, and of what a checkpoint was made for', () => {
    const plain = rmsprop({ learningRate: 1e-3, decay: 0.9 })
    assert.deepEqual(clipped(plain, 2).settings, { ...plain.settings, clip: 2 })
    const identity = (clipAt?: number) => {
      const made = prepare(clipAt === undefined ? config : { ...config, clip: clipAt })
      return E.isRight(made) ? made.right.identity.optimiserSettings : assert.fail(made.left)
    }
    assert.equal(identity().clip, undefined)
    assert.equal(identity(1).clip, 1)
  })

  it('does nothing to a step whose gradients are within the bound, and something to one whose are not', async () => {
    const after = async (clipAt: number | undefined) => {
      const made = prepare(clipAt === undefined ? config : { ...config, clip: clipAt })
      if (E.isLeft(made)) return assert.fail(made.left)
      const { programs, task } = made.right
      const session = right(native().start(programs.step, { precision: 'double', threads: 1 }))
      for (const slot of [...programs.parameters, ...programs.accumulators])
        right(session.write(slot.name, slot.initial(1)))
      right(await session.run(config.batch, batch(task, 'train', 0, config.batch))())
      return [...right(session.read('U'))]
    }
    const free = await after(undefined)
    assert.deepEqual(await after(1e6), free)
    assert.notDeepEqual(await after(1e-4), free)
  })
})
