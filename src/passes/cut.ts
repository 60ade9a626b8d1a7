/**
 * What a loop saves for its adjoint. A *cut* names, for carries that the adjoint reads, a node z of the same step
 * that is saved in the carry's place: the carry's next value is φ(z), φ cheap, so that
 *
 *     c[t] = φ(z[t−1]) for t ≥ 1,    c[0] the initial carry,
 *
 * and z[t] itself is at hand, too. Where z = y + s with y = U x, then so is y = z − s, and with it everything in
 * the chain from the left. Nodes that are dear to compute and small to keep are saved besides.
 */
import { add, neg, sub } from '../ir/build.ts'
import { type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { isPointwise } from '../ir/ops.ts'
import { postorder, postorderBy } from '../ir/order.ts'
import { rateOf, reals, sameType } from '../ir/type.ts'
import { factors } from '../ir/unitary.ts'
import { boundIn, invariantIn } from './bound.ts'
import { chainProducts } from './chainDerivative.ts'
import { chainCost, costOf } from './cost.ts'

/**
 * Flops that a real number saved for the adjoint is worth: it is written to memory and read again, 8 bytes in
 * single precision, in the time in which a core of some 50 flops to 8 bytes of its share of the memory's bandwidth
 * does as many.
 */
export const flopsPerSaved = 48

/** For positions of carries, the nodes saved in their place. */
export type Cut = ReadonlyMap<number, Expr>

const isCheap = (e: Expr): boolean => isPointwise(e.op) || e.op === 'broadcast'
/* A function of more nodes than these is not cheap. */
const largest = 32

/**
 * The nodes z, the last first, of which `next` is a cheap function: all ways from it to what is bound lead through
 * z. Nodes are taken off the frontier in the order of their making, latest first, so users before operands.
 */
const dominators = (next: Expr, bound: ReadonlySet<Expr>): readonly Expr[] => {
  const found: Expr[] = []
  let frontier: readonly Expr[] = [next]
  for (let taken = 0; taken < largest; taken++) {
    const top = frontier.reduce((a, b) => (a.id > b.id ? a : b))
    if (frontier.length === 1) found.push(top)
    if (!isCheap(top)) break
    frontier = [...new Set([...frontier.filter(e => e !== top), ...top.args.filter(a => bound.has(a))])]
    if (frontier.length === 0) break
  }
  return found
}

/**
 * The cuts worth comparing: none; the carries' next values themselves; the earliest nodes that determine those.
 * `read`: positions of the carries that are saved without a cut. No cut saves more than that.
 */
export const cuts = (e: Expr<'scan'>, read: readonly number[]): readonly Cut[] => {
  const { body, invariants } = e.attributes
  const bound = boundIn(body, invariants)
  const candidates = read.map(i => {
    const { type } = required(body.params[i], 'a carry')
    const next = required(body.results[i - invariants], 'a next carry')
    const fits = (z: Expr): boolean =>
      z.op !== 'arg' && rateOf(z.type) === rateOf(e.type) && reals(tensorType(z)) <= reals(type)
    const all = bound.has(next) && sameType(next.type, type) ? dominators(next, bound).filter(fits) : []
    return { i, all }
  })
  const pick = (which: 0 | -1): Cut =>
    new Map(
      candidates.flatMap(({ i, all }) => {
        const z = all.at(which)
        return z === undefined ? [] : [[i, z] as const]
      }),
    )
  const [shallow, deep] = [pick(0), pick(-1)]
  const isSame = [...deep].every(([i, z]) => shallow.get(i) === z)
  return [new Map(), ...(shallow.size === 0 ? [] : [shallow]), ...(isSame ? [] : [deep])]
}

/** Nodes of a loop's body, and inner products within its unitary chains, that cost more to compute again than to save. */
export const dear = (e: Expr<'scan'>): readonly Expr[] => {
  const { body, invariants } = e.attributes
  const isInvariant = invariantIn(body, invariants)
  // Of a step and an example its own.
  const isOwn = (x: Expr): boolean => !isInvariant(x) && rateOf(x.type) === rateOf(e.type)
  const nodes = postorder(body.results)
  const products = nodes.flatMap(x =>
    x.op === 'apply' && isOwn(x) ? chainProducts(x as Expr<'apply'>).filter(isOwn) : [],
  )
  const costly = nodes.filter(
    x =>
      x.type.kind === 'tensor' &&
      x.op !== 'scan' &&
      x.op !== 'apply' && // saved only in a carry's place: a state is the size of all a step may save
      isOwn(x) &&
      costOf(x).flops > flopsPerSaved * reals(x.type),
  )
  return [...new Set([...costly, ...products])]
}

/** What stands for a node where it is at hand: made of other nodes, instead of its operands. */
export interface Known {
  readonly operands: readonly Expr[]
  readonly make: (operands: readonly Expr[]) => Expr
}
export type Knowledge = ReadonlyMap<Expr, Known>

/** The operands of a node, or of what stands for it. */
export const operandsIn =
  (known: Knowledge) =>
  (e: Expr): readonly Expr[] =>
    known.get(e)?.operands ?? e.args

interface Term {
  readonly node: Expr
  readonly negated: boolean
}
/* A sum of sums of … the same has a term for every path through it: no further than this. */
const deepest = 8

const terms = (e: Expr, negated: boolean, depth: number): readonly Term[] => {
  if (depth === deepest || !(e.op === 'add' || e.op === 'sub' || e.op === 'neg'))
    return [{ node: e, negated }]
  const [p, q] = [required(e.args[0], 'a term'), e.args[1]]
  if (q === undefined) return terms(p, !negated, depth + 1)
  return [...terms(p, negated, depth + 1), ...terms(q, e.op === 'sub' ? !negated : negated, depth + 1)]
}

const transformsOf = (e: Expr): number =>
  e.op === 'apply' ? chainCost(factors(required(e.args[0], 'an operator')), 1).transforms : 0

/** From z = ±y + Σ ±s: y = ±(z − Σ ±s), for the y with the most transforms. */
const solved = (z: Expr, known: Knowledge): readonly (readonly [Expr, Known])[] => {
  const all = terms(z, false, 0)
  const solvable = (y: Expr): boolean => {
    if (transformsOf(y) === 0 || known.has(y) || !sameType(y.type, z.type)) return false
    const others = all.filter(t => t.node !== y).map(t => t.node)
    return all.length === others.length + 1 && !postorderBy(others, operandsIn(known)).includes(y)
  }
  const best = all
    .filter(t => solvable(t.node))
    .reduce<Term | undefined>(
      (a, t) => (a !== undefined && transformsOf(a.node) >= transformsOf(t.node) ? a : t),
      undefined,
    )
  if (best === undefined) return []
  const others = all.filter(t => t !== best)
  const make = ([sum, ...rest]: readonly Expr[]): Expr => {
    const left = rest.reduce(
      (x, s, k) => (required(others[k], 'a term').negated ? add(x, s) : sub(x, s)),
      required(sum, 'a sum'),
    )
    return best.negated ? neg(left) : left
  }
  return [[best.node, { operands: [z, ...others.map(t => t.node)], make }]]
}

/** What is at hand in the adjoint when these nodes have been saved, each to be read from its argument. */
export const knowledge = (saved: ReadonlyMap<Expr, Expr>): Knowledge => {
  const known = new Map<Expr, Known>()
  for (const [z, at] of saved) known.set(z, { operands: [], make: () => at })
  for (const z of saved.keys()) for (const [y, how] of solved(z, known)) known.set(y, how)
  return known
}
