/**
 * The derivative rules, one row an op. With L the real loss, the cotangent of x is x̄ = ∂L/∂Re x + i ∂L/∂Im x, so
 * that dL = Re Σ conj(x̄) dx. A rule takes a node y and ȳ and tells, for each expression y is made of, what y adds
 * to its cotangent. For a holomorphic y = f(x) that is x̄ = conj(f′(x)) ȳ; for a linear y = A x it is A^H ȳ.
 */
import * as b from '../ir/build.ts'
import { argument, type Expr, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import type { Op } from '../ir/ops.ts'
import { chainDerivative } from './chainDerivative.ts'
import type { Contribution } from './contribution.ts'

/** `isKnown`: whether a node is at hand where y's cotangents are computed, so that a rule may as well use it as operands. */
type Rule<K extends Op> = (y: Expr<K>, yAdj: Expr, isKnown: (e: Expr) => boolean) => readonly Contribution[]

const none = (): readonly Contribution[] => []
const operand = (y: Expr, i: number): Expr => required(y.args[i], `operand ${i} of ${y.op}`)

const unary =
  (rule: (x: Expr, y: Expr, yAdj: Expr) => Expr) =>
  (y: Expr, yAdj: Expr): readonly Contribution[] => {
    const x = operand(y, 0)
    return [[x, () => rule(x, y, yAdj)]]
  }
const binary =
  (
    left: (p: Expr, q: Expr, yAdj: Expr, y: Expr) => Expr,
    right: (p: Expr, q: Expr, yAdj: Expr, y: Expr) => Expr,
  ) =>
  (y: Expr, yAdj: Expr): readonly Contribution[] => {
    const p = operand(y, 0)
    const q = operand(y, 1)
    return [
      [p, () => left(p, q, yAdj, y)],
      [q, () => right(p, q, yAdj, y)],
    ]
  }

const spread = (scalar: Expr, like: Expr): Expr => b.broadcast(scalar, tensorType(like).shape)
/** Re(conj(z) w), pointwise. */
const inner = (z: Expr, w: Expr): Expr => b.re(b.mul(b.conj(z), w))

/** A x[t], or A^H x[t], for all t. */
const eachProduct = (a: Expr, x: Expr, adjoint: boolean): Expr => {
  const [length, size] = tensorType(x).shape as readonly [number, number]
  const params = [
    { name: 'A', type: tensorType(a) },
    { name: 'x', type: { ...tensorType(x), shape: [size] } },
  ] as const
  const product = b.matvec(argument(0, params[0].type), argument(1, params[1].type), adjoint)
  const body = func(params, [product])
  return b.get(b.scan([a, x], { body, length, reverse: false, invariants: 1, carries: 0 }), 0)
}

export const derivatives: { readonly [K in Exclude<Op, 'scan' | 'get'>]: Rule<K> } = {
  // y = −x: x̄ = −ȳ
  neg: unary((_x, _y, yAdj) => b.neg(yAdj)),
  // y = conj x: x̄ = conj ȳ
  conj: unary((_x, _y, yAdj) => b.conj(yAdj)),
  // y = Re x: x̄ = ȳ
  re: unary((_x, _y, yAdj) => b.toComplex(yAdj)),
  // y = Im x: x̄ = i ȳ
  im: unary((_x, _y, yAdj) => b.complexOf(b.zerosLike(yAdj), yAdj)),
  // y = |x|: x̄ = ȳ x/|x|, and 0 at 0
  abs: unary((x, y, yAdj) => b.times(b.mul(yAdj, b.pinv(y)), x)),
  // y = 1/x: x̄ = −conj(y²) ȳ
  pinv: unary((_x, y, yAdj) => b.neg(b.mul(b.conjugate(b.mul(y, y)), yAdj))),
  // y = e^x: x̄ = conj(y) ȳ
  exp: unary((_x, y, yAdj) => b.mul(b.conjugate(y), yAdj)),
  // y = ln x: x̄ = ȳ/conj(x)
  log: unary((x, _y, yAdj) => b.div(yAdj, b.conjugate(x))),
  // y = √x: x̄ = ȳ/(2 conj(y))
  sqrt: unary((_x, y, yAdj) => b.div(yAdj, b.conjugate(b.add(y, y)))),
  // y = sin x: x̄ = conj(cos x) ȳ
  sin: unary((x, _y, yAdj) => b.mul(b.conjugate(b.cos(x)), yAdj)),
  // y = cos x: x̄ = −conj(sin x) ȳ
  cos: unary((x, _y, yAdj) => b.neg(b.mul(b.conjugate(b.sin(x)), yAdj))),
  // y = tanh x: x̄ = conj(1 − y²) ȳ
  tanh: unary((_x, y, yAdj) => b.mul(b.conjugate(b.sub(b.constantLike(y, 1), b.mul(y, y))), yAdj)),
  // y = 1/(1 + e^−x): x̄ = conj(y (1 − y)) ȳ
  sigmoid: unary((_x, y, yAdj) => b.mul(b.conjugate(b.mul(y, b.sub(b.constantLike(y, 1), y))), yAdj)),
  // y = max(x, 0): x̄ = ȳ where x > 0
  relu: unary((x, _y, yAdj) => b.mul(b.step(x), yAdj)),
  step: none,

  // y = p + q: p̄ = q̄ = ȳ
  add: binary(
    (_p, _q, yAdj) => yAdj,
    (_p, _q, yAdj) => yAdj,
  ),
  // y = p − q: p̄ = ȳ, q̄ = −ȳ
  sub: binary(
    (_p, _q, yAdj) => yAdj,
    (_p, _q, yAdj) => b.neg(yAdj),
  ),
  // y = p q: p̄ = conj(q) ȳ, q̄ = conj(p) ȳ
  mul: binary(
    (_p, q, yAdj) => b.mul(b.conjugate(q), yAdj),
    (p, _q, yAdj) => b.mul(b.conjugate(p), yAdj),
  ),
  // y = p/q: p̄ = ȳ/conj(q), q̄ = −conj(y) ȳ/conj(q)
  div: binary(
    (_p, q, yAdj) => b.div(yAdj, b.conjugate(q)),
    (_p, q, yAdj, y) => b.neg(b.mul(b.conjugate(y), b.div(yAdj, b.conjugate(q)))),
  ),
  // y = r z: r̄ = Re(conj(z) ȳ), z̄ = r ȳ
  scale: binary(
    (_r, z, yAdj) => inner(z, yAdj),
    (r, _z, yAdj) => b.scale(r, yAdj),
  ),
  // y = p + iq: p̄ = Re ȳ, q̄ = Im ȳ
  complex: binary(
    (_p, _q, yAdj) => b.re(yAdj),
    (_p, _q, yAdj) => b.im(yAdj),
  ),
  // y = f z, f = max(a + b, 0)/(a + ε), a = |z|, m = [a + b > 0], t = m Re(conj(z) ȳ)/(a + ε):
  // z̄ = f ȳ + t (ε − b)/(a + ε) z/a, b̄ = t; 1/a and, for ε = 0, 1/(a + ε) count as 0 at a = 0.
  // No power of 1/a but what z/a has: where a is small they would overflow.
  modRelu: (y, yAdj) => {
    const [z, bias] = [operand(y, 0), operand(y, 1)]
    const { epsilon } = y.attributes
    const a = b.abs(z)
    const s = b.add(a, bias)
    const q = b.pinv(epsilon === 0 ? a : b.add(a, b.constantLike(a, epsilon)))
    const t = () => b.mul(b.mul(b.step(s), inner(z, yAdj)), q)
    const zAdj = (): Expr => {
      const along = b.mul(t(), b.mul(b.sub(b.constantLike(a, epsilon), bias), q))
      return b.add(b.scale(b.mul(b.relu(s), q), yAdj), b.scale(along, b.scale(b.pinv(a), z)))
    }
    return [
      [z, zAdj],
      [bias, t],
    ]
  },

  // y = Σ x over leading axes: x̄ = ȳ repeated
  sum: unary((x, _y, yAdj) => spread(yAdj, x)),
  // y = x repeated: x̄ = Σ ȳ
  broadcast: unary((x, y, yAdj) => b.sum(yAdj, tensorType(y).shape.length - tensorType(x).shape.length)),
  // s = p^H q: p̄ = conj(s̄) q, q̄ = s̄ p
  dot: binary(
    (_p, q, sAdj) => b.mul(spread(b.conjugate(sAdj), q), q),
    (p, _q, sAdj) => b.mul(spread(sAdj, p), p),
  ),
  // y = A x: Ā = ȳ x^H, x̄ = A^H ȳ; y = A^H x: Ā = x ȳ^H, x̄ = A ȳ
  matvec: (y, yAdj) => {
    const [a, x] = [operand(y, 0), operand(y, 1)]
    const { adjoint } = y.attributes
    return [
      [a, () => (adjoint ? b.outer(x, yAdj) : b.outer(yAdj, x))],
      [x, () => b.matvec(a, yAdj, !adjoint)],
    ]
  },
  // B = A^T: Ā = B̄^T
  transpose: unary((_a, _b, bAdj) => b.transpose(bAdj)),
  // C = p q^H: p̄ = C̄ q, q̄ = C̄^H p
  outer: binary(
    (_p, q, cAdj) => b.matvec(cAdj, q),
    (p, _q, cAdj) => b.matvec(cAdj, p, true),
  ),
  // C = Σ_t p[t] q[t]^H: p̄[t] = C̄ q[t], q̄[t] = C̄^H p[t]
  contract: binary(
    (_p, q, cAdj) => eachProduct(cAdj, q, false),
    (p, _q, cAdj) => eachProduct(cAdj, p, true),
  ),
  // the two parts of ȳ
  concat: binary(
    (p, _q, yAdj) => b.slice(yAdj, 0, tensorType(p).shape[0]!),
    (p, q, yAdj) => b.slice(yAdj, tensorType(p).shape[0]!, tensorType(q).shape[0]!),
  ),
  // x̄ = ȳ in its place, else 0
  slice: (y, yAdj) => {
    const x = operand(y, 0)
    const { start, length } = y.attributes
    return [[x, () => b.pad(yAdj, start, tensorType(x).shape[0]! - start - length)]]
  },
  // x̄ = ȳ along the axes of x
  reshape: unary((x, _y, yAdj) => b.reshape(yAdj, tensorType(x).shape)),
  // x̄ = the middle of ȳ
  pad: (y, yAdj) => {
    const x = operand(y, 0)
    return [[x, () => b.slice(yAdj, y.attributes.before, tensorType(x).shape[0]!)]]
  },
  // y = x_i: x̄ = ȳ at i, else 0
  take: (y, yAdj) => {
    const x = operand(y, 0)
    return [[x, () => b.put(yAdj, operand(y, 1), tensorType(x).shape[0]!)]]
  },
  // x̄ = ȳ_i
  put: (y, yAdj) => [[operand(y, 0), () => b.take(yAdj, operand(y, 1))]],
  // y = Σ over examples: x̄ = ȳ for each
  batchSum: unary((_x, _y, yAdj) => yAdj),
  // y = ln Σ e^x: x̄ = e^(x − y) ȳ
  logSumExp: unary((x, y, yAdj) => b.mul(b.exp(b.sub(x, spread(y, x))), spread(yAdj, x))),

  identity: none,
  phase: none,
  dft: none,
  permute: none,
  reflect: none,
  compose: none,
  adjoint: none,
  apply: chainDerivative,

  arg: none,
  constant: none,
  batchSize: none,
}
