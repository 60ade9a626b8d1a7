/** What a verification found, as data and as text. */
import { type Program, showProgram } from './arbitraries.ts'

/** A counterexample, as small as it was made. */
export interface Failure {
  /** The pass or the op at fault. */
  readonly fault: string
  /** What was due and what was found. */
  readonly message: string
  /** The sizes it was found at. */
  readonly at: string
  /** The smallest program that fails so, and inputs it fails on; none where there is no program at all. */
  readonly program?: Program
  /** The same as text: the IR, the batch, the inputs. */
  readonly text?: string
  /** What everything was drawn from. */
  readonly seed: number
  /** The line that finds it again. */
  readonly replay: string
}

/** One promise, and whether it held. */
export interface Check {
  /** What `checks` and `--check` call it: `unitary`, `gradient`, `pass:fuseUnitary`, `native:single`, … */
  readonly name: string
  /** The promise, in words. */
  readonly summary: string
  /** How many programs it was held to. */
  readonly cases: number
  /** The largest deviation found, where there is one number for it, and what was allowed there. */
  readonly worst?: { readonly deviation: number; readonly allowed: number }
  /** What the reader should know: what was left out or capped, and why. */
  readonly notes: readonly string[]
  /** The smallest counterexample; none if it held. */
  readonly failure?: Failure
}

/** All that a verification found. */
export interface Report {
  /** What the model is called. */
  readonly name: string
  readonly seed: number
  /** Whether every check held, and there was one. */
  readonly holds: boolean
  /** In the order in which they ran. */
  readonly checks: readonly Check[]
  /** What the reader should know of all of them. */
  readonly notes: readonly string[]
  /** How long it took, by the clock. */
  readonly milliseconds: number
}

const number = (x: number): string => (x === 0 ? '0' : x.toExponential(1))

const showCheck = ({ name, summary, cases, worst, notes, failure }: Check): readonly string[] => {
  const how =
    worst === undefined ? '' : `, at most ${number(worst.deviation)} off (${number(worst.allowed)} allowed)`
  const mark = failure !== undefined ? '✗' : cases === 0 ? '–' : '✓'
  const head = `${mark} ${name.padEnd(24)} ${summary}: ${cases} case${cases === 1 ? '' : 's'}${how}`
  return [head, ...notes.map(note => `    ${note}`)]
}

/** A failure in full: where the fault is, the smallest program, the line that replays it. */
export const showFailure = (name: string, f: Failure): string =>
  [
    `${name}: ${f.message}`,
    `at fault: ${f.fault}`,
    `found at: ${f.at}`,
    ...(f.text === undefined ? [] : [f.text.trimEnd(), '']),
    `seed: ${f.seed}`,
    `replay: ${f.replay}`,
  ].join('\n')

/** The report as text: a line for each check, then each failure in full. */
export const showReport = (report: Report): string => {
  const failures = report.checks.flatMap(c =>
    c.failure === undefined ? [] : [showFailure(c.name, c.failure)],
  )
  const seconds = (report.milliseconds / 1000).toFixed(1)
  const verdict = report.holds
    ? `${report.name} holds: ${report.checks.length} check${report.checks.length === 1 ? '' : 's'} in ${seconds} s (seed ${report.seed})`
    : report.checks.length === 0
      ? `${report.name} was held to nothing: no check was asked for`
      : `${report.name} fails ${failures.length} of ${report.checks.length} checks (seed ${report.seed})`
  return [
    ...report.checks.flatMap(showCheck),
    ...report.notes,
    ...failures.flatMap(text => ['', text]),
    '',
    verdict,
  ].join('\n')
}

/** A program as a failure shows it. */
export const textOf = (p: Program): string => showProgram(p)
