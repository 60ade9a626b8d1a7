import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { compile } from '../../src/backend/native/compile.ts'
import * as b from '../../src/ir/build.ts'
import { argument, type Expr, type Func, func } from '../../src/ir/expr.ts'
import { complex, real } from '../../src/ir/type.ts'
import { deeply, rewrite } from '../../src/ir/walk.ts'
import { type Pass, verified } from '../../src/passes/pass.ts'
import { optimise, optimiseVerified, standard } from '../../src/passes/pipeline.ts'
import { funcs } from '../../src/verify/arbitraries.ts'
import { holds } from '../seed.ts'

const of = (name: string, run: (f: Func) => Func): Pass => ({ name, summary: 'a user’s own', run })
const perNode = (name: string, change: (e: Expr) => Expr): Pass =>
  of(name, f => deeply(f, g => func(g.params, rewrite(g.results, change))))

/* A node that no constructor would make; equal ids are equal nodes, so it has one of its own. */
let forgeries = 0
const forged = (e: Expr, changes: object): Expr => {
  forgeries++
  return { ...e, id: -forgeries, ...changes } as unknown as Expr
}

const z = argument(0, complex(4))
const program = func([{ name: 'z', type: complex(4) }], [b.neg(b.add(b.apply(b.phase(b.re(z)), z), z))])

test('a list of passes may have a user’s own in it', () => {
  // x + y = y + x
  const swap = perNode('swap', e => (e.op === 'add' ? b.add(e.args[1]!, e.args[0]!) : e))
  const plain = compile(program)
  const mine = compile(program, { passes: [...standard, swap], verify: true })
  assert.ok(E.isRight(plain) && E.isRight(mine))
  assert.notDeepEqual(mine.right, plain.right)
  assert.deepEqual(compile({ func: program, updates: [] }, { verify: true }), plain)
})

test('the pass that breaks a type is named, with the place', () => {
  const cases: readonly (readonly [Pass, RegExp])[] = [
    [
      perNode('wrongType', e => (e.op === 'neg' ? forged(e, { op: 'abs' }) : e)),
      /^the pass wrongType breaks a type: abs has type real\[4\], but is marked complex\[4\]\n\n[\s\S]*> {3}%\d+ = abs/,
    ],
    [
      of('drops', f => func(f.params, [])),
      /^the pass drops changes the type of the program, which gives \(\)/,
    ],
    [
      of('takes', f => func([...f.params, { name: 'w', type: real() }], f.results)),
      /^the pass takes changes the type of the program, which takes \(z: complex\[4\], w: real\[\]\) where/,
    ],
    [
      of('throws', () => b.add(z, b.re(z)) as never),
      /^the pass throws fails: .*add\(complex\[4\], real\[4\]\)/,
    ],
    [
      of('nothing', () => undefined as never),
      /^the pass nothing gives something that is no function of the IR/,
    ],
    [
      of('stranger', f => func(f.params, [forged(f.results[0]!, { op: 'cube' })])),
      /^the pass stranger breaks a type: there is no op cube/,
    ],
  ]
  for (const [pass, message] of cases) {
    const made = compile(program, { passes: [pass, ...standard], verify: true })
    assert.ok(E.isLeft(made), pass.name)
    assert.ok(made.left.kind === 'PassError')
    assert.equal(made.left.pass, pass.name)
    assert.match(made.left.message, message)
  }
})

test('the standard passes keep every program’s type', () => {
  holds(
    fc.property(funcs(), f => {
      const made = optimiseVerified(f)
      return E.isRight(made) && made.right === optimise(f)
    }),
    60,
  )
})

test('a pass that breaks a loop’s body is caught inside it', () => {
  const entry = argument(1, real())
  const body = func(
    [
      { name: 'sum', type: real() },
      { name: 'x', type: real() },
    ],
    [b.add(argument(0, real()), b.tanh(entry))],
  )
  const loop = b.scan([b.sum(b.broadcast(b.re(b.dot(z, z)), [1])), argument(1, real(3))], {
    body,
    length: 3,
    reverse: false,
    invariants: 0,
    carries: 1,
  })
  const f = func(
    [
      { name: 'z', type: complex(4) },
      { name: 'xs', type: real(3) },
    ],
    [b.get(loop, 0)],
  )
  const broken = perNode('broken', e =>
    e.op === 'tanh' ? forged(e, { type: { ...e.type, field: 'complex' } }) : e,
  )
  const made = verified(broken, f)
  assert.ok(E.isLeft(made))
  assert.match(made.left.message, /^the pass broken .*(in a scan's body, tanh has type real\[\]|add\()/)
})
