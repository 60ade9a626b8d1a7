/** What plans are made of: fusion is a promise about structure, so it is tested as one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { compile } from '../../src/backend/native/compile.ts'
import { opcodes } from '../../src/backend/native/opcodes.ts'
import type { Instruction } from '../../src/backend/native/plan.ts'
import { elaborate, type Input } from '../../src/dsl/elaborate.ts'
import type { Recurrent } from '../../src/dsl/model.ts'
import * as t from '../../src/dsl/term.ts'
import { index, real, varying } from '../../src/ir/type.ts'
import { type ModelName, models } from '../../src/models/registry.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { optimise, preparatory } from '../../src/passes/pipeline.ts'

const right = <A>(e: E.Either<unknown, A>): A =>
  E.isRight(e) ? e.right : assert.fail(JSON.stringify(e.left))

const modelOf = (n: number, name: ModelName) =>
  models[name]({ hidden: n, reads: { kind: 'vector', size: 1 }, writes: 4, seed: 1 })

/** A loss of the model's with its gradient. */
const gradientOf = (model: Recurrent, inputs: readonly Input[], loss: t.Real) => {
  const f = right(elaborate([...model.parameters, ...inputs], [loss]))
  const g = right(
    valueAndGradient(
      optimise(f, preparatory),
      model.parameters.map((_, i) => i),
    ),
  )
  return right(compile({ func: g, updates: [] }))
}

/** A model over a sequence of real numbers that names a class at the end, with its gradient. */
const classifier = (n: number, name: ModelName = 'urnn') => {
  const model = modelOf(n, name)
  const x = t.declared<'real'>('x')
  const y = t.declared<'index'>('y')
  const { carry } = t.scan({
    carry: model.initial,
    over: { x },
    step: (state, entry) => ({ carry: model.step(state, entry.x), stack: {} }),
  })
  const o = model.output(carry)
  const loss = t.div(t.batchSum(t.sub(t.logSumExp(o), t.take(o, y))), t.batchSize())
  const inputs = [
    { term: x, name: 'x', type: varying(real(6, 1)) },
    { term: y, name: 'y', type: varying(index(4)) },
  ]
  return gradientOf(model, inputs, loss)
}

/** A model that is asked at every step, with its gradient. */
const teller = (n: number, name: ModelName = 'urnn') => {
  const model = modelOf(n, name)
  const x = t.declared<'real'>('x')
  const { carry } = t.scan({
    carry: { ...model.initial, total: t.number(0) },
    over: { x },
    step: ({ total, ...state }, entry) => {
      const next = model.step(state, entry.x)
      return { carry: { ...next, total: t.add(total, t.logSumExp(model.output(next))) }, stack: {} }
    },
  })
  return gradientOf(model, [{ term: x, name: 'x', type: varying(real(6, 1)) }], t.batchSum(carry.total))
}

const loops = (instructions: readonly Instruction[]): readonly Instruction[] =>
  instructions.flatMap(i => (i.op === 'loop' ? [i] : []))

test('a step of the uRNN is two transforms and nothing else, its adjoint three and maps of a few numbers', () => {
  for (const n of [8, 31, 512]) {
    const [forward, backward] = classifier(n).segments.flatMap(s => loops(s.instructions))
    assert.deepEqual(
      forward!.body.map(i => i.op),
      ['transform', 'transform'],
    )
    // Of the first, nothing but the transform is kept: what a reflection takes from it is made where it is read.
    const outputsAfter = opcodes.transform.attributes.indexOf('outputsAfter')
    assert.equal(forward!.body[0]!.attributes[outputsAfter], 1)
    assert.deepEqual(
      backward!.body.map(i => [i.op, ...(i.op === 'map' ? [i.attributes[0]] : [])]),
      [['map', 1], ['transform'], ['map', 1], ['transform'], ['transform']],
    )
  }
})

/** Vectors of a column's numbers that a transform writes and does not add to. */
const written = ({ attributes: all }: Instruction): number => {
  const of = (name: string): number => all[opcodes.transform.attributes.indexOf(name as never)]!
  const stored = (from: number, outputs: number): number =>
    Array.from({ length: outputs }, (_, k) => all.slice(from + 3 * k, from + 3 * k + 3)).filter(
      ([, step, mode]) => step === 1 && mode === -1,
    ).length
  const header = opcodes.transform.attributes.length
  const operations = header + 3 * (of('outputs') + of('inputs'))
  const second = operations + 1 + 5 * all[operations]! + 1
  return stored(header, of('outputs')) + stored(second, of('outputsAfter'))
}

test('a step of the uRNN writes what a transform or the next step reads, and no more', () => {
  for (const n of [8, 31, 512]) {
    const [forward, backward] = classifier(n).segments.flatMap(s => loops(s.instructions))
    const transforms = (e: Instruction): readonly Instruction[] => e.body.filter(i => i.op === 'transform')
    // F h; z, for the adjoint, and h
    assert.deepEqual(transforms(forward!).map(written), [1, 2])
    // The cotangents behind F; those of z
    assert.deepEqual(transforms(backward!).map(written), [1, 0, 1])
  }
})

test('what only the sum of a matrix’s gradient reads is made by a sweep that reads the same vector', () => {
  for (const n of [31, 128]) {
    const [, backward] = teller(n).segments.flatMap(s => loops(s.instructions))
    const ops = backward!.body.map(i => (i.op === 'map' ? `map of ${i.attributes[0]}` : i.op))
    assert.ok(ops.includes('outer'), ops.join())
    assert.equal(ops.filter(op => op === `map of ${n}`).length, 1, ops.join())
  }
})

test('a step of the LSTM is one product and one map; its gradient’s matrix is one contraction behind the loop', () => {
  for (const n of [31, 128]) {
    const { segments } = classifier(n, 'lstm')
    const [forward, backward] = segments.flatMap(s => loops(s.instructions))
    assert.deepEqual(
      forward!.body.map(i => i.op),
      ['matvec', 'map'],
    )
    const ops = backward!.body.map(i => i.op)
    assert.ok(
      ops.every(op => op === 'matvec' || op === 'map'),
      ops.join(),
    )
    const behind = segments.flatMap(s => s.instructions).filter(i => i.op === 'contract')
    assert.deepEqual(
      behind.map(i => i.attributes),
      [[6, 4 * n, n, 1, 0, 1]],
    )
  }
})

test('a small matrix’s gradient is summed over the examples step by step', () => {
  const { segments } = classifier(8, 'lstm')
  const [forward, backward] = segments.flatMap(s => loops(s.instructions))
  const outers = backward!.body.filter(i => i.op === 'outer')
  assert.deepEqual(
    [forward!.body.map(i => i.op), backward!.body.map(i => i.op)],
    [
      ['matvec', 'map'],
      ['matvec', 'map', 'matvec', 'outer'],
    ],
  )
  assert.deepEqual(
    outers.map(i => i.attributes),
    [[32, 8, 1, 1, 1]],
  )
  assert.deepEqual(
    segments.flatMap(s => s.reductions).filter(r => r.reduced),
    segments.flatMap(s => s.reductions).filter(r => r.from === outers[0]!.operands[0]!.offset),
  )
})
