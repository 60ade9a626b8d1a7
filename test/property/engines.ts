/** Programs held to the reference evaluator on every engine, however it is run, and the loops they are made of. */
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { BackendOptions, Numbers } from '../../src/backend/backend.ts'
import { type Addon, loadAddon } from '../../src/backend/native/addon.ts'
import { load } from '../../src/backend/native/backend.ts'
import { compile } from '../../src/backend/native/compile.ts'
import type { Plan } from '../../src/backend/native/plan.ts'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, type Func, func, tensorType } from '../../src/ir/expr.ts'
import { type Tensor, tensorOf, type Value } from '../../src/ir/tensor.ts'
import { type Rate, type TensorType, withRate } from '../../src/ir/type.ts'
import { type Program, runsOf } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { dataOf, distance, evaluated, numbers, right, runNative, withParameters } from './support.ts'

const addon: Addon = E.getOrElse<string, Addon>(why => assert.fail(why))(loadAddon())
export const { isa: isas } = addon.features()
export const double: BackendOptions = { precision: 'double', threads: 1 }
export const single: BackendOptions = { precision: 'single', threads: 1 }

const due = (p: Program): readonly Numbers[] => evaluated(p).map(numbers)
const rounded = (p: Program): Program => {
  const round = (t: Tensor): Tensor => tensorOf(t, t.data.map(Math.fround))
  const inputs = p.inputs.map(
    (v): Value =>
      v.rate === 'uniform' ? { ...v, tensor: round(v.tensor) } : { ...v, tensors: v.tensors.map(round) },
  )
  return { ...p, inputs }
}
/* What rounding the inputs does to the results tells how much the program magnifies what rounding every step does. */
const singleTolerance = (p: Program): number => 1e-5 + 20 * distance(due(rounded(p)), due(p))

export const identical = (xs: readonly Numbers[], ys: readonly Numbers[]): boolean =>
  xs.length === ys.length &&
  xs.every((x, k) => x.length === ys[k]!.length && x.every((a, i) => Object.is(a, ys[k]![i])))

const runPlan = async (p: Program, plan: Plan, options: BackendOptions): Promise<readonly Numbers[]> =>
  right(await withParameters(p, right(load(addon, plan, options))).run(p.batch, dataOf(p))())

/** Both precisions, every instruction set, and the same to the last bit on any number of threads and by the backend's own plan. */
export const agrees = async (p: Program): Promise<boolean> => {
  const wanted = due(p)
  const near = singleTolerance(p)
  const plan = right(compile({ func: p.func, updates: [] }))
  for (const isa of isas)
    for (const options of [double, single]) {
      const run = (threads: number): Promise<readonly Numbers[]> =>
        runPlan(p, plan, { ...options, isa, threads })
      const one = await run(1)
      const gap = distance(one, wanted)
      const tolerance = options.precision === 'double' ? 1e-12 : near
      assert.ok(gap < tolerance, `${isa}, ${options.precision}: ${gap} apart`)
      for (const threads of [2, 3]) assert.ok(identical(await run(threads), one), `${threads} threads differ`)
      if (isa === isas[0])
        assert.ok(identical(await runNative(p, { ...options, isa, threads: 2 }), one), 'the backend differs')
    }
  return true
}

/** What an example gives does not depend on its batch, to the last bit: neither on the others nor on how many they are. */
export const givesAlike = async (p: Program, options: BackendOptions): Promise<boolean> => {
  const whole = await runNative(p, options)
  for (let i = 0; i < p.batch; i++) {
    const inputs = p.inputs.map(v => (v.rate === 'uniform' ? v : { ...v, tensors: [v.tensors[i]!] }))
    const alone = await runNative({ ...p, inputs, batch: 1 }, options)
    const part = whole.map((x, k) => {
      const uniform = tensorType(p.func.results[k]!).rate === 'uniform'
      const size = x.length / (uniform ? 1 : p.batch)
      return uniform ? x : x.slice(i * size, (i + 1) * size)
    })
    assert.ok(identical(alone, part), `example ${i}, ${options.precision}, ${options.isa ?? 'the best'}`)
  }
  return true
}

export const agreeing = (f: Func, runs = 8): Promise<void> =>
  holdsAsync(fc.asyncProperty(runsOf(f), agrees), runs)

export const closed = (types: readonly TensorType[], make: (...args: Expr[]) => readonly Expr[]): Func =>
  func(
    types.map((type, i) => ({ name: `p${i}`, type })),
    make(...types.map((type, i) => argument(i, type))),
  )
interface LoopParts {
  readonly invariants?: readonly Expr[]
  readonly carries?: readonly Expr[]
  readonly sequences?: readonly Expr[]
  readonly length?: number
  readonly reverse?: boolean
}
/** A loop with all items taken; what the body sees varies if the rate says so. */
export const loop = (
  { invariants = [], carries = [], sequences = [], length = 4, reverse = false }: LoopParts,
  step: (...args: Expr[]) => readonly Expr[],
  rate: Rate = 'varying',
): readonly Expr[] => {
  const entry = (e: Expr): TensorType => ({ ...tensorType(e), shape: tensorType(e).shape.slice(1) })
  const types = [
    ...invariants.map(tensorType),
    ...carries.map(e => withRate(tensorType(e), rate)),
    ...sequences.map(entry),
  ]
  const body = closed(types, step)
  const scan = b.scan([...invariants, ...carries, ...sequences], {
    body,
    length,
    reverse,
    invariants: invariants.length,
    carries: carries.length,
  })
  return body.results.map((_, k) => b.get(scan, k))
}
