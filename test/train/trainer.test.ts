import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, Numbers, Session } from '../../src/backend/backend.ts'
import { reals } from '../../src/ir/type.ts'
import { bestOf } from '../../src/train/measure.ts'
import { type Outcome, type TrainError, train } from '../../src/train/trainer.ts'
import { experiment, pixelExperiment, type Watched, watched } from './small.ts'

const done = async ({ plan }: Watched): Promise<Outcome> => {
  const result = await train(plan)()
  return E.isRight(result) ? result.right : assert.fail(result.left.message)
}
const refused = async ({ plan }: Watched): Promise<TrainError> => {
  const result = await train(plan)()
  return E.isLeft(result) ? result.left : assert.fail('trained')
}

/** What a fake engine answers: to training step k (from 0) and to a measurement. */
interface Script {
  readonly loss: (k: number) => number
  readonly heldOut?: (k: number) => number
  /** What every tensor holds after k steps. */
  readonly value?: (k: number) => number
  readonly onStep?: (k: number) => void
}

/** A backend that computes nothing: losses by the script, parameters all of one value. */
const scripted = (script: Script): Backend => {
  let steps = 0
  return {
    name: 'reference',
    start: ({ func, updates }) => {
      const session: Session = {
        write: () => E.right(undefined),
        read: name => {
          const { type } = func.params.find(p => p.name === name)!
          return E.right(new Float64Array(reals(type)).fill(script.value?.(steps) ?? steps))
        },
        run: (_batch, _data, signal) => async () => {
          if (signal?.aborted) return E.left({ kind: 'BackendError', message: 'cancelled', cancelled: true })
          if (updates.length === 0) return E.right([Float64Array.of(script.heldOut?.(steps) ?? 1)])
          script.onStep?.(steps)
          if (signal?.aborted) return E.left({ kind: 'BackendError', message: 'cancelled', cancelled: true })
          const loss: readonly Numbers[] = [Float64Array.of(script.loss(steps))]
          steps += 1
          return E.right(loss)
        },
      }
      return E.right(session)
    },
  }
}
const run = experiment()
const fake = (script: Script, changes: Parameters<typeof watched>[1] = {}) =>
  watched(run, { backend: scripted(script), unitarity: undefined, ...changes })

describe('train', () => {
  it('measures before the first step and every k-th, and saves after measuring', async () => {
    const w = fake({ loss: () => 1 })
    const outcome = await done(w)
    const seen = w.events.map(e => `${e.kind} ${e.step}`)
    assert.deepEqual(seen, [
      'evaluation 0',
      'saved 0',
      'step 1',
      'step 2',
      'evaluation 2',
      'saved 2',
      'step 3',
      'step 4',
      'evaluation 4',
      'saved 4',
      'step 5',
      'step 6',
      'evaluation 6',
      'saved 6',
    ])
    assert.deepEqual([outcome.reason, outcome.step, outcome.heldOut], ['steps', 6, 1])
  })

  it('stops at the target and saves there', async () => {
    const w = fake({ loss: () => 1, heldOut: k => 1 - k / 10 }, { target: 0.65, checkpointEvery: 100 })
    const outcome = await done(w)
    assert.deepEqual([outcome.reason, outcome.step, outcome.heldOut], ['target', 4, 0.6])
    assert.deepEqual(
      w.saved.map(s => s.step),
      [0, 4],
    )
  })

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    it(`stops at a loss of ${bad}, names the step and keeps the last good checkpoint`, async () => {
      const w = fake({ loss: k => (k === 4 ? bad : 1) })
      const error = await refused(w)
      assert.deepEqual([error.cause, error.step], ['not finite', 5])
      assert.match(error.message, /the loss is (NaN|Infinity) at step 5: .*checkpoint of step 4 is kept/)
      assert.equal(w.saved.at(-1)!.step, 4)
    })

  it('never saves parameters that are not finite', async () => {
    const w = fake({ loss: () => 1, value: k => (k >= 3 ? Number.NaN : 1) })
    assert.match((await refused(w)).message, /"D1" is not finite at step 4: .*step 2 is kept/)
    assert.deepEqual(
      w.saved.map(s => s.step),
      [0, 2],
    )
  })

  it('never saves a state whose held-out loss is not finite', async () => {
    const w = fake({ loss: () => 1, heldOut: k => (k === 4 ? Number.NaN : 1) })
    assert.match((await refused(w)).message, /the held-out loss is NaN at step 4/)
    assert.deepEqual(
      w.saved.map(s => s.step),
      [0, 2],
    )
  })

  it('saves and stops when told to, between steps and within one', async () => {
    for (const within of [false, true]) {
      const controller = new AbortController()
      const w = fake(
        { loss: () => 1, onStep: k => k === 3 && within && controller.abort() },
        { signal: controller.signal },
      )
      const plan = {
        ...w.plan,
        onEvent: (e: { kind: string; step: number }) => {
          if (!within && e.kind === 'step' && e.step === 3) controller.abort()
        },
      }
      const outcome = await done({ ...w, plan })
      assert.deepEqual([outcome.reason, outcome.step], ['aborted', 3])
      assert.equal(w.saved.at(-1)!.step, 3)
    }
  })

  it('keeps the state of the best measurement, and never before that state itself is saved', async () => {
    const losses = [5, 3, 4, 2, 2, 6, 1]
    const order: string[] = []
    const keep = (what: string) => (state: { step: number }) => {
      order.push(`${what} ${state.step}`)
      return TE.right(undefined)
    }
    const w = fake(
      { loss: () => 1, heldOut: k => losses[k]! },
      { evaluateEvery: 1, checkpointEvery: 100, save: keep('saved'), saveBest: keep('best') },
    )
    const outcome = await done(w)
    const each = (step: number) => [`saved ${step}`, `best ${step}`]
    assert.deepEqual(order, [0, 1, 3, 6].flatMap(each))
    assert.deepEqual(outcome.best, { step: 6, loss: 1 })
  })

  it('that goes on does not choose a worse state than before', async () => {
    const w = fake({ loss: () => 1, heldOut: () => 2 }, { saveBest: () => assert.fail('chosen') })
    const outcome = await done({ ...w, plan: { ...w.plan, best: { step: -1, loss: 2 } } })
    assert.deepEqual(outcome.best, { step: -1, loss: 2 })
  })

  it('refuses more held-out examples than there are', async () => {
    const w = watched(pixelExperiment(), { heldOut: 3 })
    assert.match((await refused(w)).message, /the task has 2 held-out examples, not 3/)
  })

  it('ends with the reason when a checkpoint cannot be saved', async () => {
    const error = await refused(fake({ loss: () => 1 }, { save: () => TE.left('the disk is full') }))
    assert.deepEqual([error.cause, error.message], ['save', 'the disk is full'])
  })

  it('refuses numbers that are no counts', async () => {
    for (const name of ['batch', 'steps', 'heldOut', 'evaluateEvery', 'checkpointEvery'] as const)
      assert.match(
        (await refused(fake({ loss: () => 1 }, { [name]: 0 }))).message,
        new RegExp(`${name} must be`),
      )
  })
})

describe('a real run', () => {
  it('goes on from any of its states as if it had never stopped, bit for bit', async () => {
    const whole = watched(run)
    await done(whole)
    const last = whole.saved.at(-1)!
    assert.equal(last.step, 6)
    for (const from of whole.saved) {
      const rest = watched(run, { from })
      await done(rest)
      const end = rest.saved.at(-1) ?? from
      assert.deepEqual(end.tensors, last.tensors)
      const losses = (w: Watched) =>
        w.events.filter(e => e.kind === 'step' && e.step > from.step).map(e => 'loss' in e && e.loss)
      assert.deepEqual(losses(rest), losses(whole))
    }
  })

  for (const [when, schedule] of [
    ['at every measurement', { checkpointEvery: 1, evaluateEvery: 1 }],
    ['by the clock, between measurements', { checkpointEvery: 100, checkpointSeconds: 0, evaluateEvery: 3 }],
  ] as const)
    it(`on images, saved ${when}, goes on so across the end of an epoch, and chooses the same state`, async () => {
      // 22 images, batches of 4: the sixth has images of both epochs
      const of = pixelExperiment()
      const changes = { batch: 4, steps: 13, ...schedule }
      const whole = watched(of, changes)
      const outcome = await done(whole)
      const last = whole.saved.at(-1)!
      const { task } = of
      assert.equal(task.heldOut, 2)
      const evaluations = whole.events.flatMap(e => (e.kind === 'evaluation' ? [e] : []))
      assert.ok(evaluations.every(e => e.accuracy !== undefined))
      assert.equal(outcome.best!.step, bestOf(evaluations)!.step)
      assert.equal(whole.chosen.at(-1)!.step, outcome.best!.step)
      for (const from of whole.saved.slice(0, -1)) {
        const best = bestOf(evaluations.filter(e => e.step <= from.step))
        const rest = watched(of, { ...changes, from, ...(best === undefined ? {} : { best }) })
        const end = await done(rest)
        assert.deepEqual(rest.saved.at(-1)!.tensors, last.tensors)
        assert.equal(end.best!.step, outcome.best!.step)
        const kept = rest.chosen.at(-1) ?? whole.chosen.findLast(s => s.step <= from.step)!
        assert.deepEqual(kept, whole.chosen.at(-1))
      }
    })

  it('learns, and stays unitary', async () => {
    const w = watched(run, { steps: 30, evaluateEvery: 30, checkpointEvery: 30 })
    const outcome = await done(w)
    const first = w.events.find(e => e.kind === 'evaluation')
    assert.ok(first?.kind === 'evaluation' && outcome.heldOut! < first.loss)
    assert.ok(outcome.residual! < 1e-13 && outcome.residual! > 0)
  })

  it('reads numbers in the adding task as well', async () => {
    const outcome = await done(watched(experiment({ task: 'adding', lag: 4 })))
    assert.ok(Number.isFinite(outcome.heldOut))
  })
})
