/**
 * Values that are computed where they are read, and not before. What one program computes and another, later one alone reads
 * is written and read for that. If it is pointwise and made of vectors that are kept in any case, that program can compute it
 * itself.
 */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { isPointwise } from '../../ir/ops.ts'
import { type Program, programsOf, type Surroundings, withPrograms } from './programs.ts'
import { countOf, largestCluster, type Unit } from './schedule.ts'

export const postpone = (
  units: readonly Unit[],
  { needs, users, isResult }: Surroundings,
): readonly Unit[] => {
  const programs = units.flatMap(programsOf)
  const nodesOf = new Map<Program, readonly Expr[]>(programs.map(p => [p, p.nodes]))
  /** Where a node takes its operands, and where its own value is at hand without being kept. */
  const takenIn = new Map<Expr, Program>()
  const madeIn = new Map<Expr, Program>()
  programs.forEach((p, k) => {
    for (const e of p.own) {
      takenIn.set(e, p)
      madeIn.set(e, p.nodes.includes(e) ? p : programs[k + 1]!)
    }
  })
  const isKept = (x: Expr, chain: readonly Expr[]): boolean =>
    isResult(x) || users(x).some(u => !chain.includes(u) && takenIn.get(u) !== madeIn.get(x))
  /** The one program, not its own, in which a node is read. */
  const readerOf = (e: Expr): Program | undefined => {
    const reading = new Set(users(e).map(u => takenIn.get(u)))
    const [only] = reading
    return reading.size === 1 && !isResult(e) && only !== madeIn.get(e) ? only : undefined
  }
  const isRead = (x: Expr, p: Program): boolean => nodesOf.get(p)!.some(e => e.args.includes(x))
  /** The node, with what it alone reads of its program's; undefined unless all else is at hand in the other. */
  const chainOf = (e: Expr, from: Program, to: Program): readonly Expr[] | undefined => {
    const chain = [e]
    const vectors = new Set<Expr>()
    for (const x of chain) {
      const made = needs(x)
      // A carry may be gone by then.
      const isGiven = (a: Expr): boolean => a.op !== 'broadcast' && !made.some(n => n.node === a)
      if (x.args.some(a => isGiven(a) && tensorType(a).rate === 'varying')) return undefined
      for (const { node, late } of made) {
        if (node.type.kind !== 'tensor') return undefined
        if (countOf(node) === 1 || chain.includes(node)) continue
        if (late || countOf(node) !== countOf(e)) return undefined
        if (isKept(node, chain)) vectors.add(node)
        else if (
          isPointwise(node.op) &&
          takenIn.get(node) === from &&
          users(node).every(u => chain.includes(u))
        )
          chain.push(node)
        else return undefined
      }
      if (chain.length + nodesOf.get(to)!.length > largestCluster) return undefined
    }
    const more = [...vectors].filter(x => !isRead(x, to)).length
    return vectors.size > 0 && more <= 1 ? chain : undefined
  }
  // Readers first: what only they need can follow them.
  for (const from of [...programs].reverse())
    for (const e of [...from.nodes].reverse()) {
      const to = takenIn.get(e) === from && isPointwise(e.op) && countOf(e) > 1 ? readerOf(e) : undefined
      const chain = to === undefined ? undefined : chainOf(e, from, to)
      if (to === undefined || chain === undefined) continue
      const [moved, left] = [true, false].map(is => nodesOf.get(from)!.filter(x => chain.includes(x) === is))
      nodesOf.set(from, left!)
      nodesOf.set(to, [...moved!, ...nodesOf.get(to)!])
      for (const x of chain) {
        takenIn.set(x, to)
        madeIn.set(x, to)
      }
    }
  return withPrograms(
    units,
    programs.map(p => nodesOf.get(p)!),
  )
}
