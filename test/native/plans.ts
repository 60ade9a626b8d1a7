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
/** Width, step, and the place of a permutation in the plan's table. */
type Place = readonly [Operand, width: number, step: number, permutation?: number]
const encoded = (places: readonly Place[], micros: readonly MicroRow[]): readonly number[] => [
  ...places.flatMap(([, width, step, permutation = -1]) => [width, step, permutation]),
  micros.length,
  ...micros.flatMap(([op, width, to, a = 0, b = 0]) => [microOpCode(op), width, to, a, b]),
]

export const map = (
  count: number,
  outputs: readonly Place[],
  inputs: readonly Place[],
  temporaries: number,
  micros: readonly MicroRow[],
): Instruction => {
  const all = [...outputs, ...inputs]
  return instruction(
    'map',
    all.map(([o]) => o),
    [count, outputs.length, inputs.length, temporaries, ...encoded(all, micros)],
  )
}

export interface Pointwise {
  readonly outputs?: readonly Place[]
  readonly inputs?: readonly Place[]
  readonly temporaries?: number
  readonly micros?: readonly MicroRow[]
}
/** A transform of register `result` of the first program. */
export const transform = (
  size: number,
  inverse: number,
  before: Pointwise & { readonly result: number },
  after: Pointwise,
): Instruction => {
  const places = (p: Pointwise): readonly Place[] => [...(p.outputs ?? []), ...(p.inputs ?? [])]
  const counts = (p: Pointwise): readonly number[] => [
    p.outputs?.length ?? 0,
    p.inputs?.length ?? 0,
    p.temporaries ?? 0,
  ]
  return instruction(
    'transform',
    [...places(before), ...places(after)].map(([o]) => o),
    [
      size,
      inverse,
      ...counts(before),
      ...counts(after),
      ...encoded(places(before), before.micros ?? []),
      before.result,
      ...encoded(places(after), after.micros ?? []),
    ],
  )
}
/** Nothing before it, nothing after. */
export const fft = (size: number, inverse: number, to: Operand, from: Operand): Instruction =>
  transform(
    size,
    inverse,
    { inputs: [[from, 2, 1]], result: 0 },
    { outputs: [[to, 2, 1]], micros: [['move', 2, 1, 0]] },
  )

export const plan = (parts: Partial<Plan>): Plan => ({
  version: planVersion,
  units: { uniform: 0, varying: 0 },
  constants: [],
  inputs: [],
  outputs: [],
  updates: [],
  permutations: [],
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
    permutations?: readonly (readonly number[])[]
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
      permutations: options.permutations ?? [],
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
