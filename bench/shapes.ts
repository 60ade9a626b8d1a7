/** The shapes of the table: which task, how long, how wide, how many at once; with the batches to train on. */
import * as E from 'fp-ts/lib/Either.js'
import type { Recurrent } from '../src/dsl/model.ts'
import * as d from '../src/dsl/term.ts'
import { index, real, varying } from '../src/ir/type.ts'
import { models } from '../src/models/registry.ts'
import { stream } from '../src/random.ts'
import { adding } from '../src/tasks/adding.ts'
import { copying } from '../src/tasks/copying.ts'
import { batch, type Example, type Task } from '../src/tasks/task.ts'

export interface Shape {
  readonly model: string
  readonly task: 'pixels' | 'adding' | 'copying'
  readonly hidden: number
  /** Steps in a sequence; for copying the lag, 20 less than that. */
  readonly lag: number
  readonly batch: number
}

export const shapes = {
  mnist: { model: 'urnn', task: 'pixels', hidden: 512, lag: 784, batch: 20 },
  adding: { model: 'urnn', task: 'adding', hidden: 512, lag: 750, batch: 50 },
  copying: { model: 'urnn', task: 'copying', hidden: 128, lag: 500, batch: 20 },
} as const satisfies Readonly<Record<string, Shape>>

const seed = 1
const classes = 10

/** Pixels read one by one, a class at the end: the shape of pixel MNIST, on noise. */
const pixels = (length: number): Task => {
  const x = d.declared<'real'>('x')
  const y = d.declared<'index'>('y')
  return {
    name: 'pixels',
    settings: { length },
    reads: { kind: 'vector', size: 1 },
    writes: classes,
    length,
    inputs: [
      { term: x, name: 'x', type: varying(real(length, 1)) },
      { term: y, name: 'y', type: varying(index(classes)) },
    ],
    example: (split, i) => {
      const s = stream(seed, `pixels ${split}`, i)
      return {
        x: Float64Array.from({ length }, () => s.real(0, 1)),
        y: Float64Array.of(s.integer(0, classes - 1)),
      }
    },
    loss: model => {
      const { carry } = d.scan({
        carry: model.initial,
        over: { x },
        step: (state, at) => ({ carry: model.step(state, at.x), stack: {} }),
      })
      const o = model.output(carry)
      return d.sub(d.logSumExp(o), d.take(o, y))
    },
    lossName: 'cross-entropy',
    baseline: { value: Math.log(classes), meaning: 'every class alike' },
  }
}

/** The value, or an exception that says why there is none: a benchmark has nobody to hand an error to. */
export const right = <L, A>(e: E.Either<L, A>): A => {
  if (E.isRight(e)) return e.right
  const { left } = e
  throw new Error(typeof left === 'string' ? left : ((left as { message?: string }).message ?? String(left)))
}

export const taskOf = ({ task, lag }: Shape): Task =>
  task === 'pixels' ? pixels(lag) : right({ adding, copying }[task]({ lag, seed }))

/** Whether the package has the model. */
export const hasModel = (name: string): boolean => Object.hasOwn(models, name)

export const modelOf = ({ model, hidden }: Shape, { reads, writes }: Task): Recurrent => {
  const make = Object.entries(models).find(([name]) => name === model)?.[1]
  if (make === undefined) throw new Error(`there is no model "${model}"`)
  return make({ hidden, reads, writes, seed })
}

/** The batches that a run goes round. */
export const batchesOf = (shape: Shape, task: Task, count = 4): readonly Example[] =>
  Array.from({ length: count }, (_, k) => batch(task, 'train', k * shape.batch, shape.batch))

export const optimiserSettings = { learningRate: 1e-3, decay: 0.9 } as const
export const parameterSeed = seed
