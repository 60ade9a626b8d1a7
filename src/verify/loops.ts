/** Generators of scans: parameters first, then the operands they take and the body that takes them. */
import * as fc from 'fast-check'
import * as b from '../ir/build.ts'
import { argument, type Expr, func, type Param, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { type Field, type Rate, rateOf, sameType, type TensorType, tensor, withRate } from '../ir/type.ts'
import { all, between, oneOf, pick } from './choice.ts'
import { adapt, constantOf, indices, type Scope, size } from './scope.ts'

/** The generators a loop is made with; they make loops, too. */
export interface Makers {
  readonly any: (s: Scope, t: TensorType) => fc.Arbitrary<Expr>
  readonly unit: (s: Scope, t: TensorType) => fc.Arbitrary<Expr>
  readonly unitary: (s: Scope, n: number, rate: Rate) => fc.Arbitrary<Expr>
}

/** A parameter of the body, and the operand for it. */
interface Slot {
  readonly type: TensorType
  readonly operand: fc.Arbitrary<Expr>
}

const rates = (most: Rate): readonly Rate[] => (most === 'varying' ? ['varying', 'uniform'] : ['uniform'])

const smallType = (s: Scope, most: Rate): fc.Arbitrary<TensorType> =>
  fc
    .tuple(
      oneOf<Field>(['real', 'complex']),
      oneOf(rates(most)),
      oneOf([0, 1, 1, 2]),
      size(s, 8),
      between(1, 3),
    )
    .map(([field, rate, rank, n, m]) => tensor(field, rank === 0 ? [] : rank === 1 ? [n] : [m, n], rate))

const few = <A>(item: fc.Arbitrary<A>, least: number, most: number): fc.Arbitrary<readonly A[]> =>
  between(least, most).chain(count => all(Array.from({ length: count }, () => item)))

/** A carry, and whether it is what a step adds to. */
interface CarryPlan {
  readonly type: TensorType
  readonly isSum: boolean
}

/** What is settled before anything is generated for it. */
interface Plan {
  readonly length: number
  readonly reverse: boolean
  readonly stacked: boolean
  readonly usesRest: boolean
  readonly invariants: readonly TensorType[]
  readonly carries: readonly CarryPlan[]
  readonly sequences: readonly TensorType[]
  readonly outputs: readonly TensorType[]
  /** An index from outside, as an invariant; others as a sequence; one handed on from step to step. */
  readonly index: Expr | undefined
  readonly indexSequence: Expr | undefined
  readonly indexCarry: Expr | undefined
}

const longest = 8

const plan = (s: Scope, t: TensorType): fc.Arbitrary<Plan> => {
  const canStack = t.shape.length > 0 && t.shape[0]! <= longest
  const runs = indices(s, t, 1).filter(v => tensorType(v).shape[0]! <= longest)
  const type = smallType(s, t.rate)
  return fc
    .record({
      length: between(1, 5),
      reverse: fc.boolean(),
      stacked: fc.boolean().map(wanted => wanted && canStack),
      usesRest: fc.boolean(),
      invariants: few(type, 0, 2),
      carries: few(type, 0, 1),
      isTwin: oneOf([true, false, false]),
      sums: all([oneOf([false, false, true]), fc.boolean()]),
      sequences: few(type, 0, 2),
      outputs: few(type, 0, 1),
      index: oneOf([undefined, ...indices(s, t)]),
      indexSequence: oneOf([undefined, ...runs]),
      indexCarry: oneOf([undefined, undefined, ...indices(s, t)]),
    })
    .map(drawn => {
      const { stacked, indexSequence, sums } = drawn
      const others = drawn.carries.map(c => (drawn.isTwin && !stacked ? t : c))
      const run = indexSequence && tensorType(indexSequence).shape[0]!
      const fits = !stacked || run === undefined || run === t.shape[0]
      return {
        ...drawn,
        indexSequence: fits ? indexSequence : undefined,
        length: stacked ? t.shape[0]! : (run ?? drawn.length),
        // A carry varies if anything in its loop does.
        carries: [...(stacked ? [] : [t]), ...others].map((c, k) => ({
          type: withRate(c, t.rate),
          isSum: required(sums[k], 'a sum'),
        })),
        outputs: stacked ? [{ ...t, shape: t.shape.slice(1) }, ...drawn.outputs] : drawn.outputs,
      }
    })
}

/** The index as a body sees it: of the same bound, and varying if it must be. */
const asIs = (operand: Expr): Slot => ({
  type: { ...tensorType(operand), shape: [] },
  operand: fc.constant(operand),
})

const slotsOf = (
  make: Makers,
  s: Scope,
  t: TensorType,
  p: Plan,
): Readonly<Record<'invariants' | 'carries' | 'sequences', readonly Slot[]>> => {
  const given = (type: TensorType): Slot => ({ type, operand: make.any(s, type) })
  const start = (type: TensorType): fc.Arbitrary<Expr> => oneOf([0, 0, 0, 1]).map(x => constantOf(type, x, 0))
  const along = (type: TensorType): Slot => ({
    type,
    operand: make.any(s, { ...type, shape: [p.length, ...type.shape] }),
  })
  const maybe = (e: Expr | undefined): readonly Slot[] => (e === undefined ? [] : [asIs(e)])
  return {
    invariants: [...p.invariants.map(given), ...maybe(p.index)],
    carries: [
      ...p.carries.map(({ type, isSum }) => (isSum ? { type, operand: start(type) } : given(type))),
      ...maybe(p.indexCarry).map(slot => ({ ...slot, type: withRate(slot.type, t.rate) })),
    ],
    sequences: [...p.sequences.map(along), ...maybe(p.indexSequence)],
  }
}

/**
 * What a carry is next: within bounds, or turned by an operator and moved a little, so that no number of steps
 * makes it large; or a sum, to which terms are added that are not made of sums. An index is followed by one of the same type, if the body has another.
 * `others`: what others are next, which it may be, too.
 */
const next = (
  make: Makers,
  s: Scope,
  own: Expr,
  sums: readonly Expr[],
  others: readonly Expr[],
): fc.Arbitrary<Expr> => {
  const t = tensorType(own)
  const alike = others.filter(e => sameType(e.type, t))
  if (t.field === 'index')
    return oneOf(
      s.values.filter(v => {
        const other = tensorType(v)
        return (
          other.field === 'index' &&
          other.bound === t.bound &&
          (t.rate === 'varying' || other.rate === 'uniform')
        )
      }),
    )
  const small: Scope = { ...s, values: s.values.filter(v => !sums.includes(v)) }
  const added = (): fc.Arbitrary<Expr> =>
    fc
      .tuple(make.any(small, t), fc.boolean())
      .map(([term, first]) => (first ? b.add(own, term) : b.add(term, own)))
  return pick<Expr>(() => [
    [alike.length === 0 ? 0 : 2, () => oneOf(alike)],
    [sums.includes(own) ? 12 : 0, added],
    [2, () => make.unit(s, t)],
    [
      t.field === 'complex' && t.shape.length === 1 ? 3 : 0,
      () =>
        fc
          .tuple(make.unitary(s, t.shape[0]!, t.rate), make.unit(s, t))
          .map(([u, moved]) => b.add(b.apply(u, own), moved)),
    ],
  ])
}

/** A loop's final carry or stack of that type, sometimes with another item of it mixed in. */
export const loop = (make: Makers, s: Scope, t: TensorType): fc.Arbitrary<Expr> =>
  plan(s, t).chain(p => {
    const { invariants, carries, sequences } = slotsOf(make, s, t, p)
    const slots = [...invariants, ...carries, ...sequences]
    const name = (i: number): string =>
      i < invariants.length ? 'w' : i < invariants.length + carries.length ? 'h' : 'x'
    const params: readonly Param[] = slots.map(({ type }, i) => ({ name: name(i), type }))
    const values = params.map(({ type }, i) => argument(i, type))
    const body: Scope = {
      ...s,
      values,
      examples: false,
      loops: s.loops - 1,
      limit: Math.max(64, s.limit / p.length),
    }
    const sums = values.filter((_, i) => p.carries[i - invariants.length]?.isSum === true)
    const nexts = carries.reduce<fc.Arbitrary<readonly Expr[]>>(
      (all, _, k) =>
        all.chain(others =>
          next(make, body, values[invariants.length + k]!, sums, others).map(e => [...others, e]),
        ),
      fc.constant([]),
    )
    // What a step gives away may be what it hands on, or be made of it.
    const results = nexts.chain(own => {
      const knowing = { ...body, values: [...values, ...own] }
      const outputs = p.outputs.map(type => make.any(knowing, { ...type, rate: t.rate }))
      return all(outputs).map(given => [...own, ...given])
    })
    return fc.tuple(all(slots.map(({ operand }) => operand)), results).map(([operands, made]) => {
      const scan = b.scan(operands, {
        body: func(params, made),
        length: p.length,
        reverse: p.reverse,
        invariants: invariants.length,
        carries: carries.length,
      })
      const wanted = b.get(scan, p.stacked ? carries.length : 0)
      const last = b.get(scan, made.length - 1)
      const rest =
        tensorType(last).field !== 'index' && rateOf(last.type) === rateOf(wanted.type) ? last : wanted
      return p.usesRest ? b.add(wanted, adapt(rest, t)) : wanted
    })
  })
