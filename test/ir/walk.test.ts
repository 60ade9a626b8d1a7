import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as b from '../../src/ir/build.ts'
import { argument, withArgs } from '../../src/ir/expr.ts'
import { real } from '../../src/ir/type.ts'
import { rebuild, rewrite } from '../../src/ir/walk.ts'

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
