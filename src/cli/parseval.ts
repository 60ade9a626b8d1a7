/** The command line as a function: arguments in, exit code out. */
import { Command, CommanderError } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { addCompile } from './compile.ts'
import { type ExitCode, exitCode, type Refusal } from './exit.ts'
import { addExplain } from './explain/command.ts'
import { addPaper } from './paper/command.ts'
import { addRun } from './run.ts'
import type { Terminal } from './terminal.ts'
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
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (e) {
    if (!(e instanceof CommanderError)) throw e
    return e.exitCode === 0 ? exitCode.ok : exitCode.usage
  }
  if (E.isRight(ended)) return ended.right
  terminal.note(`parseval: ${ended.left.message}`)
  if (ended.left.code === exitCode.usage) terminal.note('(see parseval --help)')
  return ended.left.code
}
