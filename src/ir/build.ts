/** Short names for making well-typed nodes, as passes and derivative rules do. */
import { complexConstant, constant, type Expr, node, tensorType } from './expr.ts'
import { bug } from './invariant.ts'
import type { Attributes, BinaryOp, UnaryOp } from './ops.ts'
import { type Shape, sameShape } from './type.ts'

const unary =
  (op: Exclude<UnaryOp, never>) =>
  (x: Expr): Expr =>
    node(op, [x], {})
const binary =
  (op: Exclude<BinaryOp, 'modRelu'>) =>
  (x: Expr, y: Expr): Expr =>
    node(op, [x, y], {})

/** −x, of either field. */
export const neg = unary('neg')
/** The complex conjugate, of complex tensors. */
export const conj = unary('conj')
/** The real part, of complex tensors. */
export const re = unary('re')
/** The imaginary part, of complex tensors. */
export const im = unary('im')
/** |x|, real for either field. */
export const abs = unary('abs')
/** 1/x, and 0 at 0. */
export const pinv = unary('pinv')
/** e^x. */
export const exp = unary('exp')
/** ln x. */
export const log = unary('log')
/** √x. */
export const sqrt = unary('sqrt')
/** sin x. */
export const sin = unary('sin')
/** cos x. */
export const cos = unary('cos')
/** tanh x. */
export const tanh = unary('tanh')
/** 1/(1 + e^−x). */
export const sigmoid = unary('sigmoid')
/** max(x, 0), real. */
export const relu = unary('relu')
/** 1 where x > 0, else 0; real. */
export const step = unary('step')

/** x + y; both of one field and shape, as in all that is pointwise. */
export const add = binary('add')
/** x − y. */
export const sub = binary('sub')
/** x y. */
export const mul = binary('mul')
/** x / y. */
export const div = binary('div')
/** Real × complex. */
export const scale = binary('scale')
/** x + iy of two real tensors. */
export const complexOf = binary('complex')
/** (|z| + b) z/(|z| + ε) where |z| + b ≥ 0, else 0; z complex, b real. */
export const modRelu = (z: Expr, b: Expr, epsilon: number): Expr => node('modRelu', [z, b], { epsilon })

/** x^H y over all elements: a scalar. */
export const dot = (x: Expr, y: Expr): Expr => node('dot', [x, y], {})
/** a b^H: [m] and [n] to [m, n]. */
export const outer = (a: Expr, b: Expr): Expr => node('outer', [a, b], {})
/** Σ_t a[t] b[t]^H. */
export const contract = (a: Expr, b: Expr): Expr => node('contract', [a, b], {})
/** A x of [m, n] and [n], or A^H x of [m, n] and [m]. */
export const matvec = (a: Expr, x: Expr, adjoint = false): Expr => node('matvec', [a, x], { adjoint })
/** A^T. */
export const transpose = (a: Expr): Expr => node('transpose', [a], {})
/** Joined along the first axis. */
export const concat = (a: Expr, b: Expr): Expr => node('concat', [a, b], {})
/** `length` entries of the first axis from `start` on. */
export const slice = (x: Expr, start: number, length: number): Expr => node('slice', [x], { start, length })
/** The entries in their order along other axes; the operand itself where it has that shape. */
export const reshape = (x: Expr, shape: Shape): Expr =>
  sameShape(tensorType(x).shape, shape) ? x : node('reshape', [x], { shape })
/** Zeros before and after, along the first axis. */
export const pad = (x: Expr, before: number, after: number): Expr => node('pad', [x], { before, after })
/** The entry of the first axis that the index i names. */
export const take = (x: Expr, i: Expr): Expr => node('take', [x, i], {})
/** Zeros of [size, …], and x at the entry that the index i names. */
export const put = (x: Expr, i: Expr, size: number): Expr => node('put', [x, i], { size })
/** The sum over the examples: varying to uniform. */
export const batchSum = (x: Expr): Expr => node('batchSum', [x], {})
/** How many examples there are, as a real scalar. */
export const batchSize = (): Expr => node('batchSize', [], {})
/** ln Σ e^x over a real vector. */
export const logSumExp = (x: Expr): Expr => node('logSumExp', [x], {})
/** U x of unitary(n) and complex[n]. */
export const apply = (u: Expr, x: Expr): Expr => node('apply', [u, x], {})
/** U^H, which is U⁻¹. */
export const adjoint = (u: Expr): Expr => node('adjoint', [u], {})
/** The product of unitaries; the last acts first. */
export const compose = (factors: readonly Expr[]): Expr => node('compose', factors, {})
/** diag(e^iθ), θ real[n]. */
export const phase = (theta: Expr): Expr => node('phase', [theta], {})
/** I − 2 v v^H/‖v‖², v complex[n]; the identity for v = 0. */
export const reflect = (v: Expr): Expr => node('reflect', [v], {})
/** (Π x)_j = x_permutation[j]. */
export const permute = (permutation: readonly number[]): Expr => node('permute', [], { permutation })
/** An item of what `scan` gives: final carries first, then stacks. */
export const get = (tuple: Expr, item: number): Expr => node('get', [tuple], { item })
/**
 * A loop: `args` are invariants, initial carries, sequences; `attributes` has the body and how many of each.
 */
export const scan = (args: readonly Expr[], attributes: Attributes['scan']): Expr =>
  node('scan', args, attributes)

/** Sum over the first `axes` axes; the operand itself for none. */
export const sum = (x: Expr, axes = tensorType(x).shape.length): Expr =>
  axes === 0 ? x : node('sum', [x], { axes })

/** Repeated to `shape`; the operand itself where it has that shape. */
export const broadcast = (x: Expr, shape: Shape): Expr =>
  sameShape(tensorType(x).shape, shape) ? x : node('broadcast', [x], { shape })

/** The operand's kind of number, of its shape, everywhere. */
export const constantLike = (x: Expr, value: number): Expr => {
  const { field, shape } = tensorType(x)
  if (field === 'index') return bug('an index constant')
  return field === 'complex' ? complexConstant(value, 0, shape) : constant(value, shape)
}
/** Zeros of the operand's field and shape. */
export const zerosLike = (x: Expr): Expr => constantLike(x, 0)

/** Whether it is zeros, as declared. */
export const isZero = (e: Expr): boolean =>
  e.op === 'constant' && e.attributes.re === 0 && e.attributes.im === 0

/** conj(x), and x itself if it is real. */
export const conjugate = (x: Expr): Expr => (tensorType(x).field === 'complex' ? conj(x) : x)

/** r x for a real r: `mul` or `scale`, as x is real or complex. */
export const times = (r: Expr, x: Expr): Expr => (tensorType(x).field === 'complex' ? scale(r, x) : mul(r, x))

/** x as a complex number. */
export const toComplex = (x: Expr): Expr =>
  tensorType(x).field === 'complex' ? x : complexOf(x, zerosLike(x))
