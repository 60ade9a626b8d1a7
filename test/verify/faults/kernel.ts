/** Engines that are broken on purpose: the native one on plans in which an instruction was changed. */
import assert from 'node:assert/strict'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../../src/backend/backend.ts'
import { type Addon, loadAddon } from '../../../src/backend/native/addon.ts'
import { load } from '../../../src/backend/native/backend.ts'
import { compile } from '../../../src/backend/native/compile.ts'
import { type Instruction, microOpCode, type Plan } from '../../../src/backend/native/plan.ts'

const addon: Addon = E.getOrElse<string, Addon>(why => assert.fail(why))(loadAddon())

const changed = (
  instructions: readonly Instruction[],
  change: (i: Instruction) => Instruction,
): readonly Instruction[] => instructions.map(i => change({ ...i, body: changed(i.body, change) }))

/** The native engine, with every instruction changed before it runs. */
const broken = (change: (i: Instruction) => Instruction): Backend => ({
  name: 'native',
  start: (program, options) => {
    const plan = compile(program)
    if (E.isLeft(plan)) return E.left({ kind: 'BackendError', message: plan.left.message })
    const other: Plan = {
      ...plan.right,
      segments: plan.right.segments.map(s => ({ ...s, instructions: changed(s.instructions, change) })),
    }
    return load(addon, other, options)
  },
})

/** Inverse transforms that run forward. */
export const forwardOnly = broken(i =>
  i.op === 'transform' ? { ...i, attributes: i.attributes.map((a, k) => (k === 1 ? 0 : a)) } : i,
)

/** Sines that are cosines, in maps and in the programs that ride on transforms. */
export const wrongSine = broken(i => {
  if (i.op !== 'map') return i
  const [count, outputs, inputs] = i.attributes as readonly [number, number, number]
  // (count, outputs, inputs, temporaries), three numbers for each operand, the number of micro-ops, five for each.
  const first = 4 + 3 * (outputs + inputs) + 1
  assert.ok(count > 0)
  return {
    ...i,
    attributes: i.attributes.map((a, k) =>
      k >= first && (k - first) % 5 === 0 && a === microOpCode('sin') ? microOpCode('cos') : a,
    ),
  }
})
