import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, func, make, node } from '../../src/ir/expr.ts'
import type { Attributes, Op } from '../../src/ir/ops.ts'
import { complex, index, real, showType, tensor, varying } from '../../src/ir/type.ts'

const r0 = argument(0, real())
const r3 = argument(1, real(3))
const r4 = argument(2, real(4))
const c3 = argument(3, complex(3))
const c4 = argument(4, complex(4))
const a34 = argument(5, real(3, 4))
const v3 = argument(6, varying(real(3)))
const i5 = argument(7, index(5))
const dft3 = node('dft', [], { size: 3 })
const dft4 = node('dft', [], { size: 4 })

/** (h, x) ↦ (h + x, x) */
const body = func(
  [
    { name: 'h', type: real() },
    { name: 'x', type: real() },
  ],
  [b.add(argument(0, real()), argument(1, real())), argument(1, real())],
)
const loop = { body, length: 3, reverse: false, invariants: 0, carries: 1 }

const widening = func([{ name: 'h', type: real() }], [b.broadcast(argument(0, real()), [2])])
const summing = func([{ name: 'x', type: varying(real()) }], [b.batchSum(argument(0, varying(real())))])

const row = <K extends Op>(
  op: K,
  args: readonly Expr[],
  attributes: Attributes[K],
  message: string,
): { readonly op: K; readonly given: E.Either<unknown, unknown>; readonly message: string } => ({
  op,
  given: make(op, args, attributes),
  message,
})

const illTyped = [
  row('neg', [], {}, 'takes 1 operand, not 0'),
  row('neg', [r3, r3], {}, 'takes 1 operand, not 2'),
  row(
    'neg',
    [i5],
    {},
    'operand 1 must be real or complex, not index<5>[]: take(values, i) is the entry that an index names',
  ),
  row('neg', [dft3], {}, 'operand 1 must be real or complex, not unitary(3): apply(U, x) is a vector'),
  row('conj', [r3], {}, 'operand 1 must be complex, not real[3]: make it complex, toComplex(x)'),
  row('relu', [c3], {}, 'operand 1 must be real, not complex[3]: take re(z), im(z) or abs(z)'),
  row(
    'add',
    [r3, r4],
    {},
    'the operands have different shapes: real[3] and real[4]: slice(x, 0, 3) is the first 3 entries of the one of [4]',
  ),
  row('add', [r3], {}, 'operand 2 is missing'),
  row(
    'add',
    [r3, c3],
    {},
    'the operands are real[3] and complex[3]: make both real or both complex (toComplex, re, im, abs)',
  ),
  row('scale', [c3, c3], {}, 'operand 1 must be real, not complex[3]: take re(z), im(z) or abs(z)'),
  row('complex', [r3, v3, r3], {}, 'takes 2 operands, not 3'),
  row('modRelu', [c3, r3], { epsilon: -1 }, 'epsilon must be a finite number from 0 up, not -1'),
  row(
    'modRelu',
    [c3, r0],
    { epsilon: 0 },
    'the operands have different shapes: complex[3] and real[]: broadcast(x, 3) repeats the one of []',
  ),
  row('sum', [r3], { axes: 2 }, 'cannot sum over 2 axes of real[3]: it has 1'),
  row('sum', [r3], { axes: 0.5 }, 'cannot sum over 0.5 axes of real[3]: it has 1'),
  row(
    'broadcast',
    [r3],
    { shape: [3, 4] },
    'real[3] repeats only along new leading axes, which [3, 4] does not add',
  ),
  row(
    'broadcast',
    [r3],
    { shape: [0, 3] },
    'a shape is made of whole numbers from 1 up (at most 2^31 elements), not [0, 3]',
  ),
  row(
    'dot',
    [r3, c3],
    {},
    'the operands are real[3] and complex[3]: make both real or both complex (toComplex, re, im, abs)',
  ),
  row(
    'matvec',
    [a34, r3],
    { adjoint: false },
    'real[3, 4] takes 4 entries, not real[3]: did you mean matvecAdjoint, A^H x?',
  ),
  row(
    'matvec',
    [a34, r4],
    { adjoint: true },
    'the adjoint of real[3, 4] takes 3 entries, not real[4]: did you mean matvec, A x?',
  ),
  row(
    'matvec',
    [a34, c4],
    { adjoint: false },
    'a real matrix takes a real vector, not complex[4]: take re(z), im(z) or abs(z)',
  ),
  row(
    'matvec',
    [r3, r3],
    { adjoint: false },
    'operand 1 must have 2 axes, not real[3]: reshape(x, 1, 3) is a row, reshape(x, 3, 1) a column',
  ),
  row('outer', [a34, r3], {}, 'operand 1 must have 1 axis, not real[3, 4]: reshape(x, 12) has one axis'),
  row('concat', [r3, a34], {}, 'real[3] and real[3, 4] differ in more than their first axis'),
  row(
    'concat',
    [r0, r3],
    {},
    'operand 1 is a scalar, real[]: it has no axis: broadcast(x, n) repeats a scalar',
  ),
  row('slice', [r4], { start: 2, length: 3 }, 'entries 2 to 4 do not lie in real[4]: it has entries 0 to 3'),
  row('pad', [r4], { before: -1, after: 0 }, 'the padding must be whole numbers from 0 up, not -1 and 0'),
  row(
    'pad',
    [r4],
    { before: 2 ** 40, after: 0 },
    'a shape is made of whole numbers from 1 up (at most 2^31 elements), not [1099511627780]',
  ),
  row(
    'take',
    [r3, i5],
    {},
    'index<5>[] counts further than the first axis of real[3]: declare it with the bound 3',
  ),
  row('take', [r3, r0], {}, 'operand 2 must be index, not real[]: declare it with the type index(bound)'),
  row(
    'put',
    [r3, i5],
    { size: 4 },
    'index<5>[] counts further than the 4 entries there are: declare it with the bound 4',
  ),
  row('put', [r3, i5], { size: 0 }, 'the size must be a whole number from 1 to 2^24, not 0'),
  row(
    'batchSum',
    [r3],
    {},
    'sums over the examples, but real[3] is the same for all of them: mul(batchSize(), x) is their sum',
  ),
  row('logSumExp', [c3], {}, 'operand 1 must be real, not complex[3]: take re(z), im(z) or abs(z)'),
  row('identity', [], { size: 1.5 }, 'the size must be a whole number from 1 to 2^24, not 1.5'),
  row(
    'permute',
    [],
    { permutation: [0, 2, 2] },
    'is no permutation: it must hold each of 0 … 2 once, but 2 stands there twice, 1 is missing',
  ),
  row('phase', [c3], {}, 'operand 1 must be real, not complex[3]: take re(z), im(z) or abs(z)'),
  row('compose', [], {}, 'takes at least one operand'),
  row(
    'compose',
    [dft3, dft4],
    {},
    'factors have different sizes: unitary(3) and unitary(4): did you mean dft(3)?',
  ),
  row(
    'adjoint',
    [a34],
    {},
    'operand 1 must be unitary, not real[3, 4]: matvec(A, x) applies a matrix; a unitary one is made of factors',
  ),
  row('apply', [dft3, c4], {}, 'unitary(3) acts on complex[3], not on complex[4]: did you mean dft(4)?'),
  row('arg', [], { index: -1, type: real() }, 'the position must be a whole number from 0 up, not -1'),
  row('arg', [], { index: 0, type: index(0) }, 'an index counts up to a bound from 1 to 2^24, not 0'),
  row('constant', [], { re: 1, im: 2, type: real() }, 'a real constant has no imaginary part, not 2'),
  row(
    'constant',
    [],
    { re: Number.NaN, im: 0, type: real() },
    'must be a number, not NaN: was it computed from something undefined?',
  ),
  row('constant', [], { re: 1, im: 0, type: varying(real()) }, 'cannot be varying real[]'),
  row(
    'constant',
    [],
    { re: 1, im: 0, type: tensor('real', [], 'uniform', 5) },
    'counts to no bound, so not to 5',
  ),
  row('scan', [r0], loop, 'takes 2 operands, not 1'),
  row('scan', [r0, r4], loop, 'sequence x must have 3 entries along its first axis, not real[4]'),
  row(
    'scan',
    [r3, r3],
    loop,
    'carry h is real[3] where the body takes real[]: sum(x) adds up the entries of it',
  ),
  row('scan', [r0, v3], loop, 'sequence x is varying real[] where the body takes real[]'),
  row('scan', [r0, r3], { ...loop, length: 0 }, 'the length must be a whole number from 1 to 2^30, not 0'),
  row(
    'scan',
    [r0, r3],
    { ...loop, invariants: 2 },
    'cannot have 2 invariants and 1 carries among 2 operands',
  ),
  row(
    'scan',
    [r0, r3],
    { ...loop, invariants: -1 },
    'cannot have -1 invariants and 1 carries among 2 operands',
  ),
  row(
    'scan',
    [r0],
    { ...loop, body: widening },
    'carry h is real[] but its next value real[2]: sum(x) adds up the entries of it',
  ),
  row(
    'scan',
    [argument(0, varying(real(3)))],
    { ...loop, body: summing, carries: 0 },
    'sums over the examples inside the loop: stack the values and sum them after it',
  ),
  row('get', [r3], { item: 0 }, 'takes an item of a tuple, not of real[3]'),
  row('get', [b.scan([r0, r3], loop)], { item: 2 }, 'there is no item 2 in (real[], real[3])'),
]

test('an ill-typed node says what was given and what is due', () => {
  for (const { op, given, message } of illTyped)
    assert.deepEqual(given, E.left({ kind: 'TypeMismatch', op, message }))
})

test('well-typed nodes have the types they should', () => {
  const types: readonly (readonly [Expr, string])[] = [
    [b.abs(c3), 'real[3]'],
    [b.scale(v3, c3), 'varying complex[3]'],
    [b.sum(a34, 1), 'real[4]'],
    [b.broadcast(r3, [2, 3]), 'real[2, 3]'],
    [b.matvec(a34, v3, true), 'varying real[4]'],
    [b.outer(r3, v3), 'varying real[3, 3]'],
    [b.pad(a34, 1, 2), 'real[6, 4]'],
    [b.put(c3, i5, 7), 'complex[7, 3]'],
    [b.batchSum(v3), 'real[3]'],
    [b.phase(v3), 'varying unitary(3)'],
    [b.compose([dft3, b.phase(v3)]), 'varying unitary(3)'],
    [b.apply(b.adjoint(dft3), c3), 'complex[3]'],
    [b.slice(argument(0, varying(index(4, 5))), 1, 2), 'varying index<4>[2]'],
    [b.scan([r0, r3], loop), '(real[], real[3])'],
    [b.get(b.scan([r0, r3], loop), 1), 'real[3]'],
  ]
  for (const [e, type] of types) assert.equal(showType(e.type), type)
})

test('nodes are equal exactly when they are the same object', () => {
  assert.equal(b.add(r3, r3), b.add(r3, r3))
  assert.notEqual(b.slice(r4, 0, 2), b.slice(r4, 1, 2))
  assert.equal(node('slice', [r4], { start: 1, length: 2 }), node('slice', [r4], { length: 2, start: 1 }))
  assert.notEqual(b.constantLike(r3, 0), b.constantLike(r3, -0))
})
