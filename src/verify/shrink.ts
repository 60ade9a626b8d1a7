/**
 * Smaller programs that still fail. What is tried: fewer results, a part of the program alone, fewer examples, shorter
 * loops and loops written out, a value in the place of what computes it, an operand or zero in the place of a node,
 * shorter axes. Each that fails as the program did is taken, until none does, or time is up.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as b from '../ir/build.ts'
import { argument, type Expr, type Func, func, make, type Param, tensorType } from '../ir/expr.ts'
import type { Attributes, Op } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { bodiesOf } from '../ir/print.ts'
import { type Tensor, tensorOf, type Value } from '../ir/tensor.ts'
import { elements, reals, type Shape, sameType, type TensorType, width } from '../ir/type.ts'
import { rebuild, substitute, usedParams } from '../ir/walk.ts'
import { prune } from '../passes/prune.ts'
import type { Program } from './arbitraries.ts'
import { valuesAt } from './frontier.ts'
import { evaluated } from './run.ts'

/** How programs are made smaller. */
export interface ShrinkOptions {
  /** Whether values may stand for what computes them, and zeros or an operand for anything; true. */
  readonly cuts?: boolean
  /**
   * The name of a parameter x of which the result is a map: of what is on the way from x to it, maps are left out
   * whole, or what was one part of x − 2 v v^H x would be tried without the other.
   */
  readonly mapOf?: string
  /** Milliseconds of the processor's after which the smallest so far will do; 4000. */
  readonly patience?: number
}

const isLeaf = (e: Expr): boolean => e.op === 'arg' || e.op === 'constant'
/* A loop counts for many nodes, so that one written out is smaller. */
const weightOf = (e: Expr): number => (isLeaf(e) ? 0 : e.op === 'scan' ? 24 : 1)

/** Nodes first, then numbers: what shrinking makes less. */
export const weight = ({ func: f, batch }: Program): number => {
  const nodes = [f, ...bodiesOf(f)].flatMap(g => postorder(g.results))
  const numbers = f.params.reduce(
    (n, { type }) => n + reals(type) * (type.rate === 'varying' ? batch : 1),
    batch,
  )
  const inside = nodes.reduce((n, e) => n + (e.type.kind === 'tensor' ? reals(e.type) : 0), 0)
  const steps = nodes.reduce((n, e) => n + (e.op === 'scan' ? e.attributes.length : 0), 0)
  return nodes.reduce((n, e) => n + weightOf(e), f.results.length) * 1e7 + numbers + inside + steps
}

/** The node that there would be, or a refusal that leaves the attempt. */
const attempted = (op: Op, args: readonly Expr[], attributes: Attributes[Op]): Expr => {
  const made = make(op, args, attributes)
  if (E.isLeft(made)) throw new Error(made.left.message)
  return made.right
}

/** Without parameters that nothing uses. */
const tidy = (p: Program): Program => {
  const used = usedParams(p.func)
  const kept = p.func.params.map((_, i) => i).filter(i => used.has(i))
  if (kept.length === p.func.params.length) return p
  const places: (Expr | undefined)[] = []
  kept.forEach((i, place) => {
    places[i] = argument(place, p.func.params[i]!.type)
  })
  return {
    func: func(
      kept.map(i => p.func.params[i]!),
      substitute(p.func.results, places),
    ),
    inputs: kept.map(i => p.inputs[i]!),
    batch: p.batch,
  }
}

/** Nodes with others in their place, bodies of loops included. */
const replaced = (f: Func, table: ReadonlyMap<Expr, Expr>): Func =>
  func(
    f.params,
    rebuild(f.results, (e, args) => {
      const other = table.get(e)
      if (other !== undefined) return other
      if (e.op !== 'scan')
        return args.every((a, i) => a === e.args[i]) ? e : attempted(e.op, args, e.attributes)
      return attempted('scan', args, { ...e.attributes, body: replaced(e.attributes.body, table) })
    }),
  )

const withResults = (p: Program, results: readonly Expr[]): Program => ({
  ...p,
  func: func(p.func.params, results),
})

function* fewerResults(p: Program): Generator<() => Program> {
  const { results } = p.func
  if (results.length > 1) for (const r of results) yield () => withResults(p, [r])
}

const isNumeric = (e: Expr): boolean => e.type.kind === 'tensor' && e.type.field !== 'index'

/** Each part on its own, those first that need the least. */
function* parts(p: Program): Generator<() => Program> {
  for (const e of postorder(p.func.results)) if (!isLeaf(e) && isNumeric(e)) yield () => withResults(p, [e])
}

const taken = (v: Value, examples: number): Value =>
  v.rate === 'uniform' ? v : { ...v, tensors: v.tensors.slice(0, examples) }

function* fewerExamples(p: Program): Generator<() => Program> {
  for (const batch of new Set([1, p.batch >> 1, p.batch - 1]))
    if (batch >= 1 && batch < p.batch)
      yield () => ({ ...p, batch, inputs: p.inputs.map(v => taken(v, batch)) })
}

/** The value cut, or filled up with its first entries, to other lengths of axes. */
const fitted = (t: Tensor, type: TensorType): Tensor => {
  const w = width(type.field)
  const data = new Float64Array(reals(type))
  const strides = (shape: Shape): readonly number[] => shape.map((_, k) => elements(shape.slice(k + 1)))
  const [to, from] = [strides(type.shape), strides(t.shape)]
  for (let e = 0; e < elements(type.shape); e++) {
    const at = to.reduce(
      (sum, s, k) => sum + ((Math.floor(e / s) % type.shape[k]!) % t.shape[k]!) * from[k]!,
      0,
    )
    for (let part = 0; part < w; part++) {
      const x = t.data[w * at + part]!
      data[w * e + part] = type.field === 'index' ? x % type.bound : x
    }
  }
  return tensorOf(type, data)
}
const fittedValue = (v: Value, type: TensorType): Value =>
  v.rate === 'uniform'
    ? { ...v, tensor: fitted(v.tensor, type) }
    : { ...v, tensors: v.tensors.map(t => fitted(t, type)) }

/** Every loop of `from` steps one of `to`: sequences are cut where they enter. */
const shortened = (p: Program, from: number, to: number): Program => {
  const change = (f: Func): Func =>
    func(
      f.params,
      rebuild(f.results, (e, args) => {
        if (e.op !== 'scan')
          return args.every((a, i) => a === e.args[i]) ? e : attempted(e.op, args, e.attributes)
        const { body, length, invariants, carries } = e.attributes
        const inner = change(body)
        if (length !== from) return attempted('scan', args, { ...e.attributes, body: inner })
        const cut = args.map((a, i) => (i < invariants + carries ? a : b.slice(a, 0, to)))
        const loop = attempted('scan', cut, { ...e.attributes, body: inner, length: to })
        return loop
      }),
    )
  return { ...p, func: change(p.func) }
}

const lengthsOf = (f: Func): readonly number[] => [
  ...new Set(
    [f, ...bodiesOf(f)].flatMap(g =>
      postorder(g.results).flatMap(e => (e.op === 'scan' ? [e.attributes.length] : [])),
    ),
  ),
]

function* shorterLoops(p: Program): Generator<() => Program> {
  for (const from of lengthsOf(p.func))
    for (const to of new Set([1, 2, from >> 1, from - 1]))
      if (to >= 1 && to < from) yield () => shortened(p, from, to)
}

/** A loop of one step as that step. */
const writtenOut = (e: Expr<'scan'>, args: readonly Expr[]): readonly Expr[] => {
  const { body, invariants, carries } = e.attributes
  const entry = (x: Expr): Expr => b.reshape(x, tensorType(x).shape.slice(1))
  const results = substitute(
    body.results,
    args.map((a, i) => (i < invariants + carries ? a : entry(a))),
  )
  return results.map((r, k) => (k < carries ? r : b.reshape(r, [1, ...tensorType(r).shape])))
}

function* loopsWrittenOut(p: Program): Generator<() => Program> {
  const loops = postorder(p.func.results).filter(e => e.op === 'scan' && e.attributes.length === 1)
  for (const loop of loops) {
    yield () => {
      const steps = new Map<Expr, readonly Expr[]>()
      const results = rebuild(p.func.results, (e, args) => {
        const own = args.every((a, i) => a === e.args[i]) ? e : attempted(e.op, args, e.attributes)
        if (e === loop) steps.set(own, writtenOut(e as Expr<'scan'>, args))
        const items = e.op === 'get' ? steps.get(args[0]!) : undefined
        return e.op === 'get' && items !== undefined ? items[e.attributes.item]! : own
      })
      return withResults(p, results)
    }
    // What nobody reads of it may be what fails.
    for (const x of writtenOut(loop as Expr<'scan'>, loop.args))
      if (!isLeaf(x) && isNumeric(x)) yield () => withResults(p, [x])
  }
}

/** Loops without what nobody reads of them, and loops cut off behind their step's first values. */
function* pruned(p: Program): Generator<() => Program> {
  yield () => ({ ...p, func: prune.run(p.func) })
}

/** Values as parameters, in the place of what computes them; the largest parts first. */
function* cuts(p: Program): Generator<() => Program> {
  const roots = new Set(p.func.results)
  const inner = postorder(p.func.results)
    .filter(e => !isLeaf(e) && !roots.has(e) && e.type.kind === 'tensor')
    .reverse()
  for (const e of inner)
    yield () => {
      const param: Param = { name: 'v', type: tensorType(e) }
      const params = [...p.func.params, param]
      const table = new Map([[e, argument(params.length - 1, param.type)]])
      const { results } = replaced(p.func, table)
      return { ...p, func: func(params, results), inputs: [...p.inputs, ...valuesAt(p, [e])] }
    }
}

/** The maps that all of x passes through on its way to the only result, each left out. */
function* mapsLeftOut(p: Program, x: string): Generator<() => Program> {
  const place = p.func.params.findIndex(q => q.name === x)
  const made = new Set<Expr>()
  for (const e of postorder(p.func.results))
    if ((e.op === 'arg' && e.attributes.index === place) || e.args.some(a => made.has(a))) made.add(e)
  let [e] = p.func.results
  for (;;) {
    const ways: readonly Expr[] = e?.args.filter(a => made.has(a)) ?? []
    const [next] = ways
    if (e === undefined || next === undefined || ways.length > 1) return
    const [whole, part] = [e, next]
    if (sameType(whole.type, part.type))
      yield () => ({ ...p, func: replaced(p.func, new Map([[whole, part]])) })
    e = next
  }
}

/** An operand of the same type, or zero, in the place of a node, or of a loop's item; a product without one of its factors. */
function* replacements(p: Program, free: boolean): Generator<() => Program> {
  const put = (e: Expr, other: Expr) => (): Program => ({
    ...p,
    func: replaced(p.func, new Map([[e, other]])),
  })
  for (const f of [p.func, ...bodiesOf(p.func)])
    for (const e of [...postorder(f.results)].reverse()) {
      if (isLeaf(e)) continue
      if (free || e.type.kind === 'unitary')
        for (const a of e.op === 'get' ? e.args[0]!.args : e.args)
          if (sameType(a.type, e.type)) yield put(e, a)
      if (e.op === 'compose' && e.args.length > 1)
        for (const a of e.args) yield put(e, b.compose(e.args.filter(x => x !== a)))
      if (free && isNumeric(e)) yield put(e, b.zerosLike(e))
    }
}

/** Axes of length `from`, and of small multiples of it, made those of `to`, wherever they are. */
const resized = (p: Program, from: number, to: number): Program => {
  const size = (n: number): number => (n % from === 0 && n / from <= 4 ? (n / from) * to : n)
  const shape = (s: Shape): Shape => s.map(size)
  const typed = (t: TensorType): TensorType => ({
    ...t,
    shape: shape(t.shape),
    bound: t.field === 'index' ? size(t.bound) : 0,
  })
  const kept = (permutation: readonly number[]): readonly number[] =>
    permutation.length === size(permutation.length)
      ? permutation
      : permutation.filter(j => j < size(permutation.length))
  const attributes = (e: Expr): Attributes[Op] => {
    switch (e.op) {
      case 'arg':
      case 'constant':
        return { ...e.attributes, type: typed(e.attributes.type) }
      case 'broadcast':
      case 'reshape':
        return { shape: shape(e.attributes.shape) }
      case 'slice':
        return { start: size(e.attributes.start), length: size(e.attributes.length) }
      case 'pad':
        return { before: size(e.attributes.before), after: size(e.attributes.after) }
      case 'put':
      case 'identity':
      case 'dft':
        return { size: size(e.attributes.size) }
      case 'permute':
        return { permutation: kept(e.attributes.permutation) }
      case 'scan':
        return { ...e.attributes, body: change(e.attributes.body), length: size(e.attributes.length) }
      default:
        return e.attributes
    }
  }
  const change = (f: Func): Func =>
    func(
      f.params.map(q => ({ ...q, type: typed(q.type) })),
      rebuild(f.results, (e, args) => attempted(e.op, args, attributes(e))),
    )
  const f = change(p.func)
  return { ...p, func: f, inputs: p.inputs.map((v, i) => fittedValue(v, f.params[i]!.type)) }
}

const axesOf = (f: Func): readonly number[] =>
  [
    ...new Set(
      [f, ...bodiesOf(f)].flatMap(g =>
        postorder(g.results).flatMap(e => (e.type.kind === 'tensor' ? e.type.shape : [])),
      ),
    ),
  ].sort((x, y) => y - x)

function* shorterAxes(p: Program): Generator<() => Program> {
  for (const from of axesOf(p.func))
    for (const to of new Set([1, 2, 3, from >> 1, from - 1]))
      if (to >= 1 && to < from) yield () => resized(p, from, to)
}

function* candidates(p: Program, { cuts: mayCut = true, mapOf }: ShrinkOptions): Generator<() => Program> {
  yield* fewerResults(p)
  yield* pruned(p)
  if (mayCut) yield* parts(p)
  yield* fewerExamples(p)
  yield* shorterLoops(p)
  yield* loopsWrittenOut(p)
  if (mayCut) yield* cuts(p)
  yield* shorterAxes(p)
  if (mapOf !== undefined) yield* mapsLeftOut(p, mapOf)
  yield* replacements(p, mayCut)
}

/** The candidate, if there is one: an attempt that types refuse is none. */
const formed = (attempt: () => Program): Program | undefined => {
  try {
    const p = tidy(attempt())
    evaluated(p)
    return p
  } catch {
    return undefined
  }
}

/** Inputs of one digit, if that will do. */
const plain = (p: Program): Program => {
  const short = (x: number): number => Number(x.toPrecision(1))
  const one = (t: Tensor): Tensor => tensorOf(t, t.data.map(short))
  return {
    ...p,
    inputs: p.inputs.map(
      (v): Value =>
        v.rate === 'uniform' ? { ...v, tensor: one(v.tensor) } : { ...v, tensors: v.tensors.map(one) },
    ),
  }
}

/** The smallest program found that fails as this one does. */
export const shrink = async (
  p: Program,
  fails: (p: Program) => Promise<boolean> | boolean,
  options: ShrinkOptions = {},
): Promise<Program> => {
  // Of the processor's time: how far this gets is not to depend on what else the machine is doing.
  const began = process.cpuUsage()
  const isLate = (): boolean => {
    const { user, system } = process.cpuUsage(began)
    return (user + system) / 1000 > (options.patience ?? 4000)
  }
  let smallest = p
  for (let found = true; found && !isLate(); ) {
    found = false
    for (const attempt of candidates(smallest, options)) {
      if (isLate()) break
      const next = formed(attempt)
      if (next === undefined || weight(next) >= weight(smallest) || !(await fails(next))) continue
      smallest = next
      found = true
      break
    }
  }
  const last = plain(smallest)
  return !isLate() && (await fails(last)) ? last : smallest
}

/** The function with loops of at most `steps` steps and axes of at most `most` entries, where its types allow that. */
export const shrunkShapes = (p: Program, steps: number, most: number): Program => {
  const reduced = (own: Program, change: (q: Program) => Program): Program => formed(() => change(own)) ?? own
  const cut = lengthsOf(p.func)
    .filter(n => n > steps)
    .reduce((q, n) => reduced(q, r => shortened(r, n, steps)), p)
  return axesOf(cut.func)
    .filter(n => n > most)
    .reduce((q, n) => reduced(q, r => resized(r, n, most)), cut)
}
