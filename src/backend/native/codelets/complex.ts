/** Complex numbers as pairs of real expressions. */
import type { Arithmetic, Scaled } from './arithmetic.ts'

export interface Complex {
  readonly re: Scaled
  readonly im: Scaled
}

export type Transform = (x: readonly Complex[]) => Complex[]

/** cos and sin of 2π k/n, with equal numbers where they are equal. */
export const circle = (k: number, n: number): { readonly cos: number; readonly sin: number } => {
  const turn = ((k % n) + n) % n
  if (8 * turn > 4 * n) {
    const { cos, sin } = circle(n - turn, n)
    return { cos, sin: -sin }
  }
  if (8 * turn > 2 * n) {
    const { cos, sin } = circle(4 * turn - n, 4 * n)
    return { cos: -sin, sin: cos }
  }
  if (8 * turn > n) {
    const { cos, sin } = circle(n - 4 * turn, 4 * n)
    return { cos: sin, sin: cos }
  }
  if (turn === 0) return { cos: 1, sin: 0 }
  if (8 * turn === n) return { cos: Math.SQRT1_2, sin: Math.SQRT1_2 }
  return { cos: Math.cos((2 * Math.PI * turn) / n), sin: Math.sin((2 * Math.PI * turn) / n) }
}

export const plus = (m: Arithmetic, a: Complex, b: Complex): Complex => ({
  re: m.add(a.re, b.re),
  im: m.add(a.im, b.im),
})

export const minus = (m: Arithmetic, a: Complex, b: Complex): Complex => ({
  re: m.subtract(a.re, b.re),
  im: m.subtract(a.im, b.im),
})

/** −i a */
export const turned = (m: Arithmetic, a: Complex): Complex => ({ re: a.im, im: m.scale(-1, a.re) })

/** (re + i im) a */
export const timesConstant = (m: Arithmetic, a: Complex, re: number, im: number): Complex => {
  if (im === 0) return { re: m.scale(re, a.re), im: m.scale(re, a.im) }
  if (re === 0) return { re: m.scale(-im, a.im), im: m.scale(im, a.re) }
  return {
    re: m.subtract(m.scale(re, a.re), m.scale(im, a.im)),
    im: m.add(m.scale(re, a.im), m.scale(im, a.re)),
  }
}

/** e^(−2πi k/n) a */
export const rotated = (m: Arithmetic, a: Complex, k: number, n: number): Complex => {
  const { cos, sin } = circle(k, n)
  return timesConstant(m, a, cos, -sin)
}

/** a times the twiddle of that index. */
export const timesTwiddle = (m: Arithmetic, a: Complex, index: number): Complex => {
  const re = m.twiddle(index, 're')
  const im = m.twiddle(index, 'im')
  return {
    re: m.subtract(m.product(a.re, re), m.product(a.im, im)),
    im: m.add(m.product(a.im, re), m.product(a.re, im)),
  }
}
