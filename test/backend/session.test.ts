import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { type Backend, type Program, updatable } from '../../src/backend/backend.ts'
import { nativeBackend } from '../../src/backend/native/backend.ts'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import * as b from '../../src/ir/build.ts'
import { argument, func } from '../../src/ir/expr.ts'
import { real, varying } from '../../src/ir/type.ts'

const native = E.getOrElse<string, Backend>(why => assert.fail(why))(nativeBackend())
const backends: readonly Backend[] = [referenceBackend, native]

const w = argument(0, real(2))
const x = argument(1, varying(real(2)))
const step = func(
  [
    { name: 'w', type: real(2) },
    { name: 'x', type: varying(real(2)) },
  ],
  [b.add(w, w), b.sum(w), b.mul(w, x)],
)
const options = { precision: 'double', threads: 1 } as const

test('a signal cancels the run that it came with, not the one that another was refused for', async () => {
  const session = native.start({ func: step, updates: [] }, options)
  if (E.isLeft(session)) return assert.fail(session.left.message)
  assert.ok(E.isRight(session.right.write('w', Float64Array.of(1, 2))), 'written')
  const examples = 2 ** 16
  const data = { x: new Float64Array(2 * examples) }
  const first = session.right.run(examples, data)()
  const controller = new AbortController()
  const second = session.right.run(examples, data, controller.signal)()
  controller.abort()
  assert.deepEqual(E.isRight(await first), true, 'it goes on')
  const refused = await second
  assert.ok(E.isLeft(refused), 'it is refused')
  assert.match(refused.left.message, /^a run is under way/)
  const third = await session.right.run(1, { x: Float64Array.of(1, 1) })()
  assert.ok(E.isRight(third), 'the session is of use afterwards')
})

for (const backend of backends) {
  test(`${backend.name}: what a run and a read give is the reader's own`, async () => {
    const program: Program = { func: step, updates: [{ result: 0, param: 0 }] }
    const session = backend.start(program, options)
    if (E.isLeft(session)) return assert.fail(session.left.message)
    assert.ok(E.isRight(session.right.write('w', Float64Array.of(1, 2))), 'written')
    const ran = await session.right.run(1, { x: Float64Array.of(1, 1) })()
    if (E.isLeft(ran)) return assert.fail(ran.left.message)
    assert.deepEqual(
      ran.right,
      [Float64Array.of(3), Float64Array.of(1, 2)],
      'what is the next w is not among it',
    )
    const w = session.right.read('w')
    assert.deepEqual(w, E.right(Float64Array.of(2, 4)))
    if (E.isRight(w)) w.right.fill(77)
    assert.deepEqual(session.right.read('w'), E.right(Float64Array.of(2, 4)))
  })

  test(`${backend.name}: updates that cannot be are refused at the start`, () => {
    const cases: readonly (readonly [Program['updates'], RegExp])[] = [
      [[{ result: 7, param: 0 }], /^update 0: there is no result 7: results are 0 to 2$/],
      [[{ result: 0, param: 9 }], /^update 0: there is no parameter 9/],
      [[{ result: 2, param: 1 }], /^update 0: "x" varies/],
      [[{ result: 1, param: 0 }], /^update 0: result 1 is real\[\], and "w" real\[2\]$/],
      [[{ result: 2, param: 0 }], /^update 0: result 2 is varying real\[2\], and "w" real\[2\]$/],
      [
        [
          { result: 0, param: 0 },
          { result: 0, param: 0 },
        ],
        /^update 1: "w" is updated twice$/,
      ],
    ]
    for (const [updates, message] of cases) {
      const started = backend.start({ func: step, updates }, options)
      assert.ok(E.isLeft(started), 'it is refused')
      assert.match(started.left.message, message)
    }
    assert.ok(E.isRight(updatable({ func: step, updates: [] })), 'none is fine')
  })
}
