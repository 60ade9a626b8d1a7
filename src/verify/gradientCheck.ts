/** Gradients against central differences, parameter by parameter, real and imaginary parts in one direction. */
import * as E from 'fp-ts/lib/Either.js'
import type { Numbers } from '../backend/backend.ts'
import type { Func } from '../ir/expr.ts'
import { optimise, preparatory } from '../passes/pipeline.ts'
import { type Stream, stream } from '../random.ts'
import type { Program } from './arbitraries.ts'
import { type Checker, type Context, nothing, type Outcome, wordsOf } from './check.ts'
import { culprit } from './culprit.ts'
import { type Differentiate, gradients, isLoss, lossOf, trainable } from './loss.ts'
import { allFinite, meaning, numbers, onOther, withFunc } from './run.ts'
import { shrink } from './shrink.ts'
import { along, type Direction, nearestCorner, slopes } from './slope.ts'
import { seedOf } from './subject.ts'

/** Relative to the slope, and to the loss. */
const relative = 1e-6
const absolute = 1e-8
/* Nearer to a corner no step is small enough. */
const tooNear = 1e-6
/* A parameter of so many numbers is looked at number by number. */
const fewNumbers = 12

const lossFunc = (f: Func): Func => (isLoss(f) ? f : lossOf(f))

const directions = (p: Program, s: Stream, often: number): readonly Direction[] =>
  trainable(p.func).flatMap(param => {
    const { length } = numbers(p.inputs[param]!)
    if (length <= fewNumbers)
      return Array.from({ length }, (_, k) => ({
        param,
        by: Float64Array.from({ length }, (_unused, i) => (i === k ? 1 : 0)),
      }))
    return Array.from({ length: often }, () => ({
      param,
      by: Float64Array.from({ length }, () => s.real(-1, 1)),
    }))
  })

interface Comparison {
  readonly checked: number
  /** Directions whose step was made smaller, and those that no step was small enough for. */
  readonly near: number
  readonly leftOut: number
  readonly moved: boolean
  readonly deviation: number
  readonly message?: string
}

/** The program, moved off a corner if it stands on one. */
const offCorners = (p: Program, seed: number): { readonly program: Program; readonly moved: boolean } => {
  let program = p
  for (let k = 0; k < 4 && nearestCorner(program) < tooNear; k++) {
    const s = stream(seed, 'off corners', k)
    program = onOther(p, data => data.map(x => x + s.real(-0.05, 0.05)))
  }
  return { program, moved: program !== p }
}

const compared = (
  own: Program,
  differentiate: Differentiate,
  seed: number,
  often = 2,
): Comparison | { readonly refused: string } => {
  const loss = lossFunc(own.func)
  const { program: p, moved } = offCorners(withFunc(own, loss), seed)
  const wrt = trainable(loss)
  const ways: readonly (readonly [string, Func])[] = [
    ['', loss],
    [' behind the passes that prepare for it', optimise(loss, preparatory)],
  ]
  const found: { how: string; gradient: readonly Numbers[] }[] = []
  for (const [how, f] of ways) {
    const both = differentiate(f, wrt)
    if (E.isLeft(both)) return { refused: both.left.message }
    const gradient = gradients(p, meaning(withFunc(p, both.right))).slice(1)
    found.push({ how, gradient })
  }
  const [value] = meaning(p)
  const scale = Math.abs(value![0]!)
  const slopeOf = slopes(p)
  const result = { checked: 0, near: 0, leftOut: 0, deviation: 0 }
  let message: string | undefined
  for (const d of directions(p, stream(seed, 'directions'), often)) {
    const slope = slopeOf(d)
    if (slope.kind === 'corner') {
      result.leftOut++
      continue
    }
    result.checked++
    if (slope.steps > 0) result.near++
    for (const { how, gradient } of found) {
      const expected = along(gradient[wrt.indexOf(d.param)]!, d.by)
      const allowed = relative * Math.max(Math.abs(expected), Math.abs(slope.value)) + absolute * (1 + scale)
      const gap = Math.abs(expected - slope.value)
      const share = (Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap) / allowed
      if (share > 1 && message === undefined)
        message = `the gradient${how} by "${p.func.params[d.param]!.name}" is ${expected.toPrecision(6)} in a direction in which the slope is ${slope.value.toPrecision(6)}`
      result.deviation = Math.max(result.deviation, share)
    }
  }
  return { ...result, moved, ...(message !== undefined && { message }) }
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

const noted = (c: Comparison, label: string): readonly string[] =>
  c.near + c.leftOut + (c.moved ? 1 : 0) === 0
    ? []
    : [
        `${label}: ${[
          ...(c.moved ? ['moved off a corner'] : []),
          ...(c.near > 0 ? [`${plural(c.near, 'direction')} near a corner took a smaller step`] : []),
          ...(c.leftOut > 0 ? [`${plural(c.leftOut, 'direction')} left out, too near a corner`] : []),
        ].join('; ')}`,
      ]

/** Whether the gradient of this program is wrong. What has no loss, or none that is finite, has no wrong gradient. */
const isWrong =
  (context: Context) =>
  (p: Program): boolean => {
    try {
      if (trainable(p.func).length === 0 || !allFinite(meaning(p))) return false
      const c = compared(p, context.differentiate, context.seed, 1)
      return 'refused' in c || c.message !== undefined
    } catch {
      return false
    }
  }

export const gradientCheck: Checker = {
  name: 'gradient',
  summary: 'gradients by every parameter are slopes',
  measured: true,
  run: async (c, context): Promise<Outcome> => {
    const { program: p } = c
    if (trainable(p.func).length === 0)
      return { ...nothing, notes: [`${c.label}: no parameter has a gradient`] }
    if (!allFinite(meaning(p)))
      return { ...nothing, notes: [`${c.label}: its results are not finite, so left out`] }
    const fail = async (message: string, fault?: string): Promise<Outcome> => {
      const wrong = isWrong(context)
      const program = await shrink(p, wrong, { patience: context.patience() })
      const op = fault ?? `the derivative of op ${await culprit(program, wrong)}`
      return { ...nothing, cases: 1, found: { fault: op, message, program } }
    }
    let result: ReturnType<typeof compared>
    try {
      result = compared(p, context.differentiate, seedOf(context.seed, c.label))
    } catch (e) {
      return fail(`differentiating throws: ${wordsOf(e)}`)
    }
    if ('refused' in result) return fail(`there is no gradient: ${result.refused}`)
    if (result.message !== undefined) return fail(result.message)
    return {
      cases: 1,
      deviation: result.deviation * relative,
      allowed: relative,
      notes: noted(result, c.label),
    }
  },
}

/** The loss of a program with its gradient, as training has it: taken of what the preparatory passes leave. */
export const trained = (p: Program, differentiate: Differentiate): E.Either<string, Program> => {
  const loss = lossFunc(p.func)
  const wrt = trainable(loss)
  if (wrt.length === 0) return E.left('no parameter has a gradient')
  return E.bimap(
    (e: { readonly message: string }) => e.message,
    (f: Func) => withFunc(p, f),
  )(differentiate(optimise(loss, preparatory), wrt))
}
