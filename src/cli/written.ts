/** Files that are made of a model. */
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { isModelName } from '../models/registry.ts'
import { writeDurably } from '../train/file.ts'
import { failed, type Refusal, usage } from './exit.ts'

/** Written to `path` as a whole or not at all, and not in the place of the model's own file; gives the path in full. */
export const written = async (
  model: string,
  path: string,
  text: string,
): Promise<E.Either<Refusal, string>> => {
  const to = resolve(path)
  const [own, there] = await Promise.all([model, to].map(p => realpath(p).catch(() => undefined)))
  if (!isModelName(model) && own !== undefined && own === there)
    return E.left(usage(`${path} is the model's own file, which would be lost: write to another`))
  const saved = await writeDurably(to, text)()
  return E.isLeft(saved) ? E.left(failed(saved.left)) : E.right(to)
}
