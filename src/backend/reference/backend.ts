/** The reference evaluator as a backend: slow, everywhere at home. Always in double precision. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Param } from '../../ir/expr.ts'
import { fromNumbers, type Tensor, uniformValue, type Value, varyingValue } from '../../ir/tensor.ts'
import { reals } from '../../ir/type.ts'
import {
  type Backend,
  type BackendError,
  finite,
  lacks,
  type Numbers,
  noParameter,
  type Program,
  type Session,
  takes,
  updatable,
} from '../backend.ts'
import { evaluate } from './evaluate.ts'

const failure = (message: string): BackendError => ({ kind: 'BackendError', message })

const join = (tensors: readonly Tensor[]): Numbers => {
  const size = tensors[0]?.data.length ?? 0
  const joined = new Float64Array(size * tensors.length)
  tensors.forEach((t, i) => {
    joined.set(t.data, i * size)
  })
  return joined
}

const split = (param: Param, batch: number, data: Numbers): E.Either<BackendError, Value> => {
  const size = reals(param.type)
  if (data.length !== size * batch) return E.left(failure(takes(param.name, size, data.length, batch)))
  const tensors: Tensor[] = []
  for (let i = 0; i < batch; i++) {
    const tensor = fromNumbers(param.type, data.subarray(i * size, (i + 1) * size))
    if (E.isLeft(tensor)) return E.left(failure(`"${param.name}", example ${i}: ${tensor.left}`))
    tensors.push(tensor.right)
  }
  return E.right(varyingValue(tensors))
}

const session = ({ func: f, updates }: Program): Session => {
  const state = new Map<number, Tensor>()
  const set = (i: number, tensor: Tensor): void => {
    state.set(i, tensor)
  }
  const uniform = (name: string): E.Either<BackendError, number> => {
    const i = f.params.findIndex(p => p.name === name && p.type.rate === 'uniform')
    return i >= 0 ? E.right(i) : E.left(failure(noParameter(name, f.params)))
  }
  const value = (batch: number, data: Readonly<Record<string, Numbers>>) => (param: Param, i: number) => {
    if (param.type.rate === 'uniform') {
      const tensor = state.get(i)
      return tensor === undefined
        ? E.left(failure(`"${param.name}" has not been set`))
        : E.right(uniformValue(tensor))
    }
    const given = data[param.name]
    return given === undefined ? E.left(failure(lacks(param.name, data))) : split(param, batch, given)
  }
  return {
    write: (name, data) =>
      pipe(
        finite(name, data),
        E.chain(() => uniform(name)),
        E.chain(i =>
          data.length === reals(f.params[i]!.type)
            ? E.right(i)
            : E.left(failure(takes(name, reals(f.params[i]!.type), data.length))),
        ),
        E.chain(i =>
          pipe(
            fromNumbers(f.params[i]!.type, data.slice()),
            E.mapLeft(message => failure(`"${name}": ${message}`)),
            E.map(tensor => set(i, tensor)),
          ),
        ),
      ),
    read: name =>
      pipe(
        uniform(name),
        E.chain(i => E.fromNullable(failure(`"${name}" has not been set`))(state.get(i))),
        E.map(tensor => tensor.data.slice()),
      ),
    run: (batch, data, signal) => async () => {
      // Let timers and signals have their turn: an evaluation cannot be interrupted.
      await new Promise(resolve => setImmediate(resolve))
      if (signal?.aborted) return E.left({ ...failure('the run was cancelled'), cancelled: true })
      const one = value(batch, data)
      const inputs: Value[] = []
      for (const [i, param] of f.params.entries()) {
        const input = one(param, i)
        if (E.isLeft(input)) return input
        inputs.push(input.right)
      }
      const results = evaluate(f, inputs, { batch })
      if (E.isLeft(results)) return E.left(failure(results.left.message))
      for (const u of updates) {
        const next = results.right[u.result]!
        if (next.rate === 'uniform') state.set(u.param, next.tensor)
      }
      const given = results.right.filter((_, i) => !updates.some(u => u.result === i))
      return E.right(given.map(r => (r.rate === 'uniform' ? r.tensor.data.slice() : join(r.tensors))))
    },
  }
}

export const referenceBackend: Backend = {
  name: 'reference',
  start: program => E.map(session)(updatable(program)),
}
