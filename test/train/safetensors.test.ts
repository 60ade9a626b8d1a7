import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { decode, encode, type Safetensors, type StoredTensor } from '../../src/train/safetensors.ts'
import { holds } from '../seed.ts'

const tensor: fc.Arbitrary<StoredTensor> = fc
  .record({
    dtype: fc.constantFrom('F32' as const, 'F64' as const),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .chain(({ dtype, shape }) => {
    const n = shape.reduce((a, b) => a * b, 1)
    const number = dtype === 'F32' ? fc.float({ noNaN: true }) : fc.double({ noNaN: true })
    return fc
      .array(number, { minLength: n, maxLength: n })
      .map(data => ({ dtype, shape, data: Float64Array.from(data) }))
  })
const name = fc
  .oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '1'))
  .filter(s => s !== '__metadata__')
const file: fc.Arbitrary<Safetensors> = fc.record({
  tensors: fc.array(fc.tuple(name, tensor), { maxLength: 5 }).map(entries => new Map(entries)),
  metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
})

const withHeader = (header: unknown, data = 0): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}
const refusal = (bytes: Uint8Array): string => {
  const result = decode(bytes)
  return E.isLeft(result) ? result.left : assert.fail('was read')
}
const one = (entry: object) =>
  withHeader({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...entry } }, 8)

describe('safetensors', () => {
  it('gives back what was written', () => {
    holds(
      fc.property(file, given => {
        const read = decode(encode(given))
        assert.ok(E.isRight(read))
        assert.deepEqual(new Map([...read.right.tensors].toSorted()), new Map([...given.tensors].toSorted()))
        assert.deepEqual({ ...read.right.metadata }, { ...given.metadata })
      }),
    )
  })

  it('aligns the data to eight bytes', () => {
    holds(
      fc.property(file, given => {
        const bytes = encode(given)
        assert.equal(new DataView(bytes.buffer).getBigUint64(0, true) % 8n, 0n)
      }),
    )
  })

  const small = encode({
    tensors: new Map([
      ['a', { dtype: 'F32', shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) }],
      ['b', { dtype: 'F64', shape: [], data: Float64Array.of(5) }],
    ]),
    metadata: { step: '3' },
  })

  it('refuses a file cut short at any byte, or with a tail', () => {
    for (let n = 0; n < small.length; n++)
      assert.match(refusal(small.slice(0, n)), /cut short|beyond|no JSON/)
    assert.match(refusal(Uint8Array.of(...small, 0)), /tail/)
  })

  it('survives any byte changed', () => {
    holds(
      fc.property(fc.nat(small.length - 1), fc.nat(255), (at, value) => {
        const bytes = small.slice()
        bytes[at] = value
        decode(bytes)
      }),
      1000,
    )
  })

  it('survives anything', () => {
    holds(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void decode(bytes)))
    holds(fc.property(fc.json(), json => void decode(withHeader(json))))
  })

  it('says what is wrong with a header', () => {
    assert.match(refusal(withHeader('{')), /no JSON/)
    assert.match(refusal(withHeader([])), /no JSON object/)
    assert.match(refusal(withHeader({ a: 1 })), /"a" has no dtype/)
    assert.match(refusal(withHeader({ __metadata__: { a: 1 } })), /metadata/)
    assert.match(refusal(one({ dtype: 'BF16' })), /"a" is of type BF16/)
    assert.match(refusal(one({ shape: [-2] })), /impossible shape/)
    assert.match(refusal(one({ shape: [2 ** 40, 2 ** 40] })), /impossible shape/)
    assert.match(refusal(one({ shape: [3] })), /do not hold its shape/)
    assert.match(refusal(one({ data_offsets: [8, 0] })), /do not hold its shape/)
    assert.match(refusal(one({ data_offsets: [4, 12] })), /gap or an overlap/)
    const b = { dtype: 'F32', shape: [2], data_offsets: [4, 12] }
    assert.match(refusal(withHeader({ a: { ...b, data_offsets: [0, 8] }, b }, 12)), /gap or an overlap/)
    const huge = small.slice()
    new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true)
    assert.match(refusal(huge), /beyond all measure/)
  })
})
