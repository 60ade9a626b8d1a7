/**
 * A loop that sums products a[t] b[t]^H over its steps, as it does for the gradient of a matrix that its steps multiply
 * by, keeps the factors instead and sums once, behind it:
 *
 *     c + Σ a[t] b[t]^H = c + contract(a, b)
 *
 * A sum over time reads and writes its whole matrix at every step; a contraction holds a part of it in registers over
 * many. A factor that is an entry of a sequence is there already.
 */
import { add, contract, get, isZero, scan } from '../ir/build.ts'
import { argument, type Expr, type Func, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { leavesBy } from '../ir/order.ts'
import { rateOf, reals, width } from '../ir/type.ts'
import { deeply, rewrite, substitute } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'
import { replaceLoops } from './replaceLoops.ts'
import { usesOf } from './uses.ts'

/**
 * How many numbers of a matrix are worth keeping one of a factor: below, the matrix is so small that its sum stays in
 * the first-level cache, and the factors' history would cost more than the sum. A real matrix is summed over the
 * examples as well where only that is wanted, and smaller by as much.
 */
const leastReuse = { 1: 10, 2: 4 } as const

type Product = Expr<'outer'>
const factor = (p: Product, i: 0 | 1): Expr => required(p.args[i], 'a factor')

/** The terms of a sum. What else uses a sum needs all of it: that is a term itself. */
const termsOf = (sum: Expr, uses: (e: Expr) => number): readonly Expr[] =>
  leavesBy(sum, x => (x.op === 'add' && uses(x) === 1 ? x.args : undefined))

/** What is left of a carry's sum, and the products that leave it. */
interface Split {
  readonly rest: readonly Expr[]
  readonly products: readonly Product[]
}

const splitCarry = (e: Expr<'scan'>, k: number, uses: (e: Expr) => number): Split | undefined => {
  const { body, invariants, carries } = e.attributes
  const carry = argument(invariants + k, required(body.params[invariants + k], 'a parameter').type)
  const next = required(body.results[k], 'a carry')
  const terms = termsOf(next, uses)
  const others = terms.filter(x => x !== carry)
  if (terms.length !== others.length + 1 || uses(carry) !== 1 || next === carry) return undefined

  const isSequence = (x: Expr): boolean => x.op === 'arg' && x.attributes.index >= invariants + carries
  const isStacked = (x: Expr): boolean => isSequence(x) || body.results.indexOf(x, carries) >= 0
  const leaves = (x: Expr): x is Product => {
    if (x.op !== 'outer') return false
    const kept = x.args.filter(a => !isStacked(a)).reduce((n, a) => n + reals(tensorType(a)), 0)
    return reals(tensorType(x)) >= leastReuse[width(tensorType(x).field)] * kept
  }
  const products = others.filter(leaves)
  return products.length === 0 ? undefined : { products, rest: others.filter(x => !leaves(x)) }
}

/** The loop without one of its sums of products, and what stands for each of its items. */
const hoistOne = (
  e: Expr<'scan'>,
): { readonly loop: Expr<'scan'>; readonly items: readonly Expr[] } | undefined => {
  const { body, carries } = e.attributes
  const uses = usesOf(body.results)
  for (let k = 0; k < carries; k++) {
    const split = splitCarry(e, k, uses)
    if (split === undefined) continue
    const made = without(e, k, split)
    if (made !== undefined) return made
  }
  return undefined
}

const without = (
  e: Expr<'scan'>,
  k: number,
  { rest, products }: Split,
): { readonly loop: Expr<'scan'>; readonly items: readonly Expr[] } | undefined => {
  const { body, invariants, carries } = e.attributes
  const at = invariants + k
  const drops = rest.length === 0
  const isKept = (i: number): boolean => !(drops && i === at)
  const kept = body.params.map((_, i) => i).filter(isKept)
  const renumbered: (Expr | undefined)[] = []
  kept.forEach((i, position) => {
    renumbered[i] = argument(position, body.params[i]!.type)
  })

  const outputs = body.results.slice(carries)
  const isSequence = (x: Expr): x is Expr<'arg'> =>
    x.op === 'arg' && x.attributes.index >= invariants + carries
  const factors = products.flatMap(p => [factor(p, 0), factor(p, 1)])
  const added = [...new Set(factors)].filter(x => !isSequence(x) && !outputs.includes(x))
  const stacked = [...outputs, ...added]
  const nexts = body.results.slice(0, carries).flatMap((r, j) => {
    if (j !== k) return [r]
    return drops ? [] : [[argument(at, body.params[at]!.type) as Expr, ...rest].reduce(add)]
  })
  const loop = scan(
    kept.map(i => e.args[i]!),
    {
      ...e.attributes,
      body: func(
        kept.map(i => body.params[i]!),
        substitute([...nexts, ...stacked], renumbered),
      ),
      carries: nexts.length,
    },
  ) as Expr<'scan'>
  // All items of a loop vary if one does. Where that was the one that is gone, the others would no longer.
  if (rateOf(loop.type) !== rateOf(e.type)) return undefined

  const history = (x: Expr): Expr =>
    isSequence(x)
      ? required(e.args[x.attributes.index], 'a sequence')
      : get(loop, nexts.length + stacked.indexOf(x))
  const start = drops ? required(e.args[at], 'an initial carry') : get(loop, k)
  const total = products.reduce<Expr>((sum, p) => {
    const product = contract(history(factor(p, 0)), history(factor(p, 1)))
    return isZero(sum) ? product : add(sum, product)
  }, start)
  if (rateOf(total.type) !== rateOf(e.type)) return undefined
  const items = body.results.map((_, j) => {
    if (j === k) return total
    return get(loop, drops && j > k ? j - 1 : j)
  })
  return { loop, items }
}

/** All sums of products, one after the other. */
const hoistAll = (
  e: Expr<'scan'>,
): { readonly loop: Expr<'scan'>; readonly items: readonly Expr[] } | undefined => {
  const first = hoistOne(e)
  if (first === undefined) return undefined
  const rest = hoistAll(first.loop)
  if (rest === undefined) return first
  const items = first.items.map(
    x =>
      rewrite([x], (rebuilt, original) =>
        original.op === 'get' && original.args[0] === first.loop
          ? required(rest.items[original.attributes.item], 'an item')
          : rebuilt,
      )[0]!,
  )
  return { loop: rest.loop, items }
}

const hoistLevel = (f: Func, tell: Tell): Func =>
  replaceLoops(f, loop => {
    const found = hoistAll(loop)
    if (found !== undefined) tell('Σ a[t] b[t]^H = contract(a, b), a loop')
    return found
  })

export const hoistProducts: Pass = {
  name: 'hoistProducts',
  summary: 'sums of outer products over a loop’s steps become one contraction behind it',
  run: (f, tell = silent) => deeply(f, g => hoistLevel(g, tell)),
}
