/** Where output goes: results to stdout, everything else to stderr. */
import { fstatSync, writeFileSync } from 'node:fs'
import { cause } from '../train/file.ts'
import { exitCode } from './exit.ts'

export interface Terminal {
  /** A line of results. */
  readonly result: (line: string) => void
  /** A line for whoever watches. */
  readonly note: (line: string) => void
  /** Whether a progress bar has somewhere to move. */
  readonly interactive: boolean
  /** Whether results may be coloured. */
  readonly colour: boolean
  /** Fires once whoever read stdout has gone. */
  readonly closed: AbortSignal
}

/** The process's own. NO_COLOR (no-color.org) and CI switch colours and the moving bar off. */
export const processTerminal = (): Terminal => {
  const { stdout, stderr, env } = process
  const closed = new AbortController()
  const isFile = fstatSync(stdout.fd).isFile()
  // a reader that has gone has seen enough; results that found no room are lost
  const failed = (e: unknown): void => {
    closed.abort()
    if (typeof e === 'object' && e !== null && 'code' in e && e.code === 'EPIPE') return
    stderr.write(`parseval: cannot write to stdout: ${cause(e)}\n`)
    process.exitCode = exitCode.failure
  }
  // without a handler a closed pipe is an uncaught exception with a stack trace
  stdout.on('error', failed)
  stderr.on('error', () => undefined)
  const isSet = (name: string) => env[name] !== undefined && env[name] !== ''
  return {
    result: line => {
      if (closed.signal.aborted) return
      if (!isFile) return void stdout.write(`${line}\n`)
      try {
        writeFileSync(stdout.fd, `${line}\n`) // the stream takes half a line for a whole one
      } catch (e) {
        failed(e)
      }
    },
    note: line => {
      stderr.write(`${line}\n`)
    },
    interactive: stderr.isTTY === true && !isSet('CI') && env.TERM !== 'dumb',
    colour: stdout.isTTY === true && !isSet('NO_COLOR') && !isSet('CI') && env.TERM !== 'dumb',
    closed: closed.signal,
  }
}

const painter =
  (code: number) =>
  (terminal: Terminal, text: string): string =>
    terminal.colour ? `\u001b[${code}m${text}\u001b[0m` : text

export const green = painter(32)
export const red = painter(31)
