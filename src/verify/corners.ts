/**
 * Where a program has corners: modReLU at |z| + b = 0 and at z = 0, relu, step and abs at 0, 1/x at 0. Central
 * differences across one are of no derivative.
 */
import * as b from '../ir/build.ts'
import { type Expr, type Func, func, withArgs } from '../ir/expr.ts'
import type { Op } from '../ir/ops.ts'
import { rebuild } from '../ir/walk.ts'

/** How far from its corner an op is: numbers that change sign at it, or that are 0 at it and never less. */
export interface Margin {
  readonly op: Op
  readonly value: Expr
  readonly signed: boolean
}

/** The margins of one node, on its operands. */
const marginsOf = (e: Expr): readonly Margin[] => {
  const [x, y] = e.args
  if (x === undefined || x.type.kind !== 'tensor') return []
  const isReal = x.type.field === 'real'
  switch (e.op) {
    case 'modRelu': {
      const modulus = b.abs(x)
      return [
        { op: e.op, value: b.add(modulus, y!), signed: true },
        { op: e.op, value: modulus, signed: false },
      ]
    }
    case 'relu':
    case 'step':
      return [{ op: e.op, value: x, signed: true }]
    case 'abs':
    case 'pinv':
      return [isReal ? { op: e.op, value: x, signed: true } : { op: e.op, value: b.abs(x), signed: false }]
    default:
      return []
  }
}

interface Exposed {
  readonly results: readonly Expr[]
  readonly margins: readonly Margin[]
}

/* A loop stacks the margins of its steps. */
const exposed = (f: Func): Exposed => {
  const margins: Margin[] = []
  const results = rebuild(f.results, (e, args) => {
    if (e.op !== 'scan') {
      const own = withArgs(e, args)
      margins.push(...marginsOf(own))
      return own
    }
    const { body } = e.attributes
    const within = exposed(body)
    const all = [...within.results, ...within.margins.map(m => m.value)]
    const loop = b.scan(args, { ...e.attributes, body: func(body.params, all) })
    within.margins.forEach((m, k) => {
      margins.push({ ...m, value: b.get(loop, body.results.length + k) })
    })
    return loop
  })
  return { results, margins }
}

/** The function with its margins behind its results, and what they are; without them where no loop can hand them out. */
export const withMargins = (f: Func): { readonly func: Func; readonly margins: readonly Margin[] } => {
  try {
    const { results, margins } = exposed(f)
    return { func: func(f.params, [...results, ...margins.map(m => m.value)]), margins }
  } catch {
    // A loop of uniform carries whose margins vary has no type.
    return { func: f, margins: [] }
  }
}
