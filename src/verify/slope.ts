/** Slopes by central differences, which keep away from corners. */
import type { Numbers } from '../backend/backend.ts'
import { type Func, func } from '../ir/expr.ts'
import { type Tensor, tensorOf, type Value } from '../ir/tensor.ts'
import type { Program } from './arbitraries.ts'
import { type Margin, withMargins } from './corners.ts'
import { evaluated, meaning, numbers } from './run.ts'

/** One input, and a direction for each of its numbers. */
export interface Direction {
  readonly param: number
  readonly by: Numbers
}

/** The inputs moved by h along the direction. */
export const movedAlong = (
  inputs: readonly Value[],
  { param, by }: Direction,
  h: number,
): readonly Value[] => {
  const move = (x: Tensor, from: number): Tensor =>
    tensorOf(
      x,
      x.data.map((a, i) => a + h * by[from + i]!),
    )
  return inputs.map((v, k) => {
    if (k !== param) return v
    if (v.rate === 'uniform') return { ...v, tensor: move(v.tensor, 0) }
    let at = 0
    const tensors = v.tensors.map(t => {
      const next = move(t, at)
      at += t.data.length
      return next
    })
    return { ...v, tensors }
  })
}

/** Re Σ conj(g) d. */
export const along = (g: Numbers, by: Numbers): number => g.reduce((sum, x, i) => sum + x * by[i]!, 0)

export type Slope =
  | { readonly kind: 'slope'; readonly value: number; readonly steps: number }
  /** Something has a corner within the smallest step, or bends too much to tell. */
  | { readonly kind: 'corner' }

/* h, and how often it may be made a tenth. */
const widest = 1e-3
const attempts = 3
/* Beyond a corner that a modulus cannot cross but come near, so many steps are far enough. */
const clearance = 20

interface Point {
  readonly loss: number
  readonly margins: readonly Numbers[]
}

const crossed = (margins: readonly Margin[], points: readonly Point[]): boolean => {
  const [centre, ...around] = points
  return margins.some(({ signed }, k) => {
    const at = centre!.margins[k]!
    return at.some((m, i) => {
      const others = around.map(p => p.margins[k]![i]!)
      // What does not move does not matter, not even at the corner.
      return others.some(o => o !== m && (signed ? o * m <= 0 : clearance * Math.abs(o - m) >= m))
    })
  })
}

/**
 * Slopes of a program's first result, to fourth order: (4 c(h/2) − c(h))/3 for the central difference c. A step that
 * crosses a corner, or whose two differences disagree, is made smaller, and given up at last.
 */
export const slopes = (p: Program): ((d: Direction) => Slope) => {
  const loss: Func = func(p.func.params, p.func.results.slice(0, 1))
  const { func: f, margins } = withMargins(loss)
  const pointAt = (d: Direction, h: number): Point => {
    const [value, ...rest] = meaning({
      ...p,
      func: f,
      inputs: h === 0 ? p.inputs : movedAlong(p.inputs, d, h),
    })
    return { loss: value!.reduce((sum, x) => sum + x, 0), margins: rest }
  }
  let centre: Point | undefined
  return d => {
    centre ??= pointAt(d, 0)
    for (let k = 0; k < attempts; k++) {
      const h = widest * 10 ** -k
      const [near, far] = [h / 2, h].map(by => [pointAt(d, -by), pointAt(d, by)] as const)
      if (crossed(margins, [centre, ...near!, ...far!])) continue
      const [inner, outer] = [near!, far!].map(
        ([below, above], i) => (above.loss - below.loss) / (h * (i + 1)),
      )
      if (Math.abs(inner! - outer!) > 1e-4 * (1e-2 + Math.abs(inner!))) continue
      return { kind: 'slope', value: (4 * inner! - outer!) / 3, steps: k }
    }
    return { kind: 'corner' }
  }
}

/** How near the program's values are to a corner, at least; infinity where it has none. */
export const nearestCorner = (p: Program): number => {
  const { func: f, margins } = withMargins(p.func)
  const values = evaluated({ ...p, func: f })
    .slice(p.func.results.length)
    .map(numbers)
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...margins.flatMap((_, k) => values[k]!.reduce((least, m) => Math.min(least, Math.abs(m)), Infinity)),
  )
}
