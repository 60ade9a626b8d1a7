/** The nearest fix for what has not the type that is due: the end of a message, `: …`, or nothing. */
import { elements, type Field, type Shape, sameShape, type TensorType, type Type } from './type.ts'

const hint = (text: string | undefined): string => (text === undefined ? '' : `: ${text}`)

/** Names are those that models are written with. */
const fieldFix = (given: Type, due: readonly Field[]): string | undefined => {
  if (given.kind === 'unitary') return 'apply(U, x) is a vector'
  if (given.kind === 'tuple') return 'take one of its items'
  if (given.field === 'index')
    return due.includes('index') ? undefined : 'take(values, i) is the entry that an index names'
  if (due.length === 1 && due[0] === 'index')
    return `declare it with the type index(bound${given.shape.map(n => `, ${n}`).join('')})`
  if (given.field === 'complex' && !due.includes('complex')) return 'take re(z), im(z) or abs(z)'
  if (given.field === 'real' && !due.includes('real')) return 'make it complex, toComplex(x)'
  return undefined
}
export const toField = (given: Type, due: readonly Field[]): string => hint(fieldFix(given, due))

/** What makes a unitary of it. */
export const toUnitary = (given: Type): string => {
  if (given.kind !== 'tensor') return ''
  if (given.shape.length === 2) return ': matvec(A, x) applies a matrix; a unitary one is made of factors'
  if (given.shape.length !== 1) return ''
  return given.field === 'complex' ? ': reflect(v) is the reflection in a vector' : ': phase(θ) is diag(e^iθ)'
}

const call = (op: string, ...numbers: readonly number[]): string => `${op}(${['x', ...numbers].join(', ')})`

/* `x`: which of several is meant, where there are several. */
const shapeFix = (given: Shape, due: Shape, x: string): string | undefined => {
  const more = given.length - due.length
  if (more < 0 && sameShape(due.slice(-more), given)) return `${call('broadcast', ...due)} repeats ${x}`
  if (more > 0 && sameShape(given.slice(more), due))
    return `${more === 1 ? call('sum') : call('sum', more)} adds up the entries of ${x}`
  if (elements(given) === elements(due)) return `${call('reshape', ...due)} has the entries of ${x}`
  const [length = 0, ...rest] = due
  return more === 0 && sameShape(rest, given.slice(1)) && given[0]! > length
    ? `${call('slice', 0, length)} is the first ${length} entries of ${x}`
    : undefined
}
/** What brings a shape to the one that is due. */
export const toShape = (given: Shape, due: Shape): string =>
  sameShape(given, due) ? '' : hint(shapeFix(given, due, 'it'))

/** What brings the smaller of two shapes to the larger, or the other way round. */
export const toOneShape = (a: Shape, b: Shape): string => {
  const [small, large] = elements(a) <= elements(b) ? [a, b] : [b, a]
  const name = (shape: Shape): string => `the one of [${shape.join(', ')}]`
  return hint(shapeFix(small, large, name(small)) ?? shapeFix(large, small, name(large)))
}

/** What brings a value to the type that is due; one thing at a time. */
export const toType = (given: TensorType, due: TensorType): string => {
  if (given.field !== due.field) return toField(given, [due.field])
  if (!sameShape(given.shape, due.shape)) return toShape(given.shape, due.shape)
  if (given.bound > due.bound) return `: declare it with the bound ${due.bound}`
  return ''
}

/** What makes two operands of one field. */
export const toOneField = (isProduct = false): string =>
  isProduct
    ? 'make both real or both complex (scale multiplies a complex number by a real one)'
    : 'make both real or both complex (toComplex, re, im, abs)'

/** What makes an axis or several of those there are. */
export const toRank = (given: TensorType, rank: number): string => {
  if (rank === 1 && given.shape.length > 1) return `: reshape(x, ${elements(given.shape)}) has one axis`
  if (rank === 1) return ': broadcast(x, n) repeats a scalar'
  if (rank === 2 && given.shape.length === 1)
    return `: reshape(x, 1, ${given.shape[0]}) is a row, reshape(x, ${given.shape[0]}, 1) a column`
  return ''
}

/** What is wrong with a list that should hold each of 0 … n − 1 once. */
export const strayEntry = (permutation: readonly number[]): string => {
  const n = permutation.length
  const stray = permutation.find(j => !(Number.isInteger(j) && j >= 0 && j < n))
  if (stray !== undefined)
    return `${stray} is none of them${stray === n && !permutation.includes(0) ? ': positions count from 0' : ''}`
  const seen = new Set<number>()
  const twice = permutation.find(j => seen.size === seen.add(j).size)
  const missing = permutation.findIndex((_, j) => !seen.has(j))
  return `${twice} stands there twice, ${missing} is missing`
}
