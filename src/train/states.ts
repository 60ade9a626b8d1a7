/** Programs that look at a model's hidden states: where they are, and how the loss depends on each of them. */
import * as E from 'fp-ts/lib/Either.js'
import type { Numbers, Program } from '../backend/backend.ts'
import { elaborate, showMismatch } from '../dsl/elaborate.ts'
import type { Recurrent } from '../dsl/model.ts'
import { scan } from '../dsl/term.ts'
import { width } from '../ir/type.ts'
import { valueAndGradient } from '../passes/differentiate.ts'
import { optimise, preparatory } from '../passes/pipeline.ts'
import { probe } from '../passes/probe.ts'
import type { Task } from '../tasks/task.ts'

/** The part of the state that is called h[t] in every model of the paper. */
const hidden = 'h'

/** A program about a model's states, each example's for itself. */
export interface StateProgram {
  readonly program: Program
  /** The varying parameter that is to be all 0, if there is one, and how many numbers it has for an example. */
  readonly probe?: { readonly name: string; readonly size: number }
  /** Results: which one holds a vector for each step. */
  readonly result: number
  /** Steps, and real numbers in each vector. */
  readonly steps: number
  readonly size: number
}

/**
 * The loss of each example and its gradient by h[t], for every t. Of the LSTM's state h[t] alone is moved, c[t] is
 * what it was.
 */
export const stateGradients = (model: Recurrent, task: Task): E.Either<string, StateProgram> => {
  const loss = elaborate([...model.parameters, ...task.inputs], [task.loss(model)])
  if (E.isLeft(loss)) return E.left(showMismatch(loss.left))
  const probed = probe(loss.right, hidden)
  if (E.isLeft(probed)) return probed
  const { func: f, param } = probed.right
  const gradient = valueAndGradient(optimise(f, preparatory), [param])
  if (E.isLeft(gradient)) return E.left(gradient.left.message)
  const { name, type } = f.params[param]!
  const [steps = 0, units = 0] = type.shape
  const size = units * width(type.field)
  return E.right({
    program: { func: gradient.right, updates: [] },
    probe: { name, size: steps * size },
    result: 1,
    steps,
    size,
  })
}

/** h[t] for every t. */
export const stateHistory = (model: Recurrent, task: Task): E.Either<string, StateProgram> => {
  const x = task.inputs.find(i => i.name === 'x')
  const state = model.initial[hidden]
  if (x === undefined || state === undefined)
    return E.left(`${task.name} with ${model.name}: there is no input "x", or no state "${hidden}"`)
  const { stack } = scan({
    carry: model.initial,
    over: { x: x.term },
    step: (before, at) => {
      const next = model.step(before, at.x)
      return { carry: next, stack: { [hidden]: next[hidden]! } }
    },
  })
  const whole = elaborate([...model.parameters, x], [stack[hidden]!])
  if (E.isLeft(whole)) return E.left(showMismatch(whole.left))
  const [result] = whole.right.results
  const type = result?.type
  if (type?.kind !== 'tensor') return E.left(`"${hidden}" is no tensor`)
  const [steps = 0, units = 0] = type.shape
  return E.right({
    program: { func: whole.right, updates: [] },
    result: 0,
    steps,
    size: units * width(type.field),
  })
}

/* The k-th vector of all, e.g. that of step k mod T. */
const vector = (all: Numbers, size: number, k: number): Numbers => all.subarray(k * size, (k + 1) * size)
const norm = (v: Numbers): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0))
const distance = (v: Numbers, w: Numbers): number =>
  Math.sqrt(v.reduce((sum, x, i) => sum + (x - w[i]!) ** 2, 0))

/* The mean over the examples, for each step. */
const meanOf = (
  all: Numbers,
  { steps, size }: Pick<StateProgram, 'steps' | 'size'>,
  of: (v: Numbers, example: number) => number,
): readonly number[] => {
  const examples = all.length / (steps * size)
  return Array.from({ length: steps }, (_, t) => {
    let sum = 0
    for (let i = 0; i < examples; i++) sum += of(vector(all, size, i * steps + t), i)
    return sum / examples
  })
}

/** ‖v[t]‖ for every t, its mean over the examples. */
export const norms = (all: Numbers, shape: Pick<StateProgram, 'steps' | 'size'>): readonly number[] =>
  meanOf(all, shape, norm)

/** ‖v[t] − v[T]‖ for every t, its mean over the examples. */
export const distancesToLast = (
  all: Numbers,
  shape: Pick<StateProgram, 'steps' | 'size'>,
): readonly number[] =>
  meanOf(all, shape, (v, i) => distance(v, vector(all, shape.size, (i + 1) * shape.steps - 1)))
