/**
 * What the engine can do: the one table of opcodes. The C++ header `native/opcodes.h` is generated from it
 * (`npm run generate`), so the two sides cannot disagree.
 *
 * Counts are in units: a unit is one real number, or that number for each lane of a block. Complex element e
 * of a buffer is the units 2e (real part) and 2e + 1 (imaginary part).
 */

/** Raised whenever the meaning or the layout of a plan changes. */
export const planVersion = 5

/** An instruction's operands, results first, and its whole-number attributes. */
export interface Opcode {
  readonly operands: readonly string[]
  readonly attributes: readonly string[]
  /** Whether more operands or attributes follow, as the note says. */
  readonly variadic?: true
  readonly note: string
}

export const opcodes = {
  loop: {
    operands: [],
    attributes: ['length', 'reverse', 'instructions'],
    note: 'runs the instructions that follow `length` times, t counting up or down; operands move by stride·t',
  },
  map: {
    operands: [],
    attributes: ['count', 'outputs', 'inputs', 'temporaries'],
    variadic: true,
    note: 'a pointwise program over `count` elements. Operands: outputs, inputs. Further attributes: the program (below)',
  },
  transform: {
    operands: [],
    attributes: [
      'size',
      'inverse',
      'outputs',
      'inputs',
      'temporaries',
      'outputsAfter',
      'inputsAfter',
      'temporariesAfter',
    ],
    variadic: true,
    note:
      'the unitary transform, e^(−2πi jk/n)/√n or its inverse, of complex elements that a pointwise program makes one ' +
      'by one; a second program takes its elements one by one. Operands: outputs and inputs of the first program, then ' +
      'those of the second. Further attributes: the first program, the register (of width 2) whose elements are ' +
      'transformed, the second program, whose register 0 is the element transformed, before its inputs',
  },
  copy: {
    operands: ['to', 'from'],
    attributes: ['units', 'repeats'],
    note: 'to[r·units + u] = from[u]',
  },
  fill: {
    operands: ['to'],
    attributes: ['count', 'width', 're', 'im'],
    note: 're and im name constants',
  },
  sum: {
    operands: ['to', 'from'],
    attributes: ['outer', 'inner'],
    note: 'to[j] = Σ_o from[o·inner + j], in units',
  },
  dot: { operands: ['to', 'a', 'b'], attributes: ['count', 'width'], note: 'to = Σ conj(a) b' },
  logSumExp: { operands: ['to', 'from'], attributes: ['count'], note: 'to = ln Σ e^from' },
  matvec: {
    operands: ['to', 'matrix', 'vector'],
    attributes: ['rows', 'columns', 'width', 'adjoint'],
    note: 'to = A x, or A^H x; A is stored by rows',
  },
  transpose: {
    operands: ['to', 'from'],
    attributes: ['rows', 'columns', 'width'],
    note: 'to_ji = from_ij; the rows and columns are those of from',
  },
  outer: {
    operands: ['to', 'a', 'b'],
    attributes: ['rows', 'columns', 'width', 'accumulate', 'reduce'],
    note:
      'to_ij = a_i conj(b_j), or += if accumulate; if reduce (real, and with accumulate only) summed over the examples of ' +
      'the block: the sums lie side by side, one number each',
  },
  contract: {
    operands: ['to', 'a', 'b'],
    attributes: ['steps', 'rows', 'columns', 'width', 'accumulate', 'reduce'],
    note:
      'to_ij = Σ_t a_ti conj(b_tj), or += if accumulate; if reduce (not with accumulate) also summed over the examples ' +
      'of the block: the sums lie side by side, one number each',
  },
  take: {
    operands: ['to', 'from', 'index'],
    attributes: ['entries', 'units'],
    note: 'to[u] = from[index·units + u], each lane by its own index; an index outside is clamped',
  },
  put: {
    operands: ['to', 'from', 'index'],
    attributes: ['entries', 'units', 'accumulate'],
    note: 'to = 0 unless accumulate, then to[index·units + u] += from[u], each lane by its own index, clamped',
  },
  permute: {
    operands: ['to', 'from'],
    attributes: ['permutation'],
    note: 'complex: to[j] = from[permutation[j]]; the permutation by its place in the plan’s table',
  },
  batchSize: { operands: ['to'], attributes: [], note: 'to = the number of examples' },
} as const satisfies Record<string, Opcode>

/*
 * A pointwise program: (width, step, permutation) for each operand, outputs first; the number of micro-ops; then
 * (micro-op, width, to, a, b) for each. Registers: inputs, then temporaries, then outputs. An input of step 0 is one
 * element for all; with a permutation (its place in the plan's table, −1 for none) element e is read at
 * permutation[e]. An output of step 0 becomes the sum over all elements of what is written to it.
 */

export type OpcodeName = keyof typeof opcodes
export const opcodeNames = Object.keys(opcodes) as readonly OpcodeName[]

/**
 * Micro-ops of `map`. `operands`: the widths of a and b (1 real, 2 complex, 'w' the micro-op's own width, − none);
 * the result has the micro-op's width. Those with operand width 'w' come in both widths.
 */
export const microOps = {
  /** a names the constant of the real part, b that of the imaginary part. */
  constant: { widths: [1, 2], a: 'none', b: 'none' },
  move: { widths: [1, 2], a: 'w', b: 'none' },
  add: { widths: [1, 2], a: 'w', b: 'w' },
  sub: { widths: [1, 2], a: 'w', b: 'w' },
  mul: { widths: [1, 2], a: 'w', b: 'w' },
  div: { widths: [1, 2], a: 'w', b: 'w' },
  /** conj(a) b */
  conjMul: { widths: [2], a: 2, b: 2 },
  /** real a × complex b */
  scale: { widths: [2], a: 1, b: 2 },
  /** a + ib */
  complex: { widths: [2], a: 1, b: 1 },
  neg: { widths: [1, 2], a: 'w', b: 'none' },
  conj: { widths: [2], a: 2, b: 'none' },
  re: { widths: [1], a: 2, b: 'none' },
  im: { widths: [1], a: 2, b: 'none' },
  abs: { widths: [1], a: 1, b: 'none' },
  /** |a| of a complex a */
  modulus: { widths: [1], a: 2, b: 'none' },
  /** 1/a, 0 at 0 */
  pinv: { widths: [1, 2], a: 'w', b: 'none' },
  exp: { widths: [1, 2], a: 'w', b: 'none' },
  log: { widths: [1, 2], a: 'w', b: 'none' },
  sqrt: { widths: [1, 2], a: 'w', b: 'none' },
  sin: { widths: [1, 2], a: 'w', b: 'none' },
  cos: { widths: [1, 2], a: 'w', b: 'none' },
  tanh: { widths: [1, 2], a: 'w', b: 'none' },
  sigmoid: { widths: [1, 2], a: 'w', b: 'none' },
  relu: { widths: [1], a: 1, b: 'none' },
  step: { widths: [1], a: 1, b: 'none' },
} as const satisfies Record<
  string,
  { widths: readonly (1 | 2)[]; a: 1 | 2 | 'w' | 'none'; b: 1 | 2 | 'w' | 'none' }
>

export type MicroOpName = keyof typeof microOps
export const microOpNames = Object.keys(microOps) as readonly MicroOpName[]

/** How often instructions may nest in loops. */
export const maxDepth = 8

/** How many operands a map may have. */
export const maxMapOperands = 64
