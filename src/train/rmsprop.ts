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
  /** Updates in which η halves: η ← 2^(−1/halfLife) η after each; without one it stays. */
  readonly halfLife?: number | undefined
}

const update = (p: Expr, g: Expr, r: Expr, rate: Expr, decay: number): readonly [Expr, Expr] => {
  const k = (value: number) => B.constantLike(r, value)
  const next = B.add(B.mul(k(decay), r), B.mul(k(1 - decay), B.mul(g, g)))
  // pinv, so that where the gradient has been 0 for so long that r has underflown the parameter stays, not 0/0
  return [B.sub(p, B.mul(rate, B.mul(g, B.pinv(B.sqrt(next))))), next]
}

export const rmsprop = ({ learningRate, decay, halfLife }: RmspropOptions): Optimiser => {
  const falls = halfLife !== undefined
  return {
    name: 'rmsprop',
    settings: { learningRate, decay, ...(falls ? { halfLife } : {}) },
    // a rate that falls is a part of the state: it goes on with it from a checkpoint
    accumulators: [
      { name: 'meanSquare', initial: 1e-3 },
      ...(falls ? [{ name: 'rate', initial: learningRate }] : []),
    ],
    update: (p, g, [r, rate]) => {
      const rateOf = (part: (x: Expr) => Expr) =>
        rate === undefined ? B.constantLike(part(p), learningRate) : part(rate)
      const next =
        rate === undefined || halfLife === undefined
          ? []
          : [B.mul(B.constantLike(rate, 2 ** (-1 / halfLife)), rate)]
      if (tensorType(p).field !== 'complex') {
        const [parameter, square] = update(
          p,
          g,
          r!,
          rateOf(x => x),
          decay,
        )
        return { parameter, accumulators: [square, ...next] }
      }
      const [pRe, rRe] = update(B.re(p), B.re(g), B.re(r!), rateOf(B.re), decay)
      const [pIm, rIm] = update(B.im(p), B.im(g), B.im(r!), rateOf(B.im), decay)
      return { parameter: B.complexOf(pRe, pIm), accumulators: [B.complexOf(rRe, rIm), ...next] }
    },
  }
}
