/** The models by name, as the command line and checkpoints know them. */
import type * as E from 'fp-ts/lib/Either.js'
import type { Recurrent, Sizes } from '../dsl/model.ts'
import type { Terms } from '../dsl/term.ts'
import { irnn } from './irnn.ts'
import { lstm } from './lstm.ts'
import { rnn } from './rnn.ts'
import { urnn } from './urnn.ts'

/* Which terms a model's state is made of is its own affair: who takes the state only hands it back. */
const opaque = <S extends Terms>(model: Recurrent<S>): Recurrent => model as unknown as Recurrent

export const models = {
  urnn: (sizes: Sizes): Recurrent => opaque(urnn(sizes)),
  lstm: (sizes: Sizes): Recurrent => opaque(lstm(sizes)),
  rnn: (sizes: Sizes): Recurrent => opaque(rnn(sizes)),
  irnn: (sizes: Sizes): Recurrent => opaque(irnn(sizes)),
} as const

export type ModelName = keyof typeof models
export const modelNames = Object.keys(models) as readonly ModelName[]

export const isModelName = (name: string): name is ModelName => Object.hasOwn(models, name)

/** How a model that is no built-in one is named: by its file. */
export const isModelPath = (name: string): boolean => /.\.([cm]?[jt]s|ir|json)$/.test(name)

/** What makes a model of given sizes; one that is not built in may have something wrong with it. */
export type MakeModel = (sizes: Sizes) => E.Either<string, Recurrent>
