/** What an op's meaning is written with: the values operands have, and the frame a function runs in. */
import type { Func } from '../../ir/expr.ts'
import { bug } from '../../ir/invariant.ts'
import type { Attributes, Op } from '../../ir/ops.ts'
import type { Tensor } from '../../ir/tensor.ts'
import type { TensorType, TupleType, Type, UnitaryType } from '../../ir/type.ts'
import type { Precision } from '../backend.ts'

/** A unitary operator is what it does to a vector; both give a new one. */
export interface Unitary {
  readonly apply: (x: Float64Array) => Float64Array
  readonly applyAdjoint: (x: Float64Array) => Float64Array
}

/** The value of a node, for one example: by its type a tensor, an operator or a tuple's items. */
export type Datum = Tensor | Unitary | readonly Tensor[]

export interface Frame {
  /** The function's parameters, for this example. */
  readonly inputs: readonly Tensor[]
  /** How many examples the run has. */
  readonly batch: number
  /** To which the result of each op is rounded. */
  readonly precision: Precision
  /** A scan's body, for this example. */
  readonly step: (body: Func) => (inputs: readonly Tensor[]) => readonly Tensor[]
}

/** An op's value for one example. Only `batchSum` sees more: its operands are those of all examples. */
export type Rule<K extends Op> = (
  args: readonly Datum[],
  attributes: Attributes[K],
  type: Type,
  frame: Frame,
) => Datum

export const asTensor = (value: Datum | undefined): Tensor =>
  value !== undefined && 'data' in value ? value : bug('a value that is no tensor')

export const asUnitary = (value: Datum | undefined): Unitary =>
  value !== undefined && 'apply' in value ? value : bug('a value that is no operator')

export const asTuple = (value: Datum | undefined): readonly Tensor[] =>
  value !== undefined && !('data' in value) && !('apply' in value) ? value : bug('a value that is no tuple')

export const tensorResult = (type: Type): TensorType =>
  type.kind === 'tensor' ? type : bug('a tensor rule of another type')
export const tupleResult = (type: Type): TupleType =>
  type.kind === 'tuple' ? type : bug('a tuple rule of another type')
export const unitaryResult = (type: Type): UnitaryType =>
  type.kind === 'unitary' ? type : bug('an operator rule of another type')
