/** Loops in chunks compute what they computed, and so do their gradients; nests keep what they promise to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Expr, Func } from '../../src/ir/expr.ts'
import { sameType } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import { deeply } from '../../src/ir/walk.ts'
import { checkpoint } from '../../src/passes/checkpoint.ts'
import { leastEntries, type Nest, nestWithin, recomputedSteps, savedEntries } from '../../src/passes/nest.ts'
import { type Program, programs } from '../../src/verify/arbitraries.ts'
import { holds, holdsAsync } from '../seed.ts'
import {
  distance,
  evaluated,
  gradients,
  nodesOf,
  numbers,
  right,
  runNative,
  withGradient,
} from './support.ts'

/** Some nest of so many steps. */
const nestOf = (length: number, draw: (most: number) => number, levels = 2): Nest | undefined => {
  if (levels <= 0) return undefined
  const steps = 1 + draw(length - 1)
  const chunks = 1 + draw(Math.floor(length / steps) - 1)
  return { chunks, steps, within: nestOf(steps, draw, levels - 1 - draw(1)) }
}

/** The program with loops in chunks at every depth, by these draws. */
const inChunks = (f: Func, seed: number): Func => {
  let state = seed
  const draw = (most: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % (most + 1)
  }
  const choose = (e: Expr<'scan'>): Nest | undefined => nestOf(e.attributes.length, draw)
  return deeply(f, g => checkpoint(g, choose))
}

const drawn = (options: Parameters<typeof programs>[0] = {}) =>
  fc.tuple(programs(options), fc.noBias(fc.nat())).filter(([p]) => nodesOf(p.func).some(e => e.op === 'scan'))
const small = { differentiable: true, depth: 2, batch: fc.integer({ min: 1, max: 4 }) }

const values = (p: Program) => evaluated(p).map(numbers)

test('a function whose loops run in chunks has the value and the type it had', () => {
  holds(
    fc.property(drawn(), ([p, seed]) => {
      const after = inChunks(p.func, seed)
      right(verify(after))
      return (
        after !== p.func &&
        after.results.every((r, k) => sameType(r.type, p.func.results[k]!.type)) &&
        distance(values({ ...p, func: after }), values(p)) < 1e-12
      )
    }),
    300,
  )
})

test('and the gradient it had', () => {
  holds(
    fc.property(drawn(small), ([p, seed]) => {
      const [whole, chunked] = [p, { ...p, func: inChunks(p.func, seed) }].map(q => {
        const g = withGradient(q)
        return gradients(g, values(g))
      })
      return distance(chunked!, whole!) < 1e-11
    }),
    150,
  )
})

test('and the engine computes it', () =>
  holdsAsync(
    fc.asyncProperty(drawn(small), async ([p, seed]) => {
      const g = withGradient({ ...p, func: inChunks(p.func, seed) })
      return distance(await runNative(g), values(g)) < 1e-11
    }),
    120,
  ))

test('a nest keeps what it may keep, and no more than it must recompute', () => {
  const lengths = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2 ** 20 }))
  holds(
    fc.property(
      lengths.chain(length =>
        fc.tuple(fc.constant(length), fc.integer({ min: leastEntries(length), max: length + 3 })),
      ),
      ([length, entries]) => {
        const found = nestWithin(length, entries)
        if (found === undefined) return false
        const { nest } = found
        const whole = (n: Nest, of: number): boolean =>
          n.chunks >= 1 &&
          n.steps >= 1 &&
          n.chunks * n.steps <= of &&
          (n.within === undefined || whole(n.within, n.steps))
        return (
          (nest === undefined) === length <= entries &&
          (nest === undefined || whole(nest, length)) &&
          savedEntries(length, nest) <= entries &&
          // the chunk lies where the rest has been
          (nest === undefined ||
            savedEntries(nest.steps, nest.within) <= length - nest.chunks * nest.steps) &&
          recomputedSteps(nest) <= 3 * length
        )
      },
    ),
    60,
  )
  assert.equal(nestWithin(1000, leastEntries(1000) - 1), undefined)
})

test('with room for half of the steps half of them run again, with room for twice the root all do', () => {
  const share = (entries: number): number => recomputedSteps(nestWithin(10_000, entries)?.nest) / 10_000
  for (const [entries, most] of [
    [9_999, 0.001],
    [9_000, 0.101],
    [5_100, 0.501],
    [2_500, 0.78],
    [225, 1],
    [80, 2],
    [50, 3],
  ] as const) {
    assert.ok(share(entries) <= most, `${entries} entries: ${share(entries)}`)
    assert.ok(share(entries) > 0)
  }
})
