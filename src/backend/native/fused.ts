/** Instructions that carry pointwise programs: `map`, and `transform` with a program before and one after. */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { required } from '../../ir/invariant.ts'
import { maxMapOperands } from './opcodes.ts'
import type { Instruction, Operand } from './plan.ts'
import { programOf, type Source } from './program.ts'
import { countOf, isSum } from './schedule.ts'
import { instruction, place, result, type Site, widthOf } from './site.ts'

/** What a program's node finds as its operand. `members`: the nodes that the program computes itself. */
const sources =
  (site: Site, members: ReadonlySet<Expr>, element: Expr | undefined) =>
  (e: Expr): Source => {
    const read = (x: Expr, step: 0 | 1, permutation = -1): Source => ({
      kind: 'input',
      input: { operand: place(site, x), width: widthOf(x), step, permutation },
    })
    const source = (x: Expr): Source => {
      if (x === element) return { kind: 'element' }
      if (members.has(x)) return { kind: 'node', node: x }
      if (!site.block.isVirtual(x)) return read(x, 1)
      if (x.op === 'constant') {
        const { re, im } = x.attributes
        return { kind: 'constant', re, im, width: widthOf(x) }
      }
      const [operator, vector] = x.args
      if (x.op === 'apply' && operator?.op === 'permute')
        return read(required(vector, 'a vector'), 1, site.shop.permutation(operator.attributes.permutation))
      const scalar = required(x.args[0], 'a scalar')
      // A scalar repeated once is as long as the program, so it may be computed in it.
      const isInside = scalar === element || members.has(scalar) || site.block.isVirtual(scalar)
      return isInside ? source(scalar) : read(scalar, 0)
    }
    return source(e)
  }

/** Whether a node is read by others than `members`; those of `whole`, if they all compute it themselves. */
const isRead = (site: Site, e: Expr, members: ReadonlySet<Expr>, whole: ReadonlySet<Expr>): boolean =>
  site.targets.has(e) ||
  site.block.lastUse(e) === Number.POSITIVE_INFINITY ||
  site.block.users(e).some(u => !members.has(u) && (whole.has(u) || !site.block.isRecomputed(e)))

/* A program of more nodes than these is taken apart: the engine takes twice as many steps in one. */
const mostNodes = 128

/* One map, or several where it would have more operands or steps than the engine takes; all of them are `whole`. */
export const map = (
  site: Site,
  nodes: readonly Expr[],
  whole: ReadonlySet<Expr> = new Set(nodes),
): readonly Instruction[] => {
  const members = new Set(nodes)
  const kept = nodes.filter(e => isSum(e) || isRead(site, e, members, whole))
  const outside = new Set(nodes.flatMap(e => e.args.filter(a => !members.has(a))))
  if (kept.length + outside.size > maxMapOperands || nodes.length > mostNodes) {
    const half = nodes.length >> 1
    return [...map(site, nodes.slice(0, half), whole), ...map(site, nodes.slice(half), whole)]
  }
  const stored = new Map(kept.map(e => [e, result(site, e)] as const))
  const source = sources(site, members, undefined)
  const p = programOf({ nodes, stored, totals: site.totals, takesElement: false }, source, site.shop.constant)
  return [
    instruction(
      'map',
      [...p.outputs, ...p.inputs],
      [countOf(nodes[0]!), p.outputs.length, p.inputs.length, p.temporaries, ...p.attributes],
    ),
  ]
}

/* One instruction, or the three that it is made of where it would have more operands or steps than the engine takes. */
export const transform = (
  site: Site,
  before: readonly Expr[],
  node: Expr,
  after: readonly Expr[],
): readonly Instruction[] => {
  const early = new Set([...before, node])
  const late = new Set(after)
  const operand = required(node.args[1], 'a vector')
  const keep = (nodes: readonly Expr[], members: ReadonlySet<Expr>): ReadonlyMap<Expr, Operand> =>
    new Map(
      nodes
        .filter(e => isSum(e) || isRead(site, e, members, members))
        .map(e => [e, result(site, e)] as const),
    )
  const isKept = (members: ReadonlySet<Expr>) => (e: Expr) => isSum(e) || isRead(site, e, members, members)
  const stores = before.filter(isKept(early)).length + after.filter(isKept(late)).length
  const reads = (nodes: readonly Expr[], own: ReadonlySet<Expr>): number =>
    new Set(nodes.flatMap(e => e.args.filter(a => !own.has(a)))).size
  // The transform's operand and its result may be stored, too.
  const operands = stores + reads(before, early) + reads(after, new Set([node, ...after])) + 2
  const isLarge = operands > maxMapOperands || Math.max(before.length, after.length) > mostNodes
  if (isLarge && before.length + after.length > 0)
    return [
      ...(before.length > 0 ? map(site, before, early) : []),
      ...transform(site, [], node, []),
      ...(after.length > 0 ? map(site, after) : []),
    ]
  const first = programOf(
    { nodes: before, stored: keep(before, early), totals: site.totals, takesElement: false, wanted: operand },
    sources(site, new Set(before), undefined),
    site.shop.constant,
  )
  const stored = keep(after, late)
  const second = programOf(
    {
      nodes: after,
      stored,
      totals: site.totals,
      takesElement: true,
      element: after.length === 0 || isRead(site, node, late, late) ? result(site, node) : undefined,
    },
    sources(site, late, node),
    site.shop.constant,
  )
  return [
    instruction(
      'transform',
      [...first.outputs, ...first.inputs, ...second.outputs, ...second.inputs],
      [
        tensorType(node).shape[0]!,
        node.args[0]!.op === 'adjoint' ? 1 : 0,
        first.outputs.length,
        first.inputs.length,
        first.temporaries,
        second.outputs.length,
        second.inputs.length,
        second.temporaries,
        ...first.attributes,
        first.result,
        ...second.attributes,
      ],
    ),
  ]
}
