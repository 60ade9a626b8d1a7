import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../src/backend/backend.ts'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { initialState } from '../../src/train/state.ts'
import { startResidual } from '../../src/train/unitarity.ts'
import { experiment } from './small.ts'

const residualOn = async (backend: Backend, hidden: number): Promise<number> => {
  const { programs, unitarity } = experiment({ hidden })
  const residual = startResidual(unitarity!, backend, { precision: 'double', threads: 1 })
  if (E.isLeft(residual)) return assert.fail(residual.left.message)
  const measured = await residual.right(initialState(programs, 3))()
  return E.isRight(measured) ? measured.right : assert.fail(measured.left.message)
}

it('the residual is rounding alone for a backend that keeps the norm', async () => {
  for (const hidden of [1, 2, 7, 12]) assert.ok((await residualOn(referenceBackend, hidden)) < 1e-14 * hidden)
})

it('the residual shows a backend that does not', async () => {
  const shrinking: Backend = {
    ...referenceBackend,
    start: (program, options) =>
      E.Functor.map(referenceBackend.start(program, options), session => ({
        ...session,
        run: (batch, data, signal) => async () =>
          E.Functor.map(await session.run(batch, data, signal)(), results =>
            results.map(r => r.map(x => 0.9 * x)),
          ),
      })),
  }
  // W†W = 0.81 · 1, so the distance is 0.19 √n
  assert.ok(Math.abs((await residualOn(shrinking, 4)) - 0.19 * 2) < 1e-12)
})
