/** `parseval explain <model>`: the program that a training step is, as text. */
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { print } from '../ir/print.ts'
import { type Config, settings } from '../train/config.ts'
import { prepare } from '../train/experiment.ts'
import { type ExitCode, exitCode, failed, type Refusal } from './exit.ts'
import {
  decodeArgument,
  defaults,
  givenSettings,
  type Raw,
  type SettingFlag,
  withSettings,
} from './options.ts'
import type { Terminal } from './terminal.ts'

const options: readonly SettingFlag[] = ['lag', 'hidden']

const examples = `
Examples:
  $ parseval explain urnn
  $ parseval explain urnn --hidden 8 --lag 10`

const run = (modelText: string, raw: Raw, terminal: Terminal): E.Either<Refusal, ExitCode> => {
  const model = decodeArgument(settings.model, 'model', modelText)
  if (E.isLeft(model)) return model
  const given = givenSettings(raw)
  if (E.isLeft(given)) return given
  const config: Config = {
    ...defaults,
    backend: 'reference',
    task: 'copying',
    ...given.right,
    model: model.right,
  }
  const experiment = prepare(config)
  if (E.isLeft(experiment)) return E.left(failed(experiment.left))
  terminal.result(print(experiment.right.programs.step.func).trimEnd())
  return E.right(exitCode.ok)
}

/** Adds the command; `done` is told how it ended. */
export const addExplain = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('explain')
    .summary('print the program that a model becomes')
    .description('Prints the program of one training step of a model on copying memory.')
    .argument('<model>', 'urnn')
  withSettings(command, options)
    .addHelpText('after', examples)
    .action((model: string, raw: Raw) => done(run(model, raw, terminal)))
}
