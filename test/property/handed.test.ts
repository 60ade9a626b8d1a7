/** Passes that make use of what a step hands over to the next: they keep the value, and leave less to do in a step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, type Expr, type Func, func, node } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { complex, index, real, varying } from '../../src/ir/type.ts'
import { carryProducts } from '../../src/passes/carryProducts.ts'
import { sweeps } from '../../src/passes/cost.ts'
import { delaySums } from '../../src/passes/delaySums.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { closed, loop } from './engines.ts'
import { distance, evaluated, nodesOf, numbers } from './support.ts'

const n = 8
const steps = 4
const F = node('dft', [], { size: n })
const same = (f: Func, g: Func): void =>
  holds(
    fc.property(runsOf(f), p => {
      const [due, found] = [p, { ...p, func: g }].map(q => evaluated(q).map(numbers))
      return distance(due!, found!) < 1e-10
    }),
    20,
  )

/** Of vectors xs[t] and xs[t + 1] a reflection and its transform, one way or the other through the sequence. */
const neighbours = (reverse: boolean, apart = 1): Func => {
  const types = [complex(n), varying(complex(n)), varying(complex(n)), varying(complex(n))]
  const inner = types.map((type, i) => ({ name: ['v', 'sum', 'saved', 'before'][i]!, type }))
  const [v, sum, saved, before] = inner.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr, Expr]
  const reflected = b.sub(saved, b.mul(b.broadcast(b.dot(v, saved), [n]), v))
  const body = func(inner, [b.add(sum, b.mul(b.apply(F, reflected), before)), b.dot(before, saved)])
  const outer = [
    { name: 'v', type: complex(n) },
    { name: 'xs', type: varying(complex(steps + apart, n)) },
  ]
  const [own, xs] = outer.map((p, i) => argument(i, p.type)) as [Expr, Expr]
  const parts = [apart, 0].map(start => b.slice(xs, start, steps))
  const sequences = reverse ? parts : [parts[1]!, parts[0]!]
  const loop = b.scan([own, b.zerosLike(v), ...sequences], {
    body,
    length: steps,
    reverse,
    invariants: 1,
    carries: 1,
  })
  return func(outer, [b.get(loop, 0), b.get(loop, 1)])
}
const loopsOf = (f: Func): readonly Expr<'scan'>[] => nodesOf(f).filter(e => e.op === 'scan')

test('carryProducts: an inner product of a sequence’s entry is taken when its neighbour is read, a step before', () => {
  for (const reverse of [true, false]) {
    const f = neighbours(reverse)
    const after = carryProducts.run(f)
    assert.equal(loopsOf(after)[0]!.attributes.carries, 2)
    assert.deepEqual(
      [f, after].map(g => loopsOf(g).map(e => sweeps(e.attributes.body, 1))),
      [[4], [2]],
    )
    same(f, after)
  }
})

test('carryProducts leaves alone what no step before has read, and what would take as many sweeps', () => {
  const further = neighbours(true, 2)
  assert.equal(carryProducts.run(further), further)
  const types = [complex(n), varying(complex(n))]
  const params = types.map((type, i) => ({ name: 'vh'[i]!, type }))
  const [v, h] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr]
  // The product is wanted when the transform is done.
  const body = func(params, [b.mul(b.broadcast(b.dot(v, h), [n]), b.apply(F, h))])
  const loop = b.scan([v, h], { body, length: steps, reverse: false, invariants: 1, carries: 1 })
  const riding = func(params, [b.get(loop, 0)])
  assert.equal(carryProducts.run(riding), riding)
})

test('carryProducts leaves alone what is the same for all examples, where the loop is not', () => {
  const f = closed([complex(n), complex(n), complex(steps + 1, n)], (a, h0, xs) => {
    const sequences = [0, 1].map(start => b.slice(xs!, start, steps))
    return loop({ invariants: [a!], carries: [h0!], sequences, length: steps }, (v, h, x, next) => [
      b.apply(F, b.add(h!, b.add(next!, b.mul(b.broadcast(b.dot(v!, x!), [n]), x!)))),
    ])
  })
  assert.equal(carryProducts.run(f), f)
})

test('carryProducts leaves alone what the step before has as something that varies', () => {
  const types = [complex(n), complex(), complex(n), varying(complex(n))]
  const params = types.map((type, i) => ({ name: ['a', 'c', 'z', 'next'][i]!, type }))
  const [a, c, z] = params.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr]
  const body = func(params, [b.add(c, b.dot(b.mul(b.broadcast(b.dot(a, z), [n]), z), z))])
  const f = closed([complex(n), complex(), complex(steps + 1, n)], (a0, c0, zs) => [
    b.get(
      b.scan([a0!, c0!, ...[0, 1].map(start => b.slice(zs!, start, steps))], {
        body,
        length: steps,
        reverse: false,
        invariants: 1,
        carries: 1,
      }),
      0,
    ),
  ])
  same(f, carryProducts.run(f))
})

const inverse = (z: Expr): Expr => b.pinv(b.abs(z))

interface Way {
  readonly reverse: boolean
  /** Of the step's own entry z[t]: what its next state, and the term that it sums, is made of. */
  readonly own: (z: Expr) => Expr
  readonly begins?: 'with a parameter'
}

/** h ← F h + own(z) z, and Σ own(z') Im(conj(z') h) for the entry z' that the next step has as its own. */
const summing = ({ reverse, own, begins }: Way, factor = inverse): Func => {
  const types = [varying(complex(n)), varying(real(n)), varying(complex(n)), varying(complex(n))]
  const inner = types.map((type, i) => ({ name: ['h', 'sum', 'saved', 'before'][i]!, type }))
  const [h, sum, saved, before] = inner.map((p, i) => argument(i, p.type)) as [Expr, Expr, Expr, Expr]
  const next = b.add(b.apply(F, h), b.scale(own(saved), saved))
  const term = b.mul(factor(before), b.im(b.mul(b.conj(before), next)))
  const body = func(inner, [next, b.add(sum, term)])
  const outer = [
    { name: 'h0', type: complex(n) },
    { name: 'xs', type: varying(complex(steps + 1, n)) },
  ]
  const [h0, xs] = outer.map((p, i) => argument(i, p.type)) as [Expr, Expr]
  const parts = [1, 0].map(start => b.slice(xs, start, steps))
  const loop = b.scan(
    [
      begins === undefined ? b.zerosLike(h0) : h0,
      b.zerosLike(b.re(h0)),
      ...(reverse ? parts : parts.reverse()),
    ],
    { body, length: steps, reverse, invariants: 0, carries: 2 },
  )
  return func(outer, [b.get(loop, 0), b.get(loop, 1)])
}
const inversesIn = (f: Func): readonly number[] =>
  loopsOf(f).map(e => postorder(e.attributes.body.results).filter(x => x.op === 'pinv').length)

test('delaySums: a term is summed at the step that has what it is made of, the last behind the loop', () => {
  for (const reverse of [true, false]) {
    const f = summing({ reverse, own: inverse })
    const after = delaySums.run(f)
    assert.deepEqual([f, after].map(inversesIn), [[2], [1]])
    same(f, after)
  }
})

test('delaySums leaves alone what costs as much a step later, and what does not begin with 0', () => {
  for (const f of [
    summing({ reverse: true, own: b.re }),
    summing({ reverse: true, own: inverse, begins: 'with a parameter' }),
    // At the first entry, which the sum has not read, it may be infinite.
    summing({ reverse: true, own: z => b.log(b.abs(z)) }, z => b.log(b.abs(z))),
  ])
    assert.equal(delaySums.run(f), f)
})

test('delaySums: what does not vary is not taken of a carry that does', () => {
  const zero = complexConstant(0, 0, [2])
  const f = closed([index(3), complex(3, 2)], (i, rows) =>
    loop({ invariants: [i!, rows!], carries: [zero, i!], length: 3 }, (place, table, sum) => {
      const added = loop(
        { invariants: [place!, table!], carries: [zero], length: 2 },
        (at, all, h) => [b.add(h!, b.take(all!, at!))],
        'uniform',
      )
      return [b.add(sum!, added[0]!), place!]
    }),
  )
  same(f, delaySums.run(f))
})
