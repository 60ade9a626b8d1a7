/** The models with dense matrices: what they are made of, what they compute, and that the engine computes the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Recurrent, Sizes } from '../../src/dsl/model.ts'
import { initialValue } from '../../src/dsl/parameter.ts'
import { tensorOf, uniformValue, type Value } from '../../src/ir/tensor.ts'
import { reals } from '../../src/ir/type.ts'
import { models } from '../../src/models/registry.ts'
import { adding } from '../../src/tasks/adding.ts'
import { copying } from '../../src/tasks/copying.ts'
import type { Task } from '../../src/tasks/task.ts'
import { lossOf } from '../../src/train/program.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { distance, evaluated, numbers, right, runNative, withGradient } from '../property/support.ts'
import { holdsAsync } from '../seed.ts'

const dense = ['lstm', 'rnn', 'irnn'] as const
const size = (model: Recurrent): number => model.parameters.reduce((n, p) => n + reals(p.type), 0)
const sizes = (hidden: number, task: Pick<Task, 'reads' | 'writes'>): Sizes => ({ ...task, hidden, seed: 1 })
const tasks = {
  adding: right(asMessage(adding({ lag: 6, seed: 1 }))),
  copying: right(asMessage(copying({ lag: 3, seed: 1 }))),
}
function asMessage<A>(e: { _tag: 'Left'; left: string } | { _tag: 'Right'; right: A }) {
  return e._tag === 'Left' ? { ...e, left: { message: e.left } } : e
}

test('as many parameters as published models of these sizes', () => {
  const pixels = { reads: { kind: 'vector', size: 1 }, writes: 10 } as const
  for (const name of ['rnn', 'irnn'] as const) {
    assert.equal(size(models[name](sizes(80, tasks.copying))), 8089)
    assert.equal(size(models[name](sizes(128, tasks.adding))), 17025)
    assert.equal(size(models[name](sizes(128, pixels))), 18058)
  }
  // 4 (n·in + n² + n) and the output.
  const lstm = (n: number, of: Pick<Task, 'reads' | 'writes'>): number => {
    const inputs = of.reads.kind === 'symbols' ? of.reads.count : of.reads.size
    return 4 * (n * inputs + n * n + n) + n * of.writes + of.writes
  }
  for (const [n, of] of [
    [40, tasks.copying],
    [128, tasks.adding],
    [128, pixels],
  ] as const)
    assert.equal(size(models.lstm(sizes(n, of))), lstm(n, of))
  // The released LSTM has another n × n matrix and learns where it starts.
  assert.equal(lstm(128, tasks.adding) + 128 * 128 + 2 * 128, 83841)
})

test('they start as they should: forget gates open, the IRNN as the identity', () => {
  const start = (model: Recurrent, name: string): readonly number[] => [
    ...initialValue(model.parameters.find(p => p.name === name) ?? assert.fail(name), 3),
  ]
  assert.deepEqual(start(models.lstm(sizes(2, tasks.adding)), 'b'), [0, 0, 1, 1, 0, 0, 0, 0])
  assert.deepEqual(start(models.irnn(sizes(2, tasks.adding)), 'W'), [1, 0, 0, 1])
})

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
type Get = (name: string, i: number) => number
/** A step for one unit that reads one number, in plain arithmetic: the next state and what is said. */
const plain: Readonly<
  Record<
    (typeof dense)[number],
    (p: Get, state: readonly number[], x: readonly number[]) => readonly number[]
  >
> = {
  lstm: (p, [h = 0, c = 0], [x0 = 0, x1 = 0]) => {
    const z = (k: number): number => p('W', k) * h + p('V', 2 * k) * x0 + p('V', 2 * k + 1) * x1 + p('b', k)
    const next = sigmoid(z(1)) * c + sigmoid(z(0)) * Math.tanh(z(3))
    return [sigmoid(z(2)) * Math.tanh(next), next]
  },
  rnn: (p, [h = 0], [x0 = 0, x1 = 0]) => [
    Math.tanh(p('W', 0) * h + p('V', 0) * x0 + p('V', 1) * x1 + p('b', 0)),
  ],
  irnn: (p, [h = 0], [x0 = 0, x1 = 0]) => [
    Math.max(0, p('W', 0) * h + p('V', 0) * x0 + p('V', 1) * x1 + p('b', 0)),
  ],
}

test('one unit of each, by hand', () => {
  const { example, length } = tasks.adding
  const { x, y } = example('train', 0)
  for (const name of dense) {
    const model = models[name](sizes(1, tasks.adding))
    const values = new Map(
      model.parameters.map((p, k) => [
        p.name,
        initialValue(p, 5).map((v, i) => v + 0.1 * Math.sin(1 + 3 * k + i)),
      ]),
    )
    const get: Get = (of, i) => values.get(of)![i]!
    let state: readonly number[] = name === 'lstm' ? [0, 0] : [get('h0', 0)]
    for (let t = 0; t < length; t++) state = plain[name](get, state, [x![2 * t]!, x![2 * t + 1]!])
    const said = get('U', 0) * state[0]! + get(name === 'lstm' ? 'd' : 'c', 0)
    const f = right(lossOf(model, tasks.adding))
    const inputs: readonly Value[] = f.params.map(({ name: of, type }) =>
      type.rate === 'uniform'
        ? uniformValue(tensorOf(type, values.get(of)!))
        : { rate: 'varying', tensors: [tensorOf(type, of === 'x' ? x! : y!)] },
    )
    const [loss] = evaluated({ func: f, inputs, batch: 1 }).map(numbers)
    assert.ok(Math.abs(loss![0]! - (said - y![0]!) ** 2) < 1e-12, name)
  }
})

test('the engine gives their losses and gradients', async () => {
  for (const name of dense)
    for (const task of Object.values(tasks))
      for (const hidden of [1, 5, 12]) {
        const f = right(lossOf(models[name](sizes(hidden, task)), task))
        const runs = runsOf(f, { batch: fc.constantFrom(1, 7, 9, 17) })
        await holdsAsync(
          fc.asyncProperty(runs, async p => {
            const g = withGradient(p)
            const due = evaluated(g).map(numbers)
            assert.ok(distance(await runNative(g), due) < 1e-11, name)
            assert.ok(distance(await runNative(g, { precision: 'single', threads: 2 }), due) < 1e-3, name)
          }),
          3,
        )
      }
})
