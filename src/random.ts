/**
 * Streams of random numbers. A stream belongs to a seed, a label and a position, so that what is drawn for
 * example i is the same wherever and in whatever order it is drawn.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** Random numbers, one after the other. */
export interface Stream {
  /** The next real in [low, high). */
  readonly real: (low: number, high: number) => number
  /** The next whole number from low to high, both included. */
  readonly integer: (low: number, high: number) => number
}

/* Between bounds that are none, drawing would give no whole number, or never end. */
const between = (low: number, high: number): void => {
  if (Number.isSafeInteger(low) && Number.isSafeInteger(high) && low <= high) return
  throw new RangeError(`integer(${low}, ${high}): its bounds must be whole numbers, the lower one first`)
}

/* A bijection of 32-bit words (the finaliser of MurmurHash3), so that distinct positions stay distinct. */
const mix = (word: number): number => {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** One 32-bit word from the bits of many numbers, in their order. */
export const digest = (numbers: Iterable<number>, start = 0): number => {
  const bits = new Float64Array(1)
  const words = new Int32Array(bits.buffer)
  let h = mix(start ^ 0x9e3779b9)
  for (const x of numbers) {
    bits[0] = x
    h = mix(h ^ words[0]!)
    h = mix((h + 0x9e3779b9) ^ words[1]!)
  }
  return h
}

/**
 * The stream of these three: a whole number, a name for what it is drawn for, a place in a sequence of such. Its state is
 * its own; nothing else sees it.
 */
export const stream = (seed: number, label: string, position = 0): Stream => {
  const key = [seed, position, ...Array.from(label, c => c.codePointAt(0)!)]
  // All 128 bits depend on the key: from 32 of them the first draws would be linear in each other. Never all zero.
  const generator = xoroshiro128plusFromState([1, 2, 3, 4].map(k => digest(key, k) | (k === 1 ? 1 : 0)))
  return {
    real: (low, high) => low + (high - low) * uniformFloat64(generator),
    integer: (low, high) => {
      between(low, high)
      return uniformInt(generator, low, high)
    },
  }
}

/** A permutation of 0 … n − 1, drawn by Fisher and Yates. */
export const permutation = (n: number, s: Stream): readonly number[] => {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new RangeError(`permutation(${n}, …): its size must be a whole number from 0 up`)
  const p = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = s.integer(0, i)
    const held = p[i]!
    p[i] = p[j]!
    p[j] = held
  }
  return p
}
