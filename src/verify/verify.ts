/** A model held to everything that is promised of it, as a report. */
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../backend/backend.ts'
import { nativeBackend } from '../backend/native/backend.ts'
import type { Reads } from '../dsl/model.ts'
import type { Terms } from '../dsl/term.ts'
import { type Func, func, type TypeMismatch } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { nearest } from '../ir/nearest.ts'
import { verify as typed } from '../ir/verify.ts'
import { valueAndGradient } from '../passes/differentiate.ts'
import type { Pass } from '../passes/pass.ts'
import { preparatory, standard } from '../passes/pipeline.ts'
import { backendCheck, passCheck } from './agreement.ts'
import { both, type Checker, type Context, nothing, type Outcome, wordsOf } from './check.ts'
import { gradientCheck } from './gradientCheck.ts'
import type { Differentiate } from './loss.ts'
import { type Check, type Failure, type Report, showReport, textOf } from './report.ts'
import {
  type Case,
  type Claim,
  funcCases,
  type MakeRecurrent,
  recurrentCase,
  type Setting,
  seedOf,
  showSetting,
  smallSettings,
} from './subject.ts'
import { claims, drift, unitary } from './unitarity.ts'

/** What can be verified: a function, or a recurrent model for any sizes. */
export type Model<S extends Terms = Terms> = Func | MakeRecurrent<S>

/**
 * What is verified, at which sizes, and who is told. After each semicolon: what holds if nothing is given.
 */
export interface VerifyOptions {
  /** What the report calls the model. */
  readonly name?: string
  /** Everything drawn depends on it; 1. */
  readonly seed?: number
  /** Only these checks, by name (`pass:fuseUnitary`) or by family (`pass`); all. */
  readonly checks?: readonly string[]
  /** A recurrent model's own sizes: 128 units, reading one of 10 symbols, writing 9 numbers. */
  readonly hidden?: number
  /** What it reads at each step; one of 10 symbols. */
  readonly reads?: Reads
  /** How many numbers it writes; 9. */
  readonly writes?: number
  /** Steps of a sequence at a model's own sizes; 4. Loops of a function are as long as they are. */
  readonly length?: number
  /** Examples; 3. */
  readonly batch?: number
  /** Passes to verify, in order; the standard ones. */
  readonly passes?: readonly Pass[]
  /** The engine to verify; the native one. */
  readonly backend?: Backend
  /** How gradients are taken; `valueAndGradient`. */
  readonly differentiate?: Differentiate
  /** Of a function: results that are unitary images of a complex vector, by name of that parameter. */
  readonly unitary?: Readonly<Record<string, number>>
  /** Milliseconds of the processor's that go into making counterexamples smaller, in all; 4000. */
  readonly patience?: number
  /** Told of each check as it is done. */
  readonly progress?: (check: Check) => void
  /** The line that replays one check; a call of `verify` if not given. */
  readonly replay?: (seed: number, check: string) => string
}

/** All names that `checks` knows, for these passes. */
export const checkNames = (passes: readonly Pass[] = standard): readonly string[] => [
  'shapes',
  ...checkers(passes).map(c => c.name),
]

const checkers = (passes: readonly Pass[]): readonly Checker[] => [
  unitary,
  drift,
  claims,
  gradientCheck,
  ...[...new Set([...passes, ...preparatory].map(p => p.name))].map(passCheck),
  backendCheck('double'),
  backendCheck('single'),
]

const isAsked = (name: string, asked: readonly string[] | undefined): boolean =>
  asked === undefined || asked.some(a => a === name || a === name.split(':')[0])

const strangers = (asked: readonly string[] | undefined, passes: readonly Pass[]): readonly string[] =>
  (asked ?? []).filter(a => !checkNames(passes).some(name => isAsked(name, [a])))

/** That there is no such check: what was asked for does not hold. */
const strange = (name: string, { seed }: Run, passes: readonly Pass[]): Check => {
  const known = checkNames(passes)
  const families = known.map(k => k.split(':')[0]!)
  const message = `there is no such check${nearest(name, [...new Set([...known, ...families])])}`
  const failure = {
    fault: 'the name of the check',
    message,
    at: 'the options',
    seed,
    replay: `checks: ['${name}']`,
  }
  return { name, summary: 'a check of that name', cases: 0, notes: [], failure }
}

/* The call that was made, of that seed and check alone. */
const defaultReplay =
  ({ hidden, reads, writes, length, batch, unitary: images }: VerifyOptions) =>
  (seed: number, check: string): string => {
    const sizes = Object.entries({ hidden, reads, writes, length, batch, unitary: images }).flatMap(
      ([name, value]) => (value === undefined ? [] : [`${name}: ${JSON.stringify(value)}, `]),
    )
    return `verify(model, { ${sizes.join('')}seed: ${seed}, checks: ['${check}'] })`
  }

/** One case, or why there is none: at those sizes the model is no program. */
type Attempt = {
  readonly label: string
  readonly made: E.Either<string, Case>
  /** Whether these are the model's own sizes. */
  readonly isOwn: boolean
}

const isFunc = (model: unknown): model is Func =>
  typeof model === 'object' && model !== null && 'results' in model && 'params' in model

/** What is wrong with what was given, where that is nothing that can be verified: JavaScript takes anything. */
const wrongModel = (u: unknown): string | undefined => {
  if (typeof u === 'function' || isFunc(u)) return undefined
  if (typeof u !== 'object' || u === null || !('_tag' in u))
    return 'it is neither a Func nor a function (sizes) => Recurrent'
  const either = u as E.Either<Partial<TypeMismatch>, unknown>
  return `it is an Either, as \`elaborate\` returns: ${
    E.isLeft(either) ? `its left says what is wrong, ${either.left?.message}` : 'give its `right`'
  }`
}

const ownSetting = (o: VerifyOptions): Setting => ({
  hidden: o.hidden ?? 128,
  reads: o.reads ?? { kind: 'symbols', count: 10 },
  writes: o.writes ?? 9,
  length: o.length ?? 4,
  batch: o.batch ?? 3,
})

const wrongSize = ({ reads, ...s }: Setting): string | undefined => {
  const sizes = { ...s, ...(reads.kind === 'symbols' ? { count: reads.count } : { size: reads.size }) }
  const odd = Object.entries(sizes).find(([, n]) => !Number.isSafeInteger(n) || n < 1)
  return odd && `${odd[0]} must be a whole number from 1 up, not ${odd[1]}`
}

const attempts = (model: Model, options: VerifyOptions, seed: number): readonly Attempt[] => {
  const { batch = 3 } = options
  const odd = wrongModel(model)
  if (odd !== undefined) return [{ label: 'what was given', made: E.left(odd), isOwn: true }]
  if (isFunc(model)) {
    const own = Object.entries(options.unitary ?? {}).map(
      ([name, result]): Claim => ({
        name: `result ${result}`,
        func: func(
          model.params.map(p => (p.name === name ? { ...p, name: 'x' } : p)),
          [required(model.results[result], `result ${result} of the function`)],
        ),
      }),
    )
    return funcCases(model, own, batch, seed).map(c => ({
      label: c.label,
      made: E.right(c),
      isOwn: c.isOwn,
    }))
  }
  const own = ownSetting(options)
  const wrong = wrongSize(own)
  if (wrong !== undefined) return [{ label: 'these sizes', made: E.left(wrong), isOwn: true }]
  const settings = [...smallSettings(own, seed), own].sort((a, b) => a.hidden - b.hidden)
  return settings.map((setting, k) => {
    const label = showSetting(setting)
    // Every other case has its parameters as the model begins, the others somewhere near.
    return {
      label,
      made: recurrentCase(model, setting, seedOf(seed, label), k % 2 === 0 ? 0.3 : 0, setting === own),
      isOwn: setting === own,
    }
  })
}

/** The model has a well-typed program at every size; its own is told of first, as its author knows that one. */
const shapes = (all: readonly Attempt[]): { readonly outcome: Outcome; readonly at: string } => {
  let total = nothing
  let at = ''
  for (const { label, made } of [...all.filter(a => a.isOwn), ...all.filter(a => !a.isOwn)]) {
    at = label
    const refused = E.isLeft(made)
      ? made.left
      : E.match(
          (e: { readonly message: string }) => e.message,
          () => undefined,
        )(typed(made.right.program.func))
    total = both(total, {
      ...nothing,
      cases: 1,
      ...(refused !== undefined && { found: { fault: `the model at ${label}`, message: refused } }),
    })
    if (total.found !== undefined) break
  }
  return { outcome: total, at }
}

interface Run {
  readonly seed: number
  readonly replay: (check: string) => string
}

const failureOf = (name: string, o: Outcome, at: string, { seed, replay }: Run): Failure | undefined =>
  o.found && {
    fault: o.found.fault,
    message: o.found.message,
    at,
    ...(o.found.program && { program: o.found.program, text: textOf(o.found.program) }),
    seed,
    replay: replay(name),
  }

const checkOf = (
  { name, summary, measured }: Pick<Checker, 'name' | 'summary' | 'measured'>,
  o: Outcome,
  failure: Failure | undefined,
): Check => ({
  name,
  summary,
  cases: o.cases,
  notes: o.notes,
  ...(measured && o.allowed > 0 && { worst: { deviation: o.deviation, allowed: o.allowed } }),
  ...(failure && { failure }),
})

const runChecker = async (
  checker: Checker,
  cases: readonly Case[],
  context: Context,
  run: Run,
): Promise<Check> => {
  let total = nothing
  let at = ''
  for (const c of cases) {
    at = c.label
    let outcome: Outcome
    try {
      outcome = await checker.run(c, context)
    } catch (e) {
      // What breaks the check itself is not to be taken for success.
      outcome = {
        ...nothing,
        found: { fault: 'the program as a whole', message: wordsOf(e), program: c.program },
      }
    }
    total = both(total, outcome)
    if (total.found !== undefined) break
  }
  return checkOf(checker, total, failureOf(checker.name, total, at, run))
}

/**
 * Holds a model to what Parseval promises: operators are unitary (also after 10,000 products in single precision),
 * gradients are slopes, every pass and the native engine agree with the reference evaluator, a recurrent model has a
 * program at every size. Failures are values of the report, with the smallest program that shows them; nothing is
 * thrown but for a bug. The same seed gives the same report.
 */
export const verify = async <S extends Terms>(
  given: Model<S>,
  options: VerifyOptions = {},
): Promise<Report> => {
  const began = performance.now()
  // Which terms a state is made of is the model's own affair: who takes the state only hands it back.
  const model = given as unknown as Model
  const { seed = 1, passes = standard, patience = 4000 } = options
  const backend = options.backend === undefined ? nativeBackend() : E.right(options.backend)
  let spent = 0
  const context: Context = {
    seed,
    backend,
    passes,
    differentiate: options.differentiate ?? valueAndGradient,
    patience: () => {
      const now = Math.max(250, patience / 2 ** spent)
      spent++
      return now
    },
  }
  const run: Run = { seed, replay: check => (options.replay ?? defaultReplay(options))(seed, check) }
  const all = attempts(model, options, seed)
  const cases = all.flatMap(({ made }) => (E.isRight(made) ? [made.right] : []))
  const checks: Check[] = []
  const add = (check: Check): void => {
    checks.push(check)
    options.progress?.(check)
  }
  for (const name of strangers(options.checks, passes)) add(strange(name, run, passes))
  const { outcome, at } = shapes(all)
  // What has no program can be held to nothing, whatever was asked.
  if (isAsked('shapes', options.checks) || outcome.found !== undefined) {
    const asked = { name: 'shapes', summary: 'a well-typed program at every size', measured: false }
    add(checkOf(asked, outcome, failureOf('shapes', outcome, at, run)))
  }
  for (const checker of cases.length === 0 ? [] : checkers(passes))
    if (isAsked(checker.name, options.checks)) add(await runChecker(checker, cases, context, run))
  return {
    name: options.name ?? (isFunc(model) ? 'the function' : 'the model'),
    seed,
    holds: checks.length > 0 && checks.every(c => c.failure === undefined),
    checks,
    notes: E.isLeft(backend) ? [`nothing was run natively: ${backend.left}`] : [],
    milliseconds: performance.now() - began,
  }
}

/** Thrown by `assertVerified`: the report in words, and as it is. */
export interface VerificationError extends Error {
  readonly name: 'VerificationError'
  /** What was found. */
  readonly report: Report
}

/** `verify` for a test: throws a `VerificationError` with the report as its message if anything fails. */
export const assertVerified = async <S extends Terms>(
  model: Model<S>,
  options: VerifyOptions = {},
): Promise<Report> => {
  const report = await verify(model, options)
  if (!report.holds)
    throw Object.assign(new Error(showReport(report)), {
      name: 'VerificationError',
      report,
    }) as VerificationError
  return report
}
