/** Laws of the functions that are made of a program's derivative. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as b from '../../src/ir/build.ts'
import { argument, constant, type Expr, type Func, func, tensorType } from '../../src/ir/expr.ts'
import { type Tensor, tensorOf, type Value } from '../../src/ir/tensor.ts'
import { complex, rateOf, real, varying } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import { gradient } from '../../src/passes/differentiate.ts'
import { optimise } from '../../src/passes/pipeline.ts'
import { hessianVectorProduct, jvp, perExample } from '../../src/passes/transformations.ts'
import { type Program, programs } from '../../src/verify/arbitraries.ts'
import { holds, holdsAsync } from '../seed.ts'
import { distance, evaluated, lossOf, moved, numbers, right, runNative, trainable } from './support.ts'

const options = { differentiable: true, depth: 2, loops: 1 } as const
const turns = fc.nat(100)

/** A value of another one's type: direction number `turn`. */
const direction = (v: Value, turn: number): Value => {
  const nothing = (x: Value): Value =>
    x.rate === 'uniform'
      ? {
          ...x,
          tensor: tensorOf(
            x.tensor,
            x.tensor.data.map(() => 0),
          ),
        }
      : {
          ...x,
          tensors: x.tensors.map(t =>
            tensorOf(
              t,
              t.data.map(() => 0),
            ),
          ),
        }
  return moved([nothing(v)], 1, turn)[0]!
}
/** x + by v. */
const stepped = (x: Value, v: Value, by: number): Value => {
  const d = numbers(v)
  let at = 0
  const move = (t: Tensor): Tensor =>
    tensorOf(
      t,
      t.data.map(a => a + by * d[at++]!),
    )
  return x.rate === 'uniform' ? { ...x, tensor: move(x.tensor) } : { ...x, tensors: x.tensors.map(move) }
}
const directionsOf = (p: Program, turn: number): readonly Value[] =>
  trainable(p.func).map(i => direction(p.inputs[i]!, turn + 7 * i))

const dot = (xs: readonly Value[], ys: readonly Value[]): number =>
  xs.reduce((sum, x, k) => {
    const [a, c] = [numbers(x), numbers(ys[k]!)]
    const n = Math.max(a.length, c.length)
    // What is the same for all examples and stands beside what is not counts for each of them.
    let s = 0
    for (let i = 0; i < n; i++) s += a[i % a.length]! * c[i % c.length]!
    return sum + s
  }, 0)

const real2 = (e: Expr): Expr => (tensorType(e).field === 'complex' ? b.re(e) : e)
/** Re⟨w, f⟩ with w behind the function's parameters. */
const weighted = (f: Func): Func => {
  const weights = f.results.map((r, k) => ({ name: `weight${k}`, type: tensorType(r) }))
  const terms = f.results.map((r, k) => {
    const one = real2(b.dot(argument(f.params.length + k, tensorType(r)), r))
    return rateOf(one.type) === 'varying' ? b.batchSum(one) : one
  })
  return func([...f.params, ...weights], [terms.reduce(b.add)])
}

test('jvp is the adjoint of the gradient: Re⟨w, J v⟩ = Re⟨J* w, v⟩', () => {
  holds(
    fc.property(programs(options), turns, (p, turn) => {
      const wrt = trainable(p.func)
      const values = evaluated(p)
      const w = values.map((x, k) => direction(x, turn + k))
      const v = directionsOf(p, turn + 50)
      const f = right(jvp(p.func, wrt))
      assert.ok(E.isRight(verify(f)))
      const pushed = evaluated({ ...p, func: f, inputs: [...p.inputs, ...v] })
      assert.deepEqual(pushed.slice(0, values.length).map(numbers), values.map(numbers))
      const back = evaluated({
        ...p,
        func: right(gradient(weighted(p.func), wrt)),
        inputs: [...p.inputs, ...w],
      })
      const [one, other] = [dot(w, pushed.slice(values.length)), dot(back, v)]
      return Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(one))
    }),
    60,
  )
})

test('the Hessian is symmetric, is the gradient’s slope, and is what jvp of the gradient gives', () => {
  holds(
    fc.property(programs({ ...options, depth: 1 }), turns, (p, turn) => {
      const loss = lossOf(p.func)
      const wrt = trainable(loss)
      const [u, v] = [directionsOf(p, turn), directionsOf(p, turn + 31)]
      const h = right(hessianVectorProduct(loss, wrt))
      const at = (d: readonly Value[]) => evaluated({ ...p, func: h, inputs: [...p.inputs, ...d] })
      const [hu, hv] = [at(u), at(v)]
      const [one, other] = [dot(u, hv), dot(hu, v)]
      const forward = right(jvp(right(gradient(loss, wrt)), wrt))
      const again = evaluated({ ...p, func: forward, inputs: [...p.inputs, ...v] }).slice(wrt.length)
      const least = Math.max(1, Math.abs(one))
      const g = right(gradient(loss, wrt))
      const gradientAt = (by: number): number => {
        const inputs = p.inputs.map((x, i) => {
          const k = wrt.indexOf(i)
          return k < 0 ? x : stepped(x, v[k]!, by)
        })
        return dot(u, evaluated({ ...p, func: g, inputs }))
      }
      const central = (by: number): number => (gradientAt(by) - gradientAt(-by)) / (2 * by)
      const slope = (4 * central(5e-4) - central(1e-3)) / 3
      assert.ok(Math.abs(slope - one) <= 1e-5 * least, `the slope is ${slope}, not ${one}`)
      return Math.abs(one - other) <= 1e-8 * least && Math.abs(dot(u, again) - one) <= 1e-8 * least
    }),
    30,
  )
})

const lossEach = (f: Func): Func | undefined => {
  const [sum] = lossOf(f).results
  const each = sum?.op === 'batchSum' ? sum.args[0] : undefined
  return each === undefined ? undefined : func(f.params, [each])
}

test('gradients of the examples add up to the batch’s', () => {
  let seen = 0
  holds(
    fc.property(programs(options), p => {
      const each = lossEach(p.func)
      const wrt = trainable(p.func)
      const made = each && perExample(each, wrt)
      if (each === undefined || made === undefined || E.isLeft(made)) return true
      seen++
      const whole = evaluated({ ...p, func: right(gradient(each, wrt)) }).map(numbers)
      const apart = evaluated({ ...p, func: made.right }).slice(1)
      const sums = wrt.map((i, k) => {
        const given = numbers(apart[k]!)
        if (p.func.params[i]!.type.rate === 'varying') return given
        const n = whole[k]!.length
        const sum = new Float64Array(n)
        const times = apart[k]!.rate === 'uniform' ? p.batch : 1
        given.forEach((x, j) => {
          sum[j % n] = sum[j % n]! + x * times
        })
        return sum
      })
      return distance(sums, whole) < 1e-10
    }),
    300,
  )
  assert.ok(seen > 20, `${seen} programs`)
})

test('the engine gives what the reference evaluator gives', async () => {
  await holdsAsync(
    fc.asyncProperty(programs(options), turns, async (p, turn) => {
      const v = directionsOf(p, turn)
      const f = optimise(right(jvp(p.func, trainable(p.func))))
      const own: Program = { ...p, func: f, inputs: [...p.inputs, ...v] }
      return distance(await runNative(own), evaluated(own).map(numbers)) < 1e-9
    }),
    20,
  )
})

/** How far the engine is from the reference evaluator. */
const apart = async (p: Program): Promise<number> => {
  const own = { ...p, func: optimise(p.func) }
  return distance(await runNative(own), evaluated(p).map(numbers))
}

test('each is closed under the others, and the engine runs what comes of it', async () => {
  await holdsAsync(
    fc.asyncProperty(programs({ ...options, depth: 1 }), turns, async (p, turn) => {
      const wrt = trainable(p.func)
      const [u, v] = [directionsOf(p, turn), directionsOf(p, turn + 31)]
      const loss = lossOf(p.func)
      const last = (f: Func): Func => func(f.params, f.results.slice(-1))
      const slope = last(right(jvp(loss, wrt)))
      const inputs = [...p.inputs, ...v]
      // The slope of the slope along u is u^T H v, and so is u times the gradient of the slope.
      const twice: Program = { ...p, func: last(right(jvp(slope, wrt))), inputs: [...inputs, ...u] }
      const back: Program = { ...p, func: right(gradient(slope, wrt)), inputs }
      const product: Program = { ...p, func: right(hessianVectorProduct(loss, wrt)), inputs }
      const [one, other, third] = [
        numbers(evaluated(twice)[0]!)[0]!,
        dot(u, evaluated(back)),
        dot(u, evaluated(product)),
      ]
      for (const x of [other, third])
        assert.ok(Math.abs(one - x) <= 1e-8 * Math.max(1, Math.abs(one)), `${one}, not ${x}`)
      for (const program of [twice, back, product]) assert.ok((await apart(program)) < 1e-8)

      const each = lossEach(p.func)
      const made = each && perExample(each, wrt)
      if (made === undefined || E.isLeft(made)) return true
      const pushed: Program = { ...p, func: right(jvp(made.right, wrt)), inputs }
      const pulled: Program = { ...p, func: right(gradient(lossOf(made.right), wrt)) }
      for (const program of [{ ...p, func: made.right }, pushed, pulled])
        assert.ok((await apart(program)) < 1e-8)
      return true
    }),
    40,
  )
})

const z = argument(0, complex(2))
const x = argument(1, varying(real(2)))
const params = [
  { name: 'z', type: complex(2) },
  { name: 'x', type: varying(real(2)) },
]
test('tangents are real-linear: along v, |z|² changes by 2 Re⟨z, v⟩', () => {
  const f = right(jvp(func(params.slice(0, 1), [b.re(b.dot(z, z))]), [0]))
  assert.deepEqual(
    f.params.map(p => p.name),
    ['z', 'z_tangent'],
  )
  const given = (...data: number[]): Value => ({
    rate: 'uniform',
    tensor: tensorOf({ field: 'complex', shape: [2] }, Float64Array.from(data)),
  })
  const results = evaluated({ func: f, inputs: [given(1, 2, 3, -1), given(0, 1, 2, 5)], batch: 1 })
  assert.deepEqual(
    results.map(v => numbers(v)[0]),
    [15, 2 * (2 + 6 - 5)],
  )
})

test('what has no derivative is refused', () => {
  const said = (e: E.Either<{ readonly message: string }, Func>): string =>
    E.isLeft(e) ? e.left.message : assert.fail('it has one')
  const each = b.sum(x)
  assert.match(said(jvp(func(params, [z]), [2])), /there is no parameter 2: the function has 2/)
  assert.match(said(hessianVectorProduct(func(params, [z]), [0])), /only a real scalar has a gradient/)
  assert.match(said(perExample(func(params, [constant(1)]), [0])), /leave out the sum over the examples/)
  assert.match(
    said(perExample(func(params, [b.mul(each, b.batchSum(each))]), [1])),
    /depends on the other examples/,
  )
})

test('what would keep more than a tensor can hold is refused', () => {
  const state = varying(real(2 ** 12))
  const body = func([{ name: 'h', type: state }], [b.tanh(argument(0, state))])
  const loop = b.scan([argument(0, state)], {
    body,
    length: 2 ** 20,
    reverse: false,
    invariants: 0,
    carries: 1,
  })
  const f = func([{ name: 'h', type: state }], [b.sum(b.get(loop, 0))])
  for (const made of [gradient(f, [0]), jvp(f, [0]), hessianVectorProduct(f, [0]), perExample(f, [0])])
    assert.match(
      E.isLeft(made) ? made.left.message : assert.fail('it has one'),
      /a loop would keep a tensor of \[4096\] at each of its 1048576 steps/,
    )
})
