/** Figures without a rival: what an element costs as n grows, compiling, memory, instructions. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { type Running, start } from './contender.ts'
import { buildFolder, here, output, script } from './here.ts'
import { figure, type Line, median, type Row } from './row.ts'
import { type Shape, shapes } from './shapes.ts'
import { ours } from './training.ts'

const atMost = (must: number, aim: number): NonNullable<Line['bound']> => ({ kind: 'at most', must, aim })

const sizes: readonly Shape[] = [256, 1024, 4096, 16384, 131072].map(hidden => ({
  model: 'urnn',
  task: 'adding',
  hidden,
  batch: 32,
  // Half as many steps, as their history takes gigabytes; with few, what a run does once would count for more than at n = 256.
  lag: hidden < 131072 ? 100 : 50,
}))

const growth: Row = {
  name: 'size',
  what: 'training step, urnn on adding, T = 100, B = 32 (n = 131072: T = 50): ns for an element and a time step, and how often that of n = 256',
  measure: async ({ quick, threads }) => {
    const running: Running[] = []
    try {
      for (const shape of sizes) {
        const one = await start(ours, { shape, threads, warm: 2 })
        if (E.isLeft(one)) return [{ row: 'size', what: growth.what, unit: 'ns', absent: one.left }]
        running.push(one.right)
      }
      const times: number[][] = sizes.map(() => [])
      for (let round = 0; round < (quick ? 3 : 9); round++)
        for (const [i, { hidden, lag, batch }] of sizes.entries()) {
          const ran = await running[i]!.run(2)
          if (E.isLeft(ran)) return [{ row: 'size', what: growth.what, unit: 'ns', absent: ran.left }]
          times[i]!.push((ran.right[1]! * 1e9) / (hidden * lag * batch))
        }
      const first = median(times[0]!)
      return sizes.map(({ hidden }, i) => ({
        row: `size-${hidden}`,
        what: growth.what,
        unit: 'ns',
        ours: figure(times[i]!),
        rival: 'n = 256',
        theirs: figure(times[0]!),
        ratio: median(times[i]!) / first,
        ...(i === sizes.length - 1 ? { bound: atMost(4, 2.5) } : {}),
      }))
    } finally {
      for (const r of running) r.stop()
    }
  },
}

/** A line of JSON that a program prints. */
const printed = async <A>(
  codec: t.Type<A>,
  file: string,
  args: readonly string[],
): Promise<E.Either<string, A>> => {
  const text = await output(file, args)
  if (E.isLeft(text)) return text
  const value: unknown = JSON.parse(text.right)
  return codec.is(value) ? E.right(value) : E.left(`it printed ${text.right}`)
}

const Compiled = t.type({ cold: t.number, warm: t.readonlyArray(t.number) })

const compileTime: Row = {
  name: 'compile',
  what: 'from the declared uRNN, pixel-MNIST shape, to the ready plan of its training step; a fresh process each time',
  measure: async ({ quick }) => {
    const command = await script('compileOnce')
    if (E.isLeft(command))
      return [{ row: 'compile', what: compileTime.what, unit: 'ms', absent: command.left }]
    const { file, args } = command.right
    const cold: number[] = []
    const warm: number[] = []
    for (let k = 0; k < (quick ? 3 : 9); k++) {
      const once = await printed(Compiled, file, args)
      if (E.isLeft(once)) return [{ row: 'compile', what: compileTime.what, unit: 'ms', absent: once.left }]
      cold.push(once.right.cold)
      warm.push(median(once.right.warm))
    }
    const line = { what: compileTime.what, unit: 'ms', bound: atMost(200, 50) }
    return [
      {
        ...line,
        row: 'compile-cold',
        ours: figure(cold),
        ratio: median(cold),
        note: 'the first in its process',
      },
      { ...line, row: 'compile-warm', ours: figure(warm), ratio: median(warm), note: 'the next five' },
    ]
  },
}

const memory: Row = {
  name: 'memory',
  what: 'most memory resident, pixel-MNIST shape: a fresh process, eight training steps; Node is in it',
  measure: async ({ quick, threads }) => {
    const values: number[] = []
    for (let k = 0; k < (quick ? 1 : 3); k++) {
      const one = await start(ours, { shape: shapes.mnist, threads, warm: 8 })
      const most = E.isLeft(one) ? one : await one.right.memory()
      if (E.isRight(one)) one.right.stop()
      if (E.isLeft(most)) return [{ row: 'memory', what: memory.what, unit: 'MB', absent: most.left }]
      values.push(most.right)
    }
    const line = { row: 'memory', what: memory.what, unit: 'MB', bound: atMost(200, 150) }
    return [{ ...line, ours: figure(values), ratio: median(values) }]
  },
}

/* What callgrind counts inside the engine's run of so many training steps. */
const counted = async (plan: string, steps: number): Promise<E.Either<string, number>> => {
  const summary = join(buildFolder(), `callgrind-${steps}`)
  const ran = await output('valgrind', [
    ...['--tool=callgrind', '--quiet', '--toggle-collect=parseval::Program::execute*'],
    ...[
      `--callgrind-out-file=${summary}`,
      process.execPath,
      here('instructionsRun.mjs'),
      plan,
      String(steps),
    ],
  ])
  if (E.isLeft(ran)) return ran
  const total = /^(?:summary|totals): (\d+)/m.exec(readFileSync(summary, 'utf8'))?.[1]
  return total === undefined ? E.left('callgrind counted nothing') : E.right(Number(total))
}

const instructions: Row = {
  name: 'instructions',
  what: 'instructions of a training step, urnn on adding, n = 64, T = 16, B = 8, one thread, AVX2 kernels (callgrind)',
  onRequest: true,
  measure: async () => {
    const line = { row: 'instructions', what: instructions.what, unit: 'k' }
    const plan = join(buildFolder(), 'plan.json')
    const command = await script('instructions', plan)
    if (E.isLeft(command)) return [{ ...line, absent: command.left }]
    const planned = await output(command.right.file, command.right.args)
    if (E.isLeft(planned)) return [{ ...line, absent: planned.left }]
    const one = await counted(plan, 1)
    if (E.isLeft(one)) return [{ ...line, absent: `${one.left} (apt-get install valgrind)` }]
    const two = await counted(plan, 2)
    if (E.isLeft(two)) return [{ ...line, absent: two.left }]
    const count = (two.right - one.right) / 1000
    return [{ ...line, ours: figure([count]), ratio: count }]
  },
}

export const aloneRows: readonly Row[] = [growth, compileTime, memory, instructions]
