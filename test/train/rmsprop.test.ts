import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { argument, func } from '../../src/ir/expr.ts'
import { type Field, tensor } from '../../src/ir/type.ts'
import { rmsprop } from '../../src/train/rmsprop.ts'
import { seed } from '../seed.ts'

/** Parameter and accumulators after updates with these gradients. */
const run = async (
  field: Field,
  p0: readonly number[],
  gradients: readonly (readonly number[])[],
  momentum?: number,
  r0 = 1e-3,
) => {
  const optimiser = rmsprop({ learningRate: 1e-2, decay: 0.9, momentum })
  const type = tensor(field, [field === 'complex' ? p0.length / 2 : p0.length])
  const params = ['p', 'g', 'r', 'm']
    .slice(0, 2 + optimiser.accumulators.length)
    .map(name => ({ name, type }))
  const next = optimiser.update(
    argument(0, type),
    argument(1, type),
    optimiser.accumulators.map((_, k) => argument(2 + k, type)),
  )
  const program = {
    func: func(params, [next.parameter, ...next.accumulators]),
    updates: [
      { result: 0, param: 0 },
      ...optimiser.accumulators.map((_, k) => ({ result: 1 + k, param: 2 + k })),
    ],
  }
  const session = referenceBackend.start(program, { precision: 'double', threads: 1 })
  if (E.isLeft(session)) return assert.fail(session.left.message)
  const write = (name: string, data: readonly number[]) =>
    assert.ok(E.isRight(session.right.write(name, Float64Array.from(data))), name)
  const initials = [r0, ...optimiser.accumulators.slice(1).map(a => a.initial)]
  write('p', p0)
  initials.forEach((initial, k) => {
    write(
      params[2 + k]!.name,
      p0.map(() => initial),
    )
  })
  for (const g of gradients) {
    write('g', g)
    assert.ok(E.isRight(await session.right.run(1, {})()), 'it runs')
  }
  const read = (name: string) => {
    const data = session.right.read(name)
    return E.isRight(data) ? [...data.right] : assert.fail(data.left.message)
  }
  return { p: read('p'), r: read('r'), ...(momentum === undefined ? {} : { m: read('m') }) }
}

/* Without momentum the mean of gradients is the gradient. */
const byHand = (p0: readonly number[], gradients: readonly (readonly number[])[], momentum = 0) => {
  const p = [...p0]
  const r = p0.map(() => 1e-3)
  const m = p0.map(() => 0)
  for (const g of gradients)
    for (let i = 0; i < p.length; i++) {
      r[i] = 0.9 * r[i]! + 0.1 * g[i]! ** 2
      m[i] = momentum * m[i]! + (1 - momentum) * g[i]!
      p[i]! -= (0.01 * m[i]!) / Math.sqrt(r[i]!)
    }
  return { p, r, m }
}

const close = (a: readonly number[], b: readonly number[]) =>
  a.forEach((x, i) => {
    assert.ok(Math.abs(x - b[i]!) <= 1e-12 * Math.max(1, Math.abs(b[i]!)), `${a} and ${b}`)
  })

const number = fc.double({ min: -1e3, max: 1e3, noNaN: true })
const vector = fc.array(number, { minLength: 4, maxLength: 4 })
const gradients = fc.array(vector, { minLength: 1, maxLength: 5 })

describe('rmsprop', () => {
  it('is the update of the paper', () =>
    fc.assert(
      fc.asyncProperty(vector, gradients, async (p, gs) => {
        const given = await run('real', p, gs)
        const due = byHand(p, gs)
        close(given.p, due.p)
        close(given.r, due.r)
      }),
      { seed, numRuns: 40 },
    ))

  it('treats a complex parameter as two real ones', () =>
    fc.assert(
      fc.asyncProperty(vector, gradients, async (p, gs) => {
        assert.deepEqual(await run('complex', p, gs), await run('real', p, gs))
      }),
      { seed, numRuns: 40 },
    ))

  it('follows the mean of past gradients, of complex parameters, too', () =>
    fc.assert(
      fc.asyncProperty(
        vector,
        gradients,
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        async (p, gs, momentum) => {
          const given = await run('real', p, gs, momentum)
          const due = byHand(p, gs, momentum)
          close(given.p, due.p)
          close(given.r, due.r)
          close(given.m!, due.m)
          assert.deepEqual(await run('complex', p, gs, momentum), given)
        },
      ),
      { seed, numRuns: 40 },
    ))

  it('moves nothing by more than its rate where momentum and decay are the same', () =>
    fc.assert(
      fc.asyncProperty(vector, gradients, async (p, gs) => {
        const before = await run('real', p, gs.slice(0, -1), 0.9)
        const { p: after } = await run('real', p, gs, 0.9)
        for (const [i, x] of after.entries()) {
          const moved = Math.abs(x - before.p[i]!)
          assert.ok(moved <= 0.01 + 1e-12 * Math.abs(x), `by ${moved}`)
        }
      }),
      { seed, numRuns: 40 },
    ))

  it('halves its rate in as many updates, and goes on with it from any of its states', async () => {
    const type = tensor('real', [1])
    const falling = rmsprop({ learningRate: 0.5, decay: 0.9, halfLife: 4 })
    assert.deepEqual(falling.settings, { learningRate: 0.5, decay: 0.9, halfLife: 4 })
    assert.deepEqual(
      falling.accumulators.map(a => a.initial),
      [1e-3, 0.5],
    )
    const args = [0, 1, 2, 3].map(i => argument(i, type))
    const next = falling.update(args[0]!, args[1]!, args.slice(2))
    const session = referenceBackend.start(
      {
        func: func(
          ['p', 'g', 'r', 'rate'].map(name => ({ name, type })),
          [next.parameter, ...next.accumulators],
        ),
        updates: [
          { result: 0, param: 0 },
          { result: 1, param: 2 },
          { result: 2, param: 3 },
        ],
      },
      { precision: 'double', threads: 1 },
    )
    if (E.isLeft(session)) return assert.fail(session.left.message)
    const write = (name: string, x: number) => session.right.write(name, Float64Array.of(x))
    write('p', 0)
    write('g', 1)
    write('r', 1e-3)
    write('rate', 0.5)
    let [p, r] = [0, 1e-3]
    for (let k = 0; k < 12; k++) {
      assert.ok(E.isRight(await session.right.run(1, {})()))
      r = 0.9 * r + 0.1
      p -= (0.5 * 2 ** (-k / 4)) / Math.sqrt(r)
      const given = session.right.read('p')
      assert.ok(E.isRight(given) && Math.abs(given.right[0]! - p) < 1e-12, `update ${k}`)
    }
    const rate = session.right.read('rate')
    assert.ok(E.isRight(rate) && Math.abs(rate.right[0]! - 0.5 / 8) < 1e-15)
  })

  it('treats complex parameters as two real ones with a falling rate and momentum, too', async () => {
    const step = (field: Field, length: number) => {
      const type = tensor(field, [length])
      const args = [0, 1, 2, 3, 4].map(i => argument(i, type))
      const next = rmsprop({ learningRate: 0.5, decay: 0.9, halfLife: 3, momentum: 0.8 }).update(
        args[0]!,
        args[1]!,
        args.slice(2),
      )
      return { params: ['p', 'g', 'r', 'rate', 'm'].map(name => ({ name, type })), next }
    }
    const values = async (field: Field, length: number) => {
      const { params, next } = step(field, length)
      const program = { func: func(params, [next.parameter, ...next.accumulators]), updates: [] }
      const session = referenceBackend.start(program, { precision: 'double', threads: 1 })
      if (E.isLeft(session)) return assert.fail(session.left.message)
      params.forEach(({ name }, k) => {
        session.right.write(name, Float64Array.of(1 + k, 0.3 * k, 2 - 0.1 * k, k + 0.5))
      })
      const results = await session.right.run(1, {})()
      return E.isRight(results) ? results.right : assert.fail(results.left.message)
    }
    assert.deepEqual(await values('complex', 2), await values('real', 4))
  })

  it('stays where it is when gradient and accumulator are 0', async () => {
    assert.deepEqual(await run('real', [2, 3], [[0, 0]], undefined, 0), { p: [2, 3], r: [0, 0] })
  })
})
