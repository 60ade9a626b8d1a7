/** The native engine gives what the reference evaluator gives, however it is run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { BackendOptions, Numbers } from '../../src/backend/backend.ts'
import { type Addon, loadAddon } from '../../src/backend/native/addon.ts'
import { load } from '../../src/backend/native/backend.ts'
import { compile } from '../../src/backend/native/compile.ts'
import type { Plan } from '../../src/backend/native/plan.ts'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { opNames } from '../../src/ir/attributes.ts'
import * as b from '../../src/ir/build.ts'
import {
  argument,
  complexConstant,
  constant,
  type Expr,
  type Func,
  func,
  node,
  tensorType,
} from '../../src/ir/expr.ts'
import type { Op } from '../../src/ir/ops.ts'
import { type Tensor, tensorOf, type Value } from '../../src/ir/tensor.ts'
import { complex, index, type Rate, real, type TensorType, varying, withRate } from '../../src/ir/type.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { type Program, programs, runsOf } from '../../src/verify/arbitraries.ts'
import { holdsAsync } from '../seed.ts'
import {
  count,
  dataOf,
  distance,
  evaluated,
  native,
  nodesOf,
  numbers,
  right,
  runNative,
  started,
  trainable,
  withGradient,
  withParameters,
} from './support.ts'

const addon: Addon = E.getOrElse<string, Addon>(why => assert.fail(why))(loadAddon())
const { isa: isas } = addon.features()
const double: BackendOptions = { precision: 'double', threads: 1 }
const single: BackendOptions = { precision: 'single', threads: 1 }

const due = (p: Program): readonly Numbers[] => evaluated(p).map(numbers)
const rounded = (p: Program): Program => {
  const round = (t: Tensor): Tensor => tensorOf(t, t.data.map(Math.fround))
  const inputs = p.inputs.map(
    (v): Value =>
      v.rate === 'uniform' ? { ...v, tensor: round(v.tensor) } : { ...v, tensors: v.tensors.map(round) },
  )
  return { ...p, inputs }
}
/* What rounding the inputs does to the results tells how much the program magnifies what rounding every step does. */
const singleTolerance = (p: Program): number => 1e-5 + 20 * distance(due(rounded(p)), due(p))

const identical = (xs: readonly Numbers[], ys: readonly Numbers[]): boolean =>
  xs.length === ys.length &&
  xs.every((x, k) => x.length === ys[k]!.length && x.every((a, i) => Object.is(a, ys[k]![i])))

const runPlan = async (p: Program, plan: Plan, options: BackendOptions): Promise<readonly Numbers[]> =>
  right(await withParameters(p, right(load(addon, plan, options))).run(p.batch, dataOf(p))())

/** Both precisions, every instruction set, and the same to the last bit on any number of threads. */
const agrees = async (p: Program): Promise<boolean> => {
  const wanted = due(p)
  const near = singleTolerance(p)
  const plan = right(compile({ func: p.func, updates: [] }))
  for (const isa of isas)
    for (const options of [double, single]) {
      const run = (threads: number): Promise<readonly Numbers[]> =>
        runPlan(p, plan, { ...options, isa, threads })
      const one = await run(1)
      const gap = distance(one, wanted)
      const tolerance = options.precision === 'double' ? 1e-12 : near
      assert.ok(gap < tolerance, `${isa}, ${options.precision}: ${gap} apart`)
      for (const threads of [2, 3])
        assert.ok(
          identical(await runNative(p, { ...options, isa, threads }), one),
          `${threads} threads differ`,
        )
    }
  return true
}
const agreeing = (f: Func, runs = 8): Promise<void> => holdsAsync(fc.asyncProperty(runsOf(f), agrees), runs)

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

test('a batch is so many runs of one example', () =>
  holdsAsync(
    fc.asyncProperty(programs(), async p => {
      if (count(p.func, 'batchSum') + count(p.func, 'batchSize') > 0) return
      for (const options of [double, single]) {
        const whole = await runNative(p, options)
        for (let i = 0; i < p.batch; i++) {
          const inputs = p.inputs.map(v => (v.rate === 'uniform' ? v : { ...v, tensors: [v.tensors[i]!] }))
          const alone = await runNative({ ...p, inputs, batch: 1 }, options)
          const part = whole.map((x, k) => {
            const uniform = tensorType(p.func.results[k]!).rate === 'uniform'
            const size = x.length / (uniform ? 1 : p.batch)
            return uniform ? x : x.slice(i * size, (i + 1) * size)
          })
          assert.ok(identical(alone, part), `example ${i}, ${options.precision}`)
        }
      }
    }),
    80,
  ))

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
        assert.ok(distance(ours, theirs) < 1e-10)
        stepped.forEach(({ param }, k) => {
          const { name } = p.func.params[param]!
          assert.ok(identical([right(sessions[0].read(name))], [ours[1 + k]!]), 'the result is the new value')
        })
      }
    }),
    40,
  ))

const closed = (types: readonly TensorType[], make: (...args: Expr[]) => readonly Expr[]): Func =>
  func(
    types.map((type, i) => ({ name: `p${i}`, type })),
    make(...types.map((type, i) => argument(i, type))),
  )
interface LoopParts {
  readonly invariants?: readonly Expr[]
  readonly carries?: readonly Expr[]
  readonly sequences?: readonly Expr[]
  readonly length?: number
  readonly reverse?: boolean
}
/** A loop with all items taken; what the body sees varies if the rate says so. */
const loop = (
  { invariants = [], carries = [], sequences = [], length = 4, reverse = false }: LoopParts,
  step: (...args: Expr[]) => readonly Expr[],
  rate: Rate = 'varying',
): readonly Expr[] => {
  const entry = (e: Expr): TensorType => ({ ...tensorType(e), shape: tensorType(e).shape.slice(1) })
  const types = [
    ...invariants.map(tensorType),
    ...carries.map(e => withRate(tensorType(e), rate)),
    ...sequences.map(entry),
  ]
  const body = closed(types, step)
  const scan = b.scan([...invariants, ...carries, ...sequences], {
    body,
    length,
    reverse,
    invariants: invariants.length,
    carries: carries.length,
  })
  return body.results.map((_, k) => b.get(scan, k))
}

const v3 = varying(real(3))
const z3 = varying(complex(3))
const z43 = varying(complex(4, 3))
const directions = [false, true]

test('carries that change places', async () => {
  for (const reverse of directions) {
    const swap = closed([z3, z3], (x, y) =>
      loop({ carries: [x!, y!], length: 3, reverse }, (h, c) => [c!, h!]),
    )
    const turn = closed([z3, z3, z3, z43], (x, y, z, xs) =>
      loop({ carries: [x!, y!, z!], sequences: [xs!], reverse }, (h, c, k, e) => [c!, k!, b.add(h!, e!), c!]),
    )
    const both = closed([z3, z3], (x, y) =>
      loop({ carries: [x!, y!], reverse }, (h, c) => [c!, h!, h!, c!, b.mul(h!, c!)]),
    )
    for (const f of [swap, turn, both]) await agreeing(f)
  }
})

test('carries that are parts of one another, or of themselves', async () => {
  for (const reverse of directions) {
    const parts = closed([varying(real(6)), v3], (x, y) =>
      loop({ carries: [x!, y!], reverse }, (h, c) => [
        b.concat(c!, b.slice(h!, 0, 3)),
        b.slice(h!, 2, 3),
        b.slice(h!, 1, 2),
      ]),
    )
    const rolled = closed([varying(real(6))], x =>
      loop({ carries: [x!], length: 5, reverse }, h => [b.concat(b.slice(h!, 1, 5), b.slice(h!, 0, 1))]),
    )
    const reread = closed([v3, v3], (x, y) =>
      loop({ carries: [x!, y!], reverse }, (h, c) => {
        const next = b.sin(b.add(h!, c!))
        return [next, b.mul(b.broadcast(b.sum(h!), [3]), next)]
      }),
    )
    for (const f of [parts, rolled, reread]) await agreeing(f)
  }
})

test('carries that are stacked, before and after their step', async () => {
  for (const reverse of directions) {
    const history = closed([z3, z43], (x, xs) =>
      loop({ carries: [x!], sequences: [xs!], reverse }, (h, e) => {
        const next = b.sin(b.scale(constant(0.5, [3]), b.add(h!, e!)))
        return [next, h!, next, h!, e!]
      }),
    )
    const parts = closed([z3, z43], (x, xs) =>
      loop({ carries: [x!], sequences: [xs!], reverse }, (h, e) => [
        b.scale(constant(0.5, [3]), b.add(h!, e!)),
        b.slice(h!, 1, 2),
        b.re(h!),
        complexConstant(1, 2, [2]),
      ]),
    )
    for (const f of [history, parts]) await agreeing(f)
  }
})

test('contractions over time, for each example and summed over all of them', async () => {
  const sizes: readonly (readonly [number, number, number])[] = [
    [5, 3, 4],
    [70, 5, 7],
    [3, 4, 130],
    [1, 9, 1],
  ]
  for (const [steps, m, n] of sizes)
    for (const t of [real, complex])
      for (const rates of [[varying, varying] as const, [varying, same] as const, [same, varying] as const]) {
        const types = [rates[0](t(steps, m)), rates[1](t(steps, n))]
        const each = closed(types, (x, y) => [b.contract(x!, y!)])
        const summed = closed(types, (x, y) => [b.batchSum(b.contract(x!, y!))])
        for (const f of [each, summed]) await agreeing(f)
      }
})
const same = (type: TensorType): TensorType => type

test('sums into a carry, in place', async () => {
  const place = index(5)
  for (const reverse of directions) {
    const outer = closed([v3, varying(real(4, 3))], (x, xs) =>
      loop({ carries: [constant(0, [3, 3])], invariants: [x!], sequences: [xs!], reverse }, (u, A, e) => [
        b.add(A!, b.outer(u!, e!)),
      ]),
    )
    const scatter = closed([varying({ ...place, shape: [4] }), varying(real(4))], (is, xs) =>
      loop({ carries: [constant(0, [5])], sequences: [is!, xs!], reverse }, (h, i, e) => [
        b.add(b.put(e!, i!, 5), h!),
      ]),
    )
    const watched = closed([varying({ ...place, shape: [4] }), varying(real(4))], (is, xs) =>
      loop({ carries: [constant(0, [5])], sequences: [is!, xs!], reverse }, (h, i, e) => [
        b.add(h!, b.put(e!, i!, 5)),
        h!,
        b.take(h!, i!),
      ]),
    )
    const read = closed([v3, varying(real(4, 3))], (x, xs) =>
      loop({ carries: [constant(0, [3, 3])], invariants: [x!], sequences: [xs!], reverse }, (u, A, e) => [
        b.add(A!, b.outer(u!, e!)),
        b.matvec(A!, e!),
        b.sum(A!, 1),
      ]),
    )
    const shared = closed([v3, varying(real(4, 3))], (x, xs) =>
      loop({ carries: [constant(0, [3, 3])], invariants: [x!], sequences: [xs!], reverse }, (u, A, e) => {
        const added = b.outer(u!, e!)
        return [b.add(added, A!), b.sum(added, 1)]
      }),
    )
    for (const f of [outer, scatter, watched, read, shared]) await agreeing(f)
  }
})

test('loops of uniform values, beside ones that vary, and within them', async () => {
  const f = closed([real(3), varying(real(4, 3))], (w, xs) => {
    const [power] = loop({ carries: [w!], invariants: [w!] }, (u, h) => [b.mul(u!, b.sin(h!))], 'uniform')
    const rows = loop({ carries: [power!], sequences: [xs!] }, (h, e) => {
      const [inner] = loop({ carries: [h!], invariants: [e!], length: 2 }, (u, k) => [b.tanh(b.add(u!, k!))])
      return [inner!, b.sum(inner!)]
    })
    return [power!, ...rows]
  })
  await agreeing(f)
})

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

test('an index handed on from step to step', async () => {
  for (const reverse of directions) {
    const f = closed([varying(index(3)), varying(index(3, 4)), real(3, 2)], (i, js, table) =>
      loop({ invariants: [table!], carries: [i!], sequences: [js!], reverse }, (t, k, j) => [
        j!,
        b.take(t!, k!),
        b.put(b.take(t!, j!), k!, 3),
      ]).slice(1),
    )
    await agreeing(f)
  }
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

test('the transform of a repeated scalar leaves what makes that scalar alone', async () => {
  const F = node('dft', [], { size: 31 })
  const f = closed([varying(complex(31))], x => {
    const scalar = b.exp(b.scale(constant(1 / 31), b.sum(x!)))
    return [b.apply(F, b.broadcast(scalar, [31])), b.abs(scalar)]
  })
  await agreeing(f)
})

test('a scalar carry that is read, repeated once, after its next value is known', async () => {
  for (const reverse of directions)
    await agreeing(
      closed([varying(real()), varying(real(4, 1))], (x, xs) =>
        loop({ carries: [x!], sequences: [xs!], reverse }, (h, e) => [
          b.sin(h!),
          b.mul(b.broadcast(h!, [1]), e!),
        ]),
      ),
    )
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

test('histories larger than the caches, of steps that no vector divides, with few examples', async () => {
  for (const type of [real(1025), complex(513)]) {
    const f = closed([varying(type)], h =>
      loop({ carries: [h!], length: 600 }, k => [b.neg(k!), b.add(k!, k!)]),
    )
    await holdsAsync(fc.asyncProperty(runsOf(f, { batch: fc.constantFrom(2, 3, 11) }), agrees), 3)
  }
})

test('loops nested deeper than the engine goes are refused in words', () => {
  const nested = (depth: number, h: Expr): Expr =>
    depth === 0
      ? b.sin(h)
      : loop({ carries: [h], length: 1 }, k => [nested(depth - 1, k!)], tensorType(h).rate)[0]!
  const deep = (depth: number): Func => closed([varying(real())], x => [nested(depth, x!)])
  const start = (f: Func) => native().start({ func: f, updates: [] }, double)
  assert.ok(E.isRight(start(deep(8))))
  const refused = start(deep(9))
  assert.match(E.isLeft(refused) ? refused.left.message : '', /nested 9 deep; the engine goes to 8/)
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
