/** What runs are called. */
import type { Config } from '../train/config.ts'
import { needsImages } from '../train/data.ts'

/** To people: `copying, T = 100`; `pixels`, whose steps are the pixels there are. */
export const titleOf = ({ task, lag }: Config): string => (needsImages(task) ? task : `${task}, T = ${lag}`)

/** In files and records: `copying-100`, `pixels`. */
export const runName = ({ task, lag }: Config): string => (needsImages(task) ? task : `${task}-${lag}`)
