/** Sets of labelled images in the four files that MNIST is published in; Fashion-MNIST and others share the format. */
import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { parseIdx } from './idx.ts'

/** MNIST's own, uncompressed: SHA-256 by name. */
export const published = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const

export type FileName = keyof typeof published
export const fileNames = Object.keys(published) as readonly FileName[]

export const classes = 10

/** Images one after the other, each by rows from its top; a label, 0 … 9, for each. */
export interface Images {
  readonly count: number
  readonly pixels: Uint8Array
  readonly labels: Uint8Array
}

export interface ImageSet {
  readonly rows: number
  readonly columns: number
  readonly train: Images
  readonly test: Images
  /** SHA-256 of each file, uncompressed. */
  readonly digests: Readonly<Record<FileName, string>>
  /** Whether they are MNIST, as published. */
  readonly isMnist: boolean
}

interface Part {
  readonly images: Images
  readonly rows: number
  readonly columns: number
  readonly digests: Readonly<Partial<Record<FileName, string>>>
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const about =
  (name: FileName) =>
  (what: string): string =>
    `${name}: ${what}`

const partOf = (
  files: Readonly<Record<FileName, Uint8Array>>,
  imagesName: FileName,
  labelsName: FileName,
): E.Either<string, Part> => {
  const images = E.mapLeft(about(imagesName))(parseIdx(files[imagesName], 3))
  if (E.isLeft(images)) return images
  const labels = E.mapLeft(about(labelsName))(parseIdx(files[labelsName], 1))
  if (E.isLeft(labels)) return labels
  const [count, rows, columns] = images.right.extents as [number, number, number]
  if (count === 0 || rows === 0 || columns === 0)
    return E.left(about(imagesName)(`it holds no pixels: ${count} images of ${rows} × ${columns}`))
  const labelled = labels.right.data.length
  if (labelled !== count)
    return E.left(about(labelsName)(`it has ${labelled} labels for the ${count} images of ${imagesName}`))
  const wrong = labels.right.data.findIndex(l => l >= classes)
  if (wrong >= 0)
    return E.left(
      about(labelsName)(`label ${wrong} is ${labels.right.data[wrong]}, not from 0 to ${classes - 1}`),
    )
  return E.right({
    images: { count, pixels: images.right.data, labels: labels.right.data },
    rows,
    columns,
    digests: { [imagesName]: sha256(images.right.content), [labelsName]: sha256(labels.right.content) },
  })
}

/**
 * The set, or which file is wrong and how. Files of other sets are taken if their format is right; but where one is
 * MNIST's, or MNIST is `due`, all must be: then one that is not is damaged, or belongs to another set.
 */
export const imageSet = (
  files: Readonly<Record<FileName, Uint8Array>>,
  due?: 'mnist',
): E.Either<string, ImageSet> => {
  const train = partOf(files, 'train-images-idx3-ubyte', 'train-labels-idx1-ubyte')
  if (E.isLeft(train)) return train
  const test = partOf(files, 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte')
  if (E.isLeft(test)) return test
  const { rows, columns } = train.right
  if (rows !== test.right.rows || columns !== test.right.columns)
    return E.left(
      about('t10k-images-idx3-ubyte')(
        `its images have ${test.right.rows} × ${test.right.columns} pixels, those to learn from ${rows} × ${columns}`,
      ),
    )
  const digests = { ...train.right.digests, ...test.right.digests } as Readonly<Record<FileName, string>>
  const other = fileNames.filter(name => digests[name] !== published[name])
  const isPartly = other.length < fileNames.length
  if (other[0] !== undefined && (isPartly || due === 'mnist'))
    return E.left(
      about(other[0])(
        `it is not MNIST's${isPartly ? ', though other files are' : ''}: its SHA-256 is ${digests[other[0]]}, ` +
          `not ${published[other[0]]}`,
      ),
    )
  return E.right({
    rows,
    columns,
    train: train.right.images,
    test: test.right.images,
    digests,
    isMnist: other.length === 0,
  })
}
