/** The passes of the compiler, in order. */
import * as E from 'fp-ts/lib/Either.js'
import type { Func } from '../ir/expr.ts'
import { absorbPhases } from './absorbPhases.ts'
import { advanceProducts } from './advanceProducts.ts'
import { carryProducts } from './carryProducts.ts'
import { delaySums } from './delaySums.ts'
import { expand } from './expand.ts'
import { factorSums } from './factorSums.ts'
import { fuseUnitary } from './fuseUnitary.ts'
import { hoist } from './hoist.ts'
import { hoistProducts } from './hoistProducts.ts'
import { joinParts } from './joinParts.ts'
import { liftFactors } from './liftFactors.ts'
import { narrowProducts } from './narrowProducts.ts'
import { type Pass, type PassError, verified } from './pass.ts'
import { prune } from './prune.ts'
import { simplify } from './simplify.ts'
import { sinkBatchSums } from './sinkBatchSums.ts'
import { sinkPermutations } from './sinkPermutations.ts'
import { sinkSlices } from './sinkSlices.ts'
import { spreadSigns } from './spreadSigns.ts'
import { transposeMatrices } from './transposeMatrices.ts'

/**
 * What is worth doing before a gradient is taken: what is rewritten or leaves a loop here need not be undone in the
 * gradient of it.
 */
export const preparatory: readonly Pass[] = [
  simplify,
  fuseUnitary,
  narrowProducts,
  absorbPhases, // behind the two that show it what is invariant
  sinkSlices,
  hoist,
]

/** From a model's function to what the engine has instructions for. */
export const standard: readonly Pass[] = [
  simplify,
  narrowProducts,
  fuseUnitary, // needs whole chains, so before they are written out
  absorbPhases, // likewise
  expand,
  simplify, // the formulas that `expand` writes have constants in them
  liftFactors,
  sinkPermutations, // so that those of parameters are hoisted
  advanceProducts, // what a transform makes is then ready for all that follows it
  carryProducts, // behind the one that shows which products are of what a step is handed over
  delaySums,
  sinkSlices, // what is made of a part is then ready for all that follows it
  joinParts,
  transposeMatrices,
  hoist, // what `expand` wrote of parameters leaves the loops
  factorSums,
  hoistProducts, // what is left of a sum of outer products is one
  spreadSigns, // behind all that looks for numbers
  sinkBatchSums, // behind all that moves something out of a loop
  prune,
]

/** What the passes make of a function, one after the other. */
export const optimise = (f: Func, passes: readonly Pass[] = standard): Func =>
  passes.reduce((g, pass) => pass.run(g), f)

/** The same, with every pass held to its promise: the first that breaks a type, or fails, is named. */
export const optimiseVerified = (f: Func, passes: readonly Pass[] = standard): E.Either<PassError, Func> =>
  passes.reduce<E.Either<PassError, Func>>(
    (g, pass) => E.chain((h: Func) => verified(pass, h))(g),
    E.right(f),
  )
