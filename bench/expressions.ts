/** Elementwise expressions as a user writes them, each the step of a loop; bench/peers/pointwise.cc has them as loops. */
import * as d from '../src/dsl/term.ts'

/** What becomes of a state x; `a` and `b` are vectors of parameters. */
export interface Pointwise {
  readonly what: string
  readonly step: (x: d.Real, a: d.Real, b: d.Real) => d.Real
}

const one = d.number(1)

export const expressions = {
  logistic: {
    what: 'a x (1 − x) + b',
    step: (x, a, b) => d.add(d.mul(d.mul(a, x), d.sub(one, x)), b),
  },
  gate: {
    what: 'σ(a x + b) tanh(x) + b',
    step: (x, a, b) => d.add(d.mul(d.sigmoid(d.add(d.mul(a, x), b)), d.tanh(x)), b),
  },
  bump: {
    what: 'a exp(−x²) + sin(x)/√(1 + x²)',
    step: (x, a, _) => {
      const square = d.mul(x, x)
      return d.add(d.mul(a, d.exp(d.neg(square))), d.div(d.sin(x), d.sqrt(d.add(one, square))))
    },
  },
  softplus: {
    what: 'log(1 + exp(−a x)) − cos(x) + b',
    step: (x, a, b) => d.add(d.sub(d.log(d.add(one, d.exp(d.neg(d.mul(a, x))))), d.cos(x)), b),
  },
} as const satisfies Readonly<Record<string, Pointwise>>

export type ExpressionName = keyof typeof expressions
