/** Programs as deep as they are long: no stack overflows, and nothing is done again for each way to a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from '../../src/backend/native/compile.ts'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, constant, type Expr, type Func, func, node } from '../../src/ir/expr.ts'
import { tensorOf } from '../../src/ir/tensor.ts'
import { complex, real, type TensorType, varying } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import { advanceProducts } from '../../src/passes/advanceProducts.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { hoistProducts } from '../../src/passes/hoistProducts.ts'
import { joinParts } from '../../src/passes/joinParts.ts'
import type { Pass } from '../../src/passes/pass.ts'
import { sinkBatchSums } from '../../src/passes/sinkBatchSums.ts'
import { sinkPermutations } from '../../src/passes/sinkPermutations.ts'
import { closed, loop } from '../property/engines.ts'
import { distance, evaluated, numbers, right, runNative } from '../property/support.ts'

const size = 6
const x = argument(0, varying(real(size)))
const of = (result: Expr): Func => func([{ name: 'x', type: varying(real(size)) }], [result])

/** f(f(… f(x))), `times` times. */
const repeated = (f: (y: Expr, k: number) => Expr, from: Expr, times: number): Expr =>
  Array.from({ length: times }, (_, k) => k).reduce(f, from)

const chain = (length: number): Expr => repeated(y => b.tanh(b.add(y, x)), x, length)
const multiple = (k: number): Expr => b.mul(x, constant(k, [size]))
const filledUp = (k: number): Expr =>
  b.pad(b.slice(multiple(k / 100), k % size, 1), k % size, size - 1 - (k % size))
const half = (y: Expr): [Expr, Expr] => [b.slice(y, 0, size / 2), b.slice(y, size / 2, size / 2)]

/** The program gives on the engine what it means. */
const agrees = async (f: Func): Promise<void> => {
  const tensor = tensorOf({ field: 'real', shape: [size] }, Float64Array.of(0.3, -0.2, 0.7, 0.1, -0.5, 0.4))
  const p = { func: f, inputs: [{ rate: 'varying', tensors: [tensor] }] as const, batch: 1 }
  assert.ok(distance(await runNative(p), evaluated(p).map(numbers)) < 1e-9, 'the engine agrees')
}

const programs: Readonly<Record<string, Expr>> = {
  'a chain of pointwise ops': chain(500),
  'a sum of many terms': repeated((y, k) => b.add(y, b.sin(multiple(k / 500))), x, 300),
  'a sum of parts filled up with zeros': repeated((y, k) => b.add(y, filledUp(k)), x, 300),
  // Each of these reads what is before it twice, and all of them the number.
  'a vector of a number, squared again and again': repeated(
    y => b.mul(b.add(b.mul(y, y), y), constant(0.5, [size])),
    b.mul(b.broadcast(b.dot(x, x), [size]), multiple(0.1)),
    60,
  ),
  'parts of a vector, again and again': repeated(
    y => {
      const [u, v] = half(y)
      return b.concat(b.tanh(b.add(u, half(x)[0])), b.sin(b.sub(v, u)))
    },
    x,
    100,
  ),
}

for (const [name, y] of Object.entries(programs))
  test(`${name}, and its gradient`, async () => {
    const f = of(b.batchSum(b.sum(b.tanh(y))))
    await agrees(f)
    await agrees(right(valueAndGradient(f, [0])))
  })

test('a chain of three thousand pointwise ops', () => agrees(of(chain(3000))))

test('parts are joined in a sum of ten thousand terms', () => {
  const [u, v] = half(x)
  const sum = repeated(
    (y, k) => b.add(y, multiple(k)),
    b.add(b.pad(u, 0, size / 2), b.pad(v, size / 2, 0)),
    10_000,
  )
  const joined = joinParts.run(of(sum)).results[0]!
  assert.equal(joined.args[1], b.concat(u, v), 'the parts')
})

const z = varying(complex(size))

/** A loop over two steps whose next state is made of an invariant, the state and an entry. */
const looped = (type: TensorType, next: (w: Expr, h: Expr, x: Expr) => Expr): Func =>
  closed([{ ...type, rate: 'uniform' }, type, { ...type, shape: [2, size] }], (w, h, xs) =>
    loop({ invariants: [w!], carries: [h!], sequences: [xs!], length: 2 }, (w, h, x) => [next(w!, h!, x!)]),
  )
const doubled = (y: Expr, times: number): Expr => repeated(e => b.add(e, e), y, times)
const spread = (s: Expr): Expr => b.broadcast(s, [size])
const F = node('dft', [], { size })

/* What each of these passes looks for is behind sums, and what it finds there is shared, or far. */
const searched: readonly (readonly [Pass, (times: number, deep: boolean) => Func])[] = [
  [
    hoistProducts,
    (times, deep) =>
      looped(varying(real(size)), (_w, h, x) =>
        deep
          ? repeated((y, k) => b.add(y, b.mul(x, constant(k, [size]))), h, times)
          : doubled(b.add(h, x), times),
      ),
  ],
  [
    advanceProducts,
    (times, deep) =>
      looped(z, (w, h, x) => {
        const made = b.apply(F, b.add(h, x))
        const term = (k: number): Expr => b.mul(w, complexConstant(k, 0, [size]))
        const y = deep
          ? repeated((e, k) => b.add(e, b.mul(spread(b.dot(x, h)), term(k))), made, times)
          : doubled(made, times)
        return b.add(x, spread(b.dot(w, y)))
      }),
  ],
  [
    advanceProducts,
    (times, deep) =>
      looped(z, (w, h, x) => {
        const s = b.dot(h, x)
        return b.mul(
          spread(
            deep
              ? repeated((e, k) => b.add(e, b.mul(s, complexConstant(k, 0))), s, times)
              : doubled(s, times),
          ),
          w,
        )
      }),
  ],
  [
    sinkBatchSums,
    (times, deep) => {
      const [last] = loop({ carries: [x], length: 2 }, h => [b.sin(h!)])
      return of(
        b.batchSum(deep ? repeated((y, k) => b.add(y, multiple(k)), last!, times) : doubled(last!, times)),
      )
    },
  ],
  [
    sinkPermutations,
    (times, deep) => {
      const y = b.toComplex(x)
      const turned = deep
        ? repeated((e, k) => b.mul(e, b.add(y, complexConstant(k, 0, [size]))), y, times)
        : doubled(y, times)
      return of(b.apply(b.permute([1, 2, 3, 4, 5, 0]), turned))
    },
  ],
]
for (const [pass, make] of searched)
  test(`${pass.name} goes through sums of any length, and through what is shared once`, () => {
    for (const f of [make(10_000, true), make(60, false)]) right(verify(pass.run(f)))
  })

test('parts are joined, and signs taken off, one after the other', () => {
  const f = of(repeated(y => b.concat(y, b.sin(x)), b.sin(x), 6000))
  right(compile({ func: f, updates: [] }, { passes: [] }))
  const views = of(
    b.sum(
      b.reshape(
        repeated((y, k) => b.reshape(y, k % 2 === 0 ? [1, size] : [size]), b.sin(x), 10_000),
        [size],
      ),
    ),
  )
  right(compile({ func: views, updates: [] }, { passes: [] }))
  const angles = repeated(b.neg, x, 10_000)
  right(valueAndGradient(of(b.sum(b.abs(b.apply(b.phase(angles), b.toComplex(x))))), [0]))
})
