/**
 * Our side of the transforms: of a batch, a plan that repeats one from memory to memory, its code generated as any
 * plan's; of one vector, `vectorTransform`. Speaks what bench/peers/protocol.py says.
 */
import { createInterface } from 'node:readline'
import { loadAddon } from '../src/backend/native/addon.ts'
import { tape } from '../src/backend/native/plan.ts'
import { repeated } from '../src/backend/native/repeated.ts'
import { vectorTransform } from '../src/backend/native/vectorTransform.ts'
import { right } from './shapes.ts'

const options = { precision: 'single' } as const

/* The data and the entries of bench/peers/transforms.h. */
const element = (b: number, i: number): number => {
  const j = i >> 1
  return i % 2 === 0 ? Math.sin(1.7 * j + 0.3 * b) : Math.cos(2.3 * j + b)
}
const entries = (size: number): readonly number[] => [1, Math.floor(size / 3), Math.floor(size / 2), size - 1]
const repetitions = (size: number, batch: number): number =>
  Math.max(1, Math.floor(1e8 / (5 * size * Math.log2(size) * batch)))

interface Transforms {
  /** Entry i of what becomes of vector b. */
  readonly result: (b: number, i: number) => number
  /** Seconds of one transform. */
  readonly time: () => Promise<number>
}

const ofBatch = async (size: number, batch: number): Promise<Transforms> => {
  const { Program } = right(loadAddon())
  const data = Float64Array.from({ length: 2 * size * batch }, (_, k) =>
    element(Math.floor(k / (2 * size)), k % (2 * size)),
  )
  // Enough that what a run costs beside its transforms is little; it is measured, too, and taken off.
  const count = 40 * repetitions(size, batch)
  const [short, long] = [1, 1 + count].map(times => {
    const { code, constants } = tape(repeated(size, times))
    return new Program(code, constants, options)
  })
  const seconds = async (p: typeof short): Promise<number> => {
    const start = performance.now()
    await p!.run(batch, [data], 1)
    return (performance.now() - start) / 1000
  }
  const [y] = await short!.run(batch, [data], 1)
  const once: number[] = []
  for (let k = 0; k < 9; k++) once.push(await seconds(short))
  const rest = once.sort((p, q) => p - q)[once.length >> 1]!
  return {
    result: (b, i) => y![2 * size * b + i]!,
    time: async () => ((await seconds(long)) - rest) / (count * batch),
  }
}

/* Some vectors in a row, so that a call's own time does not count. */
const ofOne = (size: number): Transforms => {
  const transform = right(vectorTransform(size, options))
  const row = Math.max(1, 4096 / size)
  const x = Float32Array.from({ length: 2 * size * row }, (_, k) => element(0, k % (2 * size)))
  const y = transform.run(x)
  const count = Math.ceil(repetitions(size, 1) / row)
  return {
    result: (_, i) => y[i]!,
    time: async () => {
      const start = performance.now()
      for (let k = 0; k < count; k++) transform.run(x, false, y)
      return (performance.now() - start) / 1000 / (count * row)
    },
  }
}

const say = (answer: unknown): void => console.log(JSON.stringify(answer))

let transforms: Transforms | undefined
for await (const line of createInterface({ input: process.stdin })) {
  const { load, run } = JSON.parse(line) as {
    load?: { readonly size: number; readonly batch: number }
    run?: number
  }
  if (load !== undefined) {
    const { size, batch } = load
    transforms = batch === 1 ? ofOne(size) : await ofBatch(size, batch)
    const { result, time } = transforms
    await time()
    say({
      version: right(loadAddon()).features().isa[0],
      losses: [0, batch - 1].flatMap(b =>
        entries(size).flatMap(k => [result(b, 2 * k), result(b, 2 * k + 1)]),
      ),
    })
  } else if (run !== undefined && transforms !== undefined) {
    const seconds: number[] = []
    for (let k = 0; k < run; k++) seconds.push(await transforms.time())
    say({ seconds })
  }
}
