/** What `explain`, `compile` and `run` are about: a model as the program that it is of a task, or a program itself. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Program } from '../backend/backend.ts'
import type { Func } from '../ir/expr.ts'
import { valueAndGradient } from '../passes/differentiate.ts'
import { optimise, preparatory } from '../passes/pipeline.ts'
import type { Config } from '../train/config.ts'
import { imagesOf } from '../train/data.ts'
import { prepare } from '../train/experiment.ts'
import type { LoadedModel } from './modelFile.ts'
import { loadModel } from './modelFile.ts'
import { defaults } from './options.ts'

export interface Subject {
  /** What the program as it was declared is, in words. */
  readonly declares: string
  readonly declared: Func
  /** What is made of it. */
  readonly makes: string
  readonly program: Program
}

/** Forward: the program alone. Gradient: its value and the gradient. Step: a model's training step. */
export type Aspect = 'forward' | 'gradient' | 'step'

const ofFunc = (func: Func): Program => ({ func, updates: [] })

/** The value and the gradient by every parameter that is the same for all examples. */
const gradientOf = (f: Func): E.Either<string, Func> => {
  const by = f.params.flatMap(({ type }, i) => (type.rate === 'uniform' && type.field !== 'index' ? [i] : []))
  return by.length === 0
    ? E.left(
        'it has no parameter that a gradient could be by: none is real or complex and the same for all examples',
      )
    : E.mapLeft((e: { readonly message: string }) => e.message)(
        valueAndGradient(optimise(f, preparatory), by),
      )
}

const ofProgram = (func: Func, aspect: Aspect): E.Either<string, Subject> => {
  const declared = { declares: 'The program as it was declared', declared: func }
  return aspect === 'gradient'
    ? pipe(
        gradientOf(func),
        E.map(g => ({ ...declared, makes: 'its value and gradient', program: ofFunc(g) })),
      )
    : E.right({ ...declared, makes: 'the program', program: ofFunc(func) })
}

/** The settings of a model that is looked at, not trained. */
export const lookedAt = (given: Partial<Config>): Config => ({
  ...defaults,
  backend: 'reference',
  precision: 'single',
  task: 'copying',
  ...given,
})

const ofRecurrent =
  (
    model: Extract<LoadedModel, { kind: 'recurrent' }>,
    config: Config,
    aspect: Aspect,
  ): TE.TaskEither<string, Subject> =>
  async () => {
    const images = await imagesOf(config)()
    if (E.isLeft(images)) return images
    const experiment = prepare(config, images.right, model.make)
    if (E.isLeft(experiment)) return experiment
    const { step, evaluate, parameters, loss } = experiment.right.programs
    const declared = {
      declares: `The model and its loss on ${config.task}, for one example`,
      declared: evaluate.func,
    }
    if (aspect === 'forward') return E.right({ ...declared, makes: 'the loss', program: evaluate })
    if (aspect === 'step')
      return E.right({ ...declared, makes: 'a training step: loss, gradient and update', program: step })
    const gradient = valueAndGradient(
      optimise(loss, preparatory),
      parameters.map((_, i) => i),
    )
    return E.isLeft(gradient)
      ? E.left(gradient.left.message)
      : E.right({ ...declared, makes: 'the loss and its gradient', program: ofFunc(gradient.right) })
  }

/** The model of that name or file; `aspect`: of a recurrent model, and of a program. */
export const subjectOf = (
  text: string,
  config: Config,
  aspect: { readonly recurrent: Aspect; readonly program: Aspect },
): TE.TaskEither<string, Subject> =>
  pipe(
    loadModel(text),
    TE.chain(model =>
      model.kind === 'program'
        ? TE.fromEither(ofProgram(model.func, aspect.program))
        : ofRecurrent(model, config, aspect.recurrent),
    ),
  )
