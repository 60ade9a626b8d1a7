/** A task: what a model reads, what it is to say, and the examples, without end, by a seed. */
import type { Input } from '../dsl/elaborate.ts'
import type { Reads, Recurrent } from '../dsl/model.ts'
import type { Real } from '../dsl/term.ts'
import { reals } from '../ir/type.ts'
import { digest, type Stream, stream } from '../random.ts'

/** Examples to learn from, and those that only measure. No example is ever in both. */
export type Split = 'train' | 'held-out'

/** One example: each input's numbers, by name. */
export type Example = Readonly<Record<string, Float64Array>>

export interface Task {
  readonly name: string
  /** The numbers that, with the name, say which task this is. */
  readonly settings: Readonly<Record<string, number>>
  readonly reads: Reads
  /** Numbers in a model's output. */
  readonly writes: number
  /** Steps in a sequence. */
  readonly length: number
  /** What one example is made of, all of it varying. */
  readonly inputs: readonly Input[]
  /** Example `i` of a split; the same whenever it is asked for. */
  readonly example: (split: Split, i: number) => Example
  /** How many held-out examples there are, if not as many as one likes. */
  readonly heldOut?: number
  /**
   * Examples in neither split, for tasks whose held-out ones choose among a run's states: the chosen one is measured
   * on these, all of them, once.
   */
  readonly test?: { readonly count: number; readonly example: (i: number) => Example }
  /** SHA-256 of the files that the examples come from, by name. */
  readonly data?: Readonly<Record<string, string>>
  /** The loss of one example. */
  readonly loss: (model: Recurrent) => Real
  readonly lossName: string
  /** 1 if the answer to one example is right, else 0; its mean is the accuracy. */
  readonly correct?: (model: Recurrent) => Real
  /** The loss of the best answer that remembers nothing. */
  readonly baseline: { readonly value: number; readonly meaning: string }
}

/** One content in this many is held out. */
const heldOutOneIn = 8

const splitOf = (content: Iterable<number>): Split =>
  (digest(content) >>> 0) % heldOutOneIn === 0 ? 'held-out' : 'train'

/**
 * Example `i`'s own content: drawn from its stream again and again until it falls to the split. Which split a
 * content falls to depends on the content alone, so the splits are disjoint whatever the seed.
 */
export const drawFor = (
  seed: number,
  label: string,
  split: Split,
  i: number,
  draw: (s: Stream) => readonly number[],
): readonly number[] => {
  const s = stream(seed, `${label} ${split}`, i)
  for (;;) {
    const content = draw(s)
    if (splitOf(content) === split) return content
  }
}

/** Examples `first` … `first + count − 1`, one after the other: what a session runs on. */
export const pack = (
  inputs: readonly Input[],
  example: (i: number) => Example,
  first: number,
  count: number,
): Example => {
  const packed = Object.fromEntries(
    inputs.map(({ name, type }) => [name, new Float64Array(count * reals(type))]),
  )
  for (let k = 0; k < count; k++)
    for (const [name, numbers] of Object.entries(example(first + k)))
      packed[name]!.set(numbers, k * numbers.length)
  return packed
}

/** The same of a split. */
export const batch = (task: Task, split: Split, first: number, count: number): Example =>
  pack(task.inputs, i => task.example(split, i), first, count)
