/** What TypeScript refuses: `npm run types` fails if one of these lines compiles. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as t from '../../src/dsl/term.ts'

const x = t.declared<'real'>('x')
const z = t.declared<'complex'>('z')
const i = t.declared<'index'>('i')
const U = t.dft(4)

/** Never called: its types are the test. */
export const refused = (): void => {
  // @ts-expect-error a real added to a complex
  t.add(z, x)
  // @ts-expect-error a complex added to a real
  t.add(x, z)
  // @ts-expect-error a real times a complex is `scale`
  t.mul(x, z)
  // @ts-expect-error the first operand of `scale` is real
  t.scale(z, z)
  // @ts-expect-error a vector where a unitary is due
  t.apply(z, z)
  // @ts-expect-error a matrix where a unitary is due
  t.compose(U, z)
  // @ts-expect-error a unitary acts on complex vectors
  t.apply(U, x)
  // @ts-expect-error a unitary is no vector
  t.add(U, U)
  // @ts-expect-error phases are real angles
  t.phase(z)
  // @ts-expect-error reflections are in complex vectors
  t.reflect(x)
  // @ts-expect-error real parts are of complex numbers
  t.re(x)
  // @ts-expect-error indices are not calculated with
  t.add(i, i)
  // @ts-expect-error an entry is named by an index
  t.take(x, x)
  // @ts-expect-error modReLU's bias is real
  t.modRelu(z, z)
  // @ts-expect-error a real matrix takes a real vector
  t.matvec(x, z)
  // @ts-expect-error a carry keeps its field
  t.scan({ carry: { h: z }, over: { x }, step: c => ({ carry: { h: t.re(c.h) }, stack: {} }) })
}

describe('terms', () => {
  it('take numbers, scalars and terms of their own field', () => {
    const terms = [
      t.add(z, 1),
      t.add(x, 1),
      t.scale(x, z),
      t.scale(2, z),
      t.apply(t.adjoint(U), z),
      t.take(z, i),
    ]
    assert.ok(terms.every(term => term.form === 'operation'))
  })
})
