/** Loops that others stand for, with as many results or not. */
import { type Expr, type Func, func, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { rebuild } from '../ir/walk.ts'

/** A loop, and what stands for each of the items of the one in whose place it is. */
export interface Replacement {
  readonly loop: Expr
  readonly items: readonly Expr[]
}

/** The function with those of its own loops replaced, not of their bodies', for which there is a replacement. */
export const replaceLoops = (f: Func, replace: (loop: Expr<'scan'>) => Replacement | undefined): Func => {
  if (!postorder(f.results).some(e => e.op === 'scan')) return f
  const items = new Map<Expr, readonly Expr[]>()
  return func(
    f.params,
    rebuild(f.results, (e, args) => {
      if (e.op === 'get') {
        const of = items.get(required(e.args[0], 'a tuple'))
        return of === undefined ? withArgs(e, args) : required(of[e.attributes.item], 'an item')
      }
      const rebuilt = withArgs(e, args)
      const found = rebuilt.op === 'scan' ? replace(rebuilt as Expr<'scan'>) : undefined
      if (found === undefined) return rebuilt
      items.set(e, found.items)
      return found.loop
    }),
  )
}
