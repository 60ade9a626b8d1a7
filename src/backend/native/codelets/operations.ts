/**
 * A codelet as operations of the machine: multiply-adds contracted, and signs decided. A node may be kept
 * negated, −(a + b) as a − b is, so that no operation only turns a sign.
 */
import type { ComplexOutput } from './codelet.ts'
import { type Node, type Part, reachable } from './node.ts'

/** The re or im of an input, or the result of an operation. */
export type Name = string
export const inputName = (index: number, part: Part): Name => `x${index}.${part}`
export const twiddleName = (index: number, part: Part): Name =>
  `w${2 * (index - 1) + (part === 're' ? 0 : 1)}`

/** sign · factor · value */
export interface Term {
  readonly negative: boolean
  readonly value: Name
  readonly factor?: number | Name
}

export type Operation =
  | { readonly op: 'load'; readonly index: number }
  /** The sum of one or two terms, of which the second alone may have a factor if there are two. */
  | { readonly op: 'sum'; readonly to: Name; readonly terms: readonly [Term] | readonly [Term, Term] }
  | { readonly op: 'store'; readonly index: number; readonly re: Name; readonly im: Name }

interface Kept {
  readonly terms: readonly [Term] | readonly [Term, Term]
  readonly negative: boolean
}

/** Products that one sum alone takes are computed by it. */
const contracted = (order: readonly Node[], outputs: readonly ComplexOutput[]): Map<Node, Node> => {
  const uses = new Map<Node, number>()
  const use = (node: Node) => uses.set(node, (uses.get(node) ?? 0) + 1)
  for (const { re, im } of outputs) [re.node, im.node].forEach(use)
  for (const node of order) if (node.op === 'combine') [node.x, node.y].forEach(use)
  const free = (node: Node) => node.op === 'product' && uses.get(node) === 1
  return new Map(
    order.flatMap(node => {
      if (node.op !== 'combine' || Math.abs(node.by) !== 1) return []
      const taken = [node.y, node.x].find(free)
      return taken ? [[node, taken] as const] : []
    }),
  )
}

const nameOf = (node: Node): Name => {
  if (node.op === 'input') return inputName(node.index, node.part)
  if (node.op === 'twiddle') return twiddleName(node.index, node.part)
  return `t${node.id}`
}

const factored = (value: Name, factor: number | Name | undefined, negative: boolean): Term =>
  factor === undefined || factor === 1 ? { negative, value } : { negative, value, factor }

const decide = (
  order: readonly Node[],
  taken: ReadonlyMap<Node, Node>,
  turned: ReadonlySet<Node>,
): Map<Node, Kept> => {
  const kept = new Map<Node, Kept>()
  const isNegative = (node: Node) => kept.get(node)?.negative === true
  const keep = (node: Node, terms: Kept['terms']): void => {
    const allNegative = terms.every(t => t.negative)
    const negative = allNegative || (terms.length === 2 && turned.has(node) && terms.some(t => t.negative))
    const signed = terms.map(t => ({ ...t, negative: t.negative !== negative }))
    kept.set(node, { terms: signed as unknown as Kept['terms'], negative })
  }
  for (const node of order) {
    if (node.op === 'scale') keep(node, [factored(nameOf(node.x), node.by, isNegative(node.x))])
    if (node.op === 'product') keep(node, [factored(nameOf(node.x), nameOf(node.by), isNegative(node.x))])
    if (node.op !== 'combine') continue
    const product = taken.get(node)
    const sign = node.by < 0
    if (product?.op === 'product') {
      const other = product === node.y ? node.x : node.y
      const flip = (side: Node, value: Node) => (side === node.y && sign) !== isNegative(value)
      keep(node, [
        factored(nameOf(other), undefined, flip(other, other)),
        factored(nameOf(product.x), nameOf(product.by), flip(product, product.x)),
      ])
    } else {
      keep(node, [
        factored(nameOf(node.x), undefined, isNegative(node.x)),
        factored(nameOf(node.y), Math.abs(node.by), sign !== isNegative(node.y)),
      ])
    }
  }
  return kept
}

export const operations = (outputs: readonly ComplexOutput[]): Operation[] => {
  const parts = outputs.flatMap(z => [z.re, z.im])
  const order = reachable(parts.map(o => o.node))
  const taken = contracted(order, outputs)
  const inlined = new Set(taken.values())
  const wrong = (kept: ReadonlyMap<Node, Kept>): number =>
    parts.filter(o => (kept.get(o.node)?.negative === true) !== o.negative).length
  /** A difference, which its negative is, too: the others have no choice. */
  const turns = (of: Kept | undefined): boolean =>
    of !== undefined && of.terms.length === 2 && of.terms[0].negative !== of.terms[1].negative
  const turned = new Set<Node>()
  let kept = decide(order, taken, turned)
  for (let fewest = wrong(kept), before = Infinity; fewest > 0 && fewest < before; ) {
    before = fewest
    for (const node of [...order].reverse()) {
      if (!turns(kept.get(node))) continue
      if (!turned.delete(node)) turned.add(node)
      const others = decide(order, taken, turned)
      if (wrong(others) < fewest) {
        kept = others
        fewest = wrong(others)
      } else if (!turned.delete(node)) turned.add(node)
    }
  }
  const results: Operation[] = []
  const loaded = new Set<number>()
  for (const node of order) {
    if (node.op === 'input' && !loaded.has(node.index)) {
      loaded.add(node.index)
      results.push({ op: 'load', index: node.index })
    }
    const terms = kept.get(node)?.terms
    if (terms && !inlined.has(node)) results.push({ op: 'sum', to: nameOf(node), terms })
  }
  outputs.forEach((z, index) => {
    const [re, im] = [z.re, z.im].map(o => {
      const name = nameOf(o.node)
      if ((kept.get(o.node)?.negative === true) === o.negative) return name
      const to = `${name}n`
      results.push({ op: 'sum', to, terms: [{ negative: true, value: name }] })
      return to
    })
    results.push({ op: 'store', index, re: re!, im: im! })
  })
  return results
}
