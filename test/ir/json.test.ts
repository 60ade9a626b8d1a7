import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { complexConstant, constant, func } from '../../src/ir/expr.ts'
import { fromJson, showJsonError, toJson } from '../../src/ir/json.ts'
import { parse } from '../../src/ir/parse.ts'
import { print } from '../../src/ir/print.ts'
import { real } from '../../src/ir/type.ts'
import { funcs } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'

const throughText = (u: unknown): unknown => JSON.parse(JSON.stringify(u))

const program = (() => {
  const made = parse(`func @body(θ: real[4], h: varying complex[4], x: varying index<10>[]) {
  %0 = phase θ : unitary(4)
  %1 = apply %0, h : varying complex[4]
  %2 = constant {re = 0.5, im = -0} : complex[10, 4]
  %3 = take %2, x : varying complex[4]
  %4 = add %1, %3 : varying complex[4]
  return %4
}
func @main(θ: real[4], x: varying index<10>[7]) {
  %0 = constant {re = 1} : complex[4]
  %1 = scan θ, %0, x {body = @body, length = 7, reverse, invariants = 1, carries = 1} : (varying complex[4])
  %2 = get %1 {item = 0} : varying complex[4]
  return %2
}`)
  assert.ok(E.isRight(made))
  return made.right
})()

test('a program as JSON reads like its text', () => {
  assert.deepEqual(toJson(program), {
    format: 'parseval-program',
    version: 1,
    functions: [
      {
        name: '@body0',
        params: [
          { name: 'θ', type: { field: 'real', shape: [4] } },
          { name: 'h', type: { field: 'complex', shape: [4], rate: 'varying' } },
          { name: 'x', type: { field: 'index', shape: [], rate: 'varying', bound: 10 } },
        ],
        values: [
          { op: 'phase', args: ['θ'], type: 'unitary(4)' },
          { op: 'apply', args: [0, 'h'], type: { field: 'complex', shape: [4], rate: 'varying' } },
          {
            op: 'constant',
            args: [],
            attributes: { re: 0.5, im: '-0' },
            type: { field: 'complex', shape: [10, 4] },
          },
          { op: 'take', args: [2, 'x'], type: { field: 'complex', shape: [4], rate: 'varying' } },
          { op: 'add', args: [1, 3], type: { field: 'complex', shape: [4], rate: 'varying' } },
        ],
        results: [4],
      },
      {
        name: '@main',
        params: [
          { name: 'θ', type: { field: 'real', shape: [4] } },
          { name: 'x', type: { field: 'index', shape: [7], rate: 'varying', bound: 10 } },
        ],
        values: [
          { op: 'constant', args: [], attributes: { re: 1 }, type: { field: 'complex', shape: [4] } },
          {
            op: 'scan',
            args: ['θ', 0, 'x'],
            attributes: { body: '@body0', length: 7, reverse: true, invariants: 1, carries: 1 },
            type: '(varying complex[4])',
          },
          {
            op: 'get',
            args: [1],
            attributes: { item: 0 },
            type: { field: 'complex', shape: [4], rate: 'varying' },
          },
        ],
        results: [2],
      },
    ],
  })
})

test('JSON and text are read back as the same object', () => {
  holds(
    fc.property(funcs(), f => {
      const fromText = parse(print(f))
      const back = fromJson(throughText(toJson(f)))
      return E.isRight(fromText) && fromText.right === f && E.isRight(back) && back.right === f
    }),
    400,
  )
})

test('numbers that JSON has not are kept', () => {
  const odd = [-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-320]
  const f = func([{ name: '%0', type: real(2) }], [...odd.map(x => constant(x)), complexConstant(-0, -0)])
  assert.deepEqual(fromJson(throughText(toJson(f))), E.right(f))
})

test('types may be left out, but for constants', () => {
  const bare = throughText(toJson(program)) as { functions: { values: { op: string; type?: unknown }[] }[] }
  for (const f of bare.functions) for (const v of f.values) if (v.op !== 'constant') delete v.type
  assert.deepEqual(fromJson(bare), E.right(program))
})

test('what is no program is refused with the place and the reason', () => {
  const cases: readonly (readonly [string, (json: never) => unknown, RegExp])[] = [
    ['a list', () => [], /^it is no program of Parseval's: its "format" must be "parseval-program"$/],
    ['nothing', () => null, /^it is no program/],
    [
      'a later version',
      (j: Record<string, unknown>) => ({ ...j, version: 2 }),
      /^version: this is version 2 of the format, and this Parseval reads version 1: /,
    ],
    ['no version', ({ version: _, ...j }: Record<string, unknown>) => j, /^version: this is version none/],
    [
      'no functions',
      (j: Record<string, unknown>) => ({ ...j, functions: [] }),
      /^functions: there is no function$/,
    ],
    [
      'functions of text',
      (j: Record<string, unknown>) => ({ ...j, functions: 'f' }),
      /^functions: "f" where a list of functions is due$/,
    ],
  ] as never
  for (const [what, change, expected] of cases) {
    const back = fromJson(change(throughText(toJson(program)) as never))
    assert.ok(E.isLeft(back), what)
    assert.match(showJsonError(back.left), expected)
  }
})

test('lists too deep to be written are refused as others are', () => {
  const deep = JSON.parse(`${'['.repeat(2e5)}${']'.repeat(2e5)}`)
  const json = throughText(toJson(program)) as object
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ functions: deep }, /^functions\[0\]: a list too large to show where a function is due$/],
    [{ functions: { deep } }, /^functions: an object too large to show where a list of functions is due$/],
    [{ version: deep }, /^version: this is version a list too large to show of the format/],
  ]
  for (const [change, expected] of cases) {
    const back = fromJson({ ...json, ...change })
    assert.ok(E.isLeft(back))
    assert.match(showJsonError(back.left), expected)
  }
})

test('a mistake of the hand is found where it was made', () => {
  const edits: readonly (readonly [string, string, RegExp])[] = [
    [
      '"op":"apply"',
      '"op":"aply"',
      /^functions\[0\]\.values\[1\]: there is no op aply: did you mean apply\?$/,
    ],
    ['"op":"apply"', '"op":7', /^functions\[0\]\.values\[1\]\.op: 7 where string is due$/],
    [
      '"args":[0,"h"]',
      '"args":[0,"hh"]',
      /^functions\[0\]\.values\[1\]: there is no parameter hh: did you mean h\?$/,
    ],
    ['"args":[0,"h"]', '"args":[1,"h"]', /^functions\[0\]\.values\[1\]: there is no value 1 before this one/],
    ['"args":[0,"h"]', '"args":[0,"x"]', /^functions\[0\]\.values\[1\]: apply: /],
    ['"args":[0,"h"]', '"args":[0,null]', /^functions\[0\]\.values\[1\]\.args\[1\]: null where /],
    ['"item":0', '"item":"0"', /^functions\[1\]\.values\[2\]: get takes a number for its attribute item$/],
    ['"item":0', '"itm":0', /^functions\[1\]\.values\[2\]: get has no attribute itm: did you mean item\?$/],
    [
      '"body":"@body0"',
      '"body":"@bdy0"',
      /^functions\[1\]\.values\[1\]: there is no function @bdy0 before this: did/,
    ],
    [
      '"re":0.5',
      '"re":"half"',
      /^functions\[0\]\.values\[2\]: constant takes a number for its attribute re$/,
    ],
    ['"name":"θ"', '"name":"h"', /^functions\[0\]\.params\[1\]: two parameters are called h$/],
    [
      '"shape":[10,4]',
      '"shape":[10,5]',
      /^functions\[0\]\.values\[3\]: take has type .*, but is marked varying complex\[4\]$/,
    ],
    ['"shape":[4]', '"shape":[-4]', /^functions\[0\]\.params\[0\]: /],
    [
      '"field":"real"',
      '"field":"quaternion"',
      /^functions\[0\]\.params\[0\]\.type\.field: "quaternion" where real, complex or index is due$/,
    ],
    [
      '"results":[4]',
      '"results":[0]',
      /^functions\[0\]\.results\[0\]: results are tensors, not unitary\(4\)$/,
    ],
    ['"op":"phase"', '"op":"arg"', /^functions\[0\]\.values\[0\]: there is no op arg/],
  ]
  for (const [from, to, expected] of edits) {
    const text = JSON.stringify(toJson(program))
    assert.ok(text.includes(from), from)
    const back = fromJson(JSON.parse(text.replace(from, to)))
    assert.ok(E.isLeft(back), to)
    assert.match(showJsonError(back.left), expected)
  }
})
