/**
 * Operators keep norms: ‖U x‖ = ‖x‖ and U†U x = x, by the reference evaluator and by the engine; and ten thousand
 * products in single precision drift no further than rounding takes them.
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, Numbers } from '../backend/backend.ts'
import * as b from '../ir/build.ts'
import { argument, type Expr, type Func, func, node, type Param, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { bodiesOf } from '../ir/print.ts'
import { type Tensor, tensorOf, type Value } from '../ir/tensor.ts'
import { complex, sameType, varying } from '../ir/type.ts'
import { factors } from '../ir/unitary.ts'
import { substitute } from '../ir/walk.ts'
import { inputsFor, type Program } from './arbitraries.ts'
import { both, type Checker, type Context, type Found, measured, nothing, type Outcome } from './check.ts'
import { opName } from './culprit.ts'
import { alone, frontier, valuesAt } from './frontier.ts'
import { distance, meaning, numbers, runOn } from './run.ts'
import { shrink } from './shrink.ts'
import { type Case, seedOf } from './subject.ts'

const exact = 1e-11
const double = { precision: 'double', threads: 1 } as const
const single = { precision: 'single', threads: 1 } as const

const isUnitary = (e: Expr): boolean => e.type.kind === 'unitary'

/** U x for one operator of the program, on the values that its operands have there, or on drawn ones in a loop. */
const applications = (c: Case, seed: number): readonly Program[] => {
  const { program: p } = c
  const inside = bodiesOf(p.func).flatMap(g => postorder(g.results).filter(isUnitary))
  const outside = postorder(p.func.results).filter(isUnitary)
  const drawn = (params: readonly Param[], label: string): readonly Value[] =>
    fc.sample(inputsFor(params, p.batch), { seed: seedOf(seed, `${c.label} ${label}`), numRuns: 1 })[0]!
  return [...new Set([...outside, ...inside])].map((u, k) => {
    const size = u.type.kind === 'unitary' ? u.type.size : 0
    const x: Param = { name: 'x', type: varying(complex(size)) }
    const { params, node: own } = alone(u, [x])
    const f = func(params, [b.apply(own, argument(0, x.type))])
    const [first, ...others] = drawn(params, `operator ${k}`)
    const values = outside.includes(u) ? valuesAt(p, frontier(u)) : others
    return { func: f, batch: p.batch, inputs: [required(first, 'a vector'), ...values] }
  })
}

/** The operator and the vector, where the program still is an application to a parameter. */
const applicationOf = (f: Func): { readonly u: Expr; readonly x: Expr } | undefined => {
  const [root, ...others] = f.results
  const [u, x] = root?.op === 'apply' ? root.args : []
  return others.length === 0 && u !== undefined && x?.op === 'arg' ? { u, x } : undefined
}

const norms = (data: Numbers, batch: number): readonly number[] => {
  const size = data.length / batch
  return Array.from({ length: batch }, (_, i) => Math.hypot(...data.subarray(i * size, (i + 1) * size)))
}

/** Two numbers that are 0 for a unitary operator, from U x and U†(U x). */
const residuals = (x: Numbers, y: Numbers, back: Numbers, batch: number): readonly [number, number] => {
  const [before, after] = [norms(x, batch), norms(y, batch)]
  const stretched = before.map((n, i) => Math.abs(after[i]! - n) / Math.max(n, 1e-300))
  return [Math.max(...stretched), distance([back], [x])]
}

type Run = (p: Program) => Promise<E.Either<string, readonly Numbers[]>>
const byReference: Run = async p => E.right(meaning(p))
const byBackend =
  (backend: Backend): Run =>
  async p =>
    E.mapLeft((e: { readonly message: string }) => e.message)(await runOn(p, backend, double))

/** What is wrong with an application, run one way; the adjoint runs in a program of its own, so that none cancels. */
const fault = async (p: Program, run: Run): Promise<{ message: string; deviation: number }> => {
  const application = applicationOf(p.func)
  if (application === undefined) return { message: '', deviation: 0 }
  const { u, x } = application
  const place = x.op === 'arg' ? x.attributes.index : 0
  const forward = await run(p)
  if (E.isLeft(forward)) return { message: forward.left, deviation: Number.POSITIVE_INFINITY }
  const y = required(forward.right[0], 'U x')
  const size = y.length / p.batch
  const type = tensorType(required(p.func.results[0], 'U x'))
  // U may vary where x does not: then there are as many U x as examples, of one x.
  const tensors = Array.from({ length: p.batch }, (_, i) => tensorOf(type, y.slice(i * size, (i + 1) * size)))
  const image: Value =
    type.rate === 'varying' ? { rate: 'varying', tensors } : { rate: 'uniform', tensor: tensorOf(type, y) }
  const params = p.func.params.map((q, i) => (i === place ? { ...q, type } : q))
  const moved = params.map((q, i) => argument(i, q.type))
  const back = func(params, [b.apply(b.adjoint(substitute([u], moved)[0]!), moved[place]!)])
  const inputs = p.inputs.map((v, i) => (i === place ? image : v))
  const returned = await run({ func: back, inputs, batch: p.batch })
  if (E.isLeft(returned)) return { message: returned.left, deviation: Number.POSITIVE_INFINITY }
  const own = numbers(p.inputs[place]!)
  const repeated = Float64Array.from({ length: y.length }, (_, i) => own[i % own.length]!)
  const examples = type.rate === 'varying' ? p.batch : 1
  const [norm, inverse] = residuals(repeated, y, returned.right[0]!, examples)
  const deviation = Math.max(norm, inverse)
  const message =
    norm > exact
      ? `‖U x‖ is not ‖x‖: ${norm.toExponential(1)} off, relatively`
      : `U†U x is not x: ${inverse.toExponential(1)} off`
  return { message, deviation }
}

const holds = async (p: Program, run: Run, where: string, context: Context): Promise<Outcome> => {
  const { message, deviation } = await fault(p, run)
  const outcome = measured(deviation, exact)
  if (deviation <= exact) return outcome
  const isBad = async (q: Program): Promise<boolean> => (await fault(q, run)).deviation > exact
  const program = await shrink(p, isBad, { cuts: false, patience: context.patience() })
  const u = applicationOf(program.func)?.u
  const found: Found = {
    fault: `op ${u === undefined ? 'apply' : `apply of ${opName(u)}`} ${where}`,
    message,
    program,
  }
  return { ...outcome, found }
}

const each = async <A>(items: readonly A[], run: (a: A) => Promise<Outcome>): Promise<Outcome> => {
  let outcome = nothing
  for (const item of items) {
    outcome = both(outcome, await run(item))
    if (outcome.found !== undefined) break
  }
  return outcome
}

export const unitary: Checker = {
  name: 'unitary',
  summary: '‖U x‖ = ‖x‖ and U†U = 1 of every operator',
  measured: true,
  run: (c, context) =>
    each(applications(c, context.seed), async p => {
      const reference = await holds(p, byReference, 'by the reference evaluator', context)
      if (reference.found !== undefined || E.isLeft(context.backend)) return reference
      const engine = await holds(p, byBackend(context.backend.right), 'in the engine', context)
      return { ...both(reference, engine), cases: 1 }
    }),
}

const products = 10_000
/*
 * A step of each factor may stretch by half a unit in the last place twice (a constant such as 1/√n, and the result),
 * and a constant's error is the same every time: 10,000 · 2^-23 a factor at worst.
 */
const driftedBy = (u: Expr): number => products * 2 ** -23 * Math.max(1, factors(u).length)

/** U applied so many times in a loop. */
const repeated = (p: Program, times: number): Program => {
  const [root] = p.func.results
  const vector = tensorType(required(root, 'U x'))
  const [x, ...others] = p.func.params as readonly [Param, ...Param[]]
  const params = [...others, { ...x, type: vector }]
  const places = params.map((q, i) => argument(i, q.type))
  const body = func(params, substitute([root!], [places.at(-1)!, ...places.slice(0, -1)]))
  const loop = node('scan', places, {
    body,
    length: times,
    reverse: false,
    invariants: others.length,
    carries: 1,
  })
  return {
    func: func(params, [b.get(loop, 0)]),
    inputs: [...p.inputs.slice(1), p.inputs[0]!],
    batch: p.batch,
  }
}

/** How far the norm of U^10000 x is from that of x, and what to say if that is too far. */
const drifted = async (
  p: Program,
  backend: Backend,
): Promise<{ readonly deviation: number; readonly allowed: number; readonly message?: string }> => {
  const u = applicationOf(p.func)?.u
  if (u === undefined) return { deviation: 0, allowed: 0 }
  const allowed = driftedBy(u)
  const ran = await runOn(repeated(p, products), backend, single)
  if (E.isLeft(ran)) return { deviation: Number.POSITIVE_INFINITY, allowed, message: ran.left.message }
  const [before, after] = [norms(numbers(p.inputs[0]!), p.batch), norms(ran.right[0]!, p.batch)]
  const most = Math.max(...before.map((n, i) => Math.abs(after[i]! / Math.max(n, 1e-300) - 1)))
  if (most <= allowed) return { deviation: most, allowed }
  const message = `after ${products} products in single precision the norm is ${most.toExponential(1)} off, relatively`
  return { deviation: Number.isNaN(most) ? Number.POSITIVE_INFINITY : most, allowed, message }
}

export const drift: Checker = {
  name: 'drift',
  summary: `the norm over ${products} products in single precision`,
  measured: true,
  run: async (c, context) => {
    if (!c.isOwn || E.isLeft(context.backend)) return nothing
    const backend = context.backend.right
    return each(applications(c, context.seed), async p => {
      const { deviation, allowed, message } = await drifted(p, backend)
      const outcome = measured(deviation, allowed)
      if (message === undefined) return outcome
      const isBad = async (q: Program): Promise<boolean> => (await drifted(q, backend)).message !== undefined
      const program = await shrink(p, isBad, { cuts: false, patience: context.patience() })
      const u = applicationOf(program.func)?.u
      const fault = `op apply${u === undefined ? '' : ` of ${opName(u)}`} in the engine`
      return { ...outcome, found: { fault, message, program } }
    })
  },
}

/** What keeps a map that is said to be unitary from being that; nothing where x and its image are not of one type. */
const claimFault = (p: Program): { readonly message: string; readonly deviation: number } => {
  const none = { message: '', deviation: 0 }
  const [root, ...others] = p.func.results
  const place = p.func.params.findIndex(q => q.name === 'x')
  const x = p.func.params[place]
  if (root === undefined || others.length > 0 || x === undefined) return none
  if (tensorType(root).field !== 'complex' || !sameType(root.type, x.type)) return none
  const [y] = meaning(p) as readonly [Numbers]
  const own = numbers(p.inputs[place]!)
  const norm = Math.max(
    ...norms(own, p.batch).map((n, i) => Math.abs(norms(y, p.batch)[i]! - n) / Math.max(n, 1e-300)),
  )
  if (!(norm <= exact))
    return { message: `‖A x‖ is not ‖x‖: ${norm.toExponential(1)} off, relatively`, deviation: norm }
  // With the norm kept, A(i x) = i A x and A(x + w) = A x + A w leave nothing but an isometry.
  const image = (change: (data: Numbers) => Float64Array): Numbers => {
    const one = (t: Tensor): Tensor => tensorOf(t, change(t.data))
    const inputs = p.inputs.map((v, i): Value => {
      if (i !== place) return v
      return v.rate === 'uniform' ? { ...v, tensor: one(v.tensor) } : { ...v, tensors: v.tensors.map(one) }
    })
    return meaning({ ...p, inputs })[0]!
  }
  const other = (data: Numbers): Float64Array => data.map((_, k) => 0.7 * data[data.length - 1 - k]! - 0.2)
  const plus = (xs: Numbers, ys: Numbers): Float64Array => xs.map((a, k) => a + ys[k]!)
  const linear = Math.max(
    distance([image(turned)], [turned(y)]),
    distance([image(data => plus(data, other(data)))], [plus(y, image(other))]),
  )
  return linear > exact
    ? { message: `A is not linear: ${linear.toExponential(1)} off`, deviation: linear }
    : { message: '', deviation: Math.max(norm, linear) }
}
/* i x. */
const turned = (x: Numbers): Float64Array => x.map((_, k) => (k % 2 === 0 ? -x[k + 1]! : x[k - 1]!))

export const claims: Checker = {
  name: 'claims',
  summary: '‖A x‖ = ‖x‖ of every map that is said to be unitary',
  measured: true,
  run: (c, context) =>
    each(c.claims, async ({ name, func: f }) => {
      const drawn = fc.sample(inputsFor(f.params, c.program.batch), {
        seed: seedOf(context.seed, `${c.label} ${name}`),
        numRuns: 1,
      })[0]!
      // Parameters as they are, the vector drawn.
      const inputs = f.params.map((q, i) => {
        const at = c.program.func.params.findIndex(own => own.name === q.name && sameType(own.type, q.type))
        return q.name === 'x' || at < 0 ? drawn[i]! : c.program.inputs[at]!
      })
      const p: Program = { func: f, inputs, batch: c.program.batch }
      const { message, deviation } = claimFault(p)
      const outcome = measured(deviation, exact)
      if (deviation <= exact) return outcome
      const isBad = (q: Program): boolean => claimFault(q).deviation > exact
      const program = await shrink(p, isBad, { cuts: false, mapOf: 'x', patience: context.patience() })
      const ops = postorder(program.func.results).filter(e => e.args.length > 0)
      const fault = `the map "${name}" (${[...new Set(ops.map(opName))].join(', ')})`
      return { ...outcome, found: { fault, message, program } }
    }),
}
