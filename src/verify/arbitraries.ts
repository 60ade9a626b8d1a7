/**
 * Random well-typed programs and inputs for them, as generators of fast-check's. A property of all programs is
 * best asked of `programs`: a failing one is then shown as text, with the numbers that break it.
 */

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { argument, type Expr, type Func, func, type Param } from '../ir/expr.ts'
import { bug } from '../ir/invariant.ts'
import { print } from '../ir/print.ts'
import { fromNumbers, type Tensor, type Value } from '../ir/tensor.ts'
import { elements, type Field, type Rate, reals, type Shape, type TensorType, tensor } from '../ir/type.ts'
import { all, between, oneOf, pick } from './choice.ts'
import { any, unitary } from './expressions.ts'
import type { Scope } from './scope.ts'

/** What random programs are like: how deep, how large, of which batch. */
export interface ProgramOptions {
  /** Ops on the way to a leaf, more or less; 3 if not given. */
  readonly depth?: number
  /** Loops within one another, at most; 2. */
  readonly loops?: number
  /** Only programs that have a derivative everywhere near their inputs; false. */
  readonly differentiable?: boolean
  /** Lengths of axes; mostly up to 12, often up to 64, sometimes 97, 100 or 128. */
  readonly sizes?: fc.Arbitrary<number>
  /** Elements of a tensor, more or less; 2048. */
  readonly limit?: number
  /** How many examples; 1 to 17. */
  readonly batch?: fc.Arbitrary<number>
}

/** A function and something to run it on. */
export interface Program {
  readonly func: Func
  readonly batch: number
  readonly inputs: readonly Value[]
}

/** Lengths of axes: mostly 1 to 12, sometimes to 64, and some primes and powers of two. */
export const axisLengths: fc.Arbitrary<number> = pick(() => [
  [5, () => between(1, 12)],
  [2, () => between(1, 64)],
  [1, () => oneOf([13, 31, 37, 61, 97, 100, 128])],
])

const scopeOf = (values: readonly Expr[], options: ProgramOptions): Scope => ({
  values,
  depth: options.depth ?? 3,
  loops: options.loops ?? 2,
  examples: true,
  differentiable: options.differentiable ?? false,
  limit: options.limit ?? 2048,
  sizes: options.sizes ?? axisLengths,
})

const shapes = ({ sizes = axisLengths, limit = 2048 }: ProgramOptions): fc.Arbitrary<Shape> =>
  fc
    .tuple(oneOf([0, 1, 1, 1, 2, 2, 3]), sizes, sizes, between(1, 3))
    .map(([rank, n, m, k]) => [k, m, n].slice(3 - rank))
    .map(shape => (elements(shape) <= limit ? shape : shape.slice(-1)))

/** Types of real and complex tensors, of up to three axes and either rate. */
export const tensorTypes = (options: ProgramOptions = {}): fc.Arbitrary<TensorType> =>
  fc
    .tuple(oneOf<Field>(['real', 'complex']), shapes(options), oneOf<Rate>(['varying', 'uniform']))
    .map(([field, shape, rate]) => tensor(field, shape, rate))

/** Types of indices, and of vectors of them. */
export const indexTypes: fc.Arbitrary<TensorType> = fc
  .tuple(between(1, 12), oneOf<Rate>(['varying', 'uniform']), oneOf([0, 0, 1]), between(1, 6))
  .map(([bound, rate, rank, n]) => tensor('index', rank === 0 ? [] : [n], rate, bound))

const argsOf = (params: readonly Param[]): readonly Expr[] => params.map(({ type }, i) => argument(i, type))

/** Expressions of a type, or of the same at a lesser rate, over a function's parameters. */
export const expressions = (
  params: readonly Param[],
  type: TensorType,
  options: ProgramOptions = {},
): fc.Arbitrary<Expr> => any(scopeOf(argsOf(params), options), type)

/** Unitary operators on complex[size] over a function's parameters. */
export const unitaries = (
  params: readonly Param[],
  size: number,
  rate: Rate = 'varying',
  options: ProgramOptions = {},
): fc.Arbitrary<Expr> => unitary(scopeOf(argsOf(params), options), size, rate)

const several = <A>(item: fc.Arbitrary<A>, least: number, most: number): fc.Arbitrary<readonly A[]> =>
  between(least, most).chain(count => all(Array.from({ length: count }, () => item)))

/** Parameter lists, most of them with something that varies and with an index. */
export const paramLists = (options: ProgramOptions = {}): fc.Arbitrary<readonly Param[]> =>
  fc
    .tuple(several(tensorTypes(options), 1, 4), several(indexTypes, 0, 2))
    .map(([types, indices]) => [...types, ...indices].map((type, i) => ({ name: `p${i}`, type })))

/** A type that goes well with the parameters: of a shape that one of them has, or a new one. */
const resultTypes = (params: readonly Param[], options: ProgramOptions): fc.Arbitrary<TensorType> =>
  pick(() => [
    [1, () => tensorTypes(options)],
    [
      2,
      () =>
        fc
          .tuple(oneOf(params), oneOf<Field>(['real', 'complex']), oneOf<Rate>(['varying', 'uniform']))
          .map(([{ type }, field, rate]) => tensor(field, type.shape, rate)),
    ],
  ])

/** Closed functions. Some of what they compute is shared between their results. */
export const funcs = (options: ProgramOptions = {}): fc.Arbitrary<Func> =>
  paramLists(options).chain(params => {
    const typed = (scope: Scope) => (type: TensorType) => any(scope, type)
    const bare = scopeOf(argsOf(params), options)
    return several(resultTypes(params, options).chain(typed(bare)), 0, 2).chain(shared => {
      const scope = { ...bare, values: [...bare.values, ...shared] }
      return several(resultTypes(params, options).chain(typed(scope)), 1, 3).map(results =>
        func(params, results),
      )
    })
  })

/* Numbers come from a seed: a generator for each would take longer than the programs do. */
const noise = (seed: number) => {
  let state = seed | 0
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

const randomTensor = (type: TensorType, next: () => number): Tensor => {
  const draw = type.field === 'index' ? () => Math.floor(next() * type.bound) : () => 2 * next() - 1
  const made = fromNumbers(type, Array.from({ length: reals(type) }, draw))
  return E.isRight(made) ? made.right : bug(`random numbers for an input: ${made.left}`)
}

/** Numbers in [−1, 1] and indices within bounds, for so many examples. */
export const inputsFor = (params: readonly Param[], batch: number): fc.Arbitrary<readonly Value[]> =>
  fc.noBias(fc.nat()).map(seed => {
    const next = noise(seed)
    return params.map(({ type }): Value => {
      if (type.rate === 'uniform') return { rate: 'uniform', tensor: randomTensor(type, next) }
      return { rate: 'varying', tensors: Array.from({ length: batch }, () => randomTensor(type, next)) }
    })
  })

const showTensor = ({ data }: Tensor): string =>
  `[${[...data.subarray(0, 16)].join(', ')}${data.length > 16 ? ', …' : ''}]`

/** The program as text: its IR, the batch, the first numbers of every input. */
export const showProgram = ({ func, batch, inputs }: Program): string => {
  const values = func.params.map(({ name }, i) => {
    const value = inputs[i]!
    const tensors = value.rate === 'uniform' ? [value.tensor] : value.tensors
    return `${name} = ${tensors.map(showTensor).join('; ')}`
  })
  return `\n${print(func)}batch = ${batch}\n${values.join('\n')}\n`
}

/** Something to run this function on. */
export const runsOf = (f: Func, { batch = between(1, 17) }: ProgramOptions = {}): fc.Arbitrary<Program> =>
  batch.chain(count =>
    inputsFor(f.params, count).map(inputs => {
      const program: Program = { func: f, batch: count, inputs }
      return { ...program, [fc.toStringMethod]: () => showProgram(program) }
    }),
  )

/** Functions with something to run them on. */
export const programs = (options: ProgramOptions = {}): fc.Arbitrary<Program> =>
  funcs(options).chain(f => runsOf(f, options))
