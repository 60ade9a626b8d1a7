/** Products A x in loops read A^T, made once in front of them: which do, and that they mean the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { constant, type Expr, type Func } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { bodiesOf } from '../../src/ir/print.ts'
import { complex, real, type TensorType, varying } from '../../src/ir/type.ts'
import { optimise } from '../../src/passes/pipeline.ts'
import { transposeMatrices } from '../../src/passes/transposeMatrices.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { agrees, closed, loop } from './engines.ts'
import { keepsOn } from './keeps.ts'
import { count } from './support.ts'

/* Of each step A x[t], and what is made of it; 1/n keeps sums of many entries small. */
const products = (matrix: TensorType, steps: number): Func => {
  const [, n] = matrix.shape as readonly [number, number]
  const entries = matrix.field === 'complex' ? complex(steps, n) : real(steps, n)
  return closed([matrix, varying(entries)], (a, xs) =>
    loop({ invariants: [a!], sequences: [xs!], length: steps }, (A, x) => [
      b.sin(b.matvec(A!, b.times(constant(1 / n, [n]), x!))),
    ]),
  )
}

const inLoops = (f: Func): readonly Expr[] => bodiesOf(f).flatMap(body => postorder(body.results))
const transposed = (f: Func): number =>
  inLoops(transposeMatrices.run(f)).filter(e => e.op === 'transpose').length

test('large real matrices, the same for all examples, of loops with some steps', () => {
  assert.equal(transposed(products(real(64, 70), 16)), 1)
  assert.equal(transposed(products(real(64, 63), 16)), 0)
  assert.equal(transposed(products(real(64, 70), 15)), 0)
  assert.equal(transposed(products(complex(64, 70), 16)), 0)
  assert.equal(transposed(products(varying(real(64, 70)), 16)), 0)
})

test('not those that the loop makes itself', () => {
  const f = closed([real(64, 64), varying(real(16, 64))], (a, xs) =>
    loop(
      { carries: [b.broadcast(b.sum(xs!, 2), [64, 64])], sequences: [xs!], invariants: [a!], length: 16 },
      (A, M, x) => [b.add(M!, A!), b.matvec(M!, x!)],
    ),
  )
  assert.equal(transposed(f), 0)
})

test('are transposed in front of the loop, which then has no other product', () => {
  const f = optimise(products(real(65, 64), 20))
  assert.equal(count(f, 'transpose'), 1)
  assert.deepEqual(
    inLoops(f).filter(e => e.op === 'transpose' || (e.op === 'matvec' && !e.attributes.adjoint)),
    [],
  )
})

test('mean the same', () => {
  for (const f of [products(real(64, 70), 16), products(complex(64, 64), 16)]) keepsOn(f, transposeMatrices)
})

test('mean the same to the engine, of every batch', () =>
  holdsAsync(
    fc.asyncProperty(
      fc
        .tuple(fc.constantFrom(64, 65, 79, 96, 129), fc.constantFrom(64, 71, 80, 128))
        .chain(([m, n]) => runsOf(products(real(m, n), 16))),
      agrees,
    ),
    12,
  ))
