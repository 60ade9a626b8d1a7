/**
 * The IRNN: Le, Jaitly, Hinton (2015), a network of rectified units whose recurrence starts as the identity.
 *
 *     h[t] = max(W h[t−1] + V x[t] + b, 0),    W = I at the start
 *     o[t] = U h[t] + c
 */
import type { Recurrent, Sizes } from '../dsl/model.ts'
import { glorot, identityMatrix, parameters, realParameter, zeros } from '../dsl/parameter.ts'
import * as d from '../dsl/term.ts'
import { inputMatrix, readReal } from './input.ts'

/** The IRNN of `hidden` units. */
export const irnn = ({ hidden: n, reads, writes, seed }: Sizes): Recurrent<{ readonly h: d.Real }> => {
  const { terms: p, list } = parameters({
    W: realParameter([n, n], identityMatrix),
    V: inputMatrix('real', reads, n),
    b: realParameter([n], zeros),
    U: realParameter([writes, n], glorot(n, writes)),
    c: realParameter([writes], zeros),
    h0: realParameter([n], zeros),
  })
  return {
    name: 'irnn',
    sizes: { hidden: n, reads, writes, seed },
    parameters: list,
    initial: { h: p.h0 },
    step: ({ h }, x) => ({ h: d.relu(d.add(d.add(d.matvec(p.W, h), readReal(reads, p.V, x)), p.b)) }),
    output: ({ h }) => d.add(d.matvec(p.U, h), p.c),
    fixed: {},
  }
}
