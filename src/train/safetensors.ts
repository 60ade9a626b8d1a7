/**
 * The safetensors format (github.com/huggingface/safetensors, its README): eight bytes with the header's length,
 * little-endian; a JSON header from names to `{ dtype, shape, data_offsets }`, with strings under `__metadata__`;
 * then the tensors' bytes without gaps. Here F32 and F64. A reader trusts nothing in a file.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { elements } from '../ir/type.ts'

export type DType = 'F32' | 'F64'

export interface StoredTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: Float64Array
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

const bytesPer: { readonly [K in DType]: number } = { F32: 4, F64: 8 }
const alignment = 8
/** The format's own bound on the header, in bytes. */
const longestHeader = 100_000_000

const Extent = t.type({
  dtype: t.string,
  shape: t.array(t.number),
  data_offsets: t.tuple([t.number, t.number]),
})
const Header = t.record(t.string, t.unknown)
const Metadata = t.record(t.string, t.string)

/** The file's bytes. Tensors keep their order; metadata and header are the same for the same content. */
export const encode = ({ tensors, metadata }: Safetensors): Uint8Array => {
  const header: [string, unknown][] = [['__metadata__', metadata]]
  let end = 0
  for (const [name, { dtype, shape }] of tensors) {
    const begin = end
    end += elements(shape) * bytesPer[dtype]
    header.push([name, { dtype, shape, data_offsets: [begin, end] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const headerLength = Math.ceil(json.length / alignment) * alignment
  const bytes = new Uint8Array(8 + headerLength + end)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(headerLength), true)
  bytes.fill(0x20, 8, 8 + headerLength)
  bytes.set(json, 8)
  let at = 8 + headerLength
  for (const { dtype, data } of tensors.values())
    for (const x of data) {
      if (dtype === 'F32') view.setFloat32(at, x, true)
      else view.setFloat64(at, x, true)
      at += bytesPer[dtype]
    }
  return bytes
}

const isDType = (s: string): s is DType => s in bytesPer
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

interface Placed {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

const placed = (name: string, entry: unknown): E.Either<string, Placed> => {
  const extent = Extent.decode(entry)
  if (E.isLeft(extent)) return E.left(`tensor "${name}" has no dtype, shape and data_offsets`)
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = extent.right
  if (!isDType(dtype)) return E.left(`tensor "${name}" is of type ${dtype}; F32 and F64 are read here`)
  if (!shape.every(isCount) || !isCount(elements(shape)))
    return E.left(`tensor "${name}" has the impossible shape [${shape.join(', ')}]`)
  if (!isCount(begin) || !isCount(end) || end - begin !== elements(shape) * bytesPer[dtype])
    return E.left(
      `tensor "${name}" has offsets ${begin} to ${end}, which do not hold its shape [${shape.join(', ')}]`,
    )
  return E.right({ name, dtype, shape, begin, end })
}

const parseJson = (text: Uint8Array): E.Either<string, unknown> =>
  E.tryCatch(
    () => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)) as unknown,
    () => 'the header is no JSON',
  )

/** What the file holds, or what is wrong with it. */
export const decode = (bytes: Uint8Array): E.Either<string, Safetensors> => {
  if (bytes.length < 8)
    return E.left(`the file is cut short: ${bytes.length} bytes, and the header's length takes 8`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = view.getBigUint64(0, true)
  if (headerLength > BigInt(longestHeader))
    return E.left(`the header's length ${headerLength} is beyond all measure`)
  const start = 8 + Number(headerLength)
  if (start > bytes.length)
    return E.left(`the file is cut short: ${bytes.length} bytes, and the header ends at ${start}`)
  const json = parseJson(bytes.subarray(8, start))
  if (E.isLeft(json)) return json
  const header = Header.decode(json.right)
  if (E.isLeft(header) || Array.isArray(json.right)) return E.left('the header is no JSON object')
  const { __metadata__: given = {}, ...entries } = header.right
  const metadata = Metadata.decode(given)
  if (E.isLeft(metadata)) return E.left('the metadata are not all strings')

  const extents: Placed[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const extent = placed(name, entry)
    if (E.isLeft(extent)) return extent
    extents.push(extent.right)
  }
  let at = 0
  for (const { name, begin, end } of extents.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      return E.left(`tensor "${name}" begins at ${begin} where ${at} is due: a gap or an overlap`)
    at = end
  }
  if (start + at !== bytes.length)
    return E.left(
      `the tensors take ${at} bytes and the file has ${bytes.length - start} for them: it is cut short or has a tail`,
    )

  const tensors = new Map(
    extents.map(({ name, dtype, shape, begin }): [string, StoredTensor] => {
      const data = new Float64Array(elements(shape))
      for (let i = 0; i < data.length; i++) {
        const offset = start + begin + i * bytesPer[dtype]
        data[i] = dtype === 'F32' ? view.getFloat32(offset, true) : view.getFloat64(offset, true)
      }
      return [name, { dtype, shape, data }]
    }),
  )
  return E.right({ tensors, metadata: metadata.right })
}
