/** The files of images: what is read is what was written, and whatever is wrong with one is told. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { parseIdx } from '../../src/tasks/idx.ts'
import { type FileName, fileNames, imageSet, published } from '../../src/tasks/images.ts'
import { holds } from '../seed.ts'
import { type Files, filesOf, idxFile, small } from './imageFiles.ts'

const left = <A>(e: E.Either<string, A>): string => (E.isLeft(e) ? e.left : assert.fail('there is no error'))
const right = <A>(e: E.Either<string, A>): A => (E.isRight(e) ? e.right : assert.fail(e.left))

const contents = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }).chain(extents =>
  fc
    .uint8Array({
      minLength: extents.reduce((a, b) => a * b, 1),
      maxLength: extents.reduce((a, b) => a * b, 1),
    })
    .map(data => ({ extents, data: Uint8Array.from(data), file: idxFile(extents, data) })),
)

describe('an IDX file', () => {
  it('is read as it was written, compressed or not, from any place in memory', () => {
    holds(
      fc.property(contents, fc.nat(7), ({ extents, data, file }, offset) => {
        const shifted = new Uint8Array(file.length + offset)
        shifted.set(file, offset)
        for (const bytes of [file, gzipSync(file), shifted.subarray(offset)]) {
          const read = right(parseIdx(bytes, extents.length))
          assert.deepEqual([read.extents, [...read.data], [...read.content]], [extents, [...data], [...file]])
        }
      }),
    )
  })

  it('cut short anywhere, or with something behind it, is refused', () => {
    holds(
      fc.property(contents, fc.nat(), ({ extents, file }, at) => {
        const cut = file.subarray(0, at % file.length)
        const zipped = gzipSync(file)
        assert.match(
          left(parseIdx(cut, extents.length)),
          cut.length < 4 ? /^it begins with .*, not with 00 00 08 0/ : /^it is cut short: /,
        )
        assert.match(left(parseIdx(Uint8Array.of(...file, 0), extents.length)), /^it is too long: /)
        const short = zipped.subarray(0, 2 + (at % (zipped.length - 2)))
        assert.match(left(parseIdx(short, extents.length)), /^its gzip is damaged or cut short/)
      }),
    )
  })

  it('of other numbers, other dimensions or another format is refused by its first bytes', () => {
    const file = idxFile([2, 2], [1, 2, 3, 4])
    const floats = Uint8Array.from(file)
    floats[2] = 0x0d
    const text = new TextEncoder().encode('<html>not found')
    assert.match(left(parseIdx(floats, 2)), /begins with 00 00 0d 02, not with 00 00 08 02 .* 2 dimensions/)
    assert.match(left(parseIdx(file, 1)), /begins with 00 00 08 02, not with 00 00 08 01 .* 1 dimension /)
    assert.match(left(parseIdx(text, 1)), /begins with 3c 68 74 6d/)
    assert.match(left(parseIdx(new Uint8Array(0), 1)), /begins with nothing/)
  })

  it('with damaged gzip is refused', () => {
    const zipped = gzipSync(idxFile([40], new Uint8Array(40).fill(7)))
    for (let i = 10; i < zipped.length; i++) {
      const damaged = Uint8Array.from(zipped)
      damaged[i]! ^= 0x55
      assert.match(left(parseIdx(damaged, 1)), /^its gzip is damaged/, `byte ${i}`)
    }
  })
})

describe('a set of images', () => {
  const files = filesOf()
  const mapped = (f: (file: Uint8Array) => Uint8Array): Files =>
    Object.fromEntries(fileNames.map(name => [name, f(files[name])])) as unknown as Files
  const wrong = (name: FileName, file: Uint8Array, due?: 'mnist') =>
    left(imageSet({ ...files, [name]: file }, due))

  it('has its files by their parts, with their digests', () => {
    const set = right(imageSet(files))
    assert.deepEqual(
      [set.rows, set.columns, set.train.count, set.test.count],
      [2, 3, small.train, small.test],
    )
    assert.equal(set.isMnist, false)
    assert.ok(Object.values(set.digests).every(d => /^[0-9a-f]{64}$/.test(d)))
    const zipped = mapped(gzipSync)
    const again = right(imageSet(zipped))
    assert.deepEqual(again.digests, set.digests)
    for (const part of ['train', 'test'] as const) {
      assert.deepEqual([...again[part].pixels], [...set[part].pixels])
      assert.deepEqual([...again[part].labels], [...set[part].labels])
    }
  })

  it('names the file that is wrong', () => {
    const images = files['train-images-idx3-ubyte']
    assert.match(
      wrong('train-images-idx3-ubyte', images.subarray(0, 40)),
      /^train-images-.*: it is cut short/,
    )
    assert.match(
      wrong('t10k-labels-idx1-ubyte', idxFile([4], [1, 2, 3, 4])),
      /^t10k-labels-idx1-ubyte: it has 4 labels for the 5 images of t10k-images-idx3-ubyte/,
    )
    assert.match(
      wrong('t10k-labels-idx1-ubyte', idxFile([5], [1, 2, 10, 4, 5])),
      /^t10k-labels-idx1-ubyte: label 2 is 10, not from 0 to 9/,
    )
    assert.match(
      wrong('t10k-images-idx3-ubyte', idxFile([5, 1, 3], new Uint8Array(15))),
      /^t10k-images-idx3-ubyte: its images have 1 × 3 pixels, those to learn from 2 × 3/,
    )
    assert.match(
      wrong('train-images-idx3-ubyte', idxFile([24, 0, 3], [])),
      /^train-images-idx3-ubyte: it holds no pixels/,
    )
    // labels where images are due
    assert.match(
      wrong('train-images-idx3-ubyte', files['train-labels-idx1-ubyte']),
      /begins with 00 00 08 01/,
    )
  })

  it('that is to be MNIST and is not is refused', () => {
    const message = left(imageSet(files, 'mnist'))
    assert.match(
      message,
      /^train-images-idx3-ubyte: it is not MNIST's: its SHA-256 is [0-9a-f]{64}, not ba89/,
    )
    assert.ok(message.endsWith(published['train-images-idx3-ubyte']))
  })
})
