/** Operations as a graph, and what an order of them costs on a machine with few registers. */
import { inputName, type Name, type Operation } from './operations.ts'

export interface Graph {
  /** The operations that one needs, and those that need it. */
  readonly before: readonly (readonly number[])[]
  readonly after: readonly (readonly number[])[]
  /** Of each operation, the values that it reads and makes; twiddles and constants stay in memory. */
  readonly reads: readonly (readonly number[])[]
  readonly makes: readonly (readonly number[])[]
  readonly values: number
}

const makesOf = (o: Operation): Name[] => {
  if (o.op === 'load') return [inputName(o.index, 're'), inputName(o.index, 'im')]
  return o.op === 'sum' ? [o.to] : []
}

const readsOf = (o: Operation): Name[] => {
  if (o.op === 'load') return []
  return o.op === 'sum' ? o.terms.map(t => t.value) : [o.re, o.im]
}

export const graph = (operations: readonly Operation[]): Graph => {
  const numbers = new Map<Name, number>()
  const makers: number[] = []
  const makes = operations.map((o, v) =>
    makesOf(o).map(name => {
      numbers.set(name, numbers.size)
      makers.push(v)
      return numbers.size - 1
    }),
  )
  const reads = operations.map(o => [...new Set(readsOf(o))].map(name => numbers.get(name)!))
  const before = reads.map(list => [...new Set(list.map(value => makers[value]!))])
  const after: number[][] = operations.map(() => [])
  before.forEach((list, v) => {
    for (const u of list) after[u]!.push(v)
  })
  return { before, after, reads, makes, values: numbers.size }
}

const never = 2 ** 30

/** Of each read of each operation, when the value is read next; and of each made value, when it is read first. */
const nextReads = (g: Graph, order: readonly number[]): { reads: Int32Array; first: Int32Array } => {
  const first = new Int32Array(g.values).fill(never)
  const reads = new Int32Array(2 * order.length)
  for (let at = order.length - 1; at >= 0; at--) {
    const list = g.reads[order[at]!]!
    for (let k = 0; k < list.length; k++) reads[2 * at + k] = first[list[k]!]!
    for (const value of list) first[value] = at
  }
  return { reads, first }
}

/** The values in registers, each with the time of its next use. */
interface Registers {
  readonly hold: (value: number, nextUse: number) => void
  readonly has: (value: number) => boolean
  readonly drop: (value: number) => void
  /** Stores what is needed latest, but none of the pinned, until no more than that many are held. */
  readonly makeRoom: (most: number, pinned: readonly number[]) => number
  readonly count: () => number
}

const registerFile = (values: number): Registers => {
  const held: number[] = []
  const next = new Int32Array(values).fill(-1)
  const inMemory = new Uint8Array(values)
  const drop = (value: number): void => {
    if (next[value]! < 0) return
    next[value] = -1
    held.splice(held.indexOf(value), 1)
  }
  return {
    hold: (value, nextUse) => {
      if (next[value]! < 0) held.push(value)
      next[value] = nextUse
    },
    has: value => next[value]! >= 0,
    drop,
    makeRoom: (most, pinned) => {
      let stores = 0
      while (held.length > most) {
        let latest = -1
        for (const value of held) {
          if ((latest < 0 || next[value]! > next[latest]!) && !pinned.includes(value)) latest = value
        }
        if (latest < 0) return stores
        if (next[latest]! < never && !inMemory[latest]) {
          inMemory[latest] = 1
          stores++
        }
        drop(latest)
      }
      return stores
    },
    count: () => held.length,
  }
}

/** A processor stores half as many vectors in a cycle as it loads. */
const storeCost = 2

/**
 * Stores and loads of values that found no register: with each operation, what is needed latest makes room. One
 * operand may come from memory, so a value that is read for the last time takes no register for it. The sum of
 * the lives of values, much smaller, tells orders apart that are otherwise alike. ∞ where it would be more than `most`.
 */
export const cost = (
  g: Graph,
  order: readonly number[],
  registers: number,
  most = Number.POSITIVE_INFINITY,
): number => {
  const { reads, first } = nextReads(g, order)
  const file = registerFile(g.values)
  let traffic = 0
  let lives = 0
  for (let at = 0; at < order.length; at++) {
    const list = g.reads[order[at]!]!
    const made = g.makes[order[at]!]!
    let folded = false
    for (let k = 0; k < list.length; k++) {
      const next = reads[2 * at + k]!
      const value = list[k]!
      const held = file.has(value)
      if (!held) traffic++
      if (!held && next === never && !folded) folded = true
      else file.hold(value, next)
    }
    traffic += storeCost * file.makeRoom(registers, list)
    for (let k = 0; k < list.length; k++) if (reads[2 * at + k] === never) file.drop(list[k]!)
    for (const value of made) file.hold(value, first[value]!)
    traffic += storeCost * file.makeRoom(registers, made)
    lives += file.count()
    if (traffic > most) return Number.POSITIVE_INFINITY
  }
  return traffic + lives / (1000 * order.length)
}
