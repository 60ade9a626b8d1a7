/** The native engine gives what the reference evaluator gives, however it is run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { opNames } from '../../src/ir/attributes.ts'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, constant, type Expr, func, node } from '../../src/ir/expr.ts'
import type { Op } from '../../src/ir/ops.ts'
import { tensorOf, type Value } from '../../src/ir/tensor.ts'
import { complex, index, real, reals, type TensorType, varying } from '../../src/ir/type.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { type Program, programs } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import { agreeing, agrees, closed, double, givesAlike, loop, single } from './engines.ts'
import {
  count,
  dataOf,
  distance,
  native,
  nodesOf,
  right,
  runNative,
  started,
  trainable,
  withGradient,
} from './support.ts'

const v3 = varying(real(3))
const z3 = varying(complex(3))
const z43 = varying(complex(4, 3))

test('on programs, all ops among them', async () => {
  const reached = new Set<Op>()
  await holdsAsync(
    fc.asyncProperty(programs(), p => {
      for (const e of nodesOf(p.func)) reached.add(e.op)
      return agrees(p)
    }),
    250,
  )
  assert.deepEqual(
    opNames.filter(op => !reached.has(op)),
    [],
  )
})

test('on values with their gradients', () =>
  holdsAsync(
    fc.asyncProperty(programs({ differentiable: true }), p => agrees(withGradient(p))),
    80,
  ))

test('on gradients of gradients', () =>
  holdsAsync(
    fc.asyncProperty(programs({ differentiable: true, depth: 2, loops: 1 }), p =>
      agrees(withGradient(withGradient(p))),
    ),
    30,
  ))

/* Blocks of sixteen are made of more than twenty examples only, and have lanes left over from twenty-five on. */
const large = fc.integer({ min: 21, max: 40 })

const sumsExamples = (p: Program): boolean => count(p.func, 'batchSum') + count(p.func, 'batchSize') > 0

test('on batches with full blocks of the longest vectors, each example as it goes alone', () =>
  holdsAsync(
    fc.asyncProperty(programs({ batch: large }), async p => {
      if (sumsExamples(p)) return // of more examples than the tolerance is made for
      await agrees(p)
      await givesAlike(p, single)
    }),
    30,
  ))

test('a batch is so many runs of one example', () =>
  holdsAsync(
    fc.asyncProperty(programs(), async p => {
      if (sumsExamples(p)) return
      for (const options of [double, single]) await givesAlike(p, options)
    }),
    80,
  ))

// In single precision the last one to four examples of a batch have two elements to a vector, or on AVX-512 four, where the last
// one to eight have two.
test('a batch is so many runs of one example, also of inner products, and of sizes that caches tell apart', async () => {
  const numbers = (type: TensorType, batch: number, seed: number): Value => ({
    rate: 'varying',
    tensors: Array.from({ length: batch }, (_, i) =>
      tensorOf(
        type,
        Float64Array.from({ length: reals(type) }, (_, j) => Math.sin(seed + i + 37 * i * j + j)),
      ),
    ),
  })
  const alike = async (
    n: number,
    make: (x: Expr, y: Expr) => readonly Expr[],
    types: readonly TensorType[],
  ) => {
    const func = closed(types, (x, y) => make(x!, y!))
    for (const batch of [2, 5, 9, 27])
      await givesAlike({ func, inputs: types.map((t, k) => numbers(t, batch, n + k)), batch }, single)
  }
  for (const n of [8, 11, 12, 16, 27]) {
    const x = varying(real(n))
    await alike(n, (p, q) => [b.dot(p, q), b.dot(p, b.neg(q)), b.dot(b.add(p, q), b.mul(p, q))], [x, x])
    const z = varying(complex(n))
    await alike(n, (p, q) => [b.dot(p, q), b.dot(b.conj(p), b.mul(p, q)), b.neg(b.mul(p, q))], [z, z])
    // Beside a 0, whose root is none of the many that are computed together.
    await alike(n, p => [b.sqrt(b.pad(b.slice(p, 0, 5), 0, n - 5))], [z])
  }
  await alike(3, (p, q) => [b.contract(p, q)], [varying(real(70, 3)), varying(real(70, 2))])
  for (const n of [16, 60, 512, 1024]) {
    const z = varying(complex(n))
    const F = node('dft', [], { size: n })
    await alike(
      n,
      (p, q) => {
        const product = b.mul(p, q)
        const y = b.apply(F, product)
        return [b.dot(q, product), y, b.dot(y, p)]
      },
      [z, z],
    )
  }
})

test('parameters that results update go the same way over several runs', () =>
  holdsAsync(
    fc.asyncProperty(programs({ differentiable: true, depth: 2 }), async p => {
      const g = withGradient(p)
      const stepped = trainable(p.func).flatMap((param, k) => {
        const { type } = p.func.params[param]!
        if (type.rate === 'varying') return []
        const value = argument(param, type)
        const by = g.func.results[1 + k]!
        return [{ param, next: b.sub(value, b.times(constant(0.1, type.shape), by)) }]
      })
      const own: Program = {
        ...p,
        func: func(p.func.params, [g.func.results[0]!, ...stepped.map(s => s.next)]),
      }
      const updates = stepped.map(({ param }, k) => ({ result: 1 + k, param }))
      const sessions = [
        started(own, { ...double, threads: 2 }, native(), updates),
        started(own, double, referenceBackend, updates),
      ] as const
      for (let step = 0; step < 4; step++) {
        const [ours, theirs] = [
          right(await sessions[0].run(own.batch, dataOf(own))()),
          right(await sessions[1].run(own.batch, dataOf(own))()),
        ]
        assert.equal(ours.length, 1, 'what is kept is not handed out')
        const kept = sessions.map(s => stepped.map(({ param }) => right(s.read(p.func.params[param]!.name))))
        assert.ok(distance([...ours, ...kept[0]!], [...theirs, ...kept[1]!]) < 1e-10, `after step ${step}`)
      }
    }),
    40,
  ))

test('what nobody reads, and what everybody reads', async () => {
  const unused = closed([z3, z43], (x, xs) => {
    const items = loop({ carries: [x!, x!], sequences: [xs!] }, (h, c, e) => [
      b.add(h!, e!),
      c!,
      b.mul(h!, c!),
    ])
    return [items[0]!]
  })
  const itself = closed([v3, real(3), varying(index(4))], (x, w, i) => {
    const y = b.add(x!, w!)
    const whole = constant(2, [3])
    return [x!, w!, x!, b.slice(x!, 1, 2), b.slice(w!, 0, 1), whole, whole, y, y, b.slice(y, 1, 1), i!]
  })
  const ofLoop = closed([z3], x => {
    const items = loop({ carries: [x!] }, h => [b.neg(h!), h!])
    return [items[1]!, items[1]!, b.slice(items[1]!, 1, 2), items[0]!]
  })
  const nothing = func([], [constant(1), complexConstant(1, -2, [2, 3]), b.batchSize()])
  for (const f of [unused, itself, ofLoop, nothing]) await agreeing(f)
})

test('sums over the examples that feed what varies again, several times', async () => {
  const f = closed([v3, real(3)], (x, w) => {
    const scaled = (sum: Expr): Expr => b.div(sum, b.broadcast(b.batchSize(), [3]))
    const mean = scaled(b.batchSum(b.mul(x!, w!)))
    const centred = b.sub(x!, mean)
    const spread = b.sqrt(b.add(scaled(b.batchSum(b.mul(centred, centred))), constant(1, [3])))
    const normal = b.div(centred, spread)
    const [last] = loop({ carries: [normal], invariants: [spread] }, (u, h) => [b.sin(b.mul(u!, h!))])
    return [mean, spread, normal, b.batchSum(last!), b.mul(last!, b.batchSum(last!))]
  })
  await agreeing(f, 20)
})

test('a scalar and a vector of one entry, in one map', async () => {
  const one = varying(complex(1))
  const f = closed([one], x => {
    const scalar = b.pinv(b.re(b.dot(x!, x!)))
    return [b.scale(b.broadcast(b.mul(constant(2), scalar), [1]), x!), scalar]
  })
  await agreeing(f)
})

test('a vector of one entry, and its sum, which is that entry, are not of one map', async () => {
  const f = closed([varying(real(1)), varying(real(4, 1))], (x, xs) => {
    const y = b.sin(x!)
    const total = b.sum(xs!, 1)
    return [b.add(y, total), b.mul(b.sum(y, 1), b.sum(total, 1))]
  })
  await agreeing(f)
})

test('more in one step than one map holds', async () => {
  const many = closed([v3, real()], (x, w) => {
    const xs = Array.from({ length: 90 }, (_, k) => b.mul(x!, constant(1 + k / 90, [3])))
    const sum = xs.map(e => b.sin(e)).reduce(b.add)
    return [sum, ...xs.slice(0, 40), b.mul(sum, b.broadcast(w!, [3]))]
  })
  const inputs = closed(
    Array.from({ length: 70 }, () => v3),
    (...xs) => [xs.reduce(b.add), xs.reduce(b.mul)],
  )
  for (const f of [many, inputs]) await agreeing(f, 4)
})

test('what nobody else reads is computed over its own elements, not over those of the unit under way', async () => {
  const x = argument(0, varying(real(4)))
  const inner = b.tanh(x)
  const part = b.slice(b.exp(inner), 0, 2)
  const f = func(
    [{ name: 'x', type: varying(real(4)) }],
    [b.mul(part, part), b.sub(b.constantLike(inner, 1), inner)],
  )
  const tensors = [tensorOf(real(4), Float64Array.of(0.1, -0.2, 0.3, 0.4))]
  assert.ok(await agrees({ func: f, batch: 1, inputs: [{ rate: 'varying', tensors }] }))
})

test('the slope of modReLU beside 0 is large, and a number, in single precision, too', async () => {
  const [z, bias] = [argument(0, complex()), argument(1, real())]
  const y = b.modRelu(z, bias, 0)
  const loss = func(
    [
      { name: 'z', type: complex() },
      { name: 'bias', type: real() },
    ],
    [b.add(b.re(y), b.im(y))],
  )
  const f = right(valueAndGradient(loss, [0, 1]))
  for (const size of [1e-3, 1e-12, 1e-15, 1e-18]) {
    const inputs = [
      { rate: 'uniform', tensor: tensorOf(complex(), Float64Array.of(size, 0)) },
      { rate: 'uniform', tensor: tensorOf(real(), Float64Array.of(1e-3)) },
    ] as const
    const [, dz, db] = await runNative({ func: f, batch: 1, inputs }, single)
    // Across z it is (|z| + b)/|z|; along it 1, as a difference of two such.
    const across = 1 + 1e-3 / size
    const near = distance([dz!, db!], [Float64Array.of(1, across), Float64Array.of(1)])
    assert.ok(near < 1e-6 * across, `${size}: ${dz!.join()} and ${db!.join()}`)
  }
})

test('what needs a number waits for the sweep that sums it, though a transform takes that sweep', async () => {
  const n = 16
  const F = node('dft', [], { size: n })
  const types = [real(n, n), varying(real(n)), varying(complex(n))]
  const spread = (number: Expr): Expr => b.broadcast(number, [n])
  const readers: readonly ((d: Expr, s: Expr, c: Expr) => Expr)[] = [
    (d, _s, c) => b.mul(spread(d), c),
    (d, s, c) => b.dot(b.mul(spread(d), c), s),
    (d, s) => b.dot(spread(d), s),
    (d, _s, c) => b.dot(b.mul(spread(d), c), c),
  ]
  for (const reader of readers)
    await agreeing(
      closed(types, (A, x, c) => {
        // Not of pointwise ops alone, so that a sweep of its own is begun.
        const s = b.scale(b.mul(constant(1 / n, [n]), b.matvec(A!, x!)), c!)
        return [b.apply(F, s), reader(b.dot(c!, s), s, c!)]
      }),
      4,
    )
})

test('more ops in one step than one map holds, gathered by what reads them', async () => {
  const power = (x: Expr, k: number): Expr =>
    Array.from({ length: k }, () => x).reduce(b.mul, constant(1, [8]))
  const balanced = (all: readonly Expr[]): Expr =>
    all.length === 1
      ? all[0]!
      : b.add(balanced(all.slice(0, all.length >> 1)), balanced(all.slice(all.length >> 1)))
  const types = [varying(real(8)), varying(real(8)), real(8, 8)]
  const terms = (x: Expr, y: Expr): Expr =>
    b.mul(
      constant(1 / 169, [8]),
      balanced(Array.from({ length: 169 }, (_, k) => b.mul(power(x, k % 13), power(y, Math.floor(k / 13))))),
    )
  const product = closed(types, (x, y, A) => [b.matvec(A!, terms(x!, y!))])
  const transform = closed(types, (x, y) => [
    b.apply(node('dft', [], { size: 8 }), b.complexOf(terms(x!, y!), x!)),
  ])
  for (const f of [product, transform]) await agreeing(f, 2)
})

test('chains longer than a map, with parts that are read again far behind', async () => {
  for (const length of [63, 64, 70, 200]) {
    const f = closed([v3, v3], (x, y) => {
      const all = [x!]
      for (let k = 0; k < length; k++) {
        const last = all.at(-1)!
        all.push(k % 3 === 0 ? b.add(last, k % 7 === 0 ? all[(k * 7919) % all.length]! : y!) : b.sin(last))
      }
      return [all.at(-1)!]
    })
    await agreeing(f)
  }
})

test('what is infinite in the last example is so in sums over the examples, whatever lanes are left over', async () => {
  const each = varying(real(1, 1))
  const func = closed([each, each], (x, y) => [b.batchSum(b.contract(x!, y!))])
  const ofExamples = (batch: number, last: number) => ({
    rate: 'varying' as const,
    tensors: Array.from({ length: batch }, (_, i) =>
      tensorOf(real(1, 1), Float64Array.of(i === batch - 1 ? last : 1)),
    ),
  })
  for (const batch of [1, 2, 3, 5, 9])
    for (const last of [
      [Number.POSITIVE_INFINITY, 1],
      [1, Number.POSITIVE_INFINITY],
    ] as const)
      for (const options of [single, double]) {
        const inputs = last.map(x => ofExamples(batch, x))
        const [sum] = await runNative({ func, inputs, batch }, options)
        assert.deepEqual([...sum!], [Number.POSITIVE_INFINITY], `${batch} examples, ${options.precision}`)
      }
})
