/** Experiments of a second, and how to run them. */
import assert from 'node:assert/strict'
import * as E from 'fp-ts/lib/Either.js'
import { referenceBackend } from '../../../src/backend/reference/backend.ts'
import type { Entry, Experiments } from '../../../src/cli/paper/experiments.ts'
import { type PaperResult, type PaperRun, runPaper } from '../../../src/cli/paper/paper.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'

export const entry: Entry = {
  figure: 1,
  task: 'copying',
  lag: 2,
  model: 'urnn',
  hidden: 3,
  batch: 2,
  steps: 6,
  learningRate: 1e-3,
  decay: 0.9,
  heldOut: 4,
  evaluateEvery: 2,
  bar: 100,
  paper: 'solved',
  milliseconds: 1,
}
const adding: Entry = { ...entry, figure: 2, task: 'adding', lag: 4, paper: 'below the baseline' }

export const tiny: Experiments = {
  entries: [
    entry,
    { ...entry, model: 'lstm', clip: 1 },
    { ...entry, lag: 3 },
    { ...adding, model: 'urnn' },
    { ...adding, model: 'rnn', clip: 1 },
  ],
  states: { lag: 4, updates: 2, long: 9, gradientExamples: 2, stateExamples: 2 },
}

export interface Said extends Terminal {
  readonly notes: string[]
  readonly results: string[]
}
export const quiet = (): Said => {
  const notes: string[] = []
  const results: string[] = []
  return {
    notes,
    results,
    result: line => results.push(line),
    note: line => notes.push(line),
    interactive: false,
    colour: false,
    closed: new AbortController().signal,
  }
}

export const paperRun = (out: string, changes: Partial<PaperRun> = {}): PaperRun => ({
  context: { terminal: quiet(), json: false, signal: new AbortController().signal },
  engine: referenceBackend,
  experiments: tiny,
  figures: [1, 2, 4],
  out,
  version: '0.0.0',
  seeds: [1],
  threads: 1,
  precision: 'double',
  backend: 'reference',
  ...changes,
})

export const made = async (run: PaperRun): Promise<PaperResult> => {
  const result = await runPaper(run)
  return E.isRight(result) ? result.right : assert.fail(result.left)
}

/** One run that takes a while: what a process of its own is killed in the middle of. */
export const long: Experiments = {
  entries: [{ ...entry, hidden: 4, steps: 400, evaluateEvery: 7 }],
  states: tiny.states,
}
