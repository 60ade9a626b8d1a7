/** The passes of the compiler, in order. */
import type { Func } from '../ir/expr.ts'
import { expand } from './expand.ts'
import { fuseUnitary } from './fuseUnitary.ts'
import { hoist } from './hoist.ts'
import type { Pass } from './pass.ts'
import { prune } from './prune.ts'
import { simplify } from './simplify.ts'

/** From a model's function to what the engine has instructions for. */
export const standard: readonly Pass[] = [
  simplify,
  fuseUnitary, // needs whole chains, so before they are written out
  expand,
  simplify, // the formulas that `expand` writes have constants in them
  hoist, // what `expand` wrote of parameters leaves the loops
  prune,
]

export const optimise = (f: Func, passes: readonly Pass[] = standard): Func =>
  passes.reduce((g, pass) => pass.run(g), f)
