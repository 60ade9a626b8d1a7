/** Shrinking keeps what fails, stays well typed, and ends small. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Op } from '../../src/ir/ops.ts'
import { verify } from '../../src/ir/verify.ts'
import { type Program, programs } from '../../src/verify/index.ts'
import { evaluated } from '../../src/verify/run.ts'
import { shrink, shrunkShapes, weight } from '../../src/verify/shrink.ts'
import { nodesOf } from '../property/support.ts'
import { holdsAsync } from '../seed.ts'

const has =
  (op: Op) =>
  (p: Program): boolean =>
    nodesOf(p.func).some(e => e.op === op)

test('what has an op shrinks to hardly more than the op', () =>
  holdsAsync(
    fc.asyncProperty(
      programs({ depth: 3 }),
      fc.constantFrom<Op>('sin', 'matvec', 'dft', 'scan', 'batchSum', 'take', 'concat', 'modRelu'),
      async (p, op) => {
        if (!has(op)(p)) return
        const least = await shrink(p, has(op))
        assert.ok(has(op)(least))
        assert.ok(E.isRight(verify(least.func)))
        evaluated(least)
        assert.ok(weight(least) <= weight(p))
        assert.equal(least.batch, 1)
        const ops = nodesOf(least.func).filter(e => e.op !== 'arg' && e.op !== 'constant')
        assert.ok(ops.length <= (op === 'scan' ? 4 : 3), ops.map(e => e.op).join())
      },
    ),
    60,
  ))

test('nothing is left to take away: a second time gives the same', () =>
  holdsAsync(
    fc.asyncProperty(programs({ depth: 2 }), async p => {
      if (!has('add')(p)) return
      const once = await shrink(p, has('add'))
      assert.equal((await shrink(once, has('add'))).func, once.func)
    }),
    30,
  ))

test('shapes shrink where types allow it, and the program stays one', () =>
  holdsAsync(
    fc.asyncProperty(programs({ depth: 2 }), async p => {
      const less = shrunkShapes(p, 2, 3)
      assert.ok(E.isRight(verify(less.func)))
      evaluated(less)
      const loops = nodesOf(less.func).flatMap(e => (e.op === 'scan' ? [e.attributes.length] : []))
      const before = nodesOf(p.func).flatMap(e => (e.op === 'scan' ? [e.attributes.length] : []))
      assert.ok(Math.max(0, ...loops) <= Math.max(0, ...before))
    }),
    60,
  ))
