/** Runs: segments, reductions, threads, state, cancellation, misuse. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { NativeProgram } from '../../src/backend/native/addon.ts'
import { type Plan, tape } from '../../src/backend/native/plan.ts'
import { addon, fft, instruction, loop, map, plan, program, uniform, varying } from './plans.ts'
import { drawn, numbers, precisions, settings } from './values.ts'

const units = 5
/** Uniform: w, then the sum of w x_b over the examples; a second segment subtracts the mean from every example. */
const centre = (segments: number): Plan =>
  plan({
    units: { uniform: 3 * units + 1, varying: 2 * units },
    inputs: [
      { name: 'w', rate: 'uniform', offset: 0, units, bound: 0 },
      { name: 'x', rate: 'varying', offset: 0, units, bound: 0 },
    ],
    outputs: [
      { rate: 'uniform', offset: units, units },
      { rate: 'varying', offset: units, units },
      { rate: 'uniform', offset: 2 * units, units },
    ],
    updates: [{ output: 2, input: 0 }],
    segments: [
      {
        rate: 'varying' as const,
        instructions: [
          map(
            units,
            [[varying(units), 1, 1]],
            [
              [varying(0), 1, 1],
              [uniform(0), 1, 1],
            ],
            0,
            [['mul', 1, 2, 0, 1]],
          ),
        ],
        reductions: [{ from: units, to: units, units, reduced: false }],
      },
      {
        rate: 'uniform' as const,
        instructions: [
          instruction('batchSize', [uniform(3 * units)], []),
          map(
            units,
            [[uniform(2 * units), 1, 1]],
            [
              [uniform(units), 1, 1],
              [uniform(3 * units), 1, 0],
            ],
            0,
            [['div', 1, 2, 0, 1]],
          ),
        ],
        reductions: [],
      },
      {
        rate: 'varying' as const,
        instructions: [
          map(
            units,
            [[varying(units), 1, 1]],
            [
              [varying(units), 1, 1],
              [uniform(2 * units), 1, 1],
            ],
            0,
            [['sub', 1, 2, 0, 1]],
          ),
        ],
        reductions: [],
      },
    ].slice(0, segments),
  })

const random = (n: number): Float64Array => drawn(n, numbers(1))

it('numbers too small to be normal are 0 in single precision, whatever thread has them', async () => {
  const square = (space: typeof uniform, rate: 'uniform' | 'varying') => ({
    rate,
    instructions: [
      map(
        units,
        [[space(units), 1, 1]],
        [
          [space(0), 1, 1],
          [uniform(0), 1, 1],
        ],
        0,
        [['mul', 1, 2, 0, 1]],
      ),
    ],
    reductions: [],
  })
  const squares = plan({
    units: { uniform: 2 * units, varying: 2 * units },
    inputs: (['uniform', 'varying'] as const).map(rate => ({ name: rate, rate, offset: 0, units, bound: 0 })),
    outputs: (['uniform', 'varying'] as const).map(rate => ({ rate, offset: units, units })),
    segments: [square(uniform, 'uniform'), square(varying, 'varying')],
  })
  const roots = { single: [1e-18, 1e-20], double: [1e-153, 1e-160] } as const
  for (const { precision, isa } of settings)
    for (const batch of [1, 20, 90]) {
      const p = program(squares, precision, isa)
      const [normal, small] = roots[precision]
      const inTurn = (n: number): Float64Array =>
        new Float64Array(n * units).map((_, k) => ((k % units) % 2 === 0 ? normal : small))
      p.write(0, inTurn(1))
      for (const result of await p.run(batch, [null, inTurn(batch)], 2))
        result!.forEach((y, k) => {
          const kept = precision === 'double' || (k % units) % 2 === 0
          assert.equal(y > 0, kept, `${precision} ${isa} ${batch}: ${y}`)
        })
    }
})

describe('reductions', () => {
  it('sum the examples, and later segments see the sum', async () => {
    for (const precision of precisions)
      for (const isa of addon.features().isa)
        for (let batch = 1; batch <= 40; batch++) {
          const p = program(centre(3), precision, isa)
          const w = random(units).map(x => x + 2)
          p.write(0, w)
          const x = random(batch * units)
          const [sums, rest] = await p.run(batch, [null, x], 2)
          const mean = p.read(0)
          const product = x.map((v, n) => v * w[n % units]!)
          const expected = w.map((_, u) => product.reduce((s, v, n) => (n % units === u ? s + v : s), 0))
          expected.forEach((s, u) => {
            assert.ok(Math.abs(sums![u]! - s) < 1e-4, `batch ${batch}`)
            assert.ok(Math.abs(mean[u]! - s / batch) < 1e-4)
          })
          product.forEach((v, n) => {
            assert.ok(Math.abs(rest![n]! - (v - expected[n % units]! / batch)) < 1e-4)
          })
        }
  })
  it('take products whose examples are summed already', async () => {
    const products = (rows: number, columns: number, uniformFactor: 'a' | 'b' | undefined): Plan => {
      const units = rows * columns
      const of = (name: 'a' | 'b', offset: number) =>
        name === uniformFactor ? uniform(offset, 0) : varying(offset, 0)
      const [a, b] = [of('a', 0), of('b', rows)]
      return plan({
        units: { uniform: rows + columns + 2 * units, varying: rows + columns + 2 * units },
        constants: [0],
        inputs: [
          { name: 'a', rate: a.space, offset: 0, units: rows, bound: 0 },
          { name: 'b', rate: b.space, offset: rows, units: columns, bound: 0 },
        ],
        outputs: [0, units].map(k => ({ rate: 'uniform', offset: rows + columns + k, units })),
        segments: [
          {
            rate: 'varying',
            instructions: [
              instruction('fill', [varying(rows + columns)], [units, 1, 0, 0]),
              loop(3, false, [
                instruction('outer', [varying(rows + columns, 0), a, b], [rows, columns, 1, 1, 1]),
              ]),
              loop(1, false, [
                instruction(
                  'contract',
                  [varying(rows + columns + units, 0), a, b],
                  [1, rows, columns, 1, 0, 1],
                ),
              ]),
            ],
            reductions: [0, units].map(k => ({
              from: rows + columns + k,
              to: rows + columns + k,
              units,
              reduced: true,
            })),
          },
        ],
      })
    }
    for (const precision of precisions)
      for (const isa of addon.features().isa)
        for (const [rows, columns] of [
          [1, 1],
          [9, 40],
          [3, 17],
          [6, 31],
        ] as const)
          for (const uniformFactor of ['a', 'b', undefined] as const)
            for (const batch of [1, 2, 3, 4, 5, 8, 9, 16, 20, 33]) {
              const p = program(products(rows, columns, uniformFactor), precision, isa)
              const values = [rows, columns].map((units, k) => {
                const isUniform = (k === 0 ? 'a' : 'b') === uniformFactor
                const x = random((isUniform ? 1 : batch) * units)
                if (isUniform) p.write(k, x)
                return {
                  given: isUniform ? null : x,
                  at: (e: number, j: number) => x[isUniform ? j : e * units + j]!,
                }
              })
              const [outers, contracted] = await p.run(
                batch,
                values.map(v => v.given),
                2,
              )
              for (let i = 0; i < rows; i++)
                for (let j = 0; j < columns; j++) {
                  let sum = 0
                  for (let e = 0; e < batch; e++) sum += values[0]!.at(e, i) * values[1]!.at(e, j)
                  const [thrice, once] = [outers![i * columns + j]!, contracted![i * columns + j]!]
                  const where = `${precision} ${isa}, ${rows} by ${columns}, batch ${batch}, ${uniformFactor}: ${i}, ${j}`
                  assert.ok(Math.abs(thrice - 3 * sum) < 1e-4, where)
                  assert.ok(Math.abs(once - sum) < 1e-4, where)
                }
            }
  })
  it('are the same to the last bit on any number of threads', async () => {
    for (const precision of precisions)
      for (const segments of [1, 3])
        for (const batch of [1, 7, 8, 9, 100, 333]) {
          const results = await Promise.all(
            [1, 2, 3, 8, 1000].map(async threads => {
              const p = program(centre(segments), precision)
              p.write(0, random(units))
              const outputs = [await p.run(batch, [null, random(batch * units)], threads)]
              outputs.push(await p.run(batch, [null, random(batch * units)], threads))
              return outputs
            }),
          )
          for (const r of results) assert.deepEqual(r, results[0])
        }
  })
})

/** Turns x by w again and again, in two loops, and then gives it and its sum over the examples: enough work to be cut. */
const turning = (size: number, length: number): Plan => {
  const turn = (by: 'mul' | 'conjMul') =>
    map(
      size,
      [[varying(0, 0), 2, 1]],
      [
        [uniform(0, 0), 2, 1],
        [varying(0, 0), 2, 1],
      ],
      0,
      [[by, 2, 2, 0, 1]],
    )
  return plan({
    units: { uniform: 4 * size, varying: 2 * size },
    inputs: [
      { name: 'w', rate: 'uniform', offset: 0, units: 2 * size, bound: 0 },
      { name: 'x', rate: 'varying', offset: 0, units: 2 * size, bound: 0 },
    ],
    outputs: [
      { rate: 'varying', offset: 0, units: 2 * size },
      { rate: 'uniform', offset: 2 * size, units: 2 * size },
    ],
    segments: [
      {
        rate: 'varying' as const,
        instructions: [
          loop(length, false, [turn('mul'), turn('mul')]),
          loop(length / 2, true, [turn('conjMul')]),
        ],
        reductions: [{ from: 0, to: 2 * size, units: 2 * size, reduced: false }],
      },
    ],
  })
}

describe('blocks that do not divide evenly', () => {
  const size = 40
  const length = 600
  const w = Float64Array.from({ length: 2 * size }, (_, i) => [Math.cos(i >> 1), Math.sin(i >> 1)][i % 2]!)
  it('are cut, and give the same to the last bit on any number of threads', async () => {
    for (const isa of addon.features().isa)
      for (const precision of precisions)
        for (const batch of [9, 17, 20, 33, 47, 70]) {
          const p = program(turning(size, length), precision, isa)
          p.write(0, w)
          const x = random(batch * 2 * size)
          const one = await p.run(batch, [null, x], 1)
          for (const threads of [2, 3, 4, 5, 2])
            assert.deepEqual(await p.run(batch, [null, x], threads), one, `${batch} on ${threads} of ${isa}`)
        }
  })
  it('are turned as often as one alone', async () => {
    const p = program(turning(size, length))
    p.write(0, w)
    const x = random(20 * 2 * size)
    const [turned] = await p.run(20, [null, x], 2)
    // conjMul is conj(w) x: it undoes a quarter of the turns.
    const angle = (i: number): number => (i % size) * (2 * length - length / 2)
    for (let i = 0; i < 20 * size; i++) {
      const [c, s] = [Math.cos(angle(i)), Math.sin(angle(i))]
      const [re, im] = [x[2 * i]!, x[2 * i + 1]!]
      assert.ok(Math.abs(turned![2 * i]! - (c * re - s * im)) < 1e-9, `element ${i}`)
      assert.ok(Math.abs(turned![2 * i + 1]! - (s * re + c * im)) < 1e-9, `element ${i}`)
    }
  })
  it('can be cancelled at any time', async () => {
    for (const delay of [0, 1, 5, 20]) {
      const p = program(turning(size, 2 ** 24))
      p.write(0, w)
      const run = p.run(33, [null, random(33 * 2 * size)], 2)
      await new Promise(resolve => setTimeout(resolve, delay))
      p.cancel()
      await assert.rejects(run, /cancelled/)
    }
  })
})

/** Counts up its input, after `seconds` of looping or so. */
const slow = (length: number): Plan =>
  plan({
    units: { uniform: 2, varying: 1 },
    constants: [1],
    inputs: [{ name: 'n', rate: 'uniform', offset: 0, units: 1, bound: 0 }],
    outputs: [{ rate: 'uniform', offset: 1, units: 1 }],
    updates: [{ output: 0, input: 0 }],
    segments: [
      {
        rate: 'uniform',
        instructions: [
          map(1, [[uniform(1), 1, 1]], [[uniform(0), 1, 1]], 1, [
            ['constant', 1, 1, 0],
            ['add', 1, 2, 0, 1],
          ]),
        ],
        reductions: [],
      },
      {
        rate: 'varying',
        instructions: [
          loop(length, false, [loop(length, false, [instruction('batchSize', [varying(0, 0, 0)], [])])]),
        ],
        reductions: [],
      },
    ],
  })

const counter = (length: number): NativeProgram => {
  const p = program(slow(length))
  p.write(0, Float64Array.of(5))
  return p
}
const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 20))

describe('state', () => {
  it('is updated by a run that succeeds', async () => {
    const p = counter(1)
    assert.deepEqual(await p.run(1, [null], 1), [])
    assert.deepEqual(p.read(0), Float64Array.of(6))
    assert.deepEqual(await p.run(1, [null], 1), [])
    assert.deepEqual(p.read(0), Float64Array.of(7))
  })
  it('stays as it was when a run is cancelled, and the program is of use afterwards', async () => {
    for (const threads of [1, 3]) {
      const p = counter(2 ** 30)
      const run = p.run(100, [null], threads)
      await soon()
      await assert.rejects(p.run(1, [null], 1), /a run is under way/)
      assert.throws(() => p.write(0, Float64Array.of(1)), /a run is under way/)
      assert.deepEqual(p.read(0), Float64Array.of(5))
      p.cancel()
      await assert.rejects(run, /cancelled/)
      assert.deepEqual(p.read(0), Float64Array.of(5))
      p.write(0, Float64Array.of(1))
      const again = p.run(1, [null], 1)
      p.cancel()
      p.cancel()
      await assert.rejects(again, /cancelled/)
    }
    const p = counter(1)
    p.cancel()
    assert.deepEqual(await p.run(1, [null], 1), [])
    assert.deepEqual(p.read(0), Float64Array.of(6))
  })
  it('is rounded as the engine holds it', () => {
    const p = program(slow(1), 'single')
    p.write(0, Float64Array.of(0.1))
    assert.equal(p.read(0)[0], Math.fround(0.1))
  })
})

describe('misuse', () => {
  const p = program(centre(3))
  const x = random(2 * units)
  const bad: readonly [string, () => Promise<unknown>, RegExp][] = [
    ['an input not written', () => p.run(2, [null, x], 1), /input 0 was never written/],
    ['no examples', () => p.run(0, [null, new Float64Array()], 1), /at least one example/],
    ['fewer than none', () => p.run(-3, [null, x], 1), /at least one example/],
    ['half an example', () => p.run(0.5, [null, x], 1), /the batch is no whole number/],
    ['too many examples', () => p.run(1e12, [null, x], 1), /at most/],
    ['a wrong length', () => p.run(3, [null, x], 1), /input 1 takes 15 numbers .*; it got 10/],
    ['no values', () => p.run(2, [null, null], 1), /input 1 varies/],
    ['too few inputs', () => p.run(2, [null], 1), /no array of 2/],
    ['values of a uniform input', () => p.run(2, [x, x], 1), /input 0 is uniform/],
    ['no threads', () => p.run(2, [null, x], 0), /at least one thread/],
    ['nothing', () => (p.run as () => Promise<unknown>)(), /no whole number/],
  ]
  for (const [what, run, message] of bad)
    it(`run refuses ${what}`, async () => {
      await assert.rejects(run, message)
    })
  it('write and read refuse what is no uniform input', () => {
    assert.throws(() => p.write(0, x), /input 0 takes 5 numbers; it got 10/)
    assert.throws(() => p.write(1, x), /input 1 varies/)
    assert.throws(() => p.write(2, x), /there is no input 2/)
    assert.throws(() => p.write(-1, x), /there is no input -1/)
    assert.throws(() => p.read(1), /input 1 varies/)
    assert.throws(() => program(centre(3)).read(0), /never written/)
  })
  it('an index takes whole numbers below its bound', async () => {
    const index = plan({
      units: { uniform: 0, varying: 1 },
      inputs: [{ name: 'i', rate: 'varying', offset: 0, units: 1, bound: 4 }],
      outputs: [{ rate: 'varying', offset: 0, units: 1 }],
    })
    const q = program(index)
    assert.deepEqual(await q.run(3, [Float64Array.of(0, 3, 2)], 1), [Float64Array.of(0, 3, 2)])
    for (const x of [-1, 4, 0.5, NaN, Infinity])
      await assert.rejects(
        q.run(2, [Float64Array.of(1, x)], 1),
        /input 0 takes whole numbers from 0 to 3; number 1/,
      )
  })
  it('a constructor takes a plan, a precision and an instruction set of this machine', () => {
    const { code, constants } = tape(centre(3))
    const make = addon.Program as new (...args: unknown[]) => unknown
    assert.throws(() => new make(), /the code is no Int32Array/)
    assert.throws(() => new make(code, [], {}), /the constants are no Float64Array/)
    assert.throws(() => new make(code, constants), /the options are no object/)
    assert.throws(() => new make(code, constants, { precision: 'half' }), /neither 'single' nor 'double'/)
    assert.throws(() => new make(code, constants, { precision: 'single', isa: 'vax' }), /'vax' is not one/)
    assert.throws(() => make.call(undefined))
  })
  it('an arena larger than the machine is refused', async () => {
    const large = (u: number, v: number): Plan => ({ ...centre(3), units: { uniform: u, varying: v } })
    const q = program(large(100, 2 ** 31 - 1))
    q.write(0, random(units))
    await assert.rejects(q.run(2 ** 20, [null, random(2 ** 20 * units)], 1), /MiB of memory/)
  })
  it('more blocks of examples than the machine has room for are refused', async () => {
    const q = program({
      ...plan({}),
      segments: Array.from({ length: 100 }, () => ({
        rate: 'varying' as const,
        instructions: [],
        reductions: [],
      })),
    })
    await assert.rejects(q.run(2 ** 31, [], 1), /MiB of memory/)
  })
  it('a transform whose tables are larger than the machine is refused', () => {
    const prime = 1073741789
    const large = plan({
      units: { uniform: 0, varying: 2 ** 31 - 1 },
      segments: [{ rate: 'varying', instructions: [fft(prime, 0, varying(0), varying(0))], reductions: [] }],
    })
    assert.throws(() => program(large), /MiB of memory/)
  })
  it('the values of a run are looked at before it begins, whatever their getters do', async () => {
    const q = counter(2 ** 30)
    let first: Promise<unknown> | undefined
    const values: null[] = []
    Object.defineProperty(values, 0, {
      get: () => {
        first ??= q.run(1, [null], 1)
        return null
      },
    })
    await assert.rejects(q.run(1, values, 1), /a run is under way/)
    q.cancel()
    await assert.rejects(first!, /cancelled/)
  })
})

describe('environments', () => {
  it('a worker thread can end while its run is under way', async () => {
    const { code, constants } = tape(slow(2 ** 30))
    const source = `
      const { parentPort, workerData } = require('node:worker_threads')
      const { Program } = require('node-gyp-build')(workerData.root)
      const p = new Program(workerData.code, workerData.constants, { precision: 'double' })
      p.write(0, Float64Array.of(5))
      p.run(100, [null], 2)
      setTimeout(() => parentPort.postMessage('running'), 20)`
    const worker = new Worker(source, { eval: true, workerData: { root: process.cwd(), code, constants } })
    await new Promise(resolve => worker.once('message', resolve))
    assert.equal(await worker.terminate(), 1)
  })
})
