/**
 * An order for the nodes of one block (a segment, or a loop's body), in units that become one instruction each: a
 * single node; a cluster of pointwise nodes and inner products over equally many elements; a transform with the
 * clusters that make its elements and take them on. Whatever a unit needs from outside is computed before it.
 */
import type { Expr } from '../../ir/expr.ts'
import { tensorType } from '../../ir/expr.ts'
import { isPointwise } from '../../ir/ops.ts'
import { elements } from '../../ir/type.ts'

export type Unit =
  | { readonly kind: 'cluster'; readonly nodes: readonly Expr[] }
  | {
      readonly kind: 'transform'
      readonly before: readonly Expr[]
      readonly node: Expr
      readonly after: readonly Expr[]
    }
  | { readonly kind: 'single'; readonly node: Expr }

/** The nodes of a unit, in the order in which an element meets them. */
export const nodesOf = (u: Unit): readonly Expr[] =>
  u.kind === 'cluster' ? u.nodes : u.kind === 'single' ? [u.node] : [...u.before, u.node, ...u.after]

export const isTransform = (e: Expr): boolean =>
  e.op === 'apply' && (e.args[0]!.op === 'dft' || e.args[0]!.op === 'adjoint')

/** An inner product: known only when the last element is. */
export const isSum = (e: Expr): boolean => e.op === 'dot'

/** Whether the node takes its operands element by element, and so may read them repeated or permuted. */
export const takesElements = (e: Expr): boolean => isPointwise(e.op) || isSum(e) || isTransform(e)

/** What a node needs. `late`: not before its unit is done, even in the same unit. */
export interface Need {
  readonly node: Expr
  readonly late: boolean
}

/** Needs, each node once; late if it is so anywhere. */
const distinct = (needs: readonly Need[]): readonly Need[] => {
  const found = new Map<Expr, boolean>()
  for (const { node, late } of needs) found.set(node, late || found.get(node) === true)
  return [...found].map(([node, late]) => ({ node, late }))
}

/** Keeps one program's registers in the first-level cache. */
export const largestCluster = 64

const isNumber = (e: Expr): boolean => elements(tensorType(e).shape) === 1

/** Elements that a clustered node goes over. */
export const countOf = (e: Expr): number => elements(tensorType(isSum(e) ? e.args[0]! : e).shape)

/**
 * `nodes`: those to be computed, operands first. `alone`: pointwise ones that are single instructions nevertheless.
 *
 * A *free* node is pointwise, no single number, and needs nothing of the block but single numbers and free nodes over as many
 * elements. It is computed in the unit of its first reader, not before: what is kept for later costs a trip to memory. One that
 * nobody in the block reads, which may be an inner product, goes with the first unit that computes something it needs, or reads
 * a vector that it reads. So does one that only *ends* read: instructions, such as the sum of a matrix's gradient, that nobody
 * waits for. They come when all they need is there. A chain of free nodes is no longer than a cluster.
 */
export const schedule = (
  nodes: readonly Expr[],
  needs: (e: Expr) => readonly Need[],
  alone: (e: Expr) => boolean,
): readonly Unit[] => {
  const clusters = (e: Expr): boolean => (isPointwise(e.op) || isSum(e)) && !alone(e)
  const inBlock = new Set(nodes)
  const needsOf = new Map(nodes.map(e => [e, needs(e).filter(n => inBlock.has(n.node))]))
  const readers = new Map<Expr, Expr[]>()
  for (const e of nodes)
    for (const { node } of needsOf.get(e)!) {
      const known = readers.get(node)
      if (known === undefined) readers.set(node, [e])
      else known.push(e)
    }
  /** Free nodes, and how long a chain of such ends with each. */
  const free = new Map<Expr, number>()
  /** The numbers that a free node needs, itself or through others. */
  const numbers = new Map<Expr, readonly Need[]>()
  for (const e of nodes) {
    if (!clusters(e) || (isSum(e) ? readers.has(e) : isNumber(e))) continue
    const needed = needsOf.get(e)!.map((n): readonly Need[] | undefined => {
      if (free.has(n.node)) return n.late || countOf(n.node) !== countOf(e) ? undefined : numbers.get(n.node)
      return clusters(n.node) && isNumber(n.node) && countOf(e) > 1 ? [n] : undefined
    })
    const length = needsOf.get(e)!.reduce((longest, n) => Math.max(longest, 1 + (free.get(n.node) ?? 0)), 1)
    if (needed.includes(undefined) || length > largestCluster) continue
    free.set(e, length)
    numbers.set(e, distinct(needed.flatMap(list => list ?? [])))
  }

  const users = new Map<Expr, { readonly user: Expr; readonly late: boolean }[]>(nodes.map(e => [e, []]))
  const missing = new Map<Expr, number>()
  for (const e of nodes) {
    const awaited = distinct(
      needsOf.get(e)!.flatMap(n => (free.has(e) || !free.has(n.node) ? [n] : numbers.get(n.node)!)),
    )
    missing.set(e, awaited.length)
    for (const { node, late } of awaited) users.get(node)!.push({ user: e, late: late || isSum(node) })
  }
  /** Single instructions that nobody in the block reads but for each other. */
  const ends = new Set<Expr>()
  const isIdle = (e: Expr): boolean => (readers.get(e) ?? []).every(r => ends.has(r))
  for (const e of [...nodes].reverse()) if (!clusters(e) && !isTransform(e) && isIdle(e)) ends.add(e)
  /** Free nodes that nobody in the block reads but for such instructions. */
  const idle = nodes.filter(e => free.has(e) && isIdle(e))
  const position = new Map(nodes.map((e, i) => [e, i]))
  /** How many transforms one after the other a node's value takes. */
  const depth = new Map<Expr, number>()
  for (const e of nodes) {
    const before = needsOf.get(e)!.reduce((most, n) => Math.max(most, depth.get(n.node) ?? 0), 0)
    depth.set(e, before + (isTransform(e) ? 1 : 0))
  }
  /** What a transform is given, and what that is made of element by element: its first program can make it. */
  const fed = new Set<Expr>()
  for (const e of [...nodes].reverse()) {
    if (!isTransform(e) && !fed.has(e)) continue
    for (const { node, late } of needsOf.get(e)!)
      if (!late && clusters(node) && !isSum(node) && countOf(node) === countOf(e)) fed.add(node)
  }
  const taken = new Set<Expr>()
  let ready = nodes.filter(e => !free.has(e) && missing.get(e) === 0)
  let deferred: Expr[] = []
  let waiting = true // of free nodes, for readers
  const open = new Set<Expr>() // free nodes of the unit under way
  const done = new Set<Expr>() // nodes of the units before it
  const units: Unit[] = []

  const met = (user: Expr): void => {
    missing.set(user, missing.get(user)! - 1)
    if (missing.get(user) !== 0 || (waiting && free.has(user))) return
    const behind = ready.findIndex(r => position.get(r)! > position.get(user)!)
    ready.splice(behind < 0 ? ready.length : behind, 0, user)
  }
  const take = (e: Expr): void => {
    taken.add(e)
    ready = ready.filter(r => r !== e)
    for (const { user, late } of users.get(e)!) {
      if (late) deferred.push(user)
      else met(user)
    }
  }
  const flush = (): void => {
    const late = deferred
    deferred = []
    late.forEach(met)
  }
  const close = (u: Unit): void => {
    units.push(u)
    for (const e of nodesOf(u)) done.add(e)
    open.clear()
    flush()
  }
  const isWaiting = (n: Need): boolean => free.has(n.node) && !taken.has(n.node)
  /** Whether `e`'s unit cannot compute a free node that it reads. */
  const isApart = (e: Expr, n: Need): boolean =>
    n.late || !(clusters(e) || isTransform(e)) || countOf(n.node) !== countOf(e)
  /** Whether a unit that is begun can take the node: nothing has to be computed apart, or done, before it. */
  const canJoin = (e: Expr): boolean =>
    !needsOf.get(e)!.some(n => (isWaiting(n) && isApart(e, n)) || (n.late && open.has(n.node)))
  /** The free nodes that `e` reads and that its unit computes; for the others, units are made before it: one where it can be. */
  const pulled = (e: Expr): readonly Expr[] => {
    const found: Expr[] = []
    let before: Unit | undefined
    for (const apart of [true, false])
      for (const n of needsOf.get(e)!) {
        if (!isWaiting(n) || isApart(e, n) !== apart) continue
        const chain = [...pulled(n.node), n.node]
        taken.add(n.node)
        for (const { user } of users.get(n.node)!) missing.set(user, missing.get(user)! - 1)
        if (apart) {
          const joined =
            before !== undefined && before === units.at(-1) ? [...nodesOf(before), ...chain] : chain
          const joins =
            joined.length > chain.length &&
            joined.length <= largestCluster &&
            countOf(joined[0]!) === countOf(n.node)
          if (joins) units.pop()
          before = { kind: 'cluster', nodes: joins ? joined : chain }
          units.push(before)
          for (const a of chain) done.add(a)
        } else {
          found.push(...chain)
          for (const a of chain) open.add(a)
        }
      }
    return found
  }
  /** The vectors from before the block that a node reads. */
  const given = (e: Expr): readonly Expr[] =>
    e.args.filter(
      a => !inBlock.has(a) && a.type.kind === 'tensor' && a.type.rate === 'varying' && countOf(a) > 1,
    )
  /**
   * Free nodes without a reader that need what the unit under way computes, or a vector that it reads, with what else they
   * need.
   */
  const unread = (unit: readonly Expr[], count: number): readonly Expr[] => {
    if (!waiting) return [] // they are ready like others
    const read = new Set(unit.flatMap(given))
    const known = new Map<Expr, boolean>()
    const touches = (x: Expr): boolean => {
      const found =
        known.get(x) ??
        (given(x).some(a => read.has(a)) ||
          needsOf.get(x)!.some(n => open.has(n.node) || (isWaiting(n) && touches(n.node))))
      known.set(x, found)
      return found
    }
    return idle.flatMap(e => {
      if (taken.has(e) || countOf(e) !== count) return []
      if (!touches(e) || !numbers.get(e)!.every(n => done.has(n.node))) return []
      const chain = [...pulled(e), e]
      taken.add(e)
      known.clear()
      return chain
    })
  }
  /** Takes what can join, the seed first. `behind`: the transform whose results it takes, with what is in front of that. */
  const grow = (seed: Expr, behind: readonly Expr[] = []): readonly Expr[] => {
    const cluster: Expr[] = []
    // What another transform is given, and has nothing of this one's, is left to it.
    const isLeft = (e: Expr): boolean =>
      behind.length > 0 &&
      fed.has(e) &&
      !needsOf.get(e)!.some(n => behind.includes(n.node) || cluster.includes(n.node))
    for (
      let next: Expr | undefined = seed;
      next !== undefined && cluster.length < largestCluster;
      next = ready.find(e => clusters(e) && countOf(e) === countOf(seed) && canJoin(e) && !isLeft(e))
    ) {
      cluster.push(...pulled(next), next)
      take(next)
    }
    cluster.push(...unread(cluster, countOf(seed)))
    return cluster
  }
  const ridesOn = (e: Expr, sweep: readonly Expr[]): boolean =>
    clusters(e) && needs(e).some(n => !n.late && sweep.includes(n.node) && countOf(n.node) === countOf(e))
  const reads = (e: Expr, a: Expr): boolean => needs(e).some(n => n.node === a && !n.late)

  /** The transform's unit: what only its second program reads belongs to that, or it would go through memory. */
  const settled = (before: readonly Expr[], node: Expr, after: readonly Expr[]): Unit => {
    const second = new Set(after)
    const moved = [...before].reverse().filter(e => {
      const reading = readers.get(e) ?? []
      if (isSum(e) || reading.length === 0 || !reading.every(r => second.has(r) && reads(r, e))) return false
      second.add(e)
      return true
    })
    return {
      kind: 'transform',
      before: before.filter(e => !second.has(e)),
      node,
      after: [...moved.reverse(), ...after],
    }
  }

  for (;;) {
    const last = units.at(-1)
    /* Whether the cluster before can be the transform's first program. */
    const merges = (e: Expr): boolean =>
      last?.kind === 'cluster' && last.nodes.some(x => countOf(x) === countOf(e) && reads(e, x)) && canJoin(e)
    // Numbers first: what needs them can ride on what comes next.
    const number = ready.find(e => clusters(e) && countOf(e) === 1)
    if (number !== undefined && !ready.some(e => isTransform(e) && merges(e))) {
      close({ kind: 'cluster', nodes: grow(number) })
      continue
    }
    const end = ready.find(e => ends.has(e) && canJoin(e))
    if (end !== undefined) {
      take(end)
      close({ kind: 'single', node: end })
      continue
    }
    // What a transform of another's results does not need had better be there for what rides on it.
    const transform = ready
      .filter(isTransform)
      .reduce<Expr | undefined>(
        (best, e) => (best === undefined || depth.get(e)! < depth.get(best)! ? e : best),
        undefined,
      )
    if (transform !== undefined) {
      const joined = last?.kind === 'cluster' && merges(transform) ? last.nodes : []
      if (joined.length > 0) units.pop()
      // What that cluster has made is under way again, and a number that it sums is known when the sweep is done.
      for (const e of joined) done.delete(e)
      const begun = new Set(joined.filter(isSum))
      const waits = (e: Expr): boolean =>
        needsOf
          .get(e)!
          .some(n => begun.has(n.node) || (isWaiting(n) && numbers.get(n.node)!.some(m => begun.has(m.node))))
      const before = [...joined, ...pulled(transform)]
      before.push(...unread(before, countOf(transform)))
      // Inner products of what the transform is given are known when its first sweep is done.
      for (const sum of ready.filter(e => isSum(e) && ridesOn(e, before) && canJoin(e) && !waits(e))) {
        before.push(...pulled(sum), sum)
        take(sum)
      }
      flush()
      take(transform)
      const sums = before.filter(isSum)
      const first = ready.find(
        e =>
          clusters(e) &&
          countOf(e) === countOf(transform) &&
          (reads(e, transform) || ridesOn(e, sums)) &&
          canJoin(e),
      )
      close(settled(before, transform, first === undefined ? [] : grow(first, [...before, transform])))
      continue
    }
    // Other instructions of their own next: what they give lets later clusters grow.
    const single = ready.find(e => !clusters(e) && !ends.has(e))
    const cluster = ready.find(clusters)
    const next = single ?? cluster ?? ready[0]
    if (next !== undefined && !clusters(next)) {
      pulled(next)
      take(next)
      close({ kind: 'single', node: next })
    } else if (next !== undefined) close({ kind: 'cluster', nodes: grow(next) })
    else if (waiting) {
      // What nobody in the block reads.
      waiting = false
      ready = nodes.filter(e => free.has(e) && !taken.has(e) && missing.get(e) === 0)
    } else return units
  }
}
