import type { Operation } from './operations.ts'

export interface Counts {
  readonly additions: number
  readonly multiplications: number
  readonly fused: number
  /** Operations that only turn a sign. */
  readonly signs: number
}

/** The arithmetic of a codelet as its operations are, multiply-adds apart. */
export const counts = (operations: readonly Operation[]): Counts => {
  const sums = operations.flatMap(o => (o.op === 'sum' ? [o.terms] : []))
  const count = (terms: number, factor: boolean) =>
    sums.filter(s => s.length === terms && s.some(t => t.factor !== undefined) === factor).length
  return {
    additions: count(2, false),
    multiplications: count(1, true),
    fused: count(2, true),
    signs: count(1, false),
  }
}
