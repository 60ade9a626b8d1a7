/** A cell whose W is said to be unitary; a factor of √n is missing. */
import {
  inputMatrix,
  parameters,
  type Recurrent,
  readComplex,
  realParameter,
  type Sizes,
  term as t,
  uniform,
} from 'parseval'

export default ({ hidden: n, reads, writes, seed }: Sizes): Recurrent<{ readonly h: t.Complex }> => {
  const { terms: p, list } = parameters({
    D: realParameter([n], uniform(-3, 3)),
    V: inputMatrix('complex', reads, n),
    U: realParameter([writes, n], uniform(-1, 1)),
  })
  const W = (x: t.Complex): t.Complex => t.scale(Math.sqrt(2), t.apply(t.compose(t.dft(n), t.phase(p.D)), x))
  return {
    name: 'stretched',
    sizes: { hidden: n, reads, writes, seed },
    parameters: list,
    initial: { h: t.toComplex(t.broadcast(t.number(0), n)) },
    step: ({ h }, x) => ({ h: t.add(W(h), readComplex(reads, p.V, x)) }),
    output: ({ h }) => t.matvec(p.U, t.re(h)),
    unitaries: { W },
    fixed: {},
  }
}
