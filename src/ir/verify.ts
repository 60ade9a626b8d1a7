/** Checks what the constructors promise: for functions from elsewhere, and after passes. */
import * as E from 'fp-ts/lib/Either.js'
import { decodeAttributes, isOp } from './attributes.ts'
import type { Expr, Func } from './expr.ts'
import { infer } from './infer.ts'
import { postorder } from './order.ts'
import { bodiesOf, listing } from './print.ts'
import { sameType, showType } from './type.ts'

/** Why a function is not well typed. */
export interface VerifyError {
  readonly kind: 'VerifyError'
  readonly op?: string
  /** What is wrong, then the lines around it. */
  readonly message: string
}

interface Finding {
  readonly node?: Expr
  readonly problem: string
}

/** What is wrong with one node of a function, given that its operands are in order. */
const nodeProblem = (f: Func, e: Expr): string | undefined => {
  const attributes = decodeAttributes(e.op, new Map(Object.entries(e.attributes)))
  if (E.isLeft(attributes)) return attributes.left
  const type = infer(e.op, e.args, attributes.right)
  if (E.isLeft(type)) return type.left
  if (!sameType(type.right, e.type))
    return `has type ${showType(type.right)}, but is marked ${showType(e.type)}`
  if (e.op !== 'arg') return undefined
  const { index } = e.attributes
  const param = f.params[index]
  if (param === undefined) return `is parameter ${index} of a function that has ${f.params.length}`
  return sameType(param.type, e.type)
    ? undefined
    : `is ${showType(e.type)}, but parameter ${index}, ${param.name}, is ${showType(param.type)}`
}

const findIn = (f: Func): Finding | undefined => {
  for (const [index, { name, type }] of f.params.entries()) {
    const checked = infer('arg', [], { index, type })
    if (E.isLeft(checked)) return { problem: `parameter ${name}: ${checked.left}` }
  }
  for (const node of postorder(f.results)) {
    const problem = nodeProblem(f, node)
    if (problem !== undefined) return { node, problem }
  }
  for (const [k, node] of f.results.entries())
    if (node.type.kind !== 'tensor')
      return { node, problem: `is result ${k}, but ${showType(node.type)} is no tensor` }
  return undefined
}

/** The lines around the node, five to each side, and a mark at its own. */
const excerpt = (f: Func, node: Expr | undefined): string => {
  const { lines, lineOf } = listing(f)
  const header = lines.findIndex(line => line.startsWith('func @main('))
  const at = node === undefined ? header : (lineOf.get(node) ?? header)
  const from = Math.max(0, at - 5)
  return lines
    .slice(from, at + 6)
    .map((line, i) => `${from + i === at ? '>' : ' '} ${line}`)
    .join('\n')
}

/** Ops that are none have no row in any table, so not even text. */
const strangers = (f: Func): VerifyError | undefined => {
  const node = postorder(f.results).find(e => !isOp(e.op))
  return node && { kind: 'VerifyError', op: node.op, message: `there is no op ${node.op}` }
}

const errorIn = (f: Func, inside: boolean): VerifyError | undefined => {
  const found = findIn(f)
  if (found === undefined) return undefined
  const { node, problem } = found
  const subject = node === undefined ? problem : `${node.op} ${problem}`
  const message = `${inside ? "in a scan's body, " : ''}${subject}\n\n${excerpt(f, node)}`
  return { kind: 'VerifyError', message, ...(node && { op: node.op }) }
}

/** The function itself, if every node of it and of its scans' bodies is well typed and uses nothing else. */
export const verify = (f: Func): E.Either<VerifyError, Func> => {
  const strange =
    strangers(f) ??
    bodiesOf(f)
      .map(strangers)
      .find(e => e !== undefined)
  if (strange !== undefined) return E.left(strange)
  for (const body of bodiesOf(f)) {
    const error = errorIn(body, true)
    if (error !== undefined) return E.left(error)
  }
  const error = errorIn(f, false)
  return error === undefined ? E.right(f) : E.left(error)
}
