/**
 * `parseval/verify`: prove a model of your own, in any test runner, and generators of random programs for properties
 * of your own.
 *
 *     import { assertVerified } from 'parseval/verify'
 *     test('my cell', () => assertVerified(myCell, { hidden: 64 }))
 */
export * from './arbitraries.ts'
export { type Cell, type CellFactor, cellOf, cellPrograms, cells, type Recipe, settings } from './cells.ts'
export { type FuzzOptions, type FuzzReport, fuzz } from './fuzz.ts'
export type { Differentiate } from './loss.ts'
export { type Check, type Failure, type Report, showFailure, showReport } from './report.ts'
export { type ShrinkOptions, shrink } from './shrink.ts'
export type { MakeRecurrent, Setting } from './subject.ts'
export {
  assertVerified,
  checkNames,
  type Model,
  type VerificationError,
  type VerifyOptions,
  verify,
} from './verify.ts'
