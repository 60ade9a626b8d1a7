/** Unitary operators: what each does to a vector, and its adjoint. Vectors are complex, interleaved. */
import type { UnitaryAttributes } from '../../ir/ops.ts'
import { inverse } from '../../ir/permutation.ts'
import { tensorOf } from '../../ir/tensor.ts'
import { asTensor, asUnitary, type Rule, type Unitary } from './rule.ts'

const smallestFactor = (n: number): number => {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p
  return n
}

/** e^(−2πi j/n) for j = 0 … n − 1. */
const rootsOfUnity = (n: number): Float64Array => {
  const roots = new Float64Array(2 * n)
  for (let j = 0; j < n; j++) {
    roots[2 * j] = Math.cos((2 * Math.PI * j) / n)
    roots[2 * j + 1] = -Math.sin((2 * Math.PI * j) / n)
  }
  return roots
}

/**
 * The transform, without its factor 1/√n, of the n entries from `from` on, `stride` apart: n = p m is p
 * transforms of size m, of every p-th entry each, with X_k = Σ_r w^(rk) X^(r)_(k mod m).
 */
const transform = (
  x: Float64Array,
  from: number,
  stride: number,
  n: number,
  roots: Float64Array,
): Float64Array => {
  if (n === 1) return x.slice(2 * from, 2 * from + 2)
  const p = smallestFactor(n)
  const m = n / p
  const parts = Array.from({ length: p }, (_, r) => transform(x, from + r * stride, stride * p, m, roots))
  const result = new Float64Array(2 * n)
  const step = roots.length / 2 / n
  for (let k = 0; k < n; k++)
    for (let r = 0; r < p; r++) {
      const part = parts[r]!
      const w = 2 * step * ((r * k) % n)
      const at = 2 * (k % m)
      result[2 * k]! += roots[w]! * part[at]! - roots[w + 1]! * part[at + 1]!
      result[2 * k + 1]! += roots[w]! * part[at + 1]! + roots[w + 1]! * part[at]!
    }
  return result
}

const dft = (n: number): Unitary => {
  const roots = rootsOfUnity(n)
  const back = roots.map((x, j) => (j % 2 === 0 ? x : -x))
  const by = (table: Float64Array) => (x: Float64Array) =>
    transform(x, 0, 1, n, table).map(value => value / Math.sqrt(n))
  return { apply: by(roots), applyAdjoint: by(back) }
}

/** x ↦ D x for the diagonal with these cosines, and sines times `sign`. */
const rotate = (angles: Float64Array, sign: 1 | -1) => (x: Float64Array) => {
  const result = new Float64Array(x.length)
  angles.forEach((angle, j) => {
    const [c, s] = [Math.cos(angle), sign * Math.sin(angle)]
    result[2 * j] = c * x[2 * j]! - s * x[2 * j + 1]!
    result[2 * j + 1] = c * x[2 * j + 1]! + s * x[2 * j]!
  })
  return result
}

/** x − 2 v (v^H x)/‖v‖². */
const reflect = (v: Float64Array) => (x: Float64Array) => {
  const norm = v.reduce((total, a) => total + a * a, 0)
  if (norm === 0) return x.slice()
  let re = 0
  let im = 0
  for (let j = 0; j < v.length; j += 2) {
    re += v[j]! * x[j]! + v[j + 1]! * x[j + 1]!
    im += v[j]! * x[j + 1]! - v[j + 1]! * x[j]!
  }
  const result = x.slice()
  for (let j = 0; j < v.length; j += 2) {
    result[j]! -= (2 / norm) * (v[j]! * re - v[j + 1]! * im)
    result[j + 1]! -= (2 / norm) * (v[j]! * im + v[j + 1]! * re)
  }
  return result
}

const gather = (from: readonly number[]) => (x: Float64Array) => {
  const result = new Float64Array(x.length)
  from.forEach((k, j) => {
    result[2 * j] = x[2 * k]!
    result[2 * j + 1] = x[2 * k + 1]!
  })
  return result
}

export const unitaryRules: { readonly [K in keyof UnitaryAttributes]: Rule<K> } = {
  identity: () => ({ apply: x => x.slice(), applyAdjoint: x => x.slice() }),
  phase: args => {
    const angles = asTensor(args[0]).data
    return { apply: rotate(angles, 1), applyAdjoint: rotate(angles, -1) }
  },
  dft: (_, { size }) => dft(size),
  permute: (_, { permutation }) => ({
    apply: gather(permutation),
    applyAdjoint: gather(inverse(permutation)),
  }),
  reflect: args => {
    const mirror = reflect(asTensor(args[0]).data)
    return { apply: mirror, applyAdjoint: mirror }
  },
  compose: args => {
    const factors = args.map(asUnitary)
    return {
      apply: x => factors.reduceRight((y, u) => u.apply(y), x),
      applyAdjoint: x => factors.reduce((y, u) => u.applyAdjoint(y), x),
    }
  },
  adjoint: args => {
    const { apply, applyAdjoint } = asUnitary(args[0])
    return { apply: applyAdjoint, applyAdjoint: apply }
  },
  apply: args => {
    const x = asTensor(args[1])
    return tensorOf(x, asUnitary(args[0]).apply(x.data))
  },
}
