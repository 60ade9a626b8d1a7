/** The planner's compositions, its wisdom, and what measuring makes of it. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { measure } from '../../src/backend/native/measure.ts'
import * as C from './complex.ts'
import { addon, apply, fft } from './plans.ts'
import { near, numbers, settings, value } from './values.ts'

const { planner } = addon
const signature = 'parseval-wisdom 1\n'

describe('planner', () => {
  afterEach(planner.forget)

  it('composes sizes of radices whose product they are, the dearest last', () => {
    for (const [n, setting] of [1, 2, 16, 60, 61, 97, 243, 512, 1001, 2 ** 20].flatMap(n =>
      settings.map(s => [n, s] as const),
    )) {
      const all = planner.compositions(n, 20, setting)
      assert.equal(all.length > 0, n !== 97, `${n}`)
      for (const radices of all) {
        assert.equal(
          radices.reduce((a, b) => a * b),
          n,
        )
        assert.ok(!radices.slice(0, -1).includes(64))
      }
      assert.equal(new Set(all.map(String)).size, all.length)
      assert.deepEqual(planner.compositions(n, 1, setting), all.slice(0, 1))
    }
  })

  it('begins and ends with few elements a column where they push each other, and operands, out of the caches', () => {
    for (const n of [2 ** 17, 2 ** 20])
      for (const setting of settings) {
        const [best] = planner.compositions(n, 1, setting)
        assert.ok(best && best[0]! <= 4 && best.at(-1)! <= 4, `${n}: ${best}`)
      }
  })

  it('gives wisdom back as it took it, and adds to it', () => {
    assert.equal(planner.wisdom(), signature)
    const lines = ['single 60 4 3 5', 'single 512 2 4 64', 'double 512 8 8 8', 'double 731 17 43']
    planner.learn(`${signature}${lines.slice(0, 2).join('\n')}`)
    planner.learn(`${signature}${lines.slice(2).join('\n')}\n`)
    assert.equal(planner.wisdom(), `${signature}${lines.join('\n')}\n`)
    planner.learn(`${signature}double 512 16 32\n`)
    assert.match(planner.wisdom(), /double 512 16 32\n/)
  })

  it('keeps what it has when a line is wrong, and says which', () => {
    const good = 'single 64 8 8'
    planner.learn(`${signature}${good}\n`)
    const before = planner.wisdom()
    for (const [line, why] of [
      ['half 64 8 8', /line 3: it begins with neither/],
      ['single', /size/],
      ['single 1 1', /size/],
      ['single -8 2 2', /size/],
      ['single 99999999999999999999 2', /size/],
      ['single 64 8 4', /do not make 64/],
      ['single 64', /do not make 64/],
      ['single 64 8 8 2', /do not make 64/],
      ['single 64 8 x', /do not make 64/],
      ['single 64 8 8 x', /something other/],
      ['single 128 64 2', /leaves only/],
      ['single 49 49', /no radix 49/],
      ['single 67 67', /no radix 67/],
      ['single 64 1 64', /no radix 1/],
      ['single 64 -8 -8', /no radix -8/],
    ] as const) {
      assert.throws(() => planner.learn(`${signature}double 64 8 8\n${line}\n`), why, line)
      assert.equal(planner.wisdom(), before)
    }
    for (const text of ['', 'single 64 8 8\n', 'parseval-wisdom 2\nsingle 64 8 8\n'])
      assert.throws(() => planner.learn(text), /begins with/)
    assert.equal(planner.wisdom(), before)
  })

  it('has transforms follow it, and whatever it says they are right', async () => {
    const next = numbers(3)
    for (const [n, lines] of [
      [64, ['64', '8 8', '2 2 2 2 2 2', '32 2', '2 32']],
      [1050, ['25 6 7', '7 6 25', '2 3 5 5 7', '14 15 5']],
      [1024, ['2 8 64', '32 32', '16 64', '4 4 4 4 4', '2 2 2 2 2 2 2 2 2 2']],
      [1054, ['17 31 2', '2 31 17']],
    ] as const)
      for (const precision of ['single', 'double'] as const)
        for (const line of lines) {
          planner.learn(`${signature}${precision} ${n} ${line}\n`)
          const x = value(next, 'varying', 2 * n, 3)
          for (const inverse of [0, 1]) {
            const y = await apply(
              { precision, batch: 3 },
              { rate: 'varying', units: 2 * n },
              [x],
              (to, f) => [fft(n, inverse, to, f!)],
            )
            const wanted = C.dft(x.rows[2]!, inverse === 1)
            near(y.subarray(4 * n), wanted, precision === 'single' ? 1e-5 : 1e-13, `${n}: ${line}`)
          }
        }
  })

  it('learns the fastest of what it measures', async () => {
    const options = { precision: 'single' } as const
    const measured = await measure(addon, 96, options, 5)
    assert.equal(measured.length, 5)
    assert.equal(planner.wisdom(), `${signature}single 96 ${measured[0]!.radices.join(' ')}\n`)
    assert.ok(measured.every((m, j) => m.milliseconds >= (measured[j - 1]?.milliseconds ?? 0)))
    assert.deepEqual(await measure(addon, 97, options), [])
    assert.deepEqual(await measure(addon, 1, options), [])
  })
})
