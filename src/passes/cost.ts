/**
 * What a program costs one example: real additions and multiplications (any function of one number counts once),
 * transforms, and numbers read and written if every node went through memory. Estimates for comparing programs.
 */
import { type Expr, type Func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { elements, reals, width } from '../ir/type.ts'
import { type Factor, factors } from '../ir/unitary.ts'

export interface Cost {
  readonly flops: number
  readonly transforms: number
  /** Real numbers. */
  readonly traffic: number
}

export const free: Cost = { flops: 0, transforms: 0, traffic: 0 }
const plus = (a: Cost, b: Cost): Cost => ({
  flops: a.flops + b.flops,
  transforms: a.transforms + b.transforms,
  traffic: a.traffic + b.traffic,
})
const times = (k: number, a: Cost): Cost => ({
  flops: k * a.flops,
  transforms: k * a.transforms,
  traffic: k * a.traffic,
})

const size = (e: Expr): number => elements(tensorType(e).shape)
const numbers = (e: Expr): number => (e.type.kind === 'tensor' ? reals(e.type) : 0)
const operand = (e: Expr, i = 0): Expr => required(e.args[i], 'an operand')

type Rule = (e: Expr) => number
const nothing: Rule = () => 0
/** So many flops an element, as it is real or complex. */
const each =
  (real: number, complex: number): Rule =>
  e =>
    size(e) * (width(tensorType(operand(e)).field) === 2 ? complex : real)
/** Multiply and add over so many elements. */
const products =
  (count: (e: Expr) => number): Rule =>
  e =>
    count(e) * (width(tensorType(e).field) === 2 ? 8 : 2)

const transformFlops = (n: number): number => 5 * n * Math.log2(n)

const factorFlops = (f: Factor, n: number): number => {
  switch (f.op) {
    case 'phase':
      return 6 * n
    case 'reflect':
      return 16 * n
    case 'permute':
      return 0
    default:
      return transformFlops(n)
  }
}

const flops: { readonly [K in Exclude<Op, 'scan' | 'get'>]: Rule } = {
  neg: each(1, 2),
  conj: each(0, 1),
  re: nothing,
  im: nothing,
  abs: each(1, 4),
  pinv: each(1, 6),
  exp: each(1, 5),
  log: each(1, 5),
  sqrt: each(1, 5),
  sin: each(1, 6),
  cos: each(1, 6),
  tanh: each(1, 8),
  sigmoid: each(3, 12),
  relu: each(1, 1),
  step: each(1, 1),
  add: each(1, 2),
  sub: each(1, 2),
  mul: each(1, 6),
  div: each(1, 11),
  scale: each(2, 2),
  complex: nothing,
  modRelu: each(9, 9),
  sum: e => numbers(operand(e)) - numbers(e),
  broadcast: nothing,
  dot: products(e => size(operand(e))),
  matvec: products(e => size(operand(e))),
  transpose: nothing,
  outer: each(0, 0),
  contract: products(e => size(operand(e)) * required(tensorType(e).shape[1], 'columns')),
  concat: nothing,
  slice: nothing,
  reshape: nothing,
  pad: nothing,
  take: nothing,
  put: nothing,
  batchSum: e => numbers(e),
  logSumExp: e => 2 * size(operand(e)),
  identity: nothing,
  phase: nothing,
  dft: nothing,
  permute: nothing,
  reflect: nothing,
  compose: nothing,
  adjoint: nothing,
  apply: e => factors(operand(e)).reduce((sum, f) => sum + factorFlops(f, size(e)), 0),
  arg: nothing,
  constant: nothing,
  batchSize: nothing,
}

const isTransform = (f: Factor): boolean => f.op === 'dft' || f.op === 'adjoint'

/** What it costs to apply these factors to a vector of n elements. */
export const chainCost = (chain: readonly Factor[], n: number): Cost => ({
  flops: chain.reduce((sum, f) => sum + factorFlops(f, n), 0),
  transforms: chain.filter(isTransform).length,
  traffic: 4 * n * chain.length,
})

/** What a node costs when its operands are there. */
export const costOf = (e: Expr): Cost => {
  if (e.op === 'scan') return times(e.attributes.length, cost(e.attributes.body))
  if (e.op === 'get' || e.op === 'arg' || e.op === 'constant') return free
  return {
    flops: flops[e.op](e),
    transforms: e.op === 'apply' ? chainCost(factors(operand(e)), size(e)).transforms : 0,
    traffic: numbers(e) + e.args.reduce((sum, a) => sum + numbers(a), 0),
  }
}

/** The cost of a function, loops counted as often as they run. */
export const cost = (f: Func): Cost => postorder(f.results).map(costOf).reduce(plus, free)

const needsAll: ReadonlySet<Op> = new Set<Op>(['dot', 'sum', 'matvec', 'contract', 'logSumExp', 'scan'])

/**
 * How often the function has to go through its vectors, one time after the other. What is pointwise rides on a sweep, and
 * so does a sum, which is known when the sweep is over; a permutation reads what must all be there. A transform is two
 * sweeps, one in and one out: those that go in are counted as even, so that no sweep goes out of one and into another.
 * Of a loop's body the first parameters are `invariants`: what is made of them alone is made ahead.
 */
export const sweeps = (f: Func, invariants = 0): number => {
  const ahead = -1
  const over = new Map<Expr, number>()
  for (const e of postorder(f.results)) {
    const isAhead =
      e.op === 'arg' ? e.attributes.index < invariants : e.args.every(a => over.get(a) === ahead)
    if (isAhead) {
      over.set(e, ahead)
      continue
    }
    const ready = Math.max(0, ...e.args.map(a => required(over.get(a), 'an operand')))
    const isTransformed = e.op === 'apply' && factors(operand(e)).some(isTransform)
    if (isTransformed) over.set(e, ready + (ready % 2) + 1)
    else over.set(e, ready + (needsAll.has(e.op) || e.op === 'apply' ? 1 : 0))
  }
  return 1 + Math.max(0, ...f.results.map(r => required(over.get(r), 'a result')))
}

/** What one step of a loop costs, and the real numbers that it leaves behind in stacks, e.g. for the backward loop. */
export interface Step {
  readonly length: number
  readonly reverse: boolean
  readonly cost: Cost
  readonly kept: number
}

/** The outermost loops of a function with the cost of one step each, in order of first use. */
export const steps = (f: Func): readonly Step[] =>
  postorder(f.results).flatMap(e => {
    if (e.op !== 'scan') return []
    const { body, length, reverse, carries } = e.attributes
    const kept = body.results.slice(carries).reduce((n, r) => n + numbers(r), 0)
    return [{ length, reverse, cost: cost(body), kept }]
  })
