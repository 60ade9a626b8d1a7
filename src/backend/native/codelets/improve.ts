import { cost, type Graph } from './order.ts'

/** The vectors of x86 with AVX2, less one for the twiddle or constant at hand. */
const registers = 15

/** Numbers in [0, 1) that are the same wherever the generator runs. */
const random = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Moves one operation, chosen at random, to another place between its operands and its users; keeps what is no worse. */
export const improve = (g: Graph, start: readonly number[], effort: number): readonly number[] => {
  const next = random(start.length)
  let best = [...start]
  let least = cost(g, best, registers)
  for (let i = 0; i < effort && least >= 1; i++) {
    const from = Math.floor(next() * best.length)
    const v = best[from]!
    const place = new Map(best.map((u, at) => [u, at]))
    const first = Math.max(-1, ...g.before[v]!.map(u => place.get(u)!)) + 1
    const last = Math.min(best.length, ...g.after[v]!.map(u => place.get(u)!)) - 1
    const to = first + Math.floor(next() * (last - first + 1))
    if (to === from) continue
    const moved = best.filter(u => u !== v)
    moved.splice(to, 0, v)
    const now = cost(g, moved, registers)
    if (now <= least) [best, least] = [moved, now]
  }
  return best
}
