/** What is verified, as programs: a function as it is, a recurrent model over a sequence at sizes of one's choice. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { elaborate, showMismatch } from '../dsl/elaborate.ts'
import { entryType, type Reads, type Recurrent, type Sizes } from '../dsl/model.ts'
import { initialValue } from '../dsl/parameter.ts'
import * as d from '../dsl/term.ts'
import type { Func } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { tensorOf, type Value } from '../ir/tensor.ts'
import { complex, sameType, showType, varying } from '../ir/type.ts'
import { digest, stream } from '../random.ts'
import { inputsFor, type Program } from './arbitraries.ts'
import { shrunkShapes } from './shrink.ts'

/** A recurrent model for any sizes, as `src/models` declare them. */
export type MakeRecurrent<S extends d.Terms = d.Terms> = (sizes: Sizes) => Recurrent<S>

/** Sizes of a recurrent model, and of the sequences it is run on. */
export interface Setting {
  /** Units. */
  readonly hidden: number
  /** What is read at each step. */
  readonly reads: Reads
  /** Numbers in the output. */
  readonly writes: number
  /** Steps of a sequence. */
  readonly length: number
  /** Examples. */
  readonly batch: number
}

/** A map that a model says is unitary: a program of its parameters and of one varying vector, its last parameter. */
export interface Claim {
  readonly name: string
  readonly func: Func
}

/** One program to hold checks to, with inputs for it. */
export interface Case {
  readonly label: string
  readonly program: Program
  /** The claims of a model at these sizes. */
  readonly claims: readonly Claim[]
  /** Whether these are the model's own sizes. */
  readonly isOwn: boolean
}

/** A seed of its own for each use of one. */
export const seedOf = (seed: number, label: string): number =>
  digest(
    Array.from(label, c => c.codePointAt(0)!),
    seed,
  )

const showReads = (reads: Reads): string =>
  reads.kind === 'symbols'
    ? `reads one of ${reads.count} symbols`
    : `reads ${reads.size} number${reads.size === 1 ? '' : 's'}`

export const showSetting = ({ hidden, reads, length, batch }: Setting): string =>
  `hidden ${hidden}, ${showReads(reads)}, ${length} step${length === 1 ? '' : 's'}, batch ${batch}`

/** The model on a sequence: what it says after every step, then its last state. */
export const unrolledModel = (model: Recurrent, { reads, length }: Setting): E.Either<string, Func> => {
  const x = d.declared('x')
  const type = entryType(reads)
  const input = { term: x, name: 'x', type: varying({ ...type, shape: [length, ...type.shape] }) }
  const { carry, stack } = d.scan({
    carry: model.initial,
    over: { x },
    step: (state, at) => {
      const next = model.step(state, at.x)
      return { carry: next, stack: { output: model.output(next) } }
    },
  })
  return E.mapLeft(showMismatch)(
    elaborate([...model.parameters, input], [stack.output, ...Object.values(carry)]),
  )
}

/** A map of a state as a function of the model's parameters and of the state `x`, or why it is none. */
const mapOf = (model: Recurrent, what: string, map: unknown): E.Either<string, Func> => {
  if (typeof map !== 'function')
    return E.left(`${what} must be a function of a vector, such as z => apply(U, z)`)
  const x = d.declared<'complex'>('x')
  const type = varying(complex(model.sizes.hidden))
  const f = elaborate([...model.parameters, { term: x, name: 'x', type }], [map(x)])
  if (E.isLeft(f)) return E.left(`${what}: ${showMismatch(f.left)}`)
  const given = required(f.right.results[0], 'a result').type
  return sameType(given, type)
    ? f
    : E.left(`${what} must make ${showType(type)} of ${showType(type)}, not ${showType(given)}`)
}

const claimsOf = (model: Recurrent): E.Either<string, readonly Claim[]> => {
  const { recurrence } = model
  if (recurrence !== undefined) {
    const f = mapOf(model, 'what `recurrence` applies', (x: d.Complex) => d.apply(recurrence, x))
    if (E.isLeft(f)) return f
  }
  const claims: Claim[] = []
  for (const [name, map] of Object.entries(model.unitaries ?? {})) {
    const f = mapOf(model, `the map "${name}" that is to be unitary`, map)
    if (E.isLeft(f)) return f
    claims.push({ name, func: f.right })
  }
  return E.right(claims)
}

/** Parameters begin as the model says, moved by as much; what the model reads is drawn. */
const inputsOf = (
  model: Recurrent,
  f: Func,
  batch: number,
  seed: number,
  spread: number,
): readonly Value[] => {
  const drawn = fc.sample(inputsFor(f.params, batch), { seed, numRuns: 1 })[0]!
  return drawn.map((v, i): Value => {
    const parameter = model.parameters[i]
    if (parameter === undefined || v.rate === 'varying') return v
    const own = initialValue(parameter, seed)
    return {
      rate: 'uniform',
      tensor: tensorOf(
        parameter.type,
        own.map((a, k) => a + spread * v.tensor.data[k]!),
      ),
    }
  })
}

/**
 * The case of a recurrent model at a setting, its parameters as they begin but for as much as `spread`. Whatever keeps it from
 * having a program is a failure of the model's.
 */
export const recurrentCase = (
  make: MakeRecurrent,
  setting: Setting,
  seed: number,
  spread: number,
  isOwn = true,
): E.Either<string, Case> => {
  const { hidden, reads, writes, batch } = setting
  let model: Recurrent
  try {
    model = make({ hidden, reads, writes, seed: seed >>> 1 })
  } catch (e) {
    return E.left(e instanceof Error ? e.message : String(e))
  }
  const f = unrolledModel(model, setting)
  if (E.isLeft(f)) return f
  const claims = claimsOf(model)
  if (E.isLeft(claims)) return claims
  const inputs = inputsOf(model, f.right, batch, seed, spread)
  return E.right({
    label: showSetting(setting),
    program: { func: f.right, batch, inputs },
    claims: claims.right,
    isOwn,
  })
}

/** Hidden sizes that a model is held to besides its own: one, the even, the odd, primes, a power of two. */
export const smallSizes: readonly number[] = [1, 2, 3, 5, 6, 8, 13]

/** Small settings, the smallest first; what is read, and how many, changes from one to the next. */
export const smallSettings = (own: Setting, seed: number): readonly Setting[] => {
  const s = stream(seed, 'settings')
  return smallSizes.map((hidden, k) => ({
    hidden,
    reads:
      k % 2 === 0 ? { kind: 'vector', size: s.integer(1, 3) } : { kind: 'symbols', count: s.integer(2, 4) },
    writes: own.writes === 1 ? 1 : s.integer(1, 3),
    length: 1 + Math.min(k, 3),
    batch: s.integer(1, 3),
  }))
}

/** A function's own case, and a shrunk one. */
export const funcCases = (
  f: Func,
  claims: readonly Claim[],
  batch: number,
  seed: number,
): readonly Case[] => {
  const draw = (g: Func, label: string): Program => ({
    func: g,
    batch,
    inputs: fc.sample(inputsFor(g.params, batch), { seed: seedOf(seed, label), numRuns: 1 })[0]!,
  })
  const own = draw(f, 'own')
  const less = shrunkShapes(own, 3, 5)
  const cases: readonly Case[] = [
    { label: `its own shapes, batch ${batch}`, program: own, claims, isOwn: true },
  ]
  return less.func === f
    ? cases
    : [
        {
          label: `axes of at most 5 entries, loops of at most 3 steps, batch ${batch}`,
          program: draw(less.func, 'less'),
          claims: [],
          isOwn: false,
        },
        ...cases,
      ]
}
