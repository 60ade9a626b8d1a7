import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { opNames } from '../../src/ir/attributes.ts'
import * as b from '../../src/ir/build.ts'
import { argument, complexConstant, constant, func } from '../../src/ir/expr.ts'
import { parse, textHeader } from '../../src/ir/parse.ts'
import { print } from '../../src/ir/print.ts'
import { complex, index, real, varying } from '../../src/ir/type.ts'
import { verify } from '../../src/ir/verify.ts'
import { funcs, programs } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'

test('a function reads like its equations', () => {
  const step = func(
    [
      { name: 'θ', type: real(4) },
      { name: 'h', type: varying(complex(4)) },
      { name: 'x', type: varying(index(10)) },
    ],
    [
      b.add(
        b.apply(b.phase(argument(0, real(4))), argument(1, varying(complex(4)))),
        b.take(complexConstant(0.5, -0, [10, 4]), argument(2, varying(index(10)))),
      ),
    ],
  )
  const f = func(
    [
      { name: 'θ', type: real(4) },
      { name: 'the input', type: varying(index(10, 7)) },
    ],
    [
      b.get(
        b.scan([argument(0, real(4)), complexConstant(1, 0, [4]), argument(1, varying(index(10, 7)))], {
          body: step,
          length: 7,
          reverse: true,
          invariants: 1,
          carries: 1,
        }),
        0,
      ),
    ],
  )
  assert.equal(
    print(f),
    `func @body0(θ: real[4], h: varying complex[4], x: varying index<10>[]) {
  %0 = phase θ : unitary(4)
  %1 = apply %0, h : varying complex[4]
  %2 = constant {re = 0.5, im = -0} : complex[10, 4]
  %3 = take %2, x : varying complex[4]
  %4 = add %1, %3 : varying complex[4]
  return %4
}

func @main(θ: real[4], "the input": varying index<10>[7]) {
  %0 = constant {re = 1} : complex[4]
  %1 = scan θ, %0, "the input" {body = @body0, length = 7, reverse, invariants = 1, carries = 1} : (varying complex[4])
  %2 = get %1 {item = 0} : varying complex[4]
  return %2
}
`,
  )
  assert.deepEqual(parse(print(f)), E.right(f))
})

test('what is printed is read as the same object', () => {
  holds(
    fc.property(programs(), ({ func: f }) => {
      const back = parse(print(f))
      return E.isRight(back) && back.right === f
    }),
    600,
  )
})

test('types may be left out where there are operands', () => {
  const f = func([{ name: 'x', type: real(4) }], [b.neg(b.add(argument(0, real(4)), argument(0, real(4))))])
  assert.deepEqual(parse('func @f(x: real[4]) { %0 = add x, x %1 = neg %0 return %1 }'), E.right(f))
})

test('text may say its version; another than this is refused', () => {
  const f = func([{ name: 'x', type: real(4) }], [b.neg(argument(0, real(4)))])
  assert.deepEqual(parse(`${textHeader}\n${print(f)}`), E.right(f))
  const other = parse(`// parseval-ir 2\n${print(f)}`)
  assert.ok(E.isLeft(other))
  assert.match(
    other.left.message,
    /^this is version 2 of the textual form, and this Parseval reads version 1: /,
  )
})

test('parameters may have any names', () => {
  const names = fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 5 })
  const odd = ['return', 'varying', 'inf', '', '%0', '"', '\\', '\u2028', '\ud800', '__proto__', "f'"]
  holds(
    fc.property(fc.oneof(names, fc.constant(odd)), given => {
      const f = func(
        given.map(name => ({ name, type: real() })),
        given.map((_, i) => b.neg(argument(i, real()))),
      )
      const back = parse(print(f))
      return E.isRight(back) && back.right === f
    }),
  )
})

test('numbers come back to the last bit', () => {
  const exact = fc.oneof(
    fc.constantFrom(-0, 0, Infinity, -Infinity, Number.MIN_VALUE),
    fc.double({ noNaN: true }),
  )
  holds(
    fc.property(exact, exact, (re, im) => {
      const f = func([], [constant(re), complexConstant(re, im, [2])])
      const back = parse(print(f))
      return E.isRight(back) && back.right === f
    }),
  )
})

const failures: readonly (readonly [text: string, line: number, column: number, message: string])[] = [
  ['', 1, 1, "the end of the text where 'func' is due"],
  ['func main() {}', 1, 6, "'main' where a function's name, such as @main, is due"],
  ['func @f(x: rael[]) {\n  return x\n}', 1, 12, "there is no type 'rael': did you mean real?"],
  ['func @f(x: real[]) {\n  return y\n}', 2, 10, 'there is no parameter y: did you mean x?'],
  ['func @f(x: real[], x: real[]) {\n  return x\n}', 1, 20, "there are two parameters 'x'"],
  ['func @f(x: real[]) {\n  %0 = mtavec x : real[]', 2, 8, 'there is no op mtavec: did you mean matvec?'],
  ['func @f(x: real[]) {\n  %0 = qqqqqqqqqq x : real[]', 2, 8, 'there is no op qqqqqqqqqq'],
  [
    'func @f(x: real[]) {\n  %0 = sum x {axis = 1} : real[]',
    2,
    8,
    'sum has no attribute axis: did you mean axes?',
  ],
  ['func @f(x: real[]) {\n  %0 = neg x {axes = 1} : real[]', 2, 8, 'neg takes no attributes, so no axes'],
  ['func @f(x: real[3]) {\n  %0 = sum x : real[]', 2, 8, 'sum lacks its attribute axes'],
  ['func @f(x: real[3]) {\n  %0 = sum x {axes} : real[]', 2, 8, 'sum takes a number for its attribute axes'],
  ['func @f(x: real[3]) {\n  %0 = sum x {axes = 1, axes = 1} : real[]', 2, 25, 'axes is given twice'],
  ['func @f(x: real[3]) {\n  %0 = neg x : real[4]', 2, 16, 'neg has type real[3] here, not real[4]'],
  [
    'func @f(x: real[3]) {\n  %0 = conj x : complex[3]',
    2,
    8,
    'conj operand 1 must be complex, not real[3]: make it complex, toComplex(x)',
  ],
  ['func @f(x: real[3]) {\n  %0 = neg %1 : real[3]', 2, 12, '%1 has no value yet'],
  ['func @f(x: real[]) {\n  %0 = neg x : real[]\n  %0 = neg x : real[]', 3, 3, '%0 has a value already'],
  [
    'func @f(x: real[-1]) {\n  return x\n}',
    1,
    12,
    'a shape is made of whole numbers from 1 up (at most 2^31 elements), not [-1]',
  ],
  [
    'func @f() {\n  %0 = dft {size = 4} : unitary(4)\n  return %0\n}',
    3,
    10,
    "a function's results are tensors, not unitary(4)",
  ],
  ['func @f() {\n  %0 = scan {body = @g} : ()', 2, 21, 'there is no function @g before this'],
  ['func @f("x) {}', 1, 9, 'a string without an end where a parameter is due'],
  ['func @f() {\n  return\n}\n\nfunc @f() {', 5, 6, '@f is there already'],
  ['func @f() {\n  return\n} !', 3, 3, "'!' where 'func' is due"],
  ['func @f() {\n  %0 = arg {index = 2} : real[]', 2, 8, 'there is no parameter 2 of type real[]'],
]

test('errors say where they are and what is due', () => {
  for (const [text, line, column, message] of failures)
    assert.deepEqual(parse(text), E.left({ kind: 'ParseError', line, column, message }))
})

/** Whatever the text, an answer; and if it is a function, one in order. */
const answers = (text: string): boolean => {
  const back = parse(text)
  if (E.isLeft(back)) return back.left.line >= 1 && back.left.column >= 1
  const again = parse(print(back.right))
  return E.isRight(verify(back.right)) && E.isRight(again) && again.right === back.right
}

const word = fc.constantFrom(
  ...opNames,
  ...[
    'func',
    '@f',
    '@g',
    '%0',
    '%1',
    'x',
    'y',
    '"',
    '"z"',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    ',',
    ':',
    '=',
  ],
  ...[
    'return',
    'real',
    'complex',
    'index',
    'unitary',
    'varying',
    '1',
    '-0',
    'inf',
    '∞',
    '1e999',
    '2.5',
    'true',
    '//',
  ],
  ...[
    'size',
    'shape',
    'length',
    'constructor',
    '__proto__',
    '\n',
    'func @f(x: real[2]) {\n',
    '%0 = neg x : real[2]\n',
  ],
)

test('any text is answered', () => {
  holds(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), answers), 1000)
  holds(
    fc.property(fc.array(word, { maxLength: 60 }), words => answers(words.join(' '))),
    2000,
  )
})

test('a damaged program is answered', () => {
  const damage = fc.record({ at: fc.nat(), cut: fc.nat(8), put: fc.oneof(word, fc.string({ maxLength: 4 })) })
  const texts = funcs({ depth: 2 }).map(print)
  holds(
    fc.property(texts, fc.array(damage, { minLength: 1, maxLength: 3 }), (text, wounds) =>
      answers(
        wounds.reduce((whole, { at, cut, put }) => {
          const from = at % (whole.length + 1)
          return whole.slice(0, from) + put + whole.slice(from + cut)
        }, text),
      ),
    ),
    600,
  )
})

test('long and deep texts are answered', () => {
  assert.ok(answers('('.repeat(1e5)))
  assert.ok(answers(`func @f(x: real[${'['.repeat(1e5)}`))
  assert.ok(answers('"'.repeat(1e5)))
  // more than a regular expression's places to go back to have room for
  for (const unit of [' ', '\n', 'a', '1', '//a\n'])
    assert.ok(answers(unit.repeat(3e7 / unit.length)), JSON.stringify(unit))
  for (const first of ['"', '%', '@', '//', '1.', '1e'])
    assert.ok(answers(`${first}${'1'.repeat(3e7)}"`), first)
  assert.ok(answers(`func @f() {\n  return ${'x, '.repeat(1e5)}`))
  const chain = Array.from({ length: 20000 }, (_, k) => `  %${k + 1} = neg %${k} : real[]`).join('\n')
  assert.ok(answers(`func @f(x: real[]) {\n  %0 = neg x : real[]\n${chain}\n  return %20000\n}`))
})

const wrongBody = func(
  [{ name: 'h', type: real() }],
  [b.mul(argument(0, real()), b.sum(argument(0, real(2))))],
)

test('verification names the node and shows its surroundings', () => {
  const wrong = func([{ name: 'x', type: real(4) }], [b.neg(argument(0, real(3)))])
  assert.deepEqual(
    verify(wrong),
    E.left({
      kind: 'VerifyError',
      op: 'arg',
      message: `arg is real[3], but parameter 0, x, is real[4]

  func @main(x: real[4]) {
>   %0 = arg {index = 0} : real[3]
    %1 = neg %0 : real[3]
    return %1
  }`,
    }),
  )
  const mistyped = { ...b.neg(argument(0, real(3))), type: real(5) }
  const forged = verify(func([{ name: 'x', type: real(3) }], [mistyped]))
  assert.ok(
    E.isLeft(forged) && forged.left.message.startsWith('neg has type real[3], but is marked real[5]\n'),
  )
  const open = verify(func([], [argument(1, real())]))
  assert.ok(E.isLeft(open) && open.left.message.startsWith('arg is parameter 1 of a function that has 0\n'))
  const operator = verify(func([], [b.permute([1, 0])]))
  assert.ok(
    E.isLeft(operator) &&
      operator.left.message.startsWith('permute is result 0, but unitary(2) is no tensor'),
  )
  const inside = verify(
    func(
      [],
      [
        b.get(
          b.scan([constant(1)], { body: wrongBody, length: 2, reverse: false, invariants: 0, carries: 1 }),
          0,
        ),
      ],
    ),
  )
  assert.ok(
    E.isLeft(inside) &&
      inside.left.message.startsWith("in a scan's body, arg is real[2], but parameter 0, h, is real[]"),
  )
})
