/** A cluster of pointwise nodes as one `map` instruction: registers, micro-ops. */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { bug, required } from '../../ir/invariant.ts'
import { elements, width } from '../../ir/type.ts'
import type { MicroOpName } from './opcodes.ts'
import { type Instruction, microOpCode, type Operand } from './plan.ts'

/** What a cluster reads from memory. */
export interface MapInput {
  readonly operand: Operand
  readonly width: 1 | 2
  /** 0 where one element serves all. */
  readonly step: 0 | 1
}

/** How a node in the cluster sees its operand. */
export type Source =
  | { readonly kind: 'input'; readonly input: MapInput }
  | { readonly kind: 'constant'; readonly re: number; readonly im: number; readonly width: 1 | 2 }
  | { readonly kind: 'node'; readonly node: Expr }

const widthOf = (e: Expr): 1 | 2 => width(tensorType(e).field)

const microOp = (e: Expr): MicroOpName => {
  switch (e.op) {
    case 'abs':
      return widthOf(required(e.args[0], 'an operand')) === 2 ? 'modulus' : 'abs'
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

interface MicroInstruction {
  readonly op: MicroOpName
  readonly width: 1 | 2
  readonly result: number
  readonly sources: readonly number[]
}

const sameInput = (a: MapInput, b: MapInput): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * `nodes` in order; `stored`: those whose values are kept, and where; `source`: what an operand is; `constant`: the
 * index of a number in the plan's table.
 */
export const mapInstruction = (
  nodes: readonly Expr[],
  stored: ReadonlyMap<Expr, Operand>,
  source: (e: Expr) => Source,
  constant: (value: number) => number,
): Instruction => {
  // First on virtual registers, one for each input, constant and node.
  const inputs: MapInput[] = []
  const program: MicroInstruction[] = []
  const registerOfNode = new Map<Expr, number>()
  const registerOfConstant = new Map<string, number>()
  const inputRegisters: number[] = []
  let registers = 0

  const registerOf = (operand: Expr): number => {
    const s = source(operand)
    switch (s.kind) {
      case 'node':
        return required(registerOfNode.get(s.node), 'a register')
      case 'input': {
        const known = inputs.findIndex(i => sameInput(i, s.input))
        if (known >= 0) return inputRegisters[known]!
        inputs.push(s.input)
        inputRegisters.push(registers)
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
  for (const e of nodes) {
    const sources = e.args.map(registerOf)
    program.push({ op: microOp(e), width: widthOf(e), result: registers, sources })
    registerOfNode.set(e, registers++)
  }

  // Then inputs first, temporaries by lifetime, outputs last.
  const outputs = nodes.filter(e => stored.has(e))
  const outputOf = new Map(outputs.map((e, k) => [required(registerOfNode.get(e), 'a register'), k]))
  const lastUse = new Map<number, number>()
  program.forEach((m, at) => {
    if (m.op !== 'constant') for (const r of m.sources) lastUse.set(r, at)
  })
  const place = new Map<number, number>(inputRegisters.map((r, k) => [r, k]))
  const free: number[] = []
  let temporaries = 0
  const encoded = program.map((m, at) => {
    const sources = m.op === 'constant' ? m.sources : m.sources.map(r => required(place.get(r), 'a place'))
    const output = outputOf.get(m.result)
    // A source's slot is not reused for the result, which may be wider.
    const result = output === undefined ? inputs.length + (free.pop() ?? temporaries++) : -1 - output
    place.set(m.result, result)
    if (m.op !== 'constant')
      for (const r of new Set(m.sources)) {
        const p = place.get(r)!
        if (lastUse.get(r) === at && p >= inputs.length) free.push(p - inputs.length)
      }
    return { ...m, result, sources }
  })
  const final = (register: number): number =>
    register >= 0 ? register : inputs.length + temporaries - 1 - register

  return {
    op: 'map',
    operands: [...outputs.map(e => stored.get(e)!), ...inputs.map(i => i.operand)],
    attributes: [
      elements(tensorType(nodes[0]!).shape),
      outputs.length,
      inputs.length,
      temporaries,
      ...outputs.flatMap(e => [widthOf(e), 1]),
      ...inputs.flatMap(i => [i.width, i.step]),
      encoded.length,
      ...encoded.flatMap(m => [
        microOpCode(m.op),
        m.width,
        final(m.result),
        m.op === 'constant' ? m.sources[0]! : final(m.sources[0]!),
        m.op === 'constant' ? m.sources[1]! : m.sources.length > 1 ? final(m.sources[1]!) : 0,
      ]),
    ],
    body: [],
  }
}
