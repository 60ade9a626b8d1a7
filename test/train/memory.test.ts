/** Training within a memory budget: the gradient it would have had, in the room it was given. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import type { Numbers, Program } from '../../src/backend/backend.ts'
import { loadAddon } from '../../src/backend/native/addon.ts'
import { load } from '../../src/backend/native/backend.ts'
import { compile } from '../../src/backend/native/compile.ts'
import { varyingBytes } from '../../src/backend/native/memory.ts'
import type { Plan } from '../../src/backend/native/plan.ts'
import type { Func } from '../../src/ir/expr.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { optimise, preparatory } from '../../src/passes/pipeline.ts'
import { batch as batchOf } from '../../src/tasks/task.ts'
import { bytes as bytesCodec } from '../../src/train/config.ts'
import { prepare } from '../../src/train/experiment.ts'
import { withinBudget } from '../../src/train/memory.ts'
import { graphHash, lossOf } from '../../src/train/program.ts'
import type { TrainState } from '../../src/train/state.ts'
import { train } from '../../src/train/trainer.ts'
import { distance, native } from '../property/support.ts'
import { config, experiment, watched } from './small.ts'

const right = <A>(e: E.Either<unknown, A>): A =>
  E.isRight(e) ? e.right : assert.fail(JSON.stringify(e.left))
const left = (e: E.Either<string, unknown>): string => (E.isLeft(e) ? e.left : assert.fail('was accepted'))

const lag = 3000
const batch = 9
const long = experiment({ lag, batch, hidden: 32 })
const adding = experiment({ task: 'adding', lag, batch, hidden: 32 })

const gradientOf =
  ({ model }: typeof long) =>
  (loss: Func): E.Either<string, Program> =>
    E.bimap(
      () => 'no gradient',
      (func: Func): Program => ({ func, updates: [] }),
    )(
      valueAndGradient(
        loss,
        model.parameters.map((_, i) => i),
      ),
    )

const programWithin = (of: typeof long, bytes: number): E.Either<string, Program> =>
  withinBudget(optimise(right(lossOf(of.model, of.task)), preparatory), gradientOf(of), {
    bytes,
    batch,
    precision: 'double',
  })
const planOf = (program: Program): Plan => right(compile(program))
const bytesOf = (program: Program): number => varyingBytes(planOf(program).units.varying, 'double', batch)

const addon = right(loadAddon())
const run = async (of: typeof long, program: Program, threads: number): Promise<readonly Numbers[]> => {
  const session = right(load(addon, planOf(program), { precision: 'double', threads }))
  for (const { name, initial } of of.programs.parameters) right(session.write(name, initial(3)))
  return right(await session.run(batch, batchOf(of.task, 'train', 0, batch))())
}

describe('a gradient within a memory budget', () => {
  for (const [name, of] of [
    ['copying', long],
    ['adding', adding],
  ] as const) {
    const plain = right(programWithin(of, Number.MAX_SAFE_INTEGER))
    const all = bytesOf(plain)

    it(`of ${name} takes what it may, and not much less`, () => {
      for (const share of [0.9, 0.6, 0.3, 0.15]) {
        const most = share * all
        const taken = bytesOf(right(programWithin(of, most)))
        assert.ok(taken <= most, `${taken} of ${most}`)
        assert.ok(taken > 0.75 * most, `${taken} of ${most}: more could be kept`)
      }
    })

    it(`of ${name} is the one without a budget, and the same for any number of threads`, async () => {
      const whole = await run(of, plain, 1)
      for (const share of [0.5, 0.12]) {
        const program = right(programWithin(of, share * all))
        assert.notEqual(program.func, plain.func)
        const one = await run(of, program, 1)
        assert.ok(distance(one, whole) < 1e-10, `${distance(one, whole)}`)
        assert.deepEqual(await run(of, program, 2), one)
        assert.deepEqual(await run(of, program, 3), one)
      }
    })

    it(`of ${name} is left as it is where there is room for all of it`, () => {
      assert.equal(right(programWithin(of, all)).func, plain.func)
      assert.notEqual(right(programWithin(of, all - 1)).func, plain.func)
    })
  }

  it('is refused where there is none that small, and the least is told, which will do', () => {
    const why = left(programWithin(long, 1000))
    const least =
      /^a step takes at least (\d+\.\d MB|\d+ kB) of memory for a batch of 9, more than the 1 kB/.exec(why)
    assert.ok(least, why)
    right(programWithin(long, right(bytesCodec.decode(least[1]))))
  })
})

describe('a run within a memory budget', () => {
  const all = experiment({ lag: 300 })
  const memory = Math.floor(0.6 * varyingBytes(planOf(all.programs.step).units.varying, 'double', 2))
  const own = experiment({ lag: 300, memory })
  const backend = native()

  it('keeps to it', () => {
    assert.notEqual(own.programs.step.func, all.programs.step.func)
    assert.ok(varyingBytes(planOf(own.programs.step).units.varying, 'double', 2) <= memory)
    assert.equal(graphHash(own.programs.loss), graphHash(all.programs.loss))
  })

  it('is there where the steps of a loop are more than a tensor can have', () => {
    const large = { ...config, lag: 2 ** 20, hidden: 2048 }
    assert.match(
      left(prepare(large)),
      /a loop would keep a tensor of \[2048\] at each of its 10485\d\d steps/,
    )
    const { step } = right(prepare({ ...large, memory: 2 ** 31 })).programs
    assert.ok(varyingBytes(planOf(step).units.varying, 'double', 2) <= 2 ** 31)
  })

  it('goes on from its states bit for bit, with that budget only', async () => {
    const whole = watched(own, { backend })
    right(await train(whole.plan)())
    const [from, last] = [whole.saved[1], whole.saved.at(-1)] as [TrainState, TrainState]
    const rest = watched(own, { backend, from })
    right(await train(rest.plan)())
    assert.ok(from.step > 0 && from.step < last.step)
    assert.deepEqual(rest.saved.at(-1)!.tensors, last.tensors)
    assert.equal(own.identity.memory, memory)
    assert.ok(!('memory' in all.identity))
  })
})

describe('an amount of memory', () => {
  it('is a number of bytes, or text with a unit', () => {
    const cases = [
      [64e6, 64e6],
      ['64MB', 64e6],
      ['1.5 GB', 1.5e9],
      ['512MiB', 2 ** 29],
      ['100kb', 1e5],
      ['7B', 7],
    ] as const
    for (const [given, due] of cases) assert.deepEqual(bytesCodec.decode(given), E.right(due))
    for (const wrong of [0, -1, 1.5, '64', '64M', 'MB', '-1MB', '0MB', null, 1e18])
      assert.ok(E.isLeft(bytesCodec.decode(wrong)), String(wrong))
  })
})
