import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { add } from '../../src/ir/build.ts'
import { argument, constant, type Expr, make, node, withArgs } from '../../src/ir/expr.ts'
import { infer } from '../../src/ir/infer.ts'
import { real, showType, varying } from '../../src/ir/type.ts'
import { programs } from '../../src/verify/arbitraries.ts'
import { nodesOf } from '../property/support.ts'
import { holds } from '../seed.ts'

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

test('a place has no sign: that of −0 is 0', () => {
  assert.equal(node('arg', [], { index: -0, type: real(3) }), argument(0, real(3)))
  const x = argument(0, real(3))
  assert.equal(node('slice', [x], { start: -0, length: 2 }), node('slice', [x], { start: 0, length: 2 }))
  assert.notEqual(constant(-0), constant(0))
})

test('attributes that are no sizes are refused, whatever was made before', () => {
  const x = argument(0, real())
  const shapes = [
    [2, 3],
    new Array<number>(2),
    [Number.NaN, 3],
    [2, Number.POSITIVE_INFINITY],
    ['2', 3] as never,
  ]
  const made = shapes.map(shape => E.isRight(make('broadcast', [x], { shape })))
  assert.deepEqual(made, [true, false, false, false, false])
  const permutations = [
    [1, 0],
    [undefined as never, 1],
    [Number.NaN, 1],
  ]
  const permuted = permutations.map(permutation => E.isRight(make('permute', [], { permutation })))
  assert.deepEqual(permuted, [true, false, false])
})

/* What was made of one node with these operands in the place of its own, and what type is due. */
const isThatOf = (e: Expr, args: readonly Expr[]): boolean => {
  const due = infer(e.op, args, e.attributes as never)
  if (E.isLeft(due)) return true
  const other = withArgs(e, args)
  return (
    showType(other.type) === showType(due.right) &&
    other === node(e.op, args, e.attributes as never) &&
    other.args.every((a, i) => a === args[i])
  )
}

test('a node on other operands is the node that is made of them, with the type that follows from theirs', () => {
  holds(
    fc.property(programs(), p =>
      nodesOf(p.func).every(e => {
        const others = (vary: boolean) =>
          e.args.map((a, i) =>
            a.type.kind === 'tensor' ? argument(1000 + i, vary ? varying(a.type) : a.type) : a,
          )
        return isThatOf(e, others(false)) && isThatOf(e, others(true))
      }),
    ),
    100,
  )
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
