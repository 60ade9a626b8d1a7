/** Laws of factors and multiples: they keep the value, and leave less to do in a step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, type Func, func, node, tensorType } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { complex, real, varying } from '../../src/ir/type.ts'
import { substitute } from '../../src/ir/walk.ts'
import { advanceProducts } from '../../src/passes/advanceProducts.ts'
import { factorSums } from '../../src/passes/factorSums.ts'
import { liftFactors } from '../../src/passes/liftFactors.ts'
import { multiplied, separated } from '../../src/passes/multiples.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { count, distance, evaluated, nodesOf, numbers } from './support.ts'

const n = 3
const batch = fc.integer({ min: 1, max: 3 })
const same = (f: Func, g: Func, runs = 20): void =>
  holds(
    fc.property(runsOf(f, { batch }), p => {
      const [due, found] = [p, { ...p, func: g }].map(q => evaluated(q).map(numbers))
      return distance(due!, found!) < 1e-10
    }),
    runs,
  )

test('real factors leave what only a part is read of, on either side, conjugated or not', () => {
  const params = [{ name: 'r', type: real(n) }, ...['z', 'w'].map(name => ({ name, type: complex(n) }))]
  const [r, z, w] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr]
  const of = (part: (x: Expr) => Expr): readonly Expr[] =>
    [b.scale(r, z), b.conj(b.scale(r, z))].flatMap(x => [part(x), part(b.mul(x, w)), part(b.mul(w, x))])
  const f = func(params, [...of(b.re), ...of(b.im)])
  const lifted = liftFactors.run(f)
  assert.equal(count(lifted, 'scale'), 0)
  same(f, lifted)
})

/** Of a loop: two of its vectors, two numbers and two vectors of the step. */
const params = [
  ...['u', 'v'].map(name => ({ name, type: complex(n) })),
  { name: 's', type: varying(complex()) },
  { name: 't', type: varying(real()) },
  ...['x', 'y'].map(name => ({ name, type: varying(complex(n)) })),
]
const [u, v, s, t, x, y] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr, Expr, Expr, Expr]
const isInvariant = (e: Expr): boolean => postorder([e]).every(a => a.op !== 'arg' || a.attributes.index < 2)
const spread = (number: Expr, like: Expr): Expr => b.broadcast(number, tensorType(like).shape)

const sums: fc.Arbitrary<Expr> = fc.letrec<{ sum: Expr }>(tie => ({
  sum: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(x, y, u, b.mul(spread(s, v), v), b.scale(spread(t, u), u)),
    fc.tuple(tie('sum'), tie('sum')).map(([p, q]) => b.add(p, q)),
    fc.tuple(tie('sum'), tie('sum')).map(([p, q]) => b.sub(p, q)),
    tie('sum').map(p => b.neg(p)),
    tie('sum').map(p => b.mul(spread(s, p), p)),
    tie('sum').map(p => b.scale(spread(t, p), p)),
    tie('sum').map(p => b.mul(v, p)),
  ),
})).sum

test('a vector is what is left of it and the multiples in it', () => {
  let some = 0
  holds(
    fc.property(
      sums.chain(e => runsOf(func(params, [e]), { batch })),
      p => {
        const [e] = p.func.results
        const { rest, multiples } = separated(e!, isInvariant)
        if (multiples.length > 0) some++
        const again = [...(rest === undefined ? [] : [rest]), ...multiples.map(multiplied)].reduce(b.add)
        const [due, found] = [p, { ...p, func: func(params, [again]) }].map(q => evaluated(q).map(numbers))
        return distance(due!, found!) < 1e-9
      },
    ),
    200,
  )
  assert.ok(some > 50, `${some} of them have any`)
})

/** A loop that makes its carries' next values of u, v, s[t], t[t], x[t], y[t] and adds them up. */
const summed = (terms: readonly Expr[]): Func => {
  const steps = 4
  const isFixed = (i: number): boolean => i < 2
  const carries = terms.map((e, k) => ({ name: `sum${k}`, type: varying(tensorType(e)) }))
  const sum = (k: number): Expr => argument(2 + k, carries[k]!.type)
  const places = params.map((p, i) => argument(isFixed(i) ? i : i + terms.length, p.type))
  const body = func(
    [...params.slice(0, 2), ...carries, ...params.slice(2)],
    substitute(terms, places).map((e, k) => b.add(sum(k), e)),
  )
  const outer = params.map((p, i) =>
    isFixed(i) ? p : { ...p, type: { ...p.type, shape: [steps, ...p.type.shape] } },
  )
  const args = outer.map((p, i) => argument(i, p.type))
  const loop = b.scan([...args.slice(0, 2), ...terms.map(b.zerosLike), ...args.slice(2)], {
    body,
    length: steps,
    reverse: false,
    invariants: 2,
    carries: terms.length,
  })
  return func(
    outer,
    terms.map((_, k) => b.get(loop, k)),
  )
}
const bodyOf = (f: Func): Func =>
  nodesOf(f).flatMap(e => (e.op === 'scan' ? [e.attributes.body] : []))[0] ?? assert.fail('no loop')

test('a sum over the steps is freed of multiples: Σ c (g + s v) = Σ c g + (Σ c s) v', () => {
  const g = b.sub(x, b.add(b.mul(spread(s, v), v), b.scale(spread(t, u), u)))
  const f = summed([b.mul(u, b.mul(spread(s, g), g))])
  const after = factorSums.run(f)
  const vectors = bodyOf(after).results.filter(e => tensorType(e).shape.length > 0)
  assert.equal(vectors.length, 1)
  same(f, after)
})

test('an inner product is freed of them, but where that would make it wait', () => {
  const numbered = b.sub(x, b.mul(spread(s, v), v))
  const waiting = b.sub(x, b.mul(spread(b.dot(u, y), v), v))
  for (const [sum, isFreed] of [
    [numbered, true],
    [waiting, false],
  ] as const)
    for (const product of [b.dot(v, sum), b.dot(sum, v)]) {
      const f = summed([product])
      const after = advanceProducts.run(f)
      const subtracted = postorder(bodyOf(after).results).filter(
        e => e.op === 'sub' && tensorType(e).shape.length > 0,
      )
      assert.equal(subtracted.length, isFreed ? 0 : 1)
      same(f, after)
    }
})

test('an inner product goes through a product of operators at once', () => {
  const F = node('dft', [], { size: n })
  const r = b.re(u)
  const u3 = b.compose([b.phase(r), F, b.permute([2, 0, 1])])
  for (const operator of [u3, b.adjoint(u3), b.compose([b.permute([2, 0, 1])]), b.compose([b.phase(r)])])
    for (const product of [b.dot(v, b.apply(operator, x)), b.dot(b.apply(operator, x), v)]) {
      const f = summed([b.mul(spread(product, x), b.apply(F, y))])
      same(f, advanceProducts.run(f))
    }
})

test('what terms have in common leaves their sum: Σ (c u Π g + d u Π h) = u Π Σ (c g + d h)', () => {
  const Π = b.permute([2, 0, 1])
  const made = (c: Expr, z: Expr): Expr => {
    const factor = spread(c, z)
    const rest = b.mul(u, b.apply(Π, z))
    return tensorType(c).field === 'complex' ? b.mul(factor, rest) : b.scale(factor, rest)
  }
  for (const both of [b.add, b.sub]) {
    const f = summed([both(made(s, x), made(t, y))])
    const after = factorSums.run(f)
    const inside = postorder(bodyOf(after).results)
    assert.equal(inside.filter(e => e.op === 'apply' || e === u).length, 0, 'neither is left in the loop')
    assert.equal(nodesOf(after).filter(e => e.op === 'apply').length, 1)
    same(f, after)
  }
  const apart = summed([b.add(b.mul(u, x), b.mul(v, y))])
  assert.equal(factorSums.run(apart), apart, 'there is nothing in common')
})

test('a sum goes through sums of sums once, and through any number of them', () => {
  const level = (z: Expr, i: number): Expr =>
    i % 2 === 0 ? b.add(b.mul(u, z), b.mul(u, b.conj(z))) : b.sub(b.mul(v, z), b.mul(spread(s, z), x))
  const nested = (levels: number): Func =>
    summed([Array.from({ length: levels }, (_, i) => i).reduce(level, b.mul(u, x))])
  same(nested(5), factorSums.run(nested(5)))
  assert.ok(count(factorSums.run(nested(60)), 'mul') > 0, 'nor twice as long for each')
  const chain = Array.from({ length: 20_000 }).reduce<Expr>(z => b.add(b.mul(u, z), v), b.mul(u, x))
  assert.equal(bodyOf(factorSums.run(summed([chain]))).params.length, params.length + 1)
})

test('an invariant may be a term and a factor, or in what is repeated: Σ (u + s u) = Σ u + (Σ s) u', () => {
  for (const term of [b.add(u, b.mul(spread(s, u), u)), b.broadcast(b.sum(u), [n])]) {
    const f = summed([term])
    const after = factorSums.run(f)
    assert.notEqual(after, f)
    same(f, after)
  }
})

test('an inner product with a real invariant times a complex number is taken of the vector made complex', () => {
  const w = b.re(u)
  const f = summed([b.dot(v, b.scale(w, spread(s, u))), b.dot(b.add(x, b.scale(w, spread(s, u))), v)])
  same(f, advanceProducts.run(f))
})
