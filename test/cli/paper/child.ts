/** Runs the long experiment into the folder given, until it is killed; records go to stdout. */
import { processTerminal } from '../../../src/cli/terminal.ts'
import { long, made, paperRun } from './tiny.ts'

const terminal = processTerminal()
await made(
  paperRun(process.argv[2]!, {
    experiments: long,
    figures: [1],
    checkpointSeconds: 0.02,
    context: { terminal, json: true, signal: new AbortController().signal },
  }),
)
