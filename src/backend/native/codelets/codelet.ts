/** What a codelet computes, as expressions. */
import { arithmetic, type Mode } from './arithmetic.ts'
import { type Complex, timesTwiddle } from './complex.ts'
import { dft } from './dft.ts'
import type { Node } from './node.ts'

/**
 * `dft`: no twiddles. `dit`, decimation in time: inputs 1 … n − 1 are multiplied by twiddles first. `dif`,
 * decimation in frequency: outputs 1 … n − 1 are multiplied last. The backward transform has no codelets of its
 * own: it is the forward one with real and imaginary parts exchanged at every load and store, which costs nothing
 * and turns multiplication by a twiddle into that by its conjugate.
 */
export type Variant = 'dft' | 'dit' | 'dif'
export const variants: readonly Variant[] = ['dft', 'dit', 'dif']

export interface Output {
  readonly negative: boolean
  readonly node: Node
}

export interface ComplexOutput {
  readonly re: Output
  readonly im: Output
}

export const expressions = (n: number, variant: Variant, mode: Mode): ComplexOutput[] => {
  const m = arithmetic(mode)
  const inputs = Array.from(
    { length: n },
    (_, j): Complex => ({ re: m.input(j, 're'), im: m.input(j, 'im') }),
  )
  const twiddled = (z: Complex, j: number): Complex => (j === 0 ? z : timesTwiddle(m, z, j))
  const outputs = dft(m, variant === 'dit' ? inputs.map(twiddled) : inputs)
  const output = (a: Complex['re']): Output => {
    const { factor, node } = m.settled(a)
    return { negative: factor < 0, node }
  }
  return (variant === 'dif' ? outputs.map(twiddled) : outputs).map(z => ({
    re: output(z.re),
    im: output(z.im),
  }))
}
