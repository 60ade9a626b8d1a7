/**
 * Random recurrent cells: a product of unitary operators, or a dense matrix; a gate; an activation; what is read and
 * said. A cell is a model for any sizes, so it can be verified and trained like one that was written by hand.
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Reads, Recurrent, Sizes } from '../dsl/model.ts'
import {
  complexParameter,
  type Declaration,
  parameters,
  realParameter,
  uniform,
  zeros,
} from '../dsl/parameter.ts'
import * as d from '../dsl/term.ts'
import { bug } from '../ir/invariant.ts'
import { permutation, stream } from '../random.ts'
import { type Program, showProgram } from './arbitraries.ts'
import { between, oneOf, pick } from './choice.ts'
import { recurrentCase, type Setting } from './subject.ts'

/** A factor of a product: of a parameter of its own, or fixed. */
export type CellFactor = 'phase' | 'reflect' | 'dft' | 'inverse dft' | 'permute'

/** What a cell is made of. */
export interface Recipe {
  /**
   * W: a product, the last factor acting first, the adjoint of all of it if so said; or a dense real matrix. With fast
   * weights the state itself is a matrix, to which every step adds a product.
   */
  readonly recurrence:
    | { readonly kind: 'unitary'; readonly factors: readonly CellFactor[]; readonly adjoint: boolean }
    | { readonly kind: 'dense' }
    | { readonly kind: 'fast weights' }
  /** What stands between the state and its next value: nothing, a parameter, or something made of the state. */
  readonly gate: 'none' | 'learnt' | 'of the state'
  /** Of complex states modReLU, with either ε, or tanh of both parts; of real ones tanh, max(x, 0) or sigmoid. */
  readonly activation: 'none' | 'modRelu' | 'modRelu with ε' | 'tanh' | 'relu' | 'sigmoid'
  /** The state before the first step. */
  readonly initial: 'zero' | 'parameter'
}

/** A random model and what it was made of. */
export interface Cell {
  /** What it was made of, for messages. */
  readonly recipe: Recipe
  /** The model, for any sizes. */
  readonly make: (sizes: Sizes) => Recurrent<{ readonly h: d.Complex } | { readonly h: d.Real }>
}

const showRecipe = ({ recurrence, gate, activation, initial }: Recipe): string => {
  const product =
    recurrence.kind !== 'unitary'
      ? recurrence.kind
      : `${recurrence.adjoint ? 'adjoint of ' : ''}(${recurrence.factors.join(' · ')})`
  return `cell { W: ${product}, gate: ${gate}, activation: ${activation}, initial: ${initial} }`
}

const some = uniform(-1, 1)

/* V, by rows where it is read by symbols. */
const inputShape = (reads: Reads, n: number): readonly number[] =>
  reads.kind === 'symbols' ? [reads.count, n] : [n, reads.size]

const gateDeclarations = (
  gate: Recipe['gate'],
  n: number,
  width: number,
): Record<string, Declaration<'real'>> => ({
  ...(gate === 'none' ? {} : { g: realParameter([n], some) }),
  ...(gate === 'of the state' ? { G: realParameter([n, width], some) } : {}),
})

const gateOf = (
  gate: Recipe['gate'],
  p: Readonly<Record<string, d.Term>>,
  state: d.Real,
): d.Real | undefined => {
  if (gate === 'none') return undefined
  const g = p.g as d.Real
  return d.sigmoid(gate === 'learnt' ? g : d.add(d.matvec(p.G as d.Real, state), g))
}

const operator = (
  factor: CellFactor,
  k: number,
  { hidden: n, seed }: Sizes,
  p: Readonly<Record<string, d.Term>>,
): d.Unitary => {
  switch (factor) {
    case 'phase':
      return d.phase(p[`D${k}`] as d.Real)
    case 'reflect':
      return d.reflect(p[`R${k}`] as d.Complex)
    case 'dft':
      return d.dft(n)
    case 'inverse dft':
      return d.adjoint(d.dft(n))
    case 'permute':
      return d.permute(permutation(n, stream(seed, `cell permutation ${k}`)))
  }
}

const product = (
  factors: readonly CellFactor[],
  sizes: Sizes,
  p: Readonly<Record<string, d.Term>>,
): d.Unitary => {
  const made = factors.map((factor, k) => operator(factor, k, sizes, p))
  return made.length === 0 ? d.identity(sizes.hidden) : d.compose(...made)
}

const complexCell = (
  recipe: Recipe,
  factors: readonly CellFactor[],
  adjoint: boolean,
  sizes: Sizes,
): Recurrent<{ readonly h: d.Complex }> => {
  const { hidden: n, reads, writes } = sizes
  const own = Object.fromEntries(
    factors.flatMap((factor, k): [string, Declaration][] =>
      factor === 'phase'
        ? [[`D${k}`, realParameter([n], uniform(-Math.PI, Math.PI))]]
        : factor === 'reflect'
          ? [[`R${k}`, complexParameter([n], some)]]
          : [],
    ),
  )
  const { terms, list } = parameters({
    ...own,
    ...gateDeclarations(recipe.gate, n, 2 * n),
    V: complexParameter(inputShape(reads, n), some),
    b: realParameter([n], uniform(-0.2, 0.2)),
    U: realParameter([writes, 2 * n], some),
    c: realParameter([writes], zeros),
    ...(recipe.initial === 'parameter' ? { h0: complexParameter([n], some) } : {}),
  })
  const p = terms as unknown as Readonly<Record<string, d.Term>>
  const whole = product(factors, sizes, p)
  const W = adjoint ? d.adjoint(whole) : whole
  const parts = (h: d.Complex): d.Real => d.concat(d.re(h), d.im(h))
  const read = (x: d.Term): d.Complex =>
    reads.kind === 'symbols'
      ? d.take(p.V as d.Complex, x as d.Index)
      : d.matvec(p.V as d.Complex, d.toComplex(x as d.Real))
  const activated = (z: d.Complex): d.Complex => {
    const b = p.b as d.Real
    switch (recipe.activation) {
      case 'modRelu':
        return d.modRelu(z, b)
      case 'modRelu with ε':
        return d.modRelu(z, b, 1e-5)
      case 'none':
        return z
      default:
        return d.complexOf(d.tanh(d.add(d.re(z), b)), d.tanh(d.im(z)))
    }
  }
  return {
    name: 'cell',
    sizes,
    parameters: list,
    initial: { h: (p.h0 as d.Complex | undefined) ?? d.toComplex(d.broadcast(d.number(0), n)) },
    step: ({ h }, x) => {
      const gate = gateOf(recipe.gate, p, parts(h))
      const z = d.add(d.apply(W, h), read(x))
      return { h: activated(gate === undefined ? z : d.scale(gate, z)) }
    },
    output: ({ h }) => d.add(d.matvec(p.U as d.Real, parts(h)), p.c as d.Real),
    recurrence: W,
    unitaries: { W: x => d.apply(W, x) },
    fixed: {},
  }
}

const realActivation = ({ activation }: Recipe): ((z: d.Real) => d.Real) => {
  switch (activation) {
    case 'tanh':
      return d.tanh
    case 'relu':
      return d.relu
    case 'sigmoid':
      return d.sigmoid
    default:
      return z => z
  }
}

const realCell = (recipe: Recipe, sizes: Sizes): Recurrent<{ readonly h: d.Real }> => {
  const { hidden: n, reads, writes } = sizes
  const scale = uniform(-1 / n, 1 / n)
  const { terms, list } = parameters({
    W: realParameter([n, n], scale),
    ...gateDeclarations(recipe.gate, n, n),
    V: realParameter(inputShape(reads, n), some),
    b: realParameter([n], some),
    U: realParameter([writes, n], some),
    c: realParameter([writes], zeros),
    ...(recipe.initial === 'parameter' ? { h0: realParameter([n], some) } : {}),
  })
  const p = terms as unknown as Readonly<Record<string, d.Real>>
  const activated = realActivation(recipe)
  const read = (x: d.Term): d.Real =>
    reads.kind === 'symbols' ? d.take(p.V!, x as d.Index) : d.matvec(p.V!, x as d.Real)
  return {
    name: 'cell',
    sizes,
    parameters: list,
    initial: { h: p.h0 ?? d.broadcast(d.number(0), n) },
    step: ({ h }, x) => {
      const next = activated(d.add(d.add(d.matvec(p.W!, h), read(x)), p.b!))
      const gate = gateOf(recipe.gate, p, h)
      // z h + (1 − z) next, as in a gated recurrent unit.
      return {
        h:
          gate === undefined
            ? next
            : d.add(d.mul(gate, h), d.mul(d.sub(d.broadcast(d.number(1), n), gate), next)),
      }
    },
    output: ({ h }) => d.add(d.matvec(p.U!, h), p.c!),
    fixed: {},
  }
}

/** M[t] = g M[t−1] + a v^T of a = act(V x[t] + b) and v = W x[t]; the output is U M[t] q + c. */
const fastWeights = (recipe: Recipe, sizes: Sizes): Recurrent<{ readonly h: d.Real }> => {
  const { hidden: n, reads, writes } = sizes
  const { terms, list } = parameters({
    W: realParameter(inputShape(reads, n), some),
    V: realParameter(inputShape(reads, n), some),
    b: realParameter([n], some),
    q: realParameter([n], some),
    U: realParameter([writes, n], some),
    c: realParameter([writes], zeros),
    ...gateDeclarations(recipe.gate === 'none' ? 'none' : 'learnt', n, n),
    ...(recipe.initial === 'parameter' ? { h0: realParameter([n, n], some) } : {}),
  })
  const p = terms as unknown as Readonly<Record<string, d.Real>>
  const read = (matrix: d.Real, x: d.Term): d.Real =>
    reads.kind === 'symbols' ? d.take(matrix, x as d.Index) : d.matvec(matrix, x as d.Real)
  const kept = (h: d.Real): d.Real =>
    recipe.gate === 'none' ? h : d.mul(d.broadcast(d.sigmoid(p.g!), n, n), h)
  const activated = realActivation(recipe)
  return {
    name: 'cell',
    sizes,
    parameters: list,
    initial: { h: p.h0 ?? d.broadcast(d.number(0), n, n) },
    step: ({ h }, x) => ({
      h: d.add(kept(h), d.outer(activated(d.add(read(p.V!, x), p.b!)), read(p.W!, x))),
    }),
    output: ({ h }) => d.add(d.matvec(p.U!, d.matvec(h, p.q!)), p.c!),
    fixed: {},
  }
}

/** The model that a recipe is of. */
export const cellOf = (recipe: Recipe): Cell => ({
  recipe,
  make: sizes => {
    const { recurrence } = recipe
    const model =
      recurrence.kind === 'unitary'
        ? complexCell(recipe, recurrence.factors, recurrence.adjoint, sizes)
        : recurrence.kind === 'dense'
          ? realCell(recipe, sizes)
          : fastWeights(recipe, sizes)
    return model as unknown as ReturnType<Cell['make']>
  },
})

const recipes: fc.Arbitrary<Recipe> = pick<Recipe>(() => [
  [
    3,
    () =>
      fc.record({
        recurrence: fc.record({
          kind: fc.constant('unitary' as const),
          factors: fc.array(oneOf<CellFactor>(['phase', 'reflect', 'dft', 'inverse dft', 'permute']), {
            maxLength: 8,
            size: 'max',
          }),
          adjoint: fc.boolean(),
        }),
        gate: oneOf<Recipe['gate']>(['none', 'none', 'learnt', 'of the state']),
        activation: oneOf<Recipe['activation']>(['none', 'modRelu', 'modRelu with ε', 'tanh']),
        initial: oneOf<Recipe['initial']>(['zero', 'parameter']),
      }),
  ],
  [
    1,
    () =>
      fc.record({
        recurrence: oneOf<Recipe['recurrence']>([
          { kind: 'dense' },
          { kind: 'dense' },
          { kind: 'fast weights' },
        ]),
        gate: oneOf<Recipe['gate']>(['none', 'learnt', 'of the state']),
        activation: oneOf<Recipe['activation']>(['none', 'tanh', 'relu', 'sigmoid']),
        initial: oneOf<Recipe['initial']>(['zero', 'parameter']),
      }),
  ],
])

/** Whole recurrent cells, shown as what they are made of. They shrink to fewer factors and simpler parts. */
export const cells = (): fc.Arbitrary<Cell> =>
  recipes.map(recipe => {
    const cell = cellOf(recipe)
    return { ...cell, [fc.toStringMethod]: () => showRecipe(recipe) }
  })

/** Sizes for a cell: a few units, symbols or numbers to read, a few steps and examples. */
export const settings = (): fc.Arbitrary<Setting> =>
  fc.record({
    hidden: oneOf([1, 2, 3, 4, 5, 7, 8, 12, 16]),
    reads: fc
      .tuple(fc.boolean(), between(1, 4))
      .map(
        ([symbols, k]): Reads => (symbols ? { kind: 'symbols', count: k + 1 } : { kind: 'vector', size: k }),
      ),
    writes: between(1, 3),
    length: between(1, 5),
    batch: between(1, 9),
  })

/** Cells run over a sequence: what they say after every step, and their last state. */
export const cellPrograms = (): fc.Arbitrary<Program> =>
  fc.tuple(cells(), settings(), fc.noBias(fc.nat())).map(([cell, setting, seed]) => {
    const made = recurrentCase(cell.make as never, setting, seed, 0.3)
    if (E.isLeft(made)) return bug(`a cell that is no program: ${made.left}`)
    const { program } = made.right
    return { ...program, [fc.toStringMethod]: () => `${showRecipe(cell.recipe)}${showProgram(program)}` }
  })
