/** The typing rules: one row an op. An error says what was given and what is due. */
import * as E from 'fp-ts/lib/Either.js'
import type { Expr } from './expr.ts'
import { strayEntry, toField, toOneField, toOneShape, toType } from './fix.ts'
import {
  arity,
  atLeastOneAxis,
  check,
  checkSizes,
  fail,
  isMismatch,
  naturals,
  rankAt,
  rate,
  size,
  tensorAt,
  unitaryAt,
} from './operands.ts'
import type { Attributes, BinaryOp, Op, UnaryOp } from './ops.ts'
import { postorder } from './order.ts'
import {
  elements,
  type Field,
  fits,
  joinRates,
  rateOf,
  sameShape,
  showType,
  type TensorType,
  type Type,
  tensor,
} from './type.ts'

type Result = E.Either<string, Type>
type Rule<K extends Op> = (args: readonly Expr[], attributes: Attributes[K]) => Result

const unaryRule =
  (fields: readonly Field[], result?: Field): Rule<UnaryOp> =>
  args => {
    arity(args, 1)
    const x = tensorAt(args, 0, fields)
    return E.right(tensor(result ?? x.field, x.shape, x.rate))
  }
const either: readonly Field[] = ['real', 'complex']
const anyField: readonly Field[] = [...either, 'index']

/* An operator that is made for a size, and could be made for another. */
const resized = (factors: readonly Expr[], from: number, to: number): string => {
  const odd = factors.find(
    f => (f.op === 'dft' || f.op === 'identity') && f.type.kind === 'unitary' && f.type.size === from,
  )
  return odd === undefined ? '' : `: did you mean ${odd.op}(${to})?`
}

const sameShapes = (args: readonly Expr[], x: TensorType, y: TensorType): void => {
  arity(args, 2)
  check(
    sameShape(x.shape, y.shape),
    () =>
      `the operands have different shapes: ${showType(x)} and ${showType(y)}${toOneShape(x.shape, y.shape)}`,
  )
}
const binaryRule =
  (
    left: readonly Field[],
    right: readonly Field[] | 'same',
    result?: Field,
    op: BinaryOp = 'add',
  ): Rule<BinaryOp> =>
  args => {
    const x = tensorAt(args, 0, left)
    const y = tensorAt(args, 1, right === 'same' ? left : right)
    sameShapes(args, x, y)
    check(
      right !== 'same' || x.field === y.field,
      () => `the operands are ${showType(x)} and ${showType(y)}: ${toOneField(op === 'mul')}`,
    )
    return E.right(tensor(result ?? x.field, x.shape, rate(args)))
  }

const rules: { readonly [K in Op]: Rule<K> } = {
  neg: unaryRule(either),
  conj: unaryRule(['complex']),
  re: unaryRule(['complex'], 'real'),
  im: unaryRule(['complex'], 'real'),
  abs: unaryRule(either, 'real'),
  pinv: unaryRule(either),
  exp: unaryRule(either),
  log: unaryRule(either),
  sqrt: unaryRule(either),
  sin: unaryRule(either),
  cos: unaryRule(either),
  tanh: unaryRule(either),
  sigmoid: unaryRule(either),
  relu: unaryRule(['real']),
  step: unaryRule(['real']),

  add: binaryRule(either, 'same'),
  sub: binaryRule(either, 'same'),
  mul: binaryRule(either, 'same', undefined, 'mul'),
  div: binaryRule(either, 'same'),
  scale: binaryRule(['real'], ['complex'], 'complex'),
  complex: binaryRule(['real'], ['real'], 'complex'),
  modRelu: (args, { epsilon }) => {
    check(
      Number.isFinite(epsilon) && epsilon >= 0,
      () => `epsilon must be a finite number from 0 up, not ${epsilon}`,
    )
    return binaryRule(['complex'], ['real'], 'complex')(args, {})
  },

  sum: (args, { axes }) => {
    arity(args, 1)
    const x = tensorAt(args, 0)
    check(
      Number.isInteger(axes) && axes >= 0 && axes <= x.shape.length,
      () => `cannot sum over ${axes} axes of ${showType(x)}: it has ${x.shape.length}`,
    )
    return E.right(tensor(x.field, x.shape.slice(axes), x.rate))
  },
  broadcast: (args, { shape }) => {
    arity(args, 1)
    naturals(shape)
    const x = tensorAt(args, 0)
    check(
      shape.length >= x.shape.length && sameShape(shape.slice(shape.length - x.shape.length), x.shape),
      () => `${showType(x)} repeats only along new leading axes, which [${shape.join(', ')}] does not add`,
    )
    return E.right(tensor(x.field, shape, x.rate))
  },
  dot: args => {
    const x = tensorAt(args, 0)
    const y = tensorAt(args, 1)
    sameShapes(args, x, y)
    check(x.field === y.field, () => `the operands are ${showType(x)} and ${showType(y)}: ${toOneField()}`)
    return E.right(tensor(x.field, [], rate(args)))
  },
  matvec: (args, { adjoint }) => {
    arity(args, 2)
    const a = rankAt(args, 0, 2)
    const x = rankAt(args, 1, 1)
    const [m, n] = a.shape as readonly [number, number]
    check(
      a.field === x.field,
      () => `a ${a.field} matrix takes a ${a.field} vector, not ${showType(x)}${toField(x, [a.field])}`,
    )
    check(
      x.shape[0] === (adjoint ? m : n),
      () =>
        `${adjoint ? 'the adjoint of ' : ''}${showType(a)} takes ${adjoint ? m : n} entries, not ${showType(x)}${x.shape[0] === (adjoint ? n : m) ? `: did you mean ${adjoint ? 'matvec, A x' : 'matvecAdjoint, A^H x'}?` : ''}`,
    )
    return E.right(tensor(a.field, [adjoint ? n : m], rate(args)))
  },
  transpose: args => {
    arity(args, 1)
    const a = rankAt(args, 0, 2)
    return E.right(tensor(a.field, [a.shape[1]!, a.shape[0]!], a.rate))
  },
  outer: args => {
    arity(args, 2)
    const a = rankAt(args, 0, 1)
    const b = rankAt(args, 1, 1)
    check(a.field === b.field, () => `the operands are ${showType(a)} and ${showType(b)}: ${toOneField()}`)
    return E.right(tensor(a.field, [a.shape[0]!, b.shape[0]!], rate(args)))
  },
  contract: args => {
    arity(args, 2)
    const a = rankAt(args, 0, 2)
    const b = rankAt(args, 1, 2)
    check(
      a.field === b.field && a.shape[0] === b.shape[0],
      () =>
        `the operands are ${showType(a)} and ${showType(b)}: make both real or both complex, with as many entries along the first axis`,
    )
    return E.right(tensor(a.field, [a.shape[1]!, b.shape[1]!], rate(args)))
  },
  concat: args => {
    arity(args, 2)
    const a = atLeastOneAxis(args, 0, anyField)
    const b = atLeastOneAxis(args, 1, anyField)
    check(
      a.field === b.field && a.bound === b.bound && sameShape(a.shape.slice(1), b.shape.slice(1)),
      () =>
        `${showType(a)} and ${showType(b)} differ in more than their first axis${
          a.field === b.field ? '' : `: ${toOneField()}`
        }`,
    )
    return E.right({ ...a, shape: [a.shape[0]! + b.shape[0]!, ...a.shape.slice(1)], rate: rate(args) })
  },
  slice: (args, { start, length }) => {
    arity(args, 1)
    const x = atLeastOneAxis(args, 0, anyField)
    check(
      Number.isInteger(start) &&
        Number.isInteger(length) &&
        start >= 0 &&
        length >= 1 &&
        start + length <= x.shape[0]!,
      () =>
        length >= 1
          ? `entries ${start} to ${start + length - 1} do not lie in ${showType(x)}: it has entries 0 to ${x.shape[0]! - 1}`
          : `takes a length from 1 up, not ${length}`,
    )
    return E.right({ ...x, shape: [length, ...x.shape.slice(1)] })
  },
  reshape: (args, { shape }) => {
    arity(args, 1)
    naturals(shape)
    const x = tensorAt(args, 0, anyField)
    check(
      elements(shape) === elements(x.shape),
      () =>
        `[${shape.join(', ')}] has ${elements(shape)} entries, not the ${elements(x.shape)} of ${showType(x)}`,
    )
    return E.right({ ...x, shape })
  },
  pad: (args, { before, after }) => {
    arity(args, 1)
    const x = atLeastOneAxis(args, 0)
    check(
      Number.isInteger(before) && Number.isInteger(after) && before >= 0 && after >= 0,
      () => `the padding must be whole numbers from 0 up, not ${before} and ${after}`,
    )
    return E.right(tensor(x.field, [before + x.shape[0]! + after, ...x.shape.slice(1)], x.rate))
  },
  take: args => {
    arity(args, 2)
    const x = atLeastOneAxis(args, 0)
    const i = rankAt(args, 1, 0, ['index'])
    check(
      i.bound <= x.shape[0]!,
      () =>
        `${showType(i)} counts further than the first axis of ${showType(x)}${toType(i, { ...i, bound: x.shape[0]! })}`,
    )
    return E.right(tensor(x.field, x.shape.slice(1), rate(args)))
  },
  put: (args, { size: n }) => {
    arity(args, 2)
    size(n)
    const x = tensorAt(args, 0)
    const i = rankAt(args, 1, 0, ['index'])
    check(
      i.bound <= n,
      () => `${showType(i)} counts further than the ${n} entries there are${toType(i, { ...i, bound: n })}`,
    )
    return E.right(tensor(x.field, [n, ...x.shape], rate(args)))
  },
  batchSum: args => {
    arity(args, 1)
    const x = tensorAt(args, 0)
    check(
      x.rate === 'varying',
      () =>
        `sums over the examples, but ${showType(x)} is the same for all of them: ${x.field === 'complex' ? 'scale' : 'mul'}(batchSize(), x) is their sum`,
    )
    return E.right(tensor(x.field, x.shape))
  },
  logSumExp: args => {
    arity(args, 1)
    const x = rankAt(args, 0, 1, ['real'])
    return E.right(tensor('real', [], x.rate))
  },

  identity: (args, { size: n }) => {
    arity(args, 0)
    size(n)
    return E.right({ kind: 'unitary', size: n, rate: 'uniform' })
  },
  phase: args => {
    arity(args, 1)
    const x = rankAt(args, 0, 1, ['real'])
    return E.right({ kind: 'unitary', size: x.shape[0]!, rate: x.rate })
  },
  dft: (args, { size: n }) => {
    arity(args, 0)
    size(n)
    return E.right({ kind: 'unitary', size: n, rate: 'uniform' })
  },
  permute: (args, { permutation }) => {
    arity(args, 0)
    const n = permutation.length
    size(n)
    const seen = new Set(permutation)
    check(
      seen.size === n && [...seen].every(j => Number.isInteger(j) && j >= 0 && j < n),
      () => `is no permutation: it must hold each of 0 … ${n - 1} once, but ${strayEntry(permutation)}`,
    )
    return E.right({ kind: 'unitary', size: n, rate: 'uniform' })
  },
  reflect: args => {
    arity(args, 1)
    const v = rankAt(args, 0, 1, ['complex'])
    return E.right({ kind: 'unitary', size: v.shape[0]!, rate: v.rate })
  },
  compose: args => {
    check(args.length >= 1, () => 'takes at least one operand')
    const first = unitaryAt(args, 0)
    args.forEach((_, i) => {
      const u = unitaryAt(args, i)
      check(
        u.size === first.size,
        () =>
          `factors have different sizes: ${showType(first)} and ${showType(u)}${resized([args[i]!], u.size, first.size) || resized([args[0]!], first.size, u.size)}`,
      )
    })
    return E.right({ ...first, rate: rate(args) })
  },
  adjoint: args => {
    arity(args, 1)
    return E.right(unitaryAt(args, 0))
  },
  apply: args => {
    arity(args, 2)
    const u = unitaryAt(args, 0)
    const x = rankAt(args, 1, 1, ['complex'])
    check(
      x.shape[0] === u.size,
      () =>
        `${showType(u)} acts on complex[${u.size}], not on ${showType(x)}${resized(args, u.size, x.shape[0]!)}`,
    )
    return E.right(tensor('complex', x.shape, rate(args)))
  },

  arg: (args, { index, type }) => {
    arity(args, 0)
    naturals(type.shape)
    check(
      Number.isSafeInteger(index) && index >= 0,
      () => `the position must be a whole number from 0 up, not ${index}`,
    )
    check(
      type.field === 'index'
        ? Number.isInteger(type.bound) && type.bound >= 1 && type.bound <= 2 ** 24
        : type.bound === 0,
      () => `an index counts up to a bound from 1 to 2^24, not ${type.bound}`,
    )
    return E.right(type)
  },
  constant: (args, { re, im, type }) => {
    arity(args, 0)
    naturals(type.shape)
    check(type.rate === 'uniform' && type.field !== 'index', () => `cannot be ${showType(type)}`)
    check(type.field === 'complex' || im === 0, () => `a real constant has no imaginary part, not ${im}`)
    check(type.bound === 0, () => `counts to no bound, so not to ${type.bound}`)
    check(
      !Number.isNaN(re) && !Number.isNaN(im),
      () => 'must be a number, not NaN: was it computed from something undefined?',
    )
    return E.right(type)
  },
  batchSize: args => {
    arity(args, 0)
    return E.right(tensor('real'))
  },

  scan: (args, { body, length, invariants, carries }) => {
    const params = body.params.map(p => p.type)
    arity(args, params.length)
    check(
      [invariants, carries].every(n => Number.isSafeInteger(n) && n >= 0) &&
        invariants + carries <= params.length,
      () => `cannot have ${invariants} invariants and ${carries} carries among ${params.length} operands`,
    )
    check(
      Number.isSafeInteger(length) && length >= 1 && length <= 2 ** 30,
      () => `the length must be a whole number from 1 to 2^30, not ${length}`,
    )
    const loop = joinRates([
      ...args.slice(invariants).map(a => rateOf(a.type)),
      ...body.results.map(r => rateOf(r.type)),
    ])
    const given = args.map((_, i) => tensorAt(args, i, ['real', 'complex', 'index']))
    given.forEach((type, i) => {
      const param = params[i]!
      const name = `${i < invariants ? 'invariant' : i < invariants + carries ? 'carry' : 'sequence'} ${body.params[i]!.name}`
      const entry = i < invariants + carries ? type : { ...type, shape: type.shape.slice(1) }
      if (i >= invariants + carries)
        check(
          type.shape[0] === length,
          () => `${name} must have ${length} entries along its first axis, not ${showType(type)}`,
        )
      check(
        fits(entry, param),
        () => `${name} is ${showType(entry)} where the body takes ${showType(param)}${toType(entry, param)}`,
      )
    })
    check(
      carries <= body.results.length,
      () => `the body has ${body.results.length} results for ${carries} carries`,
    )
    const results = body.results.map((r, k) =>
      r.type.kind === 'tensor'
        ? r.type
        : fail(
            `${k < carries ? `the next value of carry ${body.params[invariants + k]?.name}` : `output ${k - carries}`} must be a tensor, not ${showType(r.type)}${toField(r.type, [])}`,
          ),
    )
    // So that a carry, and its history, is of one type inside the loop and behind it.
    const still = body.params
      .slice(invariants, invariants + carries)
      .find(p => loop === 'varying' && p.type.rate === 'uniform')
    check(
      still === undefined,
      () =>
        `carry ${still?.name} is ${still && showType(still.type)} in a loop that varies: it must vary, too`,
    )
    const items = results.map((type, k) => {
      const param = params[invariants + k]
      if (k < carries)
        check(
          param !== undefined && fits(type, param),
          () =>
            `carry ${body.params[invariants + k]?.name} is ${param && showType(param)} but its next value ${showType(type)}${param && toType(type, param)}`,
        )
      return k < carries ? { ...param!, rate: loop } : { ...type, shape: [length, ...type.shape], rate: loop }
    })
    // Bodies are typed when they are made, so only this level is new.
    const summing = postorder(body.results).some(e => e.op === 'batchSum')
    check(!summing, () => 'sums over the examples inside the loop: stack the values and sum them after it')
    return E.right({ kind: 'tuple', items })
  },
  get: (args, { item }) => {
    arity(args, 1)
    const type = args[0]!.type
    if (type.kind !== 'tuple') return fail(`takes an item of a tuple, not of ${showType(type)}`)
    return E.right(type.items[item] ?? fail(`there is no item ${item} in ${showType(type)}`))
  },
}

/** The type of an op on these operands, or what is wrong with them. */
export const infer = <K extends Op>(op: K, args: readonly Expr[], attributes: Attributes[K]): Result => {
  try {
    const type = rules[op](args, attributes)
    if (E.isRight(type)) checkSizes(type.right)
    return type
  } catch (e) {
    if (isMismatch(e)) return E.left(e.mismatch)
    throw e
  }
}
