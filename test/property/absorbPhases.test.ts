/** Carries that take in the phase their next values end with: which do, what is left of a step, and that it is the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, type Func, func } from '../../src/ir/expr.ts'
import { complex, real, varying } from '../../src/ir/type.ts'
import { factors } from '../../src/ir/unitary.ts'
import { verify } from '../../src/ir/verify.ts'
import { absorbPhases } from '../../src/passes/absorbPhases.ts'
import { fuseUnitary } from '../../src/passes/fuseUnitary.ts'
import { hoist } from '../../src/passes/hoist.ts'
import { counted } from '../../src/passes/pass.ts'
import { type Program, runsOf } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { closed, loop as evolving } from './engines.ts'
import {
  anyChain,
  anyRecurrence,
  applied,
  type Chain,
  F,
  n,
  type Parts,
  paper,
  products,
  type Read,
  recurrence,
} from './recurrences.ts'
import { distance, evaluated, nodesOf, numbers, right } from './support.ts'

const fused = (f: Func): Func => fuseUnitary.run(f)
const absorbed = (f: Func): Func => absorbPhases.run(fused(f))
const isAbsorbed = (f: Func): boolean => counted(absorbPhases, fused(f)).fired.size > 0
const phasesInLoop = (f: Func): number => {
  const [body] = nodesOf(hoist.run(f)).flatMap(e => (e.op === 'scan' ? [e.attributes.body] : []))
  return nodesOf(body!)
    .flatMap(e => (e.op === 'apply' ? factors(e.args[0]!) : []))
    .filter(e => e.op === 'phase').length
}
const loop = (step: (p: Parts) => Expr): Func => recurrence(3, false, false, step)
const batch = fc.integer({ min: 1, max: 4 })

/** What a step adds to U h that is a vector of the loop's, times a number of the example's. */
const inputs: readonly ((p: Parts) => Expr)[] = [
  p => b.take(p.rows, p.k),
  p => b.neg(b.scale(b.re(p.x), p.v[2])),
  p => b.mul(p.v[2], b.mul(p.x, p.v[2])),
]
const stepOf = (p: Parts, y: Expr, input: (p: Parts) => Expr): Expr =>
  b.modRelu(b.sub(input(p), y), p.bias, 0.5)

const ended =
  (chain: Chain): Chain =>
  p => [b.phase(p.θ[0]), ...chain(p), b.phase(p.θ[1])]

const keeps = (p: Program): boolean => {
  const after = absorbed(p.func)
  right(verify(after))
  return distance(evaluated({ ...p, func: after }).map(numbers), evaluated(p).map(numbers)) < 1e-11
}

test('a loop that has absorbed a phase has the value and the type it had', () => {
  let times = 0
  const made = fc
    .record({
      chain: anyChain,
      input: fc.constantFrom(...inputs),
      reverse: fc.boolean(),
      read: fc.option(
        fc.constantFrom<Read>(...products, (next, p) => b.mul(next, p.x)),
        { nil: undefined },
      ),
    })
    .map(({ chain, input, reverse, read }) =>
      recurrence(3, reverse, read !== undefined, p => stepOf(p, applied(ended(chain), p), input), read),
    )
  holds(
    fc.property(
      fc.oneof(made, anyRecurrence).chain(f => runsOf(f, { batch })),
      p => {
        if (isAbsorbed(p.func)) times++
        return keeps(p)
      },
    ),
    300,
  )
  assert.ok(times > 10, `${times} of them absorb any`)
})

test('the paper’s step keeps two of its three phases, whatever it reads', () => {
  for (const input of inputs) {
    const f = loop(p => stepOf(p, applied(paper, p), input))
    assert.deepEqual([fused(f), absorbed(f)].map(phasesInLoop), [3, 2])
  }
})

test('it does so where a matrix that stays the same is all that reads its states', () => {
  for (const read of products) {
    const f = recurrence(3, false, true, p => stepOf(p, applied(paper, p), inputs[0]!), read)
    assert.deepEqual([fused(f), absorbed(f)].map(phasesInLoop), [3, 2])
  }
})

test('a phase stays where another would have to take its place', () => {
  const refused: readonly (readonly [string, Func])[] = [
    ['what is added varies as a vector', loop(p => b.add(applied(paper, p), p.x))],
    ['every step is read', recurrence(3, false, true, p => b.modRelu(applied(paper, p), p.bias, 0))],
    ['the function does not commute with it', loop(p => b.sin(applied(paper, p)))],
    ['it differs from step to step', loop(p => b.apply(b.phase(b.re(p.x)), b.apply(F, p.h)))],
    ['there is none', loop(p => b.apply(F, p.h))],
  ]
  for (const [why, f] of refused) assert.ok(!isAbsorbed(f), why)
})

test('carries that hand each other on absorb a phase each', () => {
  const params = [
    ...['a', 'b'].map(name => ({ name, type: real(n) })),
    ...['g', 'h'].map(name => ({ name, type: varying(complex(n)) })),
  ]
  const args = params.map((p, i) => argument(i, p.type))
  const [α, β, g, h] = args as [Expr, Expr, Expr, Expr]
  const turn = (first: Expr, last: Expr, x: Expr): Expr =>
    b.apply(b.compose([b.phase(last), F, b.phase(first)]), x)
  const body = func(params, [turn(α, β, h), turn(β, α, g)])
  const scan = b.scan(args, { body, length: 4, reverse: false, invariants: 2, carries: 2 })
  const f = func(params, [b.get(scan, 0), b.get(scan, 1)])
  assert.deepEqual([fused(f), absorbed(f)].map(phasesInLoop), [4, 2])
  holds(
    fc.property(runsOf(f, { batch }), p => keeps(p)),
    20,
  )
})

test('a loop beside the one that it becomes keeps its state as it is', () => {
  const f = fused(loop(p => stepOf(p, applied(paper, p), inputs[0]!)))
  const [turned] = nodesOf(absorbPhases.run(f)).filter(e => e.op === 'scan')
  const both = func(f.params, [...f.results, b.get(turned!, 0)])
  holds(
    fc.property(runsOf(both, { batch }), p => keeps(p)),
    20,
  )
})

test('what varies goes on varying where the phases that did cancel', () => {
  const f = closed([real(n), varying(real(n)), real(n), complex(n)], (d, v, bias, h) =>
    evolving({ invariants: [d!, v!, bias!], carries: [h!] }, (last, turn, by, x) => [
      b.modRelu(b.apply(b.compose([b.phase(last!), b.phase(turn!), b.phase(b.neg(turn!))]), x!), by!, 0),
    ]).map(b.batchSum),
  )
  holds(
    fc.property(runsOf(f, { batch }), p => {
      const after = absorbPhases.run(p.func)
      return distance(evaluated({ ...p, func: after }).map(numbers), evaluated(p).map(numbers)) < 1e-11
    }),
    5,
  )
})
