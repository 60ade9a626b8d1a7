/**
 * A loop that sums u·g[t] over its steps, with u the same in all of them, sums g[t] and multiplies once, behind it:
 *
 *     Σ u g[t] = u Σ g[t],    Σ −g[t] = −Σ g[t],    Σ c[t] v = (Σ c[t]) v,    Σ c[t] (g[t] + s[t] v) = Σ c[t] g[t] + (Σ c[t] s[t]) v
 *
 * The last two turn sums of vectors into those of scalars. A permutation, and what two terms have in common, go the same way:
 *
 *     Σ Π g[t] = Π Σ g[t],    Σ (c[t] u g[t] + d[t] u h[t]) = u Σ (c[t] g[t] + d[t] h[t])
 *
 * Gradients of parameters are such sums.
 */
import * as b from '../ir/build.ts'
import { get, scan } from '../ir/build.ts'
import { argument, type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorderBy } from '../ir/order.ts'
import { deeply, substitute } from '../ir/walk.ts'
import { invariantIn } from './bound.ts'
import { multiplied, repeatedScalar, separated } from './multiples.ts'
import { type Pass, silent, type Tell } from './pass.ts'
import { type Replacement, replaceLoops } from './replaceLoops.ts'
import { usesOf } from './uses.ts'

/**
 * What is summed in the loop instead, and what of it and invariants was summed. In the form an argument of its own stands for each
 * term, as a term may be a factor, too.
 */
interface Split {
  readonly terms: readonly Expr[]
  readonly form: Expr
}

const isScalar = (e: Expr): boolean => tensorType(e).shape.length === 0

type IsInvariant = (e: Expr) => boolean

/** A vector as what a factor that is the same at every step, or a permutation, makes of another. */
interface Made {
  readonly by: Expr
  readonly of: Expr
  readonly remake: (of: Expr) => Expr
}

/* Numbers in front of numbers. */
const deepest = 10

const made = (x: Expr, isInvariant: IsInvariant, depth = 0): Made | undefined => {
  const [p, q] = x.args
  if (p === undefined || q === undefined || depth === deepest) return undefined
  if (x.op === 'apply')
    return p.op === 'permute' ? { by: p, of: q, remake: y => withArgs(x, [p, y]) } : undefined
  if (x.op !== 'mul' && x.op !== 'scale') return undefined
  if (repeatedScalar(p) !== undefined && !isInvariant(p)) {
    const inner = made(q, isInvariant, depth + 1)
    return inner && { ...inner, of: withArgs(x, [p, inner.of]) }
  }
  if (x.op === 'mul' && isInvariant(p) && !isInvariant(q)) return { by: p, of: q, remake: y => b.mul(p, y) }
  return undefined
}

type SplitInto = (term: Expr, form: (sum: Expr) => Expr) => Split

/** L p ± L q as L (p ± q), the sum in brackets as a whole; undefined if the two have nothing in common. */
const shared = (x: Expr, isInvariant: IsInvariant, into: SplitInto): Split | undefined => {
  let [p, q] = [required(x.args[0], 'p'), required(x.args[1], 'q')]
  const common: Made[] = []
  for (;;) {
    const [l, r] = [made(p, isInvariant), made(q, isInvariant)]
    if (l === undefined || r === undefined || l.by !== r.by) break
    common.push(l)
    p = l.of
    q = r.of
  }
  return common.length === 0
    ? undefined
    : into(withArgs(x, [p, q]), sum => common.reduceRight((y, m) => m.remake(y), sum))
}

/** The operands that a sum goes through to. */
const summed = (x: Expr, isInvariant: IsInvariant): readonly Expr[] => {
  switch (x.op) {
    case 'neg':
    case 'broadcast':
    case 'add':
    case 'sub':
      return x.args
    case 'apply':
      return x.args[0]?.op === 'permute' ? x.args.slice(1) : []
    case 'mul':
    case 'scale': {
      const varying = x.args.filter(a => !isInvariant(a))
      return varying.length === 1 ? varying : []
    }
    default:
      return []
  }
}

/** `sumOf`: the argument that stands for a term. */
const split = (root: Expr, isInvariant: IsInvariant, sumOf: (term: Expr) => Expr): Split => {
  const known = new Map<Expr, Split>()
  const into: SplitInto = (term, form) => ({ terms: [term], form: form(sumOf(term)) })
  const through = (x: Expr): Split => {
    const whole = (): Split => into(x, sum => sum)
    const parts = summed(x, isInvariant)
    if (parts.length === 0) return whole()
    const terms = [...new Set(parts.flatMap(a => required(known.get(a), 'an operand').terms))]
    if (x.op === 'add' || x.op === 'sub') {
      // Two vectors in place of one would cost more than they save.
      if (isScalar(x)) return whole()
      if (terms.filter(t => !isScalar(t)).length > 1) return shared(x, isInvariant, into) ?? whole()
    }
    const form = withArgs(
      x,
      x.args.map(a => (parts.includes(a) ? required(known.get(a), 'an operand').form : a)),
    )
    return { terms, form }
  }
  for (const x of postorderBy([root], e => summed(e, isInvariant))) known.set(x, through(x))
  return required(known.get(root), 'what is summed')
}

/** r (x + s v) = r x + (r s) v. */
const apart = (x: Expr, isInvariant: IsInvariant): Expr => {
  if (isScalar(x)) return x
  const { rest, multiples } = separated(x, isInvariant)
  return multiples.length === 0
    ? x
    : [...(rest === undefined ? [] : [rest]), ...multiples.map(multiplied)].reduce(b.add)
}

const factored = (e: Expr<'scan'>): Replacement | undefined => {
  const { body, invariants, carries } = e.attributes
  const isInvariant = invariantIn(body, invariants)
  const uses = usesOf(body.results)
  const sums = new Map<Expr, Expr<'arg'>>()
  const sumOf = (term: Expr): Expr => {
    const known = sums.get(term) ?? argument(body.params.length + sums.size, tensorType(term))
    sums.set(term, known)
    return known
  }

  const splits = body.results.slice(0, carries).map((r, k): Split | undefined => {
    const carry = argument(invariants + k, required(body.params[invariants + k], 'a parameter').type)
    const initial = required(e.args[invariants + k], 'an initial carry')
    const [sum, term] = r.args
    const added =
      sum !== carry || term === undefined
        ? undefined
        : r.op === 'add'
          ? term
          : r.op === 'sub'
            ? b.neg(term)
            : undefined
    const isSum = uses(carry) === 1 && b.isZero(initial)
    // A step that reads the sum so far, before its own term or after it, needs it whole.
    if (added === undefined || !isSum || uses(r) > 1) return undefined
    const found = split(apart(added, isInvariant), isInvariant, sumOf)
    return found.terms.length === 1 && found.terms[0] === added ? undefined : found
  })
  if (splits.every(s => s === undefined)) return undefined

  // New carries stand where the old ones stood.
  const slots = body.results.slice(0, carries).map((_, k) => {
    const at = invariants + k
    const found = splits[k]
    return found === undefined
      ? [{ param: body.params[at]!, initial: e.args[at]!, next: body.results[k]!, isSum: false }]
      : found.terms.map(t => ({
          param: {
            name: body.params[at]!.name,
            type: { ...tensorType(t), rate: body.params[at]!.type.rate },
          },
          initial: b.zerosLike(t),
          next: t,
          isSum: true,
        }))
  })
  const flat = slots.flat()
  const shift = flat.length - carries
  const firstOf = slots.map((_, k) => slots.slice(0, k).reduce((n, s) => n + s.length, 0))
  const renumbered = body.params.map((p, i) => {
    if (i < invariants) return argument(i, p.type)
    if (i >= invariants + carries) return argument(i + shift, p.type)
    return argument(invariants + firstOf[i - invariants]!, p.type)
  })
  const results = substitute([...flat.map(s => s.next), ...body.results.slice(carries)], renumbered)
  const nexts = flat.map((s, k) => {
    const next = required(results[k], 'the next value of a carry')
    return s.isSum ? b.add(argument(invariants + k, s.param.type), next) : next
  })
  const loop = scan(
    [...e.args.slice(0, invariants), ...flat.map(s => s.initial), ...e.args.slice(invariants + carries)],
    {
      ...e.attributes,
      body: func(
        [
          ...body.params.slice(0, invariants),
          ...flat.map(s => s.param),
          ...body.params.slice(invariants + carries),
        ],
        [...nexts, ...results.slice(flat.length)],
      ),
      carries: flat.length,
    },
  )
  const items = body.results.map((_, k) => {
    if (k >= carries) return get(loop, k + shift)
    const found = splits[k]
    const first = firstOf[k]!
    if (found === undefined) return get(loop, first)
    const values: (Expr | undefined)[] = e.args.slice(0, invariants)
    found.terms.forEach((t, j) => {
      values[required(sums.get(t), 'an argument').attributes.index] = get(loop, first + j)
    })
    return required(substitute([found.form], values)[0], 'a sum')
  })
  return { loop, items }
}

const factorLevel = (f: Func, tell: Tell): Func =>
  replaceLoops(f, loop => {
    const found = factored(loop)
    if (found !== undefined) tell('Σ_t u g[t] = u Σ_t g[t], a loop')
    return found
  })

export const factorSums: Pass = {
  name: 'factorSums',
  summary: 'sums over a loop’s steps are freed of factors that are the same at every step',
  run: (f, tell = silent) => deeply(f, g => factorLevel(g, tell)),
}
