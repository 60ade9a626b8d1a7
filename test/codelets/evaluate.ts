/** Runs a codelet's operations on numbers. */
import {
  inputName,
  type Name,
  type Operation,
  type Term,
  twiddleName,
} from '../../src/backend/native/codelets/operations.ts'

export interface Number2 {
  readonly re: number
  readonly im: number
}

/** Operations in their order: a value is known only after it is computed, and each output is stored once. */
export const evaluate = (
  operations: readonly Operation[],
  inputs: readonly Number2[],
  twiddles: readonly Number2[],
): Number2[] => {
  const values = new Map<Name, number>()
  twiddles.forEach(({ re, im }, j) => {
    values.set(twiddleName(j + 1, 're'), re)
    values.set(twiddleName(j + 1, 'im'), im)
  })
  const outputs = new Map<number, Number2>()
  const known = (name: Name): number => {
    const x = values.get(name)
    if (x === undefined) throw new Error(`${name} is used before it is computed`)
    return x
  }
  const term = ({ negative, factor = 1, value }: Term): number =>
    (negative ? -1 : 1) * (typeof factor === 'number' ? factor : known(factor)) * known(value)
  for (const o of operations) {
    if (o.op === 'load') {
      if (outputs.size > 0) throw new Error('a load after a store')
      values.set(inputName(o.index, 're'), inputs[o.index]!.re)
      values.set(inputName(o.index, 'im'), inputs[o.index]!.im)
    } else if (o.op === 'sum') {
      values.set(
        o.to,
        o.terms.reduce((sum, t) => sum + term(t), 0),
      )
    } else {
      if (outputs.has(o.index)) throw new Error(`output ${o.index} is stored twice`)
      outputs.set(o.index, { re: known(o.re), im: known(o.im) })
    }
  }
  return inputs.map((_, k) => outputs.get(k)!)
}
