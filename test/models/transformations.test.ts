/** What is made of a model's derivative runs on the engine, and gives what the reference evaluator gives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { elaborate, showMismatch } from '../../src/dsl/elaborate.ts'
import type { Recurrent, Sizes } from '../../src/dsl/model.ts'
import { batchSum } from '../../src/dsl/term.ts'
import type { Func } from '../../src/ir/expr.ts'
import { fromNumbers, uniformValue, type Value, varyingValue } from '../../src/ir/tensor.ts'
import { reals, type TensorType } from '../../src/ir/type.ts'
import { models } from '../../src/models/registry.ts'
import { optimise } from '../../src/passes/pipeline.ts'
import { hessianVectorProduct, jvp, perExample } from '../../src/passes/transformations.ts'
import { adding } from '../../src/tasks/adding.ts'
import { distance, evaluated, numbers, right, runNative } from '../property/support.ts'

const made = <A>(e: E.Either<string, A>): A => (E.isRight(e) ? e.right : assert.fail(e.left))

const batch = 3
const task = made(adding({ lag: 3, seed: 1 }))

const given = (type: TensorType, k: number): Value => {
  const one = (example: number) =>
    made(
      fromNumbers(
        type,
        Array.from({ length: reals(type) }, (_, i) => Math.sin(1.3 * i + example + k)),
      ),
    )
  return type.rate === 'uniform'
    ? uniformValue(one(0))
    : varyingValue(Array.from({ length: batch }, (_, example) => one(example)))
}

const losses = (make: (sizes: Sizes) => Recurrent): { readonly each: Func; readonly sum: Func } => {
  const model = make({ hidden: 4, reads: task.reads, writes: task.writes, seed: 1 })
  const loss = task.loss(model)
  const [each, sum] = [loss, batchSum(loss)].map(result => {
    const f = elaborate([...model.parameters, ...task.inputs], [result])
    return E.isRight(f) ? f.right : assert.fail(showMismatch(f.left))
  }) as [Func, Func]
  return { each, sum }
}

for (const [name, make] of Object.entries(models))
  test(`of ${name}`, async () => {
    const { each, sum } = losses(make as (sizes: Sizes) => Recurrent)
    const wrt = each.params.flatMap(({ type }, i) => (type.rate === 'uniform' ? [i] : []))
    for (const f of [perExample(each, wrt), jvp(sum, wrt), hessianVectorProduct(sum, wrt)].map(right)) {
      const inputs = f.params.map(({ type }, k) => given(type, k))
      const ran = await runNative({ func: optimise(f), inputs, batch })
      assert.ok(distance(ran, evaluated({ func: f, inputs, batch }).map(numbers)) < 1e-10)
    }
  })
