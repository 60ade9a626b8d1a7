/** A contender: a process of its own that is given a case once and then asked, again and again, for times. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/** How to start one, or why it cannot be. */
export interface Contender {
  readonly name: string
  readonly command: () => Promise<E.Either<string, Command>>
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** What to do where it turns out not to be installed. */
  readonly remedy?: string
}

/** One that is loaded and warm. */
export interface Running {
  readonly name: string
  readonly version: string
  /** Numbers that say what it computes: of the first training steps the losses, of a transform some entries. */
  readonly losses: readonly number[]
  /** Seconds of each of `count` repetitions. */
  readonly run: (count: number) => Promise<E.Either<string, readonly number[]>>
  /** The most memory it has had, in MB. */
  readonly memory: () => Promise<E.Either<string, number>>
  readonly stop: () => void
}

const Loaded = t.type({ version: t.string, losses: t.readonlyArray(t.number) })
const Times = t.type({ seconds: t.readonlyArray(t.number) })
const Memory = t.type({ megabytes: t.number })
const Absent = t.type({ absent: t.string })

type Ask = (request: unknown) => Promise<E.Either<string, unknown>>

/* One line for each request; if the process ends instead, what it last said on its error stream. */
const asking = (child: ChildProcess): Ask => {
  let complaint = ''
  let ended = ''
  const waiting: ((answer: E.Either<string, unknown>) => void)[] = []
  const lines: E.Either<string, unknown>[] = []
  const give = (answer: E.Either<string, unknown>): void => {
    const next = waiting.shift()
    if (next === undefined) lines.push(answer)
    else next(answer)
  }
  child.stderr!.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-600)
  })
  child.stdin!.on('error', () => undefined) // its end is reported below
  createInterface({ input: child.stdout! }).on('line', line =>
    give(
      E.tryCatch(
        () => JSON.parse(line) as unknown,
        () => `it answered ${line.slice(0, 200)}`,
      ),
    ),
  )
  const end = (why: string): void => {
    ended = why
    for (const _ of [...waiting]) give(E.left(why))
  }
  child.on('error', error => end(error.message))
  child.on('close', (code, signal) =>
    end(
      `it ended (${signal ?? code})${complaint === '' ? '' : `: ${complaint.trim().split('\n').slice(-2).join(' ')}`}`,
    ),
  )
  return request =>
    new Promise(resolve => {
      const early = lines.shift()
      if (early !== undefined) return resolve(early)
      if (ended !== '') return resolve(E.left(ended))
      waiting.push(resolve)
      child.stdin!.write(`${JSON.stringify(request)}\n`)
    })
}

const answered = <A>(codec: t.Type<A>, answer: E.Either<string, unknown>): E.Either<string, A> => {
  if (E.isLeft(answer)) return answer
  if (Absent.is(answer.right)) return E.left(answer.right.absent)
  return codec.is(answer.right)
    ? E.right(answer.right)
    : E.left(`it answered ${JSON.stringify(answer.right).slice(0, 200)}`)
}

/** Starts a contender and hands it a case; or why that did not go. */
export const start = async (contender: Contender, load: unknown): Promise<E.Either<string, Running>> => {
  const command = await contender.command()
  if (E.isLeft(command)) return command
  const { file, args, remedy } = command.right
  const child = spawn(file, args, { stdio: 'pipe' })
  const ask = asking(child)
  const stop = (): void => {
    child.stdin!.end()
    child.kill()
  }
  const loaded = answered(Loaded, await ask({ load }))
  if (E.isLeft(loaded)) {
    stop()
    return E.left(remedy === undefined ? loaded.left : `${loaded.left} (${remedy})`)
  }
  return E.right({
    name: contender.name,
    ...loaded.right,
    run: async count =>
      E.map((a: t.TypeOf<typeof Times>) => a.seconds)(answered(Times, await ask({ run: count }))),
    memory: async () =>
      E.map((a: t.TypeOf<typeof Memory>) => a.megabytes)(answered(Memory, await ask({ memory: 1 }))),
    stop,
  })
}
