/** The programs that training runs: one step of it, its update included, and the loss alone. */
import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { Program } from '../backend/backend.ts'
import { elaborate, showMismatch } from '../dsl/elaborate.ts'
import type { Recurrent } from '../dsl/model.ts'
import { initialValue } from '../dsl/parameter.ts'
import { batchSize, batchSum, div, type Real } from '../dsl/term.ts'
import { argument, type Func, func, type Param, type TypeMismatch } from '../ir/expr.ts'
import { print } from '../ir/print.ts'
import { reals } from '../ir/type.ts'
import { valueAndGradient } from '../passes/differentiate.ts'
import type { GradientError } from '../passes/gradientError.ts'
import { optimise, preparatory } from '../passes/pipeline.ts'
import type { Task } from '../tasks/task.ts'
import { type Budget, withinBudget } from './memory.ts'
import type { Optimiser } from './optimiser.ts'

/** A tensor that training changes: a parameter or an accumulator of one. */
export interface Slot extends Param {
  readonly initial: (seed: number) => Float64Array
}

export interface TrainingPrograms {
  /** Results: the mean loss before the update, then the next value of every slot. */
  readonly step: Program
  /** The mean loss, of the parameters and the task's inputs: what a step differentiates. */
  readonly loss: Func
  /** Results: the mean loss, and the accuracy where the task has one. */
  readonly evaluate: Program
  readonly parameters: readonly Slot[]
  readonly accumulators: readonly Slot[]
}

const mean = (x: Real): Real => div(batchSum(x), batchSize())

/** The mean loss over the batch, of the model's parameters and the task's inputs. */
export const lossOf = (model: Recurrent, task: Task): E.Either<TypeMismatch, Func> =>
  elaborate([...model.parameters, ...task.inputs], [mean(task.loss(model))])

/** The mean loss and, where answers are right or wrong, the share of right ones. */
export const measuresOf = (model: Recurrent, task: Task): E.Either<TypeMismatch, Func> =>
  elaborate(
    [...model.parameters, ...task.inputs],
    [task.loss(model), ...(task.correct === undefined ? [] : [task.correct(model)])].map(mean),
  )

/** SHA-256 of a loss as text: what a checkpoint, or a cached run, must have been made for. */
export const graphHash = (loss: Func): string => createHash('sha256').update(print(loss)).digest('hex')

/** The optimiser of a parameter, by its name; all have the same accumulators. */
export type OptimiserOf = (parameter: string) => Optimiser

/** The loss and its gradient, followed by the optimiser's update of every parameter. */
const stepOf = (
  loss: Func,
  gradient: Func,
  accumulators: readonly Slot[],
  optimiserOf: OptimiserOf,
): Program => {
  const count = gradient.results.length - 1
  const each = accumulators.length / count
  const first = loss.params.length
  const updated = loss.params.slice(0, count).map(({ name, type }, i) => {
    const optimiser = optimiserOf(name)
    return optimiser.update(
      argument(i, type),
      gradient.results[1 + i]!,
      optimiser.accumulators.map((_, k) => argument(first + i * each + k, type)),
    )
  })
  return {
    func: func(
      [...loss.params, ...accumulators.map(({ name, type }) => ({ name, type }))],
      [gradient.results[0]!, ...updated.map(u => u.parameter), ...updated.flatMap(u => u.accumulators)],
    ),
    updates: [
      ...updated.map((_, i) => ({ result: 1 + i, param: i })),
      ...accumulators.map((_, k) => ({ result: 1 + count + k, param: first + k })),
    ],
  }
}

/** `budget`: what the values of a step may take; without one every loop keeps what its gradient reads. */
export const trainingPrograms = (
  model: Recurrent,
  task: Task,
  optimiserOf: OptimiserOf,
  budget?: Budget,
): E.Either<string, TrainingPrograms> => {
  const measures = measuresOf(model, task)
  if (E.isLeft(measures)) return E.left(showMismatch(measures.left))
  const loss = func(measures.right.params, measures.right.results.slice(0, 1))
  const parameters = model.parameters.map(p => ({
    name: p.name,
    type: p.type,
    initial: (seed: number) => initialValue(p, seed),
  }))
  const accumulators = parameters.flatMap(({ name, type }) =>
    optimiserOf(name).accumulators.map(a => ({
      name: `${name}.${a.name}`,
      type,
      initial: () => new Float64Array(reals(type)).fill(a.initial),
    })),
  )
  const trained = model.parameters.map((_, i) => i)
  const stepFor = (f: Func): E.Either<string, Program> =>
    E.bimap(
      (e: GradientError) => e.message,
      (gradient: Func) => stepOf(loss, gradient, accumulators, optimiserOf),
    )(valueAndGradient(f, trained))
  const prepared = optimise(loss, preparatory)
  const step = budget === undefined ? stepFor(prepared) : withinBudget(prepared, stepFor, budget)
  if (E.isLeft(step)) return step
  return E.right({
    step: step.right,
    loss,
    evaluate: { func: measures.right, updates: [] },
    parameters,
    accumulators,
  })
}
