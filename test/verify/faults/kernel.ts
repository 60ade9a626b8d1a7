/** Engines that are broken on purpose: the native one on plans in which an instruction was changed. */
import assert from 'node:assert/strict'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../../src/backend/backend.ts'
import { type Addon, loadAddon } from '../../../src/backend/native/addon.ts'
import { load } from '../../../src/backend/native/backend.ts'
import { compile } from '../../../src/backend/native/compile.ts'
import type { Instruction, Plan } from '../../../src/backend/native/plan.ts'

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

/** Products with a matrix that forget its last column. */
export const shortProducts = broken(i => {
  if (i.op !== 'matvec') return i
  const [rows, columns, width, adjoint] = i.attributes as readonly [number, number, number, number]
  return columns > 1 ? { ...i, attributes: [rows, columns, width, adjoint === 1 ? 0 : 1] } : i
})
