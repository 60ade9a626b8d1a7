/** Transforms of one vector, its elements in the lanes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { vectorTransform } from '../../src/backend/native/vectorTransform.ts'
import * as C from './complex.ts'
import { addon } from './plans.ts'
import { numbers, range, settings, total } from './values.ts'

/** None, one and several levels below the lanes; lanes that fill nearly, just, and not at all; rests of columns. */
const sizes = [
  ...range(130).map(n => n + 1),
  ...[144, 160, 200, 243, 256, 264, 272, 300, 400, 509, 511, 512, 513, 768, 1000, 1001, 1024, 1040],
  ...[2048, 3000, 4095, 4096, 4097],
]

const error = (a: ArrayLike<number>, b: readonly number[]): number =>
  Math.sqrt(total(b.map((v, j) => (v - a[j]!) ** 2)) / total(b.map(v => v * v)))

describe('the transform of a vector', () => {
  for (const { precision, isa } of settings)
    it(`${precision} ${isa}`, () => {
      const next = numbers(8)
      for (const n of sizes) {
        const row = Array.from({ length: 2 * n }, next)
        const x = precision === 'single' ? Float32Array.from(row) : Float64Array.from(row)
        const kept = [...x]
        const f = new addon.VectorTransform(n, { precision, isa })
        const allowed = (precision === 'single' ? 3e-7 : 6e-16) * (2 + Math.log2(n))
        const forward = f.run(x)
        assert.equal(forward.constructor, x.constructor)
        assert.ok(error(f.run(forward, true), kept) < 2 * allowed, `there and back, size ${n}`)
        if (n <= 1100) {
          assert.ok(error(forward, C.dft(kept, false)) < allowed, `size ${n}`)
          assert.ok(error(f.run(x, true), C.dft(kept, true)) < allowed, `inverse, size ${n}`)
        } else {
          // Two of its elements by the definition, and Parseval's equation.
          for (const k of [1, n - 3]) {
            const terms = range(n).map(j => {
              const angle = (-2 * Math.PI * ((j * k) % n)) / n
              const [re, im] = [kept[2 * j]!, kept[2 * j + 1]!]
              return [
                re * Math.cos(angle) - im * Math.sin(angle),
                re * Math.sin(angle) + im * Math.cos(angle),
              ]
            })
            for (const p of [0, 1]) {
              const wanted = total(terms.map(t => t[p]!)) / Math.sqrt(n)
              assert.ok(Math.abs(forward[2 * k + p]! - wanted) < 20 * allowed, `size ${n}, element ${k}`)
            }
          }
        }
        // Its own sums round, too.
        const squares = (a: ArrayLike<number>): number => total(Array.from(a, v => v * v))
        const off = Math.abs(squares(forward) / squares(kept) - 1)
        assert.ok(off < 2 * allowed + n * 2 ** -52, `norm, size ${n}`)
        assert.deepEqual([...x], kept, 'its argument is as it was')
      }
    })

  it('transforms several in a row as each on its own, to a place that is given', () => {
    const next = numbers(9)
    for (const { precision, isa } of settings)
      for (const n of [1, 5, 8, 64, 512]) {
        const f = new addon.VectorTransform(n, { precision, isa })
        const row = Array.from({ length: 6 * n }, next)
        const x = precision === 'single' ? Float32Array.from(row) : Float64Array.from(row)
        const each = [0, 1, 2].flatMap(k => [...f.run(x.slice(2 * n * k, 2 * n * (k + 1)), true)])
        const to = precision === 'single' ? new Float32Array(6 * n) : new Float64Array(6 * n)
        assert.equal(f.run(x, true, to), to)
        assert.deepEqual([...to], each)
        f.run(x, true, x)
        assert.deepEqual([...x], each)
      }
  })

  it('refuses what it cannot transform', () => {
    const { VectorTransform } = addon
    for (const n of [0, -1, 1.5, 2 ** 30, Number.NaN])
      assert.throws(() => new VectorTransform(n, { precision: 'single' }), /size/)
    assert.throws(() => new VectorTransform(8, { precision: 'half' as 'single' }), /precision/)
    assert.throws(() => new VectorTransform(8, { precision: 'single', isa: 'none' }), /none/)
    const f = new VectorTransform(8, { precision: 'single' })
    for (const n of [0, 15, 24])
      assert.throws(
        () => f.run(new Float32Array(n)),
        new RegExp(`takes 16 numbers, or several times as many; it got ${n}`),
      )
    assert.throws(() => f.run(new Float64Array(16)), /the data is no Float32Array/)
    const x = new Float32Array(32)
    const place = (to: unknown) => () => f.run(x, false, to as Float32Array)
    assert.throws(place(new Float64Array(32)), /the place for the result is no Float32Array/)
    assert.throws(place([]), /the place for the result is no Float32Array/)
    assert.throws(place(new Float32Array(16)), /the result has 32 numbers; the place for it 16/)
    const shared = new Float32Array(40)
    assert.throws(() => f.run(shared.subarray(0, 32), false, shared.subarray(8)), /overlaps/)
    assert.ok(E.isRight(vectorTransform(8, { precision: 'double' })))
    const none = vectorTransform(0, { precision: 'double' })
    assert.match(E.isLeft(none) ? none.left : '', /size/)
  })
})
