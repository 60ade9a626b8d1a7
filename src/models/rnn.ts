/**
 * The simple recurrent network: Elman (1990).
 *
 *     h[t] = tanh(W h[t−1] + V x[t] + b)
 *     o[t] = U h[t] + c
 */
import type { Recurrent, Sizes } from '../dsl/model.ts'
import { glorot, parameters, realParameter, zeros } from '../dsl/parameter.ts'
import * as d from '../dsl/term.ts'
import { inputMatrix, readReal } from './input.ts'

/** The tanh RNN of `hidden` units. */
export const rnn = ({ hidden: n, reads, writes, seed }: Sizes): Recurrent<{ readonly h: d.Real }> => {
  const { terms: p, list } = parameters({
    W: realParameter([n, n], glorot(n, n)),
    V: inputMatrix('real', reads, n),
    b: realParameter([n], zeros),
    U: realParameter([writes, n], glorot(n, writes)),
    c: realParameter([writes], zeros),
    h0: realParameter([n], zeros),
  })
  return {
    name: 'rnn',
    sizes: { hidden: n, reads, writes, seed },
    parameters: list,
    initial: { h: p.h0 },
    step: ({ h }, x) => ({ h: d.tanh(d.add(d.add(d.matvec(p.W, h), readReal(reads, p.V, x)), p.b)) }),
    output: ({ h }) => d.add(d.matvec(p.U, h), p.c),
    fixed: {},
  }
}
