/** `parseval compile <model>`: the program as text, as JSON, or as the plan that the engine runs. */
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { compile } from '../backend/native/compile.ts'
import { Plan } from '../backend/native/plan.ts'
import { toJson } from '../ir/json.ts'
import { textHeader } from '../ir/parse.ts'
import { print } from '../ir/print.ts'
import { oneOf, settings } from '../train/config.ts'
import { type ExitCode, exitCode, failed, type Refusal } from './exit.ts'
import { modelChoices } from './modelFile.ts'
import { decodeOption, givenSettings, type Raw, type SettingFlag, withSettings } from './options.ts'
import { lookedAt, type Subject, subjectOf } from './subject.ts'
import type { Terminal } from './terminal.ts'
import { written } from './written.ts'

const options: readonly SettingFlag[] = ['lag', 'hidden', 'data']

const examples = `
Examples:
  $ parseval compile ./filter.ts --emit ir --out filter.ir     as text, to be edited by hand
  $ parseval compile urnn --task adding --lag 10 --emit json   the loss on a task, as JSON
  $ parseval compile filter.ir --grad --emit ir                its value and gradient
  $ parseval compile filter.ir --emit plan                     what the engine runs, as JSON

Text and JSON are read wherever a model is: parseval explain filter.ir, parseval run filter.json.`

const Form = oneOf('ir', 'json', 'plan')

const json = (u: unknown): string => JSON.stringify(u, null, 1)

const emitted = (form: 'ir' | 'json' | 'plan', { program }: Subject): E.Either<string, string> => {
  if (form === 'ir') return E.right(`${textHeader}\n${print(program.func)}`)
  if (form === 'json') return E.right(`${json(toJson(program.func))}\n`)
  return E.bimap(
    (e: { readonly message: string }) => e.message,
    (plan: Plan) => `${json(Plan.encode(plan))}\n`,
  )(compile(program))
}

const run = async (model: string, raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  const { emit, out, grad, task, ...rest } = raw
  const form = decodeOption(Form, 'emit', emit)
  if (E.isLeft(form)) return form
  const wanted = decodeOption(settings.task, 'task', task)
  if (E.isLeft(wanted)) return wanted
  const given = givenSettings(rest)
  if (E.isLeft(given)) return given
  const aspect = grad === true ? 'gradient' : 'forward'
  const config = lookedAt({ ...given.right, task: wanted.right })
  const subject = await subjectOf(model, config, { recurrent: aspect, program: aspect })()
  if (E.isLeft(subject)) return E.left(failed(subject.left))
  const text = emitted(form.right, subject.right)
  if (E.isLeft(text)) return E.left(failed(text.left))
  if (typeof out !== 'string') {
    terminal.result(text.right.trimEnd())
    return E.right(exitCode.ok)
  }
  return E.map(() => exitCode.ok)(await written(model, out, text.right))
}

/** Adds the command; `done` is told how it ended. */
export const addCompile = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('compile')
    .summary('write a model as text, JSON or a plan')
    .description(
      'Writes a program (of a recurrent model: its loss on a task) as text or JSON that can be edited and read back, or as the plan that the engine runs.',
    )
    .argument('<model>', modelChoices)
    .option('--emit <form>', 'ir (text), json or plan', 'ir')
    .option('--out <FILE>', 'where to write it (default: stdout)')
    .option('--grad', 'the value and the gradient')
    .option('--task <task>', 'what a recurrent model is for: copying, adding, pixels or permuted', 'copying')
  withSettings(command, options)
    .addHelpText('after', examples)
    .action(async (model: string, raw: Raw) => done(await run(model, raw, terminal)))
}
