import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { header, headerFile } from '../../src/backend/native/functions/generate.ts'

const compiler = process.env.CXX ?? 'c++'
const absent = spawnSync(compiler, ['--version']).status !== 0
const common = [
  '-std=c++17',
  '-O2',
  '-fno-math-errno',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-psabi',
  '-Wno-unused-function',
]

/** Whether this CPU runs what the compiler makes with such flags. */
const x64 = process.arch === 'x64'
const cpu = (() => {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
})()
const has = (...features: readonly string[]): boolean =>
  x64 && features.every(f => new RegExp(`\\b${f}\\b`).test(cpu))
const instructionSets = [
  { name: 'baseline', flags: [], runs: true },
  { name: 'avx2', flags: ['-mavx2', '-mfma'], runs: has('avx2', 'fma') },
  {
    name: 'avx512',
    flags: ['-mfma', '-mavx512f', '-mavx512vl', '-mavx512dq'],
    runs: has('avx512f', 'avx512vl', 'avx512dq'),
  },
]

interface Row {
  readonly name: string
  readonly bytes: number
  readonly lanes: number
  readonly components: number
  readonly error: number
  readonly at: number
}

const rows = (flags: readonly string[], count: number): Row[] => {
  const folder = mkdtempSync(join(tmpdir(), 'parseval-functions-'))
  try {
    const program = join(folder, 'check')
    const source = fileURLToPath(new URL('check.cc', import.meta.url))
    const compiled = spawnSync(compiler, [...common, ...flags, source, '-o', program], { encoding: 'utf8' })
    assert.equal(compiled.status, 0, compiled.stderr)
    const { stdout, status } = spawnSync(program, [String(count)], { encoding: 'utf8' })
    assert.equal(status, 0)
    return stdout
      .trim()
      .split('\n')
      .map(line => {
        const [name, ...numbers] = line.split(' ')
        const [bytes, lanes, components, error, at] = numbers.map(Number)
        return { name: name!, bytes: bytes!, lanes: lanes!, components: components!, error: error!, at: at! }
      })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Units in the last place: of a real result, or of the larger component of a complex one. */
const allowed = ({ name, bytes, components }: Row): number =>
  name === 'specials' ? 0 : components === 2 ? 6 : bytes === 4 ? 2 : 3

describe('elementary functions', () => {
  for (const { name, flags, runs } of instructionSets) {
    const skip = absent ? `there is no ${compiler} here` : !runs && `this CPU has no ${name}`
    it(`are as accurate as documented and have the library's special cases: ${name}`, { skip }, () => {
      const all = rows(flags, 1_000_000)
      // 7 functions, real and complex, and the special cases, for 6 kinds of lanes.
      assert.equal(all.length, 6 * (7 * 2 + 1))
      for (const row of all)
        assert.ok(
          row.error <= allowed(row),
          `${row.name} of ${row.lanes} × ${row.bytes} bytes: ${row.error} at ${row.at}`,
        )
    })
  }

  it('have constants as the generator prints them', () => {
    assert.equal(readFileSync(headerFile, 'utf8'), header())
  })
})
