/** How a command ends. */
export const exitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** Everything ran, but what was to be reached was not. */
  targetMissed: 3,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** Why a command could not do what it was asked, and the code that says so. */
export interface Refusal {
  readonly code: ExitCode
  readonly message: string
}

export const usage = (message: string): Refusal => ({ code: exitCode.usage, message })
export const failed = (message: string): Refusal => ({ code: exitCode.failure, message })
