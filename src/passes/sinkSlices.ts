/**
 * Parts of a pointwise value become pointwise values of parts: (x ∘ y)[s] = x[s] ∘ y[s], where the parts do not overlap
 * and are all that is read of it. Parts of a part are, likewise, parts of the whole: x[s][t] = x[s + t]. What is computed
 * from each then joins it in one pass. Parts of parameters leave loops, and so do the sums that are their gradients.
 */
import { broadcast, constantLike, slice } from '../ir/build.ts'
import { complexConstant, type Expr, type Func, func, tensorType, withArgs } from '../ir/expr.ts'
import { isPointwise } from '../ir/ops.ts'
import { postorder } from '../ir/order.ts'
import { deeply, rebuild } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'

/** A part of a vector's entries, or of a matrix's rows. */
interface Part {
  readonly start: number
  readonly length: number
}

/** The part of an operand; of one that is the same everywhere, the same with fewer entries. */
const part = (x: Expr, { start, length }: Part): Expr => {
  const { shape, field } = tensorType(x)
  const [repeated] = x.args
  if (x.op === 'broadcast' && repeated !== undefined && tensorType(repeated).shape.length < shape.length)
    return broadcast(repeated, [length, ...shape.slice(1)])
  const own = slice(x, start, length)
  if (x.op !== 'constant') return own
  const { re, im } = x.attributes
  return field === 'complex' ? complexConstant(re, im, tensorType(own).shape) : constantLike(own, re)
}

const nameOf = (p: Part): string => `${p.start} ${p.length}`

/** A part's part, of the whole. */
const within = (outer: Part, { start, length }: Part): Part => ({ start: outer.start + start, length })

const areApart = (parts: readonly Part[]): boolean =>
  [...parts]
    .sort((a, b) => a.start - b.start)
    .every((p, i, all) => i === 0 || all[i - 1]!.start + all[i - 1]!.length <= p.start)

/**
 * Values of which nothing but parts that do not overlap are read, with those parts. What is read of a value that is cut up
 * is read of its operands, so users come before operands here.
 */
const cutUp = (f: Func): ReadonlyMap<Expr, readonly Part[]> => {
  const read = new Map<Expr, Map<string, Part>>()
  const note = (x: Expr, parts: readonly Part[]): void => {
    const known = read.get(x) ?? new Map<string, Part>()
    for (const p of parts) known.set(nameOf(p), p)
    read.set(x, known)
  }
  const whole = new Set(f.results)
  const cut = new Map<Expr, readonly Part[]>()
  for (const e of [...postorder(f.results)].reverse()) {
    const sinks = (isPointwise(e.op) || e.op === 'slice') && !whole.has(e)
    const parts = sinks ? [...(read.get(e)?.values() ?? [])] : []
    const isCut = parts.length > 0 && areApart(parts)
    if (isCut) cut.set(e, parts)
    if (e.op === 'slice') note(e.args[0]!, isCut ? parts.map(p => within(e.attributes, p)) : [e.attributes])
    else if (isCut) for (const a of e.args) note(a, parts)
    else for (const a of e.args) whole.add(a)
  }
  return cut
}

const sink = (f: Func, tell: Tell): Func => {
  const cut = cutUp(f)
  /** What stands for the parts of a value that is cut up, by their names. */
  const made = new Map<Expr, ReadonlyMap<string, Expr>>()
  const results = rebuild(f.results, (e, args) => {
    /** What stands for the part of an operand; undefined where the operand is not cut up. */
    const known = (i: number, p: Part): Expr | undefined => made.get(e.args[i]!)?.get(nameOf(p))
    const parts = cut.get(e)
    if (parts === undefined)
      return (e.op === 'slice' ? known(0, e.attributes) : undefined) ?? withArgs(e, args)
    const partOf = (i: number, p: Part): Expr => known(i, p) ?? part(args[i]!, p)
    const of = (p: Part): Expr =>
      e.op === 'slice'
        ? partOf(0, within(e.attributes, p))
        : withArgs(
            e,
            args.map((_, i) => partOf(i, p)),
          )
    made.set(e, new Map(parts.map(p => [nameOf(p), of(p)])))
    tell(e.op === 'slice' ? 'x[s][t] = x[s + t]' : '(x ∘ y)[s] = x[s] ∘ y[s]', parts.length)
    return e // of which nothing is left
  })
  return func(f.params, results)
}

export const sinkSlices: Pass = {
  name: 'sinkSlices',
  summary: 'parts of pointwise values are computed each on its own',
  run: (f, tell = silent) => deeply(f, g => sink(g, tell)),
}
