/** ∂C/∂h[t] for every t as a product of the compiler: by definition, by differences, and for what keeps the norm. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, Numbers } from '../../src/backend/backend.ts'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { elaborate } from '../../src/dsl/elaborate.ts'
import type { Recurrent } from '../../src/dsl/model.ts'
import { initialValue } from '../../src/dsl/parameter.ts'
import * as d from '../../src/dsl/term.ts'
import { complex, real, varying } from '../../src/ir/type.ts'
import { modelNames, models } from '../../src/models/registry.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { probe } from '../../src/passes/probe.ts'
import { adding } from '../../src/tasks/adding.ts'
import { copying } from '../../src/tasks/copying.ts'
import { batch, type Task } from '../../src/tasks/task.ts'
import {
  distancesToLast,
  norms,
  type StateProgram,
  stateGradients,
  stateHistory,
} from '../../src/train/states.ts'
import { programs } from '../../src/verify/arbitraries.ts'
import {
  along,
  distance,
  evaluated,
  gradients,
  native,
  numbers,
  right,
  slope,
  withGradient,
} from '../property/support.ts'
import { holds } from '../seed.ts'

const made = <A>(e: E.Either<string, A>): A => (E.isRight(e) ? e.right : assert.fail(e.left))
const lag = 5
const task = made(adding({ lag, seed: 3 }))
const modelFor = (name: (typeof modelNames)[number], of: Task, hidden = 3): Recurrent =>
  models[name]({ hidden, reads: of.reads, writes: of.writes, seed: 2 })
/* Away from zeros, where a bias at its start would leave a kink. */
const parameter = (p: Recurrent['parameters'][number], k: number): Numbers =>
  initialValue(p, 4).map((v, i) => v + 0.05 * Math.cos(1 + 2 * k + i))

const run = async (
  { program, probe: zeros }: StateProgram,
  model: Recurrent,
  data: Readonly<Record<string, Numbers>>,
  examples: number,
  backend: Backend = native(),
): Promise<readonly Numbers[]> => {
  const session = right(backend.start(program, { precision: 'double', threads: 1 }))
  model.parameters.forEach((p, k) => {
    right(session.write(p.name, parameter(p, k)))
  })
  const all = zeros === undefined ? data : { ...data, [zeros.name]: new Float64Array(examples * zeros.size) }
  return right(await session.run(examples, all)())
}

/** The loss of an example as a function of the state after step t, with its gradient: the loop from there on. */
const tail = async (model: Recurrent, at: Readonly<Record<string, Numbers>>, x: Numbers, y: Numbers) => {
  const rest = x.length / 2
  const complexState = model.name === 'urnn'
  const state = Object.keys(model.initial).map(name => ({
    name: `${name}T`,
    term: d.declared(`${name}T`) as d.Term,
    type: varying(complexState ? complex(3) : real(3)),
  }))
  const xs = d.declared<'real'>('x')
  const target = d.declared<'real'>('y')
  const start = Object.fromEntries(Object.keys(model.initial).map((name, i) => [name, state[i]!.term]))
  const last =
    rest === 0
      ? start
      : d.scan({
          carry: start,
          over: { x: xs },
          step: (s, e) => ({ carry: model.step(s, e.x), stack: {} }),
        }).carry
  const error = d.sub(d.sum(model.output(last)), target)
  const inputs = [
    ...model.parameters,
    ...state,
    ...(rest === 0 ? [] : [{ name: 'x', term: xs, type: varying(real(rest, 2)) }]),
    { name: 'y', term: target, type: varying(real()) },
  ]
  const f = right(elaborate(inputs, [d.mul(error, error)]))
  const g = right(valueAndGradient(f, [model.parameters.length]))
  const session = right(native().start({ func: g, updates: [] }, { precision: 'double', threads: 1 }))
  model.parameters.forEach((p, k) => {
    right(session.write(p.name, parameter(p, k)))
  })
  const data = Object.fromEntries(Object.entries(at).map(([name, v]) => [`${name}T`, v]))
  const results = right(await session.run(1, { ...data, ...(rest === 0 ? {} : { x }), y })())
  return results[1]!
}

/* Every part of the state after each step. */
const histories = async (
  model: Recurrent,
  x: Numbers,
): Promise<readonly Readonly<Record<string, Numbers>>[]> => {
  const names = Object.keys(model.initial)
  const parts = await Promise.all(
    names.map(async name => {
      // h is what the program looks at: the other parts by their turn under that name
      const seen = made(
        stateHistory(
          {
            ...model,
            initial: {
              h: model.initial[name]!,
              ...Object.fromEntries(names.map(n => [`own ${n}`, model.initial[n]!])),
            },
            step: (s, e) => {
              const next = model.step(Object.fromEntries(names.map(n => [n, s[`own ${n}`]!])), e)
              return { h: next[name]!, ...Object.fromEntries(names.map(n => [`own ${n}`, next[n]!])) }
            },
          },
          task,
        ),
      )
      return { seen, all: (await run(seen, model, { x }, 1))[0]! }
    }),
  )
  return Array.from({ length: lag }, (_, t) =>
    Object.fromEntries(
      names.map((name, k) => {
        const { seen, all } = parts[k]!
        return [name, all.slice(t * seen.size, (t + 1) * seen.size)]
      }),
    ),
  )
}

describe('the gradient by every state', () => {
  for (const name of modelNames)
    it(`is, at each step, that of the loss as a function of the state there: ${name}`, async () => {
      const model = modelFor(name, task)
      const { x, y } = task.example('train', 1) as { x: Float64Array; y: Float64Array }
      const states = await histories(model, x)
      const gradient = made(stateGradients(model, task))
      const all = (await run(gradient, model, { x, y }, 1))[1]!
      assert.equal(all.length, lag * gradient.size)
      for (let t = 0; t < lag; t++) {
        const due = await tail(model, states[t]!, x.slice(2 * (t + 1)), y)
        const given = all.slice(t * gradient.size, (t + 1) * gradient.size)
        assert.ok(distance([given], [due]) < 1e-12, `step ${t}: ${given} and ${due}`)
        assert.ok(due.some(v => v !== 0) || name === 'irnn', `step ${t} has no gradient`)
      }
    })

  it('is the slope of the loss, for any program with a loop', () => {
    let probed = 0
    holds(
      fc.property(programs(), fc.nat(1000), (p, turn) => {
        const found = probe(p.func, 'h')
        if (E.isLeft(found)) return
        probed += 1
        const { func, param } = found.right
        const { type } = func.params[param]!
        const count = type.shape.reduce((n, k) => n * k, 1) * (type.field === 'complex' ? 2 : 1)
        const zeros = () => ({ field: type.field, shape: type.shape, data: new Float64Array(count) })
        const zero =
          type.rate === 'uniform'
            ? { rate: 'uniform' as const, tensor: zeros() }
            : { rate: 'varying' as const, tensors: Array.from({ length: p.batch }, zeros) }
        const with0 = { ...p, func, inputs: [...p.inputs, zero] }
        assert.deepEqual(
          evaluated(with0)
            .map(numbers)
            .map(v => v.map(x => x + 0)),
          evaluated(p)
            .map(numbers)
            .map(v => v.map(x => x + 0)),
        )
        const g = withGradient(with0)
        const [loss, ...rest] = gradients(g, evaluated(g).map(numbers))
        const measured = slope(g, turn)
        assert.ok(
          Math.abs(along(rest, turn) - measured) / (1 + Math.abs(measured) + Math.abs(loss![0]!)) < 1e-5,
        )
      }),
      120,
    )
    assert.ok(probed > 20, `only ${probed} programs had a loop to look into`)
  })

  it('has the same norm at every step of a linear unitary recurrence, whose loss is at the end', async () => {
    const urnn = modelFor('urnn', task, 8)
    const W = urnn.recurrence!
    const V = urnn.parameters.find(p => p.name === 'V')!.term as d.Complex
    const linear: Recurrent = {
      ...urnn,
      step: (s, x) => ({ h: d.add(d.apply(W, s.h as d.Complex), d.matvec(V, d.toComplex(x as d.Real))) }),
    }
    const gradient = made(stateGradients(linear, task))
    const examples = 3
    const all = (await run(gradient, linear, batch(task, 'train', 0, examples), examples))[gradient.result]!
    const each = norms(all, gradient)
    assert.ok(each[0]! > 1e-3)
    for (const n of each) assert.ok(Math.abs(n / each.at(-1)! - 1) < 1e-12, String(each))
  })

  it('is there where every step has a loss, too', async () => {
    const copy = made(copying({ lag: 3, seed: 1 }))
    for (const name of modelNames) {
      const model = modelFor(name, copy)
      const gradient = made(stateGradients(model, copy))
      const all = (await run(gradient, model, batch(copy, 'train', 0, 2), 2))[gradient.result]!
      assert.equal(all.length, 2 * 23 * gradient.size)
      assert.ok(norms(all, gradient).every(n => n > 0))
    }
  })

  it('is refused where there is no such state, or more than one', () => {
    const model = modelFor('rnn', task)
    const loss = right(elaborate([...model.parameters, ...task.inputs], [task.loss(model)]))
    const none = probe(loss, 'state')
    assert.match(E.isLeft(none) ? none.left : '', /no carry "state" in a loop of the program; there are h/)
    const twice = right(
      elaborate(
        [...model.parameters, ...task.inputs],
        [d.add(task.loss(model), task.loss({ ...model, step: (s, x) => model.step(model.step(s, x), x) }))],
      ),
    )
    const two = probe(twice, 'h')
    assert.match(E.isLeft(two) ? two.left : '', /2 carries of loops of the program are called "h"/)
  })
})

describe('the history of states', () => {
  // Dense products of few columns are written out: then a step reads parts of h, which must not be overwritten first.
  it('is, in the engine, what the reference evaluator says, for few units and for more', async () => {
    for (const name of modelNames)
      for (const n of [1, 2, 3, 5, 12]) {
        const model = modelFor(name, task, n)
        const seen = made(stateHistory(model, task))
        const { x } = batch(task, 'train', 0, 2)
        const due = await run(seen, model, { x: x! }, 2, referenceBackend)
        assert.ok(distance(await run(seen, model, { x: x! }, 2), due) < 1e-12, `${name}, n = ${n}`)
      }
  })
})

describe('norms and distances', () => {
  it('are of each step, the mean over examples', () => {
    const all = Float64Array.of(3, 4, 0, 0, 0, 0, 5, 12, 0, 1, 0, 2) // two examples of three steps
    const shape = { steps: 3, size: 2 }
    assert.deepEqual(norms(all, shape), [(5 + 13) / 2, 0.5, 1])
    assert.deepEqual(distancesToLast(all, shape), [(5 + Math.hypot(5, 10)) / 2, 0.5, 0])
  })
})
