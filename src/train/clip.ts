/**
 * Gradient clipping, element by element, as Arjovsky, Shah, Bengio (2016) clip their LSTM and RNN:
 *
 *     g ← min(max(g, −c), c)
 *
 * A complex gradient is two real ones.
 */
import * as B from '../ir/build.ts'
import { type Expr, tensorType } from '../ir/expr.ts'
import type { Optimiser } from './optimiser.ts'

/* g [|g| ≤ c] + c sgn(g) [|g| > c]: what is within the bounds goes through without rounding. */
const clipReal = (g: Expr, c: number): Expr => {
  const k = (value: number) => B.constantLike(g, value)
  const isOutside = B.step(B.sub(B.abs(g), k(c)))
  const sign = B.sub(B.step(g), B.step(B.neg(g)))
  return B.add(B.mul(g, B.sub(k(1), isOutside)), B.mul(B.mul(k(c), sign), isOutside))
}

/** The gradient with every real number in it moved into [−c, c]. */
export const clip = (g: Expr, c: number): Expr =>
  tensorType(g).field === 'complex' ? B.complexOf(clipReal(B.re(g), c), clipReal(B.im(g), c)) : clipReal(g, c)

/** The optimiser, told no gradient beyond ±c. */
export const clipped = (optimiser: Optimiser, c: number): Optimiser => ({
  ...optimiser,
  settings: { ...optimiser.settings, clip: c },
  update: (parameter, gradient, accumulators) => optimiser.update(parameter, clip(gradient, c), accumulators),
})
