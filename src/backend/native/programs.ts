/** The programs of a block's units: a map has one, a transform one in front of it and one behind it. */
import type { Expr } from '../../ir/expr.ts'
import type { Need, Unit } from './schedule.ts'

/** What is known of the block. */
export interface Surroundings {
  readonly needs: (e: Expr) => readonly Need[]
  readonly users: (e: Expr) => readonly Expr[]
  /** A result of the block. */
  readonly isResult: (e: Expr) => boolean
}

/** One of a unit's programs: its nodes in order, and the nodes that see them as their own. */
export interface Program {
  readonly nodes: readonly Expr[]
  readonly own: ReadonlySet<Expr>
}

export const programsOf = (u: Unit): readonly Program[] => {
  if (u.kind === 'single') return []
  if (u.kind === 'cluster') return [{ nodes: u.nodes, own: new Set(u.nodes) }]
  return [
    { nodes: u.before, own: new Set([...u.before, u.node]) },
    { nodes: u.after, own: new Set(u.after) },
  ]
}

/** The units with these nodes in their programs, in the order of `programsOf`. A map of none is gone. */
export const withPrograms = (
  units: readonly Unit[],
  programs: readonly (readonly Expr[])[],
): readonly Unit[] => {
  let next = 0
  const taken = (): readonly Expr[] => programs[next++]!
  return units.flatMap((u): readonly Unit[] => {
    if (u.kind === 'single') return [u]
    if (u.kind === 'transform') return [{ ...u, before: taken(), after: taken() }]
    const nodes = taken()
    return nodes.length === 0 ? [] : [{ ...u, nodes }]
  })
}
