/** The real expressions that codelets are made of: a directed graph in which equal expressions are one node. */

export type Part = 're' | 'im'

export type Node =
  | { readonly op: 'input'; readonly id: number; readonly index: number; readonly part: Part }
  | { readonly op: 'twiddle'; readonly id: number; readonly index: number; readonly part: Part }
  /** A value times a twiddle. */
  | { readonly op: 'product'; readonly id: number; readonly x: Node; readonly by: Node }
  /** by · x */
  | { readonly op: 'scale'; readonly id: number; readonly x: Node; readonly by: number }
  /** x + by · y */
  | { readonly op: 'combine'; readonly id: number; readonly x: Node; readonly by: number; readonly y: Node }

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type Shape = Without<Node, 'id'>

export const operands = (node: Node): readonly Node[] => {
  switch (node.op) {
    case 'input':
    case 'twiddle':
      return []
    case 'scale':
      return [node.x]
    case 'product':
      return [node.x, node.by]
    case 'combine':
      return [node.x, node.y]
  }
}

const key = (s: Shape): string => {
  switch (s.op) {
    case 'input':
    case 'twiddle':
      return `${s.op} ${s.index} ${s.part}`
    case 'product':
      return `product ${s.x.id} ${s.by.id}`
    case 'scale':
      return `scale ${s.x.id} ${s.by}`
    case 'combine':
      return `combine ${s.x.id} ${s.by} ${s.y.id}`
  }
}

/** Nodes by their shape. */
export const interner = (): ((shape: Shape) => Node) => {
  const nodes = new Map<string, Node>()
  return shape => {
    const k = key(shape)
    const known = nodes.get(k)
    if (known) return known
    const node = { ...shape, id: nodes.size } as Node
    nodes.set(k, node)
    return node
  }
}

/**
 * Constants that differ by rounding only are made one, or expressions that are equal would not be found so. The
 * simple ones come first, that they be exact.
 */
export const constants = (): ((x: number) => number) => {
  const known = [1, 2, 3, 4, 1 / 2, 1 / 4, 1 / 8, Math.SQRT1_2, Math.sqrt(3) / 2]
  return x => {
    const size = Math.abs(x)
    const near = known.find(k => Math.abs(k - size) < 1e-13 * k)
    if (near === undefined) known.push(size)
    return Math.sign(x) * (near ?? size)
  }
}

/** The nodes that the given ones need, each after its operands. */
export const reachable = (roots: readonly Node[]): Node[] => {
  const seen = new Set<Node>()
  const order: Node[] = []
  const visit = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    operands(node).forEach(visit)
    order.push(node)
  }
  roots.forEach(visit)
  return order
}
