/**
 * What a user writes: plain, immutable trees of terms that know the field of their numbers (so that TypeScript
 * refuses to add a real to a complex expression) but not yet their shapes. `elaborate` gives them types.
 */
import type { Attributes, BinaryOp, Op, UnaryOp } from '../ir/ops.ts'
import { isObject, isTerm, shown } from './given.ts'
import { here, type Place } from './place.ts'

/** What a term stands for: a tensor of that field, or a unitary operator. */
export type Kind = 'real' | 'complex' | 'index' | 'unitary'
/** The fields that numbers have; an index is no number. */
export type Numeric = 'real' | 'complex'

declare const kind: unique symbol

interface Common<K extends Kind> {
  readonly [kind]?: K
  /** The user's call. No part of what the term means. */
  readonly at: Place
}
/** A parameter of a program, known by the object's identity. */
interface Declared {
  readonly form: 'declared'
  readonly name: string
}
/** A carry or an entry of a sequence, inside a scan's step. */
interface Local {
  readonly form: 'local'
  readonly name: string
  readonly scope: symbol
}
interface Literal {
  readonly form: 'literal'
  readonly value: number
}
interface Operation {
  readonly form: 'operation'
  readonly op: Exclude<Op, 'scan' | 'get' | 'arg'>
  readonly attributes: Attributes[Op]
  readonly args: readonly Term[]
}
/** A loop as it was written: what `scan` makes. */
export interface ScanTerm {
  readonly form: 'scan'
  readonly at: Place
  readonly scope: symbol
  readonly reverse: boolean
  readonly length: number | undefined
  /** Name, initial value, the step's placeholder, next value. */
  readonly carries: readonly {
    readonly name: string
    readonly initial: Term
    readonly local: Term
    readonly next: Term
  }[]
  readonly sequences: readonly { readonly name: string; readonly over: Term; readonly local: Term }[]
  readonly stacked: readonly Term[]
}
interface Item {
  readonly form: 'item'
  readonly scan: ScanTerm
  readonly item: number
}

/** What should have been a term and is none, as only a program without types can bring about. */
interface Absent {
  readonly form: 'absent'
  readonly op: Op
  readonly message: string
}

/** An expression of that kind. */
export type Term<K extends Kind = Kind> = Common<K> & (Declared | Local | Literal | Operation | Item | Absent)
/** A real tensor. */
export type Real = Term<'real'>
/** A complex tensor. */
export type Complex = Term<'complex'>
/** A tensor of indices, each from 0 to its bound, exclusive. */
export type Index = Term<'index'>
/** A unitary operator on complex[n]: it preserves the norm. */
export type Unitary = Term<'unitary'>

const operation = <K extends Kind, P extends Operation['op']>(
  op: P,
  args: readonly Term[],
  attributes: Attributes[P],
): Term<K> => {
  const at = here(operation)
  return {
    form: 'operation',
    op,
    args: args.map((x, i) => asTerm(x, op, `operand ${i + 1}`, at)),
    attributes,
    at,
  }
}

const absent = <K extends Kind>(op: Op, message: string, at: Place): Term<K> => ({
  form: 'absent',
  op,
  message,
  at,
})

/* JavaScript has nobody who looks at types. */
const asTerm = (x: unknown, op: Op, what: string, at: Place): Term => {
  if (isTerm(x)) return x as Term
  if (typeof x === 'number') return { form: 'literal', value: x, at }
  return absent(op, `${what} is ${shown(x)}, which is no term`, at)
}

const term = (x: Term | number): Term => (typeof x === 'number' ? number(x) : x)

/** A real scalar. */
export const number = (value: number): Real => {
  const at = here(number)
  return typeof value === 'number'
    ? { form: 'literal', value, at }
    : absent('constant', `number takes a number, not ${shown(value)}`, at)
}

/** A term that stands for a named input of a program. */
export const declared = <K extends Kind>(name: string): Term<K> => {
  const at = here(declared)
  return typeof name === 'string'
    ? { form: 'declared', name, at }
    : absent('arg', `declared takes a name, not ${shown(name)}`, at)
}

const unary =
  (op: UnaryOp) =>
  <F extends Numeric>(x: Term<F>): Term<F> =>
    operation(op, [x], {})
const toReal =
  (op: UnaryOp) =>
  <F extends Numeric>(x: Term<F>): Real =>
    operation(op, [x], {})
/* Both of one field; a number takes the field and the shape of the other. */
const binary =
  (op: Exclude<BinaryOp, 'modRelu'>) =>
  <F extends Numeric>(x: Term<F>, y: Term<NoInfer<F>> | number): Term<F> =>
    operation(op, [x, term(y)], {})

/** −x. */
export const neg = unary('neg')
/** e^x, of either field. */
export const exp = unary('exp')
/** ln x; the principal branch of a complex x. */
export const log = unary('log')
/** √x; the principal branch of a complex x. */
export const sqrt = unary('sqrt')
/** sin x, of either field. */
export const sin = unary('sin')
/** cos x, of either field. */
export const cos = unary('cos')
/** tanh x, of either field. */
export const tanh = unary('tanh')
/** 1/(1 + e^−x), of either field. */
export const sigmoid = unary('sigmoid')
/** 1/x, and 0 at 0. */
export const pinv = unary('pinv')
/** The complex conjugate. */
export const conj = (z: Complex): Complex => operation('conj', [z], {})
/** The real part. */
export const re = (z: Complex): Real => operation('re', [z], {})
/** The imaginary part. */
export const im = (z: Complex): Real => operation('im', [z], {})
/** |x|, real for either field. Its derivative at 0 is 0. */
export const abs = toReal('abs')
/** max(x, 0). */
export const relu = (x: Real): Real => operation('relu', [x], {})
/** 1 where x > 0, else 0. */
export const step = (x: Real): Real => operation('step', [x], {})

/** Pointwise; a scalar operand is repeated to the other's shape. */
export const add = binary('add')
/** x − y, pointwise; scalars as in `add`. */
export const sub = binary('sub')
/** x y, pointwise; scalars as in `add`. For a real by a complex tensor there is `scale`. */
export const mul = binary('mul')
/** x / y, pointwise; scalars as in `add`. */
export const div = binary('div')
/** r z for a real r: the way to multiply across the two fields. */
export const scale = (r: Real | number, z: Complex): Complex => operation('scale', [term(r), z], {})
/** x + iy. */
export const complexOf = (x: Real, y: Real | number): Complex => operation('complex', [x, term(y)], {})
/** A real term as a complex one. */
export const toComplex = (x: Real): Complex => complexOf(x, 0)

/**
 * (|z| + b) z/(|z| + ε) where |z| + b ≥ 0, else 0; value and derivative are 0 at z = 0. Arjovsky, Shah, Bengio
 * (2016), equation 8, has ε = 0.
 */
export const modRelu = (z: Complex, b: Real, epsilon = 0): Complex =>
  operation('modRelu', [z, b], { epsilon })

/** Sum over the first axis, or over the first `axes` ones. */
export const sum = <F extends Numeric>(x: Term<F>, axes = 1): Term<F> => operation('sum', [x], { axes })
/** x^H y. */
export const dot = <F extends Numeric>(x: Term<F>, y: Term<NoInfer<F>>): Term<F> =>
  operation('dot', [x, y], {})
/** A x. */
export const matvec = <F extends Numeric>(a: Term<F>, x: Term<NoInfer<F>>): Term<F> =>
  operation('matvec', [a, x], { adjoint: false })
/** A^H x. */
export const matvecAdjoint = <F extends Numeric>(a: Term<F>, x: Term<NoInfer<F>>): Term<F> =>
  operation('matvec', [a, x], { adjoint: true })
/** A^T, of a matrix. */
export const transpose = <F extends Numeric>(a: Term<F>): Term<F> => operation('transpose', [a], {})
/** a b^H. */
export const outer = <F extends Numeric>(a: Term<F>, b: Term<NoInfer<F>>): Term<F> =>
  operation('outer', [a, b], {})
/** Σ_t a[t] b[t]^H, over the first axis of both. */
export const contract = <F extends Numeric>(a: Term<F>, b: Term<NoInfer<F>>): Term<F> =>
  operation('contract', [a, b], {})
/** Joined along the first axis. */
export const concat = <F extends Numeric>(a: Term<F>, b: Term<NoInfer<F>>): Term<F> =>
  operation('concat', [a, b], {})
/** `length` entries of the first axis from `start` on. */
export const slice = <F extends Numeric>(x: Term<F>, start: number, length: number): Term<F> =>
  operation('slice', [x], { start, length })
/** The same entries in the same order, along axes of these lengths. */
export const reshape = <F extends Numeric>(x: Term<F>, ...shape: number[]): Term<F> =>
  operation('reshape', [x], { shape })
/** The entry of the first axis that `i` names. */
export const take = <F extends Numeric>(x: Term<F>, i: Index): Term<F> => operation('take', [x, i], {})
/** Repeated along new leading axes up to `shape`. */
export const broadcast = <F extends Numeric>(x: Term<F>, ...shape: number[]): Term<F> =>
  operation('broadcast', [x], { shape })
/** ln Σ e^x over a vector. */
export const logSumExp = (x: Real): Real => operation('logSumExp', [x], {})
/** Sum over the examples of a batch. */
export const batchSum = <F extends Numeric>(x: Term<F>): Term<F> => operation('batchSum', [x], {})
/** How many examples the batch has. */
export const batchSize = (): Real => operation('batchSize', [], {})

/** The identity on complex[size]. */
export const identity = (size: number): Unitary => operation('identity', [], { size })
/** diag(e^iθ). */
export const phase = (theta: Real): Unitary => operation('phase', [theta], {})
/** The unitary discrete Fourier transform, e^(−2πi jk/n)/√n. */
export const dft = (size: number): Unitary => operation('dft', [], { size })
/** (Π x)_j = x_permutation[j]. */
export const permute = (permutation: readonly number[]): Unitary =>
  isObject(permutation)
    ? operation('permute', [], { permutation })
    : absent('permute', `takes a list of numbers, not ${shown(permutation)}`, here(permute))
/** I − 2 v v^H/‖v‖². */
export const reflect = (v: Complex): Unitary => operation('reflect', [v], {})
/** The product; the last factor acts first. */
export const compose = (...factors: readonly Unitary[]): Unitary => operation('compose', factors, {})
/** U^H, which is U⁻¹. */
export const adjoint = (u: Unitary): Unitary => operation('adjoint', [u], {})
/** U x. */
export const apply = (u: Unitary, x: Complex): Complex => operation('apply', [u, x], {})

/** Terms by name: a state, entries of sequences, what is stacked. */
export type Terms = Readonly<Record<string, Term>>

/* Without these there are no terms to make that could say at last what is wrong. */
const due = (holds: boolean, what: string): void => {
  if (!holds) throw new TypeError(`scan: ${what}`)
}

/**
 * A loop over the first axis of sequences. `step` sees the carries and one entry of each sequence and gives the
 * next carries, and what is to be stacked. Terms from outside may be used in it freely.
 */
export const scan = <C extends Terms, X extends Terms, Y extends Terms>(loop: {
  readonly carry: C
  readonly over: X
  /** How many steps; needed only without sequences. */
  readonly length?: number
  /** From the last entry to the first. */
  readonly reverse?: boolean
  readonly step: (carry: C, entry: X) => { readonly carry: C; readonly stack: Y }
}): { readonly carry: C; readonly stack: Y } => {
  const at = here(scan)
  due(isObject(loop), `takes an object with carry, over and step, not ${shown(loop)}`)
  for (const part of ['carry', 'over'] as const)
    due(isObject(loop[part]), `its ${part} is ${shown(loop[part])}: give terms by name, or {} for none`)
  due(typeof loop.step === 'function', `its step is ${shown(loop.step)}, not a function`)
  const scope = Symbol('scan')
  const local = (name: string): Term => ({ form: 'local', name, scope, at })
  const locals = <T extends Terms>(terms: T): T =>
    Object.fromEntries(Object.keys(terms).map(name => [name, local(name)])) as T
  const carries = locals(loop.carry)
  const entries = locals(loop.over)
  const after = loop.step(carries, entries)
  due(isObject(after), `its step returns ${shown(after)}: it must return { carry, stack }`)
  for (const part of ['carry', 'stack'] as const)
    due(
      isObject(after[part]),
      `its step returns ${shown(after[part])} as its ${part}: it must return { carry, stack }, with {} for none`,
    )
  const stackNames = Object.keys(after.stack)
  const scanTerm: ScanTerm = {
    form: 'scan',
    at,
    scope,
    reverse: loop.reverse ?? false,
    length: loop.length,
    carries: Object.keys(loop.carry).map(name => ({
      name,
      initial: asTerm(loop.carry[name], 'scan', `the first value of carry ${name}`, at),
      local: carries[name]!,
      next: asTerm(after.carry[name], 'scan', `the next value of carry ${name}`, at),
    })),
    sequences: Object.keys(loop.over).map(name => ({
      name,
      over: asTerm(loop.over[name], 'scan', `sequence ${name}`, at),
      local: entries[name]!,
    })),
    stacked: stackNames.map(name => asTerm(after.stack[name], 'scan', `output ${name}`, at)),
  }
  const items = <T extends Terms>(names: readonly string[], first: number): T =>
    Object.fromEntries(
      names.map((name, i) => [name, { form: 'item', scan: scanTerm, item: first + i, at }]),
    ) as unknown as T
  return {
    carry: items(Object.keys(loop.carry), 0),
    stack: items(stackNames, scanTerm.carries.length),
  }
}
