/**
 * The guides' code works as it stands: their TypeScript blocks are written to a folder in which `parseval` is this
 * repository, held to its types and run; shell blocks that are marked `quick` are run behind them.
 *
 *     ```ts            a block that is run          ```ts cell.ts    a file that others import or name
 *     ```sh quick      `npx parseval …` is run      ```sh            is only read
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { within } from '../cli/within.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guides = ['declare-a-model', 'prove-it', 'train-it', 'extend-the-compiler']

interface Block {
  readonly guide: string
  readonly language: string
  /** A file's name, `quick`, or nothing. */
  readonly mark: string
  readonly text: string
}

const blocksOf = (guide: string, markdown: string): readonly Block[] =>
  [...markdown.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, mark, text]) => ({
    guide,
    language: language!,
    mark: mark!.trim(),
    text: text!,
  }))

const textOf = (guide: string): Promise<string> => readFile(join(root, 'docs', `${guide}.md`), 'utf8')

/** What TypeScript says of these files. */
const complaints = (folder: string, files: readonly string[]): readonly string[] => {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
  const program = ts.createProgram(
    files.map(name => join(folder, name)),
    options,
  )
  return files.flatMap(name => {
    const source = program.getSourceFile(join(folder, name))
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(d => {
      const { line } = source!.getLineAndCharacterOfPosition(d.start ?? 0)
      return `${name}:${line + 1}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`
    })
  })
}

interface Ended {
  readonly code: number
  readonly output: string
}

const node = (folder: string, args: readonly string[]): Promise<Ended> =>
  new Promise(resolve =>
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: { ...process.env, NODE_TEST_CONTEXT: '' } },
      (e, out, err) => resolve({ code: e === null ? 0 : 1, output: out + err }),
    ),
  )

describe('the guides', () => {
  const files: { readonly name: string; readonly text: string }[] = []
  let blocks: readonly Block[] = []
  let folder = ''
  let home = ''

  before(async () => {
    home = process.cwd()
    folder = await realpath(await mkdtemp(join(tmpdir(), 'parseval-guides-')))
    blocks = (await Promise.all(guides.map(async g => blocksOf(g, await textOf(g))))).flat()
    const code = blocks.filter(b => b.language === 'ts')
    for (const [k, { guide, mark, text }] of code.entries())
      files.push({ name: mark === '' ? `${guide}-${k}.ts` : mark, text })
    for (const { name, text } of files) await writeFile(join(folder, name), text)
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    const paths = {
      parseval: [join(root, 'src/index.ts')],
      'parseval/verify': [join(root, 'src/verify/index.ts')],
    }
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { paths, noUnusedLocals: false, typeRoots: [join(root, 'node_modules/@types')] },
      }),
    )
  })
  after(async () => {
    process.chdir(home)
    await rm(folder, { recursive: true })
  })

  it('have code, each file of its own name', () => {
    for (const guide of guides)
      assert.ok(
        blocks.some(b => b.guide === guide && b.language === 'ts'),
        guide,
      )
    assert.equal(new Set(files.map(f => f.name)).size, files.length)
  })

  it('compile', () => {
    assert.deepEqual(
      complaints(
        folder,
        files.map(f => f.name),
      ),
      [],
    )
  })

  it('run', async () => {
    // One process for all; tests among the blocks are run at its end, and count for its exit code.
    const main = files.map(f => `await import('./${f.name}')`).join('\n')
    await writeFile(join(folder, 'main.ts'), `${main}\nconsole.log('all were run')\n`)
    const { code, output } = await node(folder, ['--import', import.meta.resolve('tsx'), 'main.ts'])
    assert.equal(code, 0, output)
    assert.match(output, /all were run/)
    assert.match(output, /^# pass 1$/m)
  })

  it('have commands that work', async () => {
    process.chdir(folder)
    const lines = blocks
      .filter(b => b.language === 'sh' && b.mark === 'quick')
      .flatMap(b => b.text.trim().split('\n'))
    assert.ok(lines.length >= 8, `only ${lines.length}`)
    for (const line of lines) {
      const [npx, command, ...args] = line.split(/\s+/)
      assert.equal(`${npx} ${command}`, 'npx parseval', line)
      const { code, stdout, stderr } = await within(...args)
      assert.equal(code, 0, `${line}\n${stdout}\n${stderr}`)
    }
    const left = await readdir(folder)
    for (const name of ['cell.html', 'running.ir', 'first', 'second']) assert.ok(left.includes(name), name)
  })

  it('name files and pages that are there', async () => {
    for (const guide of guides) {
      const text = await textOf(guide)
      const named = [...text.matchAll(/`((?:src|native|test|docs)\/[\w./]+)`/g)].map(m => m[1]!)
      const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(m => join('docs', m[1]!))
      for (const path of [...named, ...linked])
        await assert.doesNotReject(access(join(root, path)), `${guide}: ${path}`)
    }
  })
})
