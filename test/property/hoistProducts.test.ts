/** Sums of outer products over the steps of a loop are contractions behind it, where that is right and better. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, constant, type Expr, type Func, func } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { bodiesOf } from '../../src/ir/print.ts'
import { complex, real, type TensorType, varying } from '../../src/ir/type.ts'
import { hoistProducts } from '../../src/passes/hoistProducts.ts'
import { keepsOn, pipeline } from './keeps.ts'
import { count } from './support.ts'

/** A loop with a carry h and a sum of what `added` makes of h, an entry x and an invariant w. */
const summing = (
  t: TensorType,
  n: number,
  added: (A: Expr, h: Expr, x: Expr, w: Expr) => readonly Expr[],
  start: (t: TensorType) => Expr = () =>
    t.field === 'complex' ? complexConstant(0, 0, [n, n]) : constant(0, [n, n]),
): Func => {
  const types = [
    { ...t, shape: [n] },
    { ...t, shape: [n, n] },
    { ...t, shape: [n] },
    { ...t, shape: [n] },
  ].map(varying)
  const [w, A, h, x] = types.map((type, i) => argument(i, type)) as [Expr, Expr, Expr, Expr]
  const [sum, ...outputs] = added(A, h, x, w)
  const names = ['w', 'A', 'h', 'x']
  const body = func(
    types.map((type, i) => ({ name: names[i]!, type })),
    [sum!, b.times(constant(0.5, [n]), b.add(h, x)), ...outputs],
  )
  const outside = [types[0]!, types[2]!, { ...types[3]!, shape: [5, n] }, types[1]!]
  const args = outside.map((type, i) => argument(i, type)) as [Expr, Expr, Expr, Expr]
  const loop = b.scan([args[0], start(outside[3]!), args[1], args[2]], {
    body,
    length: 5,
    reverse: true,
    invariants: 1,
    carries: 2,
  })
  return func(
    outside.map((type, i) => ({ name: ['w', 'h', 'xs', 'A'][i]!, type })),
    [0, 1, ...outputs.map((_, k) => 2 + k)].map(k => b.get(loop, k)),
  )
}
const outersInLoops = (f: Func): number =>
  bodiesOf(f)
    .flatMap(body => postorder(body.results))
    .filter(e => e.op === 'outer').length

test('hoistProducts: sums of outer products are one contraction each, behind the loop', () => {
  const own = (t: TensorType): Expr => argument(3, t)
  for (const [t, n] of [
    [real(), 12],
    [complex(), 6],
  ] as const) {
    const programs: readonly Func[] = [
      summing(t, n, (A, h, x) => [b.add(A, b.outer(b.cos(h), x))]),
      summing(t, n, (A, h, x) => [b.add(b.outer(x, h), A)]),
      summing(t, n, (A, _h, x) => [b.add(A, b.outer(x, x))], own),
      summing(t, n, (A, h, x, w) => [b.add(b.add(A, b.outer(b.cos(h), x)), b.outer(x, w)), b.cos(h)]),
    ]
    for (const f of programs) {
      const after = hoistProducts.run(f)
      assert.equal(outersInLoops(after), 0)
      assert.ok(count(after, 'contract') > 0)
      for (const pass of [hoistProducts, pipeline]) keepsOn(f, pass)
    }
  }
})

test('hoistProducts leaves alone what it would not make better, or wrong', () => {
  const small = summing(real(), 19, (A, h, x) => [b.add(A, b.outer(b.cos(h), b.sin(x)))])
  const smallComplex = summing(complex(), 7, (A, h, x) => [b.add(A, b.outer(b.cos(h), b.sin(x)))])
  const read = summing(real(), 12, (A, h, x) => [b.add(A, b.outer(h, x)), b.matvec(A, x)])
  const twice = summing(real(), 12, (A, h, x) => [b.add(b.add(A, A), b.outer(h, x))])
  for (const f of [small, smallComplex, read, twice]) {
    assert.equal(hoistProducts.run(f), f)
    keepsOn(f, pipeline)
  }
  const mixed = summing(real(), 12, (A, h, x) => [b.add(b.add(A, b.outer(h, x)), b.sin(b.outer(x, h)))])
  assert.equal(count(hoistProducts.run(mixed), 'contract'), 1)
  keepsOn(mixed, hoistProducts)
})

test('hoistProducts leaves alone a sum of products that its step reads: fast weights', () => {
  const reading: readonly ((A: Expr, h: Expr, x: Expr) => readonly Expr[])[] = [
    (A, h, x) => {
      const next = b.add(A, b.outer(h, x))
      return [next, b.matvec(next, x)]
    },
    (A, h, x) => {
      const next = b.add(A, b.outer(h, x))
      return [next, next]
    },
    (A, h, x) => {
      const part = b.add(A, b.outer(h, x))
      return [b.add(part, b.sin(b.outer(x, h))), b.sum(part, 1)]
    },
    (A, h, x) => {
      const part = b.add(b.sin(b.outer(x, h)), A)
      return [b.add(part, b.outer(h, x)), b.sum(part, 1)]
    },
  ]
  for (const t of [real(), complex()])
    for (const make of reading) {
      const f = summing(t, 12, (A, h, x) => make(A, h, x))
      assert.equal(hoistProducts.run(f), f)
      keepsOn(f, pipeline)
    }
})
