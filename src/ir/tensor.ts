/** Numbers that have a tensor type: what programs are given and what they give back. */
import * as E from 'fp-ts/lib/Either.js'
import { elements, type Field, type Shape, sameShape, type TensorType, width } from './type.ts'

/** Row-major; a complex number is its real and its imaginary part, side by side; an index a whole number. */
export interface Tensor {
  readonly field: Field
  readonly shape: Shape
  /** As many numbers as the shape says, twice as many for complex ones. */
  readonly data: Float64Array
}

/** A program's input or output: one tensor for all examples, or one for each. */
export type Value =
  | { readonly rate: 'uniform'; readonly tensor: Tensor }
  | { readonly rate: 'varying'; readonly tensors: readonly Tensor[] }

/** One tensor for all examples. */
export const uniformValue = (tensor: Tensor): Value => ({ rate: 'uniform', tensor })
/** A tensor for each example; all of one type. */
export const varyingValue = (tensors: readonly Tensor[]): Value => ({ rate: 'varying', tensors })

type Layout = Pick<TensorType, 'field' | 'shape'>

export const zeros = ({ field, shape }: Layout): Tensor => ({
  field,
  shape,
  data: new Float64Array(elements(shape) * width(field)),
})

/** A tensor of these numbers, uncopied: who calls has just made them. */
export const tensorOf = ({ field, shape }: Layout, data: Float64Array): Tensor => ({ field, shape, data })

/** What keeps a tensor from being of a type (of either rate), if anything does. */
export const misfit = (type: TensorType, given: Tensor): string | undefined => {
  const { field, shape, bound } = type
  if (given.field !== field) return `holds ${given.field} numbers, not ${field} ones`
  if (!sameShape(given.shape, shape))
    return `has shape [${given.shape.join(', ')}], not [${shape.join(', ')}]`
  const due = elements(shape) * width(field)
  if (given.data.length !== due) return `holds ${given.data.length} numbers, not ${due}`
  if (field !== 'index') return undefined
  const at = given.data.findIndex(i => !(Number.isInteger(i) && i >= 0 && i < bound))
  return at < 0
    ? undefined
    : `counts to ${given.data[at]} at position ${at}: its indices go from 0 to ${bound - 1}`
}

/** A tensor of the type with a copy of these numbers. */
export const fromNumbers = (type: TensorType, numbers: ArrayLike<number>): E.Either<string, Tensor> => {
  const made = tensorOf(type, Float64Array.from(numbers))
  const problem = misfit(type, made)
  return problem === undefined ? E.right(made) : E.left(problem)
}

/** The same to the last bit: −0 is not 0, and NaN is NaN. */
export const sameTensor = (a: Tensor, b: Tensor): boolean =>
  a.field === b.field &&
  sameShape(a.shape, b.shape) &&
  a.data.length === b.data.length &&
  a.data.every((x, i) => Object.is(x, b.data[i]))
