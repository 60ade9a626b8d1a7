/** Where terms were written: in the user's files, looked up when asked for, and no part of what they mean. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { elaborate, sourcesOf } from '../../src/dsl/elaborate.ts'
import { showSource, sourceOf } from '../../src/dsl/place.ts'
import * as t from '../../src/dsl/term.ts'
import { type Func, func } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { print } from '../../src/ir/print.ts'
import { complex, real } from '../../src/ir/type.ts'
import { urnn } from '../../src/models/urnn.ts'

const file = fileURLToPath(import.meta.url)
/** The line of this call. */
const line = (): number => Number(/place\.test\.ts:(\d+)/.exec(new Error().stack?.split('\n')[2] ?? '')?.[1])

const right = <A>(e: E.Either<unknown, A>): A =>
  E.isRight(e) ? e.right : assert.fail(JSON.stringify(e.left))
const x = t.declared<'real'>('x')
const z = t.declared<'complex'>('z')
const program = (result: t.Term): Func =>
  right(
    elaborate(
      [x, z].map((term, i) => ({ term, name: 'xz'[i]!, type: [real(4), complex(4)][i]! })),
      [result],
    ),
  )

describe('the place of a term', () => {
  it('is the line and column of the call, whatever made the term', () => {
    const first = line() + 2
    const terms: readonly t.Term[] = [
      t.number(1),
      t.declared('y'),
      t.add(x, 2),
      t.apply(t.dft(4), z),
      pipe(x, t.sin, t.toComplex),
      t.scan({ carry: { x }, over: {}, length: 2, step: c => ({ carry: c, stack: {} }) }).carry.x,
      ...[x].map(a => t.exp(a)),
    ]
    const columns = [9, 9, 9, 9, 7, 9, 25]
    assert.deepEqual(
      terms.map(term => sourceOf(term.at)),
      columns.map((column, i) => ({ file, line: first + i, column })),
    )
  })

  it('is inside the step for what a step makes', () => {
    const made: (readonly [t.Term, number])[] = []
    t.scan({
      carry: { x },
      over: {},
      length: 2,
      step: c => {
        made.push([t.cos(c.x), line()])
        return { carry: c, stack: {} }
      },
    })
    for (const [term, at] of made) assert.equal(sourceOf(term.at)?.line, at)
  })

  it("is the call of the model for what one of the package's own models makes", () => {
    const at = line() + 1
    const model = urnn({ hidden: 4, reads: { kind: 'vector', size: 2 }, writes: 1, seed: 1 })
    assert.equal(showSource(sourceOf(model.initial.h.at)!), `${file}:${at}:19`)
  })

  it('is looked up when asked for, once, and leaves Error as it was', () => {
    const { stackTraceLimit, prepareStackTrace } = Error
    let looked = 0
    try {
      Error.stackTraceLimit = 3
      Error.prepareStackTrace = (_, sites) => {
        looked++
        return `Error\n${sites.map(s => `    at ${s}`).join('\n')}`
      }
      const term = t.add(x, 1)
      assert.equal(looked, 0)
      assert.equal(Error.stackTraceLimit, 3)
      assert.ok(sourceOf(term.at)?.file.endsWith('place.test.ts'))
      assert.ok(sourceOf(term.at)?.file.endsWith('place.test.ts'))
      assert.equal(looked, 1)
    } finally {
      Object.assign(Error, { stackTraceLimit, prepareStackTrace })
    }
  })

  it('is unknown where there is no stack, and that is no error', () => {
    const { stackTraceLimit } = Error
    assert.equal(sourceOf({}), undefined)
    assert.equal(
      sourceOf({ stack: 'Error\n    at <anonymous>\n    at eval (eval at f, <anonymous>:1:2)' }),
      undefined,
    )
    assert.deepEqual(sourceOf({ stack: 'Error\n    at new M (file:///a%20(b)/m.ts:3:4)' }), {
      file: '/a (b)/m.ts',
      line: 3,
      column: 4,
    })
    assert.equal(Error.stackTraceLimit, stackTraceLimit)
  })

  it("prefers the user's files to packages between them and this one", () => {
    const stack = 'Error\n    at f (/u/node_modules/p/i.js:1:2)\n    at async /u/m.ts:3:4'
    assert.equal(sourceOf({ stack })?.file, '/u/m.ts')
    assert.equal(sourceOf({ stack: stack.split('\n').slice(0, 2).join('\n') })?.line, 1)
  })
})

describe('the sources of a program', () => {
  const make = (): Func => program(t.add(t.mul(x, 2), t.abs(t.apply(t.dft(4), z))))

  it('are no part of it', () => {
    const [one, other] = [make(), program(t.add(t.mul(x, 2), t.abs(t.apply(t.dft(4), z))))]
    assert.equal(one, other)
    assert.equal(print(one), print(other))
  })

  it('name every node, those in bodies too', () => {
    const at = line() + 1
    const { carry } = t.scan({
      carry: { x },
      over: {},
      length: 2,
      step: c => ({ carry: { x: t.sin(c.x) }, stack: {} }),
    })
    const f = program(carry.x)
    const sources = sourcesOf(f)
    const loop = f.results[0]!.args[0]!
    assert.ok(loop.op === 'scan')
    for (const e of [...postorder(f.results), ...postorder(loop.attributes.body.results)])
      assert.equal(sources(e)?.file, file, e.op)
    assert.equal(sources(loop)?.line, at)
    assert.deepEqual(sources(loop.attributes.body.results[0]!), { file, line: at + 4, column: 35 })
  })

  it('are nothing for a program from elsewhere', () => {
    const f = make()
    const [result] = f.results
    assert.equal(
      sourcesOf(func([...f.params, { name: 'more', type: real() }], f.results))(result!),
      undefined,
    )
  })
})
