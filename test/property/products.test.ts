/** Products with matrices of sizes at which the engine's loops change, of every batch. */
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { constant, type Func } from '../../src/ir/expr.ts'
import { complex, real, varying } from '../../src/ir/type.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { agrees, closed, double, givesAlike, isas, loop, single } from './engines.ts'

/* Around what a register, a tile and a panel hold. */
const sizes = fc.constantFrom(1, 3, 7, 8, 9, 12, 23, 24, 25, 33, 63, 64, 65, 127, 129, 260)
const few = fc.constantFrom(1, 2, 3, 6, 7, 9, 16, 17, 40)

const holdsFor = (make: (rows: number, columns: number) => Func, runs = 25): Promise<void> =>
  holdsAsync(
    fc.asyncProperty(
      fc.tuple(sizes, sizes).chain(([m, n]) => runsOf(make(m, n))),
      agrees,
    ),
    runs,
  )

const productsOf = (m: number, n: number): Func =>
  closed([real(m, n), varying(real(m)), varying(real(n))], (a, y, x) => [
    b.matvec(a!, x!),
    b.matvec(a!, y!, true),
  ])

test('of one matrix and a vector of each example', () => holdsFor(productsOf, 40))

test('of one complex matrix', () =>
  holdsFor((m, n) =>
    closed([complex(m, n), varying(complex(m)), varying(complex(n))], (a, y, x) => [
      b.matvec(a!, x!),
      b.matvec(a!, y!, true),
    ]),
  ))

test('give an example what they give it alone', () =>
  holdsAsync(
    fc.asyncProperty(
      fc.tuple(sizes, sizes).chain(([m, n]) => runsOf(productsOf(m, n))),
      async p => {
        for (const isa of isas)
          for (const options of [single, double]) await givesAlike(p, { ...options, isa })
      },
    ),
    25,
  ))

const contraction = (m: number, n: number): Func =>
  closed([varying(real(5, m)), varying(real(5, n))], (x, y) => [b.batchSum(b.contract(x!, y!))])
const outerProducts = (m: number, n: number): Func =>
  closed([varying(real(n)), varying(real(4, m))], (h, xs) => {
    const sum = loop({ carries: [constant(0, [m, n]), h!], sequences: [xs!] }, (A, c, x) => {
      const next = b.sin(b.add(c!, b.broadcast(b.sum(x!), [n])))
      return [b.add(A!, b.outer(x!, next)), next]
    })
    return [b.batchSum(sum[0]!)]
  })

test('of two vectors, summed over steps and examples', async () => {
  for (const make of [contraction, outerProducts])
    await holdsAsync(
      fc.asyncProperty(
        fc.tuple(few, sizes).chain(([m, n]) => runsOf(make(m, n))),
        agrees,
      ),
      20,
    )
})
