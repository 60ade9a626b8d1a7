/**
 * `npm run fuzz`: ten thousand random programs through every pass and the native engine. Options: --runs, --seed,
 * --seconds. Ends with 1 if any disagrees with the reference evaluator, or if some op was in none of them.
 */
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { type Addon, loadAddon } from '../../src/backend/native/addon.ts'
import { nativeBackend } from '../../src/backend/native/backend.ts'
import { fuzz } from '../../src/verify/fuzz.ts'
import { showFailure } from '../../src/verify/report.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
  },
})
const number = (name: keyof typeof values): number => {
  const n = Number(values[name])
  if (Number.isNaN(n) || n < 0) {
    console.error(`--${name} ${values[name]}: must be a number from 0 up`)
    process.exit(2)
  }
  return n
}
const orEnd = <A>(e: E.Either<string, A>): A => {
  if (E.isRight(e)) return e.right
  console.error(e.left)
  return process.exit(1)
}

const began = performance.now()
const isas = orEnd<Addon>(loadAddon()).features().isa
const report = await fuzz({
  runs: number('runs'),
  seed: number('seed'),
  seconds: number('seconds'),
  backend: orEnd(nativeBackend()),
  isas,
  progress: done => {
    if (done % 500 === 0)
      console.error(`${done} programs, ${((performance.now() - began) / 1000).toFixed(0)} s`)
  },
})

/* Fewer programs need not have all ops among them. */
const enough = 150
const missing = report.runs >= enough ? report.missing : []
const rows = Object.entries(report.reached).map(
  ([op, count]) => `${op.padEnd(10)} ${String(count).padStart(6)}`,
)
const columns = 5
for (let i = 0; i < rows.length; i += columns) console.log(rows.slice(i, i + columns).join('   '))
const seconds = ((performance.now() - began) / 1000).toFixed(0)
const had = Object.entries(report.had).map(([feature, count]) => `${count} with ${feature}`)
console.log(
  `${report.runs} programs from seed ${report.seed} on, on ${isas.join(', ')}, in ${seconds} s: ${had.join(', ')} values`,
)
if (report.failure !== undefined) console.log(`\n${showFailure('fuzz', report.failure)}`)
else if (missing.length > 0) console.log(`no program has ${missing.join(', ')}`)
else console.log('no disagreement')
process.exit(report.failure !== undefined || missing.length > 0 ? 1 : 0)
