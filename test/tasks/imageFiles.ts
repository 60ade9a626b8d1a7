/** Small sets of images as the four files, for tests: every image is another, and says its place by its pixels. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stream } from '../../src/random.ts'
import { type FileName, fileNames } from '../../src/tasks/images.ts'

/** An IDX file of unsigned bytes. */
export const idxFile = (extents: readonly number[], data: Uint8Array | readonly number[]): Uint8Array => {
  const file = new Uint8Array(4 + 4 * extents.length + data.length)
  file.set([0, 0, 8, extents.length])
  const view = new DataView(file.buffer)
  extents.forEach((e, i) => {
    view.setUint32(4 + 4 * i, e)
  })
  file.set(data, 4 + 4 * extents.length)
  return file
}

export interface Small {
  readonly train: number
  readonly test: number
  readonly rows: number
  readonly columns: number
}

export const small: Small = { train: 24, test: 5, rows: 2, columns: 3 }

export type Files = Readonly<Record<FileName, Uint8Array>>

/** Image k of all begins with the digits of k in base 256; the rest, and the labels, are drawn. */
export const filesOf = ({ train, test, rows, columns }: Small = small): Files => {
  const s = stream(11, 'small images')
  const images = (first: number, count: number) =>
    idxFile(
      [count, rows, columns],
      Array.from({ length: count }, (_, i) =>
        Array.from({ length: rows * columns }, (_, p) => {
          const drawn = s.integer(0, 255)
          return p === 0 ? (first + i) % 256 : p === 1 ? Math.floor((first + i) / 256) : drawn
        }),
      ).flat(),
    )
  const labels = (count: number) =>
    idxFile(
      [count],
      Array.from({ length: count }, () => s.integer(0, 9)),
    )
  return {
    'train-images-idx3-ubyte': images(0, train),
    'train-labels-idx1-ubyte': labels(train),
    't10k-images-idx3-ubyte': images(train, test),
    't10k-labels-idx1-ubyte': labels(test),
  }
}

/** Writes them into the folder, which is made. */
export const writeFiles = async (folder: string, files: Partial<Files> = filesOf()): Promise<string> => {
  await mkdir(folder, { recursive: true })
  for (const name of fileNames) {
    const file = files[name]
    if (file !== undefined) await writeFile(join(folder, name), file)
  }
  return folder
}
