/** How generators choose: lazily, with weights, and towards the first option when they shrink. */
import * as fc from 'fast-check'

export type Option<A> = readonly [weight: number, make: () => fc.Arbitrary<A>]

const scale = 2 ** 16

/** One of the options, which are neither listed nor made before the choice is drawn. */
export const pick = <A>(options: () => readonly Option<A>[]): fc.Arbitrary<A> =>
  fc.noBias(fc.nat(scale - 1)).chain(drawn => {
    const all = options()
    const total = all.reduce((sum, [weight]) => sum + weight, 0)
    let left = (drawn / scale) * total
    const chosen = all.find(([weight]) => {
      left -= weight
      return left < 0
    })
    return (chosen ?? all[0]!)[1]()
  })

/** A generator that is made when it is used. */
export const later = <A>(make: () => fc.Arbitrary<A>): fc.Arbitrary<A> => fc.constant(undefined).chain(make)

export const oneOf = <A>(values: readonly A[]): fc.Arbitrary<A> =>
  fc.noBias(fc.nat(values.length - 1)).map(k => values[k]!)

/** From `low` to `high`, each as likely. */
export const between = (low: number, high: number): fc.Arbitrary<number> =>
  fc.noBias(fc.integer({ min: low, max: Math.max(low, high) }))

/** All of them, drawn in order. */
export const all = <A>(items: readonly fc.Arbitrary<A>[]): fc.Arbitrary<readonly A[]> => fc.tuple(...items)
