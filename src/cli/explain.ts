/** `parseval explain <model>`: the program, what each pass makes of it, the plan. */
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Program } from '../backend/backend.ts'
import { lower } from '../backend/native/lower.ts'
import { showPlan } from '../backend/native/show.ts'
import type { Func } from '../ir/expr.ts'
import { bodiesOf, print } from '../ir/print.ts'
import { postorder } from '../ir/walk.ts'
import { modelNames } from '../models/registry.ts'
import { cost, steps } from '../passes/cost.ts'
import { optimise, standard } from '../passes/pipeline.ts'
import { type Config, settings } from '../train/config.ts'
import { prepare } from '../train/experiment.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from './exit.ts'
import {
  decodeArgument,
  defaults,
  givenSettings,
  type Raw,
  type SettingFlag,
  withSettings,
} from './options.ts'
import type { Terminal } from './terminal.ts'

const options: readonly SettingFlag[] = ['lag', 'hidden', 'batch', 'precision', 'memory']

const examples = `
Examples:
  $ parseval explain urnn                           what each pass makes of a training step, and its plan
  $ parseval explain urnn --hidden 8 --lag 10
  $ parseval explain urnn --lag 100000 --batch 8 --memory 64MB
  $ parseval explain urnn --pass fuseUnitary        the program after that pass`

const count = (n: number): string => Math.round(n).toLocaleString('en')

/** One row: a program's size and cost, in all and for one step of each loop. */
const row = (name: string, f: Func): string => {
  const total = cost(f)
  const loops = steps(f).map(s => `${s.cost.transforms} (${s.reverse ? 'backward' : 'forward'})`)
  const nodes = [f, ...bodiesOf(f)].reduce((sum, g) => sum + postorder(g.results).length, 0)
  return [
    name.padEnd(14),
    count(nodes).padStart(7),
    count(total.flops).padStart(15),
    count(total.traffic * 4).padStart(15),
    `  ${loops.join(', ')}`,
  ].join('')
}

interface Stage {
  readonly name: string
  readonly summary: string
  readonly func: Func
}

/** The programs after each pass, the first as it was declared. */
const stages = (f: Func): readonly Stage[] => {
  const done: Stage[] = [
    { name: 'declared', summary: 'the training step: loss, gradient and update', func: f },
  ]
  let func = f
  for (const pass of standard) {
    func = pass.run(func)
    done.push({ name: pass.name, summary: pass.summary, func })
  }
  return done
}

const overview = (loss: Func, program: Program): E.Either<string, readonly string[]> =>
  pipe(
    lower({ ...program, func: optimise(program.func) }),
    E.mapLeft(e => e.message),
    E.map(plan => [
      'The model and its loss, for one example:',
      '',
      print(loss),
      'A training step after each pass, for one example (bytes: every value through memory, in single precision):',
      '',
      `${'pass'.padEnd(14)}${'nodes'.padStart(7)}${'flops'.padStart(15)}${'bytes'.padStart(15)}  transforms a step`,
      ...stages(program.func).map(s => row(s.name, s.func)),
      '',
      ...stages(program.func).map(s => `${s.name.padEnd(14)}${s.summary}`),
      '',
      `The plan: ${count(plan.units.uniform)} numbers for all examples, ${count(plan.units.varying)} for each lane.`,
      '',
      showPlan(plan),
    ]),
  )

const run = (modelText: string, raw: Raw, terminal: Terminal): E.Either<Refusal, ExitCode> => {
  const { pass, ...settingsGiven } = raw as Raw & { readonly pass?: string }
  const model = decodeArgument(settings.model, 'model', modelText)
  if (E.isLeft(model)) return model
  const given = givenSettings(settingsGiven)
  if (E.isLeft(given)) return given
  const config: Config = {
    ...defaults,
    backend: 'reference',
    precision: 'single',
    task: 'copying',
    ...given.right,
    model: model.right,
  }
  const experiment = prepare(config)
  if (E.isLeft(experiment)) return E.left(failed(experiment.left))
  const { step, evaluate } = experiment.right.programs
  if (pass !== undefined) {
    const stage = [...stages(step.func)].reverse().find(s => s.name === pass)
    if (stage === undefined) {
      const names = [...new Set(stages(step.func).map(s => s.name))].join(', ')
      return E.left(usage(`--pass ${pass}: there is no such pass; choose one of ${names}`))
    }
    terminal.result(print(stage.func).trimEnd())
    return E.right(exitCode.ok)
  }
  const lines = overview(evaluate.func, step)
  if (E.isLeft(lines)) return E.left(failed(lines.left))
  terminal.result(lines.right.join('\n'))
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
      'Shows a model and its loss on copying memory as a program, what each pass makes of a training step and at what cost, and the plan that the engine runs.',
    )
    .argument('<model>', modelNames.join(', '))
    .option('--pass <name>', 'print the program after that pass instead')
  withSettings(command, options)
    .addHelpText('after', examples)
    .action((model: string, raw: Raw) => done(run(model, raw, terminal)))
}
