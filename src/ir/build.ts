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

export const neg = unary('neg')
export const conj = unary('conj')
export const re = unary('re')
export const im = unary('im')
export const abs = unary('abs')
export const pinv = unary('pinv')
export const exp = unary('exp')
export const log = unary('log')
export const sqrt = unary('sqrt')
export const sin = unary('sin')
export const cos = unary('cos')
export const tanh = unary('tanh')
export const sigmoid = unary('sigmoid')
export const relu = unary('relu')
export const step = unary('step')

export const add = binary('add')
export const sub = binary('sub')
export const mul = binary('mul')
export const div = binary('div')
/** Real × complex. */
export const scale = binary('scale')
export const complexOf = binary('complex')
export const modRelu = (z: Expr, b: Expr, epsilon: number): Expr => node('modRelu', [z, b], { epsilon })

export const dot = (x: Expr, y: Expr): Expr => node('dot', [x, y], {})
export const outer = (a: Expr, b: Expr): Expr => node('outer', [a, b], {})
/** Σ_t a[t] b[t]^H. */
export const contract = (a: Expr, b: Expr): Expr => node('contract', [a, b], {})
export const matvec = (a: Expr, x: Expr, adjoint = false): Expr => node('matvec', [a, x], { adjoint })
export const concat = (a: Expr, b: Expr): Expr => node('concat', [a, b], {})
export const slice = (x: Expr, start: number, length: number): Expr => node('slice', [x], { start, length })
/** The entries in their order along other axes; the operand itself where it has that shape. */
export const reshape = (x: Expr, shape: Shape): Expr =>
  sameShape(tensorType(x).shape, shape) ? x : node('reshape', [x], { shape })
export const pad = (x: Expr, before: number, after: number): Expr => node('pad', [x], { before, after })
export const take = (x: Expr, i: Expr): Expr => node('take', [x, i], {})
export const put = (x: Expr, i: Expr, size: number): Expr => node('put', [x, i], { size })
export const batchSum = (x: Expr): Expr => node('batchSum', [x], {})
export const batchSize = (): Expr => node('batchSize', [], {})
export const logSumExp = (x: Expr): Expr => node('logSumExp', [x], {})
export const apply = (u: Expr, x: Expr): Expr => node('apply', [u, x], {})
export const adjoint = (u: Expr): Expr => node('adjoint', [u], {})
export const compose = (factors: readonly Expr[]): Expr => node('compose', factors, {})
export const phase = (theta: Expr): Expr => node('phase', [theta], {})
export const reflect = (v: Expr): Expr => node('reflect', [v], {})
export const permute = (permutation: readonly number[]): Expr => node('permute', [], { permutation })
export const get = (tuple: Expr, item: number): Expr => node('get', [tuple], { item })
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
export const zerosLike = (x: Expr): Expr => constantLike(x, 0)

/** conj(x), and x itself if it is real. */
export const conjugate = (x: Expr): Expr => (tensorType(x).field === 'complex' ? conj(x) : x)

/** r x for a real r: `mul` or `scale`, as x is real or complex. */
export const times = (r: Expr, x: Expr): Expr => (tensorType(x).field === 'complex' ? scale(r, x) : mul(r, x))

/** x as a complex number. */
export const toComplex = (x: Expr): Expr =>
  tensorType(x).field === 'complex' ? x : complexOf(x, zerosLike(x))
