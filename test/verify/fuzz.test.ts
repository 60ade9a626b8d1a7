/** A little of `npm run fuzz`, and that it finds what is broken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../src/backend/backend.ts'
import { type Addon, loadAddon } from '../../src/backend/native/addon.ts'
import { nativeBackend } from '../../src/backend/native/backend.ts'
import { postorder } from '../../src/ir/order.ts'
import { print } from '../../src/ir/print.ts'
import { standard } from '../../src/passes/pipeline.ts'
import { fuzz, programOf } from '../../src/verify/fuzz.ts'
import { showFailure } from '../../src/verify/report.ts'
import { seed } from '../seed.ts'
import { swaps } from './faults/pass.ts'

const backend = E.getOrElse<string, Backend>(why => assert.fail(why))(nativeBackend())
const { isa: isas } = E.getOrElse<string, Addon>(why => assert.fail(why))(loadAddon()).features()

test('random programs go through every pass and the engine without a disagreement, all ops among them', async () => {
  const report = await fuzz({ runs: 150, seed, backend, isas })
  assert.ok(report.failure === undefined, report.failure && showFailure('fuzz', report.failure))
  assert.deepEqual(report.missing, [])
  assert.equal(report.runs, 150)
  assert.ok(report.had['nested loops'] > 10 && report.had.loops > 60, JSON.stringify(report.had))
  assert.ok(report.had.real > 100 && report.had.complex > 60, JSON.stringify(report.had))
})

test('a broken pass is found, and its seed finds it again at once', async () => {
  const passes = [swaps, ...standard]
  const { failure, runs } = await fuzz({ runs: 200, seed, backend, passes })
  assert.ok(failure !== undefined, 'it is not found')
  assert.equal(failure.fault, 'pass swaps')
  assert.equal(failure.replay, `npm run fuzz -- --seed ${seed + runs - 1} --runs 1`)
  assert.ok(postorder(failure.program!.func.results).length <= 6, failure.text)
  const again = await fuzz({ runs: 1, seed: failure.seed, backend, passes })
  assert.equal(again.failure?.text, failure.text)
})

test('a seed is one program, for everybody', () => {
  assert.equal(print(programOf(702).func), print(programOf(702).func))
  assert.notEqual(print(programOf(702).func), print(programOf(703).func))
})
