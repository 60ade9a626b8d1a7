/**
 * The plan: what the engine runs. Versioned, plain data; `Plan` is also the io-ts codec that guards plans from
 * files. `tape` packs a plan into the integers and constants that the engine decodes (and checks again, itself:
 * it trusts nothing).
 *
 * Tape, all integers: magic, version, uniform units, varying units; inputs (count, then rate, offset, units,
 * bound each); outputs (count, then rate, offset, units each); updates (count, then output, input each); permutations
 * (count, then length and entries each);
 * segments (count, then each: rate, number of instructions, the instructions, number of reductions, then from,
 * to, units, reduced each). An instruction: opcode, number of operands, number of attributes, then for each operand space,
 * offset and one stride for each enclosing loop, outermost first, then the attributes. A `loop` is followed by its
 * body. Rate and space: 0 uniform, 1 varying.
 */
import * as t from 'io-ts'
import { microOpNames, type OpcodeName, opcodeNames, planVersion } from './opcodes.ts'

export const magic = 0x50525356 // 'PRSV'

const Rate = t.union([t.literal('uniform'), t.literal('varying')], 'uniform or varying')
const whole = (name: string, least: number): t.Type<number> => {
  const is = (u: unknown): u is number =>
    typeof u === 'number' && Number.isInteger(u) && u >= least && u < 2 ** 31
  return new t.Type(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity)
}
const Count = whole('a whole number from 0 to 2^31 − 1', 0)
const Integer = whole('a whole number of 32 bits', -(2 ** 31))
/* JSON has no form of these, so they are written as text. */
const unwritable: Readonly<Record<string, number>> = {
  '-0': -0,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
}
const Constant = new t.Type<number, number | string>(
  'a number',
  (u): u is number => typeof u === 'number',
  (u, context) => {
    if (typeof u === 'number') return t.success(u)
    const special = typeof u === 'string' && Object.hasOwn(unwritable, u) ? unwritable[u] : undefined
    return special === undefined ? t.failure(u, context) : t.success(special)
  },
  x => Object.keys(unwritable).find(name => Object.is(unwritable[name], x)) ?? x,
)
const Opcode = t.keyof(
  Object.fromEntries(opcodeNames.map(name => [name, null])) as Record<OpcodeName, null>,
  'an opcode',
)

/** Units from `offset` on of the arena of `space`; inside loops `strides[d]`·t_d units further. */
export const Operand = t.readonly(
  t.strict({ space: Rate, offset: Count, strides: t.readonlyArray(Integer) }),
  'Operand',
)
export type Operand = t.TypeOf<typeof Operand>

/** One instruction: an opcode, where its operands lie, its numbers. `opcodes.ts` lists what each takes. */
export interface Instruction {
  readonly op: OpcodeName
  readonly operands: readonly Operand[]
  readonly attributes: readonly number[]
  /** Of a loop; empty for the others. */
  readonly body: readonly Instruction[]
}
/** The codec of instructions. */
export const Instruction: t.Type<Instruction> = t.recursion('Instruction', () =>
  t.strict({
    op: Opcode,
    operands: t.readonlyArray(Operand),
    attributes: t.readonlyArray(Integer),
    body: t.readonlyArray(Instruction),
  }),
)

/** A sum over the examples: lanes of a block, then blocks in order. `reduced`: the lanes are summed already. */
const Reduction = t.strict({ from: Count, to: Count, units: Count, reduced: t.boolean }, 'Reduction')

/** Instructions that run once (uniform) or once for each block of examples (varying). */
export const Segment = t.strict(
  { rate: Rate, instructions: t.readonlyArray(Instruction), reductions: t.readonlyArray(Reduction) },
  'Segment',
)
export type Segment = t.TypeOf<typeof Segment>

/** `bound`: for an index, one more than its largest value; else 0. */
export const Input = t.strict(
  { name: t.string, rate: Rate, offset: Count, units: Count, bound: Count },
  'Input',
)
export const Output = t.strict({ rate: Rate, offset: Count, units: Count }, 'Output')

/** The codec of plans: reads one from JSON, or says what is wrong with it. */
export const Plan = t.strict(
  {
    version: t.literal(planVersion, `version ${planVersion}`),
    /** Arena sizes. */
    units: t.strict({ uniform: Count, varying: Count }),
    constants: t.readonlyArray(Constant),
    inputs: t.readonlyArray(Input),
    outputs: t.readonlyArray(Output),
    /** After a run that succeeds, the output becomes the input's value: state that stays in the engine. */
    updates: t.readonlyArray(t.strict({ output: Count, input: Count })),
    /** Each of 0 … n − 1 once; named by their place here. */
    permutations: t.readonlyArray(t.readonlyArray(Count)),
    segments: t.readonlyArray(Segment),
  },
  'Plan',
)
/** What the engine runs: arenas (in real numbers), inputs and outputs by offset, instructions in order. */
export type Plan = t.TypeOf<typeof Plan>

const rateCode = (rate: 'uniform' | 'varying'): number => (rate === 'varying' ? 1 : 0)

/* A plan has thousands of integers, and every one compiled is taped: one array that grows, no lists of lists. */
const putInstruction = (code: number[], { op, operands, attributes, body }: Instruction): void => {
  code.push(opcodeNames.indexOf(op), operands.length, attributes.length)
  for (const o of operands) {
    code.push(rateCode(o.space), o.offset)
    for (const stride of o.strides) code.push(stride)
  }
  for (const attribute of attributes) code.push(attribute)
  for (const inner of body) putInstruction(code, inner)
}

/** The plan as the engine takes it. */
export const tape = (plan: Plan): { readonly code: Int32Array; readonly constants: Float64Array } => {
  const code: number[] = [magic, plan.version, plan.units.uniform, plan.units.varying]
  code.push(plan.inputs.length)
  for (const i of plan.inputs) code.push(rateCode(i.rate), i.offset, i.units, i.bound)
  code.push(plan.outputs.length)
  for (const o of plan.outputs) code.push(rateCode(o.rate), o.offset, o.units)
  code.push(plan.updates.length)
  for (const u of plan.updates) code.push(u.output, u.input)
  code.push(plan.permutations.length)
  for (const p of plan.permutations) {
    code.push(p.length)
    for (const entry of p) code.push(entry)
  }
  code.push(plan.segments.length)
  for (const s of plan.segments) {
    code.push(rateCode(s.rate), s.instructions.length)
    for (const i of s.instructions) putInstruction(code, i)
    code.push(s.reductions.length)
    for (const r of s.reductions) code.push(r.from, r.to, r.units, Number(r.reduced))
  }
  return { code: Int32Array.from(code), constants: Float64Array.from(plan.constants) }
}

/** The code of a micro-op on the tape. */
export const microOpCode = (name: (typeof microOpNames)[number]): number => microOpNames.indexOf(name)
