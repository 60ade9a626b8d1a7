/** Expressions as formulas: what stands in the boxes of a drawn graph. */
import type { Expr } from '../../ir/expr.ts'
import type { Op } from '../../ir/ops.ts'
import { showNumber } from '../../ir/print.ts'
import { type Factor, factors } from '../../ir/unitary.ts'

/** How tightly a formula holds together: a sum, a product, a function's application, a name. */
const sum = 0
const product = 1
const applied = 2
const name = 3

export interface Formula {
  readonly text: string
  readonly holds: number
}

/** What an operand is called. */
type Operand = (e: Expr) => Formula

const within = (f: Formula, least: number): string => (f.holds >= least ? f.text : `(${f.text})`)

type Write = (args: readonly Formula[], e: Expr, operand: Operand) => Formula

const first = (args: readonly Formula[]): Formula => args[0] ?? { text: '?', holds: name }
const second = (args: readonly Formula[]): Formula => args[1] ?? { text: '?', holds: name }

const called =
  (f: string): Write =>
  args => ({ text: `${f}(${args.map(a => a.text).join(', ')})`, holds: name })
const prefix =
  (f: string): Write =>
  args => ({ text: `${f}${within(first(args), applied)}`, holds: applied })
const same: Write = args => first(args)
const two =
  (sign: string, holds: number, right: number): Write =>
  args => ({ text: `${within(first(args), holds)}${sign}${within(second(args), right)}`, holds })
const around =
  (open: string, between: string, close: string): Write =>
  args => ({ text: `${open}${args.map(a => a.text).join(between)}${close}`, holds: name })

const short = (x: number): string => {
  const text = showNumber(x)
  return text.length <= 8 ? text : x.toPrecision(4).replace(/\.?0+(?=$|e)/, '')
}

const constant: Write = (_, e) => {
  const { re, im } = e.op === 'constant' ? e.attributes : { re: 0, im: 0 }
  if (im === 0) return { text: short(re), holds: re < 0 ? sum : name }
  return {
    text: re === 0 ? `${short(im)}i` : `${short(re)} + ${short(im)}i`,
    holds: re === 0 ? product : sum,
  }
}

const isZero = (e: Expr | undefined): boolean =>
  e?.op === 'broadcast'
    ? isZero(e.args[0])
    : e?.op === 'constant' && e.attributes.re === 0 && e.attributes.im === 0

const factorName = (f: Factor, operand: Operand): string => {
  const of = f.args[0]
  switch (f.op) {
    case 'phase':
      return `D(${of === undefined ? '' : operand(of).text})`
    case 'reflect':
      return `R(${of === undefined ? '' : operand(of).text})`
    case 'permute':
      return 'Π'
    case 'dft':
      return 'F'
    case 'adjoint':
      return 'F⁻¹'
  }
}

/** The factors of an operator, the one that acts last first. */
export const factorNames = (unitary: Expr, operand: Operand): readonly string[] =>
  factors(unitary).map(f => factorName(f, operand))

const unitary: Write = (_, e, operand) => ({ text: factorNames(e, operand).join(' ') || '1', holds: product })

const writers: { readonly [K in Op]: Write } = {
  neg: prefix('−'),
  conj: called('conj'),
  re: prefix('Re '),
  im: prefix('Im '),
  abs: around('|', '', '|'),
  pinv: args => ({ text: `1/${within(first(args), applied)}`, holds: sum }),
  exp: called('exp'),
  log: called('ln'),
  sqrt: prefix('√'),
  sin: called('sin'),
  cos: called('cos'),
  tanh: called('tanh'),
  sigmoid: called('σ'),
  relu: args => ({ text: `max(${first(args).text}, 0)`, holds: name }),
  step: args => ({ text: `[${first(args).text} > 0]`, holds: name }),
  add: two(' + ', sum, sum),
  sub: two(' − ', sum, product),
  mul: two('·', product, product),
  div: two('/', product, applied),
  scale: two('·', product, product),
  complex: (args, e) => {
    if (isZero(e.args[1])) return first(args)
    const im = `i·${within(second(args), product)}`
    return isZero(e.args[0])
      ? { text: im, holds: product }
      : { text: `${first(args).text} + ${im}`, holds: sum }
  },
  modRelu: called('modReLU'),
  sum: prefix('Σ '),
  broadcast: same,
  dot: around('⟨', ', ', '⟩'),
  matvec: (args, e) => {
    const adjoint = e.op === 'matvec' && e.attributes.adjoint ? 'ᴴ' : ''
    return { text: `${within(first(args), name)}${adjoint} ${within(second(args), name)}`, holds: product }
  },
  transpose: args => ({ text: `${within(first(args), name)}ᵀ`, holds: name }),
  outer: args => ({ text: `${within(first(args), name)} ${within(second(args), name)}ᴴ`, holds: product }),
  contract: args => ({ text: `Σ_t ${within(first(args), name)} ${within(second(args), name)}ᴴ`, holds: sum }),
  concat: around('[', '; ', ']'),
  slice: (args, e) => {
    const { start, length } = e.op === 'slice' ? e.attributes : { start: 0, length: 0 }
    return { text: `${within(first(args), name)}[${start}…${start + length - 1}]`, holds: name }
  },
  reshape: same,
  pad: called('pad'),
  take: args => ({ text: `${within(first(args), name)}[${second(args).text}]`, holds: name }),
  put: called('put'),
  batchSum: prefix('Σ_b '),
  identity: unitary,
  phase: unitary,
  dft: unitary,
  permute: unitary,
  reflect: unitary,
  compose: unitary,
  adjoint: unitary,
  apply: (_, e, operand) => {
    const [u, x] = e.args
    if (u === undefined || x === undefined) return { text: '?', holds: name }
    return { text: [...factorNames(u, operand), within(operand(x), name)].join(' '), holds: product }
  },
  arg: () => ({ text: '?', holds: name }),
  constant,
  batchSize: () => ({ text: 'B', holds: name }),
  logSumExp: args => ({ text: `ln Σ exp(${first(args).text})`, holds: applied }),
  scan: () => ({ text: 'loop', holds: name }),
  get: same,
}

/** What a name stands for, as an operand. */
export const named = (text: string): Formula => ({ text, holds: name })

/** The formula of a node, with its operands called as told. */
export const formula = (e: Expr, operand: Operand): Formula => {
  const args = e.args.map(a => (a.type.kind === 'unitary' ? named('') : operand(a)))
  return writers[e.op](args, e, operand)
}
