import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { parse } from '../../src/ir/parse.ts'
import { print } from '../../src/ir/print.ts'
import { optimise, standard } from '../../src/passes/pipeline.ts'
import { readPng } from './png.ts'
import { within } from './within.ts'

const cell = fileURLToPath(new URL('models/reflections.ts', import.meta.url))
const small = ['--hidden', '4', '--lag', '3']

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-explain-'))
})
after(() => rm(folder, { recursive: true }))

const filter = `func @main(theta: real[2], x: varying complex[2]) {
  %0 = phase theta
  %1 = dft {size = 2}
  %2 = compose %1, %0, %0
  %3 = apply %2, x
  %4 = dot %3, %3
  %5 = re %4
  %6 = batchSum %5
  return %6
}
`
const program = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
const explained = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await within('explain', ...args)
  assert.equal(code, 0, stderr)
  return stdout
}

/** The row of the table that a pass has: nodes, flops, bytes, then what loops do in a step. */
const rowOf = (text: string, pass: string): readonly string[] =>
  new RegExp(`^${pass} +([\\d,]+) +([\\d,]+) +([\\d,]+)(?:  (\\S.*?))?(?:  +(\\S.*))?$`, 'm').exec(text) ?? []

describe('explain', () => {
  it('tells the cost before and after, what passes did, and the plan', async () => {
    const text = await explained('urnn', '--hidden', '16', '--lag', '10')
    assert.match(text, /^The model and its loss on copying, for one example:/)
    const [, , , , , kept] = rowOf(text, 'declared')
    // z (16 complex numbers), a complex number of each reflection, and the output (9 real ones) of a step, in bytes
    assert.equal(kept, `${4 * (2 * 16 + 2 * 2 + 9)} (forward)`)
    const [, , , , transforms] = rowOf(text, 'prune')
    assert.equal(transforms, '2 (forward), 3 (backward), 3 (backward)')
    assert.match(
      text,
      /^expand .*\n.* D\(θ\) x = e\^iθ x \(\d+\), .*R x = x − \(τ v\) \(v\^H x\) \(\d+\), modReLU by/m,
    )
    assert.match(text, /^hoist .*\n +a loop invariant leaves its loop \(\d+\)$/m)
    assert.match(text, /^The plan: [\d,]+ numbers for all examples, [\d,]+ for each lane\.$/m)
    assert.match(text, /^ {2}loop/m)
  })

  it('takes a model of a user’s own, on another task', async () => {
    const text = await explained(cell, '--task', 'adding', ...small)
    assert.match(text, /its loss on adding/)
    assert.match(text, /reflect R3/)
  })

  it('of a program is the program, and with --grad its value and gradient', async () => {
    const path = await program('filter.ir', filter)
    const forward = await explained(path)
    assert.match(forward, /^The program as it was declared:/)
    assert.match(forward, /^fuseUnitary .*\n +D\(a\) D\(b\) = D\(a \+ b\) \(1\)$/m)
    const parsed = parse(filter)
    assert.ok(E.isRight(parsed))
    assert.equal(`${await explained(path, '--pass', 'prune')}\n`, print(optimise(parsed.right)))
    const gradient = parse(await explained(path, '--grad', '--pass', 'declared'))
    assert.ok(E.isRight(gradient))
    assert.equal(gradient.right.results.length, 2)
  })

  it('with --grad shows a model’s gradient without the update', async () => {
    const gradient = parse(await explained('rnn', '--grad', ...small, '--pass', 'declared'))
    const step = parse(await explained('rnn', ...small, '--pass', 'declared'))
    assert.ok(E.isRight(gradient) && E.isRight(step))
    assert.equal(gradient.right.results.length, 7)
    assert.equal(step.right.results.length, 13)
  })

  it('prints the program after each pass, and refuses one that there is not', async () => {
    const path = await program('filter.ir', filter)
    const all = await explained(path, '--pass', 'all')
    const programs = all.split(/^\/\/ after /m).slice(1)
    assert.equal(programs.length, standard.length + 1)
    for (const text of programs) assert.ok(E.isRight(parse(`// ${text}`)), text)
    const { code, stderr } = await within('explain', path, '--pass', 'inline')
    assert.equal(code, 2)
    assert.match(stderr, /--pass inline: there is no such pass; choose one of declared, simplify, .*, or all/)
  })

  it('says what is wrong with a gradient that there is not', async () => {
    const path = await program('none.ir', 'func @main(x: varying real[2]) { %0 = neg x return %0 }')
    const { code, stderr } = await within('explain', path, '--grad')
    assert.equal(code, 1)
    assert.match(stderr, /it has no parameter that a gradient could be by/)
  })
})

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(name => {
  try {
    execFileSync('which', [name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})
const browse = (...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${folder}/browser`,
    ]
    execFile(browser ?? '', [...flags, ...args], { maxBuffer: 2 ** 26, timeout: 120_000 }, (e, stdout) =>
      e === null ? resolve(stdout) : reject(e),
    )
  })

describe('the page', () => {
  it('holds the graphs, with types and the lines that they were written in, and fetches nothing', async () => {
    const path = join(folder, 'cell.html')
    assert.equal(await explained(cell, '--task', 'adding', ...small, '--html', path), path)
    const page = await readFile(path, 'utf8')
    assert.doesNotMatch(page, /<script|<link|@import|src=|https?:\/\/(?!www\.w3\.org\/2000\/svg)|url\((?!#)/)
    for (const id of ['declared', 'declared-body0', 'before', 'after', 'after-body0', 'after-body1'])
      assert.match(page, new RegExp(`<figure id="${id}"><figcaption>[^<]+</figcaption><svg`))
    const lines = (await readFile(cell, 'utf8')).split('\n')
    const line = lines.findIndex(l => l.includes('t.apply(W, h)')) + 1
    // the operator where it is applied: highlighted, with its type and the user's line
    assert.match(
      page,
      new RegExp(
        `<g class="box value unitary"><title>%\\d+: varying complex\\[4\\]\n[^<]*\nwritten at [^<]*reflections\\.ts:${line}</title><rect[^>]*/><text[^>]*>%\\d+ = [^<]*R\\(R3\\) F⁻¹ R\\(R2\\) F R\\(R1\\) h`,
      ),
    )
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(m => m[1])
    assert.ok(links.length >= 4)
    for (const id of links) assert.ok(page.includes(`<figure id="${id}">`), id)
  })

  it('of the training step stays readable: an update is a box, a loop is a box', async () => {
    const path = join(folder, 'urnn.html')
    await explained('urnn', '--html', path)
    const page = await readFile(path, 'utf8')
    const [, figure = ''] = /<figure id="after">(.*?)<\/figure>/s.exec(page) ?? []
    assert.ok(figure.split('<g class="box').length - 1 < 60)
    const [, width, height] = /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(figure) ?? []
    assert.ok(Number(width) < 2600 && Number(height) < 2000, `${width} × ${height}`)
    for (const label of [
      'next R1',
      'next D3.meanSquare',
      'result 0',
      '120 steps forward',
      '119 steps backward',
    ])
      assert.ok(figure.includes(`>${label}</text>`), label)
    assert.match(
      figure,
      /<g class="box value ?"><title>[^<]*cos\(D3\)[^<]*<\/title><rect[^>]*\/><text[^>]*>\d+ values before the loops/,
    )
  })

  it('is a picture in a browser', { skip: browser === undefined && 'no browser is installed' }, async () => {
    const path = join(folder, 'picture.html')
    await explained('urnn', '--html', path)
    const dom = await browse('--dump-dom', `file://${path}`)
    for (const label of ['modReLU(', 'D(D3) R(R2) F⁻¹ D(D2) Π R(R1)', 'next total', 'next h0', 'result 0'])
      assert.ok(dom.includes(label), label)
    const shot = join(folder, 'picture.png')
    await browse('--window-size=1600,2000', `--screenshot=${shot}`, `file://${path}`)
    const { width, height, pixels } = readPng(await readFile(shot))
    assert.deepEqual([width, height], [1600, 2000])
    const share = (colour: number): number => pixels.filter(p => p === colour).length / pixels.length
    assert.ok(share(0xffffff) > 0.5, 'white paper')
    // the fills of boxes: an operator's, a loop's, a result's; and text, or at least its ink
    for (const fill of [0xffe9c7, 0xf1ecfb, 0xe9f5ec]) assert.ok(share(fill) > 1e-4, fill.toString(16))
    assert.ok(pixels.filter(p => (p & 0xff) < 0x60).length > 5000, 'ink')
  })
})
