/** Plans as data: they survive a file, and one that was damaged is refused in words, by the codec or the engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { PathReporter } from 'io-ts/lib/PathReporter.js'
import { type Addon, loadAddon } from '../../src/backend/native/addon.ts'
import { load } from '../../src/backend/native/backend.ts'
import { compile } from '../../src/backend/native/compile.ts'
import { type Instruction, Plan } from '../../src/backend/native/plan.ts'
import * as b from '../../src/ir/build.ts'
import { argument, constant, func } from '../../src/ir/expr.ts'
import { real, varying } from '../../src/ir/type.ts'
import { type Program, programs } from '../../src/verify/arbitraries.ts'
import { holds, holdsAsync } from '../seed.ts'
import { dataOf, numbers, right, withGradient } from './support.ts'

const addon: Addon = E.getOrElse<string, Addon>(why => assert.fail(why))(loadAddon())
const planOf = (p: Program): Plan => right(compile({ func: p.func, updates: [] }))
const throughJson = (plan: unknown): ReturnType<typeof Plan.decode> =>
  Plan.decode(JSON.parse(JSON.stringify(plan)))

test('a plan that was written and read is the same plan', () => {
  for (const own of [(p: Program) => p, withGradient])
    holds(
      fc.property(programs({ differentiable: true, depth: 2 }), p => {
        const plan = planOf(own(p))
        const read = throughJson(Plan.encode(plan))
        assert.deepEqual(E.isRight(read) && read.right, plan)
      }),
      100,
    )
})

const x = argument(0, varying(real(2)))
const programOf = (...results: Parameters<typeof func>[1]): Program => ({
  func: func([{ name: 'x', type: varying(real(2)) }], results),
  batch: 1,
  inputs: [{ rate: 'varying', tensors: [{ field: 'real', shape: [2], data: Float64Array.of(1, 2) }] }],
})

test('constants that JSON has no form of are kept', () => {
  const odd = [-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1]
  const plan = planOf(programOf(...odd.map(c => b.add(x, constant(c, [2])))))
  const read = throughJson(Plan.encode(plan))
  assert.deepEqual(E.isRight(read) && read.right.constants, plan.constants)
  assert.ok(odd.slice(1).every(c => plan.constants.includes(c)))
})

const looping = (): Plan => {
  const h = argument(0, varying(real(2)))
  const body = func([{ name: 'h', type: varying(real(2)) }], [b.sin(h)])
  const loop = b.scan([x], { body, length: 3, reverse: false, invariants: 0, carries: 1 })
  return planOf(programOf(b.get(loop, 0)))
}

test('what is wrong with a plan is said, and where', () => {
  const plan = looping()
  const instructions = (change: (i: Instruction) => unknown): unknown => ({
    ...plan,
    segments: plan.segments.map(s => ({ ...s, instructions: s.instructions.map(change) })),
  })
  const far = (i: Instruction): Instruction => ({
    ...i,
    operands: i.operands.map(o => ({ ...o, offset: 1000 })),
  })
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ ...plan, version: 99 }, /99 supplied to .*version/],
    [{ ...plan, segments: undefined }, /segments/],
    [instructions(i => ({ ...i, op: 'frobnicate' })), /"frobnicate" supplied to .*instructions.*an opcode/],
    [
      instructions(i => (i.op === 'loop' ? { ...i, attributes: [2 ** 31, 0, 1] } : i)),
      /2147483648 supplied to .*attributes/,
    ],
    [
      instructions(i => (i.op === 'loop' ? { ...i, attributes: [2 ** 31 - 1, 0, 1] } : i)),
      /\(loop\).*more than 2\^30/,
    ],
    [instructions(far), /operand 0 \(to\) spans units 1000 to 1002 of the varying arena/],
    [instructions(i => ({ ...i, operands: [] })), /0 operands instead of 2/],
    [{ ...plan, constants: ['x'] }, /"x" supplied to .*constants/],
    ['{"version"', /supplied to : Plan/],
    [null, /supplied to : Plan/],
  ]
  for (const [wrong, message] of cases) {
    const read = throughJson(wrong)
    if (E.isLeft(read)) assert.match(PathReporter.report(read).join('\n'), message)
    else {
      const loaded = load(addon, read.right, { precision: 'double', threads: 1 })
      assert.match(E.isLeft(loaded) ? loaded.left.message : '', message)
    }
  }
})

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
const odd: readonly Json[] = [-1, 0, 0.5, 1, 7, 2 ** 31 - 1, 2 ** 31, '1', 'fft', null, []]

/** The plan with one thing in it, the `at`-th of them, replaced, dropped or off by one. */
const damaged = (plan: Json, at: number, by: number): Json => {
  let left = at
  const change = (j: Json): Json => {
    if (left-- === 0) {
      if (typeof j === 'number' && by >= odd.length) return by % 2 === 0 ? j + 1 : j - 1
      if (Array.isArray(j) && by % 2 === 0) return j.slice(0, -1)
      return odd[by % odd.length]!
    }
    if (Array.isArray(j)) return j.map(change)
    if (typeof j === 'object' && j !== null)
      return Object.fromEntries(Object.entries(j).map(([key, value]) => [key, change(value)]))
    return j
  }
  return change(plan)
}
const places = (j: Json): number =>
  1 + (typeof j === 'object' && j !== null ? Object.values(j).reduce<number>((n, v) => n + places(v), 0) : 0)

test('a plan that was damaged anywhere is refused, or runs, and nothing crashes', async () => {
  const outcomes = { codec: 0, engine: 0, ran: 0 }
  const drawn = fc.tuple(programs({ depth: 2 }), fc.nat(), fc.nat({ max: 20 }))
  await holdsAsync(
    fc.asyncProperty(drawn, async ([p, at, by]) => {
      const plan: Json = JSON.parse(JSON.stringify(Plan.encode(planOf(p))))
      const read = Plan.decode(damaged(plan, at % places(plan), by))
      if (E.isLeft(read)) {
        outcomes.codec++
        assert.ok(PathReporter.report(read).every(message => message.length > 10))
        return
      }
      const loaded = load(addon, read.right, { precision: 'double', threads: 2 })
      if (E.isLeft(loaded)) {
        outcomes.engine++
        assert.ok(loaded.left.message.length > 10)
        return
      }
      // An input may be of another size or rate now: writing it is refused, too.
      p.func.params.forEach(({ name }, i) => {
        loaded.right.write(name, numbers(p.inputs[i]!))
      })
      const ended = await loaded.right.run(p.batch, dataOf(p), AbortSignal.timeout(200))()
      outcomes.ran++
      assert.ok(E.isRight(ended) || ended.left.message.length > 10)
    }),
    1500,
  )
  assert.ok(Math.min(...Object.values(outcomes)) > 20, JSON.stringify(outcomes))
})
