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

/**
 * Moves one operation after the other, chosen at random, to another place between its operands and its users, and
 * keeps what is no worse. (To accept what is a little worse at first, as annealing does, found worse orders.)
 */
export const improve = (g: Graph, start: readonly number[], effort: number): readonly number[] => {
  const next = random(start.length)
  const order = [...start]
  const place = new Int32Array(order.length)
  const settle = (from: number, to: number): void => {
    for (let at = Math.min(from, to); at <= Math.max(from, to); at++) place[order[at]!] = at
  }
  const move = (from: number, to: number): void => {
    order.splice(to, 0, ...order.splice(from, 1))
    settle(from, to)
  }
  settle(0, order.length - 1)
  let least = cost(g, order, registers)
  for (let i = 0; i < effort && least >= 1; i++) {
    const from = Math.floor(next() * order.length)
    const v = order[from]!
    let first = 0
    let last = order.length - 1
    for (const u of g.before[v]!) first = Math.max(first, place[u]! + 1)
    for (const u of g.after[v]!) last = Math.min(last, place[u]! - 1)
    const to = first + Math.floor(next() * (last - first + 1))
    if (to === from) continue
    move(from, to)
    const now = cost(g, order, registers, least)
    if (now <= least) least = now
    else move(to, from)
  }
  return order
}
