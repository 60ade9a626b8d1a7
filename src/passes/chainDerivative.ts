/**
 * The derivative of y = U x, U = f_1 … f_m, factor by factor. With p_m = x, p_{i−1} = f_i p_i, p_0 = y:
 *
 *     p̄_0 = ȳ,    p̄_i = f_i^H p̄_{i−1},    x̄ = p̄_m
 *
 * A factor's own parameters need the vector on one side of it and the cotangents. U is unitary, so that vector can
 * be had from x by the factors or from y by their adjoints: where y is at hand, the factors are parted in two so
 * that both together cost least.
 */
import * as b from '../ir/build.ts'
import { constant, type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { elements } from '../ir/type.ts'
import { adjointFactor, applyFactors, type Factor, factors } from '../ir/unitary.ts'
import type { Contribution } from './contribution.ts'
import { type Cost, chainCost } from './cost.ts'

/* The adjoint of D(θ) is written D(−θ), and that −θ is no node of the program: θ is. */
const withoutSigns = (angles: Expr): { readonly angles: Expr; readonly negated: boolean } => {
  if (angles.op !== 'neg') return { angles, negated: false }
  const inner = withoutSigns(required(angles.args[0], 'angles'))
  return { angles: inner.angles, negated: !inner.negated }
}

const spread = (scalar: Expr, like: Expr): Expr => b.broadcast(scalar, tensorType(like).shape)
/** Re(conj(z) w), pointwise. */
const inner = (z: Expr, w: Expr): Expr => b.re(b.mul(b.conj(z), w))

/** A vector beside a factor, the cotangent of that vector, and the cotangent of the factor's result. */
interface Beside {
  readonly side: 'input' | 'output'
  readonly p: Expr
  readonly pAdj: Expr
  readonly outputAdj: Expr
}

// y = e^iθ x: dy = iy dθ, θ̄ = Im(conj(y) ȳ) = Im(conj(x) x̄), as x̄ = e^−iθ ȳ
const ofPhase = ({ p, pAdj }: Beside): Expr => b.im(b.mul(b.conj(p), pAdj))

// y = x − τ v s, τ = 2/N, N = v^H v, s = v^H x = −v^H y, q = v^H ȳ:
// v̄ = −τ (conj(q) x + conj(s) ȳ) + τ² Re(conj(q) s) v
//   = −τ (conj(q) y + conj(s) ȳ) − iτ² Im(conj(q) s) v
const ofReflection = (v: Expr, { side, p, outputAdj }: Beside): Expr => {
  const tau = b.times(constant(2), b.pinv(b.re(b.dot(v, v))))
  const s = side === 'input' ? b.dot(v, p) : b.neg(b.dot(v, p))
  const q = b.dot(v, outputAdj)
  const crossed = b.add(b.mul(spread(b.conj(q), v), p), b.mul(spread(b.conj(s), v), outputAdj))
  const along = b.scale(spread(tau, v), crossed)
  const squared = b.mul(tau, tau)
  if (side === 'input') return b.sub(b.scale(spread(b.mul(squared, inner(q, s)), v), v), along)
  const turn = b.mul(squared, b.im(b.mul(q, b.conj(s))))
  return b.sub(b.mul(spread(b.complexOf(b.zerosLike(turn), turn), v), v), along)
}

const ofFactor = (f: Factor, beside: () => Beside): readonly Contribution[] => {
  const parameter = f.args[0]
  if (parameter === undefined || f.op === 'adjoint') return []
  if (f.op === 'reflect') return [[parameter, () => ofReflection(parameter, beside())]]
  const { angles, negated } = withoutSigns(parameter)
  return [[angles, () => (negated ? b.neg(ofPhase(beside())) : ofPhase(beside()))]]
}

const isLess = (p: Cost, q: Cost): boolean =>
  p.transforms < q.transforms || (p.transforms === q.transforms && p.flops < q.flops)

/**
 * How many of the factors, from the left, have their vectors from y; those behind them have theirs from x. Of equals the most:
 * y is at hand, and x may have to be made again.
 */
const parted = (chain: readonly Factor[], n: number): number => {
  const own = chain.flatMap((f, i) => (f.op === 'phase' || f.op === 'reflect' ? [i] : []))
  const costs = Array.from({ length: own.length + 1 }, (_, k) => {
    const [last, first] = [own[k - 1], own[k]]
    const fromOutput = last === undefined ? [] : chain.slice(0, last)
    const fromInput = first === undefined ? [] : chain.slice(first + 1)
    return chainCost([...fromOutput, ...fromInput], n)
  })
  const best = costs.reduce((found, c, k) => (isLess(required(costs[found], 'a cost'), c) ? found : k), 0)
  return best === 0 ? 0 : required(own[best - 1], 'a factor') + 1
}

/** What y = U x adds to the cotangents of x and of the parameters of U. */
export const chainDerivative = (y: Expr<'apply'>, yAdj: Expr, isKnown: boolean): readonly Contribution[] => {
  const [u, x] = [required(y.args[0], 'an operator'), required(y.args[1], 'a vector')]
  const chain = factors(u)
  const back = (i: number, from: Expr): Expr =>
    applyFactors(chain.slice(0, i).map(adjointFactor).reverse(), from)
  const split = isKnown ? parted(chain, elements(tensorType(y).shape)) : 0
  const own = chain.flatMap((f, i) =>
    ofFactor(f, () =>
      i < split
        ? { side: 'output', p: back(i, y), pAdj: back(i, yAdj), outputAdj: back(i, yAdj) }
        : {
            side: 'input',
            p: applyFactors(chain.slice(i + 1), x),
            pAdj: back(i + 1, yAdj),
            outputAdj: back(i, yAdj),
          },
    ),
  )
  return [...own, [x, () => back(chain.length, yAdj)]]
}
