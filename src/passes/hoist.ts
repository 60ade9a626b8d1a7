/** What a loop's body computes from invariants alone is computed once, in front of the loop. */
import { scan } from '../ir/build.ts'
import { argument, type Expr, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { postorderBy } from '../ir/order.ts'
import { deeply, rewrite, substitute } from '../ir/walk.ts'
import { boundIn } from './bound.ts'
import { type Pass, silent, type Tell } from './pass.ts'

/* Free where it stands, and dear to keep as a tensor of its own. */
const stays: ReadonlySet<Op> = new Set(['arg', 'constant', 'batchSize', 'broadcast'])

const hoistScan = (e: Expr<'scan'>, tell: Tell): Expr => {
  const { body, invariants } = e.attributes
  const bound = boundIn(body, invariants)
  const moves = (x: Expr): boolean => !bound.has(x) && !stays.has(x.op) && x.type.kind === 'tensor'
  const moved = postorderBy(body.results, x => (moves(x) ? [] : x.args)).filter(moves)
  if (moved.length === 0) return e
  tell('a loop invariant leaves its loop', moved.length)

  const shift = (i: number): number => (i < invariants ? i : i + moved.length)
  const place = new Map<Expr, Expr>(moved.map((x, k) => [x, argument(invariants + k, tensorType(x))]))
  const results = rewrite(body.results, (rebuilt, original) => {
    const hoisted = place.get(original)
    if (hoisted !== undefined) return hoisted
    return original.op === 'arg'
      ? argument(shift(original.attributes.index), original.attributes.type)
      : rebuilt
  })
  const params = [
    ...body.params.slice(0, invariants),
    ...moved.map((x, k) => ({ name: `fixed${k}`, type: tensorType(x) })),
    ...body.params.slice(invariants),
  ]
  const outside = substitute(moved, e.args.slice(0, invariants))
  return scan([...e.args.slice(0, invariants), ...outside, ...e.args.slice(invariants)], {
    ...e.attributes,
    body: func(params, results),
    invariants: invariants + moved.length,
  })
}

export const hoist: Pass = {
  name: 'hoist',
  summary: 'loop invariants are computed in front of their loops',
  run: (f, tell = silent) =>
    deeply(f, g =>
      func(
        g.params,
        rewrite(g.results, e =>
          e.op === 'scan' ? hoistScan(required(e as Expr<'scan'>, 'a scan'), tell) : e,
        ),
      ),
    ),
}
