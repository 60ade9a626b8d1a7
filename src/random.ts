/**
 * Streams of random numbers. A stream belongs to a seed, a label and a position, so that what is drawn for
 * example i is the same wherever and in whatever order it is drawn.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Stream {
  /** The next real in [low, high). */
  readonly real: (low: number, high: number) => number
  /** The next whole number from low to high, both included. */
  readonly integer: (low: number, high: number) => number
}

/* A bijection of 32-bit words (the finaliser of MurmurHash3), so that distinct positions stay distinct. */
const mix = (word: number): number => {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const hash = (seed: number, label: string): number => {
  let h = mix(seed | 0) ^ mix(Math.floor(seed / 2 ** 32) + 1)
  for (const c of label) h = mix(h ^ c.codePointAt(0)!)
  return h
}

/** The stream of these three. Its state is its own; nothing else sees it. */
export const stream = (seed: number, label: string, position = 0): Stream => {
  const generator = xoroshiro128plus(mix(hash(seed, label) ^ mix(position)))
  return {
    real: (low, high) => low + (high - low) * uniformFloat64(generator),
    integer: (low, high) => uniformInt(generator, low, high),
  }
}

/** A permutation of 0 … n − 1, drawn by Fisher and Yates. */
export const permutation = (n: number, s: Stream): readonly number[] => {
  const p = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = s.integer(0, i)
    const held = p[i]!
    p[i] = p[j]!
    p[j] = held
  }
  return p
}
