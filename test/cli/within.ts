/** The command line without a process of its own, which takes a second to begin. */
import { parseval } from '../../src/cli/parseval.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export const within = async (...args: readonly string[]): Promise<Ended> => {
  const lines = { result: [] as string[], note: [] as string[] }
  const code = await parseval(args, {
    result: line => lines.result.push(line),
    note: line => lines.note.push(line),
    interactive: false,
    colour: false,
    closed: new AbortController().signal,
  })
  return { code, stdout: lines.result.join('\n'), stderr: lines.note.join('\n') }
}
