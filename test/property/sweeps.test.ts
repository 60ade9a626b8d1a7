/** What a loop's step is when it runs: transforms, with all pointwise work riding on them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { compile } from '../../src/backend/native/compile.ts'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, type Func, func, node, type Param } from '../../src/ir/expr.ts'
import { tensorOf } from '../../src/ir/tensor.ts'
import { complex, real, varying } from '../../src/ir/type.ts'
import { advanceProducts } from '../../src/passes/advanceProducts.ts'
import { sweeps } from '../../src/passes/cost.ts'
import { expand } from '../../src/passes/expand.ts'
import { optimise, preparatory } from '../../src/passes/pipeline.ts'
import { sinkPermutations } from '../../src/passes/sinkPermutations.ts'
import type { Program } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { distance, evaluated, nodesOf, numbers, right, runNative } from './support.ts'

const n = 8
const steps = 4
const F = node('dft', [], { size: n })
const Π = b.permute([3, 1, 0, 7, 6, 4, 2, 5])
type Chain = (θ: readonly Expr[], v: readonly Expr[]) => readonly Expr[]
const paper: Chain = (θ, v) => [
  b.phase(θ[2]!),
  b.reflect(v[1]!),
  b.adjoint(F),
  b.phase(θ[1]!),
  Π,
  b.reflect(v[0]!),
  F,
  b.phase(θ[0]!),
]

/** h ← modReLU(U h + x), over a sequence. */
const loopOf = (chain: Chain): Func => {
  const invariants: readonly Param[] = [
    ...[0, 1, 2].map(i => ({ name: `a${i}`, type: real(n) })),
    ...[0, 1, 2].map(i => ({ name: `v${i}`, type: complex(n) })),
    { name: 'bias', type: real(n) },
  ]
  const params: readonly Param[] = [
    ...invariants,
    { name: 'h', type: varying(complex(n)) },
    { name: 'x', type: varying(complex(n)) },
  ]
  const [a0, a1, a2, v0, v1, v2, bias, h, x] = params.map((p, i) => argument(i, p.type)) as Expr[]
  const U = b.compose(chain([a0!, a1!, a2!], [v0!, v1!, v2!]))
  const body = func(params, [b.modRelu(b.add(b.apply(U, h!), x!), bias!, 0.5)])
  const outer: readonly Param[] = [...params.slice(0, -1), { name: 'xs', type: varying(complex(steps, n)) }]
  const loop = b.scan(
    outer.map((p, i) => argument(i, p.type)),
    { body, length: steps, reverse: false, invariants: invariants.length, carries: 1 },
  )
  return func(outer, [b.get(loop, 0)])
}

/** The instructions of a step. */
const stepOf = (f: Func): readonly string[] => {
  const plan = right(compile({ func: optimise(f, preparatory), updates: [] }))
  const loops = plan.segments.flatMap(s => s.instructions.filter(i => i.op === 'loop'))
  return loops[0]!.body.map(i => i.op)
}

const chains: readonly (readonly [string, Chain, readonly string[]])[] = [
  ['the paper’s', paper, ['transform', 'transform']],
  // An inner product of the state itself needs all of it first.
  ['its adjoint', (θ, v) => [b.adjoint(b.compose(paper(θ, v)))], ['map', 'transform', 'transform']],
  [
    'two transforms, one reflection',
    (θ, v) => [b.phase(θ[1]!), F, b.reflect(v[0]!), F, b.phase(θ[0]!)],
    ['transform', 'transform'],
  ],
  [
    'two reflections side by side',
    (θ, v) => [b.reflect(v[1]!), b.reflect(v[0]!), F, b.phase(θ[0]!)],
    ['transform'],
  ],
  // The state's inner product has been taken in the step before; it is read until the next one's is there.
  ['a reflection and a transform', (_, v) => [F, b.reflect(v[0]!)], ['transform', 'copy']],
  [
    'three reflections',
    (θ, v) => [b.reflect(v[2]!), b.phase(θ[1]!), b.adjoint(F), b.reflect(v[1]!), Π, b.reflect(v[0]!), F],
    // What is read through the permutation must all be there, so the first reflection has a sweep of its own.
    ['transform', 'map', 'transform'],
  ],
  [
    'three transforms',
    (θ, v) => [b.reflect(v[1]!), F, b.phase(θ[0]!), F, b.reflect(v[0]!), b.adjoint(F)],
    ['transform', 'map', 'transform', 'transform'],
  ],
]

for (const [name, chain, due] of chains)
  test(`a step of ${name} is ${due.join(', ')}`, () => {
    assert.deepEqual(stepOf(loopOf(chain)), due)
  })

test('what a number of the first half is needed for rides on the second, its sign and its conjugate included', () => {
  const v = complex(n)
  const body = (sign: (e: Expr) => Expr): Func => {
    const params: readonly Param[] = [
      { name: 'u', type: v },
      { name: 'v', type: v },
      { name: 'h', type: varying(v) },
    ]
    const [u, w, h] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr]
    const x = b.mul(h, h)
    const number = b.broadcast(sign(b.dot(u, x)), [n])
    return func(params, [b.add(b.apply(F, x), b.mul(number, w))])
  }
  const signs: readonly ((e: Expr) => Expr)[] = [
    e => e,
    b.neg,
    b.conj,
    e => b.conj(b.neg(e)),
    e => b.neg(b.conj(e)),
  ]
  for (const sign of signs) {
    const { params } = body(sign)
    const loop = b.scan(
      params.map((p, i) => argument(i, p.type)),
      { body: body(sign), length: steps, reverse: false, invariants: 2, carries: 1 },
    )
    assert.deepEqual(stepOf(func(params, [b.get(loop, 0)])), ['transform'])
  }
})

test('chains of any factors run as the reference has them', async () => {
  const factor = fc.constantFrom<(θ: readonly Expr[], v: readonly Expr[]) => Expr>(
    ...[0, 1, 2].flatMap(k => [
      (θ: readonly Expr[]) => b.phase(θ[k]!),
      (_: readonly Expr[], v: readonly Expr[]) => b.reflect(v[k]!),
    ]),
    () => F,
    () => b.adjoint(F),
    () => Π,
  )
  await holdsAsync(
    fc.asyncProperty(
      fc.array(factor, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 100 }),
      async (list, seed) => {
        const f = loopOf((θ, v) => list.map(make => make(θ, v)))
        const data = (count: number, from: number): Float64Array =>
          Float64Array.from({ length: count }, (_, j) => Math.sin(seed * (from + 1) + 1.7 * j))
        const p: Program = {
          func: f,
          batch: 3,
          inputs: f.params.map(({ type }, i) => {
            const count = (type.field === 'complex' ? 2 : 1) * type.shape.reduce((a, c) => a * c, 1)
            return type.rate === 'uniform'
              ? { rate: 'uniform', tensor: tensorOf(type, data(count, i)) }
              : { rate: 'varying', tensors: [0, 1, 2].map(k => tensorOf(type, data(count, i + 10 * k))) }
          }),
        }
        const due = evaluated(p).map(numbers)
        return distance(await runNative({ ...p, func: optimise(f, preparatory) }), due) < 1e-11
      },
    ),
    100,
  )
})

test('a step of the paper’s is four sweeps, those of two transforms; as it is declared it would be five', () => {
  const sweepsOf = (f: Func): readonly number[] =>
    nodesOf(f).flatMap(e => (e.op === 'scan' ? [sweeps(e.attributes.body, e.attributes.invariants)] : []))
  const written = sinkPermutations.run(expand.run(loopOf(paper)))
  assert.deepEqual([written, advanceProducts.run(written)].flatMap(sweepsOf), [5, 4])
})

test('advanceProducts leaves alone what would take as many sweeps', () => {
  const written = expand.run(loopOf((θ, v) => [b.phase(θ[0]!), b.reflect(v[0]!)]))
  assert.equal(advanceProducts.run(written), written)
})

test('advanceProducts leaves alone products of what no transform makes, and those outside of loops', () => {
  const [v, x] = [argument(0, complex(n)), argument(1, varying(complex(n)))]
  const params = [
    { name: 'v', type: complex(n) },
    { name: 'x', type: varying(complex(n)) },
  ]
  const outside = func(params, [b.dot(v, b.apply(F, x))])
  assert.equal(advanceProducts.run(outside), outside)
  const inside = expand.run(loopOf((_, [v0]) => [b.reflect(v0!)]))
  assert.equal(advanceProducts.run(inside), inside)
  const moved = advanceProducts.run(expand.run(loopOf(paper)))
  const dots = nodesOf(moved).filter(e => e.op === 'dot')
  assert.ok(
    dots.every(e =>
      e.args.every(a => a.type.kind !== 'tensor' || a.type.rate === 'uniform' || a.op !== 'apply'),
    ),
  )
})

test('advanceProducts leaves alone inner products of real vectors', () => {
  const types = [real(n), real(n), varying(real(n))]
  const params = types.map((type, i) => ({ name: 'wgh'[i]!, type }))
  const [w, g, h] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr]
  // A gate that is learnt: w^T (g ∘ h).
  const body = func(params, [b.tanh(b.mul(b.broadcast(b.dot(w, b.mul(g, h)), [n]), h))])
  const loop = b.scan([w, g, h], { body, length: steps, reverse: false, invariants: 2, carries: 1 })
  const f = func(params, [b.get(loop, 0)])
  assert.equal(advanceProducts.run(f), f)
})
