/** Sums that loops add up, and that are read as sums over the examples only. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BackendOptions } from '../../src/backend/backend.ts'
import { compile } from '../../src/backend/native/compile.ts'
import type { Instruction, Plan } from '../../src/backend/native/plan.ts'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, constant, type Expr, func, node, type Param } from '../../src/ir/expr.ts'
import { type Tensor, tensorOf } from '../../src/ir/tensor.ts'
import { complex, type Rate, real, reals, type TensorType, varying } from '../../src/ir/type.ts'
import type { Program } from '../../src/verify/arbitraries.ts'
import { distance, evaluated, numbers, right, runNative } from '../property/support.ts'
import { addon, map, varying as place, plan, program } from './plans.ts'

const adds = -2
const steps = 3
const types = { real, complex }

/** Numbers that are neither small nor alike. */
const waves = (type: TensorType, seed: number): Tensor =>
  tensorOf(
    type,
    Float64Array.from({ length: reals(type) }, (_, j) => Math.sin(seed + 1.3 * j)),
  )

type Term = (h: Expr, x: Expr, n: number) => Expr
/** Σ_b Σ_t of each term, of a state h[t + 1] = F x[t]. */
const totals = (field: keyof typeof types, n: number, batch: number, terms: readonly Term[]): Program => {
  const vector = types[field](n)
  const carry = varying(complex(n))
  const params: readonly Param[] = [
    { name: 'h', type: carry },
    ...terms.map((_, k) => ({ name: `s${k}`, type: varying(vector) })),
    { name: 'x', type: varying(complex(n)) },
  ]
  const [h, x] = [argument(0, carry), argument(terms.length + 1, varying(complex(n)))]
  const next = b.apply(node('dft', [], { size: n }), b.mul(h, x))
  const sums = terms.map((term, k) => b.add(argument(1 + k, varying(vector)), term(next, x, n)))
  const zero = field === 'real' ? constant(0, [n]) : complexConstant(0, 0, [n])
  const loop = b.scan(
    [argument(0, carry), ...terms.map(() => zero), argument(1, varying(complex(steps, n)))],
    {
      body: func(params, [next, ...sums]),
      length: steps,
      reverse: true,
      invariants: 0,
      carries: 1 + terms.length,
    },
  )
  const of = (type: TensorType, seed: number) =>
    Array.from({ length: batch }, (_, i) => waves(type, seed + 7 * i))
  const rate: Rate = 'varying'
  return {
    func: func(
      [
        { name: 'h0', type: carry },
        { name: 'xs', type: varying(complex(steps, n)) },
      ],
      terms.map((_, k) => b.batchSum(b.get(loop, 1 + k))),
    ),
    inputs: [
      { rate, tensors: of(complex(n), 1) },
      { rate, tensors: of(complex(steps, n), 2) },
    ],
    batch,
  }
}

const instructionsOf = (p: Plan): readonly Instruction[] => {
  const all = (i: Instruction): readonly Instruction[] => [i, ...i.body.flatMap(all)]
  return p.segments.flatMap(s => s.instructions.flatMap(all))
}
/** Outputs that the plan adds to. */
const added = (p: Plan): number =>
  instructionsOf(p)
    .filter(i => i.op === 'map' || i.op === 'transform')
    .flatMap(i => i.attributes)
    .filter(a => a === adds).length

const realTerms: readonly Term[] = [h => b.re(h), (h, x) => b.im(b.mul(h, b.conj(x)))]
const complexTerms: readonly Term[] = [(h, x) => b.mul(b.conj(h), x), h => b.sub(h, b.conj(h))]

const { isa: isas } = addon.features()

const agrees = async (p: Program): Promise<void> => {
  for (const isa of isas) {
    const found = distance(
      await runNative(p, { precision: 'single', threads: 2, isa }),
      evaluated(p).map(numbers),
    )
    assert.ok(found < 1e-5, `${isa}: ${found}`)
  }
}

describe('totals over the examples', () => {
  for (const isa of isas)
    for (const precision of ['single', 'double'] as const)
      it(`${isa}, ${precision}: with the reference, for every number of elements and of examples`, async () => {
        const options: BackendOptions = { precision, threads: 2, isa }
        for (const n of [1, 2, 3, 4, 5, 8, 12, 13, 16, 20, 34, 64, 96, 512])
          for (const batch of n < 20 ? [1, 3, 7, 8, 9, 15, 16, 17, 33] : [1, 17])
            for (const [field, terms] of [
              ['real', realTerms],
              ['complex', complexTerms],
            ] as const) {
              const p = totals(field, n, batch, terms)
              const due = evaluated(p).map(numbers)
              const found = await runNative(p, options)
              assert.ok(
                distance(found, due) < (precision === 'single' ? 1e-5 : 1e-13),
                `n = ${n}, B = ${batch}, ${field}: ${distance(found, due)}`,
              )
            }
      })

  it('are what a plan adds to, in front of a transform and behind it', () => {
    for (const terms of [realTerms, complexTerms]) {
      const field = terms === realTerms ? 'real' : 'complex'
      assert.equal(added(right(compile({ func: totals(field, 8, 2, terms).func, updates: [] }))), 2)
    }
  })

  it('are not kept of what is read otherwise, or does not begin at zero', () => {
    const { func: f } = totals('real', 8, 2, realTerms.slice(0, 1))
    const [sum] = f.results
    const loop = sum!.args[0]!.args[0]!
    const read = func(f.params, [sum!, b.sum(b.get(loop, 1))])
    assert.equal(added(right(compile({ func: read, updates: [] }))), 0)
    const begun = b.scan(
      loop.args.map((a, i) => (i === 1 ? constant(1, [8]) : a)),
      (loop as Expr<'scan'>).attributes,
    )
    const one = func(f.params, [b.batchSum(b.get(begun, 1))])
    assert.equal(added(right(compile({ func: one, updates: [] }))), 0)
  })
  it('are zero in the beginning where the zero is a result, too, and lies where another carry lay', async () => {
    const n = 64
    const [vector, sequence] = [varying(real(n)), varying(real(steps, n))]
    const [w, carry, x] = [argument(0, vector), argument(1, vector), argument(2, vector)]
    const zero = constant(0, [n])
    const first = b.scan([constant(1, [n]), argument(1, sequence)], {
      body: func(
        [
          { name: 'a', type: vector },
          { name: 'x', type: vector },
        ],
        [b.mul(argument(0, vector), carry)],
      ),
      length: steps,
      reverse: false,
      invariants: 0,
      carries: 1,
    })
    const second = b.scan([b.matvec(argument(0, real(n, n)), b.get(first, 0)), zero, argument(2, sequence)], {
      body: func(
        [
          { name: 'w', type: vector },
          { name: 's', type: vector },
          { name: 'x', type: vector },
        ],
        [b.add(carry, b.tanh(b.mul(w, x)))],
      ),
      length: steps,
      reverse: false,
      invariants: 1,
      carries: 1,
    })
    const p: Program = {
      func: func(
        [
          { name: 'm', type: real(n, n) },
          { name: 'xs', type: sequence },
          { name: 'ys', type: sequence },
        ],
        [b.batchSum(b.get(second, 0)), zero],
      ),
      inputs: [
        { rate: 'uniform', tensor: waves(real(n, n), 1) },
        ...[2, 3].map(seed => ({ rate: 'varying', tensors: [waves(real(steps, n), seed)] }) as const),
      ],
      batch: 1,
    }
    await agrees(p)
  })

  it('are as the interpreting kernels want them, where something else in the plan has no code', async () => {
    const p = totals('real', 8, 8, realTerms)
    const z = argument(2, varying(complex(1)))
    const behind = b.scale(b.broadcast(b.sum(p.func.results[0]!), [1]), z)
    await agrees({
      func: func(
        [...p.func.params, { name: 'z', type: varying(complex(1)) }],
        [...p.func.results, b.apply(node('dft', [], { size: 1 }), behind)],
      ),
      inputs: [
        ...p.inputs,
        { rate: 'varying', tensors: Array.from({ length: 8 }, (_, i) => waves(complex(1), i)) },
      ],
      batch: 8,
    })
  })
})

describe('a plan whose totals are wrong', () => {
  const of = (micros: Parameters<typeof map>[4], temporaries = 0, step = 1): Plan =>
    plan({
      units: { uniform: 10, varying: 20 },
      constants: [1],
      segments: [
        {
          rate: 'varying',
          instructions: [map(4, [[place(0), 1, step, adds]], [[place(4), 1, 1]], temporaries, micros)],
          reductions: [{ from: 0, to: 0, units: 4, reduced: false }],
        },
      ],
    })
  const make = (p: Plan) => () => program(p)
  it('is refused', () => {
    assert.throws(make(of([['neg', 1, 1, 0]])), /total over examples, to which one move adds/)
    assert.throws(make(of([['constant', 1, 1, 0, 0]])), /total over examples, to which one move adds/)
    assert.throws(
      make(
        of([
          ['move', 1, 1, 0],
          ['move', 1, 1, 0],
        ]),
      ),
      /one move adds/,
    )
    assert.throws(
      make(
        of(
          [
            ['move', 1, 2, 0],
            ['neg', 1, 1, 2],
          ],
          1,
        ),
      ),
      /total over examples and cannot be read/,
    )
    assert.throws(make(of([['move', 1, 1, 0]], 0, 0)), /is a total over examples, but has step 0/)
  })
})

it('a sum of what is no product is the same in any batch', async () => {
  const n = 16
  const summed = plan({
    units: { uniform: 0, varying: 2 * n + 1 },
    inputs: [{ name: 'x', rate: 'varying', offset: 0, units: 2 * n, bound: 0 }],
    outputs: [{ rate: 'varying', offset: 2 * n, units: 1 }],
    segments: [
      {
        rate: 'varying',
        instructions: [
          map(
            n,
            [[place(2 * n), 1, 0]],
            [
              [place(0), 1, 1],
              [place(n), 1, 1],
            ],
            0,
            [['add', 1, 2, 0, 1]],
          ),
        ],
        reductions: [],
      },
    ],
  })
  for (const isa of addon.features().isa) {
    const x = Float64Array.from({ length: 27 * 2 * n }, (_, k) => Math.fround(Math.sin(k * k)))
    const p = program(summed, 'single', isa)
    const [all] = await p.run(27, [x], 1)
    for (let b = 0; b < 27; b++) {
      const [one] = await p.run(1, [x.slice(b * 2 * n, (b + 1) * 2 * n)], 1)
      assert.equal(one![0], all![b], `${isa}, example ${b}`)
    }
  }
})
