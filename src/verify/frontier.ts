/** A node on its own: an op on tensors that are parameters, with what is between them and it (operators, a loop). */
import { argument, type Expr, type Func, func, type Param, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorderBy } from '../ir/order.ts'
import type { Value } from '../ir/tensor.ts'
import { rebuild } from '../ir/walk.ts'
import type { Program } from './arbitraries.ts'
import { evaluated } from './run.ts'

const isTensor = (e: Expr): boolean => e.type.kind === 'tensor'

/** The tensors that a node is made of, constants apart: through operators and loops' tuples, but no further. */
export const frontier = (e: Expr): readonly Expr[] => {
  const below = (x: Expr): readonly Expr[] => (x === e || !isTensor(x) ? x.args : [])
  return postorderBy([e], below).filter(x => x !== e && isTensor(x) && x.op !== 'constant')
}

/** The node on parameters for its frontier, p0, p1, …; `more` come before them. */
export const alone = (
  e: Expr,
  more: readonly Param[] = [],
): { readonly params: readonly Param[]; readonly node: Expr } => {
  const edge = frontier(e)
  const params = edge.map(
    (x, i): Param => ({ name: x.op === 'arg' ? `a${i}` : `p${i}`, type: tensorType(x) }),
  )
  const stand = new Map(edge.map((x, i) => [x, argument(more.length + i, params[i]!.type)]))
  const below = (x: Expr): readonly Expr[] => (stand.has(x) || (x !== e && isTensor(x)) ? [] : x.args)
  const [node] = rebuild(
    [e],
    (x, args) => stand.get(x) ?? (args.length === x.args.length && args.length > 0 ? withArgs(x, args) : x),
    below,
  )
  return { params: [...more, ...params], node: required(node, 'a node') }
}

/** The values of these nodes of the program. */
export const valuesAt = (p: Program, nodes: readonly Expr[]): readonly Value[] =>
  evaluated({ ...p, func: func(p.func.params, nodes) })

/** The program of one tensor node alone, on the values that its operands have. */
export const aloneWithValues = (p: Program, e: Expr): Program => {
  const { params, node } = alone(e)
  const f: Func = func(params, [node])
  return { func: f, inputs: valuesAt(p, frontier(e)), batch: p.batch }
}
