/**
 * From an optimised function to a plan: nodes get an order (`schedule`), buffers by liveness (`allocate`) and
 * instructions. Uniform and varying work alternate in segments: uniform values once, varying values for each
 * block of examples, sums over the examples in between. A loop's carries are updated in place where their readers
 * allow it; a carry that is also stacked lives in its stack, so that history is never copied.
 */
import * as E from 'fp-ts/lib/Either.js'
import { argument, type Expr, type Func, tensorType } from '../../ir/expr.ts'
import { bug, required } from '../../ir/invariant.ts'
import { elements, type Rate, rateOf, reals, width } from '../../ir/type.ts'
import { postorder } from '../../ir/walk.ts'
import type { Program } from '../backend.ts'
import { type Arena, arena, type Buffer } from './allocate.ts'
import { analyse, type Block, isPermuted, isView, operandsOf } from './block.ts'
import { maxDepth, maxMapOperands, type OpcodeName, planVersion } from './opcodes.ts'
import type { Instruction, Operand, Plan } from './plan.ts'
import { programOf, type Source } from './program.ts'
import { countOf, isSum, nodesOf } from './schedule.ts'

export interface LowerError {
  readonly kind: 'LowerError'
  readonly message: string
}

/** What is shared by all blocks of one plan. */
interface Shop {
  readonly arenas: Readonly<Record<Rate, Arena>>
  readonly constant: (value: number) => number
  readonly permutation: (entries: readonly number[]) => number
}

/** One block being emitted. */
interface Site {
  readonly shop: Shop
  readonly block: Block
  readonly depth: number
  /** Where a computed node is kept. */
  readonly space: (e: Expr) => Rate
  readonly places: Map<Expr, Operand>
  /** Nodes whose place is given: results of loops. */
  readonly targets: ReadonlyMap<Expr, Operand>
  /** Buffers in use, and after which unit they are free. */
  readonly held: { readonly buffer: Buffer; readonly space: Rate; readonly until: number }[]
}

const unitsOf = (e: Expr): number => reals(tensorType(e))
const widthOf = (e: Expr): 1 | 2 => width(tensorType(e).field)
const instruction = (
  op: OpcodeName,
  operands: readonly Operand[],
  attributes: readonly number[],
  body: readonly Instruction[] = [],
): Instruction => ({ op, operands, attributes, body })

const at = (space: Rate, buffer: Buffer, depth: number): Operand => ({
  space,
  offset: buffer.offset,
  strides: new Array<number>(depth).fill(0),
})
const moved = (o: Operand, units: number): Operand => ({ ...o, offset: o.offset + units })
/** The operand as a loop's body sees it, moving by `stride` a step. */
const inside = (o: Operand, stride: number): Operand => ({ ...o, strides: [...o.strides, stride] })

const hold = (site: Site, space: Rate, units: number, until: number): Operand => {
  const buffer = site.shop.arenas[space].allocate(units)
  site.held.push({ buffer, space, until })
  return at(space, buffer, site.depth)
}

/** Frees what no unit after `unit` reads. */
const release = (site: Site, unit: number): void => {
  const kept = site.held.filter(h => h.until > unit)
  for (const h of site.held) if (h.until <= unit) site.shop.arenas[h.space].free(h.buffer)
  site.held.length = 0
  site.held.push(...kept)
}

/** Where a node's value lies. */
const place = (site: Site, e: Expr): Operand => {
  const known = site.places.get(e)
  if (known !== undefined) return known
  if (!isView(e) || e.op === 'get') return bug(`no place for ${e.op}`)
  const x = required(e.args[0], 'an operand')
  if (e.op !== 'slice') return place(site, x)
  return moved(place(site, x), e.attributes.start * (unitsOf(x) / tensorType(x).shape[0]!))
}

/** A place for the result of a unit. */
const result = (site: Site, e: Expr): Operand => {
  const given = site.targets.get(e) ?? hold(site, site.space(e), unitsOf(e), site.block.lastUse(e))
  site.places.set(e, given)
  return given
}

const fill = (site: Site, to: Operand, e: Expr<'constant'>): Instruction =>
  instruction(
    'fill',
    [to],
    [
      elements(e.attributes.type.shape),
      width(e.attributes.type.field),
      site.shop.constant(e.attributes.re),
      site.shop.constant(e.attributes.im),
    ],
  )

const copy = (to: Operand, from: Operand, units: number, repeats = 1): Instruction =>
  instruction('copy', [to, from], [units, repeats])

/** What a program's node finds as its operand. `members`: the nodes that the program computes itself. */
const sources =
  (site: Site, members: ReadonlySet<Expr>, element: Expr | undefined) =>
  (e: Expr): Source => {
    const read = (x: Expr, step: 0 | 1, permutation = -1): Source => ({
      kind: 'input',
      input: { operand: place(site, x), width: widthOf(x), step, permutation },
    })
    const source = (x: Expr): Source => {
      if (x === element) return { kind: 'element' }
      if (members.has(x)) return { kind: 'node', node: x }
      if (!site.block.isVirtual(x)) return read(x, 1)
      if (x.op === 'constant') {
        const { re, im } = x.attributes
        return { kind: 'constant', re, im, width: widthOf(x) }
      }
      const [operator, vector] = x.args
      if (x.op === 'apply' && operator?.op === 'permute')
        return read(required(vector, 'a vector'), 1, site.shop.permutation(operator.attributes.permutation))
      const scalar = required(x.args[0], 'a scalar')
      // A scalar repeated once is as long as the program, so it may be computed in it.
      const isInside = scalar === element || members.has(scalar) || site.block.isVirtual(scalar)
      return isInside ? source(scalar) : read(scalar, 0)
    }
    return source(e)
  }

/** Whether a node is read by others than these. */
const isRead = (site: Site, e: Expr, members: ReadonlySet<Expr>): boolean =>
  site.targets.has(e) ||
  site.block.lastUse(e) === Number.POSITIVE_INFINITY ||
  site.block.users(e).some(u => !members.has(u))

/* One map, or several where it would have more operands than the engine takes. */
const map = (site: Site, nodes: readonly Expr[]): readonly Instruction[] => {
  const members = new Set(nodes)
  const kept = nodes.filter(e => isSum(e) || isRead(site, e, members))
  const outside = new Set(nodes.flatMap(e => e.args.filter(a => !members.has(a))))
  if (kept.length + outside.size > maxMapOperands) {
    const half = nodes.length >> 1
    return [...map(site, nodes.slice(0, half)), ...map(site, nodes.slice(half))]
  }
  const stored = new Map(kept.map(e => [e, result(site, e)] as const))
  const source = sources(site, members, undefined)
  const p = programOf({ nodes, stored, takesElement: false }, source, site.shop.constant)
  return [
    instruction(
      'map',
      [...p.outputs, ...p.inputs],
      [countOf(nodes[0]!), p.outputs.length, p.inputs.length, p.temporaries, ...p.attributes],
    ),
  ]
}

/* One instruction, or the three that it is made of where it would have more operands than the engine takes. */
const transform = (
  site: Site,
  before: readonly Expr[],
  node: Expr,
  after: readonly Expr[],
): readonly Instruction[] => {
  const early = new Set([...before, node])
  const late = new Set(after)
  const operand = required(node.args[1], 'a vector')
  const keep = (nodes: readonly Expr[], members: ReadonlySet<Expr>): ReadonlyMap<Expr, Operand> =>
    new Map(nodes.filter(e => isSum(e) || isRead(site, e, members)).map(e => [e, result(site, e)] as const))
  const outside = new Set([...before, ...after].flatMap(e => e.args)).size + before.length + after.length + 2
  if (outside > maxMapOperands && before.length + after.length > 0)
    return [
      ...(before.length > 0 ? map(site, before) : []),
      ...transform(site, [], node, []),
      ...(after.length > 0 ? map(site, after) : []),
    ]
  const first = programOf(
    { nodes: before, stored: keep(before, early), takesElement: false, wanted: operand },
    sources(site, new Set(before), undefined),
    site.shop.constant,
  )
  const stored = keep(after, late)
  const second = programOf(
    {
      nodes: after,
      stored,
      takesElement: true,
      element: after.length === 0 || isRead(site, node, late) ? result(site, node) : undefined,
    },
    sources(site, late, node),
    site.shop.constant,
  )
  return [
    instruction(
      'transform',
      [...first.outputs, ...first.inputs, ...second.outputs, ...second.inputs],
      [
        tensorType(node).shape[0]!,
        node.args[0]!.op === 'adjoint' ? 1 : 0,
        first.outputs.length,
        first.inputs.length,
        first.temporaries,
        second.outputs.length,
        second.inputs.length,
        second.temporaries,
        ...first.attributes,
        first.result,
        ...second.attributes,
      ],
    ),
  ]
}

const accumulate = (site: Site, e: Expr, added: Expr): Instruction => {
  const to = result(site, e)
  const operands = added.args.map(a => place(site, a))
  return added.op === 'outer'
    ? instruction('outer', [to, ...operands], [...tensorType(added).shape, widthOf(added), 1])
    : instruction('put', [to, ...operands], [tensorType(added).shape[0]!, unitsOf(added.args[0]!), 1])
}

const single = (site: Site, e: Expr): readonly Instruction[] => {
  const added = site.block.accumulates.get(e)
  if (added !== undefined) return [accumulate(site, e, added)]
  if (e.op === 'scan') return loop(site, e as Expr<'scan'>)
  const x = e.args[0]
  const y = e.args[1]
  const from = (a: Expr | undefined): Operand => place(site, required(a, `an operand of ${e.op}`))
  const first = (): Expr => required(x, `an operand of ${e.op}`)
  switch (e.op) {
    case 'constant':
      return [fill(site, result(site, e), e)]
    case 'batchSize':
      return [instruction('batchSize', [result(site, e)], [])]
    case 'sum': {
      const inner = unitsOf(e)
      return [instruction('sum', [result(site, e), from(x)], [unitsOf(first()) / inner, inner])]
    }
    case 'broadcast': {
      const units = unitsOf(first())
      return [copy(result(site, e), from(x), units, unitsOf(e) / units)]
    }
    case 'logSumExp':
      return [instruction('logSumExp', [result(site, e), from(x)], [unitsOf(first())])]
    case 'matvec':
      return [
        instruction(
          'matvec',
          [result(site, e), from(x), from(y)],
          [...tensorType(first()).shape, widthOf(e), e.attributes.adjoint ? 1 : 0],
        ),
      ]
    case 'outer':
      return [
        instruction('outer', [result(site, e), from(x), from(y)], [...tensorType(e).shape, widthOf(e), 0]),
      ]
    case 'concat': {
      const to = result(site, e)
      const units = unitsOf(first())
      return [copy(to, from(x), units), copy(moved(to, units), from(y), unitsOf(e) - units)]
    }
    case 'pad': {
      const to = result(site, e)
      const entry = unitsOf(first()) / tensorType(first()).shape[0]!
      const zero = site.shop.constant(0)
      return [
        instruction('fill', [to], [unitsOf(e), 1, zero, zero]),
        copy(moved(to, e.attributes.before * entry), from(x), unitsOf(first())),
      ]
    }
    case 'take':
      return [
        instruction('take', [result(site, e), from(x), from(y)], [tensorType(first()).shape[0]!, unitsOf(e)]),
      ]
    case 'put':
      return [
        instruction('put', [result(site, e), from(x), from(y)], [e.attributes.size, unitsOf(first()), 0]),
      ]
    case 'apply': {
      const operator = first()
      if (operator.op !== 'permute') return bug(`${operator.op} is expanded before it is lowered`)
      return [
        instruction(
          'permute',
          [result(site, e), from(y)],
          [site.shop.permutation(operator.attributes.permutation)],
        ),
      ]
    }
    default:
      return bug(`${e.op} has no instruction`)
  }
}

/** One carry of a loop: where a step finds it, where it leaves it, where it is in the end. */
interface Carry {
  readonly start: Operand
  readonly read: Operand
  readonly write: Operand
  readonly final: Operand
  /** Its stack, where it has one. */
  readonly stack?: Operand
}

const carryPlaces = (
  site: Site,
  space: Rate,
  units: number,
  e: Expr<'scan'>,
  stacked: boolean,
  until: number,
): Carry => {
  const { length, reverse } = e.attributes
  if (!stacked) {
    const here = hold(site, space, units, until)
    return { start: here, read: inside(here, 0), write: inside(here, 0), final: here }
  }
  // One more entry than steps: step t reads its carry at one place and leaves the next beside it.
  const history = hold(site, space, units * (length + 1), until)
  const [low, high] = [history, moved(history, units)]
  const end = moved(history, units * length)
  return reverse
    ? { start: end, read: inside(high, units), write: inside(low, units), final: low, stack: high }
    : { start: low, read: inside(low, units), write: inside(high, units), final: end, stack: low }
}

/** Whether the next carry may be written over the present one: nobody reads that one afterwards. */
const inPlace = (block: Block, carry: Expr, next: Expr): boolean => {
  if (block.accumulates.has(next)) return true
  const unit = block.unitOf.get(next)
  const here = unit === undefined ? undefined : block.units[unit]
  if (unit === undefined || here === undefined || here.kind === 'single' || block.lastUse(carry) > unit)
    return false
  const nodes = nodesOf(here)
  const afterwards = nodes.slice(nodes.indexOf(next) + 1)
  return (
    next !== (here.kind === 'transform' ? here.node : undefined) &&
    !afterwards.some(e => readsThrough(e, carry)) &&
    !nodes.some(e => operandsOf(e).some(a => isPermuted(a) && readsThrough(a, carry)))
  )
}
const readsThrough = (e: Expr, source: Expr): boolean =>
  operandsOf(e).some(
    a => a === source || ((isView(a) || isPermuted(a) || a.op === 'broadcast') && readsThrough(a, source)),
  )

const loop = (site: Site, e: Expr<'scan'>): readonly Instruction[] => {
  const { body, length, reverse, invariants, carries } = e.attributes
  const space = site.space(e)
  const items = new Map(
    site.block.users(e).flatMap(g => (g.op === 'get' ? [[g.attributes.item, g] as const] : [])),
  )
  const here = required(site.block.unitOf.get(e), 'a unit')
  const until = (item: number): number => {
    const g = items.get(item)
    return g === undefined ? here : Math.max(here, site.block.lastUse(g))
  }
  const args: readonly Expr[] = body.params.map((p, i) => argument(i, p.type))
  const carryArgs = args.slice(invariants, invariants + carries)
  const nexts = body.results.slice(0, carries)
  const stacks = body.results.slice(carries)

  // Places of carries and stacks.
  const historyOf = (k: number): number => stacks.indexOf(carryArgs[k]!)
  const carry = carryArgs.map((a, k) => {
    const j = historyOf(k)
    return carryPlaces(
      site,
      space,
      unitsOf(a),
      e,
      j >= 0,
      j < 0 ? until(k) : Math.max(until(k), until(carries + j)),
    )
  })
  const stackPlace = stacks.map((s, j) => {
    const k = carryArgs.findIndex((_, c) => historyOf(c) === j)
    return k >= 0 ? carry[k]!.stack! : hold(site, space, unitsOf(s) * length, until(carries + j))
  })

  const start = carry.map((c, k) => {
    const initial = required(e.args[invariants + k], 'an initial carry')
    return initial.op === 'constant' && !site.places.has(initial)
      ? fill(site, c.start, initial)
      : copy(c.start, place(site, initial), unitsOf(initial))
  })

  // The body.
  const places = new Map<Expr, Operand>()
  args.forEach((a, i) => {
    const operand = e.args[i]!
    if (i < invariants) places.set(a, inside(place(site, operand), 0))
    else if (i < invariants + carries) places.set(a, carry[i - invariants]!.read)
    else places.set(a, inside(place(site, operand), unitsOf(a)))
  })
  const block = analyse(
    body.results,
    x => x.op === 'arg',
    () => 0,
    nexts.map((next, k) => ({ carry: carryArgs[k]!, next })),
  )
  const targets = new Map<Expr, Operand>()
  const claim = (x: Expr, to: Operand): boolean => {
    if (!block.unitOf.has(x) || targets.has(x) || x.op === 'scan') return false
    targets.set(x, to)
    return true
  }
  const isHistory = (k: number): boolean => carry[k]!.stack !== undefined
  const leftCarries = nexts
    .map((next, k) => ({ next, k }))
    .filter(
      ({ next, k }) =>
        !(!isHistory(k) && next === carryArgs[k]) &&
        !((isHistory(k) || inPlace(block, carryArgs[k]!, next)) && claim(next, carry[k]!.write)),
    )
  const leftStacks = stacks
    .map((s, j) => ({ s, j }))
    .filter(
      ({ s, j }) =>
        carryArgs.every((_, k) => historyOf(k) !== j) && !claim(s, inside(stackPlace[j]!, unitsOf(s))),
    )
  const inner: Site = {
    shop: site.shop,
    block,
    depth: site.depth + 1,
    space: () => space,
    places,
    targets,
    held: [],
  }
  const steps = emit(inner)
  // What could not be written in place is copied at the end: stacks first, then carries, by way of temporaries
  // where one carry's next value is another's present one.
  const copies = leftStacks.map(({ s, j }) =>
    copy(inside(stackPlace[j]!, unitsOf(s)), place(inner, s), unitsOf(s)),
  )
  const underlying = (x: Expr): Expr => (isView(x) && x.op !== 'get' ? underlying(x.args[0]!) : x)
  const pending = leftCarries.map(({ next, k }) => {
    const from = place(inner, next)
    if (!carryArgs.includes(underlying(next))) return { from, k, first: [] }
    const temporary = hold(inner, space, unitsOf(next), Number.POSITIVE_INFINITY)
    return { from: temporary, k, first: [copy(temporary, from, unitsOf(next))] }
  })
  release(inner, Number.POSITIVE_INFINITY)
  const instructions = [
    ...steps,
    ...copies,
    ...pending.flatMap(p => p.first),
    ...pending.map(({ from, k }) => copy(carry[k]!.write, from, unitsOf(carryArgs[k]!))),
  ]

  items.forEach((g, item) => {
    site.places.set(g, item < carries ? carry[item]!.final : stackPlace[item - carries]!)
  })
  return [...start, instruction('loop', [], [length, reverse ? 1 : 0, instructions.length], instructions)]
}

const emitUnit = (site: Site, index: number): readonly Instruction[] => {
  const unit = site.block.units[index]!
  const made =
    unit.kind === 'cluster'
      ? map(site, unit.nodes)
      : unit.kind === 'transform'
        ? transform(site, unit.before, unit.node, unit.after)
        : single(site, unit.node)
  release(site, index)
  return made
}

const emit = (site: Site): readonly Instruction[] => site.block.units.flatMap((_, i) => emitUnit(site, i))

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
      const found = known.get(key(row))
      if (found !== undefined) return found
      known.set(key(row), rows.length)
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
    held: [],
  }

  const made: {
    rate: Rate
    instructions: Instruction[]
    reductions: { from: number; to: number; units: number }[]
  }[] = []
  block.units.forEach((unit, i) => {
    const node = nodesOf(unit)[0]!
    const index = segmentOf(node)
    while (made.length <= index)
      made.push({ rate: made.length % 2 === 0 ? 'uniform' : 'varying', instructions: [], reductions: [] })
    const segment = made[index]!
    if (node.op === 'batchSum') {
      const from = place(site, required(node.args[0], 'an operand'))
      segment.reductions.push({ from: from.offset, to: result(site, node).offset, units: unitsOf(node) })
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
