/**
 * Real factors leave what only a part is read of:
 *
 *     Re(r z) = r Re z,    Re((r z) w) = r Re(z w),    Re(conj(r z) w) = r Re(conj(z) w),    and so for Im
 *
 * That is one product instead of two, and z w, or conj(z) w, may be there already: of a state h = r z as modReLU makes it,
 * a step backward takes both Re(conj(z) h̄) and Im(conj(h) h̄).
 */
import { conj, im, mul, re } from '../ir/build.ts'
import type { Expr } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { everywhere } from '../ir/walk.ts'
import { changed, type Pass, silent } from './pass.ts'

/** x = r z, or x = conj(r z): the real r, and what is left. */
const parted = (x: Expr): { readonly r: Expr; readonly z: Expr } | undefined => {
  const [p, q] = x.args
  if (x.op === 'scale') return { r: required(p, 'a factor'), z: required(q, 'a vector') }
  if (x.op !== 'conj') return undefined
  const inner = parted(required(p, 'an operand'))
  return inner && { r: inner.r, z: conj(inner.z) }
}

const lifted = (e: Expr): Expr => {
  const part = e.op === 're' ? re : e.op === 'im' ? im : undefined
  const [x] = e.args
  if (part === undefined || x === undefined) return e
  const own = parted(x)
  if (own !== undefined) return mul(own.r, part(own.z))
  if (x.op !== 'mul') return e
  const [p, q] = [required(x.args[0], 'a factor'), required(x.args[1], 'a factor')]
  const [left, right] = [parted(p), parted(q)]
  if (left !== undefined) return mul(left.r, part(mul(left.z, q)))
  return right === undefined ? e : mul(right.r, part(mul(p, right.z)))
}

export const liftFactors: Pass = {
  name: 'liftFactors',
  summary: 'real factors leave what only the real or the imaginary part is read of',
  run: (f, tell = silent) => everywhere(f, e => changed(e, lifted(e), 'Re(r z w) = r Re(z w)', tell)),
}
