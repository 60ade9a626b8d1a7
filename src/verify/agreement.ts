/** Passes, one after the other, and the engine, against the reference evaluator. */
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, Numbers, Precision } from '../backend/backend.ts'
import type { Func } from '../ir/expr.ts'
import { sameType } from '../ir/type.ts'
import { verify } from '../ir/verify.ts'
import type { Pass } from '../passes/pass.ts'
import { preparatory } from '../passes/pipeline.ts'
import type { Program } from './arbitraries.ts'
import { both, type Checker, type Context, measured, nothing, wordsOf } from './check.ts'
import { culprit } from './culprit.ts'
import { trained } from './gradientCheck.ts'
import { isLoss, lossOf } from './loss.ts'
import { allFinite, distance, meaning, onOther, runOn, sensitivity, tolerances, withFunc } from './run.ts'
import { shrink } from './shrink.ts'
import type { Case } from './subject.ts'

/** What keeps a pass from having done right by a program. */
export interface Wrong {
  /** A smaller program fails in the same way if it fails in this one. */
  readonly kind: 'throws' | 'types' | 'values' | 'refused'
  readonly message: string
  readonly deviation: number
}

const wrong = (kind: Wrong['kind'], message: string, deviation = Number.POSITIVE_INFINITY): Wrong => ({
  kind,
  message,
  deviation,
})

/** How far the function's values, by the reference evaluator, are from what they were, or what else is wrong with it. */
export const changed = (
  before: Program,
  after: Func,
): Wrong | { readonly deviation: number; readonly allowed: number } => {
  if (after === before.func) return { deviation: 0, allowed: 0 }
  const typed = verify(after)
  if (E.isLeft(typed)) return wrong('types', `gives what is not well typed: ${typed.left.message}`)
  const sameParams = JSON.stringify(after.params) === JSON.stringify(before.func.params)
  const { results } = before.func
  const sameResults =
    after.results.length === results.length &&
    after.results.every((r, k) => sameType(r.type, results[k]!.type))
  if (!sameParams || !sameResults) return wrong('types', 'changes the type of the function')
  const due = meaning(before)
  if (!allFinite(due)) return { deviation: 0, allowed: 0 }
  const allowed = tolerances(before).double
  const deviation = distance(meaning(withFunc(before, after)), due)
  return deviation <= allowed
    ? { deviation, allowed }
    : wrong(
        'values',
        `values are ${deviation.toExponential(1)} apart, ${allowed.toExponential(1)} allowed`,
        deviation,
      )
}

/** The pass on one program. */
export const passed = (
  p: Program,
  pass: Pass,
): { readonly after: Func; readonly outcome: ReturnType<typeof changed> } => {
  try {
    const after = pass.run(p.func)
    return { after, outcome: changed(p, after) }
  } catch (e) {
    return { after: p.func, outcome: wrong('throws', `throws: ${wordsOf(e)}`) }
  }
}

export const isWrong = (o: object): o is Wrong => 'kind' in o

interface Stage {
  readonly pass: Pass
  readonly before: Program
  readonly outcome: ReturnType<typeof changed>
}

/** Every pass on what the one before it leaves. */
const stages = (
  p: Program,
  passes: readonly Pass[],
): { readonly stages: readonly Stage[]; readonly after: Program } => {
  let before = p
  const all: Stage[] = []
  for (const pass of passes) {
    const { after, outcome } = passed(before, pass)
    all.push({ pass, before, outcome })
    before = isWrong(outcome) ? before : withFunc(p, after)
  }
  return { stages: all, after: before }
}

const lossProgram = (p: Program): Program => (isLoss(p.func) ? p : withFunc(p, lossOf(p.func)))

/* The checks of all passes share what they run on: one sweep for each case. */
const swept = new WeakMap<Case, readonly Stage[]>()
const sweep = (c: Case, { passes, differentiate }: Context): readonly Stage[] => {
  const known = swept.get(c)
  if (known !== undefined) return known
  const gradient = trained(c.program, differentiate)
  const all = [
    ...stages(c.program, passes).stages,
    ...stages(lossProgram(c.program), preparatory).stages,
    ...(E.isRight(gradient) ? stages(gradient.right, passes).stages : []),
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

const rounded = (p: Program): Program => onOther(p, data => data.map(Math.fround))

/** What is wrong with a backend's results, if anything. */
export const ran = async (
  p: Program,
  backend: Backend,
  precision: Precision,
  threads: number,
  isa?: string,
): Promise<Wrong | { readonly deviation: number; readonly allowed: number }> => {
  const own = precision === 'single' ? rounded(p) : p
  let due: readonly Numbers[]
  let results: Awaited<ReturnType<typeof runOn>>
  try {
    due = meaning(own)
    if (!allFinite(due)) return { deviation: 0, allowed: 0 }
    results = await runOn(own, backend, { precision, threads, ...(isa !== undefined && { isa }) })
  } catch (e) {
    return wrong('throws', `throws: ${wordsOf(e)}`)
  }
  if (E.isLeft(results)) return wrong('refused', results.left.message)
  const allowed = precision === 'single' ? 1e-5 + 20 * sensitivity(p) : tolerances(p).double
  const deviation = distance(results.right, due)
  return deviation <= allowed
    ? { deviation, allowed }
    : wrong(
        'values',
        `results are ${deviation.toExponential(1)} apart, ${allowed.toExponential(1)} allowed`,
        deviation,
      )
}

/** The smallest program found that the backend gets wrong in that way, and the op at fault. */
export const shrinkForBackend = async (
  p: Program,
  backend: Backend,
  precision: Precision,
  kind: Wrong['kind'],
  patience: number,
): Promise<{ readonly program: Program; readonly fault: string }> => {
  const fails = async (q: Program): Promise<boolean> => {
    const outcome = await ran(q, backend, precision, 1)
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
    const gradient = trained(c.program, context.differentiate)
    let total = nothing
    for (const p of [c.program, ...(E.isRight(gradient) ? [gradient.right] : [])]) {
      const outcome = await ran(p, backend, precision, precision === 'single' ? 2 : 1)
      if (!isWrong(outcome)) {
        total = both(total, measured(outcome.deviation, outcome.allowed))
        continue
      }
      const { program, fault } = await shrinkForBackend(
        p,
        backend,
        precision,
        outcome.kind,
        context.patience(),
      )
      return both(total, {
        ...measured(outcome.deviation, 0),
        found: { fault: `${fault} in the engine`, message: outcome.message, program },
      })
    }
    return total
  },
})
