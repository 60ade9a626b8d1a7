/** Products of unitary operators: what fusing keeps, what it merges, and that nothing of U U^H x is left. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, type Func, func, node, type Param, tensorType } from '../../src/ir/expr.ts'
import { complex, type Rate, real, withRate } from '../../src/ir/type.ts'
import { factors } from '../../src/ir/unitary.ts'
import { fuseUnitary } from '../../src/passes/fuseUnitary.ts'
import { type Program, runsOf, unitaries } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { distance, evaluated, nodesOf, numbers } from './support.ts'

/** x, then what operators are made of. */
const paramsFor = (n: number, rate: Rate): readonly Param[] => [
  { name: 'x', type: withRate(complex(n), rate) },
  { name: 'θ', type: real(n) },
  { name: 'v', type: complex(n) },
]
const xOf = (params: readonly Param[]): Expr => argument(0, params[0]!.type)
const sizes = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constantFrom(97, 128))

interface Case {
  readonly params: readonly Param[]
  readonly u: Expr
  readonly w: Expr
}
const cases = fc
  .tuple(sizes, fc.constantFrom<Rate>('varying', 'uniform'))
  .chain(([n, rate]): fc.Arbitrary<Case> => {
    const params = paramsFor(n, rate)
    const operator = unitaries(params, n, rate, { depth: 3, loops: 0 })
    return fc.tuple(operator, operator).map(([u, w]) => ({ params, u, w }))
  })
const withRun = (results: (c: Case) => readonly Expr[]): fc.Arbitrary<readonly [Case, Program]> =>
  cases.chain(c => runsOf(func(c.params, results(c))).map(p => [c, p] as const))

const valuesOf = (p: Program, f: Func = p.func): readonly Float64Array[] =>
  evaluated({ ...p, func: f }).map(numbers)
const norm = (x: Float64Array): number => Math.hypot(...x)
const transforms = (f: Func): number =>
  nodesOf(f)
    .flatMap(e => (e.op === 'apply' ? factors(e.args[0]!) : []))
    .filter(e => e.op === 'dft' || e.op === 'adjoint').length
test('what is fused has the same value, the same norm, and no more transforms', () => {
  holds(
    fc.property(
      withRun(({ params, u, w }) => [b.apply(u, b.apply(w, xOf(params)))]),
      ([c, p]) => {
        const after = fuseUnitary.run(p.func)
        const [own] = valuesOf(p)
        const [fused] = valuesOf(p, after)
        const [x] = valuesOf(p, func(c.params, [xOf(c.params)]))
        // One vector for all examples has one norm; a varying operator makes of it one for each.
        const copies = own!.length / x!.length
        return (
          distance([fused!], [own!]) < 1e-12 &&
          Math.abs(norm(fused!) - Math.sqrt(copies) * norm(x!)) < 1e-11 * (1 + norm(fused!)) &&
          transforms(after) <= transforms(p.func)
        )
      },
    ),
  )
})

test('U U^H x and U^H U x are x, with nothing left to apply', () => {
  holds(
    fc.property(cases, ({ params, u }) => {
      const x = xOf(params)
      const both = [
        b.apply(u, b.apply(b.adjoint(u), x)),
        b.apply(b.adjoint(u), b.apply(u, x)),
        b.apply(b.compose([b.adjoint(u), u]), x),
      ]
      // Varying factors in front of a uniform vector make it vary: then they stay.
      return both.every(
        e =>
          e.type.kind !== 'tensor' ||
          e.type.rate !== tensorType(x).rate ||
          fuseUnitary.run(func(params, [e])).results[0] === x,
      )
    }),
    500,
  )
})

test('products of the simple factors cancel to nothing at all', () => {
  const params = paramsFor(6, 'varying')
  const [x, θ, v] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr]
  const simple = [
    b.phase(θ),
    b.reflect(v),
    b.permute([5, 0, 1, 2, 3, 4]),
    node('dft', [], { size: 6 }),
    node('identity', [], { size: 6 }),
  ]
  const chains = fc.array(fc.constantFrom(...simple), { minLength: 1, maxLength: 8 })
  holds(
    fc.property(chains, chain => {
      const u = b.compose(chain)
      return fuseUnitary.run(func(params, [b.apply(b.adjoint(u), b.apply(u, x))])).results[0] === x
    }),
  )
  for (const u of simple)
    assert.equal(fuseUnitary.run(func(params, [b.apply(u, b.apply(b.adjoint(u), x))])).results[0], x, u.op)
})

test('neighbours merge: phases to one, permutations to one, a permutation passes phases', () => {
  const params = paramsFor(4, 'varying')
  const [x, θ] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr]
  const D = (k: number): Expr => b.phase(k === 0 ? θ : b.sin(θ))
  const Π = b.permute([1, 2, 3, 0])
  const cases: readonly (readonly [readonly Expr[], readonly string[]])[] = [
    [[D(0), D(1)], ['phase']],
    [[D(0), D(1), D(0)], ['phase']],
    [[Π, Π], ['permute']],
    [[Π, Π, Π, Π], []],
    [
      [D(0), Π, D(1), Π],
      ['phase', 'permute'],
    ],
    [[Π, D(0), b.adjoint(Π)], ['phase']],
  ]
  for (const [chain, left] of cases) {
    const program = func(params, [b.apply(b.compose(chain), x)])
    const after = fuseUnitary.run(program)
    // The angles that pass a permutation are permuted themselves: those applications are of no x.
    const top = after.results[0]!
    assert.deepEqual(top.op === 'apply' ? factors(top.args[0]!).map(u => u.op) : [], left)
    holds(
      fc.property(runsOf(program), p => distance(valuesOf(p, after), valuesOf(p)) < 1e-13),
      5,
    )
  }
})

test('an adjoint is pushed down to the transforms: (U V)^H is V^H U^H', () => {
  holds(
    fc.property(
      withRun(({ params, u, w }) => [
        b.apply(b.adjoint(b.compose([u, w])), xOf(params)),
        b.apply(b.adjoint(w), b.apply(b.adjoint(u), xOf(params))),
      ]),
      ([, p]) => {
        const after = fuseUnitary.run(p.func)
        const [one, other] = valuesOf(p, after)
        const below = nodesOf(after).flatMap(e => (e.op === 'adjoint' ? [e.args[0]!.op] : []))
        return distance([one!], [other!]) < 1e-12 && below.every(op => op === 'dft')
      },
    ),
    100,
  )
})

test('an application with another use is kept, and shared', () => {
  const params = paramsFor(8, 'varying')
  const x = xOf(params)
  const F = node('dft', [], { size: 8 })
  const y = b.apply(F, x)
  const after = fuseUnitary.run(func(params, [y, b.apply(b.phase(argument(1, real(8))), y)]))
  assert.equal(transforms(after), 1)
  assert.equal(nodesOf(after).filter(e => e.op === 'apply').length, 2)
})
