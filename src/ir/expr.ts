/**
 * The typed expression DAG. Nodes are immutable and interned: two expressions are equal exactly when they are
 * the same object, so common subexpressions do not exist and memo tables are keyed by identity. Making a node
 * infers its type and does not simplify it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { infer } from './infer.ts'
import { bug } from './invariant.ts'
import type { Attributes, Op } from './ops.ts'
import { sameType, showType, type TensorType, type Type, tensor } from './type.ts'

/** A node: its op, operands, attributes, and the type that follows. `Expr<'scan'>` is one of that op. */
export type Expr<K extends Op = Op> = {
  readonly [P in K]: {
    readonly op: P
    readonly args: readonly Expr[]
    readonly attributes: Attributes[P]
    readonly type: Type
    /** Counts up as nodes are made, so operands come before their users. */
    readonly id: number
  }
}[K]

/** A parameter of a function. Its name is for people; expressions know it by its position. */
export interface Param {
  readonly name: string
  readonly type: TensorType
}

/** A closed function: `results` use nothing but `arg`s of `params`, by position. Interned like nodes. */
export interface Func {
  /** What it takes, in order. */
  readonly params: readonly Param[]
  /** What it gives, in order. */
  readonly results: readonly Expr[]
  /** Counts up as functions are made; equal functions are one object. */
  readonly id: number
}

/** Why an expression has no type. */
export interface TypeMismatch {
  readonly kind: 'TypeMismatch'
  /** The op whose rule is broken. */
  readonly op: Op
  /** What is due and what is given. */
  readonly message: string
  /** Where in the user's model the expression was made, if known. */
  readonly at?: string
}

/*
 * The one hidden state of the IR: the table of live nodes. Weak, so programs can be forgotten; their keys are when the
 * table has grown to `room`. (A callback for each node that is collected takes longer than all the sweeps.)
 */
const table = new Map<string, WeakRef<object>>()
const leastRoom = 2 ** 16
let room = leastRoom
let made = 0

const sweep = (): void => {
  for (const [key, value] of table) if (value.deref() === undefined) table.delete(key)
  room = Math.max(leastRoom, 2 * table.size)
}

const known = (key: string): object | undefined => table.get(key)?.deref()

const enter = <A extends object>(key: string, make: (id: number) => A): A => {
  const fresh = Object.freeze(make(made++))
  if (table.size >= room) sweep()
  table.set(key, new WeakRef(fresh))
  return fresh
}

/* These are numbers by their bits; others, and those of arrays, are sizes and places, where −0 is 0. */
const bits: ReadonlySet<string> = new Set(['re', 'im', 'epsilon'])

/* Functions by identity, and fields in one order, whoever wrote them in which. */
const textOfValue = (value: unknown, name = ''): string => {
  if (typeof value === 'number') return Object.is(value, -0) && bits.has(name) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value))
    return `[${(value.every(Number.isFinite) ? value : value.map(x => textOfValue(x))).join()}]`
  return 'results' in value && 'id' in value ? `@${value.id}` : textOf(value)
}

/* Passes make nodes again and again on other operands with the attributes they had. */
const texts = new WeakMap<object, string>()
const textOf = (attributes: object): string => {
  const written = texts.get(attributes)
  if (written !== undefined) return written
  const names = Object.keys(attributes)
  let text = '{'
  if (names.length === 0) return text
  for (const name of names.sort())
    text += `${name}:${textOfValue((attributes as Readonly<Record<string, unknown>>)[name], name)},`
  texts.set(attributes, text)
  return text
}

const keyOf = (op: Op, args: readonly Expr[], attributes: object): string => {
  let key: string = op
  for (let i = 0; i < args.length; i++) key += `,${args[i]!.id}`
  return key + textOf(attributes)
}

/** A node, or why there is none. */
export const make = <K extends Op>(
  op: K,
  args: readonly Expr[],
  attributes: Attributes[K],
): E.Either<TypeMismatch, Expr<K>> => {
  const key = keyOf(op, args, attributes)
  const there = known(key) as Expr<K> | undefined
  if (there !== undefined) return E.right(there)
  const type = infer(op, args, attributes)
  if (E.isLeft(type)) return E.left({ kind: 'TypeMismatch', op, message: type.left })
  return E.right(enter(key, id => ({ op, args, attributes, type: type.right, id }) as Expr<K>))
}

/** A node that is known to be well typed: what passes make from well-typed programs. */
export const node = <K extends Op>(op: K, args: readonly Expr[], attributes: Attributes[K]): Expr<K> => {
  const made = make(op, args, attributes)
  return E.isRight(made)
    ? made.right
    : bug(`${op}(${args.map(a => showType(a.type)).join(', ')}): ${made.left.message}`)
}

const haveTypesOf = (args: readonly Expr[], others: readonly Expr[]): boolean => {
  if (args.length !== others.length) return false
  for (let i = 0; i < args.length; i++) if (!sameType(args[i]!.type, others[i]!.type)) return false
  return true
}

/**
 * The same node on other operands. If they have the types of those it had, so has it, and its type is not inferred again: `e` is
 * one that `make` made.
 */
export const withArgs = (e: Expr, args: readonly Expr[]): Expr => {
  if (args === e.args || (args.length === e.args.length && args.every((a, i) => a === e.args[i]))) return e
  const { op, attributes, type } = e
  if (!haveTypesOf(args, e.args)) return node(op, args, attributes)
  const key = keyOf(op, args, attributes)
  return (known(key) as Expr | undefined) ?? enter(key, id => ({ op, args, attributes, type, id }) as Expr)
}

/* Names are for people; a later one that stands already gets a number. */
const distinct = (params: readonly Param[]): readonly Param[] => {
  const taken = new Set<string>()
  return params.map(p => {
    let name = p.name
    for (let k = 2; taken.has(name); k++) name = `${p.name}_${k}`
    taken.add(name)
    return name === p.name ? p : { ...p, name }
  })
}

/* Passes make functions again and again of the parameters they had. */
const signatures = new WeakMap<
  readonly Param[],
  { readonly named: readonly Param[]; readonly text: string }
>()
const signatureOf = (params: readonly Param[]) => {
  const made = signatures.get(params)
  if (made !== undefined) return made
  const named = distinct(params)
  const signature = { named, text: JSON.stringify(named.map(p => [p.name, showType(p.type)])) }
  signatures.set(named, signature)
  return signature
}

/** The function of these parameters with these results. */
export const func = (params: readonly Param[], results: readonly Expr[]): Func => {
  const { named, text } = signatureOf(params)
  const key = `func(${text})${results.map(r => r.id).join()}`
  return (
    (known(key) as Func | undefined) ??
    enter(key, id => ({ params: named, results: Object.freeze([...results]), id }))
  )
}

/** The type as a tensor's; every operand but a unitary's or a tuple's has one. */
export const tensorType = (e: Expr): TensorType =>
  e.type.kind === 'tensor' ? e.type : bug(`${e.op} is no tensor but ${showType(e.type)}`)

/* Passes name parameters again and again. */
const places = new WeakMap<TensorType, Attributes['arg'][]>()

/** A function's parameter of that position, as an expression. */
export const argument = (index: number, type: TensorType): Expr<'arg'> => {
  let ofType = places.get(type)
  if (ofType === undefined) {
    ofType = []
    places.set(type, ofType)
  }
  ofType[index] ??= { index, type }
  return node('arg', [], ofType[index])
}

export const constant = (re: number, shape: readonly number[] = []): Expr<'constant'> =>
  node('constant', [], { re, im: 0, type: tensor('real', shape) })

export const complexConstant = (re: number, im: number, shape: readonly number[] = []): Expr<'constant'> =>
  node('constant', [], { re, im, type: tensor('complex', shape) })
