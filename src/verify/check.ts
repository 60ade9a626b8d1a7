/** What checks are made of: a case in, an outcome out; and what they may use. */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Backend } from '../backend/backend.ts'
import type { Pass } from '../passes/pass.ts'
import type { Program } from './arbitraries.ts'
import type { Differentiate } from './loss.ts'
import type { Case } from './subject.ts'

export interface Context {
  readonly seed: number
  /** The engine that is verified, or why there is none. */
  readonly backend: Either<string, Backend>
  readonly passes: readonly Pass[]
  readonly differentiate: Differentiate
  /** Milliseconds of the processor's that may still go into making a counterexample smaller. */
  readonly patience: () => number
}

export interface Found {
  readonly fault: string
  readonly message: string
  readonly program?: Program
}

export interface Outcome {
  /** Programs held to it. */
  readonly cases: number
  readonly deviation: number
  readonly allowed: number
  readonly notes: readonly string[]
  readonly found?: Found
}

export interface Checker {
  readonly name: string
  readonly summary: string
  /** Whether deviations are numbers worth a word. */
  readonly measured: boolean
  readonly run: (c: Case, context: Context) => Promise<Outcome>
}

export const nothing: Outcome = { cases: 0, deviation: 0, allowed: 0, notes: [] }

/** Both, the one nearer to what it may be at most telling how near. The first to fail is the one that counts. */
export const both = (a: Outcome, b: Outcome): Outcome => {
  const share = (o: Outcome): number => (o.allowed === 0 ? -1 : o.deviation / o.allowed)
  const near = share(b) > share(a) ? b : a
  const found = a.found ?? b.found
  return {
    cases: a.cases + b.cases,
    deviation: near.deviation,
    allowed: near.allowed,
    notes: [...a.notes, ...b.notes],
    ...(found && { found }),
  }
}

/** One case that deviates by so much. */
export const measured = (deviation: number, allowed: number): Outcome => ({
  ...nothing,
  cases: 1,
  deviation,
  allowed,
})

export const wordsOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))
