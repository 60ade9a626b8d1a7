/**
 * From an optimised function to a plan: nodes get an order (`schedule`), buffers by liveness (`allocate`) and
 * instructions (`emit`). Uniform and varying work alternate in segments: uniform values once, varying values for
 * each block of examples, sums over the examples in between.
 */
import * as E from 'fp-ts/lib/Either.js'
import { argument, type Expr, type Func, tensorType } from '../../ir/expr.ts'
import { required } from '../../ir/invariant.ts'
import { postorder } from '../../ir/order.ts'
import { type Rate, rateOf, reals } from '../../ir/type.ts'
import type { Program } from '../backend.ts'
import { arena } from './allocate.ts'
import { analyse } from './block.ts'
import { emitUnit } from './emit.ts'
import { maxDepth, planVersion } from './opcodes.ts'
import type { Instruction, Operand, Plan } from './plan.ts'
import { nodesOf } from './schedule.ts'
import { at, place, release, result, type Shop, type Site, unitsOf } from './site.ts'

/** Why the engine cannot take a program: loops too deep, or more numbers than a plan can address. */
export interface LowerError {
  readonly kind: 'LowerError'
  readonly message: string
}

/** In which segment each node runs: even ones are uniform, odd ones varying, a sum over examples closes an odd one. */
const segments = (roots: readonly Expr[]): ((e: Expr) => number) => {
  const runs = new Map<Expr, number>()
  const available = new Map<Expr, number>()
  for (const e of postorder(roots)) {
    const earliest = Math.max(0, ...e.args.map(a => available.get(a)!))
    const odd = e.op === 'batchSum' || rateOf(e.type) === 'varying' ? 1 : 0
    const segment = e.op === 'arg' ? 0 : earliest + ((earliest + odd) % 2)
    runs.set(e, segment)
    available.set(e, e.op === 'batchSum' ? segment + 1 : e.op === 'arg' ? 0 : segment)
  }
  return e => required(runs.get(e), 'a segment')
}

/** Rows of a plan's table, each once; `place` tells where one is. */
const table = <A>(key: (row: A) => string): { readonly rows: A[]; readonly place: (row: A) => number } => {
  const rows: A[] = []
  const known = new Map<string, number>()
  return {
    rows,
    place: row => {
      const text = key(row)
      const found = known.get(text)
      if (found !== undefined) return found
      known.set(text, rows.length)
      return rows.push(row) - 1
    },
  }
}

/** How deep loops nest. */
const depth = (f: Func): number =>
  Math.max(0, ...postorder(f.results).map(e => (e.op === 'scan' ? 1 + depth(e.attributes.body) : 0)))

/** The plan of a program whose function the standard passes have prepared. */
export const lower = ({ func: f, updates }: Program): E.Either<LowerError, Plan> => {
  if (depth(f) > maxDepth)
    return E.left({
      kind: 'LowerError',
      message: `loops are nested ${depth(f)} deep; the engine goes to ${maxDepth}`,
    })
  const constants = table((value: number) => (Object.is(value, -0) ? '-0' : String(value)))
  const permutations = table((entries: readonly number[]) => entries.join())
  const shop: Shop = {
    arenas: { uniform: arena(), varying: arena() },
    constant: constants.place,
    permutation: permutations.place,
  }
  const args: readonly Expr[] = f.params.map((p, i) => argument(i, p.type))
  const places = new Map<Expr, Operand>(
    args.map(a => {
      const { rate } = tensorType(a)
      return [a as Expr, at(rate, shop.arenas[rate].allocate(unitsOf(a)), 0)] as const
    }),
  )
  const segmentOf = segments(f.results)
  const block = analyse(f.results, e => e.op === 'arg', segmentOf, [])
  const site: Site = {
    shop,
    block,
    depth: 0,
    space: e => rateOf(e.type),
    places,
    targets: new Map(),
    totals: new Map(),
    reduced: new Set(),
    held: [],
  }

  const made: {
    rate: Rate
    instructions: Instruction[]
    reductions: { from: number; to: number; units: number; reduced: boolean }[]
  }[] = []
  block.units.forEach((unit, i) => {
    const node = nodesOf(unit)[0]!
    const index = segmentOf(node)
    while (made.length <= index)
      made.push({ rate: made.length % 2 === 0 ? 'uniform' : 'varying', instructions: [], reductions: [] })
    const segment = made[index]!
    if (node.op === 'batchSum') {
      const summed = required(node.args[0], 'an operand')
      const from = place(site, summed)
      const reduced = site.reduced.has(summed)
      segment.reductions.push({
        from: from.offset,
        to: result(site, node).offset,
        units: unitsOf(node),
        reduced,
      })
      release(site, i)
    } else segment.instructions.push(...emitUnit(site, i))
  })

  const plan: Plan = {
    version: planVersion,
    units: { uniform: shop.arenas.uniform.size(), varying: shop.arenas.varying.size() },
    constants: constants.rows,
    permutations: permutations.rows,
    inputs: f.params.map(({ name, type }, i) => ({
      name,
      rate: type.rate,
      offset: places.get(args[i]!)!.offset,
      units: reals(type),
      bound: type.bound,
    })),
    outputs: f.results.map(r => ({ rate: rateOf(r.type), offset: place(site, r).offset, units: unitsOf(r) })),
    updates: updates.map(u => ({ output: u.result, input: u.param })),
    segments: made.filter(s => s.instructions.length + s.reductions.length > 0),
  }
  const largest = Math.max(plan.units.uniform, plan.units.varying)
  return largest < 2 ** 31
    ? E.right(plan)
    : E.left({
        kind: 'LowerError',
        message: `the program needs ${largest} numbers for each example, more than the 2^31 a plan can address: shorten the sequence or the state`,
      })
}
