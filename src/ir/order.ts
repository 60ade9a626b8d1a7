/** The order of a DAG in which operands come before their users. */
import type { Expr } from './expr.ts'

/** Every node the roots reach, once, children before parents. */
export const postorderBy = <A>(roots: readonly A[], children: (a: A) => readonly A[]): readonly A[] => {
  const seen = new Set<A>()
  const order: A[] = []
  // Of the nodes that are entered: their children, and how many of them have been seen to.
  const entered: A[] = []
  const below: (readonly A[])[] = []
  const next: number[] = []
  for (const root of roots) {
    if (seen.has(root)) continue
    seen.add(root)
    let depth = 0
    let node = root
    let nodes = children(root)
    let at = 0
    for (;;) {
      if (at < nodes.length) {
        const child = nodes[at++]!
        if (seen.has(child)) continue
        seen.add(child)
        entered[depth] = node
        below[depth] = nodes
        next[depth++] = at
        node = child
        nodes = children(child)
        at = 0
      } else {
        order.push(node)
        if (depth === 0) break
        node = entered[--depth]!
        nodes = below[depth]!
        at = next[depth]!
      }
    }
  }
  return order
}

/** What a tree ends in, from left to right, a node that is met again again: `parts` are undefined of a leaf. */
export const leavesBy = <A>(root: A, parts: (a: A) => readonly A[] | undefined): readonly A[] => {
  const leaves: A[] = []
  const rest = [root]
  while (rest.length > 0) {
    const next = rest.pop() as A
    const inner = parts(next)
    if (inner === undefined) leaves.push(next)
    else for (let i = inner.length - 1; i >= 0; i--) rest.push(inner[i] as A)
  }
  return leaves
}

/* Pass after pass walks over the results of the same functions, which are frozen. */
const orders = new WeakMap<readonly Expr[], readonly Expr[]>()

/** Every expression the roots reach, once, operands before users. Bodies of scans are not entered. */
export const postorder = (roots: readonly Expr[]): readonly Expr[] => {
  const known = orders.get(roots)
  if (known !== undefined) return known
  const order = postorderBy(roots, e => e.args)
  if (Object.isFrozen(roots)) orders.set(roots, order)
  return order
}
