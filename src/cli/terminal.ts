/** Where output goes: results to stdout, everything else to stderr. */

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
  // without a handler a closed pipe is an uncaught exception with a stack trace
  stdout.on('error', () => closed.abort())
  stderr.on('error', () => undefined)
  const isSet = (name: string) => env[name] !== undefined && env[name] !== ''
  return {
    result: line => {
      if (!closed.signal.aborted) stdout.write(`${line}\n`)
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
