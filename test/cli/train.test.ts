/** `parseval train --resume` on folders that a kill or a damaged file has left in a strange state. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import * as E from 'fp-ts/lib/Either.js'
import { parseRecords } from '../../src/cli/record.ts'
import { modelOf } from '../../src/train/experiment.ts'
import { config, experiment } from '../train/small.ts'
import { within } from './within.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-'))
})
after(() => rm(folder, { recursive: true }))

const small = ['--backend', 'reference', '--lag', '2', '--hidden', '4', '--batch', '2', '--held-out', '2']
const begun = async (name: string): Promise<string> => {
  const out = join(folder, name)
  const { code, stderr } = await within('train', 'copying', ...small, '--steps', '4', '--out', out)
  assert.equal(code, 0, stderr)
  return out
}
const resume = (out: string) => within('train', 'copying', '--resume', '--out', out, '--steps', '6')
const steps = async (out: string): Promise<readonly number[]> => {
  const parsed = parseRecords(await readFile(join(out, 'metrics.jsonl'), 'utf8'))
  return E.isRight(parsed)
    ? parsed.right.flatMap(r => (r.kind === 'step' ? [r.step] : []))
    : assert.fail(parsed.left)
}

describe('a run that goes on', () => {
  it('does so without its metrics', async () => {
    const out = await begun('lost')
    await rm(join(out, 'metrics.jsonl'))
    const { code, stderr } = await resume(out)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /metrics\.jsonl is not there/)
    assert.deepEqual(await steps(out), [5, 6])
  })

  it('does so from the records before a broken line, and keeps the file', async () => {
    const out = await begun('broken')
    const at = join(out, 'metrics.jsonl')
    const lines = (await readFile(at, 'utf8')).split('\n')
    const third = lines.findIndex(l => l.includes('"step":3'))
    const text = lines.with(third, 'x').join('\n')
    for (const k of [1, 2]) {
      await writeFile(at, text)
      const { code, stderr } = await resume(out)
      assert.equal(code, 0, stderr)
      assert.match(stderr, new RegExp(`line ${third + 1} is no record.* kept as .*metrics.jsonl.broken-${k}`))
      assert.equal(await readFile(`${at}.broken-${k}`, 'utf8'), text)
    }
    assert.deepEqual((await steps(out)).slice(0, 2), [1, 2])
  })

  it('begins at step 0 where it was killed before its first checkpoint', async () => {
    const out = await begun('early')
    await rm(join(out, 'checkpoints'), { recursive: true })
    const { code, stderr } = await resume(out)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /has no checkpoint yet: begins at step 0/)
    assert.deepEqual(await steps(out), [1, 2, 3, 4, 5, 6])
    assert.ok((await readdir(out)).includes('metrics.jsonl.earlier-1'))
  })

  it('removes what a killed writer left, and nothing that a running one writes', async () => {
    const out = await begun('leftovers')
    const at = join(out, 'checkpoints')
    const [dead, alive] = ['.copying-2-latest.safetensors.99999999', `.x.safetensors.${process.ppid}`]
    for (const name of [dead, alive, '.mine.1']) await writeFile(join(at, name), 'half')
    await writeFile(join(out, '.metrics.jsonl.99999999'), 'half')
    const { code, stderr } = await resume(out)
    assert.equal(code, 0, stderr)
    const hidden = async (path: string) => (await readdir(path)).filter(n => n.startsWith('.')).toSorted()
    assert.deepEqual(await hidden(at), ['.mine.1', alive])
    assert.deepEqual(await hidden(out), [])
  })
})

describe('a model', () => {
  it("whose parameter has the name of what the optimiser keeps of another's is refused with that name", async () => {
    const { model, task } = experiment()
    const named = (name: string) => () =>
      E.right({ ...model, parameters: model.parameters.map(p => (p.name === 'D1' ? { ...p, name } : p)) })
    const made = modelOf(config, task, named('b.meanSquare'))
    assert.ok(E.isLeft(made))
    assert.match(
      made.left,
      /has a parameter "b\.meanSquare", the name of what the optimiser keeps of the parameter "b": call it/,
    )
  })
})
