/** What a pass owes to every program: its meaning and its type. */
import * as fc from 'fast-check'
import type { Func } from '../../src/ir/expr.ts'
import { sameType } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import type { Pass } from '../../src/passes/pass.ts'
import { optimise } from '../../src/passes/pipeline.ts'
import { type Program, runsOf } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'
import { distance, evaluated, numbers, right } from './support.ts'

const tolerance = 1e-11
const means = (p: Program): readonly Float64Array[] => evaluated(p).map(numbers)
export const keeps = (p: Program, pass: Pass): boolean => {
  const after = pass.run(p.func)
  right(verify(after))
  return (
    after.results.every((r, k) => sameType(r.type, p.func.results[k]!.type)) &&
    JSON.stringify(after.params) === JSON.stringify(p.func.params) &&
    distance(means({ ...p, func: after }), means(p)) < tolerance
  )
}
export const pipeline: Pass = { name: 'all', summary: '', run: f => optimise(f) }

export const keepsOn = (f: Func, pass: Pass): void =>
  holds(
    fc.property(runsOf(f), p => keeps(p, pass)),
    10,
  )
