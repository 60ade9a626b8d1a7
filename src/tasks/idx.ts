/**
 * IDX, the format that MNIST is published in: 00 00, the type of the numbers (08: unsigned bytes), the count of
 * dimensions, their extents as big-endian 32-bit words, the numbers. Compressed by gzip or not.
 */
import { gunzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'

export interface Idx {
  readonly extents: readonly number[]
  readonly data: Uint8Array
  /** The file uncompressed. */
  readonly content: Uint8Array
}

/** A file that becomes larger than this is none of ours. */
const largest = 2 ** 30

const uncompressed = (bytes: Uint8Array): E.Either<string, Uint8Array> =>
  bytes[0] === 0x1f && bytes[1] === 0x8b
    ? E.tryCatch(
        () => gunzipSync(bytes, { maxOutputLength: largest }),
        e => `its gzip is damaged or cut short (${e instanceof Error ? e.message : String(e)})`,
      )
    : E.right(bytes)

const hex = (bytes: Uint8Array): string => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join(' ')
const count = (n: number): string => n.toLocaleString('en')

/** Unsigned bytes along so many dimensions, or what is wrong with the file. */
export const parseIdx = (file: Uint8Array, dimensions: number): E.Either<string, Idx> => {
  const unpacked = uncompressed(file)
  if (E.isLeft(unpacked)) return unpacked
  const { right: content } = unpacked
  const magic = [0, 0, 8, dimensions]
  if (!magic.every((b, i) => content[i] === b))
    return E.left(
      `it begins with ${content.length === 0 ? 'nothing' : hex(content.subarray(0, 4))}, not with ` +
        `${hex(Uint8Array.from(magic))} as an IDX file of bytes in ${dimensions} dimension${dimensions === 1 ? '' : 's'} does`,
    )
  const header = 4 + 4 * dimensions
  if (content.length < header)
    return E.left(`it is cut short: ${content.length} bytes, where its header alone has ${header}`)
  const view = new DataView(content.buffer, content.byteOffset, header)
  const extents = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i))
  const due = header + extents.reduce((n, e) => n * e, 1)
  if (content.length !== due)
    return E.left(
      `it is ${content.length < due ? 'cut short' : 'too long'}: its header says ${extents.map(count).join(' × ')}, ` +
        `which takes ${count(due)} bytes, and there are ${count(content.length)}`,
    )
  return E.right({ extents, data: content.subarray(header), content })
}
