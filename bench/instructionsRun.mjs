// A plan's run and nothing else, for callgrind: `node instructionsRun.mjs FILE STEPS`.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const [file, steps] = process.argv.slice(2)
const { Program } = createRequire(import.meta.url)('node-gyp-build')(
  fileURLToPath(new URL('..', import.meta.url)),
)
const { batch, code, constants, inputs } = JSON.parse(readFileSync(file, 'utf8'))
const program = new Program(Int32Array.from(code), Float64Array.from(constants), {
  precision: 'single',
  isa: 'avx2',
})
const numbers = inputs.map(i => Float64Array.from(i.numbers))
inputs.forEach((input, i) => {
  if (!input.varying) program.write(i, numbers[i])
})
const varying = inputs.map((input, i) => (input.varying ? numbers[i] : null))
for (let k = 0; k < Number(steps); k++) await program.run(batch, varying, 1)
