/**
 * Copying memory: Arjovsky, Shah, Bengio (2016), section 5.1. Ten symbols, a long wait, then the ten again.
 *
 *     step     0 … 9     10 … T+8     T+9         T+10 … T+19
 *     input    symbols   blanks       delimiter   blanks
 *     target   blanks    blanks       blanks      the symbols
 */
import * as E from 'fp-ts/lib/Either.js'
import * as d from '../dsl/term.ts'
import { index, varying } from '../ir/type.ts'
import { drawFor, type Task } from './task.ts'

/** Symbols are 0 … 7. */
export const symbols = 8
export const blank = 8
export const delimiter = 9
/** How many symbols there are to remember. */
export const remembered = 10

const longest = 2 ** 20

/** Copying over `lag` steps: T of the paper, sequences of T + 20 steps. */
export const copying = ({
  lag,
  seed,
}: {
  readonly lag: number
  readonly seed: number
}): E.Either<string, Task> => {
  if (!Number.isSafeInteger(lag) || lag < 1 || lag > longest)
    return E.left(`copying: the lag must be a whole number from 1 to ${longest}, not ${lag}`)
  const length = lag + 2 * remembered
  const x = d.declared<'index'>('x')
  const y = d.declared<'index'>('y')
  return E.right({
    name: 'copying',
    settings: { lag },
    reads: { kind: 'symbols', count: symbols + 2 },
    writes: symbols + 1, // a symbol or the blank; the delimiter is never an answer
    length,
    inputs: [
      { term: x, name: 'x', type: varying(index(symbols + 2, length)) },
      { term: y, name: 'y', type: varying(index(symbols + 1, length)) },
    ],
    example: (split, i) => {
      const drawn = drawFor(seed, 'copying', split, i, s =>
        Array.from({ length: remembered }, () => s.integer(0, symbols - 1)),
      )
      const input = new Float64Array(length).fill(blank)
      input.set(drawn)
      input[lag + remembered - 1] = delimiter
      const target = new Float64Array(length).fill(blank)
      target.set(drawn, lag + remembered)
      return { x: input, y: target }
    },
    // Mean cross-entropy over all steps, carried as a running sum so that no step's loss is stored.
    loss: model => {
      const { carry } = d.scan({
        carry: { ...model.initial, total: d.number(0) },
        over: { x, y },
        step: ({ total, ...state }, at) => {
          const next = model.step(state, at.x)
          const o = model.output(next)
          return {
            carry: { ...next, total: d.add(total, d.sub(d.logSumExp(o), d.take(o, at.y))) },
            stack: {},
          }
        },
      })
      return d.div(carry.total, length)
    },
    lossName: 'cross-entropy',
    baseline: {
      value: (remembered * Math.log(symbols)) / length,
      meaning: 'blanks until the delimiter, then each symbol guessed',
    },
  })
}
