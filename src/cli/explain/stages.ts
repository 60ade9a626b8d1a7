/** A program after each pass: what it is then, what it costs, what the pass did. */
import type { Func } from '../../ir/expr.ts'
import { postorder } from '../../ir/order.ts'
import { bodiesOf } from '../../ir/print.ts'
import { type Cost, cost, type Step, steps } from '../../passes/cost.ts'
import { counted } from '../../passes/pass.ts'
import { standard } from '../../passes/pipeline.ts'

export interface Stage {
  readonly name: string
  readonly summary: string
  readonly func: Func
  /** How often each of the pass's rules applied. */
  readonly fired: ReadonlyMap<string, number>
  readonly nodes: number
  readonly cost: Cost
  readonly loops: readonly Step[]
}

const stage = (name: string, summary: string, func: Func, fired: ReadonlyMap<string, number>): Stage => ({
  name,
  summary,
  func,
  fired,
  nodes: [func, ...bodiesOf(func)].reduce((sum, g) => sum + postorder(g.results).length, 0),
  cost: cost(func),
  loops: steps(func),
})

/** The programs after each pass, the first as it was declared. */
export const stagesOf = (f: Func, summary: string): readonly [Stage, ...Stage[]] => {
  const done: [Stage, ...Stage[]] = [stage('declared', summary, f, new Map())]
  let func = f
  for (const pass of standard) {
    const { func: next, fired } = counted(pass, func)
    func = next
    done.push(stage(pass.name, pass.summary, next, fired))
  }
  return done
}
