/**
 * A product with a matrix of few columns, the same for all examples, becomes pointwise: A x = Σ_k A e_k x_k. The
 * columns are loop invariants, so what is left in a loop joins the pointwise ops around it, and the gradient of A
 * is summed by columns, also pointwise.
 */
import * as b from '../ir/build.ts'
import { constant, type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { everywhere } from '../ir/walk.ts'
import { changed, type Pass, silent } from './pass.ts'

const mostColumns = 4

/** e_k. */
const unit = (k: number, n: number): Expr =>
  n === 1 ? constant(1, [1]) : b.pad(constant(1, [1]), k, n - 1 - k)

const narrowed = (e: Expr): Expr => {
  if (e.op !== 'matvec' || e.attributes.adjoint) return e
  const [a, x] = [required(e.args[0], 'a matrix'), required(e.args[1], 'a vector')]
  const [, n] = tensorType(a).shape as readonly [number, number]
  if (n > mostColumns || tensorType(a).rate === 'varying' || tensorType(x).rate === 'uniform') return e
  const isComplex = tensorType(a).field === 'complex'
  const onlyReal = x.op === 'complex' && b.isZero(required(x.args[1], 'an imaginary part'))
  const entries = onlyReal ? required(x.args[0], 'a real part') : x
  const terms = Array.from({ length: n }, (_, k) => {
    const column = b.matvec(a, isComplex ? b.toComplex(unit(k, n)) : unit(k, n))
    const entry = b.broadcast(b.sum(b.slice(entries, k, 1)), tensorType(e).shape)
    return isComplex && onlyReal ? b.scale(entry, column) : b.mul(entry, column)
  })
  return terms.reduce(b.add)
}

export const narrowProducts: Pass = {
  name: 'narrowProducts',
  summary: 'products with matrices of few columns become pointwise',
  run: (f, tell = silent) => everywhere(f, e => changed(e, narrowed(e), 'A x = Σ_k A e_k x_k', tell)),
}
