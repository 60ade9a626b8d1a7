/**
 * The meaning of the IR, in float64: the passes and the other backends are held to what this says. Every node
 * is evaluated once, or once an example if it varies.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Expr, type Func, type Param, tensorType } from '../../ir/expr.ts'
import { bug, required } from '../../ir/invariant.ts'
import type { Op } from '../../ir/ops.ts'
import { postorder } from '../../ir/order.ts'
import { misfit, type Tensor, tensorOf, type Value } from '../../ir/tensor.ts'
import { rateOf } from '../../ir/type.ts'
import type { Precision } from '../backend.ts'
import { asTensor, type Datum, type Frame } from './rule.ts'
import { rules } from './rules.ts'

/** Why inputs are refused: their number, a type, a rate, or batches that differ. */
export interface EvaluationError {
  readonly kind: 'EvaluationError'
  readonly message: string
}

const apply = <K extends Op>(e: Expr<K>, args: readonly Datum[], frame: Frame): Datum => {
  const made = rules[e.op](args, e.attributes, e.type, frame)
  return frame.precision === 'single' && 'data' in made ? tensorOf(made, made.data.map(Math.fround)) : made
}

/** A scan's body on one example. It does not sum over the examples (typing sees to that), so one is enough. */
const stepOf =
  (batch: number, precision: Precision) =>
  (body: Func): ((inputs: readonly Tensor[]) => readonly Tensor[]) => {
    const order = postorder(body.results)
    return inputs => {
      const frame: Frame = { inputs, batch, precision, step: stepOf(batch, precision) }
      const values = new Map<Expr, Datum>()
      const valueAt = (e: Expr): Datum => required(values.get(e), `the value of ${e.op}`)
      for (const e of order) values.set(e, apply(e, e.args.map(valueAt), frame))
      return body.results.map(r => asTensor(valueAt(r)))
    }
  }

const inputProblem = ({ name, type }: Param, value: Value): string | undefined => {
  if (value.rate !== type.rate)
    return type.rate === 'varying'
      ? `${name} is varying: it takes one tensor for each example, not one for all`
      : `${name} is uniform: it takes one tensor for all examples, not one for each`
  if (value.rate === 'uniform') {
    const problem = misfit(type, value.tensor)
    return problem && `${name} ${problem}`
  }
  if (value.tensors.length === 0) return `${name} has no examples`
  const problems = value.tensors.map(tensor => misfit(type, tensor))
  const example = problems.findIndex(problem => problem !== undefined)
  return example < 0 ? undefined : `${name} ${problems[example]} (example ${example})`
}

const countExamples = (
  params: readonly Param[],
  inputs: readonly Value[],
  asked?: number,
): E.Either<string, number> => {
  if (asked !== undefined && !(Number.isSafeInteger(asked) && asked >= 1))
    return E.left(`the batch must be a whole number from 1 up, not ${asked}`)
  const given = inputs.flatMap((value, i) =>
    value.rate === 'varying' ? [{ name: params[i]?.name, count: value.tensors.length }] : [],
  )
  const batch = asked ?? given[0]?.count ?? 1
  const other = given.find(({ count }) => count !== batch)
  if (other === undefined) return E.right(batch)
  const due = asked === undefined ? `${given[0]?.name} has ${batch}` : `the batch is ${batch}`
  return E.left(`${other.name} has ${other.count} examples where ${due}`)
}

const problemOf = (params: readonly Param[], inputs: readonly Value[]): string | undefined => {
  const names = params.map(p => p.name).join(', ')
  if (inputs.length !== params.length)
    return `takes ${params.length} input${params.length === 1 ? '' : 's'} (${names}), not ${inputs.length}`
  return params.map((p, i) => inputProblem(p, inputs[i]!)).find(problem => problem !== undefined)
}

/** The values of every node: one, or one an example. */
const evaluateAll = (
  func: Func,
  inputs: readonly Value[],
  batch: number,
  precision: Precision,
): ReadonlyMap<Expr, readonly Datum[]> => {
  const frames = Array.from(
    { length: batch },
    (_, example): Frame => ({
      inputs: inputs.map(v => (v.rate === 'uniform' ? v.tensor : v.tensors[example]!)),
      batch,
      precision,
      step: stepOf(batch, precision),
    }),
  )
  const values = new Map<Expr, readonly Datum[]>()
  const valueAt = (e: Expr, example: number): Datum => {
    const known = required(values.get(e), `the value of ${e.op}`)
    return known[rateOf(e.type) === 'varying' ? example : 0] ?? bug(`example ${example} of ${e.op}`)
  }
  for (const e of postorder(func.results)) {
    const examples = rateOf(e.type) === 'varying' ? frames : frames.slice(0, 1)
    values.set(
      e,
      examples.map((frame, example) =>
        e.op === 'batchSum'
          ? apply(
              e,
              frames.map((_, i) => valueAt(e.args[0]!, i)),
              frame,
            )
          : apply(
              e,
              e.args.map(a => valueAt(a, example)),
              frame,
            ),
      ),
    )
  }
  return values
}

/**
 * The results of a function on these inputs. `batch` is for functions none of whose parameters varies; it is 1
 * if nothing says otherwise. In single precision the result of every op is rounded to that, which tells what rounding
 * does to a program.
 */
export const evaluate = (
  func: Func,
  inputs: readonly Value[],
  options: { readonly batch?: number; readonly precision?: Precision } = {},
): E.Either<EvaluationError, readonly Value[]> => {
  const error = (message: string): EvaluationError => ({ kind: 'EvaluationError', message })
  const problem = problemOf(func.params, inputs)
  if (problem !== undefined) return E.left(error(problem))
  const batch = countExamples(func.params, inputs, options.batch)
  if (E.isLeft(batch)) return E.left(error(batch.left))
  const values = evaluateAll(func, inputs, batch.right, options.precision ?? 'double')
  return E.right(
    func.results.map((r): Value => {
      const tensors = required(values.get(r), 'a result').map(asTensor)
      return tensorType(r).rate === 'varying'
        ? { rate: 'varying', tensors }
        : { rate: 'uniform', tensor: tensors[0]! }
    }),
  )
}
