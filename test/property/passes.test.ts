/** Passes keep what a program means, and its type; each does what it is for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Recurrent } from '../../src/dsl/model.ts'
import * as b from '../../src/ir/build.ts'
import {
  argument,
  complexConstant,
  constant,
  type Expr,
  type Func,
  func,
  node,
  type Param,
} from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { bodiesOf } from '../../src/ir/print.ts'
import { complex, index, real, type TensorType, varying } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import { urnn } from '../../src/models/urnn.ts'
import { expand } from '../../src/passes/expand.ts'
import { factorSums } from '../../src/passes/factorSums.ts'
import { hoist } from '../../src/passes/hoist.ts'
import { joinParts } from '../../src/passes/joinParts.ts'
import { optimise, standard } from '../../src/passes/pipeline.ts'
import { prune } from '../../src/passes/prune.ts'
import { rules, simplify } from '../../src/passes/simplify.ts'
import { sinkPermutations } from '../../src/passes/sinkPermutations.ts'
import { sinkSlices } from '../../src/passes/sinkSlices.ts'
import { copying } from '../../src/tasks/copying.ts'
import type { Task } from '../../src/tasks/task.ts'
import { lossOf as taskLoss } from '../../src/train/program.ts'
import { programs, runsOf } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { keeps, keepsOn, pipeline } from './keeps.ts'
import { count, nodesOf, right, trainable, withGradient } from './support.ts'

for (const pass of [...new Set([...standard, expand, hoist, prune]), pipeline]) {
  test(`${pass.name} keeps value and type of every program`, () => {
    holds(
      fc.property(programs(), p => keeps(p, pass)),
      100,
    )
  })
  test(`${pass.name} keeps those of gradients`, () => {
    const small = programs({ differentiable: true, depth: 2, batch: fc.integer({ min: 1, max: 4 }) })
    holds(
      fc.property(small, p => keeps(withGradient(p), pass)),
      40,
    )
  })
}

test('the passes in their order: each takes what the one before it gives', () => {
  holds(
    fc.property(programs(), p => {
      const steps = standard.map((_, k) => optimise(p.func, standard.slice(0, k + 1)))
      return steps.every(f => E.isRight(verify(f)))
    }),
    150,
  )
})

test('a pass has nothing to do a second time', () => {
  for (const pass of new Set(standard))
    holds(
      fc.property(programs(), ({ func: f }) => pass.run(pass.run(f)) === pass.run(f)),
      60,
    )
})

const r3 = argument(0, varying(real(3)))
const c3 = argument(1, varying(complex(3)))
const s = argument(2, varying(real()))
const m = argument(3, real(4, 3))
const params: readonly Param[] = [
  { name: 'r', type: varying(real(3)) },
  { name: 'c', type: varying(complex(3)) },
  { name: 's', type: varying(real()) },
  { name: 'm', type: real(4, 3) },
]

/** A program that the rule changes, for each of them. */
const triggers: Readonly<Record<string, Expr>> = {
  '−(−x) = x': b.neg(b.neg(c3)),
  'conj conj x = x': b.conj(b.conj(c3)),
  'Re(a + ib) = a': b.re(b.complexOf(r3, b.sin(r3))),
  'Im(a + ib) = b': b.im(b.complexOf(r3, b.sin(r3))),
  'Re x + i Im x = x': b.complexOf(b.re(c3), b.im(c3)),
  'x + 0 = x': b.add(b.add(constant(0, [3]), r3), constant(0, [3])),
  'x − 0 = x': b.sub(c3, complexConstant(0, 0, [3])),
  '0 − x = −x': b.sub(constant(0, [3]), r3),
  'x + (−y) = x − y': b.add(r3, b.neg(b.sin(r3))),
  'x − (−y) = x + y': b.sub(r3, b.neg(b.sin(r3))),
  '1 x = x': b.mul(b.mul(constant(1, [3]), r3), constant(1, [3])),
  '1 z = z': b.scale(constant(1, [3]), c3),
  'x/1 = x': b.div(c3, complexConstant(1, 0, [3])),
  'no sum': node('sum', [r3], { axes: 0 }),
  'no repetition': node('broadcast', [r3], { shape: [3] }),
  'repeated twice': b.broadcast(b.broadcast(s, [3]), [2, 3]),
  'no padding': b.pad(c3, 0, 0),
  'all of it': b.slice(r3, 0, 3),
  'transposed twice': b.transpose(b.transpose(m)),
  'the same axes': node('reshape', [m], { shape: [4, 3] }),
  'reshaped twice': b.reshape(b.reshape(m, [2, 6]), [3, 4]),
  'slice of a slice': b.slice(b.slice(m, 1, 3), 1, 2),
  'half of a concat': b.add(b.slice(b.concat(r3, b.sin(r3)), 4, 2), b.slice(b.concat(r3, b.sin(r3)), 1, 2)),
  'repeated constant': b.broadcast(constant(0.5), [3]),
  'constant entries': b.slice(complexConstant(0.5, 2, [3]), 1, 2),
  'reshaped constant': b.reshape(complexConstant(0.5, 2, [3, 2]), [6]),
  'sum of a constant': b.sum(complexConstant(0.5, 2, [3, 2]), 1),
  'constant folding': b.exp(complexConstant(0.5, 2, [3])),
}

test('every rule of simplify fires, and keeps the meaning', () => {
  assert.deepEqual(
    rules.map(r => r.name),
    Object.keys(triggers),
  )
  for (const rule of rules) {
    const f = func(params, [triggers[rule.name]!])
    assert.ok(
      nodesOf(f).some(e => rule.apply(e) !== undefined),
      `${rule.name} does not fire`,
    )
    const after = simplify.run(f)
    assert.notEqual(after, f)
    assert.ok(nodesOf(after).length < nodesOf(f).length || rule.name.includes('−'), rule.name)
    holds(
      fc.property(runsOf(f), p => keeps(p, simplify)),
      5,
    )
  }
})

test('what stands for a varying value varies, too', () => {
  const u = argument(0, real(3))
  const v = argument(1, varying(real(3)))
  const own: readonly Param[] = [
    { name: 'u', type: real(3) },
    { name: 'v', type: varying(real(3)) },
  ]
  const turned = b.apply(b.compose([b.phase(v), b.phase(b.neg(v))]), b.toComplex(u))
  const results = [b.re(b.complexOf(u, v)), b.slice(b.concat(u, v), 0, 2), turned].map(b.batchSum)
  holds(
    fc.property(runsOf(func(own, results)), p => keeps(p, pipeline)),
    10,
  )
})

/** h, k, a = next(w, v, h, k, a, x): k feeds itself only, a is what is read of the stacks. */
const wasteful = (): { readonly body: Func; readonly program: Func } => {
  const types: readonly TensorType[] = [real(3), real(3), varying(real(3)), varying(real()), varying(real(3))]
  const [w, v, h, k, x] = types.map((type, i) => argument(i, type)) as [Expr, Expr, Expr, Expr, Expr]
  const body = func(
    ['w', 'v', 'h', 'k', 'x'].map((name, i) => ({ name, type: types[i]! })),
    [b.tanh(b.add(b.mul(b.sin(w), h), x)), b.cos(b.add(k, b.sum(v))), b.mul(h, v), b.neg(h)],
  )
  const own: readonly Param[] = [
    { name: 'w', type: real(3) },
    { name: 'xs', type: varying(real(5, 3)) },
  ]
  const loop = b.scan(
    [
      argument(0, real(3)),
      b.cos(argument(0, real(3))),
      constant(0, [3]),
      constant(0),
      argument(1, own[1]!.type),
    ],
    { body, length: 5, reverse: false, invariants: 2, carries: 2 },
  )
  return { body, program: func(own, [b.get(loop, 0), b.get(loop, 3)]) }
}

test('prune drops carries, stacks, invariants that nobody reads', () => {
  const { program } = wasteful()
  const after = prune.run(program)
  const [body] = bodiesOf(after)
  assert.deepEqual(
    body?.params.map(p => p.name),
    ['w', 'h', 'x'],
  )
  assert.equal(body?.results.length, 2)
  assert.equal(count(after, 'cos'), 0)
  holds(
    fc.property(runsOf(program), p => keeps(p, prune)),
    10,
  )
})

test('prune leaves a loop that would no longer vary', () => {
  const types = [varying(real()), varying(real())]
  const [h, x] = types.map((type, i) => argument(i, type)) as [Expr, Expr]
  const body = func(
    types.map((type, i) => ({ name: 'hx'[i]!, type })),
    [constant(1), b.add(h, x)],
  )
  const xs = varying(real(2))
  const loop = b.scan([constant(0), argument(0, xs)], {
    body,
    length: 2,
    reverse: false,
    invariants: 0,
    carries: 1,
  })
  const program = func([{ name: 'xs', type: xs }], [b.batchSum(b.get(loop, 0))])
  holds(
    fc.property(runsOf(program), p => keeps(p, prune)),
    10,
  )
})

test('prune reaches loops within loops, when the inner loses an item', () => {
  const inner = func([{ name: 'h', type: real() }], [b.sin(argument(0, real())), b.cos(argument(0, real()))])
  const again = b.scan([argument(0, real())], {
    body: inner,
    length: 2,
    reverse: false,
    invariants: 0,
    carries: 1,
  })
  const outer = func([{ name: 'h', type: real() }], [b.sum(b.get(again, 1)), b.exp(argument(0, real()))])
  const loop = b.scan([constant(0.5)], { body: outer, length: 3, reverse: true, invariants: 0, carries: 1 })
  const after = prune.run(func([], [b.get(loop, 0)]))
  assert.equal(count(after, 'exp'), 0)
  assert.ok(keeps({ func: func([], [b.get(loop, 0)]), batch: 1, inputs: [] }, prune))
})

test('prune drops a carry that fed nothing but an unread carry of a loop within', () => {
  const [h, k] = [argument(0, real()), argument(1, real())]
  const named = (names: string): readonly Param[] => [...names].map(name => ({ name, type: real() }))
  const loop = (body: Func): Expr =>
    b.scan([constant(0.5), constant(0.25)], {
      body,
      length: 2,
      reverse: false,
      invariants: 0,
      carries: 2,
    })
  const inner = func(named('hk'), [b.sin(h), b.cos(k)])
  const within = b.scan([h, k], { body: inner, length: 2, reverse: false, invariants: 0, carries: 2 })
  const program = func([], [b.get(loop(func(named('hk'), [b.get(within, 0), b.exp(k)])), 0)])
  const after = prune.run(program)
  assert.equal(count(after, 'cos') + count(after, 'exp'), 0)
  assert.ok(keeps({ func: program, batch: 1, inputs: [] }, prune))
})

test('hoist computes in front of the loop what no step changes', () => {
  const { program } = wasteful()
  const after = hoist.run(program)
  const inLoops = bodiesOf(after).flatMap(body => postorder(body.results))
  assert.equal(inLoops.filter(e => e.op === 'sin' || e.op === 'sum').length, 0)
  assert.equal(count(after, 'sin'), 1)
})

test('factorSums takes a constant factor out of what is subtracted step by step, too', () => {
  const [w, s0, x] = [real(3), varying(real(3)), varying(real(3))].map((t, i) => argument(i, t)) as [
    Expr,
    Expr,
    Expr,
  ]
  const named = (types: readonly TensorType[]): readonly Param[] =>
    types.map((type, i) => ({ name: 'wsx'[i]!, type }))
  const body = func(named([real(3), varying(real(3)), varying(real(3))]), [b.sub(s0, b.mul(w, b.sin(x)))])
  const xs = varying(real(4, 3))
  const operands = [argument(0, real(3)), constant(0, [3]), argument(1, xs)]
  const loop = b.scan(operands, { body, length: 4, reverse: false, invariants: 1, carries: 1 })
  const program = func(named([real(3), xs]), [b.get(loop, 0)])
  const within = bodiesOf(factorSums.run(program)).flatMap(g => postorder(g.results))
  assert.equal(within.filter(e => e.op === 'mul').length, 0)
  holds(
    fc.property(runsOf(program), p => keeps(p, factorSums)),
    10,
  )
})

test('a step of the uRNN has two transforms, and no cos, sin or inverse left in it', () => {
  const task = E.getOrElse<string, Task>(why => assert.fail(why))(copying({ lag: 3, seed: 1 }))
  const loss = right(
    taskLoss(
      urnn({ hidden: 7, reads: task.reads, writes: task.writes, seed: 1 }) as unknown as Recurrent,
      task,
    ),
  )
  const ops = (body: Func, op: Expr['op']): number => postorder(body.results).filter(e => e.op === op).length
  const dfts = (body: Func): number =>
    postorder(body.results).filter(e => e.op === 'apply' && e.args[0]!.op !== 'permute').length
  const forward = bodiesOf(optimise(loss))
  assert.equal(forward.length, 1)
  assert.deepEqual(forward.map(dfts), [2])
  const both = bodiesOf(optimise(withGradient({ func: loss, batch: 1, inputs: [] }).func))
  // Backward, two of the transforms are the adjoint's, one is of what the step gave; step 0, which begins from a parameter, is
  // a loop of its own.
  assert.deepEqual(both.map(dfts), [2, 3, 3])
  for (const body of [...forward, ...both])
    for (const op of ['cos', 'sin', 'phase', 'reflect', 'compose', 'modRelu'] as const)
      assert.equal(ops(body, op), 0, `${op} in a step`)
  assert.ok(trainable(loss).length > 0)
})

test('an index may be carried from step to step', () => {
  const i = varying(index(3))
  const body = func(
    [
      { name: 'i', type: i },
      { name: 'j', type: i },
    ],
    [argument(1, i), b.take(constant(2, [3]), argument(0, i))],
  )
  const loop = b.scan([argument(0, i), argument(1, varying(index(3, 4)))], {
    body,
    length: 4,
    reverse: false,
    invariants: 0,
    carries: 1,
  })
  const f = func(
    [
      { name: 'i', type: i },
      { name: 'js', type: varying(index(3, 4)) },
    ],
    [b.get(loop, 1)],
  )
  holds(
    fc.property(runsOf(f), p => keeps(p, pipeline)),
    10,
  )
})

test('factorSums leaves a sum alone that its step reads, or hands to another carry', () => {
  const types: readonly TensorType[] = [real(3), varying(real(3)), varying(real(3)), varying(real(3))]
  const [w, s0, k0, x] = types.map((t, i) => argument(i, t)) as [Expr, Expr, Expr, Expr]
  const named = (own: readonly TensorType[]): readonly Param[] =>
    own.map((type, i) => ({ name: 'wskx'[i]!, type }))
  const next = b.add(s0, b.mul(w, b.sin(x)))
  const xs = varying(real(4, 3))
  const bodies: readonly (readonly Expr[])[] = [
    [next, k0, b.cos(next)],
    [next, k0, next],
    [next, next],
    [next, b.add(k0, next)],
  ]
  for (const results of bodies) {
    const operands = [argument(0, real(3)), constant(0, [3]), constant(0, [3]), argument(1, xs)]
    const loop = b.scan(operands, {
      body: func(named(types), results),
      length: 4,
      reverse: false,
      invariants: 1,
      carries: 2,
    })
    const items = results.map((_, k) => b.get(loop, k))
    const program = func(named([real(3), xs]), items)
    holds(
      fc.property(runsOf(program), p => keeps(p, factorSums) && keeps(p, pipeline)),
      10,
    )
  }
})

test('sinkSlices cuts up what is only read in parts, joinParts puts parts together', () => {
  const [x, u] = [argument(0, varying(real(9))), argument(1, real(9))]
  const of = [
    { name: 'x', type: varying(real(9)) },
    { name: 'u', type: real(9) },
  ]
  const z = b.mul(b.add(x, b.broadcast(b.sum(x), [9])), b.add(u, constant(2, [9])))
  const cut = func(of, [b.sin(b.slice(z, 0, 3)), b.cos(b.slice(z, 3, 5))])
  const apart = sinkSlices.run(cut)
  assert.ok(nodesOf(apart).every(e => e.op !== 'slice' || e.args[0]!.op === 'arg'))
  keepsOn(cut, sinkSlices)
  const overlapping = func(of, [b.sin(b.slice(z, 0, 3)), b.cos(b.slice(z, 2, 5))])
  assert.equal(sinkSlices.run(overlapping), overlapping)
  const whole = func(of, [b.sin(b.slice(z, 0, 3)), b.cos(z)])
  assert.equal(sinkSlices.run(whole), whole)
  const nested = func(of, [b.sin(b.slice(b.add(b.slice(b.mul(x, x), 1, 6), b.slice(x, 3, 6)), 2, 3))])
  const sunk = sinkSlices.run(nested)
  assert.deepEqual(sunk.results, [b.sin(b.add(b.mul(b.slice(x, 3, 3), b.slice(x, 3, 3)), b.slice(x, 5, 3)))])
  keepsOn(nested, sinkSlices)

  const part = (from: number, length: number): Expr =>
    b.pad(b.sin(b.slice(x, 9 - from - length, length)), from, 9 - from - length)
  const all = func(of, [[part(6, 3), part(0, 2), b.cos(x), part(2, 4)].reduce(b.add)])
  const joined = joinParts.run(all)
  assert.deepEqual([count(joined, 'pad'), count(joined, 'concat'), count(joined, 'add')], [0, 2, 1])
  const some = func(of, [[part(6, 2), part(1, 2), part(3, 1)].reduce(b.add)])
  assert.deepEqual(count(joinParts.run(some), 'pad'), 2)
  const over = func(of, [[part(0, 4), part(2, 3)].reduce(b.add)])
  assert.equal(joinParts.run(over), over)
  for (const f of [all, some, over]) keepsOn(f, joinParts)

  const zero = constant(0, [9])
  const [re, im] = [(e: Expr): Expr => b.complexOf(e, zero), (e: Expr): Expr => b.complexOf(zero, e)]
  const halves = func(of, [[re(x), b.complexOf(x, u), im(u), re(b.cos(x))].reduce(b.add)])
  assert.equal(joinParts.run(halves).results[0], b.add(b.complexOf(x, u), b.complexOf(b.add(x, b.cos(x)), u)))
  const reals = func(of, [[re(x), b.complexOf(x, u), re(u)].reduce(b.add)])
  assert.equal(joinParts.run(reals).results[0], b.add(b.complexOf(x, u), re(b.add(x, u))))
  const alone = func(of, [b.add(b.complexOf(x, u), re(x))])
  assert.equal(joinParts.run(alone), alone)
  for (const f of [halves, reals, alone]) keepsOn(f, joinParts)
})

test('sinkPermutations: what all readers take in one order is made in it, down to what it can be read from', () => {
  const [z, w] = [argument(0, varying(complex(4))), argument(1, complex(4))]
  const of = [
    { name: 'z', type: varying(complex(4)) },
    { name: 'w', type: complex(4) },
  ]
  const [Π, Σ] = [b.permute([1, 2, 3, 0]), b.permute([2, 0, 3, 1])]
  const y = b.add(b.conj(z), w)
  const sunk = (...results: Expr[]): readonly Expr[] => {
    const f = func(of, results)
    keepsOn(f, sinkPermutations)
    return sinkPermutations.run(f).results
  }
  const moved = (P: Expr): Expr => b.add(b.conj(b.apply(P, z)), b.apply(P, w))
  assert.deepEqual(sunk(b.apply(Π, b.mul(y, y))), [b.mul(moved(Π), moved(Π))])
  assert.deepEqual(sunk(b.apply(Π, y), b.neg(b.apply(Π, y))), [moved(Π), b.neg(moved(Π))])
  assert.deepEqual(sunk(b.apply(Π, b.mul(y, complexConstant(2, 1, [4])))), [
    b.mul(moved(Π), complexConstant(2, 1, [4])),
  ])
  const both = b.permute([0, 3, 1, 2])
  const back = b.permute([3, 0, 1, 2])
  assert.deepEqual(sunk(b.apply(Π, b.add(b.apply(Σ, y), z))), [b.add(moved(both), b.apply(Π, z))])
  assert.deepEqual(sunk(b.apply(Π, b.add(b.apply(back, y), z))), [b.add(y, b.apply(Π, z))])
  for (const apart of [
    [b.apply(Π, y), b.apply(Σ, y)],
    [b.apply(Π, y), y],
  ])
    assert.deepEqual(sunk(...apart), apart)
})
