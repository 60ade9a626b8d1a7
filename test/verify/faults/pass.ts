/** Passes that are broken on purpose. */
import { broadcast, neg } from '../../../src/ir/build.ts'
import { type Expr, func, tensorType } from '../../../src/ir/expr.ts'
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
export const widens: Pass = {
  name: 'widens',
  summary: 'broken on purpose',
  run: f =>
    func(
      f.params,
      f.results.map(r => broadcast(r, [1, ...tensorType(r).shape])),
    ),
}

/** Throws at a reflection. */
export const throwsAt = everywhere('throwsAt', e => {
  if (e.op === 'reflect') throw new Error('no reflections, please')
  return e
})
