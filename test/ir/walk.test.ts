import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as b from '../../src/ir/build.ts'
import { argument, type Func, func, withArgs } from '../../src/ir/expr.ts'
import { required } from '../../src/ir/invariant.ts'
import { real } from '../../src/ir/type.ts'
import { deeply, rebuild, rewrite } from '../../src/ir/walk.ts'

const x = argument(0, real())
const y = argument(1, real())

test('what does not change is the same object', () => {
  const roots = [b.add(b.exp(x), y), b.exp(x)]
  assert.deepEqual(
    rewrite(roots, e => e),
    roots,
  )
  const [changed, same] = rewrite(roots, e => (e === y ? x : e))
  assert.equal(changed, b.add(b.exp(x), x))
  assert.equal(same, roots[1])
})

test('nodes stand on what is named in the place of their operands, unless that goes in a circle', () => {
  const [p, q] = [b.exp(x), b.log(x)]
  const on = (ofQ: typeof p) =>
    rebuild(
      [p],
      (e, args) => (e === p || e === q ? withArgs(e, args) : e),
      e => (e === p ? [q] : e === q ? [ofQ] : []),
    )
  assert.deepEqual(on(y), [b.exp(b.log(y))])
  assert.throws(() => on(p), /a rebuilt operand is missing/)
})

test('a body that several loops run is changed once', () => {
  const params = [{ name: 'x', type: real() }]
  const twice = (body: Func): Func => {
    const [there, back] = [false, true].map(reverse =>
      b.get(b.scan([x], { body, length: 3, reverse, invariants: 0, carries: 1 }), 0),
    )
    return func(params, [b.add(there!, back!)])
  }
  const f = twice(twice(func(params, [b.exp(x)])))
  const met: Func[] = []
  const changed = deeply(f, g => {
    met.push(g)
    return func(
      g.params,
      rewrite(g.results, e => (e.op === 'exp' ? b.sin(required(e.args[0], 'an operand')) : e)),
    )
  })
  assert.equal(changed, twice(twice(func(params, [b.sin(x)]))))
  assert.equal(met.length, 3)
})
