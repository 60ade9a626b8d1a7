/**
 * Tensors' numbers as nested lists, as JSON has them: complex numbers as pairs, examples along a first axis. What JSON has
 * no number for is text, as in programs: "inf", "-inf", and "nan", which programs have not.
 */
import * as E from 'fp-ts/lib/Either.js'
import { numberWords } from '../ir/json.ts'
import { showNumber } from '../ir/print.ts'
import { elements, reals, sameShape, showType, type TensorType, width } from '../ir/type.ts'

const numberOf = (u: unknown): number | undefined =>
  typeof u === 'number' ? u : u === 'nan' ? Number.NaN : numberWords.get(u)

/** Whether there are lists in lists more than `depth` deep. */
const isDeeper = (u: unknown, depth: number): boolean =>
  Array.isArray(u) && (depth === 0 || u.some(v => isDeeper(v, depth - 1)))

const flattened = (u: unknown, into: number[]): boolean => {
  const x = numberOf(u)
  if (x !== undefined) {
    into.push(x)
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

/* Lists a little too deep are told by their lengths; what reads them would not come back from the deepest. */
const spare = 8

/** The numbers of a parameter, and for how many examples they are. */
export const numbersOf = (
  type: TensorType,
  u: unknown,
): E.Either<string, { readonly data: Float64Array; readonly examples: number }> => {
  const data: number[] = []
  const deepest = axes(type, 1).length + spare
  if (isDeeper(u, deepest))
    return E.left(`has lists in lists more than ${deepest} deep (it is ${described(type)})`)
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

const written = (x: number): string => (Number.isFinite(x) ? String(x) : JSON.stringify(showNumber(x)))

/** A result's numbers as JSON, nested lists, in pieces: the whole may be longer than a string can be. */
export function* textOf(type: TensorType, data: Float64Array, batch: number): Generator<string> {
  const lengths = axes(type, batch)
  const strides = lengths.map((_, depth) => elements(lengths.slice(depth)))
  const n = elements(lengths)
  let text = ''
  for (let i = 0; i < n; i++) {
    for (const stride of strides) if (i % stride === 0) text += '['
    text += written(data[i] ?? Number.NaN)
    for (const stride of strides) if ((i + 1) % stride === 0) text += ']'
    if (i + 1 < n) text += ','
    if (text.length < pieceLength) continue
    yield text
    text = ''
  }
  yield text
}
const pieceLength = 2 ** 16
