/** The native engine gives what the reference evaluator gives: loops, and what they carry, stack and sum up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as b from '../../src/ir/build.ts'
import { complexConstant, constant, type Expr, type Func, tensorType } from '../../src/ir/expr.ts'
import { complex, index, real, type TensorType, varying } from '../../src/ir/type.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { agreeing, agrees, closed, double, loop } from './engines.ts'
import { native } from './support.ts'

const v3 = varying(real(3))
const z3 = varying(complex(3))
const z43 = varying(complex(4, 3))
const directions = [false, true]

test('carries that change places', async () => {
  for (const reverse of directions) {
    const swap = closed([z3, z3], (x, y) =>
      loop({ carries: [x!, y!], length: 3, reverse }, (h, c) => [c!, h!]),
    )
    const turn = closed([z3, z3, z3, z43], (x, y, z, xs) =>
      loop({ carries: [x!, y!, z!], sequences: [xs!], reverse }, (h, c, k, e) => [c!, k!, b.add(h!, e!), c!]),
    )
    const both = closed([z3, z3], (x, y) =>
      loop({ carries: [x!, y!], reverse }, (h, c) => [c!, h!, h!, c!, b.mul(h!, c!)]),
    )
    for (const f of [swap, turn, both]) await agreeing(f)
  }
})

test('carries that are parts of one another, or of themselves', async () => {
  for (const reverse of directions) {
    const parts = closed([varying(real(6)), v3], (x, y) =>
      loop({ carries: [x!, y!], reverse }, (h, c) => [
        b.concat(c!, b.slice(h!, 0, 3)),
        b.slice(h!, 2, 3),
        b.slice(h!, 1, 2),
      ]),
    )
    const rolled = closed([varying(real(6))], x =>
      loop({ carries: [x!], length: 5, reverse }, h => [b.concat(b.slice(h!, 1, 5), b.slice(h!, 0, 1))]),
    )
    const reread = closed([v3, v3], (x, y) =>
      loop({ carries: [x!, y!], reverse }, (h, c) => {
        const next = b.sin(b.add(h!, c!))
        return [next, b.mul(b.broadcast(b.sum(h!), [3]), next)]
      }),
    )
    for (const f of [parts, rolled, reread]) await agreeing(f)
  }
})

test('carries that are stacked, before and after their step', async () => {
  for (const reverse of directions) {
    const history = closed([z3, z43], (x, xs) =>
      loop({ carries: [x!], sequences: [xs!], reverse }, (h, e) => {
        const next = b.sin(b.scale(constant(0.5, [3]), b.add(h!, e!)))
        return [next, h!, next, h!, e!]
      }),
    )
    const parts = closed([z3, z43], (x, xs) =>
      loop({ carries: [x!], sequences: [xs!], reverse }, (h, e) => [
        b.scale(constant(0.5, [3]), b.add(h!, e!)),
        b.slice(h!, 1, 2),
        b.re(h!),
        complexConstant(1, 2, [2]),
      ]),
    )
    for (const f of [history, parts]) await agreeing(f)
  }
})

test('contractions over time, for each example and summed over all of them', async () => {
  const sizes: readonly (readonly [number, number, number])[] = [
    [5, 3, 4],
    [70, 5, 7],
    [3, 4, 130],
    [1, 9, 1],
  ]
  for (const [steps, m, n] of sizes)
    for (const t of [real, complex])
      for (const rates of [[varying, varying] as const, [varying, same] as const, [same, varying] as const]) {
        const types = [rates[0](t(steps, m)), rates[1](t(steps, n))]
        const each = closed(types, (x, y) => [b.contract(x!, y!)])
        const summed = closed(types, (x, y) => [b.batchSum(b.contract(x!, y!))])
        for (const f of [each, summed]) await agreeing(f)
      }
})

const same = (type: TensorType): TensorType => type

test('sums into a carry, in place', async () => {
  const place = index(5)
  for (const reverse of directions) {
    const outer = closed([v3, varying(real(4, 3))], (x, xs) =>
      loop({ carries: [constant(0, [3, 3])], invariants: [x!], sequences: [xs!], reverse }, (u, A, e) => [
        b.add(A!, b.outer(u!, e!)),
      ]),
    )
    const scatter = closed([varying({ ...place, shape: [4] }), varying(real(4))], (is, xs) =>
      loop({ carries: [constant(0, [5])], sequences: [is!, xs!], reverse }, (h, i, e) => [
        b.add(b.put(e!, i!, 5), h!),
      ]),
    )
    const watched = closed([varying({ ...place, shape: [4] }), varying(real(4))], (is, xs) =>
      loop({ carries: [constant(0, [5])], sequences: [is!, xs!], reverse }, (h, i, e) => [
        b.add(h!, b.put(e!, i!, 5)),
        h!,
        b.take(h!, i!),
      ]),
    )
    const read = closed([v3, varying(real(4, 3))], (x, xs) =>
      loop({ carries: [constant(0, [3, 3])], invariants: [x!], sequences: [xs!], reverse }, (u, A, e) => [
        b.add(A!, b.outer(u!, e!)),
        b.matvec(A!, e!),
        b.sum(A!, 1),
      ]),
    )
    const shared = closed([v3, varying(real(4, 3))], (x, xs) =>
      loop({ carries: [constant(0, [3, 3])], invariants: [x!], sequences: [xs!], reverse }, (u, A, e) => {
        const added = b.outer(u!, e!)
        return [b.add(added, A!), b.sum(added, 1)]
      }),
    )
    for (const f of [outer, scatter, watched, read, shared]) await agreeing(f)
  }
})

test('loops of uniform values, beside ones that vary, and within them', async () => {
  const f = closed([real(3), varying(real(4, 3))], (w, xs) => {
    const [power] = loop({ carries: [w!], invariants: [w!] }, (u, h) => [b.mul(u!, b.sin(h!))], 'uniform')
    const rows = loop({ carries: [power!], sequences: [xs!] }, (h, e) => {
      const [inner] = loop({ carries: [h!], invariants: [e!], length: 2 }, (u, k) => [b.tanh(b.add(u!, k!))])
      return [inner!, b.sum(inner!)]
    })
    return [power!, ...rows]
  })
  await agreeing(f)
})

test('an index handed on from step to step', async () => {
  for (const reverse of directions) {
    const f = closed([varying(index(3)), varying(index(3, 4)), real(3, 2)], (i, js, table) =>
      loop({ invariants: [table!], carries: [i!], sequences: [js!], reverse }, (t, k, j) => [
        j!,
        b.take(t!, k!),
        b.put(b.take(t!, j!), k!, 3),
      ]).slice(1),
    )
    await agreeing(f)
  }
})

test('a scalar carry that is read, repeated once, after its next value is known', async () => {
  for (const reverse of directions)
    await agreeing(
      closed([varying(real()), varying(real(4, 1))], (x, xs) =>
        loop({ carries: [x!], sequences: [xs!], reverse }, (h, e) => [
          b.sin(h!),
          b.mul(b.broadcast(h!, [1]), e!),
        ]),
      ),
    )
})

test('histories larger than the caches, of steps that no vector divides, with few examples', async () => {
  for (const type of [real(1025), complex(513)]) {
    const f = closed([varying(type)], h =>
      loop({ carries: [h!], length: 600 }, k => [b.neg(k!), b.add(k!, k!)]),
    )
    await holdsAsync(fc.asyncProperty(runsOf(f, { batch: fc.constantFrom(2, 3, 11) }), agrees), 3)
  }
})

test('loops nested deeper than the engine goes are refused in words', () => {
  const nested = (depth: number, h: Expr): Expr =>
    depth === 0
      ? b.sin(h)
      : loop({ carries: [h], length: 1 }, k => [nested(depth - 1, k!)], tensorType(h).rate)[0]!
  const deep = (depth: number): Func => closed([varying(real())], x => [nested(depth, x!)])
  const start = (f: Func) => native().start({ func: f, updates: [] }, double)
  assert.ok(E.isRight(start(deep(8))))
  const refused = start(deep(9))
  assert.match(E.isLeft(refused) ? refused.left.message : '', /nested 9 deep; the engine goes to 8/)
})

test('carries and stacks that are next the same', async () => {
  const [m44, s44] = [varying(real(4, 4)), varying(real(4, 4))]
  const place = varying({ ...index(4), shape: [4] })
  for (const reverse of directions) {
    const outer = closed([m44, m44, s44, s44], (x, y, us, vs) =>
      loop({ carries: [x!, y!], sequences: [us!, vs!], reverse }, (A, B, u, v) => {
        const sum = b.add(B!, b.outer(u!, v!))
        return [sum, sum, b.sin(A!), A!, sum]
      }),
    )
    const scatter = closed([m44, m44, place, s44], (x, y, is, us) =>
      loop({ carries: [x!, y!], sequences: [is!, us!], reverse }, (A, B, i, u) => {
        const sum = b.add(A!, b.put(u!, i!, 4))
        return [sum, sum, B!]
      }),
    )
    const totals = closed([s44], xs => {
      const [first, second, stack] = loop(
        { carries: [constant(0, [4]), constant(0.5, [4])], sequences: [xs!], reverse },
        (h, _c, x) => {
          const sum = b.add(h!, b.sin(x!))
          return [sum, sum, sum]
        },
      )
      return [b.batchSum(first!), second!, stack!]
    })
    const products = closed([s44, s44], (us, vs) => {
      const [first, stack] = loop(
        { carries: [constant(0, [4, 4])], sequences: [us!, vs!], reverse },
        (A, u, v) => {
          const sum = b.add(A!, b.outer(u!, v!))
          return [sum, sum]
        },
      )
      return [b.batchSum(first!), stack!]
    })
    for (const f of [outer, scatter, totals, products]) await agreeing(f)
  }
})
