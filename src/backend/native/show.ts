/** A plan as text, an instruction a line, for people. */
import { opcodes } from './opcodes.ts'
import type { Instruction, Operand, Plan } from './plan.ts'

const operand = ({ space, offset, strides }: Operand): string =>
  `${space === 'uniform' ? 'u' : 'v'}${offset}${strides.map((s, d) => (s === 0 ? '' : `+${s}·t${d}`)).join('')}`

const instruction = (i: Instruction, indent: string): readonly string[] => {
  const names: readonly string[] = opcodes[i.op].attributes
  const attributes = names.map((name, k) => `${name} ${i.attributes[k]}`).join(', ')
  const line = `${indent}${i.op} ${i.operands.map(operand).join(' ')}${attributes === '' ? '' : ` (${attributes})`}`
  return [line.replace(/ +\(/, ' ('), ...i.body.flatMap(b => instruction(b, `${indent}  `))]
}

/** `u`, `v`: the uniform and the varying arena; offsets in numbers; `+k·t0`: moves by k each step of the loop. */
export const showPlan = (plan: Plan): string =>
  plan.segments
    .flatMap(s => [
      `${s.rate}:`,
      ...s.instructions.flatMap(i => instruction(i, '  ')),
      ...s.reductions.map(
        r => `  sum over examples u${r.to} v${r.from} (units ${r.units}, reduced ${Number(r.reduced)})`,
      ),
    ])
    .join('\n')
