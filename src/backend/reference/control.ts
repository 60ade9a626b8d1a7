/** The ops of no other family: leaves, loops, tuples, and the one reduction that is not linear. */
import { required } from '../../ir/invariant.ts'
import type { OtherAttributes } from '../../ir/ops.ts'
import { type Tensor, tensorOf, zeros } from '../../ir/tensor.ts'
import { asTensor, asTuple, type Rule, tensorResult, tupleResult } from './rule.ts'

const entry = (x: Tensor, t: number): Tensor => {
  const size = x.data.length / x.shape[0]!
  return { field: x.field, shape: x.shape.slice(1), data: x.data.subarray(t * size, (t + 1) * size) }
}

export const otherRules: { readonly [K in keyof OtherAttributes]: Rule<K> } = {
  arg: (_, { index }, __, { inputs }) => required(inputs[index], `parameter ${index}`),
  constant: (_, { re, im }, type) => {
    const result = zeros(tensorResult(type))
    return tensorOf(
      result,
      result.field === 'complex' ? result.data.map((_, i) => (i % 2 ? im : re)) : result.data.fill(re),
    )
  },
  batchSize: (_, __, type, { batch }) => tensorOf(tensorResult(type), Float64Array.of(batch)),
  logSumExp: (args, _, type) => {
    const { data } = asTensor(args[0])
    const top = data.reduce((a, b) => Math.max(a, b), -Infinity)
    const spread = data.reduce((total, x) => total + Math.exp(x - top), 0)
    return tensorOf(
      tensorResult(type),
      Float64Array.of(Math.abs(top) === Infinity ? top : top + Math.log(spread)),
    )
  },
  scan: (args, { body, length, reverse, invariants, carries }, type, { step }) => {
    const run = step(body)
    const fixed = args.slice(0, invariants).map(asTensor)
    const sequences = args.slice(invariants + carries).map(asTensor)
    const stacks = tupleResult(type).items.slice(carries).map(zeros)
    let carried: readonly Tensor[] = args.slice(invariants, invariants + carries).map(asTensor)
    for (let k = 0; k < length; k++) {
      const t = reverse ? length - 1 - k : k
      const results = run([...fixed, ...carried, ...sequences.map(s => entry(s, t))])
      carried = results.slice(0, carries)
      stacks.forEach((stack, j) => {
        const { data } = required(results[carries + j], 'an output of a scan')
        stack.data.set(data, t * data.length)
      })
    }
    return [...carried, ...stacks]
  },
  get: (args, { item }) => required(asTuple(args[0])[item], `item ${item} of a tuple`),
}
