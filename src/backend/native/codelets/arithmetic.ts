/**
 * Arithmetic on nodes that carry a constant factor, which is multiplied out as late as possible: f x + g y is
 * f (x + (g/f) y), one fused multiply-add whatever the constants are, and the factor f waits for the next sum. So
 * a transform takes as many instructions as it has additions. Signs are factors too, hence −(−x) is x and a − b
 * and b − a are one node. Where multiplications are counted apart, factors are multiplied out before a sum,
 * unless both terms have the same.
 */
import { constants, interner, type Node, type Part } from './node.ts'

export interface Scaled {
  readonly factor: number
  readonly node: Node
}

export type Mode = 'fused' | 'separate'

export interface Arithmetic {
  readonly input: (index: number, part: Part) => Scaled
  readonly twiddle: (index: number, part: Part) => Node
  readonly scale: (by: number, a: Scaled) => Scaled
  readonly add: (a: Scaled, b: Scaled) => Scaled
  readonly subtract: (a: Scaled, b: Scaled) => Scaled
  readonly product: (a: Scaled, by: Node) => Scaled
  /** With the factor 1 or −1. */
  readonly settled: (a: Scaled) => Scaled
}

export const arithmetic = (mode: Mode): Arithmetic => {
  const node = interner()
  const constant = constants()

  const scale = (by: number, a: Scaled): Scaled => ({ factor: constant(by * a.factor), node: a.node })

  const settled = (a: Scaled): Scaled =>
    Math.abs(a.factor) === 1
      ? a
      : {
          factor: Math.sign(a.factor),
          node: node({ op: 'scale', x: a.node, by: Math.abs(a.factor) }),
        }

  /** Which of two terms keeps its factor for the sum: a plain one, else the larger, so that the ratio is small. */
  const leads = (a: Scaled, b: Scaled): boolean => {
    const f = Math.abs(a.factor)
    const g = Math.abs(b.factor)
    if (f === g) return a.node.id < b.node.id
    return f === 1 || (g !== 1 && f > g)
  }

  const add = (a: Scaled, b: Scaled): Scaled => {
    if (a.node === b.node) {
      const factor = a.factor + b.factor
      if (Math.abs(factor) < 1e-13) throw new Error('a codelet computes zero')
      return { factor: constant(factor), node: a.node }
    }
    if (mode === 'separate' && Math.abs(a.factor) !== Math.abs(b.factor)) {
      const x = settled(a)
      const y = settled(b)
      if (x !== a || y !== b) return add(x, y)
    }
    if (!leads(a, b)) return add(b, a)
    const by = constant(b.factor / a.factor)
    return { factor: a.factor, node: node({ op: 'combine', x: a.node, by, y: b.node }) }
  }

  return {
    input: (index, part) => ({ factor: 1, node: node({ op: 'input', index, part }) }),
    twiddle: (index, part) => node({ op: 'twiddle', index, part }),
    scale,
    settled,
    add,
    subtract: (a, b) => add(a, scale(-1, b)),
    product: (a, by) => ({ factor: a.factor, node: node({ op: 'product', x: a.node, by }) }),
  }
}
