/** Programs run: by the reference evaluator, which is right, and by a backend; and how far apart two results are. */
import * as E from 'fp-ts/lib/Either.js'
import type {
  Backend,
  BackendError,
  BackendOptions,
  Numbers,
  Precision,
  Session,
} from '../backend/backend.ts'
import { evaluate } from '../backend/reference/evaluate.ts'
import type { Func } from '../ir/expr.ts'
import { bug } from '../ir/invariant.ts'
import { type Tensor, tensorOf, type Value } from '../ir/tensor.ts'
import type { Program } from './arbitraries.ts'

/** All numbers of a value, example by example. */
export const numbers = (v: Value): Numbers => {
  if (v.rate === 'uniform') return v.tensor.data
  const size = v.tensors[0]?.data.length ?? 0
  const joined = new Float64Array(size * v.tensors.length)
  v.tensors.forEach((t, i) => {
    joined.set(t.data, i * size)
  })
  return joined
}

/** What the program means, or in single precision what is left of that. Its inputs fit it, or that is a bug. */
export const evaluated = (
  { func: f, inputs, batch }: Program,
  precision: Precision = 'double',
): readonly Value[] => {
  const results = evaluate(f, inputs, { batch, precision })
  return E.isRight(results) ? results.right : bug(`inputs that do not fit: ${results.left.message}`)
}

/* What a program means is asked for again and again. */
const meanings = new WeakMap<Program, readonly Numbers[]>()

/** All numbers of every result. */
export const meaning = (p: Program): readonly Numbers[] => {
  const known = meanings.get(p)
  if (known !== undefined) return known
  const found = evaluated(p).map(numbers)
  meanings.set(p, found)
  return found
}

export const allFinite = (xs: readonly Numbers[]): boolean => xs.every(x => x.every(Number.isFinite))

const largest = (x: Numbers): number => x.reduce((most, a) => Math.max(most, Math.abs(a)), 0)

/** How far apart they are, relative to the largest of the second's numbers, or to 1 if those are small. */
export const distance = (xs: readonly Numbers[], ys: readonly Numbers[]): number => {
  if (xs.length !== ys.length) return Number.POSITIVE_INFINITY
  const scale = ys.reduce((most, y) => Math.max(most, largest(y)), 1)
  const gaps = xs.map((x, k) => {
    const y = ys[k]!
    if (x.length !== y.length) return Number.POSITIVE_INFINITY
    return x.reduce((most, a, i) => {
      const gap = Math.abs(a - y[i]!)
      return Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(most, gap)
    }, 0)
  })
  return Math.max(0, ...gaps) / scale
}

/** The program on inputs that `change` has made of its own; indices stay. */
export const onOther = (p: Program, change: (data: Float64Array) => Float64Array): Program => {
  const one = (t: Tensor): Tensor => (t.field === 'index' ? t : tensorOf(t, change(t.data)))
  const inputs = p.inputs.map(
    (v): Value =>
      v.rate === 'uniform' ? { ...v, tensor: one(v.tensor) } : { ...v, tensors: v.tensors.map(one) },
  )
  return { ...p, inputs }
}

/** The program on inputs in single precision. */
export const rounded = (p: Program): Program => onOther(p, data => data.map(Math.fround))

/** How far results move when inputs, or steps, are rounded to single precision: what the program makes of rounding. */
const sensitivity = (p: Program): number => {
  const single = rounded(p)
  const steps = distance(evaluated(single, 'single').map(numbers), meaning(single))
  return Math.max(distance(meaning(single), meaning(p)), steps)
}

const least = { single: 1e-5, double: 1e-11 } as const

/**
 * How far apart two ways of computing the program may be, of which this is the distance: they round differently in
 * every step. What rounding does in the reference evaluator tells what becomes of that; it is looked at only where it matters.
 */
export const allowance = (p: Program, precision: Precision, deviation: number): number => {
  if (deviation <= least[precision]) return least[precision]
  // A step in double precision rounds 2^29 times finer.
  return least[precision] + 20 * sensitivity(p) * (precision === 'single' ? 1 : 2 ** -28)
}

/** A batch as a session takes it. */
export const dataOf = (p: Program): Readonly<Record<string, Numbers>> =>
  Object.fromEntries(
    p.func.params.flatMap(({ name, type }, i) =>
      type.rate === 'varying' ? [[name, numbers(p.inputs[i]!)]] : [],
    ),
  )

/** The session, with the program's uniform parameters set. */
export const withParameters = (p: Program, session: Session): E.Either<BackendError, Session> => {
  for (const [i, { name, type }] of p.func.params.entries()) {
    if (type.rate === 'varying') continue
    const written = session.write(name, numbers(p.inputs[i]!))
    if (E.isLeft(written)) return written
  }
  return E.right(session)
}

export const runOn = async (
  p: Program,
  backend: Backend,
  options: BackendOptions,
): Promise<E.Either<BackendError, readonly Numbers[]>> => {
  const session = E.chain((s: Session) => withParameters(p, s))(
    backend.start({ func: p.func, updates: [] }, options),
  )
  return E.isLeft(session) ? session : session.right.run(p.batch, dataOf(p))()
}

/** The same inputs for a function of the same parameters. */
export const withFunc = (p: Program, f: Func): Program => ({ func: f, inputs: p.inputs, batch: p.batch })
