/** The command line as a function: arguments in, exit code out. */
import { Command, CommanderError } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { isModelPath } from '../models/registry.ts'
import { addCompile } from './compile.ts'
import { type ExitCode, exitCode, type Refusal } from './exit.ts'
import { addExplain } from './explain/command.ts'
import { addPaper } from './paper/command.ts'
import { addRun } from './run.ts'
import type { Terminal } from './terminal.ts'
import { thrown } from './thrown.ts'
import { addTrain } from './train.ts'
import { addVerify } from './verify.ts'
import { version } from './version.ts'

const examples = `
Examples:
  $ parseval paper --figure 1                 the paper's figure 1; without --figure all four
  $ parseval train copying --lag 200          train on copying memory
  $ parseval train adding --resume --out DIR  go on where a run was left
  $ parseval train adding --model ./cell.ts   train a model of your own
  $ parseval explain urnn                     the program that the model becomes
  $ parseval compile cell.ts --emit ir        a model as text, JSON or a plan
  $ parseval run filter.ir --random 1         run a program from text
  $ parseval verify ./cell.ts                 a model of your own, held to all that is promised`

/** The user's file that a command is about, if it is about one. */
const fileOf = (command: Command): string | undefined =>
  [command.opts<{ readonly model?: unknown }>().model, ...command.args].find(
    (u): u is string => typeof u === 'string' && isModelPath(u),
  )

/* A user's module runs in this process, and may throw where no promise of ours is told: from a timer, in a promise of its
   own. That ends the work, too. */
const withEscapes = async (work: () => Promise<unknown>): Promise<void> => {
  let end = (_: unknown): void => undefined
  const escaped = new Promise<never>((_, reject) => {
    end = reject
  })
  process.on('uncaughtException', end)
  try {
    await Promise.race([work(), escaped])
  } finally {
    process.off('uncaughtException', end)
  }
}

/* As `bug` reports it, trace and all. */
const isBug = (e: unknown): boolean => e instanceof Error && e.message.startsWith('Parseval is broken here')

/** What was thrown over a user's file, in a line; undefined where a trace is due: no file, or a broken promise of ours. */
const told = (e: unknown, file: string | undefined): string | undefined =>
  file === undefined || isBug(e)
    ? undefined
    : `${file} fails: ${thrown(e)} (if the file is not to blame, please report this with it)`

export const parseval = async (args: readonly string[], terminal: Terminal): Promise<ExitCode> => {
  let ended: E.Either<Refusal, ExitCode> = E.right(exitCode.ok)
  const done = (result: E.Either<Refusal, ExitCode>): void => {
    ended = result
  }
  const program = new Command('parseval')
    .description('A compiler for recurrent models that keep their norm.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(see parseval --help)')
    .configureOutput({
      writeOut: text => terminal.result(text.trimEnd()),
      writeErr: text => terminal.note(text.trimEnd()),
    })
    .addHelpText('after', examples)
  addTrain(program, terminal, done)
  addPaper(program, terminal, done)
  addExplain(program, terminal, done)
  addCompile(program, terminal, done)
  addRun(program, terminal, done)
  addVerify(program, terminal, done)
  let file: string | undefined
  program.hook('preAction', (_, command) => {
    file = fileOf(command)
  })
  try {
    await withEscapes(() => program.parseAsync(args, { from: 'user' }))
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? exitCode.ok : exitCode.usage
    const line = told(e, file)
    if (line === undefined) throw e
    terminal.note(`parseval: ${line}`)
    return exitCode.failure
  }
  if (E.isRight(ended)) return ended.right
  terminal.note(`parseval: ${ended.left.message}`)
  if (ended.left.code === exitCode.usage) terminal.note('(see parseval --help)')
  return ended.left.code
}
