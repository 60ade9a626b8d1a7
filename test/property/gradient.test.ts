/** Derivatives against central differences, op by op and of whole programs; loops against themselves written out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { complexConstant, constant, type Expr, type Func, node } from '../../src/ir/expr.ts'
import { tensorOf, type Value } from '../../src/ir/tensor.ts'
import { complex, index, type Rate, real, type TensorType, varying, withRate } from '../../src/ir/type.ts'
import type { derivatives } from '../../src/passes/derivatives.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { optimise, preparatory, standard } from '../../src/passes/pipeline.ts'
import { type Program, programs, runsOf } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { closed } from './engines.ts'
import {
  along,
  count,
  distance,
  evaluated,
  gradients,
  lossOf,
  nodesOf,
  numbers,
  right,
  slope,
  trainable,
  unrolled,
  withGradient,
} from './support.ts'

/** How far the gradient's slope is from the measured one. */
const error = (p: Program, turn: number): number => {
  const g = withGradient(p)
  const [loss, ...rest] = gradients(g, evaluated(g).map(numbers))
  const measured = slope(g, turn)
  return Math.abs(along(rest, turn) - measured) / (1 + Math.abs(measured) + Math.abs(loss![0]!))
}
const turns = fc.nat(1000)
const small = fc.integer({ min: 1, max: 4 })

const away = (x: Expr): Expr => b.add(x, b.constantLike(x, 2))
const below = (x: Expr): Expr => b.sub(x, b.constantLike(x, 2))
const both =
  (make: (x: Expr) => Expr) =>
  (rate: Rate): readonly Func[] =>
    [real(3), complex(3), complex(2, 2)].map(type => closed([withRate(type, rate)], x => [make(x!)]))
const pairs =
  (make: (x: Expr, y: Expr) => Expr, right = 'same' as Rate | 'same') =>
  (rate: Rate): readonly Func[] =>
    [real(3), complex(3)].map(type =>
      closed(
        [withRate(type, rate), right === 'same' ? withRate(type, rate) : withRate(type, right)],
        (x, y) => [make(x!, y!)],
      ),
    )
const only =
  (types: readonly TensorType[], make: (...args: Expr[]) => Expr) =>
  (rate: Rate): readonly Func[] => [
    closed(
      types.map(t => withRate(t, rate)),
      (...args) => [make(...args)],
    ),
  ]
const several =
  (...parts: readonly ((rate: Rate) => readonly Func[])[]) =>
  (rate: Rate): readonly Func[] =>
    parts.flatMap(part => part(rate))
const sums = (type: TensorType) => (): readonly Func[] => [
  closed([varying(type)], x => [b.batchSum(b.mul(x!, x!))]),
]

const fft5 = node('dft', [], { size: 5 })
const turned = [complex(5), real(5), complex(5)]

/** For each op functions that end in it, or in an application of it, away from where it has no derivative. */
const fixtures: { readonly [K in keyof typeof derivatives]: (rate: Rate) => readonly Func[] } = {
  neg: both(b.neg),
  conj: only([complex(3)], x => b.conj(x!)),
  re: only([complex(3)], x => b.re(x!)),
  im: only([complex(3)], x => b.im(x!)),
  abs: several(
    both(x => b.abs(away(x))),
    only([real(3)], x => b.abs(below(x!))),
  ),
  pinv: both(x => b.pinv(away(x))),
  exp: both(b.exp),
  log: both(x => b.log(away(x))),
  sqrt: both(x => b.sqrt(away(x))),
  sin: both(b.sin),
  cos: both(b.cos),
  tanh: both(x => b.tanh(b.times(b.constantLike(b.abs(x), 0.5), x))),
  sigmoid: both(b.sigmoid),
  relu: only([real(3)], x => b.add(b.relu(away(x!)), b.relu(below(x!)))),
  step: only([real(3)], x => b.mul(x!, b.add(b.step(away(x!)), b.step(below(x!))))),

  add: pairs(b.add),
  sub: pairs(b.sub),
  mul: several(
    pairs(b.mul),
    only([complex(3)], x => b.mul(x!, x!)),
  ),
  div: several(
    pairs((x, y) => b.div(x, away(y))),
    pairs((x, y) => b.div(x, below(y))),
  ),
  scale: only([real(3), complex(3)], (r, z) => b.scale(r!, z!)),
  complex: only([real(3), real(3)], (x, y) => b.complexOf(x!, y!)),
  modRelu: several(
    ...[0, 1e-5, 0.5].map(epsilon => only([complex(3), real(3)], (z, x) => b.modRelu(away(z!), x!, epsilon))),
    only([complex(3), real(3)], (z, x) => b.modRelu(z!, below(x!), 0)),
  ),

  sum: only([complex(2, 3)], x => b.concat(b.sum(x!, 1), b.broadcast(b.sum(x!, 2), [1]))),
  broadcast: only([complex(3)], x => b.mul(b.broadcast(x!, [2, 3]), b.broadcast(b.sum(x!), [2, 3]))),
  dot: several(
    pairs(b.dot),
    only([complex(3)], x => b.dot(x!, x!)),
  ),
  matvec: several(
    ...[real, complex].flatMap(t => [
      only([t(2, 3), t(3)], (a, x) => b.matvec(a!, x!)),
      only([t(2, 3), t(2)], (a, x) => b.matvec(a!, x!, true)),
    ]),
  ),
  transpose: several(
    ...[real, complex].map(t => only([t(2, 3)], a => b.mul(b.transpose(a!), b.transpose(b.sin(a!))))),
  ),
  outer: several(...[real, complex].map(t => only([t(2), t(3)], (x, y) => b.outer(x!, y!)))),
  contract: several(...[real, complex].map(t => only([t(4, 2), t(4, 3)], (x, y) => b.contract(x!, y!)))),
  concat: only([complex(2), complex(3)], (x, y) => b.concat(x!, y!)),
  slice: only([complex(5)], x => b.slice(x!, 1, 3)),
  reshape: only([complex(2, 3)], x => b.mul(b.reshape(x!, [3, 2]), b.reshape(b.sin(x!), [3, 2]))),
  pad: only([complex(3)], x => b.pad(x!, 2, 1)),
  take: only([complex(4, 2), index(4)], (x, i) => b.take(x!, i!)),
  put: only([complex(2), index(4)], (x, i) => b.put(x!, i!, 4)),
  batchSum: several(sums(real(3)), sums(complex(3))),
  logSumExp: only([real(5)], x => b.logSumExp(x!)),

  identity: only([complex(5)], x => b.apply(node('identity', [], { size: 5 }), x!)),
  phase: only(turned, (x, θ) => b.apply(b.phase(θ!), x!)),
  dft: only([complex(5)], x => b.apply(fft5, x!)),
  permute: only([complex(5)], x => b.apply(b.permute([2, 4, 1, 0, 3]), x!)),
  reflect: only(turned, (x, _, v) => b.apply(b.reflect(v!), x!)),
  compose: only(turned, (x, θ, v) => b.apply(b.compose([b.phase(θ!), fft5, b.reflect(v!)]), x!)),
  adjoint: several(
    only(turned, (x, θ, v) => b.apply(b.adjoint(b.compose([b.phase(θ!), fft5, b.reflect(v!)])), x!)),
    only(turned, (x, θ) => b.apply(b.adjoint(b.phase(b.neg(θ!))), x!)),
  ),
  apply: only([complex(5)], x => b.apply(fft5, b.apply(fft5, x!))),

  arg: only([complex(3)], x => x!),
  constant: only([complex(3)], x => b.mul(complexConstant(0.5, -2, [3]), x!)),
  batchSize: only([real()], x => b.mul(b.batchSize(), x!)),
}

for (const [op, make] of Object.entries(fixtures))
  test(`the derivative of ${op} is its slope`, () => {
    for (const f of [...make('varying'), ...make('uniform')]) {
      assert.ok(
        nodesOf(f).some(e => e.op === op),
        `the fixture has no ${op}`,
      )
      holds(
        fc.property(runsOf(f, { batch: small }), turns, (p, turn) => error(p, turn) < 1e-7),
        12,
      )
    }
  })

test('the derivative of adjoint(phase θ) goes to θ, also where −θ has uses of its own', () => {
  const f = closed([complex(3), real(3)], (x, θ) => {
    const minus = b.neg(θ!)
    return [b.apply(b.adjoint(b.phase(b.sin(θ!))), x!), b.mul(minus, b.sin(θ!)), b.apply(b.phase(minus), x!)]
  })
  holds(
    fc.property(runsOf(f), turns, (p, turn) => error(p, turn) < 1e-8),
    20,
  )
})

const options = { differentiable: true, batch: small }
test('gradients of programs are their slopes', () => {
  holds(
    fc.property(programs(options), turns, (p, turn) => error(p, turn) < 1e-6),
    150,
  )
})
test('gradients of gradients are the slopes of those', () => {
  holds(
    fc.property(programs({ ...options, depth: 2, loops: 1 }), turns, (p, turn) => {
      const { func: f } = withGradient(p)
      return error({ ...p, func: f }, turn) < 1e-5
    }),
    60,
  )
})

test('the gradient of a loop is that of its steps written out', () => {
  let loops = 0
  holds(
    fc.property(programs(options), p => {
      const flat = unrolled(p)
      assert.equal(count(flat.func, 'scan'), 0)
      loops += count(p.func, 'scan')
      const own = gradients(withGradient(p), evaluated(withGradient(p)).map(numbers))
      const steps = withGradient(flat)
      const written = gradients(steps, evaluated(steps).map(numbers)).slice(0, own.length)
      const same = evaluated(flat).map(numbers)
      // The parameters that writing out adds come last, but for those before which there are indices.
      assert.deepEqual(trainable(flat.func).slice(0, own.length - 1), trainable(p.func))
      return distance(same, evaluated(p).map(numbers)) < 1e-12 && distance(written, own) < 1e-9
    }),
    150,
  )
  assert.ok(loops > 50, `only ${loops} loops`)
})

test('a gradient is the same before and after the passes that prepare for it, and all of them', () => {
  holds(
    fc.property(programs(options), p => {
      const of = (f: Func): readonly Float64Array[] => {
        const g = right(valueAndGradient(f, trainable(f)))
        return gradients(p, evaluated({ ...p, func: g }).map(numbers))
      }
      const loss = lossOf(p.func)
      return [preparatory, standard].every(passes => distance(of(optimise(loss, passes)), of(loss)) < 1e-9)
    }),
    100,
  )
})

/** h[t+1] = sin((w h[t] + x[t])/4) and k[t+1] = h[t] k[t], with h stacked: all kinds of cotangents meet. */
const recurrence = (reverse: boolean, stacked: boolean): Func =>
  closed([complex(3), complex(3), varying(complex(4, 3))], (w, h0, xs) => {
    const [c, z] = [complex(3), varying(complex(3))]
    const body = closed([c, z, z, z], (u, h, k, x) => [
      b.sin(b.scale(constant(0.25, [3]), b.add(b.mul(u!, h!), x!))),
      b.mul(h!, k!),
      ...(stacked ? [h!, b.mul(k!, x!)] : []),
    ])
    const loop = b.scan([w!, h0!, h0!, xs!], { body, length: 4, reverse, invariants: 1, carries: 2 })
    return [0, 1, ...(stacked ? [2, 3] : [])].map(k => b.get(loop, k))
  })

test('loops forward and backward, with and without stacks', () => {
  for (const reverse of [false, true])
    for (const stacked of [false, true])
      holds(
        fc.property(runsOf(recurrence(reverse, stacked), { batch: small }), turns, (p, turn) => {
          const steps = withGradient(unrolled(p))
          const own = withGradient(p)
          const [g, flat] = [own, steps].map(q => gradients(q, evaluated(q).map(numbers)))
          return distance(flat!.slice(0, g!.length), g!) < 1e-12 && error(p, turn) < 1e-8
        }),
        10,
      )
})

test('what reaches a carry only by way of others, step after step', () => {
  const f = closed([varying(complex(2))], w => {
    const z = varying(complex(2))
    // Kept small: what a loop computes for nobody may overflow, and 0 · ∞ is no cotangent.
    const quarter = constant(0.25, [2])
    const body = closed([z, z, z, z], (u, _, k, l) => [
      k!,
      l!,
      b.sin(b.scale(quarter, b.add(u!, b.mul(l!, u!)))),
    ])
    const start = [1, 2, 3].map(x => complexConstant(x / 4, 0, [2]))
    const loop = b.scan([w!, ...start], { body, length: 5, reverse: false, invariants: 1, carries: 3 })
    return [b.get(loop, 0)]
  })
  holds(
    fc.property(runsOf(f, { batch: small }), turns, (p, turn) => {
      const g = withGradient(p)
      return error(p, turn) < 1e-7 && g.func.results[1]?.op !== 'constant'
    }),
    10,
  )
})

const gradientOf = (f: Func, inputs: readonly Value[], batch = 1): readonly Float64Array[] => {
  const g = right(valueAndGradient(f, trainable(f)))
  return evaluated({ func: g, inputs, batch }).map(numbers)
}
const uniform = (type: TensorType, ...data: number[]): Value => ({
  rate: 'uniform',
  tensor: tensorOf(type, Float64Array.from(data)),
})

test('gradients are ∂L/∂Re z + i ∂L/∂Im z: of |z|² 2z, of Re z² 2 conj z, of Im z² 2i conj z', () => {
  const of = (make: (z: Expr) => Expr): readonly number[] => [
    ...gradientOf(
      closed([complex()], z => [make(z!)]),
      [uniform(complex(), 3, -4)],
    )[1]!,
  ]
  assert.deepEqual(
    of(z => b.mul(b.abs(z), b.abs(z))),
    [6, -8],
  )
  assert.deepEqual(
    of(z => b.re(b.mul(b.conj(z), z))),
    [6, -8],
  )
  assert.deepEqual(
    of(z => b.re(b.mul(z, z))),
    [6, 8],
  )
  assert.deepEqual(
    of(z => b.im(b.mul(z, z))),
    [-8, 6],
  )
  assert.deepEqual(of(b.re), [1, 0])
  assert.deepEqual(of(b.im), [0, 1])
  assert.ok(distance([Float64Array.from(of(b.abs))], [Float64Array.of(3 / 5, -4 / 5)]) < 1e-15)
})

test('modReLU: nothing at z = 0, the two one-sided slopes beside its corner, nothing at it', () => {
  for (const epsilon of [0, 1e-5]) {
    const f = closed([complex(), real()], (z, bias) => {
      const y = b.modRelu(z!, bias!, epsilon)
      return [b.add(b.re(y), b.im(y))]
    })
    const at = (re: number, im: number, bias: number): readonly Float64Array[] =>
      gradientOf(f, [uniform(complex(), re, im), uniform(real(), bias)])
    for (const bias of [-1, 0, 1, 100]) {
      const [value, dz, db] = at(0, 0, bias)
      assert.equal(value![0], 0)
      assert.ok([...dz!, ...db!].every(Number.isFinite))
      assert.equal(db![0], 0)
    }
    assert.deepEqual(
      at(3, 4, -5).map(x => x.every(d => d === 0)),
      [true, true, true],
    )
    assert.deepEqual(
      at(3, 4, -5.001).map(x => x.every(d => d === 0)),
      [true, true, true],
    )
    // Beyond it the slope by b is z/(|z| + ε), summed over its parts.
    assert.ok(Math.abs(at(3, 4, -4.999)[2]![0]! - 7 / (5 + epsilon)) < 1e-12)
    const close = runsOf(f, { batch: fc.constant(1) }).map(p => ({
      ...p,
      inputs: [uniform(complex(), 3, 4), uniform(real(), -4.9)],
    }))
    holds(
      fc.property(close, turns, (p, turn) => error(p, turn) < 1e-8),
      10,
    )
  }
})

test('reflect(0) is the identity, and its gradient is 0', () => {
  const f = closed([complex(3), complex(3)], (v, x) => [b.sum(b.re(b.mul(x!, b.apply(b.reflect(v!), x!))))])
  const x = [1, -2, 0.5, 3, -1, 2]
  const [value, dv, dx] = gradientOf(f, [uniform(complex(3), 0, 0, 0, 0, 0, 0), uniform(complex(3), ...x)])
  const [plain, plainDx] = gradientOf(
    closed([complex(3)], z => [b.sum(b.re(b.mul(z!, z!)))]),
    [uniform(complex(3), ...x)],
  )
  assert.deepEqual([...dv!], [0, 0, 0, 0, 0, 0])
  assert.deepEqual([value, dx], [plain, plainDx])
})

test('a uniform value that examples use k times gets the sum of all those', () => {
  const f = closed([real(), varying(real())], (w, x) => [
    b.add(
      b.batchSum(b.add(b.add(b.mul(w!, x!), b.mul(w!, b.mul(x!, x!))), b.add(w!, x!))),
      b.mul(w!, b.mul(w!, w!)),
    ),
  ])
  for (const batch of [1, 2, 5]) {
    const xs = Array.from({ length: batch }, (_, i) => i - 1.5)
    const examples: Value = { rate: 'varying', tensors: xs.map(x => tensorOf(real(), Float64Array.of(x))) }
    const [, dw, dx] = gradientOf(f, [uniform(real(), 2), examples], batch)
    const due = xs.reduce((sum, x) => sum + x + x * x + 1, 0) + 12
    assert.ok(Math.abs(dw![0]! - due) < 1e-12)
    assert.ok(xs.every((x, i) => Math.abs(dx![i]! - (2 + 4 * x + 1)) < 1e-12))
  }
})

test('a varying loss counts as summed over the examples', () => {
  const summed = closed([real(), varying(real())], (w, x) => [b.batchSum(b.mul(w!, b.sin(x!)))])
  const apart = closed([real(), varying(real())], (w, x) => [b.mul(w!, b.sin(x!))])
  holds(
    fc.property(runsOf(summed), ({ inputs, batch }) => {
      const [own, due] = [apart, summed].map(f => gradientOf(f, inputs, batch).slice(1))
      return distance(own!, due!) < 1e-14
    }),
    20,
  )
})

test('what is no real scalar, or an index, has no gradient, and is told so', () => {
  const f = closed([real(3), index(3)], (x, i) => [b.take(x!, i!)])
  const message = (g: Func, wrt: readonly number[]): string => {
    const e = valueAndGradient(g, wrt)
    return e._tag === 'Left' ? e.left.message : assert.fail('it has a gradient')
  }
  assert.match(message(f, [1]), /"p1" is an index/)
  assert.match(message(f, [2]), /no parameter 2/)
  assert.match(
    message(
      closed([real(3)], x => [x!]),
      [0],
    ),
    /only a real scalar has a gradient.*real\[3\]/,
  )
  assert.match(
    message(
      closed([real(3)], () => [complexConstant(1, 0)]),
      [0],
    ),
    /complex\[\]/,
  )
  const g = right(
    valueAndGradient(
      closed([real(3)], () => [constant(1)]),
      [0],
    ),
  )
  assert.deepEqual(
    [...numbers(evaluated({ func: g, batch: 1, inputs: [uniform(real(3), 1, 2, 3)] })[1]!)],
    [0, 0, 0],
  )
})
