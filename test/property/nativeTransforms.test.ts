/** The native engine gives what the reference evaluator gives: transforms and permutations of every size. */
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { complexConstant, constant, type Func, node } from '../../src/ir/expr.ts'
import { complex, type Rate, real, varying, withRate } from '../../src/ir/type.ts'
import { runsOf } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { agreeing, agrees, closed, loop } from './engines.ts'
import { withGradient } from './support.ts'

test('the transform of a repeated scalar leaves what makes that scalar alone', async () => {
  const F = node('dft', [], { size: 31 })
  const f = closed([varying(complex(31))], x => {
    const scalar = b.exp(b.scale(constant(1 / 31), b.sum(x!)))
    return [b.apply(F, b.broadcast(scalar, [31])), b.abs(scalar)]
  })
  await agreeing(f)
})

const sizes = [...Array.from({ length: 64 }, (_, i) => i + 1), 97, 127, 128, 509, 512, 1009]
test('transforms of every size, in loops, both ways, with gradients', async () => {
  const product = (n: number, rate: Rate): Func =>
    closed([withRate(complex(n), rate), real(n), complex(n)], (x, θ, v) => {
      const F = node('dft', [], { size: n })
      const u = b.compose([b.phase(θ!), b.adjoint(F), b.reflect(v!), F])
      return [
        b.apply(F, x!),
        ...loop({ carries: [x!], length: 3 }, h => [b.apply(b.adjoint(F), h!)], rate),
        b.apply(u, x!),
      ]
    })
  for (const n of sizes)
    for (const rate of ['varying', 'uniform'] as const) {
      const plain = runsOf(product(n, rate), { batch: fc.constantFrom(1, 5, 9) })
      await holdsAsync(fc.asyncProperty(plain, agrees), 1)
      if (n < 100)
        await holdsAsync(
          fc.asyncProperty(plain, p => agrees(withGradient(p))),
          1,
        )
    }
})

test('what is read through a permutation, where vectors are larger than the second-level cache', async () => {
  // 7 generates all places: n is no multiple of it. Of 9001 the last columns of a map are single elements.
  const through = (n: number) =>
    node('permute', [], { permutation: Array.from({ length: n }, (_, i) => (7 * i + 5) % n) })
  const mapped = closed([varying(complex(9001)), complex(9001)], (x, y) => [
    b.mul(b.apply(through(9001), x!), b.apply(b.adjoint(through(9001)), b.mul(x!, y!))),
  ])
  const transformed = closed([varying(complex(9000))], x => {
    const F = node('dft', [], { size: 9000 })
    return [b.mul(b.apply(b.compose([F, through(9000)]), x!), b.apply(through(9000), x!))]
  })
  for (const f of [mapped, transformed])
    await holdsAsync(fc.asyncProperty(runsOf(f, { batch: fc.constantFrom(3, 9) }), agrees), 1)
})

test('transforms whose leaves write past the caches', async () => {
  const n = 2 ** 15
  const F = node('dft', [], { size: n })
  const f = closed([varying(complex(n))], x => [b.apply(b.adjoint(F), b.mul(x!, b.apply(F, x!)))])
  await holdsAsync(fc.asyncProperty(runsOf(f, { batch: fc.constant(9) }), agrees), 1)
})

test('of a vector that is nowhere in memory, for a number', async () => {
  for (const n of [3, 8, 37, 1024])
    await agreeing(
      closed([varying(complex())], s => {
        const F = node('dft', [], { size: n })
        const filled = b.mul(b.broadcast(s!, [n]), complexConstant(0.5, 0.25, [n]))
        return [b.scale(constant(1 / n), b.dot(complexConstant(0.5, 0.5, [n]), b.apply(F, filled)))]
      }),
      2,
    )
})
