import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, it } from 'node:test'
import { expressions, type Variant, variants } from '../../src/backend/native/codelets/codelet.ts'
import { type Counts, counts } from '../../src/backend/native/codelets/counts.ts'
import { files, wanted } from '../../src/backend/native/codelets/generate.ts'
import { operations } from '../../src/backend/native/codelets/operations.ts'
import { scheduled } from '../../src/backend/native/codelets/schedule.ts'
import { evaluate, type Number2 } from './evaluate.ts'

const times = (a: Number2, b: Number2): Number2 => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
})
const unit = (angle: number): Number2 => ({ re: Math.cos(angle), im: Math.sin(angle) })
const one: Number2 = { re: 1, im: 0 }

/** The definition. w[j] belongs to element j. */
const naive = (x: readonly Number2[], w: readonly Number2[], variant: Variant): Number2[] => {
  const n = x.length
  return x.map((_, k) => {
    const terms = x.map((z, j) =>
      times(unit((-2 * Math.PI * ((j * k) % n)) / n), variant === 'dit' ? times(w[j]!, z) : z),
    )
    const sum = terms.reduce((a, b) => ({ re: a.re + b.re, im: a.im + b.im }))
    return variant === 'dif' ? times(w[k]!, sum) : sum
  })
}

const element = (j: number): Number2 => ({ re: Math.sin(3.7 * j + 1), im: Math.cos(5.3 * j * j + 2) })

/** n, additions and multiplications of FFTW 3.3's n1_n without multiply-adds, as its codelets say of themselves;
 *  with multiply-adds they take as many instructions as additions. */
const published: readonly (readonly [number, number, number])[] = [
  [2, 4, 0],
  [3, 12, 4],
  [4, 16, 0],
  [5, 32, 12],
  [6, 36, 8],
  [7, 60, 36],
  [8, 52, 4],
  [9, 80, 40],
  [10, 84, 24],
  [11, 140, 100],
  [12, 96, 16],
  [13, 176, 68],
  [14, 148, 72],
  [15, 156, 56],
  [16, 144, 24],
  [20, 208, 48],
  [25, 352, 184],
  [32, 372, 84],
  [64, 912, 248],
]

const total = (c: Counts): number => c.additions + c.multiplications + c.fused + c.signs

describe('codelets', () => {
  for (const { size } of wanted) {
    it(`compute the transform of size ${size}`, () => {
      const x = Array.from({ length: size }, (_, j) => element(j))
      const w = x.map((_, j) => (j === 0 ? one : unit(1.3 * j * j)))
      for (const variant of variants) {
        for (const mode of ['fused', 'separate'] as const) {
          const list = operations(expressions(size, variant, mode))
          for (const order of [list, scheduled(list, 200)]) {
            const y = evaluate(order, x, w.slice(1))
            naive(x, w, variant).forEach((z, k) => {
              assert.ok(Math.hypot(y[k]!.re - z.re, y[k]!.im - z.im) < 1e-13)
            })
          }
        }
      }
    })
  }

  it('compute sizes that no header has', () => {
    for (const size of [1, 18, 21, 27, 49, 60, 77, 128]) {
      const x = Array.from({ length: size }, (_, j) => element(j))
      const y = evaluate(operations(expressions(size, 'dft', 'fused')), x, [])
      naive(x, [], 'dft').forEach((z, k) => {
        assert.ok(Math.hypot(y[k]!.re - z.re, y[k]!.im - z.im) < 1e-13 * size)
      })
    }
  })

  it('take no more operations than those of FFTW', () => {
    for (const [n, additions, multiplications] of published) {
      const separate = counts(operations(expressions(n, 'dft', 'separate')))
      assert.ok(separate.additions + separate.fused <= additions, `${n}: additions`)
      assert.ok(separate.multiplications + separate.fused <= multiplications, `${n}: multiplications`)
      // Each twiddle costs two additions and four multiplications, two of them fused.
      for (const variant of variants) {
        const twiddles = variant === 'dft' ? 0 : 4 * (n - 1)
        const fused = counts(operations(expressions(n, variant, 'fused')))
        assert.ok(total(fused) <= additions + twiddles, `${variant} ${n}: instructions`)
      }
    }
  })

  it('are in native/codelets as the generator prints them', () => {
    const expected = files()
    for (const [name, text] of expected) assert.equal(readFileSync(name, 'utf8'), text, name)
    const names = expected.map(([name]) => basename(name))
    assert.deepEqual(readdirSync(dirname(expected[0]![0])).sort(), names.sort())
  })
})
