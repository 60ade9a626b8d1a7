/** One opcode against plain arithmetic, in every setting. */
import type { OpcodeName } from '../../src/backend/native/opcodes.ts'
import { apply, instruction } from './plans.ts'
import { near, numbers, settings, tolerance, value } from './values.ts'

export const rates = ['uniform', 'varying'] as const
/** The rates of a result and its operands that a plan may have. */
export const combinations = (operands: number): ('uniform' | 'varying')[][] => {
  const of = (n: number): ('uniform' | 'varying')[][] =>
    n === 0 ? [[]] : of(n - 1).flatMap(rest => rates.map(r => [...rest, r]))
  return [
    Array.from({ length: operands + 1 }, () => 'uniform' as const),
    ...of(operands).map(r => ['varying' as const, ...r]),
  ]
}

/** Checks one opcode in every setting: `expected` is told the rows of an example. */
export const check = (
  op: OpcodeName,
  attributes: readonly number[],
  units: readonly number[],
  expected: (...rows: (readonly number[])[]) => readonly number[],
  options: {
    index?: number
    start?: boolean
    batches?: readonly number[]
    constants?: readonly number[]
    permutations?: readonly (readonly number[])[]
  } = {},
): Promise<void> =>
  (async () => {
    for (const { precision, isa } of settings)
      for (const batch of options.batches ?? [1, 11, 27])
        for (const [rate, ...from] of combinations(units.length - 1)) {
          const next = numbers(units.length + batch)
          const inputs = from.map((r, n) =>
            n + 1 === options.index
              ? {
                  ...value(next, r, 1, batch, x =>
                    Math.floor((Math.abs(x) * attributes[0]!) % attributes[0]!),
                  ),
                  bound: attributes[0]!,
                }
              : value(next, r, units[n + 1]!, batch),
          )
          const start = options.start ? value(next, rate!, units[0]!, batch) : undefined
          const got = await apply(
            {
              precision,
              isa,
              batch,
              constants: options.constants ?? [],
              permutations: options.permutations ?? [],
            },
            { rate: rate!, units: units[0]!, ...(start ? { start } : {}) },
            inputs,
            (to, ...operands) => [instruction(op, [to, ...operands], attributes)],
          )
          const want = Array.from({ length: rate === 'uniform' ? 1 : batch }, (_, b) =>
            expected(...(start ? [start.rows[b]!] : []), ...inputs.map(i => i.rows[b]!)),
          ).flat()
          near(
            got,
            want,
            tolerance[precision],
            `${op} ${attributes} ${isa} ${precision} ${[rate, ...from]} batch ${batch}`,
          )
        }
  })()
