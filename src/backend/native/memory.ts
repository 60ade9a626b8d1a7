/** What a plan takes in memory when it runs. */
import type { Precision } from '../backend.ts'

/** Bytes of a unit in a block of examples, on the widest vectors there are; and examples in it. */
const unitBytes = 64
const lanes: { readonly [K in Precision]: number } = { single: unitBytes / 4, double: unitBytes / 8 }

/**
 * Bytes of so many units (`plan.units.varying`): of all values that vary, history included, with a place of its own
 * for every block of examples. Neither the threads nor the instruction set play a part in it, so that what depends on
 * it does not, either; with fewer blocks at a time, or narrower ones, it is less.
 */
export const varyingBytes = (units: number, precision: Precision, batch: number): number =>
  units * unitBytes * Math.ceil(batch / lanes[precision])
