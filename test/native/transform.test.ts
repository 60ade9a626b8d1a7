/** Transforms alone, and with programs before and after them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Instruction, Operand } from '../../src/backend/native/plan.ts'
import * as C from './complex.ts'
import { apply, fft, map, type Pointwise, plan, program, transform, type Value } from './plans.ts'
import { drawn, near, numbers, range, settings, total, value } from './values.ts'

/** Every way there is: no pass at all, one, several, primes, a convolution. */
const sizes = [...range(64).map(n => n + 1), 100, 127, 128, 243, 509, 512, 1000, 1009, 4096]

describe('transform', () => {
  for (const { precision, isa } of settings)
    it(`${precision} ${isa}`, async () => {
      const next = numbers(5)
      for (const n of sizes)
        for (const [rate, from] of [
          ['uniform', 'uniform'],
          ['varying', 'varying'],
          ['varying', 'uniform'],
        ] as const) {
          const batch = rate === 'varying' ? 3 : 1
          if (n > 600 && rate !== from) continue
          const x = value(next, from, 2 * n, batch)
          const run = (y: Value, inverse: number): Promise<Float64Array> =>
            apply({ precision, isa, batch }, { rate, units: 2 * n }, [y], (to, f) => [
              fft(n, inverse, to, f!),
            ])
          const last = batch - 1
          const forward = await run(x, 0)
          const wanted = C.dft(x.rows[last]!, false)
          const error = (a: ArrayLike<number>, b: readonly number[]): number =>
            Math.sqrt(total(b.map((v, j) => (v - a[j]!) ** 2)) / total(b.map(v => v * v)))
          const allowed = (precision === 'single' ? 3e-7 : 6e-16) * (2 + Math.log2(n))
          const relative = error(forward.subarray(last * 2 * n), wanted)
          assert.ok(relative < allowed, `size ${n} ${rate} of ${from}: ${relative}`)
          const inverse = error((await run(x, 1)).subarray(last * 2 * n), C.dft(x.rows[last]!, true))
          assert.ok(inverse < allowed, `inverse, size ${n} ${rate} of ${from}: ${inverse}`)
          const rows = range(batch).map(b => [...forward.subarray(b * 2 * n, (b + 1) * 2 * n)])
          if (rate === from) {
            const back = error(
              (await run({ rate, units: 2 * n, rows }, 1)).subarray(last * 2 * n),
              x.rows[last]!,
            )
            assert.ok(back < 2 * allowed, `there and back, size ${n}: ${back}`)
          }
        }
    })
})

/** The same as instructions of their own, by way of `u` and `v`. */
const apart = (
  n: number,
  inverse: number,
  before: Parameters<typeof transform>[2],
  after: Pointwise,
  u: Operand,
  v: Operand,
): readonly Instruction[] => {
  const { inputs = [], outputs = [], temporaries = 0, micros = [] } = before
  return [
    map(n, [...outputs, [u, 2, 1]], inputs, temporaries, [
      ...micros,
      ['move', 2, inputs.length + temporaries + outputs.length, before.result],
    ]),
    fft(n, inverse, v, u),
    map(
      n,
      after.outputs ?? [],
      [[v, 2, 1], ...(after.inputs ?? [])],
      after.temporaries ?? 0,
      after.micros ?? [],
    ),
  ]
}

/** Slot k of n complex numbers, or some units from there: in the segment's own arena, or in the uniform one. */
type Slot = (k: number, units?: number) => Operand
const slots = 7
const sums = 8
type Befores = Record<string, (own: Slot, shared: Slot) => Parameters<typeof transform>[2]>
type Afters = Record<string, (own: Slot, shared: Slot) => Pointwise>

const befores: Befores = {
  nothing: own => ({ inputs: [[own(0), 2, 1]], result: 0 }),
  'a uniform vector': (_, shared) => ({ inputs: [[shared(0), 2, 1]], result: 0 }),
  'one number for all': own => ({ inputs: [[own(0), 2, 0]], result: 0 }),
  'an input read backwards': own => ({ inputs: [[own(2, -2), 2, -1]], result: 0 }),
  'a permutation': own => ({ inputs: [[own(0), 2, 1, 0]], result: 0 }),
  'a permutation of a uniform vector': (_, shared) => ({ inputs: [[shared(1), 2, 1, 1]], result: 0 }),
  'a product': (own, shared) => ({
    inputs: [
      [own(0), 2, 1],
      [shared(0), 2, 1],
    ],
    temporaries: 1,
    micros: [['mul', 2, 2, 0, 1]],
    result: 2,
  }),
  'a product that is stored, of permuted vectors': (own, shared) => ({
    inputs: [
      [own(0), 2, 1, 0],
      [shared(0), 2, 1, 1],
    ],
    outputs: [[own(3), 2, 1]],
    micros: [['mul', 2, 2, 0, 1]],
    result: 2,
  }),
  'a product in place, and sums': (own, shared) => ({
    inputs: [
      [own(0), 2, 1],
      [shared(0), 2, 1],
    ],
    outputs: [
      [own(0), 2, 1],
      [own(6), 2, 0],
      [own(6, 2), 1, 0],
    ],
    temporaries: 1,
    micros: [
      ['mul', 2, 3, 0, 1],
      ['conjMul', 2, 4, 0, 0],
      ['modulus', 1, 5, 3],
      ['add', 2, 3, 3, 0],
      ['move', 2, 2, 3],
    ],
    result: 2,
  }),
  'an input that is written over': (own, shared) => ({
    inputs: [
      [own(0), 2, 1],
      [shared(0), 2, 1],
    ],
    outputs: [[own(0), 2, 1]],
    micros: [['mul', 2, 2, 0, 1]],
    result: 0,
  }),
  'an output written backwards': own => ({
    inputs: [[own(0), 2, 1]],
    outputs: [[own(5, -2), 2, -1]],
    micros: [['neg', 2, 1, 0]],
    result: 1,
  }),
  'a constant': () => ({ temporaries: 1, micros: [['constant', 2, 0, 0, 1]], result: 0 }),
  'a sum, of all things': own => ({
    inputs: [[own(0), 2, 1]],
    outputs: [[own(6), 2, 0]],
    micros: [['neg', 2, 1, 0]],
    result: 1,
  }),
}

const afters: Afters = {
  nothing: own => ({ outputs: [[own(4), 2, 1]], micros: [['move', 2, 1, 0]] }),
  'back to where it came from': own => ({ outputs: [[own(0), 2, 1]], micros: [['move', 2, 1, 0]] }),
  'a sum only': own => ({
    inputs: [[own(2), 2, 1]],
    outputs: [[own(6, 4), 2, 0]],
    micros: [['conjMul', 2, 2, 1, 0]],
  }),
  'a sum and a store': (own, shared) => ({
    inputs: [
      [own(2), 2, 1],
      [shared(1), 2, 1, 1],
    ],
    outputs: [
      [own(6, 4), 2, 0],
      [own(0), 2, 1],
      [own(6, 6), 1, 0],
    ],
    temporaries: 2,
    micros: [
      ['conjMul', 2, 5, 1, 0],
      ['move', 2, 6, 0],
      ['add', 2, 3, 0, 2],
      ['modulus', 1, 4, 3],
      ['mul', 1, 7, 4, 4],
    ],
  }),
  'in place, of what is still to be read': own => ({
    inputs: [[own(2), 2, 1]],
    outputs: [
      [own(2), 2, 1],
      [own(4), 2, 1],
    ],
    micros: [
      ['move', 2, 2, 0],
      ['add', 2, 3, 1, 0],
    ],
  }),
  'a vector that the transform has no part in, and its modulus': own => ({
    inputs: [[own(2), 2, 1]],
    outputs: [
      [own(4), 2, 1],
      [own(5), 1, 1],
    ],
    micros: [
      ['neg', 2, 2, 1],
      ['modulus', 1, 3, 0],
    ],
  }),
  'backwards and real': own => ({
    outputs: [
      [own(5, -1), 1, -1],
      [own(5), 2, 1],
      [own(0), 2, 1],
    ],
    micros: [
      ['modulus', 1, 1, 0],
      ['move', 2, 2, 0],
      ['move', 2, 3, 0],
    ],
  }),
  'nothing at all': () => ({}),
}

describe('a transform with programs', () => {
  for (const [own, { precision, isa }] of settings.entries())
    it(`does the same as separate instructions: ${precision} ${isa}`, async () => {
      const run = async (
        n: number,
        rate: 'uniform' | 'varying',
        instructions: (own: Slot, shared: Slot) => readonly Instruction[],
      ): Promise<Float64Array> => {
        const units = 2 * n * slots + sums
        const slot =
          (space: 'uniform' | 'varying'): Slot =>
          (k, more = 0) => ({ space, offset: 2 * n * k + more, strides: [] })
        const p = program(
          plan({
            units: { uniform: units + 4 * n, varying: units + 4 * n },
            constants: [0.25, -2],
            permutations: [range(n).reverse(), range(n).map(e => (e + Math.floor(n / 3)) % n)],
            inputs: [
              { name: 'shared', rate: 'uniform', offset: 0, units, bound: 0 },
              { name: 'own', rate: 'varying', offset: 0, units, bound: 0 },
            ],
            outputs: [{ rate, offset: 0, units }],
            segments: [{ rate, instructions: instructions(slot(rate), slot('uniform')), reductions: [] }],
          }),
          precision,
          isa,
        )
        const next = numbers(n)
        p.write(0, drawn(units, next))
        const batch = rate === 'varying' && n < 100 ? 9 : 1
        const outputs = await p.run(batch, [null, drawn(units * batch, next)], 1)
        return outputs[0]!
      }
      let turn = 0
      for (const n of sizes)
        for (const [nameBefore, before] of Object.entries(befores))
          for (const [nameAfter, after] of Object.entries(afters)) {
            // Each of them with each, over the sizes and the settings.
            turn++
            if ((turn + own) % (n > 16 ? 23 : 2) !== 0) continue
            const inverse = turn % 2
            const rate = turn % 3 === 0 ? 'uniform' : 'varying'
            const together = await run(n, rate, (own, shared) => [
              transform(n, inverse, before(own, shared), after(own, shared)),
            ])
            // `u` and `v` lie behind everything that is compared.
            const separate = await run(n, rate, (own, shared) =>
              apart(
                n,
                inverse,
                before(own, shared),
                after(own, shared),
                own(slots, sums),
                own(slots + 1, sums),
              ),
            )
            near(
              together,
              separate,
              (precision === 'single' ? 2e-6 : 4e-15) * (2 + Math.log2(n)),
              `size ${n}, ${inverse ? 'inverse' : 'forward'}, ${rate}: ${nameBefore}; ${nameAfter}`,
            )
          }
    })
})
