/**
 * Adding: Arjovsky, Shah, Bengio (2016), section 5.2, after Hochreiter and Schmidhuber (1997). Of T numbers two
 * are marked, one in each half; say their sum after the last.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as d from '../dsl/term.ts'
import { real, varying } from '../ir/type.ts'
import { drawFor, type Task } from './task.ts'

const longest = 2 ** 20

/** Adding over sequences of `lag` steps: T of the paper. */
export const adding = ({
  lag,
  seed,
}: {
  readonly lag: number
  readonly seed: number
}): E.Either<string, Task> => {
  if (!Number.isSafeInteger(lag) || lag < 2 || lag > longest)
    return E.left(
      `adding: the lag must be a whole number from 2 (a mark in each half) to ${longest}, not ${lag}`,
    )
  const half = Math.floor(lag / 2)
  const x = d.declared<'real'>('x')
  const y = d.declared<'real'>('y')
  return E.right({
    name: 'adding',
    settings: { lag },
    reads: { kind: 'vector', size: 2 },
    writes: 1,
    length: lag,
    inputs: [
      { term: x, name: 'x', type: varying(real(lag, 2)) },
      { term: y, name: 'y', type: varying(real()) },
    ],
    // Content: the marks' places, then the values on U[0, 1).
    example: (split, i) => {
      const [first, second, ...values] = drawFor(seed, 'adding', split, i, s => [
        s.integer(0, half - 1),
        s.integer(half, lag - 1),
        ...Array.from({ length: lag }, () => s.real(0, 1)),
      ]) as readonly [number, number, ...number[]]
      const input = new Float64Array(2 * lag)
      values.forEach((value, t) => {
        input[2 * t] = value
        input[2 * t + 1] = t === first || t === second ? 1 : 0
      })
      return { x: input, y: Float64Array.of(values[first]! + values[second]!) }
    },
    loss: model => {
      const { carry } = d.scan({
        carry: model.initial,
        over: { x },
        step: (state, at) => ({ carry: model.step(state, at.x), stack: {} }),
      })
      const error = d.sub(d.sum(model.output(carry)), y)
      return d.mul(error, error)
    },
    lossName: 'squared error',
    baseline: { value: 1 / 6, meaning: 'always 1, whose error is the variance of the sum' },
  })
}
