import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const compiler = process.env.CXX ?? 'c++'
const absent = spawnSync(compiler, ['--version']).status !== 0
const flags = ['-std=c++17', '-O1', '-Wall', '-Wextra', '-Werror', '-Wno-psabi', '-Wno-unused-function']

/** The numbers that a C++ program beside this file prints, by lines. */
const output = (source: string): number[][] => {
  const folder = mkdtempSync(join(tmpdir(), 'parseval-codelets-'))
  try {
    const program = join(folder, 'check')
    const file = fileURLToPath(new URL(source, import.meta.url))
    const compiled = spawnSync(compiler, [...flags, file, '-o', program], { encoding: 'utf8' })
    assert.equal(compiled.status, 0, compiled.stderr)
    const { stdout, status } = spawnSync(program, { encoding: 'utf8' })
    assert.equal(status, 0)
    return stdout
      .trim()
      .split('\n')
      .map(line => line.split(' ').map(Number))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('compiled', { skip: absent && `there is no ${compiler} here` }, () => {
  it('codelets compute the transform forward and backward, in place, in many lanes and in one', () => {
    const rows = output('check.cc')
    assert.ok(rows.length > 15)
    for (const [size, floats, double] of rows) {
      assert.ok(floats! < 2e-6 && double! < 4e-15, `${size}: ${floats} ${double}`)
    }
  })
})
