/** The native engine as a backend: programs are compiled to plans, parameters stay in the engine. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Backend,
  type BackendError,
  type BackendOptions,
  finite,
  lacks,
  type Numbers,
  noParameter,
  type Program,
  type Session,
  updatable,
} from '../backend.ts'
import { type Addon, loadAddon, type NativeProgram } from './addon.ts'
import { type CompileError, compile } from './compile.ts'
import { type Plan, tape } from './plan.ts'

const failure = (message: string): BackendError => ({ kind: 'BackendError', message })
const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))
/* The engine knows inputs by position, users by name. */
const named = (plan: Plan, message: string): string =>
  message.replace(/^input (\d+)/, (whole, i) => {
    const input = plan.inputs[Number(i)]
    return input === undefined ? whole : `"${input.name}"`
  })
const attempt = <A>(run: () => A): E.Either<BackendError, A> => E.tryCatch(run, e => failure(messageOf(e)))

/** The plan in the engine, its uniform inputs not yet set. */
export const load = (addon: Addon, plan: Plan, options: BackendOptions): E.Either<BackendError, Session> =>
  pipe(
    attempt(() => {
      const { code, constants } = tape(plan)
      const { precision, isa } = options
      return new addon.Program(code, constants, isa === undefined ? { precision } : { precision, isa })
    }),
    E.map(program => session(plan, program, options.threads)),
  )

const session = (plan: Plan, program: NativeProgram, threads: number): Session => {
  const uniform = (name: string): E.Either<BackendError, number> => {
    const i = plan.inputs.findIndex(input => input.name === name && input.rate === 'uniform')
    return i >= 0
      ? E.right(i)
      : E.left(
          failure(
            noParameter(
              name,
              plan.inputs.map(p => ({ name: p.name, type: { rate: p.rate } })),
            ),
          ),
        )
  }
  const varying = (
    data: Readonly<Record<string, Numbers>>,
  ): E.Either<BackendError, readonly (Numbers | null)[]> => {
    const missing = plan.inputs.find(p => p.rate === 'varying' && data[p.name] === undefined)
    if (missing !== undefined) return E.left(failure(lacks(missing.name, data)))
    return E.right(plan.inputs.map(p => (p.rate === 'varying' ? data[p.name]! : null)))
  }
  let underWay = false
  const run =
    (
      batch: number,
      inputs: readonly (Numbers | null)[],
      signal: AbortSignal | undefined,
    ): TE.TaskEither<BackendError, readonly Numbers[]> =>
    async () => {
      if (signal?.aborted)
        return E.left({ ...failure('the run was cancelled before it began'), cancelled: true })
      // Refused here, as `cancel` would be that of the run under way.
      if (underWay) return E.left(failure('a run is under way'))
      underWay = true
      const cancel = (): void => program.cancel()
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        return E.right(await program.run(batch, inputs, threads))
      } catch (e) {
        const left = failure(named(plan, messageOf(e)))
        return E.left(signal?.aborted ? { ...left, cancelled: true } : left)
      } finally {
        underWay = false
        signal?.removeEventListener('abort', cancel)
      }
    }
  return {
    write: (name, data) =>
      pipe(
        finite(name, data),
        E.chain(() => uniform(name)),
        E.chain(i =>
          pipe(
            attempt(() => program.write(i, data)),
            E.mapLeft(e => failure(named(plan, e.message))),
          ),
        ),
      ),
    read: name =>
      pipe(
        uniform(name),
        E.chain(i => attempt(() => program.read(i))),
      ),
    run: (batch, data, signal) => async () => {
      const inputs = varying(data)
      return E.isLeft(inputs) ? inputs : run(batch, inputs.right, signal)()
    },
  }
}

/** The native backend, or why it cannot be used here. */
export const nativeBackend = (): E.Either<string, Backend> =>
  pipe(
    loadAddon(),
    E.map(addon => ({
      name: 'native' as const,
      start: (program: Program, options: BackendOptions) =>
        pipe(
          updatable(program),
          E.chain(p => E.mapLeft((e: CompileError) => failure(e.message))(compile(p))),
          E.chain(plan => load(addon, plan, options)),
        ),
    })),
  )
