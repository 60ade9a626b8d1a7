/** From settings to all that a run is made of: model, task, programs, and what its checkpoints must agree with. */
import * as E from 'fp-ts/lib/Either.js'
import { elaborate } from '../dsl/elaborate.ts'
import type { Recurrent } from '../dsl/model.ts'
import { real, reals, sameType, showType, type TensorType } from '../ir/type.ts'
import { isModelName, type MakeModel, models } from '../models/registry.ts'
import { adding } from '../tasks/adding.ts'
import { copying } from '../tasks/copying.ts'
import type { ImageSet } from '../tasks/images.ts'
import { type PixelOptions, permuted, pixels } from '../tasks/pixels.ts'
import type { Task } from '../tasks/task.ts'
import type { Identity } from './checkpoint.ts'
import { clipped } from './clip.ts'
import type { Config } from './config.ts'
import type { Optimiser } from './optimiser.ts'
import { graphHash, type TrainingPrograms, trainingPrograms } from './program.ts'
import { rmsprop } from './rmsprop.ts'
import { type UnitarityPrograms, unitarityPrograms } from './unitarity.ts'

interface TaskOptions {
  readonly lag: number
  readonly seed: number
  readonly images: ImageSet | undefined
}

const ofImages =
  (make: (options: PixelOptions) => E.Either<string, Task>) =>
  ({ images, seed }: TaskOptions): E.Either<string, Task> =>
    images === undefined ? E.left('the task needs images, and there are none') : make({ images, seed })

const tasks: { readonly [K in Config['task']]: (options: TaskOptions) => E.Either<string, Task> } = {
  copying,
  adding,
  pixels: ofImages(pixels),
  permuted: ofImages(permuted),
}

export interface Experiment {
  readonly config: Config
  readonly model: Recurrent
  readonly task: Task
  readonly programs: TrainingPrograms
  readonly unitarity: UnitarityPrograms | undefined
  readonly identity: Identity
  /** Real numbers that training changes. */
  readonly parameterCount: number
}

/** The task of these settings; `images`: what `imagesOf` has read for it. */
export const taskOf = (
  { task, lag, seed }: Pick<Config, 'task' | 'lag' | 'seed'>,
  images?: ImageSet,
): E.Either<string, Task> => tasks[task]({ lag, seed, images })

const builtIn =
  (name: string): MakeModel =>
  sizes =>
    isModelName(name)
      ? E.right(models[name](sizes))
      : E.left(`the model ${name} is not built in, and its file was not read`)

/** A name that the model and the task, or two parts of the model, both give. */
const takenTwice = (model: Recurrent, task: Task): string | undefined => {
  const names = [...model.parameters, ...task.inputs].map(p => p.name)
  return names.find((name, i) => names.indexOf(name) < i)
}

/** A name that the model or the task gives and the optimiser has for what it keeps of a parameter. */
const takenByOptimiser = (
  model: Recurrent,
  task: Task,
  { accumulators }: Optimiser,
): { readonly name: string; readonly of: string } | undefined => {
  const names = new Set([...model.parameters, ...task.inputs].map(p => p.name))
  return model.parameters
    .flatMap(p => accumulators.map(a => ({ name: `${p.name}.${a.name}`, of: p.name })))
    .find(({ name }) => names.has(name))
}

/** What a model gives, if it is well typed; if not, the loss says where. */
const outputOf = (model: Recurrent): TensorType | undefined => {
  const output = elaborate(model.parameters, [model.output(model.initial)])
  const [type] = E.isRight(output) ? output.right.results.map(r => r.type) : []
  return type?.kind === 'tensor' ? type : undefined
}

/** The model of these settings, as large as the task wants it; `make`: what makes it, if it is not built in. */
export const modelOf = (
  config: Config,
  task: Task,
  make: MakeModel = builtIn(config.model),
): E.Either<string, Recurrent> => {
  const { hidden, seed } = config
  const model = make({ hidden, reads: task.reads, writes: task.writes, seed })
  if (E.isLeft(model)) return model
  const gives = outputOf(model.right)
  if (gives !== undefined && !sameType({ ...gives, rate: 'uniform' }, real(task.writes)))
    return E.left(
      `the output of the model ${model.right.name} is ${showType(gives)}, where the task ${task.name} takes ${showType(real(task.writes))}: make as many numbers as \`writes\` says`,
    )
  const twice = takenTwice(model.right, task)
  if (twice !== undefined)
    return E.left(
      `the model ${model.right.name} has a parameter "${twice}", a name that another parameter or an input of the task ${task.name} has (${task.inputs.map(i => i.name).join(', ')}): call it something else`,
    )
  const kept = takenByOptimiser(model.right, task, optimiserAt(config, config.learningRate))
  return kept === undefined
    ? model
    : E.left(
        `the model ${model.right.name} has a parameter "${kept.name}", the name of what the optimiser keeps of the parameter "${kept.of}": call it something else`,
      )
}

const optimiserAt = ({ decay, halfLife, momentum, clip }: Config, learningRate: number): Optimiser => {
  const plain = rmsprop({ learningRate, decay, halfLife, momentum })
  return clip === undefined ? plain : clipped(plain, clip)
}

/** `images`: what `imagesOf` has read for the task; `make`: what makes the model, if it is not built in. */
export const prepare = (
  config: Config,
  images?: ImageSet,
  make?: MakeModel,
): E.Either<string, Experiment> => {
  const task = taskOf(config, images)
  if (E.isLeft(task)) return task
  const made = modelOf(config, task.right, make)
  if (E.isLeft(made)) return made
  const { right: model } = made
  const unitarity = unitarityPrograms(model)
  if (E.isLeft(unitarity)) return unitarity
  const { unitaryRate } = config
  const optimiser = optimiserAt(config, config.learningRate)
  const slower =
    unitaryRate === undefined ? optimiser : optimiserAt(config, unitaryRate * config.learningRate)
  const isUnitary = new Set(unitarity.right?.names)
  const { memory, batch, precision } = config
  const budget = memory === undefined ? undefined : { bytes: memory, batch, precision }
  const programs = trainingPrograms(
    model,
    task.right,
    name => (isUnitary.has(name) ? slower : optimiser),
    budget,
  )
  if (E.isLeft(programs)) return programs
  return E.right({
    config,
    model,
    task: task.right,
    programs: programs.right,
    unitarity: unitarity.right,
    identity: {
      model: model.name,
      hidden: config.hidden,
      task: task.right.name,
      taskSettings: task.right.settings,
      ...(task.right.data === undefined ? {} : { data: task.right.data }),
      optimiser: optimiser.name,
      optimiserSettings: { ...optimiser.settings, ...(unitaryRate === undefined ? {} : { unitaryRate }) },
      batch: config.batch,
      seed: config.seed,
      precision: config.precision,
      ...(memory === undefined ? {} : { memory }),
      fixed: model.fixed,
      graph: graphHash(programs.right.loss),
    },
    parameterCount: model.parameters.reduce((n, p) => n + reals(p.type), 0),
  })
}
