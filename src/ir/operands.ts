/** What typing rules ask of an op's operands and attributes. What does not hold is said by throwing a `Mismatch`. */
import type { Expr } from './expr.ts'
import { toField, toRank, toUnitary } from './fix.ts'
import {
  elements,
  type Field,
  joinRates,
  mostElements,
  type Rate,
  rateOf,
  type Shape,
  showType,
  type TensorType,
  type Type,
  type UnitaryType,
} from './type.ts'

/* Rules are written as plain checks; a failed one leaves the rule by throwing this, which `infer` catches. */
interface Mismatch {
  readonly mismatch: string
}
export const isMismatch = (e: unknown): e is Mismatch =>
  typeof e === 'object' && e !== null && 'mismatch' in e
export const fail = (mismatch: string): never => {
  throw { mismatch } satisfies Mismatch
}
export const check = (holds: boolean, message: () => string): void => {
  if (!holds) fail(message())
}

export const arity = (args: readonly Expr[], n: number): void =>
  check(args.length === n, () => `takes ${n} operand${n === 1 ? '' : 's'}, not ${args.length}`)

export const tensorAt = (
  args: readonly Expr[],
  i: number,
  fields: readonly Field[] = ['real', 'complex'],
): TensorType => {
  const type = args[i]?.type ?? fail(`operand ${i + 1} is missing`)
  if (type.kind !== 'tensor' || !fields.includes(type.field))
    return fail(
      `operand ${i + 1} must be ${fields.join(' or ')}, not ${showType(type)}${toField(type, fields)}`,
    )
  return type
}
export const unitaryAt = (args: readonly Expr[], i: number): UnitaryType => {
  const type = args[i]?.type ?? fail(`operand ${i + 1} is missing`)
  return type.kind === 'unitary'
    ? type
    : fail(`operand ${i + 1} must be unitary, not ${showType(type)}${toUnitary(type)}`)
}
export const rankAt = (
  args: readonly Expr[],
  i: number,
  rank: number,
  fields?: readonly Field[],
): TensorType => {
  const type = tensorAt(args, i, fields)
  check(
    type.shape.length === rank,
    () =>
      `operand ${i + 1} must have ${rank} ax${rank === 1 ? 'is' : 'es'}, not ${showType(type)}${toRank(type, rank)}`,
  )
  return type
}
export const atLeastOneAxis = (args: readonly Expr[], i: number, fields?: readonly Field[]): TensorType => {
  const type = tensorAt(args, i, fields)
  check(
    type.shape.length >= 1,
    () => `operand ${i + 1} is a scalar, ${showType(type)}: it has no axis${toRank(type, 1)}`,
  )
  return type
}
export const rate = (args: readonly Expr[]): Rate => joinRates(args.map(a => rateOf(a.type)))
/* JavaScript gives lists in lists, or no list at all. */
const showShape = (shape: unknown): string => {
  if (!Array.isArray(shape)) return String(shape)
  return `[${[...shape].map(d => (Array.isArray(d) ? showShape(d) : String(d))).join(', ')}]`
}
const spreadIt = (shape: Shape): string =>
  Array.isArray(shape) && shape.some(d => Array.isArray(d))
    ? ': sizes come one by one, so spread the list, ...shape'
    : ''
export const naturals = (shape: Shape): void =>
  check(
    Array.isArray(shape) &&
      [...shape].every(d => Number.isSafeInteger(d) && d >= 1) && // holes, too
      elements(shape) <= mostElements,
    () =>
      `a shape is made of whole numbers from 1 up (at most 2^31 elements), not ${showShape(shape)}${spreadIt(shape)}`,
  )
export const checkSizes = (type: Type): void => {
  if (type.kind === 'tensor') naturals(type.shape)
  else if (type.kind === 'tuple') type.items.forEach(checkSizes)
}
export const size = (n: number): void =>
  check(
    Number.isSafeInteger(n) && n >= 1 && n <= 2 ** 24,
    () => `the size must be a whole number from 1 to 2^24, not ${n}`,
  )
