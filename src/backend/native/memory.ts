/** What a plan takes in memory when it runs. */
import type { Precision } from '../backend.ts'

/** Examples in a block, and bytes in a number, as in `native/lanes.h`. */
const block = { single: { lanes: 8, bytes: 4 }, double: { lanes: 4, bytes: 8 } } as const

/**
 * Bytes of so many units (`plan.units.varying`): of all values that vary, history included, with a place of its own for every block of examples. So it does
 * not depend on the threads; where blocks are fewer at a time, they take less.
 */
export const varyingBytes = (units: number, precision: Precision, batch: number): number => {
  const { lanes, bytes } = block[precision]
  return units * lanes * bytes * Math.ceil(batch / lanes)
}
