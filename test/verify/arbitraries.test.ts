import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { evaluate } from '../../src/backend/reference/evaluate.ts'
import { opNames } from '../../src/ir/attributes.ts'
import type { Expr, Func } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { bodiesOf } from '../../src/ir/print.ts'
import { type Tensor, tensorOf, type Value } from '../../src/ir/tensor.ts'
import { fits, type Rate, rateOf } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import {
  expressions,
  funcs,
  type Program,
  paramLists,
  programs,
  tensorTypes,
} from '../../src/verify/arbitraries.ts'
import { holds, seed } from '../seed.ts'

const nodesOf = (f: Func): readonly Expr[] => [f, ...bodiesOf(f)].flatMap(g => postorder(g.results))

/** What a node shows that the generator reaches: its op, its field and rate, and how it is nested. */
const sights = (f: Func, inLoop: boolean): readonly string[] =>
  postorder(f.results).flatMap(e => {
    const { type } = e
    const field = type.kind === 'tensor' ? type.field : type.kind
    const own = [e.op, `${e.op} ${rateOf(type)}`, `${field} ${rateOf(type)}`, `${e.op} ${field}`]
    const more: readonly string[] =
      e.op === 'scan'
        ? [
            e.attributes.reverse ? 'scan reverse' : 'scan forward',
            ...(inLoop ? ['scan in a scan'] : []),
            ...(e.attributes.invariants > 0 ? ['scan with invariants'] : []),
            ...(e.attributes.carries === 0 ? ['scan without carries'] : []),
            ...(e.args.length > e.attributes.invariants + e.attributes.carries
              ? ['scan with sequences']
              : []),
            ...(e.args.some(a => a.type.kind === 'tensor' && a.type.field === 'index')
              ? ['scan with indices']
              : []),
            ...(e.attributes.body.results.length > e.attributes.carries ? ['scan with stacks'] : []),
            ...sights(e.attributes.body, true),
          ]
        : []
    return [...own, ...(inLoop ? [`${e.op} in a scan`] : []), ...more]
  })

const counted = (samples: readonly Func[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const f of samples)
    for (const sight of new Set(sights(f, false))) counts.set(sight, (counts.get(sight) ?? 0) + 1)
  return counts
}

const bothFields = [
  'neg',
  'pinv',
  'exp',
  'log',
  'sqrt',
  'sin',
  'cos',
  'tanh',
  'sigmoid',
  'add',
  'sub',
  'mul',
  'div',
]
const linear = [
  'sum',
  'broadcast',
  'dot',
  'matvec',
  'outer',
  'contract',
  'concat',
  'slice',
  'reshape',
  'pad',
  'take',
  'put',
  'batchSum',
]
const rates: readonly Rate[] = ['uniform', 'varying']

test('every op is reached, on both fields and at both rates', () => {
  const counts = counted(fc.sample(funcs(), { numRuns: 3000, seed }))
  const fixedRate = ['constant', 'batchSize', 'batchSum', 'identity', 'dft', 'permute']
  const wanted = [
    ...opNames,
    ...opNames.filter(op => !fixedRate.includes(op)).flatMap(op => rates.map(rate => `${op} ${rate}`)),
    ...[...bothFields, ...linear].flatMap(op => [`${op} real`, `${op} complex`]),
    ...opNames.filter(op => op !== 'batchSum').map(op => `${op} in a scan`),
    ...['reverse', 'forward', 'in a scan', 'with invariants', 'without carries', 'with sequences'].map(
      x => `scan ${x}`,
    ),
    ...['scan with indices', 'scan with stacks', 'index uniform', 'index varying'],
  ]
  assert.deepEqual(
    wanted.filter(sight => (counts.get(sight) ?? 0) === 0),
    [],
  )
})

test('what is generated is well typed, of the type wanted', () => {
  holds(
    fc.property(funcs(), f => E.isRight(verify(f))),
    300,
  )
  const typed = fc
    .tuple(paramLists(), tensorTypes())
    .chain(([params, type]) => expressions(params, type).map(e => ({ e, type })))
  holds(
    fc.property(typed, ({ e, type }) => e.type.kind === 'tensor' && fits(e.type, type)),
    300,
  )
})

test('sizes and batches are as asked', () => {
  const options = { sizes: fc.constant(5), batch: fc.constant(3), loops: 0, depth: 2 }
  holds(
    fc.property(programs(options), ({ func: f, batch, inputs }) => {
      const batches = inputs.flatMap(v => (v.rate === 'varying' ? [v.tensors.length] : []))
      return batch === 3 && batches.every(n => n === 3) && nodesOf(f).every(e => e.op !== 'scan')
    }),
  )
})

/** Every number of the results. */
const numbersOf = ({ func: f, batch }: Program, inputs: readonly Value[]): readonly number[] => {
  const results = evaluate(f, inputs, { batch })
  if (E.isLeft(results)) return assert.fail(results.left.message)
  return results.right.flatMap(v =>
    (v.rate === 'uniform' ? [v.tensor] : v.tensors).flatMap(({ data }) => [...data]),
  )
}

/** The inputs moved by h along one fixed direction. */
const moved = (inputs: readonly Value[], h: number): readonly Value[] => {
  const move = (x: Tensor): Tensor =>
    x.field === 'index'
      ? x
      : tensorOf(
          x,
          x.data.map((a, i) => a + h * Math.cos(1.7 * i)),
        )
  return inputs.map(v =>
    v.rate === 'uniform' ? { ...v, tensor: move(v.tensor) } : { ...v, tensors: v.tensors.map(move) },
  )
}

test('differentiable programs are smooth where they are asked, and well conditioned', () => {
  const options = { differentiable: true, batch: fc.integer({ min: 1, max: 3 }) }
  holds(
    fc.property(programs(options), p => {
      const slopes = (h: number): readonly number[] => {
        const [above, below] = [numbersOf(p, moved(p.inputs, h)), numbersOf(p, moved(p.inputs, -h))]
        return above.map((y, i) => (y - below[i]!) / (2 * h))
      }
      const [coarse, fine] = [slopes(1e-4), slopes(5e-5)]
      return fine.every((s, i) => Math.abs(s) < 1e4 && Math.abs(s - coarse[i]!) < 1e-4 * (1 + Math.abs(s)))
    }),
    150,
  )
})

test('a failing program is shown as text', () => {
  const fails = (p: Program): boolean => p.func.results.length === 0
  const { counterexample } = fc.check(fc.property(programs(), fails), { seed, numRuns: 1 })
  const shown = fc.stringify(counterexample)
  assert.match(shown, /func @main\(/)
  assert.match(shown, /batch = \d+/)
})

test('counterexamples shrink to small ones', () => {
  const fails = (f: Func): boolean => nodesOf(f).every(e => e.op !== 'scan')
  const { counterexample } = fc.check(fc.property(funcs(), fails), { seed, numRuns: 500 })
  const [smallest] = counterexample ?? assert.fail('no scan was generated')
  assert.ok(nodesOf(smallest).length < 40, `${nodesOf(smallest).length} nodes`)
})
