/**
 * Our side of a duel: the training step as the trainer runs it, the data handed over and the loss read. Speaks
 * what bench/peers/protocol.py says.
 */
import { createInterface } from 'node:readline'
import type { Session } from '../src/backend/backend.ts'
import { nativeBackend } from '../src/backend/native/backend.ts'
import { trainingPrograms } from '../src/train/program.ts'
import { rmsprop } from '../src/train/rmsprop.ts'
import { initialState, load, slotsOf } from '../src/train/state.ts'
import { batchesOf, modelOf, optimiserSettings, parameterSeed, right, type Shape, taskOf } from './shapes.ts'

const backend = right(nativeBackend())

/** The declared model's training step as a plan in the engine. */
export const compiled = (shape: Shape, threads: number) => {
  const task = taskOf(shape)
  const programs = right(trainingPrograms(modelOf(shape, task), task, () => rmsprop(optimiserSettings)))
  return { task, programs, session: right(backend.start(programs.step, { precision: 'single', threads })) }
}

/** The next step's time in seconds, and the loss before it. */
export type Step = () => Promise<{ readonly seconds: number; readonly loss: number }>

/** The training step with its first state, on batches in turn. */
export const training = (shape: Shape, threads: number): Step => {
  const { task, programs, session } = compiled(shape, threads)
  right(
    load(
      session,
      slotsOf(programs).map(s => s.name),
      initialState(programs, parameterSeed),
    ),
  )
  return stepping(session, shape, batchesOf(shape, task))
}

const stepping = (session: Session, shape: Shape, batches: ReturnType<typeof batchesOf>): Step => {
  let made = 0
  return async () => {
    const data = batches[made++ % batches.length]!
    const start = performance.now()
    const ran = await session.run(shape.batch, data)()
    const seconds = (performance.now() - start) / 1000
    return { seconds, loss: right(ran)[0]![0]! }
  }
}

const say = (answer: unknown): void => console.log(JSON.stringify(answer))

const serve = async (): Promise<void> => {
  let step: Step | undefined
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as {
      load?: { shape: Shape; threads: number; warm: number }
      run?: number
    }
    const times = async (count: number) => {
      const made: Awaited<ReturnType<Step>>[] = []
      for (let k = 0; k < count; k++) made.push(await step!())
      return made
    }
    if (request.load !== undefined) {
      const { shape, threads, warm } = request.load
      step = training(shape, threads)
      say({ version: 'parseval', losses: (await times(warm)).map(r => r.loss) })
    } else if (request.run !== undefined) say({ seconds: (await times(request.run)).map(r => r.seconds) })
    else say({ megabytes: process.resourceUsage().maxRSS / 1024 })
  }
}

if (process.argv[2] === 'serve') await serve()
