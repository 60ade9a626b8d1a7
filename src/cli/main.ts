#!/usr/bin/env node
/** The `parseval` command. */
import { parseval } from './parseval.ts'
import { processTerminal } from './terminal.ts'

const code = await parseval(process.argv.slice(2), processTerminal())
// what a pipe has not taken yet is waited for, and what went wrong with it heard of
const end = () => setImmediate(() => process.exit(process.exitCode ?? code))
process.stdout.write('', () => process.stderr.write('', end))
