/**
 * RMSProp as Arjovsky, Shah, Bengio (2016) ran it (their released code: the accumulator starts at 1e-3, there is
 * no epsilon):
 *
 *     r ← ρ r + (1 − ρ) g²
 *     p ← p − η g/√r
 *
 * and with momentum β, which the paper does not use, the mean of past gradients in the gradient's place (Adam of Kingma,
 * Ba, 2015, without its corrections of the first means):
 *
 *     m ← β m + (1 − β) g
 *     p ← p − η m/√r
 *
 * With β = ρ no number moves by more than η, as |m| ≤ √r; with β² > ρ one large gradient moves it further and further.
 * A complex parameter is two real ones.
 */
import * as B from '../ir/build.ts'
import { type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Optimiser } from './optimiser.ts'

export interface RmspropOptions {
  /** η */
  readonly learningRate: number
  /** ρ */
  readonly decay: number
  /** Updates in which η halves: η ← 2^(−1/halfLife) η after each; without one it stays. */
  readonly halfLife?: number | undefined
  /** β; without one the gradient itself is taken. */
  readonly momentum?: number | undefined
}

export const rmsprop = ({ learningRate, decay, halfLife, momentum }: RmspropOptions): Optimiser => {
  // a rate that falls is a part of the state: it goes on with it from a checkpoint
  const state = [
    { name: 'meanSquare', initial: 1e-3 },
    ...(halfLife === undefined ? [] : [{ name: 'rate', initial: learningRate } as const]),
    ...(momentum === undefined ? [] : [{ name: 'mean', initial: 0 } as const]),
  ] as const
  /* Of real tensors: the parameter and its accumulators after an update. */
  const updated = (p: Expr, g: Expr, accumulators: readonly Expr[]): readonly Expr[] => {
    const k = (value: number) => B.constantLike(p, value)
    const past = (name: string) => required(accumulators[state.findIndex(s => s.name === name)], name)
    const average = (weight: number, name: string, x: Expr) =>
      B.add(B.mul(k(weight), past(name)), B.mul(k(1 - weight), x))
    const meanSquare = average(decay, 'meanSquare', B.mul(g, g))
    const mean = momentum === undefined ? g : average(momentum, 'mean', g)
    const rate = halfLife === undefined ? k(learningRate) : past('rate')
    const next = {
      meanSquare,
      mean,
      rate: halfLife === undefined ? rate : B.mul(k(2 ** (-1 / halfLife)), rate),
    }
    // pinv, so that where the gradient has been 0 for so long that r has underflown the parameter stays, not 0/0
    const move = B.mul(rate, B.mul(mean, B.pinv(B.sqrt(meanSquare))))
    return [B.sub(p, move), ...state.map(s => next[s.name])]
  }
  return {
    name: 'rmsprop',
    settings: {
      learningRate,
      decay,
      ...(halfLife === undefined ? {} : { halfLife }),
      ...(momentum === undefined ? {} : { momentum }),
    },
    accumulators: state,
    update: (p, g, accumulators) => {
      const of = (part: (x: Expr) => Expr) => updated(part(p), part(g), accumulators.map(part))
      const joined = (re: readonly Expr[], im: readonly Expr[]) =>
        re.map((x, i) => B.complexOf(x, required(im[i], 'its other part')))
      const [parameter, ...next] = tensorType(p).field === 'complex' ? joined(of(B.re), of(B.im)) : of(x => x)
      return { parameter: required(parameter, 'the parameter'), accumulators: next }
    },
  }
}
