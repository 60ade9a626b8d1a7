/**
 * Parseval: recurrent models that keep their norm, declared as expressions, differentiated symbolically, run by
 * a C++ engine.
 */
export type {
  Backend,
  BackendError,
  BackendOptions,
  Numbers,
  Precision,
  Program,
  Session,
} from './backend/backend.ts'
export { type Choice, chooseBackend } from './backend/choose.ts'
export { type CompileError, type CompileOptions, compile } from './backend/native/compile.ts'
export type { LowerError } from './backend/native/lower.ts'
export { type Instruction, type Operand, Plan } from './backend/native/plan.ts'
export {
  type ProgramOptions as VectorTransformOptions,
  type VectorTransform,
  vectorTransform,
} from './backend/native/vectorTransform.ts'
export { type EvaluationError, evaluate } from './backend/reference/evaluate.ts'
export { elaborate, type Input, showMismatch, sourcesOf } from './dsl/elaborate.ts'
export { entryType, type Reads, type Recurrent, type Sizes } from './dsl/model.ts'
export * from './dsl/parameter.ts'
export { type Place, type Source, showSource } from './dsl/place.ts'
export type { Complex, Index, Kind, Numeric, Real, Term, Terms, Unitary } from './dsl/term.ts'
export * as term from './dsl/term.ts'
export * as build from './ir/build.ts'
export {
  argument,
  type Expr,
  type Func,
  func,
  node,
  type Param,
  type TypeMismatch,
} from './ir/expr.ts'
export { fromJson, type JsonError, type JsonProgram, showJsonError, toJson } from './ir/json.ts'
export type {
  Attributes,
  BinaryAttributes,
  BinaryOp,
  LinearAttributes,
  Op,
  OtherAttributes,
  UnaryAttributes,
  UnaryOp,
  UnitaryAttributes,
} from './ir/ops.ts'
export { postorder } from './ir/order.ts'
export { type ParseError, parse, textHeader } from './ir/parse.ts'
export { print } from './ir/print.ts'
export { fromNumbers, type Tensor, uniformValue, type Value, varyingValue } from './ir/tensor.ts'
export {
  complex,
  type Field,
  index,
  type Rate,
  real,
  type Shape,
  showType,
  type TensorType,
  type TupleType,
  type Type,
  type UnitaryType,
  varying,
} from './ir/type.ts'
export { type VerifyError, verify } from './ir/verify.ts'
export { deeply, rewrite } from './ir/walk.ts'
export { inputMatrix, readComplex, readReal } from './models/input.ts'
export { irnn } from './models/irnn.ts'
export { lstm } from './models/lstm.ts'
export { rnn } from './models/rnn.ts'
export { type UrnnOptions, urnn } from './models/urnn.ts'
export { checkpoint } from './passes/checkpoint.ts'
export { gradient, valueAndGradient } from './passes/differentiate.ts'
export type { GradientError } from './passes/gradientError.ts'
export { type Found, leastEntries, type Nest, nestWithin } from './passes/nest.ts'
export { type Pass, type PassError, type Tell, verified } from './passes/pass.ts'
export { optimise, optimiseVerified, preparatory, standard } from './passes/pipeline.ts'
export { type Probed, probe } from './passes/probe.ts'
export { hessianVectorProduct, jvp, perExample } from './passes/transformations.ts'
export { permutation, type Stream, stream } from './random.ts'
