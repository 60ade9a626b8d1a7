/** Training steps beside the same step in JAX, in PyTorch, and in the prototype that was written by hand. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { initialValue } from '../src/dsl/parameter.ts'
import { type Contender, start } from './contender.ts'
import { difference, duel, type Rival } from './duel.ts'
import { build, here, python, script } from './here.ts'
import type { Choice, Line, Row } from './row.ts'
import {
  batchesOf,
  hasModel,
  modelOf,
  optimiserSettings,
  parameterSeed,
  type Shape,
  shapes,
  taskOf,
} from './shapes.ts'

/** What the contenders are told: protocol.py says what each word means. */
export const caseOf = (shape: Shape, threads: number, warm: number): unknown => {
  const task = taskOf(shape)
  const model = modelOf(shape, task)
  return {
    shape,
    model: shape.model,
    task: shape.task,
    length: task.length,
    reads: task.reads,
    writes: task.writes,
    hidden: shape.hidden,
    batch: shape.batch,
    threads,
    warm,
    ...optimiserSettings,
    parameters: Object.fromEntries(
      model.parameters.map(p => [
        p.name,
        {
          shape: p.type.shape,
          complex: p.type.field === 'complex',
          numbers: Array.from(initialValue(p, parameterSeed)),
        },
      ]),
    ),
    permutation: model.fixed.permutation ?? [],
    batches: batchesOf(shape, task).map(b => ({ x: Array.from(b.x!), y: Array.from(b.y!) })),
  }
}

/** Our side. */
export const ours: Contender = { name: 'parseval', command: () => script('engine', 'serve') }

const pythonRemedy = 'pip install jax torch numpy; PARSEVAL_PYTHON names the interpreter that has them'
const peer = (name: string, script: string, way: string, threads: number): Contender =>
  python(name, script, [way, String(threads)], pythonRemedy)

const prototypeFolder = (): string =>
  resolve(process.env.PARSEVAL_PROTOTYPE ?? here('../../shared/prototype'))

const prototype = (threads: number): Contender => ({
  name: 'prototype',
  command: async () => {
    const folder = prototypeFolder()
    if (!existsSync(resolve(folder, 'train.h')))
      return E.left(`there is no ${folder} (PARSEVAL_PROTOTYPE names the folder)`)
    const flags = [
      '-O3',
      '-march=native',
      '-fno-math-errno',
      '-fno-associative-math',
      '-pthread',
      `-I${folder}`,
    ]
    const program = await build({
      name: 'prototype',
      language: 'cxx',
      args: ['-std=c++17', '-w', ...flags, here('peers/prototype.cc')],
    })
    return E.isLeft(program) ? program : E.right({ file: program.right, args: [String(threads)] })
  },
})

const atLeast = (must: number, aim: number): NonNullable<Line['bound']> => ({ kind: 'at least', must, aim })

interface Bounds {
  readonly jaxHand: readonly [number, number]
  readonly jaxPlain: readonly [number, number]
  readonly torch: readonly [number, number]
}

const jax = (way: 'hand' | 'plain', threads: number): Contender =>
  peer(way === 'hand' ? 'JAX, by hand' : 'JAX, plain', 'jax_urnn.py', way, threads)
const torch = (way: 'hand' | 'eager', threads: number): Contender =>
  peer(way === 'hand' ? 'PyTorch, by hand' : 'PyTorch, eager', 'torch_urnn.py', way, threads)

const urnnRivals = (bounds: Bounds, { quick, threads }: Choice): readonly Rival[] => [
  { contender: jax('hand', threads), bound: atLeast(...bounds.jaxHand), agrees: true },
  { contender: jax('plain', threads), bound: atLeast(...bounds.jaxPlain), agrees: true },
  { contender: torch('hand', threads), bound: atLeast(...bounds.torch), agrees: true },
  ...(quick ? [] : [{ contender: torch('eager', threads), agrees: true }]),
  {
    contender: prototype(threads),
    bound: atLeast(1, 1.4),
    note: 'another loss: a square of one number at the end; no optimiser',
    agrees: false,
  },
]

const lstmRival = (threads: number): Contender => peer('PyTorch', 'torch_lstm.py', 'cell', threads)

const described = ({ model, task, hidden, lag, batch }: Shape): string =>
  `training step, ${model} on ${task}, n = ${hidden}, T = ${lag}, B = ${batch}`

const row = (name: string, shape: Shape, rivals: (choice: Choice) => readonly Rival[]): Row => ({
  name,
  what: described(shape),
  measure: async choice => {
    const what = described(shape)
    if (!hasModel(shape.model))
      return [{ row: name, what, unit: 'ms', absent: `the package has no model "${shape.model}" yet` }]
    return duel({
      row: name,
      what,
      unit: 'ms',
      factor: 1000,
      ours,
      rivals: rivals(choice),
      load: caseOf(shape, choice.threads, 3),
      rounds: choice.quick ? 5 : 15,
      // single precision over hundreds of steps, then updates: another model would be off by far more
      tolerance: 2e-3,
    })
  },
})

const lstm = (shape: Shape): Shape => ({ ...shape, model: 'lstm', hidden: 128 })
const lstmRow = (name: string, shape: Shape): Row =>
  row(name, lstm(shape), ({ threads }) => [
    { contender: lstmRival(threads), bound: atLeast(1.5, 3), agrees: true },
  ])

/* Small enough that rounding does not hide a mistake; four losses, so that gradients and updates are in them too. */
const agreement: Row = {
  name: 'agreement',
  what: 'no time: whether the rivals compute what we compute; four losses, n = 16, T = 12, B = 3',
  measure: async ({ threads }) => {
    const lines: Line[] = []
    for (const model of ['urnn', 'lstm'] as const)
      for (const task of ['pixels', 'adding', 'copying'] as const) {
        if (!hasModel(model)) continue
        const shape: Shape = { model, task, hidden: 16, lag: 12, batch: 3 }
        const rivals =
          model === 'lstm'
            ? [lstmRival(threads)]
            : [jax('hand', threads), jax('plain', threads), torch('hand', threads), torch('eager', threads)]
        const load = caseOf(shape, threads, 4)
        for (const rival of rivals) lines.push(await agree(`agreement-${model}-${task}`, rival, load))
      }
    return lines
  },
}

const agree = async (name: string, rival: Contender, load: unknown): Promise<Line> => {
  const line = { row: name, what: 'largest relative difference of losses', unit: '', rival: rival.name }
  const mine = await start(ours, load)
  if (E.isLeft(mine)) return { ...line, absent: `ours: ${mine.left}` }
  mine.right.stop()
  const theirs = await start(rival, load)
  if (E.isLeft(theirs)) return { ...line, absent: theirs.left }
  theirs.right.stop()
  const apart = difference(mine.right.losses, theirs.right.losses)
  return { ...line, ratio: apart, bound: { kind: 'at most', must: 1e-4, aim: 1e-5 } }
}

export const trainingRows: readonly Row[] = [
  agreement,
  row('urnn-mnist', shapes.mnist, c =>
    urnnRivals({ jaxHand: [7, 13], jaxPlain: [14, 26], torch: [14, 26] }, c),
  ),
  row('urnn-adding', shapes.adding, c =>
    urnnRivals({ jaxHand: [9, 16], jaxPlain: [20, 38], torch: [14, 26] }, c),
  ),
  row('urnn-copying', shapes.copying, c =>
    urnnRivals({ jaxHand: [9, 15], jaxPlain: [20, 32], torch: [30, 50] }, c),
  ),
  lstmRow('lstm-mnist', shapes.mnist),
  lstmRow('lstm-adding', shapes.adding),
]
