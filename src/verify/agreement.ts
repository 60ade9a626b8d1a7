/** Passes, one after the other, and the engine, against the reference evaluator. */
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, BackendOptions, Numbers, Precision } from '../backend/backend.ts'
import type { Func } from '../ir/expr.ts'
import { type Pass, verified } from '../passes/pass.ts'
import { preparatory } from '../passes/pipeline.ts'
import type { Program } from './arbitraries.ts'
import { both, type Checker, type Context, measured, nothing, wordsOf } from './check.ts'
import { culprit } from './culprit.ts'
import { trained } from './gradientCheck.ts'
import { isLoss, lossOf } from './loss.ts'
import { allFinite, allowance, distance, meaning, rounded, runOn, withFunc } from './run.ts'
import { shrink } from './shrink.ts'
import { nearestCorner } from './slope.ts'
import type { Case } from './subject.ts'

/** What keeps a pass or an engine from having done right by a program. */
export interface Wrong {
  /** A smaller program fails in the same way if it fails in this one. */
  readonly kind: string
  readonly message: string
  readonly deviation: number
}

const wrong = (kind: string, message: string, deviation = Number.POSITIVE_INFINITY): Wrong => ({
  kind,
  message,
  deviation,
})

export type Agreement = Wrong | { readonly deviation: number; readonly allowed: number }
const same: Agreement = { deviation: 0, allowed: 0 }

/* A value that came out the same for all examples, as many times as the other, which did not. */
const repeated = (xs: readonly Numbers[], ys: readonly Numbers[]): readonly Numbers[] =>
  xs.map((x, k) => {
    const due = ys[k]?.length ?? x.length
    return x.length === due || due % x.length !== 0
      ? x
      : Float64Array.from({ length: due }, (_, i) => x[i % x.length]!)
  })

/** How far the values of `after` are from those of `before`, both by the reference evaluator. */
const changed = (before: Program, after: Program): Agreement => {
  const due = meaning(before)
  if (!allFinite(due)) return same
  const deviation = distance(repeated(meaning(after), due), due)
  const allowed = allowance(before, 'double', deviation)
  return deviation <= allowed
    ? { deviation, allowed }
    : wrong(
        'values',
        `values are ${deviation.toExponential(1)} apart, ${allowed.toExponential(1)} allowed`,
        deviation,
      )
}

/** The pass on one program: its types, then its values. */
export const passed = (p: Program, pass: Pass): { readonly after: Program; readonly outcome: Agreement } => {
  let func: Func | undefined
  try {
    func = pass.run(p.func)
  } catch {
    // `verified` says it in words.
  }
  if (func === p.func) return { after: p, outcome: same }
  const typed = verified(func === undefined ? pass : { ...pass, run: () => func }, p.func)
  if (E.isLeft(typed)) {
    const { message } = typed.left
    return { after: p, outcome: wrong(message.split(':')[0]!, message) }
  }
  const after = withFunc(p, typed.right)
  return { after, outcome: changed(p, after) }
}

export const isWrong = (o: object): o is Wrong => 'kind' in o

export interface Stage {
  readonly pass: Pass
  readonly before: Program
  readonly outcome: Agreement
}

/** Every pass on what the one before it leaves; one that is wrong is left out. */
export const stages = (p: Program, passes: readonly Pass[]): readonly Stage[] => {
  let before = p
  return passes.map(pass => {
    const { after, outcome } = passed(before, pass)
    const stage: Stage = { pass, before, outcome }
    if (!isWrong(outcome)) before = after
    return stage
  })
}

const lossProgram = (p: Program): Program => (isLoss(p.func) ? p : withFunc(p, lossOf(p.func)))

/* What checks share of a case: its gradient, the way each pass takes. */
const trainedOf = new WeakMap<Case, E.Either<string, Program>>()
const gradientOf = (c: Case, { differentiate }: Context): E.Either<string, Program> => {
  const known = trainedOf.get(c) ?? trained(c.program, differentiate)
  trainedOf.set(c, known)
  return known
}
const swept = new WeakMap<Case, readonly Stage[]>()
const sweep = (c: Case, context: Context): readonly Stage[] => {
  const known = swept.get(c)
  if (known !== undefined) return known
  const { passes } = context
  const gradient = gradientOf(c, context)
  const all = [
    ...stages(c.program, passes),
    ...stages(lossProgram(c.program), preparatory),
    ...(E.isRight(gradient) ? stages(gradient.right, passes) : []),
  ]
  swept.set(c, all)
  return all
}

/** The smallest program found that the pass does the same wrong to. */
export const shrinkForPass = (
  p: Program,
  pass: Pass,
  kind: Wrong['kind'],
  patience: number,
): Promise<Program> =>
  shrink(
    p,
    q => {
      const { outcome } = passed(q, pass)
      return isWrong(outcome) && outcome.kind === kind
    },
    { patience },
  )

export const passCheck = (name: string): Checker => ({
  name: `pass:${name}`,
  summary: 'keeps types and values, of results and of gradients',
  measured: true,
  run: async (c, context) => {
    let total = nothing
    for (const { pass, before, outcome } of sweep(c, context)) {
      if (pass.name !== name) continue
      if (!isWrong(outcome)) {
        total = both(total, measured(outcome.deviation, outcome.allowed))
        continue
      }
      const program = await shrinkForPass(before, pass, outcome.kind, context.patience())
      return both(total, {
        ...measured(outcome.deviation, 0),
        found: { fault: `pass ${name}`, message: outcome.message, program },
      })
    }
    return total
  },
})

const rounding = { single: 1e-5, double: 1e-13 } as const

/** What is wrong with a backend's results, if anything. */
export const ran = async (
  p: Program,
  backend: Backend,
  { precision, ...options }: BackendOptions,
): Promise<Agreement> => {
  const own = precision === 'single' ? rounded(p) : p
  try {
    const due = meaning(own)
    if (!allFinite(due)) return same
    const results = await runOn(own, backend, { precision, ...options })
    if (E.isLeft(results)) return wrong('refused', results.left.message)
    const deviation = distance(results.right, due)
    const allowed = allowance(p, precision, deviation)
    if (deviation <= allowed) return { deviation, allowed }
    // On which side of a corner a value falls that is as near to it as rounding, only rounding knows.
    const corner = nearestCorner(own)
    return corner > 0 && corner < rounding[precision]
      ? same
      : wrong(
          'values',
          `results are ${deviation.toExponential(1)} apart, ${allowed.toExponential(1)} allowed`,
          deviation,
        )
  } catch (e) {
    return wrong('throws', `throws: ${wordsOf(e)}`)
  }
}

/** The smallest program found that the backend gets wrong in that way, and the op at fault. */
export const shrinkForBackend = async (
  p: Program,
  backend: Backend,
  options: BackendOptions,
  kind: Wrong['kind'],
  patience: number,
): Promise<{ readonly program: Program; readonly fault: string }> => {
  const fails = async (q: Program): Promise<boolean> => {
    const outcome = await ran(q, backend, options)
    return isWrong(outcome) && outcome.kind === kind
  }
  const program = await shrink(p, fails, { patience })
  return { program, fault: `op ${await culprit(program, fails)}` }
}

export const backendCheck = (precision: Precision): Checker => ({
  name: `native:${precision}`,
  summary: `the engine in ${precision} precision agrees with the reference evaluator`,
  measured: true,
  run: async (c, context) => {
    if (E.isLeft(context.backend)) return nothing
    const backend = context.backend.right
    const gradient = gradientOf(c, context)
    let total = nothing
    for (const p of [c.program, ...(E.isRight(gradient) ? [gradient.right] : [])]) {
      const how = { precision, threads: precision === 'single' ? 2 : 1 }
      const outcome = await ran(p, backend, how)
      if (!isWrong(outcome)) {
        total = both(total, measured(outcome.deviation, outcome.allowed))
        continue
      }
      const { program, fault } = await shrinkForBackend(p, backend, how, outcome.kind, context.patience())
      return both(total, {
        ...measured(outcome.deviation, 0),
        found: { fault: `${fault} in the engine`, message: outcome.message, program },
      })
    }
    return total
  },
})
