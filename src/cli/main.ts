#!/usr/bin/env node
/** The `parseval` command. */
import { exitCode } from './exit.ts'
import { parseval } from './parseval.ts'
import { processTerminal } from './terminal.ts'
import { thrown } from './thrown.ts'

const code = await parseval(process.argv.slice(2), processTerminal())
// a user's module may have left a timer or a promise behind, which goes wrong now
process.on('uncaughtException', e => {
  process.exitCode = exitCode.failure
  process.stderr.write(`parseval: ${thrown(e)}\n`)
})
// what a pipe has not taken yet is waited for, and what went wrong with it heard of
const end = () => setImmediate(() => process.exit(process.exitCode ?? code))
process.stdout.write('', () => process.stderr.write('', end))
