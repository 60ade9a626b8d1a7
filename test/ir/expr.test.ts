import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { add } from '../../src/ir/build.ts'
import { constant } from '../../src/ir/expr.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const heapMegabytes = (): number => {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

test('equal expressions are one object', () => {
  const sum = add(constant(1), constant(2))
  assert.equal(add(constant(1), constant(2)), sum, 'the same sum again')
  assert.notEqual(add(constant(2), constant(1)), sum, 'operands have an order')
})

test('expressions that nobody holds are forgotten, and one that is held stays the same', async () => {
  const held = constant(0.5)
  const before = heapMegabytes()
  for (let round = 0; round < 10; round++) {
    for (let k = 0; k < 2 ** 15; k++) constant(2 ** 20 * (round + 1) + k)
    await turn() // a weak reference lasts to the end of the turn it was made in
    collect()
  }
  const grown = heapMegabytes() - before
  assert.ok(grown < 40, `330,000 expressions that nobody holds leave ${grown.toFixed(0)} MB behind`)
  assert.equal(constant(0.5), held, 'an equal expression')
})
