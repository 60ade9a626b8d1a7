/** Passes that are broken on purpose. */
import { broadcast, neg } from '../../../src/ir/build.ts'
import { type Expr, func } from '../../../src/ir/expr.ts'
import { deeply, rewrite } from '../../../src/ir/walk.ts'
import type { Pass } from '../../../src/passes/pass.ts'

const everywhere = (name: string, change: (e: Expr) => Expr): Pass => ({
  name,
  summary: 'broken on purpose',
  run: f => deeply(f, g => func(g.params, rewrite(g.results, change))),
})

/** −(U x + y) for U x + y. */
export const swaps = everywhere('swaps', e => (e.op === 'add' && e.args[0]!.op === 'apply' ? neg(e) : e))

/** An axis too many: of the wrong type. */
export const widens = everywhere('widens', e => {
  const { type } = e
  if (e.op !== 'modRelu' || type.kind !== 'tensor') return e
  return broadcast(e, [1, ...type.shape])
})

/** Throws at a reflection. */
export const throwsAt = everywhere('throwsAt', e => {
  if (e.op === 'reflect') throw new Error('no reflections, please')
  return e
})
