/** Properties run on pinned seeds, so that a failure is one for everybody; FC_SEED asks for other examples. */
import * as fc from 'fast-check'

const asked = process.env.FC_SEED

export const seed = asked === undefined || asked === '' ? 20160611 : Number(asked)

/* Making a counterexample smaller ends in time to be reported. */
const limits = { endOnFailure: false, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true }

/** Holds the property to `runs` examples. */
export const holds = <T>(property: fc.IProperty<T>, runs = 200): void =>
  fc.assert(property, { ...limits, seed, numRuns: runs })

export const holdsAsync = <T>(property: fc.IAsyncProperty<T>, runs = 200): Promise<void> =>
  fc.assert(property, { ...limits, seed, numRuns: runs })
