/** A recurrent model that is broken on purpose: the map that is to be unitary misses a factor for all but small sizes. */

import type { Recurrent, Sizes } from '../../../src/dsl/model.ts'
import { complexParameter, parameters, realParameter, uniform, zeros } from '../../../src/dsl/parameter.ts'
import * as d from '../../../src/dsl/term.ts'
import { inputMatrix, readComplex } from '../../../src/models/input.ts'

/** Rotations of neighbours, written by hand; `wrong` gives them a sine that does not belong to the cosine. */
export const rotations =
  (wrong: boolean) =>
  ({ hidden: n, reads, writes, seed }: Sizes): Recurrent<{ readonly h: d.Complex }> => {
    const { terms: p, list } = parameters({
      a: realParameter([n], uniform(-1, 1)),
      V: inputMatrix('complex', reads, n),
      U: realParameter([writes, n], uniform(-1, 1)),
      h0: complexParameter([n], zeros),
    })
    const F = d.dft(n)
    const turn = (x: d.Complex): d.Complex =>
      d.mul(d.complexOf(d.cos(p.a), d.sin(wrong ? d.mul(p.a, 0.9) : p.a)), x)
    const rotate = (x: d.Complex): d.Complex => d.apply(d.adjoint(F), turn(d.apply(F, x)))
    return {
      name: 'rotations',
      sizes: { hidden: n, reads, writes, seed },
      parameters: list,
      initial: { h: p.h0 },
      step: ({ h }, x) => ({ h: d.add(rotate(h), readComplex(reads, p.V, x)) }),
      output: ({ h }) => d.matvec(p.U, d.re(h)),
      unitaries: { rotate },
      fixed: {},
    }
  }

/** A model that only has a program where it has an even number of units. */
export const evenOnly = (sizes: Sizes): Recurrent<{ readonly h: d.Complex }> => {
  const model = rotations(false)(sizes)
  const half = Math.floor(sizes.hidden / 2)
  return {
    ...model,
    step: ({ h }, x) => {
      const { h: next } = model.step({ h }, x)
      return { h: d.concat(d.slice(next, half, half), d.slice(next, 0, half)) }
    },
  }
}
