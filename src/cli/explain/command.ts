/** `parseval explain <model>`: the program, what each pass makes of it, the plan; or a page with the graphs drawn. */
import { basename } from 'node:path'
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { lower } from '../../backend/native/lower.ts'
import { print } from '../../ir/print.ts'
import { settings } from '../../train/config.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from '../exit.ts'
import { modelChoices } from '../modelFile.ts'
import { decodeOption, givenSettings, type Raw, type SettingFlag, withSettings } from '../options.ts'
import { lookedAt, subjectOf } from '../subject.ts'
import type { Terminal } from '../terminal.ts'
import { written } from '../written.ts'
import { type Stage, stagesOf } from './stages.ts'
import { overview } from './text.ts'

const options: readonly SettingFlag[] = ['lag', 'hidden', 'batch', 'precision', 'memory', 'data']

const examples = `
Examples:
  $ parseval explain urnn                           what each pass makes of a training step, and its plan
  $ parseval explain ./cell.ts --task adding --hidden 8 --lag 10
  $ parseval explain ./filter.ts --grad             of a program: its value and gradient
  $ parseval explain urnn --lag 100000 --batch 8 --memory 64MB
  $ parseval explain urnn --pass fuseUnitary        the program after that pass; --pass all: after each
  $ parseval explain urnn --html urnn.html          a page of its own with the graphs drawn`

/** The programs that `--pass` asks for. */
const programs = (stages: readonly Stage[], pass: string): E.Either<Refusal, string> => {
  if (pass === 'all')
    return E.right(stages.map(s => `// after ${s.name}: ${s.summary}\n${print(s.func)}`).join('\n'))
  // a pass that runs twice has done all it does the second time
  const stage = stages.findLast(s => s.name === pass)
  if (stage !== undefined) return E.right(print(stage.func))
  const names = [...new Set(stages.map(s => s.name))].join(', ')
  return E.left(usage(`--pass ${pass}: there is no such pass; choose one of ${names}, or all`))
}

const htmlPath = (html: true | string, model: string): string =>
  html === true ? `${basename(model).replace(/\.[^.]*$/, '')}.html` : html

const run = async (model: string, raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  const { pass, task, html, grad, ...rest } = raw as Raw & { pass?: string; html?: true | string }
  const given = givenSettings(rest)
  if (E.isLeft(given)) return given
  const named =
    task === undefined ? E.right({}) : E.map(t => ({ task: t }))(decodeOption(settings.task, 'task', task))
  if (E.isLeft(named)) return named
  const subject = await subjectOf(
    model,
    lookedAt({ ...given.right, ...named.right }),
    grad === true
      ? { recurrent: 'gradient', program: 'gradient' }
      : { recurrent: 'step', program: 'forward' },
  )()
  if (E.isLeft(subject)) return E.left(failed(subject.left))
  const { makes, program } = subject.right
  const stages = stagesOf(program.func, makes)
  if (pass !== undefined) {
    const text = programs(stages, pass)
    if (E.isLeft(text)) return text
    terminal.result(text.right.trimEnd())
    return E.right(exitCode.ok)
  }
  const plan = lower({ ...program, func: stages.at(-1)?.func ?? program.func })
  if (E.isLeft(plan)) return E.left(failed(plan.left.message))
  if (html === undefined) {
    terminal.result(overview(subject.right, stages, plan.right).join('\n'))
    return E.right(exitCode.ok)
  }
  const { pageOf } = await import('./page.ts') // the drawing is loaded when it is needed
  const text = pageOf(basename(model), subject.right, stages, plan.right)
  const page = await written(model, htmlPath(html, model), text)
  if (E.isLeft(page)) return page
  terminal.result(page.right)
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
    .summary('show what the compiler makes of a model')
    .description(
      'Shows a model and its loss on a task as a program, what each pass makes of a training step (of a program: of the program itself) and at what cost, and the plan that the engine runs.',
    )
    .argument('<model>', modelChoices)
    .option(
      '--task <task>',
      'what a recurrent model is for: copying, adding, pixels or permuted (default: copying)',
    )
    .option('--grad', 'the value and the gradient alone')
    .option('--pass <name>', 'print the program after that pass instead; all: after each')
    .option('--html [file]', 'write a page with the graphs drawn (default: <model>.html)')
  withSettings(command, options)
    .addHelpText('after', examples)
    .action(async (model: string, raw: Raw) => done(await run(model, raw, terminal)))
}
