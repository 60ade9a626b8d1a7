import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { within } from './within.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const small = ['--hidden', '9', '--length', '2', '--batch', '2']

describe('parseval verify', () => {
  it('ends with 0 where all holds, and says what was held to it', async () => {
    const checks = ['unitary', 'pass:fuseUnitary'].flatMap(name => ['--check', name])
    const { code, stdout, stderr } = await within(
      'verify',
      file('models/reflections.ts'),
      ...small,
      ...checks,
    )
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /✓ unitary .* of every operator: \d+ cases/)
    assert.match(stdout, /✓ pass:fuseUnitary/)
    assert.match(stdout, /reflections\.ts holds: 2 checks in .* s \(seed 1\)/)
  })

  it('ends with 3 where something does not, with the program and the line that replays it', async () => {
    const path = file('models/stretched.ts')
    const { code, stdout } = await within('verify', path, ...small, '--seed', '5', '--check', 'claims')
    assert.equal(code, 3)
    assert.match(stdout, /at fault: the map "W"/)
    assert.match(stdout, /func @main\(/)
    const replay = /^replay: parseval (.*)$/m.exec(stdout)?.[1]
    assert.equal(replay, `verify ${path} --hidden 9 --length 2 --batch 2 --seed 5 --check claims`)
    const again = await within(...replay!.split(' '))
    const failureOf = (text: string): string => text.slice(text.indexOf('at fault'), text.indexOf('replay'))
    assert.equal(again.code, 3)
    assert.equal(failureOf(again.stdout), failureOf(stdout))
  })

  it('takes several checks, and a task', async () => {
    const args = ['--check', 'shapes', '--check', 'native:double', '--task', 'adding']
    const { code, stdout } = await within('verify', 'rnn', ...small, ...args)
    assert.equal(code, 0, stdout)
    assert.equal(stdout.match(/^✓/gm)?.length, 2)
  })

  it('refuses what it does not know', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ['urnn', '--check', 'pass:fuseUnitry'],
        /--check pass:fuseUnitry: there is no such check.*pass:fuseUnitary/,
      ],
      [['urm'], /there is no model urm/],
      [['urnn', '--task', 'singing'], /--task singing: must be copying or adding/],
      [['urnn', '--length', '0'], /--length 0: must be a whole number/],
    ]
    for (const [args, message] of cases) {
      const { code, stderr } = await within('verify', ...args)
      assert.equal(code, 2)
      assert.match(stderr, message)
    }
  })
})
