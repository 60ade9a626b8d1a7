/** Permutations as gathers: entry i of what Π makes of x is x at π(i). */
import { required } from './invariant.ts'

export type Permutation = readonly number[]

/** The permutation that undoes another. */
export const inverse = (π: Permutation): Permutation => {
  const result = new Array<number>(π.length)
  π.forEach((from, to) => {
    result[from] = to
  })
  return result
}

/** That of Π Σ, where Σ acts first: σ(π(i)). */
export const composed = (π: Permutation, σ: Permutation): Permutation =>
  π.map(j => required(σ[j], 'an entry'))

export const isIdentity = (π: Permutation): boolean => π.every((j, i) => i === j)
