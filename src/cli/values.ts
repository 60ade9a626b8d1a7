/** Tensors' numbers as nested lists, as JSON has them: complex numbers as pairs, examples along a first axis. */
import * as E from 'fp-ts/lib/Either.js'
import { elements, reals, sameShape, showType, type TensorType, width } from '../ir/type.ts'

export type Nested = number | readonly Nested[]

const flattened = (u: unknown, into: number[]): boolean => {
  if (typeof u === 'number') {
    into.push(u)
    return true
  }
  return Array.isArray(u) && u.every(v => flattened(v, into))
}

/** How long the lists are at each depth; undefined where they differ. */
const lengthsOf = (u: unknown): readonly number[] | undefined => {
  if (!Array.isArray(u)) return []
  const inner = u.map(lengthsOf)
  const [first = []] = inner
  return inner.every(l => l !== undefined && sameShape(l, first)) ? [u.length, ...first] : undefined
}

/** The axes that the numbers of a value have as lists. */
const axes = ({ shape, field, rate }: TensorType, batch: number): readonly number[] => [
  ...(rate === 'varying' ? [batch] : []),
  ...shape,
  ...(width(field) === 2 ? [2] : []),
]

const described = (type: TensorType): string => {
  const lists = ['', 'a list', 'lists of lists'][axes(type, 1).length] ?? 'nested lists'
  const each = type.rate === 'varying' ? ', examples first' : ''
  return `${showType(type)}: ${lists === '' ? 'a number' : lists}${each}${width(type.field) === 2 ? ', complex numbers as [re, im]' : ''}`
}

/** The numbers of a parameter, and for how many examples they are. */
export const numbersOf = (
  type: TensorType,
  u: unknown,
): E.Either<string, { readonly data: Float64Array; readonly examples: number }> => {
  const data: number[] = []
  if (!flattened(u, data)) return E.left(`is not of numbers alone (it is ${described(type)})`)
  const each = reals(type)
  const examples = type.rate === 'varying' ? Math.max(1, Math.floor(data.length / each)) : 1
  if (data.length !== each * examples)
    return E.left(
      `has ${data.length} numbers, not ${type.rate === 'varying' ? 'a multiple of ' : ''}${each} (it is ${described(type)})`,
    )
  const lengths = lengthsOf(u)
  if (lengths === undefined) return E.left(`has lists of different lengths (it is ${described(type)})`)
  // one example may go without the list of examples
  const isDue = [axes(type, lengths[0] ?? 1), axes({ ...type, rate: 'uniform' }, 1)].some(due =>
    sameShape(due, lengths),
  )
  if (lengths.length > 1 && !isDue)
    return E.left(
      `has lists of ${lengths.join(' × ')}, not ${type.rate === 'varying' ? 'examples × ' : ''}${axes({ ...type, rate: 'uniform' }, 1).join(' × ')} (it is ${described(type)})`,
    )
  if (type.field === 'index') {
    const wrong = data.find(x => !Number.isInteger(x) || x < 0 || x >= type.bound)
    if (wrong !== undefined)
      return E.left(`holds ${wrong}, which is no whole number from 0 to ${type.bound - 1}`)
  }
  return E.right({ data: Float64Array.from(data), examples })
}

/** The numbers of a result as nested lists. */
export const nestedOf = (type: TensorType, data: Float64Array, batch: number): Nested => {
  const build = (rest: readonly number[], from: number): Nested => {
    const [n, ...inner] = rest
    if (n === undefined) return data[from] ?? Number.NaN
    const step = elements(inner)
    return Array.from({ length: n }, (_, i) => build(inner, from + i * step))
  }
  return build(axes(type, batch), 0)
}
