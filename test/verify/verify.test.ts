/** What `parseval/verify` finds: nothing in models that are right; the fault, by name, in what is broken on purpose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { elaborate } from '../../src/dsl/elaborate.ts'
import type { Recurrent, Sizes } from '../../src/dsl/model.ts'
import type { Complex, Terms } from '../../src/dsl/term.ts'
import * as t from '../../src/dsl/term.ts'
import * as b from '../../src/ir/build.ts'
import { argument, constant, type Expr, type Func, func } from '../../src/ir/expr.ts'
import { postorder } from '../../src/ir/order.ts'
import { parse } from '../../src/ir/parse.ts'
import { print } from '../../src/ir/print.ts'
import { complex, index, real, type TensorType, varying } from '../../src/ir/type.ts'
import { rewrite } from '../../src/ir/walk.ts'
import { models } from '../../src/models/registry.ts'
import { valueAndGradient } from '../../src/passes/differentiate.ts'
import { standard } from '../../src/passes/pipeline.ts'
import {
  assertVerified,
  cells,
  checkNames,
  type Failure,
  type Report,
  showReport,
  type VerificationError,
  type VerifyOptions,
  verify,
} from '../../src/verify/index.ts'
import { seed } from '../seed.ts'
import { forwardOnly, wrongSine } from './faults/kernel.ts'
import { evenOnly, rotations } from './faults/model.ts'
import { swaps, throwsAt, widens } from './faults/pass.ts'

const small: VerifyOptions = { hidden: 17, length: 3, batch: 2 }

/** The failure of one check; the report has it, and no time is lost with it. */
const failed = (report: Report, name: string): Failure => {
  assert.equal(report.holds, false)
  const check = report.checks.find(c => c.name === name)
  return check?.failure ?? assert.fail(`${name} finds nothing:\n${showReport(report)}`)
}
const nodes = ({ program }: Failure): number =>
  program === undefined ? 0 : postorder(program.func.results).filter(e => e.args.length > 0).length

/* Of the processor's time: another process may have the processor meanwhile. */
const within = async <A>(seconds: number, run: () => Promise<A>): Promise<A> => {
  const began = process.cpuUsage()
  const result = await run()
  const { user, system } = process.cpuUsage(began)
  assert.ok((user + system) / 1e6 < seconds, `${(user + system) / 1e6} s`)
  return result
}
const soon = <S extends Terms>(
  model: Func | ((sizes: Sizes) => Recurrent<S>),
  options: VerifyOptions,
): Promise<Report> => within(10, () => verify(model, options))

for (const name of ['urnn', 'lstm'] as const)
  test(`${name} holds`, async () => {
    const report = await assertVerified(models[name], { ...small, name })
    assert.deepEqual(
      report.checks.map(c => c.name),
      checkNames(),
    )
    for (const check of report.checks)
      if (!['unitary', 'drift', 'claims'].includes(check.name)) assert.ok(check.cases > 0, check.name)
    const unitary = report.checks.find(c => c.name === 'unitary')!
    assert.equal(unitary.cases > 0, name === 'urnn')
    assert.match(showReport(report), new RegExp(`${name} holds: ${checkNames().length} checks`))
  })

test('a map that is said to be unitary and is not is named, and what is at fault in it', async () => {
  await assertVerified(rotations(false), small)
  const report = await soon(rotations(true), { ...small, replay: (own, check) => `again ${own} ${check}` })
  const { fault, message, text, replay, program } = failed(report, 'claims')
  assert.match(fault, /the map "rotate".*mul/)
  assert.match(message, /‖A x‖ is not ‖x‖/)
  assert.equal(replay, 'again 1 claims')
  // The transforms around it are not at fault, so they are gone.
  assert.doesNotMatch(text!, /dft/)
  assert.match(text!, /sin/)
  const read = parse(print(program!.func))
  assert.ok(E.isRight(read) && read.right === program!.func)
  assert.deepEqual(
    report.checks.filter(c => c.failure).map(c => c.name),
    ['claims'],
  )
})

test('a map that changes the length, forgets its vector, or is none, is refused', async () => {
  const withMap =
    (map: unknown) =>
    (sizes: Sizes): Recurrent =>
      ({ ...models.urnn(sizes), unitaries: { S: map } }) as unknown as Recurrent
  const n = 17
  for (const [map, message] of [
    [
      (z: Complex) => t.concat(z, z),
      /"S" that is to be unitary must make varying complex\[17\] of .*, not varying complex\[34\]/,
    ],
    [(z: Complex) => t.slice(z, 0, 1), /must make varying complex\[17\] of .*, not varying complex\[1\]/],
    [() => t.toComplex(t.broadcast(t.number(1), n)), /not complex\[17\]/],
    [
      models.urnn({ hidden: n, reads: { kind: 'symbols', count: 3 }, writes: 2, seed: 1 }).recurrence,
      /must be a function/,
    ],
  ] as const)
    assert.match(
      failed(await verify(withMap(map), { ...small, checks: ['claims'] }), 'shapes').message,
      message,
    )
})

test('a recurrence that is no unitary is refused', async () => {
  const broken = (sizes: Sizes): Recurrent =>
    ({
      ...models.urnn(sizes),
      recurrence: t.toComplex(t.broadcast(t.number(1), sizes.hidden)),
    }) as unknown as Recurrent
  const report = await verify(broken, { ...small, checks: ['drift'] })
  assert.match(failed(report, 'shapes').message, /`recurrence` applies: .*apply: operand 1 must be unitary/)
})

test('what is neither a function nor a model is refused', async () => {
  const x = t.declared<'real'>('x')
  const good = elaborate([{ name: 'x', term: x, type: real(2) }], [x])
  const bad = elaborate([], [x])
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [good, /^it is an Either, as `elaborate` returns: give its `right`$/],
    [bad, /^it is an Either, .*: its left says what is wrong, "x" is used but is no parameter/],
    [undefined, /^it is neither a Func nor a function \(sizes\) => Recurrent$/],
    [3, /^it is neither/],
  ]
  for (const [given, expected] of cases) {
    const report = await verify(given as Func, small)
    assert.match(failed(report, 'shapes').message, expected)
  }
})

test('what there is no check of does not hold', async () => {
  const report = await verify(models.urnn, { ...small, checks: ['shapes', 'unitry'] })
  assert.match(failed(report, 'unitry').message, /there is no such check: did you mean unitary\?/)
  const less = await verify(models.urnn, { ...small, hidden: -3 })
  assert.match(failed(less, 'shapes').message, /hidden must be a whole number from 1 up, not -3/)
  const none = await verify(models.urnn, { ...small, checks: [] })
  assert.equal(none.holds, false)
  assert.match(showReport(none), /held to nothing/)
})

test('a model that has no program at some size is told at which', async () => {
  // Its own is told of before small ones.
  assert.match(failed(await soon(evenOnly, { ...small, checks: ['shapes'] }), 'shapes').fault, /hidden 17,/)
  const report = await soon(evenOnly, { ...small, hidden: 16, checks: ['shapes'] })
  const { fault, message } = failed(report, 'shapes')
  assert.match(fault, /hidden 1,/)
  assert.match(message, /faults\/model\.ts:\d+.*slice/)
})

const broken = [
  [swaps, /apart/],
  [widens, /changes the type of the program/],
  [throwsAt, /fails: no reflections/],
] as const
for (const [pass, due] of broken)
  test(`the broken pass ${pass.name} is named, with a program of a few nodes`, async () => {
    const passes = [...standard.slice(0, 2), pass, ...standard.slice(2)]
    const report = await soon(models.urnn, { ...small, passes, checks: ['pass'] })
    const failure = failed(report, `pass:${pass.name}`)
    assert.equal(failure.fault, `pass ${pass.name}`)
    assert.match(failure.message, due)
    assert.ok(nodes(failure) <= 4, failure.text)
    assert.match(failure.replay, new RegExp(`seed: 1, checks: \\['pass:${pass.name}'\\]`))
    // The others, on the same programs, are not blamed.
    assert.equal(report.checks.filter(c => c.failure !== undefined).length, 1)
  })

test('a broken kernel is named: inverse transforms that run forward', async () => {
  // Three programs are shrunk, each with half the patience of the one before.
  const patience = 16_000
  const report = await soon(models.urnn, {
    ...small,
    patience,
    backend: forwardOnly,
    checks: ['native', 'unitary'],
  })
  for (const name of ['native:double', 'native:single']) {
    const failure = failed(report, name)
    assert.equal(failure.fault, 'op apply of adjoint of dft in the engine')
    assert.equal(nodes(failure), 2, failure.text)
  }
  assert.match(failed(report, 'unitary').fault, /op apply of dft in the engine/)
})

test('a broken kernel is named: sines that are cosines', async () => {
  const options: VerifyOptions = { ...small, backend: wrongSine, checks: ['native:double'] }
  const failure = failed(await soon(rotations(false), options), 'native:double')
  assert.equal(failure.fault, 'op sin in the engine')
  assert.equal(nodes(failure), 1, failure.text)
})

test('a wrong derivative is named by its op and the parameter', async () => {
  // tanh without its derivative, as a rule of one's own might have it.
  const careless: typeof valueAndGradient = (f, wrt) =>
    E.map((g: Func) =>
      func(
        g.params,
        rewrite(g.results, e =>
          e.op === 'sub' && e.args[1]!.op === 'mul' && e.args[0]!.op === 'constant' ? e.args[0]! : e,
        ),
      ),
    )(valueAndGradient(f, wrt))
  const [x, w] = [argument(0, varying(real(4))), argument(1, real(4))]
  const f = func(
    [
      { name: 'x', type: varying(real(4)) },
      { name: 'w', type: real(4) },
    ],
    [b.mul(b.cos(w), b.tanh(b.mul(w, b.sin(x))))],
  )
  const { fault, message, text } = failed(
    await soon(f, { differentiate: careless, checks: ['gradient'] }),
    'gradient',
  )
  assert.match(fault, /the derivative of op tanh/)
  assert.match(message, /by "[xw]" is .* the slope is/)
  assert.doesNotMatch(text!, /cos|mul/)
  assert.ok((await verify(f, { checks: ['gradient'] })).holds)
})

test('at corners there is no slope: those near one are moved or left out, and the report says how many', async () => {
  const shown = async (f: Func): Promise<string> => {
    const report = await verify(f, { checks: ['gradient'] })
    assert.ok(report.holds, showReport(report))
    return showReport(report)
  }
  const z = argument(0, varying(complex(3)))
  // Every number exactly at its corner, |z| + b = 0.
  const cornered = func([{ name: 'z', type: varying(complex(3)) }], [b.modRelu(z, b.neg(b.abs(z)), 0)])
  assert.match(await shown(cornered), /moved off a corner/)
  // Of so many numbers some are nearer to 0 than the first step is wide.
  const near = func([{ name: 'x', type: real(4000) }], [b.relu(argument(0, real(4000)))])
  assert.match(await shown(near), /\d directions? near a corner took a smaller step/)
  // A corner every 3e-8: no step is small enough.
  const x = argument(0, real(3))
  const jagged = func([{ name: 'x', type: real(3) }], [b.relu(b.sin(b.mul(constant(1e8, [3]), x)))])
  assert.match(await shown(jagged), /3 directions left out, too near a corner/)
})

test('functions are verified on their own shapes and on shrunk ones', async () => {
  const types: readonly TensorType[] = [real(40), varying(real(30, 40)), varying(index(30))]
  const [w, xs, i] = types.map((type, k) => argument(k, type)) as [Expr, Expr, Expr]
  const params = types.map((type, k) => ({ name: 'wxi'[k]!, type }))
  const body = func(
    [0, 1, 2].map(k => ({ name: 'whx'[k]!, type: k === 0 ? real(40) : varying(real(40)) })),
    [
      b.tanh(
        b.add(b.mul(argument(0, real(40)), argument(1, varying(real(40)))), argument(2, varying(real(40)))),
      ),
    ],
  )
  const loop = b.scan([w, w, xs], { body, length: 30, reverse: false, invariants: 1, carries: 1 })
  const f = func(params, [b.get(loop, 0), b.take(xs, i)])
  const report = await assertVerified(f)
  assert.equal(report.checks.find(c => c.name === 'gradient')?.cases, 2)
})

test('a result of a function may be said to be a unitary image of a parameter', async () => {
  const x = argument(0, varying(complex(6)))
  const params = [{ name: 'signal', type: varying(complex(6)) }]
  const halves = b.concat(b.slice(x, 3, 3), b.slice(x, 0, 3))
  const modulus = b.abs(x)
  const turned = b.mul(x, b.exp(b.complexOf(constant(0, [6]), b.mul(modulus, modulus))))
  const f = func(params, [b.sum(x), halves, b.conj(x), b.scale(constant(2, [6]), x), turned])
  const claim = (result: number): Promise<Report> =>
    verify(f, { unitary: { signal: result }, checks: ['claims'] })
  assert.ok((await claim(1)).holds)
  assert.match(failed(await claim(2), 'claims').message, /not linear/)
  assert.match(failed(await claim(3), 'claims').message, /‖A x‖ is not ‖x‖/)
  // Keeps the norm, and x e^(i|x|²) turns with x, but is not linear.
  assert.match(failed(await claim(4), 'claims').message, /not linear/)
})

test('the same seed gives the same report, another seed other numbers', async () => {
  const of = async (own: number): Promise<readonly (number | undefined)[]> =>
    (await verify(models.rnn, { hidden: 4, length: 2, seed: own, checks: ['gradient'] })).checks.map(
      c => c.worst?.deviation,
    )
  const [one, again, other] = [await of(1), await of(1), await of(2)]
  assert.deepEqual(one, again)
  assert.notDeepEqual(one, other)
})

test('assertVerified throws what the report says, and the report', async () => {
  const asked = assertVerified(rotations(true), { ...small, checks: ['claims'] })
  await assert.rejects(asked, (e: VerificationError) => {
    assert.equal(e.name, 'VerificationError')
    assert.match(e.message, /func @main[\s\S]*seed: 1\nreplay: /)
    return failed(e.report, 'claims').seed === 1
  })
})

test('random cells hold, and shrink to what a property is about', async () => {
  for (const { make } of fc.sample(cells(), { seed, numRuns: 2 }))
    await assertVerified(make, {
      hidden: 9,
      length: 2,
      batch: 2,
      checks: ['shapes', 'claims', 'native:double'],
    })
  const { counterexample } = fc.check(
    fc.property(
      cells(),
      ({ recipe: { recurrence: w } }) => w.kind !== 'unitary' || !w.factors.includes('reflect'),
    ),
    { seed },
  )
  const [cell] = counterexample ?? assert.fail('no cell has a reflection')
  assert.deepEqual(cell.recipe.recurrence, { kind: 'unitary', factors: ['reflect'], adjoint: false })
  assert.match(fc.stringify(cell), /W: \(reflect\)/)
})
