/** A unitary cell of a user's: three reflections and two transforms with a gate between them. */
import {
  complexParameter,
  glorot,
  inputMatrix,
  parameters,
  type Recurrent,
  readComplex,
  realParameter,
  type Sizes,
  term as t,
  uniform,
  zeros,
} from 'parseval'

export default ({ hidden: n, reads, writes, seed }: Sizes): Recurrent<{ readonly h: t.Complex }> => {
  const vector = complexParameter([n], uniform(-1, 1))
  const { terms: p, list } = parameters({
    R1: vector,
    R2: vector,
    R3: vector,
    gate: realParameter([n], zeros),
    V: inputMatrix('complex', reads, n),
    b: realParameter([n], zeros),
    U: realParameter([writes, 2 * n], glorot(2 * n, writes)),
  })
  const F = t.dft(n)
  const W = t.compose(t.reflect(p.R3), t.adjoint(F), t.reflect(p.R2), F, t.reflect(p.R1))
  return {
    name: 'three reflections',
    sizes: { hidden: n, reads, writes, seed },
    parameters: list,
    initial: { h: t.toComplex(t.broadcast(t.number(0), n)) },
    step: ({ h }, x) => ({
      h: t.modRelu(t.add(t.scale(t.sigmoid(p.gate), t.apply(W, h)), readComplex(reads, p.V, x)), p.b),
    }),
    output: ({ h }) => t.matvec(p.U, t.concat(t.re(h), t.im(h))),
    recurrence: W,
    fixed: {},
  }
}
