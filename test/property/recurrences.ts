/** Loops that have a unitary product in their step, as declared and drawn. */
import * as fc from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { argument, constant, type Expr, type Func, func, node, type Param } from '../../src/ir/expr.ts'
import { complex, index, real, type TensorType, varying } from '../../src/ir/type.ts'

export const n = 8
const [z, r] = [complex(n), real(n)]
export const F = node('dft', [], { size: n })
export const Π = b.permute([3, 1, 0, 7, 6, 4, 2, 5])

/** What a loop's step is made of: angles, vectors to reflect in, a bias, the state, an input, a symbol and its rows. */
export interface Parts {
  readonly θ: readonly [Expr, Expr, Expr]
  readonly v: readonly [Expr, Expr, Expr]
  readonly bias: Expr
  readonly h: Expr
  readonly x: Expr
  readonly k: Expr
  readonly rows: Expr
}
export const invariants: readonly Param[] = [
  ...[r, r, r].map((type, i) => ({ name: `a${i}`, type })),
  ...[z, z, z].map((type, i) => ({ name: `v${i}`, type })),
  { name: 'bias', type: r },
  { name: 'rows', type: complex(3, n) },
]
const entries: readonly TensorType[] = [varying(z), varying(index(3))]

/** What of a step, whose state becomes `next`, is kept. */
export type Read = (next: Expr, p: Parts) => Expr
const state: Read = (next, p) => b.mul(next, p.x)
/** Linear functions of the state that a step ends with, or began with, by a matrix that stays the same. */
export const products: readonly Read[] = [
  (next, p) => b.matvec(p.rows, next),
  (next, p) => b.matvec(parts(p.rows), b.concat(b.re(next), b.im(next))),
  (_, p) => b.matvec(parts(p.rows), b.concat(b.re(p.h), b.im(p.h))),
]
/** A real matrix with twice the columns. */
const parts = (rows: Expr): Expr => b.reshape(b.concat(b.re(rows), b.im(rows)), [3, 2 * n])

export const recurrence = (
  length: number,
  reverse: boolean,
  stacked: boolean,
  step: (p: Parts) => Expr,
  read = state,
): Func => {
  const params: readonly Param[] = [
    ...invariants,
    { name: 'h0', type: z },
    ...entries.map((type, i) => ({ name: `s${i}`, type: { ...type, shape: [length, ...type.shape] } })),
  ]
  const inner: readonly Param[] = [
    ...invariants,
    { name: 'h', type: varying(z) },
    ...entries.map((type, i) => ({ name: `s${i}`, type })),
  ]
  const [a0, a1, a2, v0, v1, v2, bias, rows, h, x, k] = inner.map((p, i) => argument(i, p.type)) as Expr[]
  const p: Parts = { θ: [a0!, a1!, a2!], v: [v0!, v1!, v2!], bias: bias!, rows: rows!, h: h!, x: x!, k: k! }
  const next = step(p)
  const loop = b.scan(
    params.map((p, i) => argument(i, p.type)),
    {
      body: func(inner, [next, ...(stacked ? [read(next, p)] : [])]),
      length,
      reverse,
      invariants: invariants.length,
      carries: 1,
    },
  )
  return func(params, stacked ? [b.get(loop, 0), b.get(loop, 1)] : [b.get(loop, 0)])
}

export type Chain = (p: Parts) => readonly Expr[]
export const paper: Chain = ({ θ, v }) => [
  b.phase(θ[2]),
  b.reflect(v[1]),
  b.adjoint(F),
  b.phase(θ[1]),
  Π,
  b.reflect(v[0]),
  F,
  b.phase(θ[0]),
]
export const applied = (chain: Chain, p: Parts): Expr => b.apply(b.compose(chain(p)), p.h)

/* The sine of a complex number that is not small is large. */
export const quarterSine = (s: Expr): Expr => b.sin(b.scale(constant(0.25, [n]), s))

/** Cheap functions of U h and an input. */
export const steps: readonly (readonly [string, (p: Parts, y: Expr) => Expr])[] = [
  ['modReLU', (p, y) => b.modRelu(b.add(y, p.x), p.bias, 0.5)],
  ['a symbol’s row', (p, y) => b.modRelu(b.add(y, b.take(p.rows, p.k)), p.bias, 0.5)],
  ['a difference', (p, y) => quarterSine(b.sub(b.sub(b.mul(p.x, p.x), y), p.v[2]))],
  ['nothing', (p, y) => b.add(b.neg(y), p.x)],
  [
    'what the user writes',
    (p, y) => {
      const s = b.add(y, p.x)
      return b.scale(b.sigmoid(b.add(b.abs(s), p.bias)), s)
    },
  ],
]

/** Any product of up to six factors, and its adjoint. */
export const anyChain: fc.Arbitrary<Chain> = fc
  .tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), fc.boolean())
  .map(([picks, adjoint]) => ({ θ, v }: Parts) => {
    const parts = [
      b.phase(θ[0]),
      b.phase(θ[1]),
      b.phase(θ[2]),
      b.reflect(v[0]),
      b.reflect(v[1]),
      b.reflect(v[2]),
      F,
      b.adjoint(F),
      F,
      Π,
    ]
    const u = b.compose(picks.map(i => parts[i]!))
    return [adjoint ? b.adjoint(u) : u]
  })
export const anyRecurrence = fc
  .record({
    chain: anyChain,
    step: fc.constantFrom(...steps.map(([, s]) => s)),
    length: fc.integer({ min: 1, max: 4 }),
    reverse: fc.boolean(),
    stacked: fc.boolean(),
  })
  .map(({ chain, step, length, reverse, stacked }) =>
    recurrence(length, reverse, stacked, p => step(p, applied(chain, p))),
  )
