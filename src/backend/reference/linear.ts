/** Linear ops: sums, products and moves of whole entries. */
import type { LinearAttributes } from '../../ir/ops.ts'
import { type Tensor, tensorOf, zeros } from '../../ir/tensor.ts'
import { width } from '../../ir/type.ts'
import { asTensor, type Datum, type Rule, tensorResult } from './rule.ts'

/** Σ x_j y_j, or Σ conj(x_j) y_j, over `count` elements from the given places, `strideX` and 1 apart. */
const inner = (
  x: Tensor,
  fromX: number,
  strideX: number,
  y: Tensor,
  count: number,
  conjugate: boolean,
): readonly [number, number] => {
  let re = 0
  let im = 0
  if (x.field !== 'complex') for (let j = 0; j < count; j++) re += x.data[fromX + j * strideX]! * y.data[j]!
  else
    for (let j = 0; j < count; j++) {
      const at = 2 * (fromX + j * strideX)
      const [a, b] = [x.data[at]!, conjugate ? -x.data[at + 1]! : x.data[at + 1]!]
      const [c, d] = [y.data[2 * j]!, y.data[2 * j + 1]!]
      re += a * c - b * d
      im += a * d + b * c
    }
  return [re, im]
}

const write = (to: Tensor, i: number, [re, im]: readonly [number, number]): void => {
  if (to.field === 'complex') to.data.set([re, im], 2 * i)
  else to.data[i] = re
}

/** The blocks of `size` numbers, one after the other, summed in order. */
const sumBlocks = (blocks: readonly Float64Array[], size: number): Float64Array => {
  const total = new Float64Array(size)
  for (const block of blocks)
    block.forEach((x, i) => {
      total[i]! += x
    })
  return total
}

const blocksOf = (data: Float64Array, size: number): readonly Float64Array[] =>
  Array.from({ length: data.length / size }, (_, k) => data.subarray(k * size, (k + 1) * size))

/** Real numbers in one entry of the first axis. */
const entrySize = (x: Tensor): number => x.data.length / x.shape[0]!

const indexAt = (args: readonly Datum[], i: number): number => asTensor(args[i]).data[0]!

export const linearRules: { readonly [K in keyof LinearAttributes]: Rule<K> } = {
  sum: (args, _, type) => {
    const result = zeros(tensorResult(type))
    return tensorOf(
      result,
      sumBlocks(blocksOf(asTensor(args[0]).data, result.data.length), result.data.length),
    )
  },
  broadcast: (args, _, type) => {
    const x = asTensor(args[0])
    const result = zeros(tensorResult(type))
    for (let at = 0; at < result.data.length; at += x.data.length) result.data.set(x.data, at)
    return result
  },
  dot: (args, _, type) => {
    const [x, y] = [asTensor(args[0]), asTensor(args[1])]
    const result = zeros(tensorResult(type))
    write(result, 0, inner(x, 0, 1, y, x.data.length / width(x.field), true))
    return result
  },
  matvec: (args, { adjoint }, type) => {
    const [a, x] = [asTensor(args[0]), asTensor(args[1])]
    const [m, n] = a.shape as readonly [number, number]
    const result = zeros(tensorResult(type))
    if (adjoint) for (let j = 0; j < n; j++) write(result, j, inner(a, j, n, x, m, true))
    else for (let i = 0; i < m; i++) write(result, i, inner(a, i * n, 1, x, n, false))
    return result
  },
  transpose: (args, _, type) => {
    const a = asTensor(args[0])
    const [m, n] = a.shape as readonly [number, number]
    const w = width(a.field)
    const result = zeros(tensorResult(type))
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        for (let part = 0; part < w; part++)
          result.data[(j * m + i) * w + part] = a.data[(i * n + j) * w + part]!
    return result
  },
  outer: (args, _, type) => {
    const [a, b] = [asTensor(args[0]), asTensor(args[1])]
    const result = zeros(tensorResult(type))
    const [m, n] = result.shape as readonly [number, number]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        if (a.field !== 'complex') {
          result.data[i * n + j] = a.data[i]! * b.data[j]!
          continue
        }
        const [p, q] = [a.data[2 * i]!, a.data[2 * i + 1]!]
        const [r, s] = [b.data[2 * j]!, -b.data[2 * j + 1]!]
        write(result, i * n + j, [p * r - q * s, p * s + q * r])
      }
    return result
  },
  contract: (args, _, type) => {
    const [a, b] = [asTensor(args[0]), asTensor(args[1])]
    const result = zeros(tensorResult(type))
    const steps = a.shape[0]!
    const [m, n] = result.shape as readonly [number, number]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        // Σ conj(b_tj) a_ti, both down a column
        let [re, im] = [0, 0]
        for (let t = 0; t < steps; t++) {
          if (a.field !== 'complex') {
            re += a.data[t * m + i]! * b.data[t * n + j]!
            continue
          }
          const [at, from] = [2 * (t * m + i), 2 * (t * n + j)]
          const [p, q] = [a.data[at]!, a.data[at + 1]!]
          const [r, s] = [b.data[from]!, -b.data[from + 1]!]
          re += p * r - q * s
          im += p * s + q * r
        }
        write(result, i * n + j, [re, im])
      }
    return result
  },
  concat: (args, _, type) => {
    const [a, b] = [asTensor(args[0]), asTensor(args[1])]
    const result = zeros(tensorResult(type))
    result.data.set(a.data)
    result.data.set(b.data, a.data.length)
    return result
  },
  slice: (args, { start, length }, type) => {
    const x = asTensor(args[0])
    const size = entrySize(x)
    return tensorOf(tensorResult(type), x.data.slice(start * size, (start + length) * size))
  },
  reshape: (args, _, type) => tensorOf(tensorResult(type), asTensor(args[0]).data),
  pad: (args, { before }, type) => {
    const x = asTensor(args[0])
    const result = zeros(tensorResult(type))
    result.data.set(x.data, before * entrySize(x))
    return result
  },
  take: (args, _, type) => {
    const x = asTensor(args[0])
    const [size, i] = [entrySize(x), indexAt(args, 1)]
    return tensorOf(tensorResult(type), x.data.slice(i * size, (i + 1) * size))
  },
  put: (args, _, type) => {
    const x = asTensor(args[0])
    const result = zeros(tensorResult(type))
    result.data.set(x.data, indexAt(args, 1) * x.data.length)
    return result
  },
  batchSum: (examples, _, type) => {
    const result = tensorResult(type)
    const blocks = examples.map(x => asTensor(x).data)
    return tensorOf(result, sumBlocks(blocks, blocks[0]?.length ?? 0))
  },
}
