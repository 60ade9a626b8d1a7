/**
 * The ops: each with its attributes, by family. A table of type `{ [K in Op]: … }` says one thing about each
 * of them; adding an op here makes the compiler list the tables that lack a row.
 */
import type { Func } from './expr.ts'
import type { Shape, TensorType } from './type.ts'

// biome-ignore lint/complexity/noBannedTypes: an op without attributes has exactly none
type None = {}

/** Pointwise, one operand; real or complex in, the same out, unless said. */
export interface UnaryAttributes {
  readonly neg: None
  /** Complex conjugate; complex only. */
  readonly conj: None
  /** Real part: complex → real. */
  readonly re: None
  /** Imaginary part: complex → real. */
  readonly im: None
  /** |x|: real or complex → real. Its derivative at 0 is 0. */
  readonly abs: None
  /** 1/x, and 0 at x = 0 (the Moore–Penrose inverse of a number). */
  readonly pinv: None
  readonly exp: None
  readonly log: None
  readonly sqrt: None
  readonly sin: None
  readonly cos: None
  readonly tanh: None
  /** 1/(1 + e^−x). */
  readonly sigmoid: None
  /** max(x, 0); real only. Its derivative at 0 is 0. */
  readonly relu: None
  /** 1 where x > 0, else 0; real only. Its derivative is 0. */
  readonly step: None
}

/** Pointwise, two operands of one shape. */
export interface BinaryAttributes {
  readonly add: None
  readonly sub: None
  readonly mul: None
  readonly div: None
  /** Real × complex → complex. */
  readonly scale: None
  /** Real part, imaginary part → complex. */
  readonly complex: None
  /**
   * modReLU(z, b) = (|z| + b) z/(|z| + ε) where |z| + b ≥ 0, else 0; value and derivative are 0 at z = 0.
   * Arjovsky, Shah, Bengio (2016), equation 8, has ε = 0; the authors' code 1e-5.
   */
  readonly modRelu: { readonly epsilon: number }
}

/** Linear in every operand. */
export interface LinearAttributes {
  /** Sums over the first `axes` axes. */
  readonly sum: { readonly axes: number }
  /** Repeats the operand along new leading axes: its shape must end the given one. */
  readonly broadcast: { readonly shape: Shape }
  /** x^H y over all elements: one scalar. */
  readonly dot: None
  /** A x, or A^H x if `adjoint`: [m, n] with [n] (or [m]). */
  readonly matvec: { readonly adjoint: boolean }
  /** A^T: [m, n] to [n, m]. */
  readonly transpose: None
  /** a b^H: [m] and [n] to [m, n]. */
  readonly outer: None
  /** Σ_t a[t] b[t]^H, a contraction over the first axis: [T, m] and [T, n] to [m, n]. */
  readonly contract: None
  /** Joins two tensors along the first axis. */
  readonly concat: None
  /** `length` entries of the first axis from `start` on; of indices, too. */
  readonly slice: { readonly start: number; readonly length: number }
  /** The same entries in the same order, along other axes. */
  readonly reshape: { readonly shape: Shape }
  /** Zeros before and after along the first axis. */
  readonly pad: { readonly before: number; readonly after: number }
  /** The entry of the first axis that the second operand, an index, names. */
  readonly take: None
  /** Zeros of `size` entries along a new first axis, and the operand at the one that the index names. */
  readonly put: { readonly size: number }
  /** Sum over the examples: varying → uniform. */
  readonly batchSum: None
}

/** Unitary operators on complex[n], and their application. */
export interface UnitaryAttributes {
  readonly identity: { readonly size: number }
  /** diag(e^iθ), θ real. */
  readonly phase: None
  /** F_jk = e^(−2πi jk/n)/√n. */
  readonly dft: { readonly size: number }
  /** (Π x)_j = x_permutation[j]. */
  readonly permute: { readonly permutation: readonly number[] }
  /** I − 2 v v^H/‖v‖²; the identity for v = 0. */
  readonly reflect: None
  /** Matrix product: the last operand acts first. */
  readonly compose: None
  readonly adjoint: None
  /** U x. */
  readonly apply: None
}

/** Leaves, loops and what is left. */
export interface OtherAttributes {
  /** The function's own parameter of that position. */
  readonly arg: { readonly index: number; readonly type: TensorType }
  /** One number, repeated. */
  readonly constant: { readonly re: number; readonly im: number; readonly type: TensorType }
  /** How many examples the run has, as a real scalar. */
  readonly batchSize: None
  /** ln Σ e^x over a vector. */
  readonly logSumExp: None
  /**
   * A loop over the first axis of sequences. Operands, and the body's parameters in the same order:
   * invariants, initial carries, sequences (the body sees one entry). The body's results: the next carries,
   * then outputs that are stacked along a new first axis. Value: final carries, then stacks. `reverse` runs
   * from the last entry to the first; a stack keeps its entries at their own places either way. If anything in
   * a loop varies, so do its carries and its value.
   */
  readonly scan: {
    readonly body: Func
    readonly length: number
    readonly reverse: boolean
    readonly invariants: number
    readonly carries: number
  }
  /** One item of a tuple. */
  readonly get: { readonly item: number }
}

/** Every op, with the attributes that its nodes have. */
export type Attributes = UnaryAttributes &
  BinaryAttributes &
  LinearAttributes &
  UnitaryAttributes &
  OtherAttributes
/** The name of an op. */
export type Op = keyof Attributes
/** Pointwise ops of one operand. */
export type UnaryOp = keyof UnaryAttributes
/** Pointwise ops of two operands. */
export type BinaryOp = keyof BinaryAttributes
export type PointwiseOp = UnaryOp | BinaryOp

const unary: { readonly [K in UnaryOp]: true } = {
  neg: true,
  conj: true,
  re: true,
  im: true,
  abs: true,
  pinv: true,
  exp: true,
  log: true,
  sqrt: true,
  sin: true,
  cos: true,
  tanh: true,
  sigmoid: true,
  relu: true,
  step: true,
}
const binary: { readonly [K in BinaryOp]: true } = {
  add: true,
  sub: true,
  mul: true,
  div: true,
  scale: true,
  complex: true,
  modRelu: true,
}

export const unaryOps = Object.keys(unary) as readonly UnaryOp[]
export const binaryOps = Object.keys(binary) as readonly BinaryOp[]
export const pointwiseOps: readonly PointwiseOp[] = [...unaryOps, ...binaryOps]
export const isPointwise = (op: Op): op is PointwiseOp => op in unary || op in binary
