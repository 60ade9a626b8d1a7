/** The engine against plain arithmetic: every opcode, every micro-op, both precisions, every instruction set here. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { header, headerFile } from '../../src/backend/native/generateHeader.ts'
import { type MicroOpName, microOpNames, microOps } from '../../src/backend/native/opcodes.ts'
import type { Instruction, Operand } from '../../src/backend/native/plan.ts'
import { check, combinations, rates } from './check.ts'
import * as C from './complex.ts'
import { apply, instruction, map, type Value } from './plans.ts'
import { near, numbers, range, settings, tolerance, total, value } from './values.ts'

describe('the header', () => {
  it('is the one generated from the table', () => {
    assert.equal(readFileSync(headerFile, 'utf8'), header())
  })
})

describe('opcodes', () => {
  it('copy', () => check('copy', [5, 3], [15, 5], x => [...x, ...x, ...x]))
  it('fill', async () => {
    await check('fill', [4, 2, 1, 2], [8], () => range(4).flatMap(() => [2.5, -3]), {
      constants: [7, 2.5, -3],
    })
    await check('fill', [4, 1, 1, 0], [4], () => range(4).map(() => 2.5), { constants: [7, 2.5, -3] })
  })
  it('sum', async () => {
    for (const [outer, inner] of [
      [7, 3],
      [1, 2],
      [0, 2],
      [9, 1],
    ] as const)
      await check('sum', [outer, inner], [inner, outer * inner], x =>
        range(inner).map(j => total(range(outer).map(o => x[o * inner + j]!))),
      )
  })
  it('dot', async () => {
    for (const count of [0, 1, 6, 9]) {
      await check('dot', [count, 1], [1, count, count], (a, b) => [total(a.map((x, n) => x * b[n]!))])
      await check('dot', [count, 2], [2, 2 * count, 2 * count], (a, b) => C.dot(a, b))
    }
  })
  it('logSumExp', () => check('logSumExp', [5], [1, 5], x => [Math.log(total(x.map(Math.exp)))]))
  it('logSumExp of large, infinite and missing numbers', async () => {
    for (const setting of settings) {
      const of = async (row: number[]): Promise<number> =>
        (
          await apply(
            { ...setting, batch: 2 },
            { rate: 'varying', units: 1 },
            [{ rate: 'varying', units: row.length, rows: [row, row] }],
            (to, from) => [instruction('logSumExp', [to, from], [row.length])],
          )
        )[1]!
      assert.ok(Math.abs((await of([1000, 1000])) - 1000 - Math.LN2) < 1e-3)
      assert.equal(await of([]), -Infinity)
      assert.equal(await of([-Infinity, -Infinity]), -Infinity)
      assert.equal(await of([-Infinity, 0]), 0)
      assert.equal(await of([Infinity, 0]), Infinity)
      assert.ok(Number.isNaN(await of([0, NaN, 1])))
    }
  })
  it('transpose', async () => {
    for (const [rows, columns] of [
      [1, 1],
      [3, 5],
      [17, 16],
      [2, 33],
    ] as const)
      for (const width of [1, 2]) {
        const units = rows * columns * width
        const part = (at: number): number => Math.floor(at / width)
        await check('transpose', [rows, columns, width], [units, units], x =>
          range(units).map(
            at => x[((part(at) % rows) * columns + Math.floor(part(at) / rows)) * width + (at % width)]!,
          ),
        )
      }
  })
  it('matvec', async () => {
    for (const [rows, columns] of [
      [1, 1],
      [9, 5],
      [4, 13],
      [8, 0],
    ] as const)
      for (const width of [1, 2])
        for (const adjoint of [0, 1]) {
          const [out, inn] = adjoint ? [columns, rows] : [rows, columns]
          await check(
            'matvec',
            [rows, columns, width, adjoint],
            [out * width, rows * columns * width, inn * width],
            (a, x) => C.matvec(a, x, rows, columns, width, adjoint === 1),
          )
        }
  })
  it('outer', async () => {
    for (const width of [1, 2]) {
      await check('outer', [3, 4, width, 0, 0], [12 * width, 3 * width, 4 * width], (a, b) =>
        C.outer(a, b, width),
      )
      await check(
        'outer',
        [3, 4, width, 1, 0],
        [12 * width, 3 * width, 4 * width],
        (to, a, b) => C.outer(a, b, width).map((x, n) => x + to[n]!),
        { start: true },
      )
    }
  })
  it('contract', async () => {
    for (const [steps, rows, columns] of [
      [1, 1, 1],
      [3, 5, 7],
      [65, 4, 6],
      [130, 9, 2],
      [2, 3, 131],
    ] as const)
      for (const width of [1, 2]) {
        const units = [rows * columns * width, steps * rows * width, steps * columns * width]
        await check('contract', [steps, rows, columns, width, 0, 0], units, (a, b) =>
          C.contract(a, b, steps, width),
        )
        await check(
          'contract',
          [steps, rows, columns, width, 1, 0],
          units,
          (to, a, b) => C.contract(a, b, steps, width).map((x, n) => x + to[n]!),
          { start: true },
        )
      }
  })
  it('take', () =>
    check('take', [6, 3], [3, 18, 1], (from, index) => range(3).map(u => from[index[0]! * 3 + u]!), {
      index: 2,
    }))
  it('put', async () => {
    const put = (start: readonly number[], from: readonly number[], index: readonly number[]): number[] =>
      start.map((x, n) => x + (Math.floor(n / 3) === index[0] ? from[n % 3]! : 0))
    await check('put', [6, 3, 1], [18, 3, 1], put, { index: 2, start: true })
    await check(
      'put',
      [6, 3, 0],
      [18, 3, 1],
      (start, from, index) =>
        put(
          start.map(() => 0),
          from,
          index,
        ),
      { index: 2, start: true },
    )
  })
  it('take and put keep inside', async () => {
    for (const setting of settings)
      for (const [index, entry] of [
        [-5, 0],
        [NaN, 0],
        [1e30, 2],
        [Infinity, 2],
        [-Infinity, 0],
        [2.9, 2],
      ] as const) {
        const table: Value = { rate: 'uniform', units: 3, rows: [[10, 11, 12]] }
        const at: Value = { rate: 'varying', units: 1, rows: [[index]] }
        const taken = await apply(
          { ...setting, batch: 1 },
          { rate: 'varying', units: 1 },
          [table, at],
          (to, from, i) => [instruction('take', [to, from, i], [3, 1])],
        )
        assert.equal(taken[0], 10 + entry)
        const stored = await apply(
          { ...setting, batch: 1 },
          { rate: 'varying', units: 3 },
          [{ ...table, units: 1, rows: [[7]] }, at],
          (to, from, i) => [instruction('put', [to, from, i], [3, 1, 0])],
        )
        assert.deepEqual(
          [...stored],
          range(3).map(e => (e === entry ? 7 : 0)),
        )
      }
  })
  it('permute', () =>
    check('permute', [1], [8, 8], x => [2, 0, 3, 1].flatMap(j => [x[2 * j]!, x[2 * j + 1]!]), {
      permutations: [[0], [2, 0, 3, 1]],
    }))
  it('batchSize', async () => {
    for (const setting of settings)
      for (const rate of rates) {
        const n = await apply({ ...setting, batch: 9 }, { rate, units: 1 }, [], to => [
          instruction('batchSize', [to], []),
        ])
        assert.ok(n.every(x => x === 9) && n.length === (rate === 'uniform' ? 1 : 9))
      }
  })
})

describe('micro-ops', () => {
  const real: Partial<Record<MicroOpName, (a: number, b: number) => number>> = {
    move: a => a,
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    neg: a => -a,
    abs: Math.abs,
    pinv: a => (a === 0 ? 0 : 1 / a),
    exp: Math.exp,
    log: Math.log,
    sqrt: Math.sqrt,
    sin: Math.sin,
    cos: Math.cos,
    tanh: Math.tanh,
    sigmoid: a => 1 / (1 + Math.exp(-a)),
    relu: a => Math.max(a, 0),
    step: a => (a > 0 ? 1 : 0),
  }
  const reference = (
    op: MicroOpName,
    width: 1 | 2,
    a: readonly number[],
    b: readonly number[],
  ): readonly number[] =>
    op === 'constant'
      ? [0.5, -1.5].slice(0, width)
      : width === 1 && real[op] !== undefined && microOps[op].a !== 2
        ? [real[op](a[0]!, b[0]!)]
        : C.micro(op, a, b)

  for (const op of microOpNames)
    for (const width of microOps[op].widths)
      it(`${op} of width ${width}`, async () => {
        const own = (w: 1 | 2 | 'w' | 'none'): number => (w === 'w' ? width : w === 'none' ? 1 : w)
        const widths = [own(microOps[op].a), own(microOps[op].b)] as const
        for (const { precision, isa } of settings)
          for (const [rate, ...from] of combinations(2))
            for (const count of [1, 37]) {
              const next = numbers(op.length + count)
              const batch = 5
              const inputs = from.map((r, n) => value(next, r, widths[n]! * count, batch, x => x * 2))
              if (op === 'pinv' || op === 'step' || op === 'relu' || op === 'abs')
                (inputs[0]!.rows[0]! as number[]).fill(0, 0, width)
              const got = await apply(
                { precision, isa, batch, constants: [0, 0.5, -1.5] },
                { rate: rate!, units: width * count },
                inputs,
                (to, x, y) => [
                  map(
                    count,
                    [[to, width, 1]],
                    [
                      [x!, widths[0], 1],
                      [y!, widths[1], 1],
                    ],
                    0,
                    [[op, width, 2, op === 'constant' ? 1 : 0, op === 'constant' ? 2 : 1]],
                  ),
                ],
              )
              const want = range(rate === 'uniform' ? 1 : batch).flatMap(b =>
                range(count).flatMap(e => {
                  const [x, y] = inputs.map((i, n) => i.rows[b]!.slice(e * widths[n]!, (e + 1) * widths[n]!))
                  return reference(op, width, x!, y!)
                }),
              )
              near(
                got,
                want,
                tolerance[precision] / (op === 'div' || op === 'pinv' ? 0.1 : 1),
                `${op} ${precision} ${isa} ${[rate, ...from]} ${count}`,
              )
            }
      })

  it('NaN goes through, and is neither positive nor clipped', async () => {
    for (const setting of settings) {
      const x: Value = { rate: 'varying', units: 1, rows: [[NaN], [-1], [2]] }
      const of = async (op: MicroOpName): Promise<number[]> => [
        ...(await apply({ ...setting, batch: 3 }, { rate: 'varying', units: 1 }, [x], (to, a) => [
          map(1, [[to, 1, 1]], [[a!, 1, 1]], 0, [[op, 1, 1, 0]]),
        ])),
      ]
      assert.deepEqual(await of('relu'), [NaN, 0, 2])
      assert.deepEqual(await of('step'), [0, 0, 1])
      assert.deepEqual(await of('neg'), [NaN, 1, -2])
      assert.ok(Number.isNaN((await of('sigmoid'))[0]))
      assert.ok(Number.isNaN((await of('tanh'))[0]))
    }
  })
  it('functions do not overflow where their values do not', async () => {
    for (const setting of settings) {
      const x: Value = { rate: 'uniform', units: 4, rows: [[-1000, 1000, -0, 30]] }
      const sigmoid = await apply({ ...setting, batch: 1 }, { rate: 'uniform', units: 4 }, [x], (to, a) => [
        map(4, [[to, 1, 1]], [[a!, 1, 1]], 0, [['sigmoid', 1, 1, 0]]),
      ])
      near(sigmoid, [0, 1, 0.5, 1], 1e-6, 'sigmoid')
      const abs = await apply({ ...setting, batch: 1 }, { rate: 'uniform', units: 4 }, [x], (to, a) => [
        map(4, [[to, 1, 1]], [[a!, 1, 1]], 0, [['abs', 1, 1, 0]]),
      ])
      assert.deepEqual([...abs], [1000, 1000, 0, 30])
    }
  })
})

describe('map', () => {
  it('runs a program with temporaries, constants, steps and several outputs, in place', async () => {
    for (const setting of settings)
      for (const rate of rates) {
        const count = 21
        const next = numbers(8)
        const x = value(next, rate, 2 * count, 3)
        const bias: Value = { rate: 'uniform', units: 1, rows: [[0.25]] }
        // x ← (|x| + bias) x, and the modulus; registers: x, bias, |x|, factor, constant, outputs
        const program = (to: Operand, ...[b]: Operand[]): Instruction[] => [
          map(
            count,
            [[to, 2, 1]],
            [
              [to, 2, 1],
              [b!, 1, 0],
            ],
            3,
            [
              ['constant', 1, 4, 0, 0],
              ['modulus', 1, 2, 0],
              ['add', 1, 3, 2, 1],
              ['mul', 1, 3, 3, 4],
              ['scale', 2, 5, 3, 0],
              ['add', 2, 5, 5, 0],
            ],
          ),
        ]
        const got = await apply(
          { ...setting, batch: 3, constants: [2] },
          { rate, units: 2 * count, start: x },
          [bias],
          program,
        )
        const want = range(rate === 'uniform' ? 1 : 3).flatMap(r =>
          range(count).flatMap(e => {
            const [re, im] = [x.rows[r]![2 * e]!, x.rows[r]![2 * e + 1]!]
            const factor = 2 * (Math.hypot(re, im) + 0.25) + 1
            return [re * factor, im * factor]
          }),
        )
        near(got, want, tolerance[setting.precision], 'modulus')
      }
  })
  it('goes backwards with a negative step, and over every other element', async () => {
    for (const setting of settings) {
      const x: Value = { rate: 'varying', units: 40, rows: [range(40), range(40).map(n => n + 100)] }
      const got = await apply({ ...setting, batch: 2 }, { rate: 'varying', units: 20 }, [x], (to, a) => [
        map(20, [[{ ...to, offset: to.offset + 19 }, 1, -1]], [[a!, 1, 2]], 0, [['move', 1, 1, 0]]),
      ])
      assert.deepEqual(
        [...got],
        [0, 100].flatMap(s => range(20).map(n => s + 2 * (19 - n))),
      )
    }
  })
  it('sums up what goes to an output of step 0', async () => {
    for (const setting of settings)
      for (const [rate, ...from] of combinations(2))
        for (const count of [0, 1, 3, 64, 65, 200]) {
          const next = numbers(count)
          const [x, y] = from.map(r => value(next, r, 2 * count, 3))
          // Σ conj(x) y directly, Σ (x + y) by way of a temporary, Σ |x|, read again; registers: x, y, sums
          const got = await apply(
            { ...setting, batch: 3 },
            { rate: rate!, units: 5 },
            [x!, y!],
            (to, a, b) => [
              map(
                count,
                [
                  [to, 2, 0],
                  [{ ...to, offset: to.offset + 2 }, 2, 0],
                  [{ ...to, offset: to.offset + 4 }, 1, 0],
                ],
                [
                  [a!, 2, 1],
                  [b!, 2, 1],
                ],
                1,
                [
                  ['conjMul', 2, 3, 0, 1],
                  ['add', 2, 4, 0, 1],
                  ['modulus', 1, 5, 0],
                  ['add', 1, 2, 5, 5],
                ],
              ),
            ],
          )
          const want = range(rate === 'uniform' ? 1 : 3).flatMap(r => [
            ...C.dot(x!.rows[r]!, y!.rows[r]!),
            ...[0, 1].map(w =>
              total(range(count).map(e => x!.rows[r]![2 * e + w]! + y!.rows[r]![2 * e + w]!)),
            ),
            total(range(count).map(e => Math.hypot(x!.rows[r]![2 * e]!, x!.rows[r]![2 * e + 1]!))),
          ])
          near(got, want, 4 * tolerance[setting.precision], `${setting.isa} ${[rate, ...from]} ${count}`)
        }
  })
  it('reads through permutations', async () => {
    for (const setting of settings)
      for (const [rate, ...from] of combinations(2))
        for (const width of [1, 2]) {
          const count = 150
          const [p, q] = [range(count).map(e => (7 * e + 3) % count), range(count).reverse()]
          const next = numbers(width)
          const [x, y] = from.map(r => value(next, r, width * count, 3))
          const got = await apply(
            { ...setting, batch: 3, permutations: [p, q] },
            { rate: rate!, units: width * count },
            [x!, y!],
            (to, a, b) => [
              map(
                count,
                [[to, width, 1]],
                [
                  [a!, width, 1, 0],
                  [b!, width, 1, 1],
                  [b!, width, 1],
                ],
                0,
                [
                  ['sub', width, 3, 0, 1],
                  ['add', width, 3, 3, 2],
                ],
              ),
            ],
          )
          const want = range(rate === 'uniform' ? 1 : 3).flatMap(r =>
            range(count).flatMap(e =>
              range(width).map(w => {
                const at = (v: Value, n: number): number => v.rows[r]![width * n + w]!
                return at(x!, p[e]!) - at(y!, q[e]!) + at(y!, e)
              }),
            ),
          )
          near(got, want, tolerance[setting.precision], `${setting.isa} ${[rate, ...from]} ${width}`)
        }
  })
})
