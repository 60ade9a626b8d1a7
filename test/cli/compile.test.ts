import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstat, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { Plan } from '../../src/backend/native/plan.ts'
import { numbersOf, textOf } from '../../src/cli/values.ts'
import { fromJson } from '../../src/ir/json.ts'
import { parse } from '../../src/ir/parse.ts'
import { complex, real, varying } from '../../src/ir/type.ts'
import { within } from './within.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-compile-'))
})
after(() => rm(folder, { recursive: true }))

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
const done = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await within(...args)
  assert.equal(code, 0, stderr)
  return stdout
}
const refused = async (code: number, ...args: readonly string[]): Promise<string> => {
  const ended = await within(...args)
  assert.equal(ended.code, code, ended.stderr)
  assert.doesNotMatch(ended.stderr, /\n\s+at /)
  return ended.stderr
}

const near = (given: readonly number[], due: readonly number[]): void => {
  for (const [i, x] of due.entries())
    assert.ok(Math.abs(x - (given[i] ?? Number.NaN)) < 1e-12, `${given} is not ${due}`)
}

const small = ['--hidden', '4', '--lag', '3', '--task', 'adding']
/* |x|² of two examples, and x times e^iθ */
const text = `func @main(theta: real[2], x: varying complex[2], k: varying index<3>[]) {
  %0 = phase theta
  %1 = apply %0, x
  %2 = dot %1, %1
  %3 = re %2
  %4 = constant {re = 5} : real[3]
  %5 = take %4, k
  %6 = add %3, %5
  %7 = batchSum %6
  return %7, %1
}
`
const numbers = {
  theta: [0, Math.PI / 2],
  x: [
    [
      [1, 0],
      [2, 1],
    ],
    [
      [0, 3],
      [0, 0],
    ],
  ],
  k: [0, 2],
}

describe('compile', () => {
  it('writes a program as text and JSON, which are read back as the same', async () => {
    for (const model of ['urnn', 'lstm']) {
      const ir = await done('compile', model, ...small)
      assert.match(ir, /^\/\/ parseval-ir 1\nfunc @body0\(/)
      const json = await done('compile', model, ...small, '--emit', 'json')
      const [fromText, fromData] = [parse(ir), fromJson(JSON.parse(json))]
      assert.ok(E.isRight(fromText) && E.isRight(fromData))
      assert.equal(fromText.right, fromData.right)
      const path = await file(`${model}.json`, json)
      assert.equal(await done('compile', path, '--emit', 'ir'), ir)
    }
  })

  it('writes the plan that the engine reads, to a file if asked', async () => {
    const out = join(folder, 'plan.json')
    const path = await file('filter.ir', text)
    assert.equal(await done('compile', path, '--emit', 'plan', '--out', out), '')
    const plan = Plan.decode(JSON.parse(await readFile(out, 'utf8')))
    assert.ok(E.isRight(plan))
    assert.deepEqual(plan.right.inputs.map(i => i.name).toSorted(), ['k', 'theta', 'x'])
  })

  it('does not write over the model that it reads, nor does explain', async () => {
    const path = await file('own.ir', text)
    const link = join(folder, 'other.ir')
    await symlink(path, link)
    for (const args of [
      ['compile', path, '--emit', 'json', '--out', path],
      ['compile', path, '--out', link],
      ['compile', link, '--out', path],
      ['explain', path, '--html', path],
    ])
      assert.match(await refused(2, ...args), /is the model's own file, which would be lost/)
    assert.equal(await readFile(path, 'utf8'), text)
  })

  it('writes through links and to pipes, and leaves them what they are', async () => {
    const path = await file('filter.ir', text)
    const [link, target, pipe] = ['link', 'target', 'pipe'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(target, '')
    await symlink(target, link)
    await done('compile', path, '--emit', 'ir', '--out', link)
    assert.ok((await lstat(link)).isSymbolicLink(), 'the link is one')
    const written = await readFile(target, 'utf8')
    assert.match(written, /theta/)
    execFileSync('mkfifo', [pipe])
    const read = readFile(pipe, 'utf8')
    await done('compile', path, '--emit', 'ir', '--out', pipe)
    assert.equal(await read, written)
    assert.ok((await lstat(pipe)).isFIFO(), 'the pipe is one')
  })

  it('writes the gradient, too', async () => {
    const gradient = parse(await done('compile', await file('filter.ir', text), '--grad'))
    assert.ok(E.isRight(gradient))
    assert.equal(gradient.right.results.length, 2)
  })

  it('refuses other forms, folders and versions with a reason', async () => {
    const path = await file('filter.ir', text)
    assert.match(await refused(2, 'compile', path, '--emit', 'onnx'), /--emit onnx: must be ir, json or plan/)
    assert.match(
      await refused(1, 'compile', path, '--out', join(folder, 'gone', 'x')),
      /cannot write .*: there is no/,
    )
    const later = await file('later.json', '{"format":"parseval-program","version":2,"functions":[]}')
    assert.match(
      await refused(1, 'explain', later),
      /later\.json: version: this is version 2 of the format, and this/,
    )
  })
})

describe('run', () => {
  it('gives the results of the numbers given', async () => {
    const input = await file('numbers.json', JSON.stringify(numbers))
    const path = await file('filter.ir', text)
    for (const backend of ['reference', 'native']) {
      const precision = ['--precision', 'double', '--backend', backend]
      const { results } = JSON.parse(await done('run', path, '--input', input, ...precision))
      assert.deepEqual(
        results.map((r: { type: string }) => r.type),
        ['real[]', 'varying complex[2]'],
      )
      near([results[0].values], [1 + 5 + 9 + 10])
      near(results[1].values.flat(2), [1, 0, -1, 2, 0, 3, 0, 0])
      assert.deepEqual([results[1].values.length, results[1].values[0].length], [2, 2])
    }
  })

  it('edited by hand gives other results', async () => {
    const input = await file('numbers.json', JSON.stringify(numbers))
    const edited = await file('edited.ir', text.replace('re = 5', 're = 6'))
    const { results } = JSON.parse(await done('run', edited, '--input', input, '--precision', 'double'))
    assert.ok(Math.abs(results[0].values - 27) < 1e-12)
  })

  it('draws what is not given, the same for the same seed', async () => {
    const path = await file('filter.ir', text)
    const args = ['run', path, '--random', '1', '--batch', '3', '--backend', 'reference'] as const
    const first = await done(...args)
    assert.equal(await done(...args), first)
    assert.equal(JSON.parse(first).results[1].values.length, 3)
    assert.notEqual(await done('run', path, '--random', '2', '--batch', '3', '--backend', 'reference'), first)
  })

  it('tells ∞ and NaN, and takes them', async () => {
    const path = await file(
      'log.ir',
      'func @main(w: real[2], x: varying real[2]) {\n  %0 = log w\n  %1 = log x\n  return %0, %1\n}\n',
    )
    const given = await file('odd.json', '{"w": [0, -1], "x": [[1, "-0"], [2, 1e999]]}')
    for (const backend of ['reference', 'native']) {
      const told = JSON.parse(await done('run', path, '--input', given, '--backend', backend)).results
      assert.deepEqual(told[0].values, ['-inf', 'nan'])
      assert.deepEqual(told[1].values[1][1], 'inf')
      assert.deepEqual(told[1].values[0], [0, '-inf'])
    }
    const numbers = numbersOf(varying(real(3)), [['inf', '-inf', 'nan']])
    assert.ok(E.isRight(numbers))
    assert.deepEqual(
      [...numbers.right.data],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    )
    const word = numbersOf(real(1), ['infinity'])
    assert.ok(E.isLeft(word) && /is not of numbers alone/.test(word.left))
  })

  it('writes results in pieces, as one may be longer than a string can be', () => {
    const [batch, type] = [3, varying(complex(5, 7000))]
    const data = Float64Array.from({ length: 210000 }, (_, i) => Math.sin(i))
    const pieces = [...textOf(type, data, batch)]
    assert.ok(pieces.length > 10 && pieces.every(piece => piece.length < 70000))
    const values = JSON.parse(pieces.join('\n'))
    assert.deepEqual([values.length, values[0].length, values[0][0].length], [3, 5, 7000])
    assert.deepEqual(values.flat(3), [...data])
    assert.equal([...textOf(real(), Float64Array.of(1e-7), 1)].join(''), '1e-7')
  })

  it('answers numbers too deep, and more than there is memory for', async () => {
    const path = await file('filter.ir', text)
    const deep = await file('deep.json', `{"theta": ${'['.repeat(1e5)}${']'.repeat(1e5)}}`)
    assert.match(
      await refused(2, 'run', path, '--input', deep),
      /"theta" has lists in lists more than 9 deep \(it is real\[2\]: a list\)/,
    )
    const huge = await file(
      'huge.ir',
      'func @main(x: varying complex[2000000000]) {\n  %0 = re x\n  return %0\n}\n',
    )
    assert.match(
      await refused(2, 'run', huge, '--random', '1', '--batch', '60000'),
      /"x" is varying complex\[2000000000\], more numbers than there is memory for/,
    )
  })

  it('runs the loss of a model, and its gradient', async () => {
    const { results } = JSON.parse(await done('run', 'rnn', '--random', '1', '--grad', '--batch', '2'))
    assert.equal(results.length, 7)
  })

  it('says what is missing, of another name, or of another size', async () => {
    const path = await file('filter.ir', text)
    const withNumbers = async (changes: object): Promise<string> =>
      refused(2, 'run', path, '--input', await file('wrong.json', JSON.stringify({ ...numbers, ...changes })))
    assert.match(
      await refused(2, 'run', path),
      /no numbers for "theta" \(real\[2\]\), "x" \(varying complex\[2\]\), "k" \(.*\): give them with --input/,
    )
    assert.match(await withNumbers({ thet: 1 }), /there is no parameter "thet": did you mean theta\?/)
    assert.match(
      await withNumbers({ theta: [1] }),
      /"theta" has 1 numbers, not 2 \(it is real\[2\]: a list\)/,
    )
    assert.match(await withNumbers({ theta: 'a' }), /"theta" is not of numbers alone/)
    assert.match(
      await withNumbers({ theta: [0, [1]] }),
      /"theta" has lists of different lengths \(it is real\[2\]/,
    )
    assert.match(
      await withNumbers({ x: [[[1, 0, 0, 1]], [[2, 1, 0, 3]]] }),
      /"x" has lists of 2 × 1 × 4, not examples × 2 × 2 \(it is varying complex\[2\]/,
    )
    assert.match(await withNumbers({ k: [0] }), /"k" has 1 examples, not 2/)
    assert.match(await withNumbers({ k: [0, 3] }), /"k" holds 3, which is no whole number from 0 to 2/)
    assert.match(
      await withNumbers({
        x: [
          [
            [1, 0],
            [2, 1],
          ],
          [[0, 3]],
        ],
      }),
      /"x" has 6 numbers, not a multiple of 4 \(it is varying complex\[2\]: .*examples first, complex numbers as/,
    )
    assert.match(
      await refused(1, 'run', path, '--input', join(folder, 'none.json')),
      /cannot read .*none\.json/,
    )
  })
})
