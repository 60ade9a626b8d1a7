/**
 * RMSProp as Arjovsky, Shah, Bengio (2016) ran it (their released code: the accumulator starts at 1e-3, there is
 * no epsilon):
 *
 *     r ← ρ r + (1 − ρ) g²
 *     p ← p − η g/√r
 *
 * A complex parameter is two real ones.
 */
import * as B from '../ir/build.ts'
import { type Expr, tensorType } from '../ir/expr.ts'
import type { Optimiser } from './optimiser.ts'

export interface RmspropOptions {
  /** η */
  readonly learningRate: number
  /** ρ */
  readonly decay: number
}

const update = (
  p: Expr,
  g: Expr,
  r: Expr,
  { learningRate, decay }: RmspropOptions,
): readonly [Expr, Expr] => {
  const k = (value: number) => B.constantLike(r, value)
  const next = B.add(B.mul(k(decay), r), B.mul(k(1 - decay), B.mul(g, g)))
  // pinv, so that where the gradient has been 0 for so long that r has underflown the parameter stays, not 0/0
  return [B.sub(p, B.mul(k(learningRate), B.mul(g, B.pinv(B.sqrt(next))))), next]
}

export const rmsprop = (options: RmspropOptions): Optimiser => ({
  name: 'rmsprop',
  settings: { learningRate: options.learningRate, decay: options.decay },
  accumulators: [{ name: 'meanSquare', initial: 1e-3 }],
  update: (p, g, [r]) => {
    if (tensorType(p).field !== 'complex') {
      const [parameter, next] = update(p, g, r!, options)
      return { parameter, accumulators: [next] }
    }
    const [pRe, rRe] = update(B.re(p), B.re(g), B.re(r!), options)
    const [pIm, rIm] = update(B.im(p), B.im(g), B.im(r!), options)
    return { parameter: B.complexOf(pRe, pIm), accumulators: [B.complexOf(rRe, rIm)] }
  },
})
