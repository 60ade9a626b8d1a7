/** A loss for any program, its gradient, and its slopes. */
import * as E from 'fp-ts/lib/Either.js'
import type { Numbers } from '../backend/backend.ts'
import * as b from '../ir/build.ts'
import { constant, type Expr, type Func, func, tensorType } from '../ir/expr.ts'
import { bug } from '../ir/invariant.ts'
import { elements } from '../ir/type.ts'
import { valueAndGradient } from '../passes/differentiate.ts'
import type { GradientError } from '../passes/gradientError.ts'
import type { Program } from './arbitraries.ts'
import { numbers } from './run.ts'

/** How gradients are taken: `valueAndGradient`, or what is to be verified in its place. */
export type Differentiate = (f: Func, wrt: readonly number[]) => E.Either<GradientError, Func>

const mean = (x: Expr): Expr => {
  const total = b.sum(x)
  return b.mul(constant(1 / elements(tensorType(x).shape)), total)
}
const scalarOf = (x: Expr): Expr => {
  const parts = tensorType(x).field === 'complex' ? [b.re(x), b.im(x)] : [x]
  const terms = parts.map((p, k) => b.add(mean(b.mul(p, p)), b.mul(constant(k + 0.5), mean(p))))
  const total = terms.reduce(b.add)
  return tensorType(total).rate === 'varying' ? b.batchSum(total) : total
}

/** One real number that all results contribute to, with every part of theirs; indices do not. */
export const lossOf = (f: Func): Func => {
  const terms = f.results.filter(r => tensorType(r).field !== 'index').map(scalarOf)
  return func(f.params, [terms.length === 0 ? constant(0) : terms.reduce(b.add)])
}

/** Whether the function is a loss itself: one real number for all examples. */
export const isLoss = (f: Func): boolean => {
  const [only, ...others] = f.results.map(tensorType)
  return (
    only !== undefined &&
    others.length === 0 &&
    only.field === 'real' &&
    only.shape.length === 0 &&
    only.rate === 'uniform'
  )
}

/** The parameters that have gradients, by position. */
export const trainable = (f: Func): readonly number[] =>
  f.params.flatMap(({ type }, i) => (type.field === 'index' ? [] : [i]))

/** The loss of the program with its gradient by every parameter that has one. */
export const withGradient = (p: Program, differentiate: Differentiate = valueAndGradient): Program => {
  const loss = lossOf(p.func)
  const both = differentiate(loss, trainable(loss))
  return E.isRight(both) ? { ...p, func: both.right } : bug(`a loss without a gradient: ${both.left.message}`)
}

/** What the program of `withGradient` gives: the loss, then the gradients, as many numbers as the inputs. */
export const gradients = (p: Program, results: readonly Numbers[]): readonly Numbers[] => [
  results[0]!,
  ...trainable(p.func).map((i, k) => {
    const given = results[1 + k]!
    const due = numbers(p.inputs[i]!).length
    // One that is the same for every example is given once.
    return given.length === due
      ? given
      : Float64Array.from({ length: due }, (_, j) => given[j % given.length]!)
  }),
]
