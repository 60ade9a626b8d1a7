/**
 * A product A x in a loop, of a matrix that the loop does not change and that is the same for all examples, reads A^T
 * instead: A x = (A^T)^T x. Entries that are summed at the same time then lie side by side; the transpose is a loop
 * invariant, made once.
 */
import * as b from '../ir/build.ts'
import { type Expr, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { boundIn } from './bound.ts'
import { changed, type Pass, silent, type Tell } from './pass.ts'

/* With fewer rows or columns, or steps, to transpose it is more than what is gained. */
const fewest = 64
const fewestSteps = 16

const isWorthwhile = (a: Expr): boolean => {
  const { field, rate, shape } = tensorType(a)
  return field === 'real' && rate === 'uniform' && Math.min(...shape) >= fewest
}

const inLoop = (e: Expr<'scan'>, tell: Tell): Expr => {
  const { body, invariants, length } = e.attributes
  if (length < fewestSteps) return e
  const bound = boundIn(body, invariants)
  const results = rewrite(body.results, (rebuilt, original) => {
    if (rebuilt.op !== 'matvec' || rebuilt.attributes.adjoint) return rebuilt
    const [a, x] = [required(rebuilt.args[0], 'a matrix'), required(rebuilt.args[1], 'a vector')]
    if (bound.has(required(original.args[0], 'a matrix')) || !isWorthwhile(a)) return rebuilt
    const turned = a.op === 'transpose' ? required(a.args[0], 'a matrix') : b.transpose(a)
    return changed(rebuilt, b.matvec(turned, x, true), 'A x = (A^T)^T x', tell)
  })
  return b.scan(e.args, { ...e.attributes, body: func(body.params, results) })
}

export const transposeMatrices: Pass = {
  name: 'transposeMatrices',
  summary: 'matrices that loops multiply by are transposed in front of them',
  run: (f, tell = silent) =>
    deeply(f, g =>
      func(
        g.params,
        rewrite(g.results, e => (e.op === 'scan' ? inLoop(e as Expr<'scan'>, tell) : e)),
      ),
    ),
}
