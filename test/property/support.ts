/** What the properties of programs share: a loss for any program, loops written out, slopes, runs on backends. */
import assert from 'node:assert/strict'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, BackendOptions, Numbers, Session } from '../../src/backend/backend.ts'
import { nativeBackend } from '../../src/backend/native/backend.ts'
import * as b from '../../src/ir/build.ts'
import { argument, constant, type Expr, type Func, func, type Param, tensorType } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { bodiesOf } from '../../src/ir/print.ts'
import { type Tensor, tensorOf, type Value } from '../../src/ir/tensor.ts'
import { type Shape, type TensorType, varying } from '../../src/ir/type.ts'
import { rewrite, substitute } from '../../src/ir/walk.ts'
import type { Program } from '../../src/verify/arbitraries.ts'
import { dataOf, evaluated, numbers, withParameters as parametersOf } from '../../src/verify/run.ts'

export { gradients, lossOf, trainable, withGradient } from '../../src/verify/loss.ts'
export { dataOf, distance, evaluated, numbers } from '../../src/verify/run.ts'

export const right = <A>(e: E.Either<{ readonly message: string }, A>): A =>
  E.isRight(e) ? e.right : assert.fail(e.left.message)

export const native = (): Backend => E.getOrElse<string, Backend>(why => assert.fail(why))(nativeBackend())

export const nodesOf = (f: Func): readonly Expr[] => [f, ...bodiesOf(f)].flatMap(g => postorder(g.results))
export const count = (f: Func, op: Expr['op']): number => nodesOf(f).filter(e => e.op === op).length

/** The program without loops: every step written out. Indices from sequences, and a 0, become new parameters. */
export const unrolled = (p: Program): Program => {
  const params: Param[] = [...p.func.params]
  const inputs: Value[] = [...p.inputs]
  const append = (type: TensorType, value: (example: number) => Tensor): Expr => {
    const tensors = Array.from({ length: p.batch }, (_, i) => value(i))
    inputs.push(
      type.rate === 'uniform' ? { rate: 'uniform', tensor: tensors[0]! } : { rate: 'varying', tensors },
    )
    return argument(params.push({ name: `extra${params.length}`, type }) - 1, type)
  }
  const zero = append(varying({ ...tensorType(constant(0)) }), () =>
    tensorOf({ field: 'real', shape: [] }, Float64Array.of(0)),
  )
  const indexEntries = new Map<Expr, readonly Expr[]>()
  p.func.params.forEach(({ type }, i) => {
    if (type.field !== 'index' || type.shape.length === 0) return
    const given = p.inputs[i]!
    const at = (example: number): Tensor =>
      given.rate === 'uniform' ? given.tensor : given.tensors[example]!
    const entries = Array.from({ length: type.shape[0]! }, (_, t) =>
      append({ ...type, shape: [] }, example =>
        tensorOf({ field: 'index', shape: [] }, at(example).data.slice(t, t + 1)),
      ),
    )
    indexEntries.set(argument(i, type), entries)
  })
  const entry = (x: Expr, t: number): Expr =>
    tensorType(x).field === 'index'
      ? (indexEntries.get(x)?.[t] ?? assert.fail('an index sequence that is no parameter'))
      : b.sum(b.slice(x, t, 1), 1)
  const stacked = (entries: readonly Expr[]): Expr =>
    entries.map(x => b.broadcast(x, [1, ...tensorType(x).shape] satisfies Shape)).reduce(b.concat)

  const steps = (loop: Expr<'scan'>): readonly Expr[] => {
    const { body, length, reverse, invariants, carries } = loop.attributes
    const results = written(body.results, e => e)
    let carried = loop.args.slice(invariants, invariants + carries)
    const history = Array.from({ length }, (): readonly Expr[] => [])
    for (let k = 0; k < length; k++) {
      const t = reverse ? length - 1 - k : k
      const next = substitute(results, [
        ...loop.args.slice(0, invariants),
        ...carried,
        ...loop.args.slice(invariants + carries).map(x => entry(x, t)),
      ])
      carried = next.slice(0, carries)
      history[t] = next.slice(carries)
    }
    return [...carried, ...body.results.slice(carries).map((_, j) => stacked(history.map(h => h[j]!)))]
  }
  const written = (roots: readonly Expr[], finish: (e: Expr, original: Expr) => Expr): readonly Expr[] => {
    const known = new Map<Expr, readonly Expr[]>()
    return rewrite(roots, (rebuilt, original) => {
      const loop = rebuilt.op === 'get' ? rebuilt.args[0] : undefined
      if (rebuilt.op !== 'get' || loop?.op !== 'scan') return rebuilt
      const items = known.get(loop) ?? steps(loop as Expr<'scan'>)
      known.set(loop, items)
      return finish(items[rebuilt.attributes.item]!, original)
    })
  }
  // All of a loop's results vary if one does; written out, one alone may not.
  const asVarying = (e: Expr, original: Expr): Expr =>
    tensorType(e).rate === tensorType(original).rate
      ? e
      : b.add(
          e,
          b.broadcast(tensorType(e).field === 'complex' ? b.toComplex(zero) : zero, tensorType(e).shape),
        )
  const results = written(p.func.results, asVarying)
  return { func: func(params, results), inputs, batch: p.batch }
}

/** The inputs moved by h along a fixed direction, which `turn` changes. */
export const moved = (inputs: readonly Value[], h: number, turn: number): readonly Value[] => {
  let at = turn
  const move = (x: Tensor): Tensor =>
    x.field === 'index'
      ? x
      : tensorOf(
          x,
          x.data.map(a => a + h * direction(at++)),
        )
  return inputs.map(v =>
    v.rate === 'uniform' ? { ...v, tensor: move(v.tensor) } : { ...v, tensors: v.tensors.map(move) },
  )
}
const direction = (k: number): number => Math.cos(1.7 * k + 0.3 * Math.sin(k))

/** Re Σ conj(g) d, for the direction d of `moved`. */
export const along = (gradient: readonly Numbers[], turn: number): number => {
  let at = turn
  return gradient.reduce(
    (total, g) =>
      g.reduce((sum, x) => {
        const term = x * direction(at++)
        return sum + term
      }, total),
    0,
  )
}

/** The slope of a program's first result along `moved`'s direction, by central differences to fourth order. */
export const slope = (p: Program, turn: number, h = 1e-3): number => {
  const valueAt = (by: number): number =>
    numbers(evaluated({ ...p, inputs: moved(p.inputs, by, turn) })[0]!).reduce((s, x) => s + x, 0)
  const central = (by: number): number => (valueAt(by) - valueAt(-by)) / (2 * by)
  return (4 * central(h / 2) - central(h)) / 3
}

/** The session, with the program's uniform parameters set. */
export const withParameters = (p: Program, session: Session): Session => right(parametersOf(p, session))

/** The program begun on a backend. */
export const started = (
  p: Program,
  options: BackendOptions,
  backend: Backend = native(),
  updates: readonly { readonly result: number; readonly param: number }[] = [],
): Session => withParameters(p, right(backend.start({ func: p.func, updates }, options)))

export const runNative = async (
  p: Program,
  options: BackendOptions = { precision: 'double', threads: 1 },
): Promise<readonly Numbers[]> => right(await started(p, options).run(p.batch, dataOf(p))())
