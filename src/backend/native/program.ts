/** A cluster of nodes as a pointwise program of the engine: registers, micro-ops. */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { bug, required } from '../../ir/invariant.ts'
import { width } from '../../ir/type.ts'
import type { MicroOpName } from './opcodes.ts'
import { microOpCode, type Operand } from './plan.ts'
import { isSum } from './schedule.ts'

/** What a program reads from memory. */
export interface ProgramInput {
  readonly operand: Operand
  readonly width: 1 | 2
  /** 0 where one element serves all. */
  readonly step: 0 | 1
  /** The permutation it is read through, by its place in the plan, or −1. */
  readonly permutation: number
}

/** How a node of the program sees its operand. */
export type Source =
  | { readonly kind: 'input'; readonly input: ProgramInput }
  | { readonly kind: 'constant'; readonly re: number; readonly im: number; readonly width: 1 | 2 }
  | { readonly kind: 'node'; readonly node: Expr }
  /** The element that a transform hands over. */
  | { readonly kind: 'element' }

/** A program as a plan holds it. */
export interface Program {
  readonly outputs: readonly Operand[]
  readonly inputs: readonly Operand[]
  readonly temporaries: number
  /** Operands' descriptors and micro-ops, as attributes. */
  readonly attributes: readonly number[]
  /** The register that holds `wanted`. */
  readonly result: number
}

export interface Cluster {
  /** In order. */
  readonly nodes: readonly Expr[]
  /** Those whose values are kept, and where. */
  readonly stored: ReadonlyMap<Expr, Operand>
  /** Those that are added to what is there, and what they add. */
  readonly totals: ReadonlyMap<Expr, Expr>
  /** Where the element that a transform hands over is kept, if it is. */
  readonly element?: Operand | undefined
  /** Whether there is such an element. */
  readonly takesElement: boolean
  /** What a transform takes over. */
  readonly wanted?: Expr | undefined
}

const widthOf = (e: Expr): 1 | 2 => width(tensorType(e).field)

const microOp = (e: Expr): MicroOpName => {
  switch (e.op) {
    case 'abs':
      return widthOf(required(e.args[0], 'an operand')) === 2 ? 'modulus' : 'abs'
    case 'dot':
      return widthOf(e) === 2 ? 'conjMul' : 'mul'
    case 'modRelu':
      return bug('modRelu is expanded before it is lowered')
    case 'neg':
    case 'conj':
    case 're':
    case 'im':
    case 'pinv':
    case 'exp':
    case 'log':
    case 'sqrt':
    case 'sin':
    case 'cos':
    case 'tanh':
    case 'sigmoid':
    case 'relu':
    case 'step':
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'scale':
    case 'complex':
      return e.op
    default:
      return bug(`${e.op} is not pointwise`)
  }
}

/** What becomes of an output: it is written; or moved there as something to add, of which only the total over the examples is read. */
const stores = -1
const adds = -2

interface MicroInstruction {
  readonly op: MicroOpName
  readonly width: 1 | 2
  readonly result: number
  readonly sources: readonly number[]
}

/** `source`: what an operand is; `constant`: the index of a number in the plan's table. */
export const programOf = (
  { nodes, stored, totals, element, takesElement, wanted }: Cluster,
  source: (e: Expr) => Source,
  constant: (value: number) => number,
): Program => {
  // First on virtual registers: one for the element, and for each input, constant and node.
  const inputs: ProgramInput[] = []
  const program: MicroInstruction[] = []
  /** Of nodes, and of what was found as an operand before. */
  const registerOfNode = new Map<Expr, number>()
  const registerOfConstant = new Map<string, number>()
  const registerOfInput = new Map<string, number>()
  const first = takesElement ? 1 : 0
  let registers = first

  const registerFor = (s: Source): number => {
    switch (s.kind) {
      case 'element':
        return takesElement ? 0 : bug('a program without an element')
      case 'node':
        return required(registerOfNode.get(s.node), 'a register')
      case 'input': {
        const { operand, width, step, permutation } = s.input
        const key = [operand.space, operand.offset, ...operand.strides, width, step, permutation].join(' ')
        const known = registerOfInput.get(key)
        if (known !== undefined) return known
        inputs.push(s.input)
        registerOfInput.set(key, registers)
        return registers++
      }
      case 'constant': {
        const key = `${s.width} ${Object.is(s.re, -0)} ${s.re} ${Object.is(s.im, -0)} ${s.im}`
        const known = registerOfConstant.get(key)
        if (known !== undefined) return known
        const sources = [constant(s.re), constant(s.im)]
        program.push({ op: 'constant', width: s.width, result: registers, sources })
        registerOfConstant.set(key, registers)
        return registers++
      }
    }
  }
  const registerOf = (operand: Expr): number => {
    const found = registerOfNode.get(operand) ?? registerFor(source(operand))
    registerOfNode.set(operand, found)
    return found
  }
  const elementRegister = registers
  if (element !== undefined) {
    program.push({ op: 'move', width: 2, result: registers, sources: [0] })
    registers++
  }
  for (const e of nodes) {
    const added = totals.get(e)
    const sources = (added === undefined ? e.args : [added]).map(registerOf)
    const op = added === undefined ? microOp(e) : 'move'
    program.push({ op, width: widthOf(e), result: registers, sources })
    registerOfNode.set(e, registers++)
  }
  const wantedRegister = wanted === undefined ? undefined : registerOf(wanted)

  // Then the element and inputs first, temporaries by lifetime, outputs last.
  const outputs = [
    ...(element === undefined
      ? []
      : [{ register: elementRegister, operand: element, width: 2, step: 1, mode: stores }]),
    ...nodes.flatMap(e => {
      const operand = stored.get(e)
      const register = required(registerOfNode.get(e), 'a register')
      const mode = totals.has(e) ? adds : stores
      return operand === undefined
        ? []
        : [{ register, operand, width: widthOf(e), step: isSum(e) ? 0 : 1, mode }]
    }),
  ]
  const outputOf = new Map(outputs.map((o, k) => [o.register, k]))
  const lastUse = new Map<number, number>()
  program.forEach((m, at) => {
    if (m.op !== 'constant') for (const r of m.sources) lastUse.set(r, at)
  })
  if (wantedRegister !== undefined) lastUse.set(wantedRegister, Number.POSITIVE_INFINITY)
  const firstTemporary = first + inputs.length
  const place = new Map<number, number>([...registerOfInput.values()].map((r, k) => [r, first + k]))
  if (takesElement) place.set(0, 0)
  const free: number[] = []
  let temporaries = 0
  const encoded = program.map((m, at) => {
    const sources = m.op === 'constant' ? m.sources : m.sources.map(r => required(place.get(r), 'a place'))
    const output = outputOf.get(m.result)
    // A source's slot is not reused for the result, which may be wider.
    const result = output === undefined ? firstTemporary + (free.pop() ?? temporaries++) : -1 - output
    place.set(m.result, result)
    if (m.op !== 'constant')
      for (const r of new Set(m.sources)) {
        const p = place.get(r)!
        if (lastUse.get(r) === at && p >= firstTemporary) free.push(p - firstTemporary)
      }
    return { ...m, result, sources }
  })
  const final = (register: number): number =>
    register >= 0 ? register : firstTemporary + temporaries - 1 - register

  return {
    outputs: outputs.map(o => o.operand),
    inputs: inputs.map(i => i.operand),
    temporaries,
    attributes: [
      ...outputs.flatMap(o => [o.width, o.step, o.mode]),
      ...inputs.flatMap(i => [i.width, i.step, i.permutation]),
      encoded.length,
      ...encoded.flatMap(m => [
        microOpCode(m.op),
        m.width,
        final(m.result),
        m.op === 'constant' ? m.sources[0]! : final(m.sources[0]!),
        m.op === 'constant' ? m.sources[1]! : m.sources.length > 1 ? final(m.sources[1]!) : 0,
      ]),
    ],
    result: wantedRegister === undefined ? -1 : final(place.get(wantedRegister)!),
  }
}
