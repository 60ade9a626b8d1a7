/** SIGINT and SIGTERM as a signal to stop and save; the second one ends the process where it stands. */
import { exitCode } from './exit.ts'

export interface Interrupt {
  readonly signal: AbortSignal
  /** Leaves the signals to Node again. */
  readonly release: () => void
}

export const onInterrupt = (): Interrupt => {
  const controller = new AbortController()
  const handle = () => {
    if (controller.signal.aborted) process.exit(exitCode.interrupted)
    controller.abort()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const s of signals) process.on(s, handle)
  return {
    signal: controller.signal,
    release: () => {
      for (const s of signals) process.off(s, handle)
    },
  }
}
