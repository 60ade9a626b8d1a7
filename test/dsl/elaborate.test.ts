/** From terms to typed functions: what closes over what, and what errors say. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { evaluate } from '../../src/backend/reference/evaluate.ts'
import { elaborate, type Input, showMismatch } from '../../src/dsl/elaborate.ts'
import {
  filled,
  inBlocks,
  type Parameter,
  parameters,
  realParameter,
  zeros,
} from '../../src/dsl/parameter.ts'
import * as t from '../../src/dsl/term.ts'
import { print } from '../../src/ir/print.ts'
import { fromNumbers, uniformValue, varyingValue } from '../../src/ir/tensor.ts'
import { complex, index, real, type TensorType, varying } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import { urnn } from '../../src/models/urnn.ts'
import { permutation, stream } from '../../src/random.ts'

const input = (name: string, term: t.Term, type: TensorType): Input => ({ name, term, type })
const made = (inputs: readonly Input[], results: readonly t.Term[]) => {
  const f = elaborate(inputs, results)
  return E.isRight(f) ? f.right : assert.fail(showMismatch(f.left))
}
const refusal = (inputs: readonly Input[], results: readonly t.Term[]): string => {
  const f = elaborate(inputs, results)
  return E.isLeft(f) ? showMismatch(f.left) : assert.fail(`elaborates to\n${print(f.right)}`)
}
const numbers = (type: TensorType, values: readonly number[]) => {
  const tensor = fromNumbers(type, values)
  return E.isRight(tensor) ? tensor.right : assert.fail(tensor.left)
}

const x = t.declared<'real'>('x')
const z = t.declared<'complex'>('z')
const w = t.declared<'real'>('w')

describe('elaborate', () => {
  it('gives a number the field and the shape of what it meets', () => {
    const f = made([input('z', z, complex(3))], [t.add(z, 2)])
    assert.match(print(f), /constant \{re = 2\} : complex\[\]/)
    assert.match(print(f), /broadcast %0 \{shape = \[3\]\} : complex\[3\]/)
  })

  it('closes a step over what it uses from outside, once, as invariants', () => {
    const doubled = t.mul(w, 2)
    const { carry } = t.scan({
      carry: { h: t.number(0) },
      over: { x },
      step: ({ h }, e) => ({ carry: { h: t.add(t.mul(h, doubled), t.mul(e.x, doubled)) }, stack: {} }),
    })
    const f = made([input('w', w, real()), input('x', x, varying(real(4)))], [carry.h])
    const scan = f.results[0]!.args[0]!
    assert.ok(scan.op === 'scan')
    assert.equal(scan.attributes.invariants, 1)
    const result = evaluate(f, [
      uniformValue(numbers(real(), [0.5])),
      varyingValue([numbers(real(4), [1, 2, 3, 4]), numbers(real(4), [1, 0, 0, 0])]),
    ])
    assert.ok(E.isRight(result) && result.right[0]!.rate === 'varying')
    assert.deepEqual(
      result.right[0]!.tensors.map(v => v.data[0]),
      [10, 1],
    )
  })

  it('lets scans nest, and inner steps use outer carries', () => {
    const outer = t.scan({
      carry: { a: t.number(1) },
      over: { x },
      step: ({ a }, e) => {
        const inner = t.scan({
          carry: { b: t.number(0) },
          over: {},
          length: 3,
          step: ({ b }) => ({ carry: { b: t.add(b, t.mul(a, e.x)) }, stack: {} }),
        })
        return { carry: { a: t.add(a, inner.carry.b) }, stack: { b: inner.carry.b } }
      },
    })
    const f = made([input('x', x, real(2))], [outer.carry.a, outer.stack.b])
    assert.ok(E.isRight(verify(f)))
    const result = evaluate(f, [uniformValue(numbers(real(2), [1, 2]))])
    assert.ok(E.isRight(result))
    // a: 1 → 1 + 3·1·1 = 4 → 4 + 3·4·2 = 28
    assert.deepEqual(
      result.right.map(v => (v.rate === 'uniform' ? [...v.tensor.data] : [])),
      [[28], [3, 24]],
    )
  })

  it('makes carries varying where what they meet is', () => {
    const { carry } = t.scan({
      carry: { h: t.number(0) },
      over: { x },
      step: ({ h }, e) => ({ carry: { h: t.add(h, e.x) }, stack: {} }),
    })
    assert.equal(made([input('x', x, varying(real(4)))], [carry.h]).results[0]!.type.kind, 'tensor')
  })

  it('is not stopped by long chains', () => {
    let sum: t.Real = x
    for (let k = 0; k < 20_000; k++) sum = t.add(sum, 1)
    made([input('x', x, real())], [sum])
  })

  it('says where the user went wrong, what was given and what is due', () => {
    const here = /^.*elaborate\.test\.ts:\d+:\d+: /
    const cases: readonly [readonly Input[], t.Term, RegExp][] = [
      [
        [input('x', x, real(3)), input('w', w, real(4))],
        t.add(x, w),
        /add: .*different shapes: real\[3\] and real\[4\]/,
      ],
      [
        [input('z', z, complex(3))],
        t.apply(t.dft(4), z),
        /apply: unitary\(4\) acts on complex\[4\], not on complex\[3\]/,
      ],
      [
        [input('z', z, complex(3))],
        t.apply(t.compose(t.dft(3), t.dft(4)), z),
        /compose: factors have different sizes/,
      ],
      [[input('x', x, real(3))], t.slice(x, 2, 2), /slice: entries 2 to 3 do not lie in real\[3\]/],
      [[input('x', x, real(3))], w, /"w" is used but is no parameter or input/],
      [[input('z', z, complex(0))], z, /"z": a shape is made of whole numbers from 1 up/],
      [[input('x', x, real(3))], t.take(x, t.declared<'index'>('i')), /"i" is used but/],
      [
        [input('x', x, real(3))],
        t.apply(t.permute([0, 0]), t.toComplex(x)),
        /permute: is no permutation: it must hold each of 0 … 1 once/,
      ],
      [
        [input('x', x, real(3))],
        t.batchSum(x),
        /batchSum: sums over the examples, but real\[3\] is the same for all/,
      ],
    ]
    for (const [inputs, term, message] of cases) {
      const said = refusal(inputs, [term])
      assert.match(said, message)
      assert.match(said, here)
    }
    const escaped: t.Term[] = []
    t.scan({
      carry: { h: x },
      over: {},
      length: 1,
      step: ({ h }) => {
        escaped.push(h)
        return { carry: { h }, stack: {} }
      },
    })
    assert.match(
      refusal([input('x', x, real(3))], escaped),
      /"h" belongs to the step of a scan and is used outside it/,
    )
    const mismatched = t.scan({
      carry: { h: x },
      over: { x },
      step: (_, e) => ({ carry: { h: e.x }, stack: {} }),
    })
    assert.match(
      refusal([input('x', x, real(3))], [mismatched.carry.h]),
      /scan: carry h is real\[3\] but its next value real\[\]/,
    )
  })

  it('refuses a uRNN without units', () => {
    for (const hidden of [0, -1, 1.5]) {
      const model = urnn({ hidden, reads: { kind: 'symbols', count: 3 }, writes: 2, seed: 1 })
      const s = t.declared<'index'>('s')
      const said = refusal(
        [...model.parameters, input('s', s, varying(index(3)))],
        [model.output(model.step(model.initial, s))],
      )
      assert.match(said, /must be a whole number|made of whole numbers/)
    }
  })
})

describe('what types would refuse, JavaScript is told', () => {
  // biome-ignore lint/suspicious/noExplicitAny: programs without types
  const any = (u: unknown): any => u

  it('of inputs and results', () => {
    const cases: readonly (readonly [unknown, unknown, RegExp])[] = [
      [undefined, [x], /its inputs are undefined: give a list of \{ name, term, type \}/],
      [[], x, /its results are an object: give a list of terms/],
      [[], [5], /result 0 is 5, which is no term/],
      [[], [undefined], /result 0 is undefined, which is no term/],
      [[{ name: 'x', term: x }], [x], /input 0 is an object without all of name, term and type/],
      [[3], [x], /input 0 is 3 without/],
    ]
    for (const [inputs, results, expected] of cases)
      assert.match(refusal(any(inputs), any(results)), expected)
  })

  it('of loops', () => {
    const loop = { carry: { h: t.number(0) }, over: { x }, step: () => ({ carry: {}, stack: {} }) }
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /^scan: takes an object with carry, over and step, not undefined$/],
      [{ ...loop, carry: undefined }, /^scan: its carry is undefined: give terms by name, or \{\} for none$/],
      [{ ...loop, over: 3 }, /^scan: its over is 3: /],
      [{ ...loop, step: undefined }, /^scan: its step is undefined, not a function$/],
      [
        { ...loop, step: () => undefined },
        /^scan: its step returns undefined: it must return \{ carry, stack \}$/,
      ],
      [{ ...loop, step: () => ({ carry: {} }) }, /^scan: its step returns undefined as its stack: /],
      [{ ...loop, step: () => ({ stack: {} }) }, /^scan: its step returns undefined as its carry: /],
    ]
    for (const [given, message] of cases)
      assert.throws(() => t.scan(any(given)), { name: 'TypeError', message })
  })

  it('of parameters', () => {
    const cases: readonly (readonly [() => unknown, RegExp])[] = [
      [
        () => realParameter([3], any(undefined)),
        /^realParameter: it starts as undefined: give an initialiser/,
      ],
      [
        () => realParameter([3], any({ kind: 'ones' })),
        /^realParameter: it starts as an object: give an init/,
      ],
      [() => realParameter(any(3), zeros), /^realParameter: its shape is 3: give a list, such as \[3\]$/],
      [() => realParameter([3], filled(any('a'))), /it starts as "a", not a number$/],
      [
        () => realParameter([1], inBlocks(zeros, filled(1))),
        /it starts in 2 blocks, but its first axis has 1, which they cannot share evenly$/,
      ],
      [() => realParameter([2], inBlocks(zeros, any(1))), /it starts as 1: give an initialiser/],
      [() => parameters(any({ a: 3 })), /^parameters: "a" is 3: declare it with realParameter or complexPar/],
    ]
    for (const [make, message] of cases) assert.throws(make, { name: 'TypeError', message })
    const { list }: { readonly list: readonly Parameter[] } = parameters({
      a: realParameter([2, 3], inBlocks(zeros, filled(1))),
    })
    assert.equal(list.length, 1)
  })

  it('of random numbers, which would be none or never come', () => {
    const s = stream(1, 'bounds')
    for (const [low, high] of [
      [5, 1],
      [0, Number.POSITIVE_INFINITY],
      [Number.NaN, 3],
      [0, 1.5],
    ] as const)
      assert.throws(() => s.integer(low, high), {
        message: `integer(${low}, ${high}): its bounds must be whole numbers, the lower one first`,
      })
    for (const n of [2.5, -1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => permutation(n, s), {
        message: `permutation(${n}, …): its size must be a whole number from 0 up`,
      })
    assert.equal(s.integer(3, 3), 3)
    assert.deepEqual(permutation(4, s).toSorted(), [0, 1, 2, 3])
  })
})
