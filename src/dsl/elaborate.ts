/**
 * From what a user writes to the typed DAG: types are inferred, scalars repeated to the shape they meet, and the
 * steps of scans closed over what they use from outside, which becomes the scan's invariants. Whatever is wrong
 * is reported with the place in the user's model.
 */
import * as E from 'fp-ts/lib/Either.js'
import { broadcast } from '../ir/build.ts'
import { type Expr, type Func, func, make, type Param, type TypeMismatch, tensorType } from '../ir/expr.ts'
import { toField } from '../ir/fix.ts'
import { required } from '../ir/invariant.ts'
import { nearest } from '../ir/nearest.ts'
import { isPointwise, type Op } from '../ir/ops.ts'
import { postorderBy } from '../ir/order.ts'
import { joinRates, rateOf, showType, type TensorType, tensor, withRate } from '../ir/type.ts'
import { isObject, isTerm, shown } from './given.ts'
import { here, type Place, type Source, showSource, sourceOf } from './place.ts'
import type { ScanTerm, Term } from './term.ts'

type Node = Term | ScanTerm

const unitaries: ReadonlySet<Op> = new Set([
  'identity',
  'phase',
  'dft',
  'permute',
  'reflect',
  'compose',
  'adjoint',
])

/* What a term leans on, with the inner workings of a scan left out but for what they take from outside. */
const children =
  (captured: (s: ScanTerm) => readonly Term[]) =>
  (t: Node): readonly Node[] => {
    switch (t.form) {
      case 'operation':
        return t.args
      case 'item':
        return [t.scan]
      case 'scan':
        return [...t.carries.map(c => c.initial), ...t.sequences.map(s => s.over), ...captured(t)]
      default:
        return []
    }
  }

/** The terms that a scan's step uses from outside: the largest ones that do not depend on its locals. */
const captures = (): ((s: ScanTerm) => readonly Term[]) => {
  const known = new Map<ScanTerm, readonly Term[]>()
  const captured = (s: ScanTerm): readonly Term[] => {
    const memo = known.get(s)
    if (memo !== undefined) return memo
    const roots = [...s.carries.map(c => c.next), ...s.stacked]
    const below = children(captured)
    const inside = new Set<Node>()
    for (const t of postorderBy<Node>(roots, below))
      if ((t.form === 'local' && t.scope === s.scope) || below(t).some(c => inside.has(c))) inside.add(t)
    const isRebuilt = (t: Node): boolean =>
      inside.has(t) ||
      t.form === 'literal' ||
      t.form === 'scan' ||
      (t.form === 'operation' && (unitaries.has(t.op) || t.op === 'constant'))
    const found = postorderBy<Node>(roots, t => (isRebuilt(t) ? below(t) : [])).filter(
      (t): t is Term => !isRebuilt(t),
    )
    known.set(s, found)
    return found
  }
  return captured
}

/** Thrown and caught in this file only. */
interface Refusal {
  readonly refusal: TypeMismatch
}
const isRefusal = (e: unknown): e is Refusal => typeof e === 'object' && e !== null && 'refusal' in e

const refuse = (mismatch: TypeMismatch, place: Place): never => {
  const source = sourceOf(place)
  throw {
    refusal: source === undefined ? mismatch : { ...mismatch, at: showSource(source) },
  } satisfies Refusal
}

/** Makes nodes, and keeps where the first term that stands for each was written. */
type Maker = (result: E.Either<TypeMismatch, Expr>, at: Place) => Expr

const maker =
  (places: Map<Expr, Place>): Maker =>
  (result, at) => {
    if (E.isLeft(result)) return refuse(result.left, at)
    if (!places.has(result.right)) places.set(result.right, at)
    return result.right
  }

/* What elaborated functions were written as. Beside them: it is no part of what they are. */
const written = new WeakMap<Func, ReadonlyMap<Expr, Place>>()

/* A number takes the field and shape of what it meets; a scalar the shape. */
const matched = (t: Term, args: readonly Expr[], made: Maker): readonly Expr[] => {
  if (t.form !== 'operation' || !isPointwise(t.op) || args.length !== 2) return args
  return args.map((a, i) => {
    const other = args[1 - i]!
    if (a.type.kind !== 'tensor' || other.type.kind !== 'tensor') return a
    const literal = t.args[i]!.form === 'literal' && a.op === 'constant' ? a.attributes : undefined
    const sameField = ['add', 'sub', 'mul', 'div'].includes(t.op)
    const lifted =
      literal !== undefined && sameField && other.type.field === 'complex'
        ? made(make('constant', [], { ...literal, type: tensor('complex') }), t.at)
        : a
    return tensorType(lifted).shape.length === 0
      ? made(E.right(broadcast(lifted, other.type.shape)), t.at)
      : lifted
  })
}

const block = (
  roots: readonly Term[],
  scope: ReadonlyMap<Node, Expr>,
  captured: (s: ScanTerm) => readonly Term[],
  made: Maker,
  inputs: readonly string[],
): readonly Expr[] => {
  const done = new Map<Node, Expr>(scope)
  const value = (t: Node): Expr => required(done.get(t), `the value of ${t.form}`)
  const below = children(captured)
  for (const t of postorderBy<Node>(roots, n => (scope.has(n) ? [] : below(n)))) {
    if (done.has(t)) continue
    switch (t.form) {
      case 'literal':
        done.set(t, made(make('constant', [], { re: t.value, im: 0, type: tensor('real') }), t.at))
        break
      case 'operation':
        done.set(t, made(make(t.op, matched(t, t.args.map(value), made), t.attributes), t.at))
        break
      case 'item':
        done.set(t, made(make('get', [value(t.scan)], { item: t.item }), t.at))
        break
      case 'scan':
        done.set(t, loop(t, value, captured, made, inputs))
        break
      case 'absent':
        refuse({ kind: 'TypeMismatch', op: t.op, message: t.message }, t.at)
        break
      case 'declared':
        refuse({ kind: 'TypeMismatch', op: 'arg', message: undeclared(t.name, inputs) }, t.at)
        break
      default:
        refuse(
          {
            kind: 'TypeMismatch',
            op: 'arg',
            message: `"${t.name}" belongs to the step of a scan and is used outside it: return it in the step's stack, and use the scan's`,
          },
          t.at,
        )
    }
  }
  return roots.map(value)
}

const loop = (
  s: ScanTerm,
  value: (t: Node) => Expr,
  captured: (s: ScanTerm) => readonly Term[],
  made: Maker,
  inputs: readonly string[],
): Expr => {
  const tensorOf = (t: Term, what: string): TensorType => {
    const { type } = value(t)
    return type.kind === 'tensor'
      ? type
      : refuse(
          { kind: 'TypeMismatch', op: 'scan', message: `${what} must be a tensor, not ${showType(type)}` },
          s.at,
        )
  }
  const invariants = captured(s)
  const outside = [...invariants, ...s.carries.map(c => c.initial), ...s.sequences.map(x => x.over)]
  const operands = outside.map(value)
  const rate = joinRates(operands.map(o => rateOf(o.type)))
  const entry = (type: TensorType): TensorType => ({ ...type, shape: type.shape.slice(1) })
  const params: readonly Param[] = [
    ...invariants.map((t, i) => ({ name: nameOf(t, i), type: tensorType(operands[i]!) })),
    ...s.carries.map(c => ({ name: c.name, type: withRate(tensorOf(c.initial, `carry ${c.name}`), rate) })),
    ...s.sequences.map(x => ({ name: x.name, type: entry(tensorOf(x.over, `sequence ${x.name}`)) })),
  ]
  const locals: readonly Node[] = [
    ...invariants,
    ...s.carries.map(c => c.local),
    ...s.sequences.map(x => x.local),
  ]
  const scope = new Map(
    locals.map((t, i) => [t, made(make('arg', [], { index: i, type: params[i]!.type }), s.at)] as const),
  )
  const results = block([...s.carries.map(c => c.next), ...s.stacked], scope, captured, made, inputs)
  const first = s.sequences[0]
  if (first === undefined && s.length === undefined)
    refuse({ kind: 'TypeMismatch', op: 'scan', message: 'a scan over no sequences takes its `length`' }, s.at)
  return made(
    make('scan', operands, {
      body: func(params, results),
      length: s.length ?? (first === undefined ? 0 : (tensorType(value(first.over)).shape[0] ?? 0)),
      reverse: s.reverse,
      invariants: invariants.length,
      carries: s.carries.length,
    }),
    s.at,
  )
}

const undeclared = (name: string, inputs: readonly string[]): string =>
  `"${name}" is used but is no parameter or input of this program${
    inputs.includes(name)
      ? ': the input of that name is another term, so use that one'
      : nearest(name, inputs) || (inputs.length === 0 ? '' : `: it has ${inputs.join(', ')}`)
  }`

const nameOf = (t: Term, i: number): string =>
  t.form === 'declared' || t.form === 'local' ? t.name : `outer${i}`

/** An input of a program: the term that stands for it, and its type. */
export interface Input {
  /** What stands for it; a term of its own for each input. */
  readonly term: Term
  readonly name: string
  /** With its rate: `varying(real(4))` is one vector for each example. */
  readonly type: TensorType
}

const refuseRepeated = ({ name, term }: Input, i: number, inputs: readonly Input[]): void => {
  const other = inputs.slice(0, i).find(o => o.name === name || o.term === term)
  if (other === undefined) return
  const message =
    other.name === name
      ? `two inputs are called "${name}": data find their parameter by its name, so call one of them otherwise`
      : `"${other.name}" and "${name}" are one term: declare one for each`
  refuse({ kind: 'TypeMismatch', op: 'arg', message }, term.at)
}

/* JavaScript has nobody who looks at types. */
const stray = (inputs: unknown, results: unknown): string | undefined => {
  if (!Array.isArray(inputs)) return `its inputs are ${shown(inputs)}: give a list of { name, term, type }`
  if (!Array.isArray(results)) return `its results are ${shown(results)}: give a list of terms`
  const i = inputs.findIndex(u => !isInput(u))
  if (i >= 0) return `input ${i} is ${shown(inputs[i])} without all of name, term and type`
  const r = results.findIndex(u => !isTerm(u))
  return r < 0 ? undefined : `result ${r} is ${shown(results[r])}, which is no term`
}
const isInput = (u: unknown): boolean =>
  isObject(u) && typeof u.name === 'string' && isTerm(u.term) && isObject(u.type)

/** The closed, typed function of `inputs` (positions as given) with these results. */
export const elaborate = (
  inputs: readonly Input[],
  results: readonly Term[],
): E.Either<TypeMismatch, Func> => {
  const places = new Map<Expr, Place>()
  const made = maker(places)
  const wrong = stray(inputs, results)
  try {
    if (wrong !== undefined)
      refuse({ kind: 'TypeMismatch', op: 'arg', message: `elaborate: ${wrong}` }, here(elaborate))
    inputs.forEach(refuseRepeated)
    const scope = new Map(
      inputs.map(({ term, name, type }, i) => {
        const checked = make('arg', [], { index: i, type })
        return [
          term as Node,
          made(
            E.mapLeft((e: TypeMismatch) => ({ ...e, message: `"${name}": ${e.message}` }))(checked),
            term.at,
          ),
        ] as const
      }),
    )
    const names = inputs.map(i => i.name)
    const values = block(results, scope, captures(), made, names)
    values.forEach((e, i) => {
      if (e.type.kind === 'tensor') return
      const message = `result ${i} must be a tensor, not ${showType(e.type)}${toField(e.type, [])}`
      refuse({ kind: 'TypeMismatch', op: e.op, message }, required(results[i], 'a result').at)
    })
    const f = func(
      inputs.map(({ name, type }) => ({ name, type })),
      values,
    )
    written.set(f, places)
    return E.right(f)
  } catch (e) {
    if (isRefusal(e)) return E.left(e.refusal)
    throw e
  }
}

/**
 * Where the nodes of an elaborated function, and of its scans' bodies, were written in the user's files. Nodes that
 * passes keep are the same objects, so they are found for later forms of the function, too; for those that passes
 * made, and for functions from elsewhere, there is nothing.
 */
export const sourcesOf = (f: Func): ((e: Expr) => Source | undefined) => {
  const places = written.get(f)
  return e => {
    const place = places?.get(e)
    return place && sourceOf(place)
  }
}

/** The mismatch in words: what, where, why. */
export const showMismatch = (e: TypeMismatch): string =>
  `${e.at === undefined ? '' : `${e.at}: `}${e.op}: ${e.message}`
