/** What mistakes say: where, which op, what was given and what is due, and the nearest fix. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import type { Backend } from '../../src/backend/backend.ts'
import { nativeBackend } from '../../src/backend/native/backend.ts'
import { referenceBackend } from '../../src/backend/reference/backend.ts'
import { showMismatch } from '../../src/dsl/elaborate.ts'
import { inData, inGradients, inModels, inTensors, inText } from './mistakes.ts'

const fixtures = fileURLToPath(new URL('mistakes.ts', import.meta.url))
const golden = fileURLToPath(new URL('mistakes.txt', import.meta.url))

const left = <L>(e: E.Either<L, unknown>, name: string): L =>
  E.isLeft(e) ? e.left : assert.fail(`${name}: nothing is wrong, it is said`)

/** The line of a mistake that is marked. */
const marked = (name: string): number => {
  const lines = readFileSync(fixtures, 'utf8').split('\n')
  const from = lines.findIndex(line => line.startsWith(`  '${name}': `))
  const at = lines.findIndex((line, i) => i >= from && line.trim() === '// here')
  return at + 2
}

const entry = (name: string, message: string): string =>
  `${name}\n    ${message.replaceAll('\n', '\n    ')}\n`
const section = (title: string, entries: readonly string[]): string => `# ${title}\n\n${entries.join('\n')}`

const models = Object.entries(inModels).map(([name, make]) => ({ name, mismatch: left(make(), name) }))

test('a mistake in a model is found at its line', () => {
  for (const { name, mismatch } of models) {
    if (name === 'one term for two parameters') continue
    assert.match(mismatch.at ?? '', new RegExp(`/test/dsl/mistakes\\.ts:${marked(name)}:\\d+$`), name)
    assert.equal(showMismatch(mismatch), `${mismatch.at}: ${mismatch.op}: ${mismatch.message}`)
  }
})

const said = async (backend: Backend): Promise<string> => {
  const entries: string[] = []
  for (const [name, make] of Object.entries(inData))
    entries.push(entry(name, left(await make(backend), name).message))
  return section('In data', entries)
}

test('every mistake says what it should', async () => {
  const native = E.getOrElse<string, Backend>(why => assert.fail(why))(nativeBackend())
  const data = await said(native)
  assert.equal(await said(referenceBackend), data)
  const text = [
    section(
      'In models',
      models.map(({ name, mismatch }) => entry(name, `${mismatch.op}: ${mismatch.message}`)),
    ),
    section(
      'In gradients',
      Object.entries(inGradients).map(([name, make]) => entry(name, left(make(), name).message)),
    ),
    section(
      'In the textual form',
      Object.entries(inText).map(([name, make]) => {
        const error = left(make(), name)
        return entry(name, `${error.line}:${error.column}: ${error.message}`)
      }),
    ),
    data,
    section(
      'In tensors',
      Object.entries(inTensors).map(([name, make]) => entry(name, left(make(), name))),
    ),
  ].join('\n')
  if (process.env.PARSEVAL_WRITE_GOLDEN === '1') writeFileSync(golden, text)
  assert.equal(text, readFileSync(golden, 'utf8'))
})
