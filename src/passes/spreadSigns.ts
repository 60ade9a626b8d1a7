/**
 * Signs and conjugates of a number that is repeated are taken of its repetitions:
 *
 *     (−c) u = −(c u),    y + (−c u) = y − c u
 *
 * There they are part of a product or a sum that is made in any case. As operations on the number they would stand between
 * a sweep that gives the number, an inner product, and the same sweep's second half, which could use it.
 */
import { add, broadcast, conj, mul, neg, sub } from '../ir/build.ts'
import { type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { everywhere } from '../ir/walk.ts'
import { changed, type Pass, silent } from './pass.ts'

const operand = (e: Expr, i = 0): Expr => required(e.args[i], 'an operand')

const repeats = (e: Expr): boolean =>
  e.op === 'broadcast' || (e.op === 'conj' && operand(e).op === 'broadcast')

/** The x of −x, where it is a repeated number or a product with one. */
const negated = (e: Expr): Expr | undefined => {
  if (e.op !== 'neg') return undefined
  const x = operand(e)
  return repeats(x) || (x.op === 'mul' && x.args.some(repeats)) ? x : undefined
}

/** A varying number's repetition, without the number's signs and conjugates, then with them. */
const repeated = (e: Expr<'broadcast'>): Expr => {
  let x = operand(e)
  if (tensorType(x).shape.length > 0 || tensorType(x).rate === 'uniform') return e
  let minus = false
  let conjugate = false
  for (; x.op === 'neg' || x.op === 'conj'; x = operand(x)) {
    if (x.op === 'neg') minus = !minus
    else conjugate = !conjugate
  }
  if (x === operand(e)) return e
  const plain = broadcast(x, e.attributes.shape)
  const turned = conjugate ? conj(plain) : plain
  return minus ? neg(turned) : turned
}

const spread = (e: Expr): Expr => {
  if (e.op === 'broadcast') return repeated(e)
  if (e.op !== 'mul' && e.op !== 'add' && e.op !== 'sub') return e
  const [x, y] = [operand(e), operand(e, 1)]
  const [p, q] = [negated(x), negated(y)]
  if (e.op === 'mul') {
    if (p !== undefined && q !== undefined) return mul(p, q)
    return p !== undefined ? neg(mul(p, y)) : q !== undefined ? neg(mul(x, q)) : e
  }
  if (q !== undefined) return e.op === 'add' ? sub(x, q) : add(x, q)
  return e.op === 'add' && p !== undefined ? sub(y, p) : e
}

export const spreadSigns: Pass = {
  name: 'spreadSigns',
  summary: 'signs and conjugates of repeated numbers are taken with what these are multiplied by',
  run: (f, tell = silent) => everywhere(f, e => changed(e, spread(e), '(−c) u = −(c u)', tell)),
}
