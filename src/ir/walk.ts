/** The DAG rebuilt, in the order of its operands. Nothing else in the project recurses over it. */
import { type Expr, type Func, func, node, withArgs } from './expr.ts'
import { required } from './invariant.ts'
import { postorder, postorderBy } from './order.ts'

/**
 * Rebuilds the roots bottom-up: `make` gives what stands for a node, from what stands for its operands, or for
 * the other nodes that `operands` names in their place.
 */
export const rebuild = (
  roots: readonly Expr[],
  make: (original: Expr, args: readonly Expr[]) => Expr,
  operands?: (e: Expr) => readonly Expr[],
): readonly Expr[] => {
  // Of the DAG's own order, only nodes that change are remembered; of another, all, which shows if it goes in a circle.
  const made = new Map<Expr, Expr>()
  const standing = (e: Expr): Expr =>
    operands === undefined ? (made.get(e) ?? e) : required(made.get(e), 'a rebuilt operand')
  for (const e of operands === undefined ? postorder(roots) : postorderBy(roots, operands)) {
    const before = operands === undefined ? e.args : operands(e)
    let args: Expr[] | undefined
    for (let i = 0; i < before.length; i++) {
      const a = standing(before[i]!)
      if (a === before[i]) continue
      args ??= before.slice()
      args[i] = a
    }
    const next = make(e, args ?? before)
    if (next !== e || operands !== undefined) made.set(e, next)
  }
  return roots.map(standing)
}

/** Rebuilds the roots bottom-up: `replace` is asked for every node, with operands already rebuilt. */
export const rewrite = (
  roots: readonly Expr[],
  replace: (rebuilt: Expr, original: Expr) => Expr,
): readonly Expr[] => rebuild(roots, (e, args) => replace(withArgs(e, args), e))

/** The roots with each argument i replaced by `values[i]`. */
export const substitute = (roots: readonly Expr[], values: readonly (Expr | undefined)[]): readonly Expr[] =>
  rewrite(roots, e =>
    e.op === 'arg' ? required(values[e.attributes.index], `a value for argument ${e.attributes.index}`) : e,
  )

/**
 * `x` made again of what stands for its leaves: for what `leaf` knows, and for arguments. Undefined if there is something in it
 * that is neither known nor made of such.
 */
export const remade = (x: Expr, leaf: (e: Expr) => Expr | undefined): Expr | undefined => {
  const made = new Map<Expr, Expr | undefined>()
  const ends = (e: Expr): boolean => e.op === 'arg' || leaf(e) !== undefined
  for (const e of postorderBy([x], e => (ends(e) ? [] : e.args))) {
    const args = ends(e) ? [undefined] : e.args.map(a => made.get(a))
    made.set(e, args.includes(undefined) ? leaf(e) : withArgs(e, args as readonly Expr[]))
  }
  return made.get(x)
}

/** The function with `change` applied to the bodies of its scans first, innermost first, then to itself. */
export const deeply = (f: Func, change: (f: Func) => Func): Func => {
  // A body that several loops run is changed once.
  const done = new Map<Func, Func>()
  const within = (g: Func): Func => {
    const known = done.get(g)
    if (known !== undefined) return known
    const bodies = postorder(g.results).flatMap(e => (e.op === 'scan' ? [e.attributes.body] : []))
    const stays = bodies.every(body => within(body) === body)
    const changed = (e: Expr): Expr =>
      e.op === 'scan' ? node('scan', e.args, { ...e.attributes, body: within(e.attributes.body) }) : e
    const next = change(stays ? g : func(g.params, rewrite(g.results, changed)))
    done.set(g, next)
    return next
  }
  return within(f)
}

/** The function, the bodies of its scans first, rebuilt bottom-up: `replace` is asked for every node. */
export const everywhere = (f: Func, replace: (rebuilt: Expr) => Expr): Func =>
  deeply(f, g =>
    func(
      g.params,
      rewrite(g.results, e => replace(e)),
    ),
  )

/** Which parameters of the function its results use, by position. */
export const usedParams = (f: Func): ReadonlySet<number> => {
  const used = new Set<number>()
  for (const e of postorder(f.results)) if (e.op === 'arg') used.add(e.attributes.index)
  return used
}
