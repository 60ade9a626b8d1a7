/** Short ways to write plans by hand. */
import * as E from 'fp-ts/lib/Either.js'
import { type Addon, loadAddon, type NativeProgram, type Precision } from '../../src/backend/native/addon.ts'
import { type MicroOpName, type OpcodeName, planVersion } from '../../src/backend/native/opcodes.ts'
import {
  type Instruction,
  microOpCode,
  type Operand,
  type Plan,
  tape,
} from '../../src/backend/native/plan.ts'

export const addon: Addon = E.getOrElse<string, Addon>(why => {
  throw new Error(why)
})(loadAddon())

export const uniform = (offset: number, ...strides: number[]): Operand => ({
  space: 'uniform',
  offset,
  strides,
})
export const varying = (offset: number, ...strides: number[]): Operand => ({
  space: 'varying',
  offset,
  strides,
})

export const instruction = (
  op: OpcodeName,
  operands: readonly Operand[],
  attributes: readonly number[],
): Instruction => ({ op, operands, attributes, body: [] })
export const loop = (length: number, reverse: boolean, body: readonly Instruction[]): Instruction => ({
  op: 'loop',
  operands: [],
  attributes: [length, reverse ? 1 : 0, body.length],
  body,
})

type MicroRow = readonly [op: MicroOpName, width: number, to: number, a?: number, b?: number]
/** `places`: (operand, width, step) of the outputs, then of the inputs. */
export const map = (
  count: number,
  outputs: readonly (readonly [Operand, number, number])[],
  inputs: readonly (readonly [Operand, number, number])[],
  temporaries: number,
  micros: readonly MicroRow[],
): Instruction => {
  const all = [...outputs, ...inputs]
  return instruction(
    'map',
    all.map(([o]) => o),
    [
      count,
      outputs.length,
      inputs.length,
      temporaries,
      ...all.flatMap(([, width, step]) => [width, step]),
      micros.length,
      ...micros.flatMap(([op, width, to, a = 0, b = 0]) => [microOpCode(op), width, to, a, b]),
    ],
  )
}

export const plan = (parts: Partial<Plan>): Plan => ({
  version: planVersion,
  units: { uniform: 0, varying: 0 },
  constants: [],
  inputs: [],
  outputs: [],
  updates: [],
  segments: [],
  ...parts,
})

export const program = (p: Plan, precision: Precision = 'double', isa?: string): NativeProgram => {
  const { code, constants } = tape(p)
  return new addon.Program(code, constants, isa === undefined ? { precision } : { precision, isa })
}

export interface Value {
  readonly rate: 'uniform' | 'varying'
  readonly units: number
  /** One row for each example; of a uniform value the first row. */
  readonly rows: readonly (readonly number[])[]
  /** Units before the value that belong to nobody. */
  readonly gap?: number
  readonly bound?: number
}

/** Lays values out in both arenas, one after the other, each at its own offset in its space. */
export const layout = (values: readonly Pick<Value, 'rate' | 'units' | 'gap'>[]) => {
  const ends = { uniform: 0, varying: 0 }
  const offsets = values.map(v => {
    const offset = ends[v.rate] + (v.gap ?? 0)
    ends[v.rate] = offset + v.units
    return offset
  })
  return { offsets, units: ends }
}

/**
 * Runs instructions of one segment over some inputs and gives one result: `results` says its rate and units,
 * `make` is told the operands, results first.
 */
export const apply = async (
  options: {
    precision: Precision
    isa?: string
    batch: number
    threads?: number
    constants?: readonly number[]
  },
  result: Pick<Value, 'rate' | 'units'> & { readonly start?: Value },
  inputs: readonly Value[],
  make: (to: Operand, ...from: Operand[]) => readonly Instruction[],
): Promise<Float64Array> => {
  const all = [result, ...inputs]
  const { offsets, units } = layout(all)
  const operands = all.map((v, n): Operand => ({ space: v.rate, offset: offsets[n]!, strides: [] }))
  const given = [...(result.start ? [{ value: result.start, offset: offsets[0]! }] : [])]
  inputs.forEach((value, n) => {
    given.push({ value, offset: offsets[n + 1]! })
  })
  const p = program(
    plan({
      units,
      constants: options.constants ?? [],
      inputs: given.map(({ value, offset }, n) => ({
        name: `input ${n}`,
        rate: value.rate,
        offset,
        units: value.units,
        bound: value.bound ?? 0,
      })),
      outputs: [{ rate: result.rate, offset: offsets[0]!, units: result.units }],
      segments: [
        { rate: result.rate, instructions: make(operands[0]!, ...operands.slice(1)), reductions: [] },
      ],
    }),
    options.precision,
    options.isa,
  )
  given.forEach(({ value }, n) => {
    if (value.rate === 'uniform') p.write(n, Float64Array.from(value.rows[0]!))
  })
  const outputs = await p.run(
    options.batch,
    given.map(({ value }) => (value.rate === 'uniform' ? null : Float64Array.from(value.rows.flat()))),
    options.threads ?? 1,
  )
  return outputs[0]!
}
