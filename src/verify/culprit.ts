/** Which op of a small failing program is at fault. */
import type { Expr } from '../ir/expr.ts'
import { postorder } from '../ir/order.ts'
import type { Program } from './arbitraries.ts'
import { aloneWithValues } from './frontier.ts'

/** An op as people say it: applications by their operator, items by their loop. */
export const opName = (e: Expr): string => {
  const [first] = e.args
  if (e.op === 'apply' && first !== undefined) return `apply of ${opName(first)}`
  if (e.op === 'adjoint' && first !== undefined) return `adjoint of ${opName(first)}`
  if (e.op === 'get') return 'scan'
  return e.op
}

/** The first node that fails on its own, on the values its operands have; else all ops there are, together. */
export const culprit = async (
  p: Program,
  fails: (p: Program) => Promise<boolean> | boolean,
): Promise<string> => {
  const nodes = postorder(p.func.results).filter(e => e.type.kind === 'tensor' && e.args.length > 0)
  for (const e of nodes) if (await fails(aloneWithValues(p, e))) return opName(e)
  return `${[...new Set(nodes.map(opName))].join(', ')} together`
}
