/** Writes a small training step's plan, with its inputs, to the file named: what instructionsRun.mjs runs. */
import { writeFileSync } from 'node:fs'
import { compile } from '../src/backend/native/compile.ts'
import { tape } from '../src/backend/native/plan.ts'
import { trainingPrograms } from '../src/train/program.ts'
import { rmsprop } from '../src/train/rmsprop.ts'
import { initialState } from '../src/train/state.ts'
import { batchesOf, modelOf, optimiserSettings, parameterSeed, right, type Shape, taskOf } from './shapes.ts'

const shape: Shape = { model: 'urnn', task: 'adding', hidden: 64, lag: 16, batch: 8 }
const task = taskOf(shape)
const programs = right(trainingPrograms(modelOf(shape, task), task, () => rmsprop(optimiserSettings)))
const plan = right(compile(programs.step))
const { tensors } = initialState(programs, parameterSeed)
const [data] = batchesOf(shape, task, 1)
const { code, constants } = tape(plan)
writeFileSync(
  process.argv[2]!,
  JSON.stringify({
    batch: shape.batch,
    code: Array.from(code),
    constants: Array.from(constants),
    inputs: plan.inputs.map(({ name, rate }) => ({
      varying: rate === 'varying',
      numbers: Array.from((rate === 'varying' ? data![name] : tensors.get(name))!),
    })),
  }),
)
