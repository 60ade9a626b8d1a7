/**
 * ‖W†W − 1‖ in the Frobenius norm: how far the engine's W is from unitary. W runs on the n unit vectors, a batch
 * of n examples; W† on what came out, in a program of its own, so that no compiler can cancel the two.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, BackendError, BackendOptions, Numbers, Program } from '../backend/backend.ts'
import { elaborate, showMismatch } from '../dsl/elaborate.ts'
import type { Recurrent } from '../dsl/model.ts'
import { adjoint, apply, declared, type Unitary } from '../dsl/term.ts'
import { complex, varying } from '../ir/type.ts'
import { usedParams } from '../ir/walk.ts'
import { load, type TrainState } from './state.ts'

export interface UnitarityPrograms {
  readonly size: number
  readonly forward: Program
  readonly backward: Program
  /** The parameters that W has. */
  readonly names: readonly string[]
}

/** U x for a varying x, of the parameters that U has. */
const application = (model: Recurrent, U: Unitary): E.Either<string, Program> => {
  const x = declared<'complex'>('x')
  const input = { term: x, name: 'x', type: varying(complex(model.sizes.hidden)) }
  const results = [apply(U, x)]
  const over = (parameters: Recurrent['parameters']) => elaborate([...parameters, input], results)
  const whole = over(model.parameters)
  if (E.isLeft(whole)) return E.left(showMismatch(whole.left))
  const used = usedParams(whole.right)
  const func = over(model.parameters.filter((_, i) => used.has(i)))
  return E.isLeft(func) ? E.left(showMismatch(func.left)) : E.right({ func: func.right, updates: [] })
}

/** The two programs, for a model with a unitary part. */
export const unitarityPrograms = (model: Recurrent): E.Either<string, UnitarityPrograms | undefined> => {
  const W = model.recurrence
  if (W === undefined) return E.right(undefined)
  const forward = application(model, W)
  if (E.isLeft(forward)) return forward
  const backward = application(model, adjoint(W))
  if (E.isLeft(backward)) return backward
  return E.right({
    size: model.sizes.hidden,
    forward: forward.right,
    backward: backward.right,
    names: forward.right.func.params.filter(p => p.type.rate === 'uniform').map(p => p.name),
  })
}

/** The n unit vectors, one after the other, complex numbers interleaved. */
const unitVectors = (n: number): Numbers => {
  const data = new Float64Array(2 * n * n)
  for (let i = 0; i < n; i++) data[2 * (i * n + i)] = 1
  return data
}

/** Measures the residual of a state. */
export type Residual = (state: TrainState) => TE.TaskEither<BackendError, number>

/** Both programs started on a backend. */
export const startResidual = (
  programs: UnitarityPrograms,
  backend: Backend,
  options: BackendOptions,
): E.Either<BackendError, Residual> => {
  const forward = backend.start(programs.forward, options)
  if (E.isLeft(forward)) return forward
  const backward = backend.start(programs.backward, options)
  if (E.isLeft(backward)) return backward
  const n = programs.size
  const units = unitVectors(n)
  return E.right(state => async () => {
    for (const session of [forward.right, backward.right]) {
      const loaded = load(session, programs.names, state)
      if (E.isLeft(loaded)) return loaded
    }
    const images = await forward.right.run(n, { x: units })()
    if (E.isLeft(images)) return images
    const back = await backward.right.run(n, { x: images.right[0]! })()
    if (E.isLeft(back)) return back
    return E.right(Math.sqrt(back.right[0]!.reduce((sum, value, i) => sum + (value - units[i]!) ** 2, 0)))
  })
}
