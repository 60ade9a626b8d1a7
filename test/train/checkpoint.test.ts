import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import {
  decodeCheckpoint,
  encodeCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from '../../src/train/checkpoint.ts'
import { decode } from '../../src/train/safetensors.ts'
import { initialState, slotsOf, type TrainState } from '../../src/train/state.ts'
import { experiment } from './small.ts'

const own = experiment()
const slots = slotsOf(own.programs)
const state: TrainState = { ...initialState(own.programs, 7), step: 12 }
const bytes = (() => {
  const encoded = encodeCheckpoint(own.identity, slots, state)
  return E.isRight(encoded) ? encoded.right : assert.fail(encoded.left)
})()
const refusal = (result: E.Either<string, unknown>): string =>
  E.isLeft(result) ? result.left : assert.fail('was accepted')

describe('a checkpoint', () => {
  it('gives back the state', () => {
    assert.deepEqual(decodeCheckpoint(bytes, own.identity, slots), E.right(state))
  })

  it('holds complex numbers as real pairs', () => {
    const file = decode(bytes)
    assert.ok(E.isRight(file))
    assert.deepEqual(file.right.tensors.get('R1')!.shape, [3, 2])
    assert.deepEqual(file.right.tensors.get('D1')!.shape, [3])
    assert.deepEqual(file.right.tensors.get('V.meanSquare')!.shape, [10, 3, 2])
  })

  it('of another run is refused, with what differs', () => {
    const differing = [
      [{ hidden: 4 }, /hidden is 3, not 4/],
      [{ lag: 3 }, /taskSettings\.lag is 2, not 3; graph/],
      [{ task: 'adding' }, /task is "copying", not "adding"/],
      [{ seed: 8 }, /seed is 7, not 8; fixed\.permutation is \[/],
      [{ batch: 3 }, /batch is 2, not 3/],
      [{ learningRate: 0.5 }, /optimiserSettings\.learningRate is 0\.01, not 0\.5/],
      [{ precision: 'single' }, /precision is "double", not "single"/],
      [{ memory: 1e6 }, /memory is missing, not 1000000/],
    ] as const
    for (const [changes, message] of differing) {
      const other = experiment(changes)
      assert.match(refusal(decodeCheckpoint(bytes, other.identity, slotsOf(other.programs))), message)
    }
  })

  it('of a model that gives something undefined goes on: JSON leaves that out', () => {
    const due = { ...own.identity, fixed: { ...own.identity.fixed, a: undefined as unknown as number[] } }
    const encoded = encodeCheckpoint(due, slots, state)
    assert.ok(E.isRight(encoded))
    assert.deepEqual(decodeCheckpoint(encoded.right, due, slots), E.right(state))
  })

  it('cut short at any byte is refused', () => {
    for (let n = 0; n < bytes.length; n++)
      assert.ok(E.isLeft(decodeCheckpoint(bytes.slice(0, n), own.identity, slots)))
  })

  it('with other tensors than the model has is refused', () => {
    assert.match(
      refusal(decodeCheckpoint(bytes, own.identity, slots.slice(1))),
      /tensor "D1" that this model has not/,
    )
    const more = [...slots, { ...slots[0]!, name: 'extra' }]
    assert.match(refusal(decodeCheckpoint(bytes, own.identity, more)), /no tensor "extra"/)
    const [first, ...others] = slots
    const wider = [{ ...first!, type: { ...first!.type, shape: [4] } }, ...others]
    assert.match(refusal(decodeCheckpoint(bytes, own.identity, wider)), /"D1" has the shape \[3\], not \[4\]/)
  })

  it('is never made of numbers that are not finite', () => {
    const tensors = new Map(state.tensors).set('b', Float64Array.of(0, Number.NaN, 0))
    assert.match(refusal(encodeCheckpoint(own.identity, slots, { ...state, tensors })), /"b" holds a number/)
  })

  it('is written whole and leaves nothing beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parseval-'))
    const path = join(folder, 'x.safetensors')
    for (const step of [1, 2]) {
      assert.ok(E.isRight(await saveCheckpoint(path, own.identity, slots, { ...state, step })()))
      assert.deepEqual(await readdir(folder), ['x.safetensors'])
      const loaded = await loadCheckpoint(path, own.identity, slots)()
      assert.ok(E.isRight(loaded) && loaded.right.step === step)
    }
    await rm(folder, { recursive: true })
    assert.match(
      refusal(await saveCheckpoint(path, own.identity, slots, state)()),
      /cannot write .*no such file/,
    )
    assert.match(refusal(await loadCheckpoint(path, own.identity, slots)()), /cannot read .*no such file/)
  })
})
