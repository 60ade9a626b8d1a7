/** Random programs by the thousand, through every pass and the engine, against the reference evaluator. */
import * as fc from 'fast-check'
import type { Backend, BackendOptions } from '../backend/backend.ts'
import { opNames } from '../ir/attributes.ts'
import type { Op } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { bodiesOf } from '../ir/print.ts'
import type { Pass } from '../passes/pass.ts'
import { standard } from '../passes/pipeline.ts'
import { isWrong, passed, ran, shrinkForBackend, shrinkForPass, stages } from './agreement.ts'
import { type Program, programs } from './arbitraries.ts'
import { cellPrograms } from './cells.ts'
import { withGradient } from './loss.ts'
import { type Failure, textOf } from './report.ts'

/** What is fuzzed, and how long. */
export interface FuzzOptions {
  /** How many programs; 10,000. */
  readonly runs?: number
  /** The seed of the first; the next has the next. */
  readonly seed?: number
  /** Seconds after which no further program is begun. */
  readonly seconds?: number
  /** In this order; the standard ones. */
  readonly passes?: readonly Pass[]
  /** What is held to the reference evaluator. */
  readonly backend: Backend
  /** The backend's instruction sets, which take turns. */
  readonly isas?: readonly string[]
  /** Told how many are done, after each. */
  readonly progress?: (done: number) => void
}

/** What fuzzing found. */
export interface FuzzReport {
  /** How many programs were tried. */
  readonly runs: number
  /** The first one's. */
  readonly seed: number
  /** In how many programs each op was. */
  readonly reached: Readonly<Record<Op, number>>
  /** Ops that no program had. */
  readonly missing: readonly Op[]
  /** How many had loops, loops in loops, real and complex values. */
  readonly had: Readonly<Record<'loops' | 'nested loops' | 'real' | 'complex', number>>
  /** The first program that failed, made small; none if all held. */
  readonly failure?: Failure
}

/* Plain programs, some with their gradients, or with the gradients of those; recurrent cells, the same. */
const kinds: readonly fc.Arbitrary<Program>[] = [
  programs(),
  programs(),
  programs({ depth: 4, sizes: fc.integer({ min: 1, max: 9 }), limit: 256 }),
  programs(),
  programs({ differentiable: true }).map(p => withGradient(p)),
  programs({ differentiable: true, depth: 2 }).map(p => withGradient(p)),
  programs({ differentiable: true, depth: 2, loops: 1 }).map(p => withGradient(withGradient(p))),
  cellPrograms(),
  cellPrograms().map(p => withGradient(p)),
]

/** The program of a seed: the same for everybody. */
export const programOf = (seed: number): Program =>
  fc.sample(kinds[seed % kinds.length]!, { seed, numRuns: 1 })[0]!

const enough = 5000

/** The first thing found wrong with a program. */
const faultOf = async (
  p: Program,
  seed: number,
  { passes = standard, backend, isas = [] }: FuzzOptions,
): Promise<Omit<Failure, 'at' | 'seed' | 'replay'> | undefined> => {
  const found = (fault: string, message: string, program: Program) => ({
    fault,
    message,
    program,
    text: textOf(program),
  })
  // In their order, and every other time each alone as well.
  const own = stages(p, passes)
  const single =
    seed % 2 === 0
      ? []
      : [...new Set(passes)].map(pass => ({ pass, before: p, outcome: passed(p, pass).outcome }))
  for (const { pass, before, outcome } of [...own, ...single])
    if (isWrong(outcome)) {
      const smallest = await shrinkForPass(before, pass, outcome.kind, enough)
      return found(`pass ${pass.name}`, outcome.message, smallest)
    }
  const isa = isas[seed % Math.max(1, isas.length)]
  const ways: readonly BackendOptions[] = (['double', 'single'] as const).map((precision, k) => ({
    precision,
    threads: 1 + ((seed + k) % 3),
    ...(isa !== undefined && { isa }),
  }))
  for (const options of ways) {
    const outcome = await ran(p, backend, options)
    if (isWrong(outcome)) {
      const { program, fault } = await shrinkForBackend(p, backend, options, outcome.kind, enough)
      const how = `${options.precision} precision${isa === undefined ? '' : `, ${isa}`}`
      return found(`${fault} in the engine (${how})`, outcome.message, program)
    }
  }
  return undefined
}

const opsOf = (p: Program): ReadonlySet<Op> =>
  new Set([p.func, ...bodiesOf(p.func)].flatMap(g => postorder(g.results).map(e => e.op)))

type Feature = keyof FuzzReport['had']
const featuresOf = ({ func: f }: Program): readonly Feature[] => {
  const bodies = bodiesOf(f).map(g => postorder(g.results))
  const nodes = [postorder(f.results), ...bodies].flat()
  const isOf = (field: 'real' | 'complex'): boolean =>
    nodes.some(({ type }) => type.kind === 'tensor' && type.field === field)
  const features: readonly (readonly [Feature, boolean])[] = [
    ['loops', bodies.length > 0],
    ['nested loops', bodies.some(all => all.some(e => e.op === 'scan'))],
    ['real', isOf('real')],
    ['complex', isOf('complex')],
  ]
  return features.flatMap(([feature, has]) => (has ? [feature] : []))
}

/** Holds so many random programs to the reference evaluator; ends at the first that fails, made small. */
export const fuzz = async (options: FuzzOptions): Promise<FuzzReport> => {
  const { runs = 10_000, seed = 1, seconds = Number.POSITIVE_INFINITY } = options
  const end = performance.now() + 1000 * seconds
  const reached = Object.fromEntries(opNames.map(op => [op, 0])) as Record<Op, number>
  const had = { loops: 0, 'nested loops': 0, real: 0, complex: 0 }
  let failure: Failure | undefined
  let done = 0
  for (; done < runs && failure === undefined && performance.now() < end; done++) {
    const own = seed + done
    const p = programOf(own)
    for (const op of opsOf(p)) reached[op]++
    for (const feature of featuresOf(p)) had[feature]++
    const fault = await faultOf(p, own, options)
    if (fault !== undefined)
      failure = {
        ...fault,
        at: `program ${own}`,
        seed: own,
        replay: `npm run fuzz -- --seed ${own} --runs 1`,
      }
    options.progress?.(done + 1)
  }
  return {
    runs: done,
    seed,
    reached,
    missing: opNames.filter(op => reached[op] === 0),
    had,
    ...(failure !== undefined && { failure }),
  }
}
