/** What runs are called. */
import type { Config } from '../train/config.ts'

/** To people: `copying, T = 100`. */
export const titleOf = ({ task, lag }: Config): string => `${task}, T = ${lag}`

/** In files and records: `copying-100`. */
export const runName = ({ task, lag }: Config): string => `${task}-${lag}`
