/** Programs as deep as they are long: no stack overflows, and nothing is done again for each way to a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as b from '../../src/ir/build.ts'
import { argument, constant, type Expr, type Func, func } from '../../src/ir/expr.ts'
import { tensorOf } from '../../src/ir/tensor.ts'
import { real, varying } from '../../src/ir/type.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { joinParts } from '../../src/passes/joinParts.ts'
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
