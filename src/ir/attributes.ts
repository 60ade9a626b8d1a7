/** The ops' attributes as codecs: how they enter from text, or from anywhere that has no types. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Func } from './expr.ts'
import { nearest } from './nearest.ts'
import type { Attributes, Op } from './ops.ts'
import type { TensorType } from './type.ts'

type Codecs<A> = { readonly [N in keyof A]: t.Decoder<unknown, A[N]> }

const number: t.Type<number> = t.number
const flag: t.Type<boolean> = t.boolean
const numbers: t.Type<readonly number[]> = t.readonlyArray(t.number, 'list of numbers')

const tensorType: t.Type<TensorType> = t.readonly(
  t.type({
    kind: t.literal('tensor'),
    field: t.union([t.literal('real'), t.literal('complex'), t.literal('index')]),
    shape: numbers,
    rate: t.union([t.literal('uniform'), t.literal('varying')]),
    bound: number,
  }),
  'tensor type',
)

const isFunc = (u: unknown): u is Func =>
  typeof u === 'object' &&
  u !== null &&
  'params' in u &&
  Array.isArray(u.params) &&
  'results' in u &&
  'id' in u
const func = new t.Type<Func>(
  'function',
  isFunc,
  (u, c) => (isFunc(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
)

/** In the order they are printed in. */
export const attributeCodecs: { readonly [K in Op]: Codecs<Attributes[K]> } = {
  neg: {},
  conj: {},
  re: {},
  im: {},
  abs: {},
  pinv: {},
  exp: {},
  log: {},
  sqrt: {},
  sin: {},
  cos: {},
  tanh: {},
  sigmoid: {},
  relu: {},
  step: {},
  add: {},
  sub: {},
  mul: {},
  div: {},
  scale: {},
  complex: {},
  modRelu: { epsilon: number },
  sum: { axes: number },
  broadcast: { shape: numbers },
  dot: {},
  matvec: { adjoint: flag },
  transpose: {},
  outer: {},
  contract: {},
  concat: {},
  slice: { start: number, length: number },
  reshape: { shape: numbers },
  pad: { before: number, after: number },
  take: {},
  put: { size: number },
  batchSum: {},
  identity: { size: number },
  phase: {},
  dft: { size: number },
  permute: { permutation: numbers },
  reflect: {},
  compose: {},
  adjoint: {},
  apply: {},
  arg: { index: number, type: tensorType },
  constant: { re: number, im: number, type: tensorType },
  batchSize: {},
  logSumExp: {},
  scan: { body: func, length: number, reverse: flag, invariants: number, carries: number },
  get: { item: number },
}

/** What an attribute is where it is not written, if it may be left out. */
export const attributeDefaults: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['adjoint', false],
  ['reverse', false],
  ['im', 0],
])

export const opNames = Object.keys(attributeCodecs) as readonly Op[]
export const isOp = (name: string): name is Op => Object.hasOwn(attributeCodecs, name)

/** The op's attributes of these names and values, or what is wrong with them. */
export const decodeAttributes = <K extends Op>(
  op: K,
  given: ReadonlyMap<string, unknown>,
): E.Either<string, Attributes[K]> => {
  const codecs: Readonly<Record<string, t.Decoder<unknown, unknown>>> = attributeCodecs[op]
  const names = Object.keys(codecs)
  const stray = [...given.keys()].find(name => !names.includes(name))
  if (stray !== undefined)
    return E.left(
      names.length === 0
        ? `takes no attributes, so no ${stray}`
        : `has no attribute ${stray}${nearest(stray, names) || `: it has ${names.join(', ')}`}`,
    )
  const decoded: Record<string, unknown> = {}
  for (const name of names) {
    const value = given.has(name) ? given.get(name) : attributeDefaults.get(name)
    if (value === undefined) return E.left(`lacks its attribute ${name}`)
    const codec = codecs[name]!
    const entry = codec.decode(value)
    if (E.isLeft(entry)) return E.left(`takes a ${codec.name} for its attribute ${name}`)
    decoded[name] = entry.right
  }
  return E.right(decoded as Attributes[K])
}
