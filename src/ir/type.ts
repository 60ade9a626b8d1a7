/**
 * Types of the IR: a tensor is field × shape × rate. Precision is no part of a type (it is chosen when a
 * program is compiled) and neither is the batch: a varying value has one tensor for each example.
 */

/** The scalars a tensor holds. An index counts from 0 to its type's `bound`, exclusive. */
export type Field = 'real' | 'complex' | 'index'

/** Uniform: the same for all examples (a parameter). Varying: one for each example. */
export type Rate = 'uniform' | 'varying'

/** Lengths of the axes, outermost first; none for a scalar. */
export type Shape = readonly number[]

/** The type of a tensor: field × shape × rate. */
export interface TensorType {
  readonly kind: 'tensor'
  readonly field: Field
  readonly shape: Shape
  readonly rate: Rate
  /** For an index: the values are 0 … bound − 1. For other fields 0. */
  readonly bound: number
}

/** A unitary operator on complex[n]. Whatever has this type preserves the norm. */
export interface UnitaryType {
  readonly kind: 'unitary'
  readonly size: number
  readonly rate: Rate
}

/** What `scan` has: the final carries, then the stacked outputs. Taken apart by `get`. */
export interface TupleType {
  readonly kind: 'tuple'
  readonly items: readonly TensorType[]
}

/** What a node may be: a tensor, a unitary operator, or a loop's tuple. */
export type Type = TensorType | UnitaryType | TupleType

export const tensor = (field: Field, shape: Shape = [], rate: Rate = 'uniform', bound = 0): TensorType => ({
  kind: 'tensor',
  field,
  shape,
  rate,
  bound,
})

/** Uniform real tensors of that shape; `real()` is a scalar. */
export const real = (...shape: number[]): TensorType => tensor('real', shape)
/** Uniform complex tensors of that shape; `complex()` is a scalar. */
export const complex = (...shape: number[]): TensorType => tensor('complex', shape)
/** Integers 0 … bound − 1. */
export const index = (bound: number, ...shape: number[]): TensorType =>
  tensor('index', shape, 'uniform', bound)

export const withRate = (type: TensorType, rate: Rate): TensorType => ({ ...type, rate })
/** The same type, one tensor for each example. */
export const varying = (type: TensorType): TensorType => withRate(type, 'varying')

/** Of one tensor: what an index of the engine reaches. */
export const mostElements = 2 ** 31

/** How many scalars (complex ones count once). */
export const elements = (shape: Shape): number => {
  let n = 1
  for (let i = 0; i < shape.length; i++) n *= shape[i]!
  return n
}

/** Real numbers in one element of a field. */
export const width = (field: Field): 1 | 2 => (field === 'complex' ? 2 : 1)

/** Real numbers in a whole tensor. */
export const reals = (type: TensorType): number => elements(type.shape) * width(type.field)

export const joinRates = (rates: readonly Rate[]): Rate => (rates.includes('varying') ? 'varying' : 'uniform')

export const rateOf = (type: Type): Rate =>
  type.kind === 'tuple' ? joinRates(type.items.map(rateOf)) : type.rate

export const sameShape = (a: Shape, b: Shape): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export const sameType = (a: Type, b: Type): boolean => {
  if (a === b) return true
  switch (a.kind) {
    case 'tensor':
      return (
        b.kind === 'tensor' &&
        a.field === b.field &&
        a.rate === b.rate &&
        a.bound === b.bound &&
        sameShape(a.shape, b.shape)
      )
    case 'unitary':
      return b.kind === 'unitary' && a.size === b.size && a.rate === b.rate
    case 'tuple':
      return (
        b.kind === 'tuple' &&
        a.items.length === b.items.length &&
        a.items.every((item, i) => sameType(item, b.items[i]!))
      )
  }
}

/** Equal but for the rate, and no varying value where a uniform one is due. */
export const fits = (given: TensorType, due: TensorType): boolean =>
  given.field === due.field &&
  given.bound === due.bound &&
  sameShape(given.shape, due.shape) &&
  (given.rate === 'uniform' || due.rate === 'varying')

const showField = (type: TensorType): string => (type.field === 'index' ? `index<${type.bound}>` : type.field)

/** `complex[128]`, `varying real[]`, `index<10>[120]`, `unitary(128)`, `(real[], complex[4])`. */
export const showType = (type: Type): string => {
  switch (type.kind) {
    case 'tensor':
      return `${type.rate === 'varying' ? 'varying ' : ''}${showField(type)}[${type.shape.join(', ')}]`
    case 'unitary':
      return `${type.rate === 'varying' ? 'varying ' : ''}unitary(${type.size})`
    case 'tuple':
      return `(${type.items.map(showType).join(', ')})`
  }
}
