import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { type LoadedModel, loadModel } from '../../src/cli/modelFile.ts'
import { elaborate } from '../../src/dsl/elaborate.ts'
import { sourceOf } from '../../src/dsl/place.ts'
import * as d from '../../src/dsl/term.ts'
import { toJson } from '../../src/ir/json.ts'
import { print } from '../../src/ir/print.ts'
import { complex, real } from '../../src/ir/type.ts'
import { within } from './within.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-models-'))
})
after(() => rm(folder, { recursive: true }))

const load = async (name: string, text: string): Promise<E.Either<string, LoadedModel>> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return loadModel(path)()
}
const message = async (name: string, text: string): Promise<string> => {
  const loaded = await load(name, text)
  assert.ok(E.isLeft(loaded), 'it is loaded')
  return loaded.left
}
const sizes = { hidden: 3, reads: { kind: 'vector', size: 2 }, writes: 1, seed: 1 } as const

const filter = (() => {
  const [theta, x] = [d.declared<'real'>('theta'), d.declared<'complex'>('x')]
  const made = elaborate(
    [
      { name: 'theta', term: theta, type: real(4) },
      { name: 'x', term: x, type: complex(4) },
    ],
    [d.apply(d.phase(theta), x)],
  )
  assert.ok(E.isRight(made))
  return made.right
})()
const filterText = `import { complex, elaborate, real, term as t } from 'parseval'
const [theta, x] = [t.declared('theta'), t.declared('x')]
const f = elaborate(
  [{ name: 'theta', term: theta, type: real(4) }, { name: 'x', term: x, type: complex(4) }],
  [t.apply(t.phase(theta), x)],
)
`

describe('a model by name or file', () => {
  it('may be built in', async () => {
    const loaded = await loadModel('urnn')()
    assert.ok(E.isRight(loaded) && loaded.right.kind === 'recurrent')
    const made = loaded.right.make(sizes)
    assert.ok(E.isRight(made))
    assert.equal(made.right.name, 'urnn')
  })

  it('may be a module with types, that imports parseval by name', async () => {
    const path = fileURLToPath(new URL('models/reflections.ts', import.meta.url))
    const loaded = await loadModel(path)()
    assert.ok(E.isRight(loaded) && loaded.right.kind === 'recurrent', JSON.stringify(loaded))
    const made = loaded.right.make(sizes)
    assert.ok(E.isRight(made))
    assert.equal(made.right.name, 'three reflections')
    const lines = (await readFile(path, 'utf8')).split('\n')
    const [, line] =
      /reflections\.ts","line":(\d+)/.exec(JSON.stringify(sourceOf(made.right.recurrence?.at ?? {}))) ?? []
    assert.match(lines[Number(line) - 1] ?? '', /const W = /)
  })

  it('may be a program in each of the ways there are, and is then the very same', async () => {
    for (const [name, text] of [
      ['either.mjs', `${filterText}export default f\n`],
      ['func.js', `${filterText}export default f.right\n`],
      ['function.ts', `${filterText}export default (): unknown => f\n`],
      ['text.ir', print(filter)],
      ['data.json', JSON.stringify(toJson(filter))],
      ['marked.json', `\ufeff${JSON.stringify(toJson(filter))}`],
    ] as const) {
      const loaded = await load(name, text)
      assert.ok(E.isRight(loaded) && loaded.right.kind === 'program', JSON.stringify(loaded))
      assert.equal(loaded.right.func, filter)
    }
  })

  it('may import other files of its user', async () => {
    await writeFile(join(folder, 'parts.ts'), `${filterText}export const made: unknown = f\n`)
    const loaded = await load('whole.ts', "import { made } from './parts.ts'\nexport default made\n")
    assert.ok(E.isRight(loaded) && loaded.right.kind === 'program' && loaded.right.func === filter)
  })

  it('may import what it is verified with, of the same copy', async () => {
    const text = `import { func } from 'parseval'
import { funcs } from 'parseval/verify'
import { verify } from 'parseval/verify'
export default func([], [])
export const known = [typeof funcs, typeof verify]
`
    const loaded = await load('verified.ts', text)
    assert.ok(E.isRight(loaded) && loaded.right.kind === 'program', JSON.stringify(loaded))
  })

  it('need not be there', async () => {
    const absent = await loadModel(join(folder, 'absent.ts'))()
    assert.ok(E.isLeft(absent))
    assert.match(absent.left, /cannot read the model .*absent\.ts: there is no such file/)
    const misspelt = await loadModel('urn')()
    assert.ok(E.isLeft(misspelt))
    assert.match(misspelt.left, /no model urn: did you mean urnn\?.*or the path of a \.ts/)
    await mkdir(join(folder, 'folder.ts'))
    const notFile = await loadModel(join(folder, 'folder.ts'))()
    assert.ok(E.isLeft(notFile))
    assert.match(notFile.left, /it is no file/)
  })

  it('that cannot be used says what is wrong and what to do', async () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [
        'none.ts',
        'export const cell = 1',
        /none\.ts has no default export \(it exports cell\): export a function/,
      ],
      ['empty.ts', '', /empty\.ts has no default export: export a function \(sizes\) => Recurrent/],
      ['number.ts', 'export default 3', /default export of .*number\.ts is a number: export a function/],
      ['object.mjs', 'export default { a: 1 }', /is an object: export a function/],
      ['string.ts', "export default () => 'h'", /string\.ts returns a string: export a function/],
      [
        'throws.ts',
        'interface A { a: 1 }\n\nconst f = (a?: A) => a!.a\nf()\n',
        /throws\.ts:3: Cannot read prop/,
      ],
      ['syntax.ts', 'const a = 1\nconst b = = 2\n', /syntax\.ts:2: Unexpected token/],
      [
        'import.ts',
        "\nimport a from './gone.ts'\nexport default a",
        /import\.ts:2: Cannot find module '\.\/gone\.ts'/,
      ],
      [
        'called.ts',
        '\nexport default () => {\n  throw new Error("no")\n}',
        /fails when it is called: .*called\.ts:3: no/,
      ],
      [
        'mismatch.ts',
        `${filterText.replace('phase(theta)', 'dft(5)')}export default f\n`,
        /mismatch\.ts: .*mismatch\.ts:5.*apply: /,
      ],
      [
        'text.ir',
        'func @main(x: real[3]) {\n  %0 = ngx x\n  return %0\n}',
        /text\.ir:2:8: there is no op ngx/,
      ],
      [
        'later.ir',
        `// parseval-ir 2\n${print(filter)}`,
        /later\.ir:1:1: this is version 2 of the textual form/,
      ],
      ['comma.json', '{"format": }', /comma\.json is no JSON: /],
      [
        'later.json',
        '{"format": "parseval-program", "version": 9}',
        /later\.json: version: this is version 9 of/,
      ],
      ['model.py', 'def cell(): pass', /model\.py: a model's file ends in \.ts/],
    ]
    for (const [name, text, expected] of cases) assert.match(await message(name, text), expected)
  })

  it('whose function makes no model says so when it is called', async () => {
    const reflections = await readFile(
      fileURLToPath(new URL('models/reflections.ts', import.meta.url)),
      'utf8',
    )
    const part = (from: string | RegExp, to: string): string => {
      const text = reflections.replace(from, to).replace(/\): Recurrent<.*> =>/, ') =>')
      assert.notEqual(text, reflections)
      return text
    }
    const parts: readonly (readonly [string, string, RegExp])[] = [
      [
        'numbers.ts',
        part('parameters: list', 'parameters: [1, 2]'),
        /: its parameter 0 is a number \(`parameters` makes the terms and the list of them\)$/,
      ],
      [
        'term.ts',
        part('parameters: list', "parameters: [...list, { name: 'z', type: list[0].type }]"),
        /its parameter "z" has no term \(/,
      ],
      [
        'start.ts',
        part('parameters: list', "parameters: [...list, { ...list[0], name: 'z', initial: 0 }]"),
        /its parameter "z" is no good: it starts as 0: give an initialiser/,
      ],
      ['sizes.ts', part(/ sizes: .*/, ''), /has no sizes: a Recurrent has /],
      [
        'defaults.ts',
        part(/ sizes: .*/, '').replace(': Sizes)', ' = {})'),
        /defaults\.ts: the model that it returns has no sizes: a Recurrent has /,
      ],
      [
        'hidden.ts',
        part(/ sizes: .*/, ' sizes: { hidden: 1.5 },'),
        /the hidden of its sizes is 1\.5 and must be a whole number from 1 up: hand on the sizes/,
      ],
      [
        'wider.ts',
        part(/ sizes: .*/, ' sizes: { hidden: 99 },'),
        /its recurrence must be a unitary operator on complex\[99\].*wider\.ts:\d+:\d+: apply: unitary\(3\) acts/,
      ],
      [
        'vector.ts',
        part('recurrence: W', 'recurrence: p.R1'),
        /its recurrence must be a unitary operator on complex\[3\].*: apply: operand 1 must be unitary/,
      ],
      [
        'twice.ts',
        part('recurrence: W', 'recurrence: t.dft(2 * n)'),
        /its recurrence must be .*twice\.ts:\d+:\d+: apply: unitary\(6\) acts on complex\[6\]/,
      ],
      [
        'made.ts',
        part('recurrence: W', 'recurrence: () => W'),
        /its recurrence must be .*, and is a function: leave it out if there is none$/,
      ],
      ['null.ts', part('recurrence: W', 'recurrence: null'), /its recurrence must be .*, and is nothing: /],
      ['maps.ts', part('fixed: {}', 'fixed: {}, unitaries: 5'), /its unitaries must be functions by name$/],
      ['void.ts', part(/=> \(\{\n {6}h: t.modRelu/, '=> void ({ h: t.modRelu'), /its step gives no next "h"/],
      [
        'blocks.ts',
        part('realParameter([n], zeros)', 'realParameter([n], undefined)'),
        /fails when it is called: .*blocks\.ts:\d+: realParameter: it starts as undefined/,
      ],
    ]
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [
        'nothing.ts',
        'export default (sizes) => undefined',
        /nothing\.ts: it returns nothing, not a Recurrent/,
      ],
      [
        'part.ts',
        "export default s => ({ name: 'a', parameters: [] })",
        /has no initial: a Recurrent has name, par/,
      ],
      [
        'fails.ts',
        '\nexport default sizes => {\n  return sizes.wide.x\n}',
        /fails when it is called: .*fails\.ts:3: /,
      ],
    ]
    for (const [name, text, expected] of [...cases, ...parts]) {
      const loaded = await load(name, text)
      assert.ok(E.isRight(loaded) && loaded.right.kind === 'recurrent', JSON.stringify(loaded))
      const made = loaded.right.make(sizes)
      assert.ok(E.isLeft(made))
      assert.match(made.left, expected)
    }
  })
})

describe('training a model of a user’s own', () => {
  const cell = fileURLToPath(new URL('models/reflections.ts', import.meta.url))
  const train = (...args: readonly string[]) =>
    within(
      'train',
      'adding',
      '--backend',
      'reference',
      '--batch',
      '2',
      '--held-out',
      '2',
      '--lag',
      '4',
      ...args,
    )

  it('goes on from its checkpoint, from anywhere, if it is the same model', async () => {
    const out = join(folder, 'run')
    const begun = await train(
      '--hidden',
      '4',
      '--model',
      relative(process.cwd(), cell),
      '--steps',
      '2',
      '--out',
      out,
    )
    assert.equal(begun.code, 0, begun.stderr)
    const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))
    assert.equal(config.runs[0].model, cell)
    const further = await train('--resume', '--out', out, '--steps', '4')
    assert.equal(further.code, 0, further.stderr)
    assert.match(further.stdout, /after 4 steps/)

    const whole = await train(
      '--hidden',
      '4',
      '--model',
      cell,
      '--steps',
      '4',
      '--out',
      join(folder, 'whole'),
    )
    assert.equal(whole.code, 0, whole.stderr)
    const final = (at: string) => readFile(join(at, 'checkpoints', 'adding-4-final.safetensors'))
    assert.deepEqual(await final(out), await final(join(folder, 'whole')))

    const changed = join(folder, 'changed.ts')
    await writeFile(changed, (await readFile(cell, 'utf8')).replace('t.reflect(p.R3), ', ''))
    const other = await train('--resume', '--out', out, '--steps', '4', '--model', changed)
    assert.equal(other.code, 1)
    assert.match(other.stderr, /made for something else: graph is/)
  })

  it('is refused with a reason where there is none to train', async () => {
    const refusal = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text)
      const { code, stderr } = await train(
        '--hidden',
        '4',
        '--model',
        join(folder, name),
        '--out',
        join(folder, `${name}.run`),
      )
      assert.equal(code, 1, stderr)
      assert.doesNotMatch(stderr, /\n\s+at /)
      return stderr
    }
    const text = await readFile(cell, 'utf8')
    assert.match(await refusal('program.ir', print(filter)), /holds a program; this needs a recurrent model/)
    assert.match(
      await refusal(
        'lost.ts',
        text
          .replace('h: t.modRelu', 'g: t.modRelu')
          .replace('}): Recurrent<{ readonly h: t.Complex }>', '})'),
      ),
      /its step gives no next "h": it must return \{ h \}/,
    )
    assert.match(
      await refusal('stumbles.ts', text.replace('=> t.matvec(p.U', '=> p.gone.x(p.U')),
      /its step or output fails: .*stumbles\.ts:\d+: Cannot read/,
    )
    assert.match(
      await refusal('taken.ts', text.replace(/\bgate\b/g, 'y')),
      /has a parameter "y", a name that another parameter or an input of the task/,
    )
    assert.match(
      await refusal(
        'wide.ts',
        text.replace('U: realParameter([writes, 2 * n]', 'U: realParameter([writes + 1, 2 * n]'),
      ),
      /the output of the model .* is (varying )?real\[(\d+)\], where the task \w+ takes real\[\d+\]: make as many/,
    )
    assert.match(
      await refusal(
        'shape.ts',
        text.replace('U: realParameter([writes, 2 * n]', 'U: realParameter([writes, n]'),
      ),
      /shape\.ts:\d+.*matvec: /,
    )
  })
})
