/**
 * A carry takes in the phase that its next value ends with, to be met by what the next step begins with: for c = D c'
 *
 *     c ← modReLU(D U c + s)    is    c' ← modReLU((U D) c' + D^H s)
 *
 * as modReLU, real factors and sums commute with phases. D merges with the phase that U begins with, and of s = V x
 * D^H V leaves the loop. So it does where a matrix is all that reads the state, M c = (M D) c', of real numbers
 * M [Re c; Im c] = M' [Re c'; Im c']. A loop is left as it is where a step would do as much: where it keeps its states.
 */
import * as b from '../ir/build.ts'
import { argument, type Expr, type Func, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { rateOf } from '../ir/type.ts'
import { adjointFactor, type Factor, factors } from '../ir/unitary.ts'
import { deeply, rewrite, substitute } from '../ir/walk.ts'
import { boundIn, invariantIn } from './bound.ts'
import { costOf } from './cost.ts'
import { normalise, product } from './fuseUnitary.ts'
import { type Pass, silent, type Tell } from './pass.ts'
import { replaceLoops } from './replaceLoops.ts'

/* Nodes of a carry's next value that are looked at, one under the other. */
const deepest = 10

const operand = (e: Expr, i: number): Expr => required(e.args[i], 'an operand')

/** The chain applied, in normal form. */
const applied = (chain: readonly Factor[], x: Expr): Expr => {
  const u = product(normalise(chain))
  return u === undefined ? x : b.apply(u, x)
}

/** Where in a node the phases are that are its own: in f(x, …), f(D x, …) = D f(x, …); in a sum, in every term. */
const carriers = (e: Expr): readonly number[] => {
  switch (e.op) {
    case 'modRelu':
    case 'neg':
      return [0]
    case 'scale':
      return [1]
    case 'add':
    case 'sub':
    case 'mul':
      return [0, 1]
    default:
      return []
  }
}

/** A phase of an invariant that e, or a term of it, ends with. */
const lastPhase = (e: Expr, isInvariant: (e: Expr) => boolean, depth = 0): Factor | undefined => {
  if (depth === deepest || isInvariant(e) || tensorType(e).field !== 'complex') return undefined
  if (e.op === 'apply') {
    const last = factors(operand(e, 0))[0]
    return last?.op === 'phase' && isInvariant(last) && rateOf(last.type) === 'uniform' ? last : undefined
  }
  return carriers(e).reduce<Factor | undefined>(
    (found, i) => found ?? lastPhase(operand(e, i), isInvariant, depth + 1),
    undefined,
  )
}

/** e^iθ of a phase, repeated along leading axes. */
const diagonal = (d: Factor, shape: readonly number[]): Expr => {
  const angles = operand(d, 0)
  return b.broadcast(b.complexOf(b.cos(angles), b.sin(angles)), shape)
}

/** D^H e. */
const divided = (e: Expr, d: Factor, isInvariant: (e: Expr) => boolean, depth = 0): Expr => {
  const undo = adjointFactor(d)
  if (depth === deepest || isInvariant(e)) return b.apply(undo, e)
  const within = (i: number): Expr => divided(operand(e, i), d, isInvariant, depth + 1)
  switch (e.op) {
    case 'modRelu':
      return b.modRelu(within(0), operand(e, 1), e.attributes.epsilon)
    case 'neg':
      return b.neg(within(0))
    case 'scale':
      return b.scale(operand(e, 0), within(1))
    case 'add':
      return b.add(within(0), within(1))
    case 'sub':
      return b.sub(within(0), within(1))
    case 'mul':
      return isInvariant(operand(e, 1)) ? b.mul(operand(e, 0), within(1)) : b.mul(within(0), operand(e, 1))
    case 'apply':
      return applied([undo, ...factors(operand(e, 0))], operand(e, 1))
    case 'take': {
      const rows = operand(e, 0)
      if (!isInvariant(rows)) break
      return b.take(b.mul(diagonal(undo, tensorType(rows).shape), rows), operand(e, 1))
    }
  }
  return b.apply(undo, e)
}

/** M' of M [Re D y; Im D y] = M' [Re y; Im y]: M ∘ [cos θ; cos θ] + [M_Im, M_Re] ∘ [sin θ; −sin θ], row by row. */
const turnedColumns = (m: Expr, d: Factor): Expr => {
  const shape = tensorType(m).shape
  const [rows, columns] = [required(shape[0], 'rows'), required(shape[1], 'columns')]
  const halves = Array.from({ length: rows * columns }, (_, k) => {
    const column = k % columns
    return k - column + ((column + columns / 2) % columns)
  })
  const flat = b.toComplex(b.reshape(m, [rows * columns]))
  const exchanged = b.reshape(b.re(b.apply(b.permute(halves), flat)), shape)
  const [c, s] = [b.cos(operand(d, 0)), b.sin(operand(d, 0))]
  return b.add(
    b.mul(m, b.broadcast(b.concat(c, c), shape)),
    b.mul(exchanged, b.broadcast(b.concat(s, b.neg(s)), shape)),
  )
}

/** A linear function of x = D y as one of y, D with what is invariant in it; undefined where e is none. */
const linear = (
  e: Expr,
  x: Expr,
  y: Expr,
  d: Factor,
  isInvariant: (e: Expr) => boolean,
): Expr | undefined => {
  const [m, v] = e.args
  if (e.op === 'apply' && v === x) return applied([...factors(operand(e, 0)), d], y)
  if (e.op !== 'matvec' || e.attributes.adjoint || !isInvariant(operand(e, 0))) return undefined
  if (v === x) return b.matvec(b.mul(m!, diagonal(d, tensorType(m!).shape)), y)
  const isBothParts = v?.op === 'concat' && v.args[0] === b.re(x) && v.args[1] === b.im(x)
  return isBothParts ? b.matvec(turnedColumns(m!, d), b.concat(b.re(y), b.im(y))) : undefined
}

/** The roots with D y in the place of x; D joins what is invariant where that does. */
const replaced = (
  roots: readonly Expr[],
  x: Expr,
  y: Expr,
  d: Factor,
  isInvariant: (e: Expr) => boolean,
): readonly Expr[] =>
  rewrite(roots, (rebuilt, original) =>
    original === x ? b.apply(d, y) : (linear(original, x, y, d, isInvariant) ?? rebuilt),
  )

const flopsOf = (body: Func, invariants: number): number => {
  const bound = boundIn(body, invariants)
  return postorder(body.results).reduce((sum, e) => sum + (bound.has(e) ? costOf(e).flops : 0), 0)
}

/** A loop whose carries, for some, are D^H of what they were. */
interface Turned {
  readonly scan: Expr<'scan'>
  readonly isInvariant: (e: Expr) => boolean
  /** By item; outside of the loop. */
  readonly phases: ReadonlyMap<number, Factor>
}

/** With the phase of one carry absorbed, where that is less work. */
const absorbed = (whole: Turned, k: number): Turned => {
  const { scan, isInvariant, phases } = whole
  const { body, invariants } = scan.attributes
  const position = invariants + k
  const carry = argument(position, required(body.params[position], 'a carry').type)
  const next = required(body.results[k], 'a next carry')
  const d = lastPhase(next, isInvariant)
  if (d === undefined) return whole
  const own = divided(next, d, isInvariant)
  const others = replaced(body.results, next, own, d, isInvariant)
  const all = others.map((r, i) => (i === k ? own : r))
  const results = replaced(all, carry, carry, d, isInvariant)
  const turned = func(body.params, results)
  if (flopsOf(turned, invariants) >= flopsOf(body, invariants)) return whole
  const [outside] = substitute([d], scan.args.slice(0, invariants)) as readonly Factor[]
  const args = scan.args.map((a, i) => (i === position ? b.apply(adjointFactor(outside!), a) : a))
  const made = b.scan(args, { ...scan.attributes, body: turned }) as Expr<'scan'>
  // Where phases that vary cancel, what is left cannot stand for what varied.
  if (rateOf(made.type) !== rateOf(scan.type)) return whole
  return {
    scan: made,
    isInvariant: invariantIn(turned, invariants),
    phases: new Map([...phases, [k, outside!]]),
  }
}

const absorbLevel = (f: Func, tell: Tell): Func =>
  replaceLoops(f, e => {
    const { body, invariants, carries } = e.attributes
    const whole: Turned = { scan: e, isInvariant: invariantIn(body, invariants), phases: new Map() }
    const { scan, phases } = Array.from({ length: carries }, (_, k) => k).reduce(absorbed, whole)
    if (phases.size === 0) return undefined
    tell('modReLU(D z) = D modReLU(z)', phases.size)
    const items = body.results.map((_, k) => {
      const [phase, item] = [phases.get(k), b.get(scan, k)]
      return phase === undefined ? item : b.apply(phase, item)
    })
    return { loop: scan, items }
  })

export const absorbPhases: Pass = {
  name: 'absorbPhases',
  summary: 'the phase that a carry ends with merges with what the next step begins with',
  run: (f, tell = silent) => deeply(f, g => absorbLevel(g, tell)),
}
