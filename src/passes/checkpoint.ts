/**
 * A loop of T steps as a loop over chunks of them, so that a gradient keeps less. The adjoint of a loop keeps what it
 * needs of every step; that of a loop of chunks keeps it of every chunk, and runs the chunk forward again when it
 * comes to it. So strip-mining before differentiation is checkpointing, and recomputation needs no rule of its own.
 */
import { concat, get, reshape, scan, slice } from '../ir/build.ts'
import { argument, type Expr, type Func, func, type Param } from '../ir/expr.ts'
import { bug, required } from '../ir/invariant.ts'
import { rateOf, withRate } from '../ir/type.ts'
import type { Nest } from './nest.ts'
import { replaceLoops } from './replaceLoops.ts'

/** A chunk's body sees the carries as the loop has them, and of each sequence `steps` entries. */
const chunkParams = (e: Expr<'scan'>, steps: number): readonly Param[] => {
  const { body, invariants, carries } = e.attributes
  return body.params.map(({ name, type }, i) => {
    if (i < invariants) return { name, type }
    if (i < invariants + carries) return { name, type: withRate(type, rateOf(e.type)) }
    const rate = rateOf(required(e.args[i], 'a sequence').type)
    return { name, type: { ...type, shape: [steps, ...type.shape], rate } }
  })
}

/** The loop's items, computed chunk by chunk. */
const nested = (e: Expr<'scan'>, nest: Nest | undefined): readonly Expr[] => {
  const { body, length, reverse, invariants, carries } = e.attributes
  if (nest === undefined) return body.results.map((_, k) => get(e, k))
  const { chunks, steps } = nest
  const chunked = chunks * steps
  const rest = length - chunked
  if (chunks < 1 || steps < 1 || rest < 0) return bug(`${chunks} chunks of ${steps} in a loop of ${length}`)

  // The chunks come first in time.
  const [low, high] = reverse ? [rest, 0] : [0, chunked]
  const before = e.args.slice(0, invariants + carries)
  const sequences = e.args.slice(invariants + carries)
  const part = (x: Expr, start: number, count: number): Expr =>
    count === length ? x : slice(x, start, count)
  const inChunks = (x: Expr): Expr => {
    const [, ...entry] = x.type.kind === 'tensor' ? x.type.shape : bug('a sequence is a tensor')
    return reshape(part(x, low, chunked), [chunks, steps, ...entry])
  }
  const params = chunkParams(e, steps)
  const chunk = scan(
    params.map((p, i) => argument(i, p.type)),
    { ...e.attributes, length: steps },
  ) as Expr<'scan'>
  const outer = scan([...before, ...sequences.map(inChunks)], {
    ...e.attributes,
    body: func(params, nested(chunk, nest.within)),
    length: chunks,
  })
  const first = body.results.map((r, k) => {
    if (k < carries) return get(outer, k)
    const entry = r.type.kind === 'tensor' ? r.type.shape : bug('a result is a tensor')
    return reshape(get(outer, k), [chunked, ...entry])
  })
  if (rest === 0) return first

  const last = scan(
    [...e.args.slice(0, invariants), ...first.slice(0, carries), ...sequences.map(x => part(x, high, rest))],
    { ...e.attributes, length: rest },
  )
  return first.map((x, k) => {
    if (k < carries) return get(last, k)
    return reverse ? concat(get(last, k), x) : concat(x, get(last, k))
  })
}

/** The function with its loops nested as `nestOf` says; undefined leaves a loop as it is. Loops in loops stay. */
export const checkpoint = (f: Func, nestOf: (loop: Expr<'scan'>) => Nest | undefined): Func =>
  replaceLoops(f, loop => {
    const nest = nestOf(loop)
    return nest && { loop, items: nested(loop, nest) }
  })
