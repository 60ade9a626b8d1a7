import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { evaluate } from '../../src/backend/reference/evaluate.ts'
import * as b from '../../src/ir/build.ts'
import {
  argument,
  complexConstant,
  constant,
  type Expr,
  type Func,
  func,
  node,
  type Param,
  tensorType,
} from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { bodiesOf } from '../../src/ir/print.ts'
import { foldPointwise } from '../../src/ir/scalar.ts'
import { fromNumbers, misfit, sameTensor, type Tensor, tensorOf, type Value } from '../../src/ir/tensor.ts'
import {
  complex,
  type Field,
  index,
  real,
  type TensorType,
  type TupleType,
  tensor,
  varying,
  withRate,
} from '../../src/ir/type.ts'
import { axisLengths, paramLists, programs, runsOf, unitaries } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'

const run = (f: Func, inputs: readonly Value[], batch?: number): readonly Value[] => {
  const results = evaluate(f, inputs, batch === undefined ? {} : { batch })
  return E.isRight(results) ? results.right : assert.fail(results.left.message)
}

const given = (type: TensorType, numbers: readonly number[]): Tensor => {
  const made = fromNumbers(type, numbers)
  return E.isRight(made) ? made.right : assert.fail(made.left)
}
const uniform = (type: TensorType, numbers: readonly number[]): Value => ({
  rate: 'uniform',
  tensor: given(type, numbers),
})

const tensorsOf = (value: Value): readonly Tensor[] =>
  value.rate === 'uniform' ? [value.tensor] : value.tensors
const tensorFor = (value: Value, example: number): Tensor =>
  value.rate === 'uniform' ? value.tensor : (value.tensors[example] ?? assert.fail('an example is missing'))

const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, a) => sum + a * a, 0))
const distance = (x: Float64Array, y: Float64Array): number => norm(x.map((a, i) => a - y[i]!))
const near = (x: Float64Array, y: Float64Array, tolerance = 1e-9): boolean =>
  x.length === y.length && distance(x, y) <= tolerance * (1 + norm(x))

const same = (a: Value, b: Value): boolean =>
  a.rate === b.rate &&
  tensorsOf(a).length === tensorsOf(b).length &&
  tensorsOf(a).every((x, i) => sameTensor(x, tensorsOf(b)[i]!))

test('results are as typed, and finite', () => {
  holds(
    fc.property(programs(), ({ func: f, inputs, batch }) =>
      run(f, inputs, batch).every((value, k) => {
        const type = tensorType(f.results[k]!)
        return (
          value.rate === type.rate &&
          tensorsOf(value).length === (type.rate === 'varying' ? batch : 1) &&
          tensorsOf(value).every(x => misfit(type, x) === undefined && x.data.every(Number.isFinite))
        )
      }),
    ),
    500,
  )
})

const summing = (f: Func): boolean =>
  [f, ...bodiesOf(f)].some(g => postorder(g.results).some(e => e.op === 'batchSum' || e.op === 'batchSize'))

const example = (value: Value, k: number): Value =>
  value.rate === 'uniform' ? value : { rate: 'varying', tensors: [tensorFor(value, k)] }

test('a batch is so many runs of one example', () => {
  holds(
    fc.property(programs(), ({ func: f, inputs, batch }) => {
      fc.pre(!summing(f))
      const whole = run(f, inputs, batch)
      return Array.from({ length: batch }, (_, k) => k).every(k =>
        run(
          f,
          inputs.map(v => example(v, k)),
          1,
        ).every((value, r) => same(value, example(whole[r]!, k))),
      )
    }),
    150,
  )
})

test('batchSum and batchSize see all examples', () => {
  const x = argument(0, varying(real(2)))
  const f = func(
    [{ name: 'x', type: varying(real(2)) }],
    [b.batchSum(x), b.batchSize(), b.batchSum(b.mul(x, x))],
  )
  const tensors = [given(real(2), [1, 2]), given(real(2), [3, 4]), given(real(2), [5, 6])]
  const data = run(f, [{ rate: 'varying', tensors }]).map(v => [...tensorsOf(v)[0]!.data])
  assert.deepEqual(data, [[9, 12], [3], [35, 56]])
})

/** Entry t of a tensor's first axis. */
const entryOf = ({ field, shape, data }: Tensor, t: number): Tensor => {
  const size = data.length / shape[0]!
  return tensorOf({ field, shape: shape.slice(1) }, data.slice(t * size, (t + 1) * size))
}
const mapValue = (value: Value, f: (x: Tensor) => Tensor): Value =>
  value.rate === 'uniform'
    ? { rate: 'uniform', tensor: f(value.tensor) }
    : { rate: 'varying', tensors: value.tensors.map(f) }
const spread = (value: Value, { type }: Param, batch: number): Value =>
  value.rate === 'uniform' && type.rate === 'varying'
    ? { rate: 'varying', tensors: Array.from({ length: batch }, () => value.tensor) }
    : value

/** What a scan's items are by evaluating its body so many times. */
const unrolled = (scan: Expr<'scan'>, args: readonly Value[], batch: number): readonly Value[] => {
  const { body, length, reverse, invariants, carries } = scan.attributes
  const outputs: Value[][] = body.results.slice(carries).map(() => [])
  let carried = args.slice(invariants, invariants + carries)
  for (let k = 0; k < length; k++) {
    const t = reverse ? length - 1 - k : k
    const entries = args.slice(invariants + carries).map(s => mapValue(s, x => entryOf(x, t)))
    const inputs = [...args.slice(0, invariants), ...carried, ...entries]
    const results = run(
      body,
      inputs.map((value, i) => spread(value, body.params[i]!, batch)),
      batch,
    )
    carried = results.slice(0, carries)
    outputs.forEach((entriesSoFar, j) => {
      entriesSoFar[t] = results[carries + j]!
    })
  }
  const stack = (entries: readonly Value[], k: number): Tensor => {
    const parts = entries.map(entry => tensorFor(entry, k))
    const data = Float64Array.from(parts.flatMap(part => [...part.data]))
    return tensorOf({ field: parts[0]!.field, shape: [length, ...parts[0]!.shape] }, data)
  }
  return (scan.type as TupleType).items.map((item, j): Value => {
    const at = (k: number): Tensor =>
      j < carries ? tensorFor(carried[j]!, k) : stack(outputs[j - carries]!, k)
    return item.rate === 'uniform'
      ? { rate: 'uniform', tensor: at(0) }
      : { rate: 'varying', tensors: Array.from({ length: batch }, (_, k) => at(k)) }
  })
}

test('a scan is its body, evaluated once a step', () => {
  let scans = 0
  holds(
    fc.property(programs(), ({ func: f, inputs, batch }) => {
      const found = postorder(f.results).filter((e): e is Expr<'scan'> => e.op === 'scan')
      scans += found.length
      return found.every(scan => {
        const items = (scan.type as TupleType).items.map((_, item) => b.get(scan, item))
        const args = run(func(f.params, scan.args), inputs, batch)
        const folded = run(func(f.params, items), inputs, batch)
        return unrolled(scan, args, batch).every((value, k) => same(value, folded[k]!))
      })
    }),
    300,
  )
  assert.ok(scans > 100, `only ${scans} scans`)
})

const lengths = [...Array.from({ length: 64 }, (_, k) => k + 1), 97, 100, 128, 243, 1000, 1009, 1024]

const naiveDft = (x: Float64Array): Float64Array => {
  const n = x.length / 2
  return Float64Array.from({ length: 2 * n }, (_, at) => {
    const k = at >> 1
    let sum = 0
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n
      const [c, s] = [Math.cos(angle), Math.sin(angle)]
      sum += at % 2 === 0 ? c * x[2 * j]! - s * x[2 * j + 1]! : c * x[2 * j + 1]! + s * x[2 * j]!
    }
    return sum / Math.sqrt(n)
  })
}

test('dft is the sum that defines it', () => {
  for (const n of lengths) {
    const x = argument(0, complex(n))
    const f = func([{ name: 'x', type: complex(n) }], [b.apply(node('dft', [], { size: n }), x)])
    const numbers = Array.from({ length: 2 * n }, (_, i) => Math.sin(i * i + 0.5))
    const [value] = run(f, [uniform(complex(n), numbers)])
    const expected = naiveDft(Float64Array.from(numbers))
    assert.ok(near(tensorsOf(value!)[0]!.data, expected, 1e-12), `n = ${n}`)
  }
})

test('operators keep the norm, and adjoints undo them', () => {
  const drawn = fc.tuple(paramLists(), axisLengths).chain(([params, n]) => {
    const type = varying(complex(n))
    const x = argument(params.length, type)
    return unitaries(params, n, 'varying', { depth: 4 })
      .map(u => {
        const forth = b.apply(u, x)
        return func(
          [...params, { name: 'x', type }],
          [x, forth, b.apply(b.adjoint(u), forth), b.apply(u, b.apply(b.adjoint(u), x))],
        )
      })
      .chain(f => runsOf(f))
  })
  holds(
    fc.property(drawn, ({ func: f, inputs, batch }) => {
      const [x, forth, back, again] = run(f, inputs, batch) as readonly [Value, Value, Value, Value]
      return tensorsOf(x).every(({ data }, k) => {
        const { data: image } = tensorFor(forth, k)
        const kept = Math.abs(norm(image) - norm(data)) <= 1e-11 * norm(data)
        return (
          kept && near(tensorFor(back, k).data, data, 1e-11) && near(tensorFor(again, k).data, data, 1e-11)
        )
      })
    }),
    500,
  )
})

/** Linear maps with their adjoints, from sizes and an index; `more` are operands of either. */
interface LinearMap {
  readonly from: TensorType
  readonly to: TensorType
  readonly more: readonly TensorType[]
  readonly forth: (x: Expr, more: readonly Expr[]) => Expr
  readonly back: (y: Expr, more: readonly Expr[]) => Expr
}

const linearMaps = (
  field: Field,
  m: number,
  n: number,
  permutation: readonly number[],
): Readonly<Record<string, LinearMap>> => {
  const t = (...shape: number[]): TensorType => tensor(field, shape)
  const operators: Readonly<Record<string, LinearMap>> =
    field === 'real'
      ? {}
      : {
          dft: {
            from: t(n),
            to: t(n),
            more: [],
            forth: x => b.apply(node('dft', [], { size: n }), x),
            back: y => b.apply(b.adjoint(node('dft', [], { size: n })), y),
          },
          permute: {
            from: t(n),
            to: t(n),
            more: [],
            forth: x => b.apply(b.permute(permutation), x),
            back: y => b.apply(b.adjoint(b.permute(permutation)), y),
          },
        }
  return {
    ...operators,
    matvec: {
      from: t(n),
      to: t(m),
      more: [t(m, n)],
      forth: (x, [a]) => b.matvec(a!, x),
      back: (y, [a]) => b.matvec(a!, y, true),
    },
    sum: {
      from: t(m, n, 2),
      to: t(2),
      more: [],
      forth: x => b.sum(x, 2),
      back: y => b.broadcast(y, [m, n, 2]),
    },
    slice: {
      from: t(m + n, 2),
      to: t(n, 2),
      more: [],
      forth: x => b.slice(x, m - 1, n),
      back: y => b.pad(y, m - 1, 1),
    },
    take: {
      from: t(m + n, 3),
      to: t(3),
      more: [index(n)],
      forth: (x, [i]) => b.take(x, i!),
      back: (y, [i]) => b.put(y, i!, m + n),
    },
    concat: {
      from: t(m, 2),
      to: t(m + n, 2),
      more: [],
      forth: x => b.concat(x, field === 'complex' ? complexConstant(0, 0, [n, 2]) : constant(0, [n, 2])),
      back: y => b.slice(y, 0, m),
    },
    contract: {
      from: t(3, m),
      to: t(m, n),
      more: [t(3, n)],
      forth: (x, [v]) => b.contract(x, v!),
      back: (y, [v]) =>
        [0, 1, 2]
          .map(k => b.matvec(y, b.sum(b.slice(v!, k, 1), 1)))
          .map(row => b.broadcast(row, [1, m]))
          .reduce(b.concat),
    },
    outer: {
      from: t(m),
      to: t(m, n),
      more: [t(n)],
      forth: (x, [v]) => b.outer(x, v!),
      back: (y, [v]) => b.matvec(y, v!),
    },
  }
}

test('⟨A x, y⟩ = ⟨x, A† y⟩', () => {
  const sizes = fc.tuple(fc.constantFrom<Field>('real', 'complex'), axisLengths, axisLengths)
  const drawn = sizes
    .chain(([field, m, n]) =>
      fc
        .shuffledSubarray(
          Array.from({ length: n }, (_, j) => j),
          { minLength: n },
        )
        .map(permutation => linearMaps(field, m, n, permutation)),
    )
    .chain(maps => fc.constantFrom(...Object.values(maps)))
    .chain(({ from, to, more, forth, back }) => {
      const types = [from, to, ...more].map(type => withRate(type, 'varying'))
      const [x, y, ...others] = types.map((type, i) => argument(i, type)) as [Expr, Expr, ...Expr[]]
      const params = types.map((type, i) => ({ name: `p${i}`, type }))
      return runsOf(func(params, [b.dot(forth(x, others), y), b.dot(x, back(y, others))]), {
        batch: fc.constant(2),
      })
    })
  holds(
    fc.property(drawn, ({ func: f, inputs }) => {
      const [left, right] = run(f, inputs) as readonly [Value, Value]
      return tensorsOf(left).every(({ data }, k) => near(data, tensorFor(right, k).data, 1e-10))
    }),
    400,
  )
})

test('a reflection in nothing is the identity', () => {
  const x = argument(0, complex(2))
  const f = func([{ name: 'x', type: complex(2) }], [b.apply(b.reflect(b.constantLike(x, 0)), x)])
  assert.deepEqual([...tensorsOf(run(f, [uniform(complex(2), [1, 2, 3, 4])])[0]!)[0]!.data], [1, 2, 3, 4])
})

test('bad inputs are named', () => {
  const params = [
    { name: 'w', type: real(2) },
    { name: 'x', type: varying(real(2)) },
    { name: 'i', type: varying(index(3)) },
  ]
  const f = func(params, [argument(1, varying(real(2)))])
  const w = uniform(real(2), [1, 2])
  const vectors = (count: number): Value => ({
    rate: 'varying',
    tensors: Array.from({ length: count }, () => given(real(2), [1, 2])),
  })
  const counts = (...numbers: number[]): Value => ({
    rate: 'varying',
    tensors: numbers.map(i => tensorOf(index(3), Float64Array.of(i))),
  })
  const wide = uniform(real(3), [1, 2, 3])
  const short: Value = { rate: 'uniform', tensor: tensorOf(real(2), new Float64Array(3)) }
  const rows: readonly (readonly [readonly Value[], number | undefined, string])[] = [
    [[w], undefined, 'takes 3 inputs (w, x, i), not 1'],
    [
      [uniform(complex(2), [1, 2, 3, 4]), vectors(1), counts(0)],
      undefined,
      'w holds complex numbers, not real ones',
    ],
    [[wide, vectors(1), counts(0)], undefined, 'w has shape [3], not [2]'],
    [[short, vectors(1), counts(0)], undefined, 'w holds 3 numbers, not 2'],
    [
      [vectors(1), vectors(1), counts(0)],
      undefined,
      'w is uniform: it takes one tensor for all examples, not one for each',
    ],
    [[w, w, counts(0)], undefined, 'x is varying: it takes one tensor for each example, not one for all'],
    [[w, vectors(0), counts()], undefined, 'x has no examples'],
    [[w, vectors(2), counts(0)], undefined, 'i has 1 examples where x has 2'],
    [[w, vectors(2), counts(0, 1)], 3, 'x has 2 examples where the batch is 3'],
    [[w, vectors(2), counts(0, 1)], 0, 'the batch must be a whole number from 1 up, not 0'],
    [
      [w, vectors(2), counts(0, 3)],
      undefined,
      'i counts to 3 at position 0: its indices go from 0 to 2 (example 1)',
    ],
    [
      [w, vectors(1), counts(0.5)],
      undefined,
      'i counts to 0.5 at position 0: its indices go from 0 to 2 (example 0)',
    ],
  ]
  for (const [inputs, batch, message] of rows)
    assert.deepEqual(
      evaluate(f, inputs, batch === undefined ? {} : { batch }),
      E.left({ kind: 'EvaluationError', message }),
    )
})

test('scalar functions at their edges', () => {
  const at = (op: Parameters<typeof foldPointwise>[0], re: number, im = 0): readonly number[] => {
    const z = foldPointwise(op, {}, 'complex', [{ re, im }])
    return [z.re, z.im]
  }
  const on = (op: Parameters<typeof foldPointwise>[0], x: number): number =>
    foldPointwise(op, {}, 'real', [{ re: x, im: 0 }]).re
  assert.deepEqual(at('pinv', 0), [0, 0])
  assert.equal(on('pinv', 0), 0)
  assert.ok(Number.isNaN(on('relu', Number.NaN)))
  assert.equal(on('step', 0), 0)
  assert.equal(on('sigmoid', -1000), 0)
  assert.ok(Number.isNaN(on('sqrt', -1)))
  assert.deepEqual(at('sqrt', -4), [0, 2])
  assert.deepEqual(at('sqrt', -4, -0), [0, -2])
  assert.deepEqual(at('log', -1), [0, Math.PI])
  assert.deepEqual(at('tanh', 1000, 1), [1, 0])
  assert.deepEqual(at('tanh', -1000, 1), [-1, 0])
  assert.ok(Math.abs(at('abs', 3e200, 4e200)[0]! / 5e200 - 1) < 1e-15)
  assert.deepEqual(at('exp', -Infinity), [0, 0])
  const modRelu = (re: number, by: number, epsilon = 0): number =>
    foldPointwise('modRelu', { epsilon }, 'complex', [
      { re, im: 0 },
      { re: by, im: 0 },
    ]).re
  assert.deepEqual(
    [modRelu(0, 1), modRelu(2, -3), modRelu(2, 1), modRelu(-2, 1), modRelu(1, 1, 1)],
    [0, 0, 3, -3, 1],
  )
})

test('complex functions obey their identities', () => {
  const part = fc.double({ min: -3, max: 3, noNaN: true })
  const z = fc.record({ re: part, im: part })
  const of = (op: Parameters<typeof foldPointwise>[0], ...args: readonly { re: number; im: number }[]) =>
    foldPointwise(op, {}, 'complex', args)
  const close = (a: { re: number; im: number }, c: { re: number; im: number }): boolean =>
    Math.hypot(a.re - c.re, a.im - c.im) <= 1e-11 * (1 + Math.hypot(a.re, a.im))
  const one = { re: 1, im: 0 }
  holds(
    fc.property(z, z, (a, c) => {
      fc.pre(
        Math.hypot(a.re, a.im) > 1e-3 &&
          Math.hypot(of('cos', { re: a.im, im: a.re }).re, Math.sinh(a.re)) > 1e-2,
      )
      return (
        close(of('exp', of('log', a)), a) &&
        close(of('mul', of('sqrt', a), of('sqrt', a)), a) &&
        close(of('mul', of('div', c, a), a), c) &&
        close(of('mul', of('pinv', a), a), one) &&
        close(of('add', of('mul', of('sin', a), of('sin', a)), of('mul', of('cos', a), of('cos', a))), one)
      )
    }),
    500,
  )
  holds(
    fc.property(z, a => {
      fc.pre(Math.hypot(Math.sinh(a.re), Math.cos(a.im)) > 0.1)
      const twice = { re: 2 * a.re, im: 2 * a.im }
      const e = of('exp', twice)
      const half = of('div', { re: e.re - 1, im: e.im }, { re: e.re + 1, im: e.im })
      const logistic = of('sub', of('add', of('sigmoid', twice), of('sigmoid', twice)), one)
      return close(of('tanh', a), half) && close(of('tanh', a), logistic)
    }),
    500,
  )
})
