/**
 * The unitary evolution RNN: Arjovsky, Shah, Bengio (2016), section 4.
 *
 *     W      = D3 R2 F⁻¹ D2 Π R1 F D1
 *     h[t]   = modReLU(W h[t−1] + V x[t], b)
 *     o[t]   = U [Re h[t]; Im h[t]] + c
 */
import type { Recurrent, Sizes } from '../dsl/model.ts'
import { complexParameter, glorot, parameters, realParameter, uniform, zeros } from '../dsl/parameter.ts'
import * as d from '../dsl/term.ts'
import { permutation, stream } from '../random.ts'
import { inputMatrix, readComplex } from './input.ts'

/** `epsilon` is modReLU's: 0 in the paper, 1e-5 in its authors' code. */
export interface UrnnOptions extends Sizes {
  readonly epsilon?: number
}

/** The uRNN of `hidden` complex units; Π is drawn from the seed. */
export const urnn = (options: UrnnOptions): Recurrent<{ readonly h: d.Complex }> => {
  const { hidden: n, reads, writes, seed, epsilon = 0 } = options
  // of a number of units that is none, the types say so
  const Π = Number.isSafeInteger(n) && n > 0 ? permutation(n, stream(seed, 'urnn permutation')) : []
  const angles = uniform(-Math.PI, Math.PI)
  const reflections = uniform(-1, 1)
  const bound = Math.sqrt(3 / (2 * n)) // E‖h0‖² = 1

  const { terms: p, list } = parameters({
    D1: realParameter([n], angles),
    D2: realParameter([n], angles),
    D3: realParameter([n], angles),
    R1: complexParameter([n], reflections),
    R2: complexParameter([n], reflections),
    V: inputMatrix('complex', reads, n),
    b: realParameter([n], zeros),
    U: realParameter([writes, 2 * n], glorot(2 * n, writes)),
    c: realParameter([writes], zeros),
    h0: complexParameter([n], uniform(-bound, bound)),
  })

  const F = d.dft(n)
  const W = d.compose(
    d.phase(p.D3),
    d.reflect(p.R2),
    d.adjoint(F),
    d.phase(p.D2),
    d.permute(Π),
    d.reflect(p.R1),
    F,
    d.phase(p.D1),
  )

  return {
    name: 'urnn',
    sizes: { hidden: n, reads, writes, seed },
    parameters: list,
    initial: { h: p.h0 },
    step: ({ h }, x) => ({ h: d.modRelu(d.add(d.apply(W, h), readComplex(reads, p.V, x)), p.b, epsilon) }),
    output: ({ h }) => d.add(d.matvec(p.U, d.concat(d.re(h), d.im(h))), p.c),
    recurrence: W,
    fixed: { permutation: Π },
  }
}
