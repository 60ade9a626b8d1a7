/** The gradient of a linear op is its Hermitian adjoint: ⟨A x, y⟩ = ⟨x, A^H y⟩. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, type Expr, func, tensorType } from '../../src/ir/expr.ts'
import { complex, index, real, type TensorType, varying, withRate } from '../../src/ir/type.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { runsOf, unitaries } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { closed } from './engines.ts'
import { distance, evaluated, numbers, right } from './support.ts'

const small = fc.integer({ min: 1, max: 4 })

/** Re Σ conj(x) y. */
const inner = (x: Expr, y: Expr): Expr =>
  b.sum(tensorType(x).field === 'complex' ? b.re(b.mul(b.conj(x), y)) : b.mul(x, y))
const paired = (x: Expr, y: Expr): Expr => {
  const value = inner(x, y)
  return tensorType(value).rate === 'varying' ? b.batchSum(value) : value
}
const accumulated = (x: Expr): Expr => {
  const z = varying(complex(3))
  const body = closed([z, z], (h, e) => [
    b.add(b.apply(b.permute([2, 0, 1]), h!), e!),
    b.mul(h!, complexConstant(0, 1, [3])),
  ])
  const loop = b.scan([complexConstant(0, 0, [3]), x], {
    body,
    length: 4,
    reverse: true,
    invariants: 0,
    carries: 1,
  })
  return b.concat(b.broadcast(b.get(loop, 0), [1, 3]), b.get(loop, 1))
}

/** Maps that are linear in their first operand. */
const linear: readonly (readonly [string, readonly TensorType[], (...args: Expr[]) => Expr])[] = [
  ['neg', [complex(3)], x => b.neg(x!)],
  ['conj', [complex(3)], x => b.conj(x!)],
  ['re', [complex(3)], x => b.re(x!)],
  ['im', [complex(3)], x => b.im(x!)],
  ['add', [complex(3)], x => b.add(x!, b.conj(x!))],
  ['sub', [complex(3)], x => b.sub(b.conj(x!), x!)],
  ['complex', [real(3)], x => b.complexOf(x!, x!)],
  ['mul', [complex(3), complex(3)], (x, w) => b.mul(w!, x!)],
  ['div', [complex(3), complex(3)], (x, w) => b.div(x!, b.add(w!, b.constantLike(w!, 2)))],
  ['scale', [complex(3), real(3)], (x, r) => b.scale(r!, x!)],
  ['scale by', [real(3), complex(3)], (x, z) => b.scale(x!, z!)],
  ['sum', [complex(2, 3, 2)], x => b.sum(x!, 2)],
  ['broadcast', [complex(2)], x => b.broadcast(x!, [3, 4, 2])],
  ['dot', [complex(3), complex(3)], (x, w) => b.dot(w!, x!)],
  ['dot, antilinear', [complex(3), complex(3)], (x, w) => b.dot(x!, w!)],
  ['matvec', [complex(3), complex(2, 3)], (x, a) => b.matvec(a!, x!)],
  ['matvec, adjoint', [complex(2), complex(2, 3)], (x, a) => b.matvec(a!, x!, true)],
  ['matvec by matrix', [complex(2, 3), complex(3)], (a, x) => b.matvec(a!, x!)],
  ['contract', [complex(4, 2), complex(4, 3)], (x, w) => b.contract(x!, w!)],
  ['contract, antilinear', [complex(4, 2), complex(4, 3)], (x, w) => b.contract(w!, x!)],
  ['outer', [complex(2), complex(3)], (x, w) => b.outer(x!, w!)],
  ['outer, antilinear', [complex(2), complex(3)], (x, w) => b.outer(w!, x!)],
  ['concat', [real(2), real(3)], x => b.concat(x!, x!)],
  ['slice', [complex(5, 2)], x => b.slice(x!, 1, 3)],
  ['pad', [complex(3, 2)], x => b.pad(x!, 1, 2)],
  ['take', [complex(4, 2), index(4)], (x, i) => b.take(x!, i!)],
  ['put', [complex(2), index(4)], (x, i) => b.put(x!, i!, 5)],
  ['scan', [complex(4, 3)], x => accumulated(x!)],
]

test('⟨A x, y⟩ = ⟨x, A^H y⟩ for every linear op', () => {
  for (const rate of ['uniform', 'varying'] as const)
    for (const [name, types, make] of linear) {
      const given = types.map(t => withRate(t, rate))
      const image = tensorType(closed(given, (...args) => [make(...args)]).results[0]!)
      const f = closed([...given, image], (...args) => [paired(args.at(-1)!, make(...args.slice(0, -1)))])
      const both = func(f.params, right(valueAndGradient(f, [0])).results)
      holds(
        fc.property(runsOf(both, { batch: small }), p => {
          const [value, adjoint] = evaluated(p)
          const x = numbers(p.inputs[0]!)
          const product = numbers(adjoint!).reduce((sum, a, i) => sum + a * x[i]!, 0)
          const due = numbers(value!)[0]!
          assert.ok(Math.abs(product - due) < 1e-11 * (1 + Math.abs(due)), `${name}, ${rate}`)
        }),
        10,
      )
    }
})

test('⟨Σ x, y⟩ = ⟨x, Σ^H y⟩ for the sum over the examples', () => {
  const f = closed([varying(complex(3)), complex(3)], (x, y) => [inner(y!, b.batchSum(x!))])
  const g = right(valueAndGradient(f, [0]))
  holds(
    fc.property(runsOf(g), p => {
      const [value, adjoint] = evaluated(p).map(numbers)
      const x = numbers(p.inputs[0]!)
      const product = x.reduce((sum, a, i) => sum + a * adjoint![i % adjoint!.length]!, 0)
      return Math.abs(product - value![0]!) < 1e-12 * (1 + Math.abs(product))
    }),
    20,
  )
})

test('⟨U x, y⟩ = ⟨x, U^H y⟩ for generated unitary operators', () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constantFrom(97, 128))
  const drawn = sizes.chain(n => {
    const params = [varying(complex(n)), varying(complex(n)), real(n)].map((type, i) => ({
      name: 'xyθ'[i]!,
      type,
    }))
    return unitaries(params.slice(1), n, 'varying', { loops: 0 }).chain(u => {
      // The operator is made over the last two parameters, at positions 0 and 1: so x comes last here.
      const own = [...params.slice(1), params[0]!]
      const [y, x] = [argument(0, own[0]!.type), argument(2, own[2]!.type)]
      const f = func(own, [paired(y, b.apply(u, x))])
      return runsOf(func(own, [...right(valueAndGradient(f, [2])).results, b.apply(b.adjoint(u), y)]), {
        batch: small,
      })
    })
  })
  holds(
    fc.property(drawn, p => {
      const [value, gradient, image] = evaluated(p).map(numbers)
      const x = numbers(p.inputs[2]!)
      const product = gradient!.reduce((sum, a, i) => sum + a * x[i]!, 0)
      return (
        Math.abs(product - value![0]!) < 1e-11 * (1 + Math.abs(product)) &&
        distance([gradient!], [image!]) < 1e-12
      )
    }),
    100,
  )
})
