/**
 * The LSTM: Hochreiter and Schmidhuber (1997), with the forget gate of Gers, Schmidhuber, Cummins (2000).
 *
 *     [i; f; o; g] = W h[t−1] + V x[t] + b
 *     c[t]         = σ(f) c[t−1] + σ(i) tanh(g)
 *     h[t]         = σ(o) tanh(c[t])
 *     o[t]         = U h[t] + d
 */
import type { Recurrent, Sizes } from '../dsl/model.ts'
import { filled, glorot, inBlocks, parameters, realParameter, zeros } from '../dsl/parameter.ts'
import * as d from '../dsl/term.ts'
import { inputMatrix, readReal } from './input.ts'

const gates = 4

/**
 * The LSTM of `hidden` cells, starting from 0. The gates' matrices are the blocks of rows of one; the forget gate's
 * bias starts at 1, so that it starts open.
 */
export const lstm = ({
  hidden: n,
  reads,
  writes,
  seed,
}: Sizes): Recurrent<{
  readonly h: d.Real
  readonly c: d.Real
}> => {
  const { terms: p, list } = parameters({
    W: realParameter([gates * n, n], glorot(n, n)),
    V: inputMatrix('real', reads, n, gates),
    b: realParameter([gates * n], inBlocks(zeros, filled(1), zeros, zeros)),
    U: realParameter([writes, n], glorot(n, writes)),
    d: realParameter([writes], zeros),
  })
  const nothing = d.broadcast(d.number(0), n)
  return {
    name: 'lstm',
    sizes: { hidden: n, reads, writes, seed },
    parameters: list,
    initial: { h: nothing, c: nothing },
    step: ({ h, c }, x) => {
      const z = d.add(d.add(d.matvec(p.W, h), readReal(reads, p.V, x)), p.b)
      const [i, f, o, g] = [0, 1, 2, 3].map(k => d.slice(z, k * n, n)) as [d.Real, d.Real, d.Real, d.Real]
      const next = d.add(d.mul(d.sigmoid(f), c), d.mul(d.sigmoid(i), d.tanh(g)))
      return { c: next, h: d.mul(d.sigmoid(o), d.tanh(next)) }
    },
    output: ({ h }) => d.add(d.matvec(p.U, h), p.d),
    fixed: {},
  }
}
