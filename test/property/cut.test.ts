/** What loops save for their adjoints: how many transforms a step is left with, and that gradients stay the same. */
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
  type Param,
  tensorType,
} from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { complex, real, reals, type TensorType, varying } from '../../src/ir/type.ts'
import { factors } from '../../src/ir/unitary.ts'
import { urnn } from '../../src/models/urnn.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { optimise, preparatory } from '../../src/passes/pipeline.ts'
import { adding } from '../../src/tasks/adding.ts'
import { copying } from '../../src/tasks/copying.ts'
import type { Task } from '../../src/tasks/task.ts'
import { lossOf as taskLoss } from '../../src/train/program.ts'
import { type Program, runsOf } from '../../src/verify/arbitraries.ts'
import { holds, holdsAsync } from '../seed.ts'
import { closed, loop } from './engines.ts'
import {
  anyRecurrence,
  applied,
  type Chain,
  F,
  invariants,
  n,
  type Parts,
  paper,
  quarterSine,
  recurrence,
  steps,
  Π,
} from './recurrences.ts'
import {
  along,
  distance,
  evaluated,
  gradients,
  lossOf,
  numbers,
  right,
  runNative,
  slope,
  trainable,
  unrolled,
  withGradient,
} from './support.ts'

const scansOf = (f: Func): readonly Expr<'scan'>[] =>
  postorder(f.results).flatMap(e => (e.op === 'scan' ? [e as Expr<'scan'>] : []))
const transformsIn = (f: Func): number =>
  postorder(f.results)
    .flatMap(e => (e.op === 'apply' ? factors(e.args[0]!) : []))
    .filter(e => e.op === 'dft' || e.op === 'adjoint').length
/** Real numbers that a loop stacks in a step. */
const savedIn = ({ attributes: { body, carries } }: Expr<'scan'>): number =>
  body.results.slice(carries).reduce((n, r) => n + reals(tensorType(r)), 0)

/** The loops of a loss with its gradient, as they are run. */
const trained = (loss: Func): readonly Expr<'scan'>[] =>
  scansOf(optimise(right(valueAndGradient(optimise(loss, preparatory), trainable(loss)))))

const looped = (step: (p: Parts) => Expr): readonly Expr<'scan'>[] =>
  trained(lossOf(recurrence(5, false, false, step)))

test('a step of the uRNN takes two transforms forward, three backward, and saves one vector and a number of each reflection', () => {
  // In copying memory a step has a product with as many columns as the state has numbers: its nine are saved, too.
  const cases: readonly (readonly [E.Either<string, Task>, number, number])[] = [
    [adding({ lag: 6, seed: 1 }), 31, 62 + 4],
    [copying({ lag: 3, seed: 1 }), 31, 62 + 4 + 9],
    [copying({ lag: 3, seed: 1 }), 7, 14 + 4],
  ]
  for (const [made, hidden, saved] of cases) {
    const task = E.getOrElse<string, Task>(why => assert.fail(why))(made)
    const model = urnn({ hidden, reads: task.reads, writes: task.writes, seed: 1 })
    const loops = trained(right(taskLoss(model as unknown as Recurrent, task)))
    assert.deepEqual(
      loops.map(e => transformsIn(e.attributes.body)),
      [2, 3, 3], // step 0 is a loop of its own, as it starts from a parameter
    )
    assert.equal(loops[1]!.attributes.length, loops[0]!.attributes.length - 1)
    assert.equal(savedIn(loops[0]!), saved)
  }
})

test('a state that one step hands to the next only: z̄ is carried, and the function is taken once a step', () => {
  const moduli = (step: (p: Parts) => Expr, stacked = false): readonly number[] =>
    trained(lossOf(recurrence(5, false, stacked, step))).map(
      e => postorder(e.attributes.body.results).filter(x => x.op === 'abs').length,
    )
  const step = (p: Parts): Expr => b.modRelu(b.add(applied(paper, p), p.x), p.bias, 0.5)
  assert.deepEqual(moduli(step), [1, 1, 0])
  // Where a step gives its state away, too, the cotangents of both meet at the state.
  assert.deepEqual(moduli(step, true), [1, 2, 1])
})

/** Chains, and the transforms of a step forward and backward. */
const chains: readonly (readonly [string, Chain, number, number])[] = [
  ['the paper’s', paper, 2, 3],
  ['its adjoint', p => [b.adjoint(b.compose(paper(p)))], 2, 3],
  ['two transforms, one reflection', ({ θ, v }) => [F, b.reflect(v[0]), F, b.phase(θ[0])], 2, 3],
  ['what acts last, only', ({ θ, v }) => [b.reflect(v[0]), b.phase(θ[0]), F], 1, 1],
  ['what acts first, only', ({ θ, v }) => [b.adjoint(F), b.reflect(v[0]), b.phase(θ[0])], 1, 1],
  ['a reflection between transforms', ({ v }) => [F, b.reflect(v[0]), b.adjoint(F)], 2, 3],
  [
    'three transforms',
    ({ θ, v }) => [b.phase(θ[0]), F, b.reflect(v[0]), F, b.reflect(v[1]), F, b.phase(θ[1])],
    3,
    5,
  ],
  ['no transforms', ({ θ, v }) => [b.phase(θ[0]), b.reflect(v[0]), Π], 0, 0],
]
test('a chain’s vectors come from the side where they cost fewer transforms', () => {
  for (const [name, chain, forward, backward] of chains)
    for (const [kind, step] of steps) {
      const counts = looped(p => step(p, applied(chain, p))).map(e => transformsIn(e.attributes.body))
      assert.deepEqual(counts.slice(0, 2), [forward, backward], `${name}, ${kind}: ${counts.join()}`)
      assert.ok(counts.slice(2).every(c => c <= backward))
    }
})

test('no cut where the next state is no function of one node: the step is computed again', () => {
  const gated = (p: Parts): Expr => {
    const gate = b.sigmoid(b.re(p.x))
    const other = b.sub(b.constantLike(gate, 1), gate)
    return b.add(b.scale(gate, quarterSine(b.add(applied(paper, p), p.x))), b.scale(other, p.h))
  }
  const loops = looped(gated)
  assert.deepEqual(
    loops.map(e => [e.attributes.length, transformsIn(e.attributes.body)]),
    [
      [5, 2],
      [5, 4],
    ],
  )
  // the state, and what its two reflections took from it
  assert.equal(savedIn(loops[0]!), 2 * n + 4)
})

test('loops within loops: the inner one has its cut', () => {
  const own = recurrence(3, false, false, p => b.modRelu(b.add(applied(paper, p), p.x), p.bias, 0))
  const outer = 2
  const params = own.params.map((p, i) =>
    i <= invariants.length ? p : { ...p, type: { ...p.type, shape: [outer, ...p.type.shape] } },
  )
  const body = own.params.map((p, i) => (i === invariants.length ? { ...p, type: varying(p.type) } : p))
  const inner = scansOf(own)[0]!
  const chunk = b.scan(
    body.map((p, i) => argument(i, p.type)),
    inner.attributes,
  )
  const loop = b.scan(
    params.map((p, i) => argument(i, p.type)),
    {
      body: func(body, [b.get(chunk, 0)]),
      length: outer,
      reverse: false,
      invariants: invariants.length,
      carries: 1,
    },
  )
  const program = func(params, [b.get(loop, 0)])
  const counts = trained(lossOf(program)).map(e =>
    scansOf(e.attributes.body).map(s => transformsIn(s.attributes.body)),
  )
  assert.deepEqual(
    counts.map(c => c.slice(0, 2)),
    [[2], [2, 3]],
  )
  holds(
    fc.property(runsOf(program, { batch: small }), turns, (p, turn) => error(p, turn) < 1e-6),
    10,
  )
})

test('products with many columns are not computed a second time', () => {
  const size = 40
  const types = [real(size, size), real(size), varying(real(size))]
  const cells: readonly (readonly [string, (w: Expr, h: Expr, x: Expr) => Expr, number])[] = [
    ['tanh', (w, h, x) => b.tanh(b.add(b.matvec(w, h), x)), size],
    [
      'gate',
      (w, h, x) => {
        const gate = b.sigmoid(b.add(b.matvec(w, h), x))
        return b.add(b.mul(gate, b.tanh(x)), b.mul(b.sub(b.constantLike(gate, 1), gate), h))
      },
      2 * size,
    ],
  ]
  for (const [name, cell, saved] of cells) {
    const inner = [real(size, size), varying(real(size)), varying(real(size))]
    const [w, h, x] = inner.map((type, i) => argument(i, type)) as [Expr, Expr, Expr]
    const outer = [types[0]!, types[1]!, { ...types[2]!, shape: [4, size] }]
    const named = (all: readonly TensorType[]): readonly Param[] =>
      all.map((type, i) => ({ name: 'whx'[i]!, type }))
    const loop = b.scan(
      outer.map((type, i) => argument(i, type)),
      { body: func(named(inner), [cell(w, h, x)]), length: 4, reverse: false, invariants: 1, carries: 1 },
    )
    const program = func(named(outer), [b.get(loop, 0)])
    const [forward, ...backward] = trained(lossOf(program))
    assert.equal(savedIn(forward!), saved, name)
    for (const e of backward)
      assert.deepEqual(
        postorder(e.attributes.body.results).flatMap(m => (m.op === 'matvec' ? [m.attributes.adjoint] : [])),
        [true],
        name,
      )
    holds(
      fc.property(runsOf(program, { batch: small }), turns, (p, turn) => error(p, turn) < 1e-6),
      5,
    )
  }
})

const small = fc.integer({ min: 1, max: 4 })
const turns = fc.nat(1000)
const error = (p: Program, turn: number): number => {
  const g = withGradient(p)
  const [loss, ...rest] = gradients(g, evaluated(g).map(numbers))
  const measured = slope(g, turn)
  return Math.abs(along(rest, turn) - measured) / (1 + Math.abs(measured) + Math.abs(loss![0]!))
}

test('the gradient with a cut is that of the steps written out', () => {
  let cutting = 0
  holds(
    fc.property(
      anyRecurrence.chain(f => runsOf(f, { batch: small })),
      p => {
        const own = withGradient(p)
        if (scansOf(own.func).length > 2) cutting++
        const flat = withGradient(unrolled(p))
        const [found, due] = [own, flat].map(q => gradients(q, evaluated(q).map(numbers)))
        // Writing out adds parameters behind the program's own, of which only the last, the zero, has a gradient.
        return distance(found!, due!.slice(0, found!.length)) < 1e-9
      },
    ),
    150,
  )
  assert.ok(cutting > 30, `only ${cutting} cuts`)
})

test('gradients of gradients with a cut are their slopes', () => {
  holds(
    fc.property(
      anyRecurrence.chain(f => runsOf(f, { batch: small })),
      turns,
      (p, turn) => error({ ...p, func: withGradient(p).func }, turn) < 1e-5,
    ),
    25,
  )
})

test('the passes keep the gradient with a cut', () => {
  holds(
    fc.property(
      anyRecurrence.chain(f => runsOf(f, { batch: small })),
      p => {
        const own = withGradient(p)
        const after = { ...own, func: optimise(own.func) }
        return distance(evaluated(after).map(numbers), evaluated(own).map(numbers)) < 1e-10
      },
    ),
    60,
  )
})

test('the engine agrees on gradients with a cut', async () => {
  await holdsAsync(
    fc.asyncProperty(
      anyRecurrence.chain(f => runsOf(f, { batch: small })),
      async p => {
        const own = withGradient(p)
        return distance(await runNative(own), evaluated(own).map(numbers)) < 1e-10
      },
    ),
    40,
  )
})

test('of a state that no gradient goes through, the last is saved for what it ends with', () => {
  const f = closed([varying(real(4, 3))], xs =>
    loop({ carries: [constant(0.1, [3])], sequences: [xs!] }, (h, x) => [b.tanh(b.add(b.step(h!), x!))]),
  )
  holds(
    fc.property(runsOf(f, { batch: small }), turns, (p, turn) => error(p, turn) < 1e-6),
    10,
  )
})

test('inner products that do not vary with what comes behind them are not saved', () => {
  const f = closed([complex(3), complex(3), varying(real(4, 3))], (v, h, angles) =>
    loop(
      { invariants: [v!, h!], carries: [complexConstant(0.1, 0, [3])], sequences: [angles!] },
      (u, x, c, θ) => [b.add(c!, b.apply(b.compose([b.phase(θ!), b.reflect(u!)]), x!))],
    ),
  )
  holds(
    fc.property(runsOf(f, { batch: small }), turns, (p, turn) => error(p, turn) < 1e-6),
    10,
  )
})
