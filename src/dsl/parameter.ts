/** Parameters: declared with their shapes and how they start, side by side. */

import { elements, type Shape, type TensorType, tensor, width } from '../ir/type.ts'
import { stream } from '../random.ts'
import { isObject, shown } from './given.ts'
import { declared, type Numeric, type Term } from './term.ts'

/** How a parameter starts. Complex ones draw real and imaginary parts alike. */
export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'identity' }
  | { readonly kind: 'blocks'; readonly blocks: readonly Initialiser[] }

/** Everything 0. */
export const zeros: Initialiser = { kind: 'constant', value: 0 }
/** Everything `value`. */
export const filled = (value: number): Initialiser => ({ kind: 'constant', value })
/** Uniform on [low, high). */
export const uniform = (low: number, high: number): Initialiser => ({ kind: 'uniform', low, high })
/** Uniform on ±√(6/(in + out)): Glorot and Bengio (2010), equation 16. */
export const glorot = (inputs: number, outputs: number): Initialiser => {
  const bound = Math.sqrt(6 / (inputs + outputs))
  return uniform(-bound, bound)
}
/** The identity matrix. */
export const identityMatrix: Initialiser = { kind: 'identity' }
/** As many equal parts along the first axis, each started its own way. */
export const inBlocks = (...blocks: readonly Initialiser[]): Initialiser => ({ kind: 'blocks', blocks })

const isNumber = (u: unknown): boolean => typeof u === 'number'

/** What is wrong with how a tensor of that shape is to start; undefined if nothing is. */
export const wrongStart = (shape: Shape, initial: Initialiser): string | undefined => {
  const given: unknown = initial
  const kind = isObject(given) ? given.kind : undefined
  if (kind !== 'constant' && kind !== 'uniform' && kind !== 'identity' && kind !== 'blocks')
    return `it starts as ${shown(given)}: give an initialiser, such as zeros, filled(1) or uniform(-1, 1)`
  switch (initial.kind) {
    case 'constant':
      return isNumber(initial.value) ? undefined : `it starts as ${shown(initial.value)}, not a number`
    case 'uniform':
      return isNumber(initial.low) && isNumber(initial.high)
        ? undefined
        : `it starts between ${shown(initial.low)} and ${shown(initial.high)}, not two numbers`
    case 'identity':
      return undefined
    case 'blocks': {
      const [rows = 1, ...rest] = shape
      const n = initial.blocks.length
      return n > 0 && (rows % n === 0 || !Number.isSafeInteger(rows))
        ? initial.blocks.map(block => wrongStart([rows / n, ...rest], block)).find(why => why !== undefined)
        : `it starts in ${n} blocks, but its first axis has ${rows}, which they cannot share evenly`
    }
  }
}

/* JavaScript has nobody who looks at types. Sizes in a list are judged with the whole program, as a type mismatch. */
const declaration = <F extends Numeric>(field: F, shape: Shape, initial: Initialiser): Declaration<F> => {
  const refuse = (why: string): never => {
    throw new TypeError(`${field}Parameter: ${why}`)
  }
  if (!Array.isArray(shape)) refuse(`its shape is ${shown(shape)}: give a list, such as [3]`)
  const wrong = wrongStart(shape, initial)
  return wrong === undefined ? { field, shape, initial } : refuse(wrong)
}

/** One parameter as declared: its type, how it starts. */
export interface Declaration<F extends Numeric = Numeric> {
  readonly field: F
  /** Complex numbers count once. */
  readonly shape: Shape
  readonly initial: Initialiser
}
/** A real parameter of that shape. */
export const realParameter = (shape: Shape, initial: Initialiser): Declaration<'real'> =>
  declaration('real', shape, initial)
/** A complex parameter of that shape: `shape` counts complex numbers. */
export const complexParameter = (shape: Shape, initial: Initialiser): Declaration<'complex'> =>
  declaration('complex', shape, initial)

/**
 * A parameter of a model: what a trainer keeps and moves. The list of them is the first part of a program's inputs.
 */
export interface Parameter {
  /** Its name in programs, checkpoints and messages. */
  readonly name: string
  /** Always uniform. */
  readonly type: TensorType
  /** How it starts; `initialValue` draws it. */
  readonly initial: Initialiser
  /** What stands for it in the model's equations. */
  readonly term: Term
}

const isDeclaration = (u: unknown): boolean => isObject(u) && 'field' in u && 'shape' in u && 'initial' in u

/** Terms for the declared parameters, under their names, and the list of them. */
export const parameters = <D extends Readonly<Record<string, Declaration>>>(
  declarations: D,
): {
  readonly terms: { readonly [K in keyof D]: D[K] extends Declaration<infer F> ? Term<F> : never }
  readonly list: readonly Parameter[]
} => {
  const stray = Object.entries(declarations).find(([, d]: [string, unknown]) => !isDeclaration(d))
  if (stray !== undefined)
    throw new TypeError(
      `parameters: "${stray[0]}" is ${shown(stray[1])}: declare it with realParameter or complexParameter`,
    )
  const list = Object.entries(declarations).map(([name, { field, shape, initial }]) => ({
    name,
    type: tensor(field, shape),
    initial,
    term: declared(name) as Term,
  }))
  return {
    terms: Object.fromEntries(list.map(p => [p.name, p.term])) as never,
    list,
  }
}

/** The parameter's first value, as real numbers (complex ones interleaved), from the seed and its name. */
export const initialValue = (
  { name, type, initial }: Pick<Parameter, 'name' | 'type' | 'initial'>,
  seed: number,
): Float64Array => {
  const n = elements(type.shape) * width(type.field)
  switch (initial.kind) {
    case 'constant':
      return Float64Array.from({ length: n }, (_, i) => (i % width(type.field) === 0 ? initial.value : 0))
    case 'uniform': {
      const s = stream(seed, `parameter ${name}`)
      return Float64Array.from({ length: n }, () => s.real(initial.low, initial.high))
    }
    case 'identity': {
      const columns = type.shape.at(-1) ?? 1
      const w = width(type.field)
      return Float64Array.from({ length: n }, (_, i) => {
        const e = Math.floor(i / w)
        return i % w === 0 && Math.floor(e / columns) === e % columns ? 1 : 0
      })
    }
    case 'blocks': {
      const [rows = 1, ...rest] = type.shape
      const part = { ...type, shape: [rows / initial.blocks.length, ...rest] }
      const parts = initial.blocks.map((block, k) =>
        initialValue({ name: `${name} block ${k}`, type: part, initial: block }, seed),
      )
      return Float64Array.from(parts.flatMap(values => [...values]))
    }
  }
}
