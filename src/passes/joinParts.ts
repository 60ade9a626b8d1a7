/**
 * Sums of parts, each filled up with zeros, are those parts joined: the cotangents of a vector that was read in parts, as
 * gates are, if they lie beside each other; of a complex one whose real and imaginary parts were read.
 */
import { add, complexOf, concat, isZero, pad, zerosLike } from '../ir/build.ts'
import { type Expr, type Func, func, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { changed, type Pass, silent, type Tell } from './pass.ts'
import { usesOf } from './uses.ts'

interface Part {
  readonly values: Expr
  readonly start: number
  readonly end: number
}

const partOf = (e: Expr<'pad'>): Part => {
  const values = required(e.args[0], 'an operand')
  const { before } = e.attributes
  return { values, start: before, end: before + tensorType(values).shape[0]! }
}

/** Runs of parts, each from where the one before it ends. */
const runs = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const found: Part[][] = []
  for (const p of [...parts].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1)
    if (last?.at(-1)?.end === p.start) last.push(p)
    else found.push([p])
  }
  return found
}

const joined = (run: readonly Part[], size: number): Expr => {
  const [before, after] = [run[0]!.start, size - run.at(-1)!.end]
  const values = run.map(p => p.values).reduce(concat)
  return before + after === 0 ? values : pad(values, before, after)
}

const isReal = (e: Expr): boolean => e.op === 'complex' && isZero(required(e.args[1], 'an imaginary part'))
const isImaginary = (e: Expr): boolean => e.op === 'complex' && isZero(required(e.args[0], 'a real part'))

/** Σ x + i Σ y, of terms x + 0 i and 0 + i y. */
const together = (real: readonly Expr[], imaginary: readonly Expr[]): Expr => {
  const sum = (terms: readonly Expr[], i: 0 | 1): Expr | undefined =>
    terms.length === 0 ? undefined : terms.map(t => required(t.args[i], 'a part')).reduce(add)
  const [x, y] = [sum(real, 0), sum(imaginary, 1)]
  return complexOf(x ?? zerosLike(y!), y ?? zerosLike(x!))
}

/** The sum with parts joined, if there are any; `inner`: whether a sum is read by this one alone. */
const join = (e: Expr, inner: (e: Expr) => boolean): Expr => {
  const all: Expr[] = []
  const pending = [e] // a sum may be as deep as it is long
  for (let x = pending.pop(); x !== undefined; x = pending.pop())
    if (x === e || (x.op === 'add' && inner(x))) pending.push(...[...x.args].reverse())
    else all.push(x)
  const pads = all.flatMap(x => (x.op === 'pad' ? [partOf(x as Expr<'pad'>)] : []))
  const found = runs(pads)
  const [real, imaginary] = [all.filter(isReal), all.filter(x => isImaginary(x) && !isReal(x))]
  const halves = real.length + imaginary.length
  if (found.length === pads.length && halves < 2) return e
  const size = tensorType(e).shape[0]!
  const made = found.map(run => joined(run, size))
  const rest = all.filter(x => x.op !== 'pad' && !(halves > 1 && (isReal(x) || isImaginary(x))))
  return [...rest, ...made, ...(halves > 1 ? [together(real, imaginary)] : [])].reduce(add)
}

const joinLevel = (f: Func, tell: Tell): Func => {
  const uses = usesOf(f.results)
  const inSum = new Set<Expr>(
    postorder(f.results).flatMap(e => (e.op === 'add' ? e.args.filter(a => a.op === 'add') : [])),
  )
  const inner = (e: Expr): boolean => uses(e) === 1 && inSum.has(e)
  return func(
    f.params,
    rewrite(f.results, (rebuilt, original) => {
      // The sum is joined where it ends. What an operand has become is told by where it came from.
      if (original.op !== 'add' || inner(original)) return rebuilt
      const from = new Map<Expr, boolean>()
      const pending: (readonly [Expr, Expr])[] = [[rebuilt, original]]
      for (let pair = pending.pop(); pair !== undefined; pair = pending.pop())
        for (const [i, now] of pair[0].args.entries()) {
          const was = pair[1].args[i]!
          from.set(now, inner(was))
          if (inner(was) && now.op === 'add') pending.push([now, was])
        }
      return changed(
        rebuilt,
        join(rebuilt, e => from.get(e) === true),
        'a sum of parts filled up with zeros = the parts joined',
        tell,
      )
    }),
  )
}

export const joinParts: Pass = {
  name: 'joinParts',
  summary: 'sums of parts filled up with zeros become those parts joined',
  run: (f, tell = silent) => deeply(f, g => joinLevel(g, tell)),
}
