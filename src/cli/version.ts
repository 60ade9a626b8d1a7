import { createRequire } from 'node:module'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/** The package's version. Its own `package.json` is two folders up from here, in `src` as in `dist`. */
export const version = (): string => {
  const found = t.type({ version: t.string }).decode(createRequire(import.meta.url)('../../package.json'))
  return E.isRight(found) ? found.right.version : 'unknown'
}
