/** Unitary expressions as products of factors. */
import { adjoint, apply, neg, permute, phase } from './build.ts'
import type { Expr } from './expr.ts'
import { bug, required } from './invariant.ts'
import { inverse } from './permutation.ts'

/** What a product is made of: phase, reflect, permute, dft, adjoint(dft). */
export type Factor = Expr<'phase' | 'reflect' | 'permute' | 'dft' | 'adjoint'>

/** A factor's adjoint, again a factor: D(θ)^H = D(−θ), R^H = R, Π^H = Π⁻¹, (F^H)^H = F. */
export const adjointFactor = (f: Factor): Factor => {
  switch (f.op) {
    case 'phase':
      return phase(neg(required(f.args[0], 'the angles'))) as Factor
    case 'reflect':
      return f
    case 'permute':
      return permute(inverse(f.attributes.permutation)) as Factor
    case 'dft':
      return adjoint(f) as Factor
    case 'adjoint':
      return f.args[0] as Factor
  }
}

/** The factors of a unitary expression, the one that acts last first; adjoints stand only at dfts. */
export const factors = (unitary: Expr): readonly Factor[] => {
  const result: Factor[] = []
  const rest: { u: Expr; adjointed: boolean }[] = [{ u: unitary, adjointed: false }]
  for (let top = rest.pop(); top !== undefined; top = rest.pop()) {
    const { u, adjointed } = top
    switch (u.op) {
      case 'identity':
        break
      case 'compose': {
        const inOrder = adjointed ? [...u.args].reverse() : u.args
        for (const a of [...inOrder].reverse()) rest.push({ u: a, adjointed })
        break
      }
      case 'adjoint':
        rest.push({ u: required(u.args[0], 'an operand'), adjointed: !adjointed })
        break
      case 'phase':
      case 'reflect':
      case 'permute':
      case 'dft':
        result.push(adjointed ? adjointFactor(u as Factor) : (u as Factor))
        break
      default:
        bug(`${u.op} is no unitary`)
    }
  }
  return result
}

/** The factors applied to x one by one, the last first. */
export const applyFactors = (chain: readonly Factor[], x: Expr): Expr =>
  chain.reduceRight<Expr>((y, f) => apply(f, y), x)
