/**
 * Functions made of a function's derivative J, besides the gradient. All are made by the rules of `derivatives.ts`,
 * which say J*: J itself is the adjoint of J*, so that what is linear need not be said twice,
 *
 *     s(w) = Re⟨J* w, v⟩ = Re⟨w, J v⟩    hence    J v = ∂s/∂w,
 *
 * and s is linear in w, so its gradient may be taken at w = 0. Re⟨a, b⟩ = Re Σ conj(a) b: a complex number counts as
 * two real ones, and J is linear over the reals only (the derivative of |z| is no complex-linear map).
 */
import * as E from 'fp-ts/lib/Either.js'
import { add, batchSum, dot, re, zerosLike } from '../ir/build.ts'
import { argument, constant, type Expr, type Func, func, type Param, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { rateOf, showType } from '../ir/type.ts'
import { substitute } from '../ir/walk.ts'
import { dependents } from './bound.ts'
import { type Cotangents, cotangentsOf, differentiable, gradient, realScalar } from './differentiate.ts'
import { type GradientError, refused } from './gradientError.ts'
import { prune } from './prune.ts'

/** Re Σ conj(a) b, over the examples, too. */
const inner = (a: Expr, b: Expr): Expr => {
  const product = dot(a, b)
  const real = tensorType(product).field === 'complex' ? re(product) : product
  return rateOf(real.type) === 'varying' ? batchSum(real) : real
}

const total = (terms: readonly Expr[]): Expr => (terms.length === 0 ? constant(0) : terms.reduce(add))

/** Parameters for directions, behind the function's own. */
const directions = (
  f: Func,
  wrt: readonly number[],
): { readonly params: readonly Param[]; readonly terms: readonly Expr[] } => {
  const params = wrt.map(i => {
    const { name, type } = required(f.params[i], 'a parameter')
    return { name: `${name}_tangent`, type }
  })
  return { params, terms: params.map(({ type }, k) => argument(f.params.length + k, type)) }
}

/**
 * Forward mode: the results of `f` and how they change as its parameters do. The function takes the parameters of
 * `f`, then a direction v for each parameter at the positions `wrt`, of that parameter's type and called after it
 * with `_tangent`; it gives the results of `f`, then J v for each result that is no index, of the result's type
 * (uniform where it is the same for all examples). Directions are real-linear: that of a complex parameter is the
 * complex number it moves by. Refused, with a `GradientError`, are positions without a parameter, and indices.
 */
export const jvp = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> => {
  const wanted = differentiable(f, wrt)
  if (E.isLeft(wanted)) return wanted
  const { params, terms } = directions(f, wrt)
  const roots = f.results.filter(r => tensorType(r).field !== 'index')
  const first = f.params.length + params.length
  const weights = roots.map((r, k) => argument(first + k, tensorType(r)))
  const pulled = cotangentsOf(roots, weights, wanted.right, f.results)
  if (E.isLeft(pulled)) return pulled
  const { values, cotangents } = pulled.right
  const s = total(cotangents.map((c, k) => inner(c, required(terms[k], 'a direction'))))
  const pushed = cotangentsOf([s], [constant(1)], weights, [])
  if (E.isLeft(pushed)) return pushed
  const all = [
    ...f.params,
    ...params,
    ...weights.map((w, k) => ({ name: `weight${k}`, type: tensorType(w) })),
  ]
  // What is linear in the weights does not read them, but for loops' operands that nobody reads.
  const live = prune.run(func(all, [...values, ...pushed.right.cotangents])).results
  const args = all.map((p, i) =>
    i < first ? argument(i, p.type) : zerosLike(required(weights[i - first], 'w')),
  )
  return E.right(func([...f.params, ...params], substitute(live, args)))
}

/**
 * The Hessian's product with a direction: how the gradient of the first result of `f`, a real scalar, changes along
 * v. Parameters are those of `jvp`; results are H v for each parameter at the positions `wrt`, ∂/∂Re + i ∂/∂Im like
 * the gradient's. H is symmetric, Re⟨u, H v⟩ = Re⟨H u, v⟩, so H v is the gradient of Re⟨∇L, v⟩, and no
 * forward mode is needed. Refused is what `gradient` refuses.
 */
export const hessianVectorProduct = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> => {
  const first = gradient(f, wrt)
  if (E.isLeft(first)) return first
  const { params, terms } = directions(f, wrt)
  const along = total(first.right.results.map((g, k) => inner(g, required(terms[k], 'a direction'))))
  return gradient(func([...f.params, ...params], [along]), wrt)
}

/**
 * The gradient of each example's own loss. The first result of `f` must be a real scalar that varies, the loss of one
 * example, and no sum over examples may be on the way to it. Results, on the parameters of `f`: that loss, then its
 * gradient by each parameter at the positions `wrt`, varying (one for each example) also for parameters that are the
 * same for all; summed over the examples, these are `gradient`'s. Uniform where it is the same for all examples.
 */
export const perExample = (f: Func, wrt: readonly number[]): E.Either<GradientError, Func> => {
  const value = realScalar(f)
  if (E.isLeft(value)) return value
  const wanted = differentiable(f, wrt)
  if (E.isLeft(wanted)) return wanted
  if (rateOf(value.right.type) === 'uniform')
    return refused(
      `only what varies has a gradient for each example; the first result is ${showType(value.right.type)}: leave out the sum over the examples`,
    )
  const active = dependents([value.right], wanted.right)
  if (postorder([value.right]).some(e => e.op === 'batchSum' && active.has(e)))
    return refused(
      'an example’s loss depends on the other examples, by a sum over them (batchSum): it has no gradient of its own',
    )
  return E.map(({ values, cotangents }: Cotangents) => func(f.params, [...values, ...cotangents]))(
    cotangentsOf([value.right], [constant(1)], wanted.right, [value.right], true),
  )
}
