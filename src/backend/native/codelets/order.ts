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

/**
 * Stores and loads of values that found no register: with each operation, what is needed latest makes room. One
 * operand may come from memory, so a value that is read for the last time takes no register for it. The sum of
 * the lives of values, much smaller, tells orders apart that are otherwise alike.
 */
export const cost = (g: Graph, order: readonly number[], registers: number): number => {
  const uses: number[][] = Array.from({ length: g.values }, () => [])
  order.forEach((v, at) => {
    for (const value of g.reads[v]!) uses[value]!.push(at)
  })
  const nextUse = (value: number, at: number): number => uses[value]!.find(u => u > at) ?? Infinity
  const held = new Map<number, number>()
  const inMemory = new Set<number>()
  let traffic = 0
  let lives = 0
  const makeRoom = (pinned: readonly number[]): void => {
    while (held.size > registers) {
      let latest = -1
      let when = -1
      for (const [value, next] of held) {
        if (next > when && !pinned.includes(value)) [latest, when] = [value, next]
      }
      if (latest < 0) return
      held.delete(latest)
      if (when === Infinity) continue
      if (!inMemory.has(latest)) traffic++
      inMemory.add(latest)
    }
  }
  order.forEach((v, at) => {
    let folded = false
    for (const value of g.reads[v]!) {
      const next = nextUse(value, at)
      if (!held.has(value)) {
        traffic++
        if (next === Infinity && !folded) {
          folded = true
          continue
        }
      }
      held.set(value, next)
    }
    makeRoom(g.reads[v]!)
    for (const value of g.reads[v]!) if (held.get(value) === Infinity) held.delete(value)
    for (const value of g.makes[v]!) held.set(value, nextUse(value, at))
    makeRoom(g.makes[v]!)
    lives += held.size
  })
  return traffic + lives / (1000 * order.length)
}
