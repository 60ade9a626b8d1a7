import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { parseRecords } from '../../src/cli/record.ts'
import { type Ended, within } from './within.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const small = ['--backend', 'reference', '--lag', '2', '--hidden', '4', '--batch', '2', '--held-out', '2']

const start = (args: readonly string[]) =>
  spawn(process.execPath, ['--import', 'tsx', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })

const ended = async (child: ReturnType<typeof start>): Promise<Ended> => {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', d => {
    stdout += d
  })
  child.stderr.on('data', d => {
    stderr += d
  })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, stdout, stderr }
}
const parseval = (...args: readonly string[]): Promise<Ended> => ended(start(args))

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-'))
})
after(() => rm(folder, { recursive: true }))

describe('wrong usage', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown flag', ['train', 'copying', '--bogus'], /unknown option '--bogus'/],
    ['an unknown command', ['sing'], /unknown command 'sing'/],
    ['an unknown task', ['train', 'sums'], /<task> sums: must be copying, adding, pixels or permuted/],
    [
      'an unknown model',
      ['train', 'copying', '--model', 'gru'],
      /--model gru: must be urnn, lstm, rnn or irnn/,
    ],
    ['no task', ['train'], /missing required argument 'task'/],
    ['one argument too many', ['train', 'copying', 'adding'], /too many arguments/],
    [
      'no threads',
      ['train', 'copying', '--threads', '0'],
      /--threads 0: must be a whole number from 1 to 256/,
    ],
    ['half a step', ['train', 'copying', '--steps', '1.5'], /--steps 1\.5: must be a whole number from 1/],
    ['a word for a number', ['train', 'copying', '--lr', 'fast'], /--lr fast: must be a number above 0/],
    ['a learning rate below 0', ['train', 'copying', '--lr=-1'], /--lr -1: must be a number above 0/],
    ['infinity', ['train', 'copying', '--lr', 'Infinity'], /--lr Infinity: must be a number above 0/],
    ['an empty batch', ['train', 'copying', '--batch', '0'], /--batch 0: must be a whole number from 1/],
    ['n = 0', ['train', 'copying', '--hidden', '0'], /--hidden 0: must be a whole number from 1/],
    [
      'memory without a unit',
      ['train', 'copying', '--memory', '64M'],
      /--memory 64M: must be a number of bytes such as 64MB/,
    ],
    [
      'half precision',
      ['train', 'copying', '--precision', 'half'],
      /--precision half: must be single or double/,
    ],
    ['adding over one step', ['train', 'adding', '--lag', '1'], /--lag 1: .*from 2/],
    ['resuming nowhere', ['train', 'copying', '--resume'], /--resume: name the folder/],
    ['a fifth figure', ['paper', '--figure', '5'], /--figure 5: must be 1, 2, 3, 4 or all/],
    ['no seeds', ['paper', '--seeds', '0'], /--seeds 0: must be a whole number from 1 to 1000/],
    [
      'all of the past',
      ['train', 'copying', '--momentum', '1'],
      /--momentum 1: must be a number from 0 up to/,
    ],
    [
      'a past that outlives the mean square',
      ['train', 'copying', '--momentum', '0.95'],
      /--momentum 0.95: with --decay 0.9 at most 0.948/,
    ],
    ['no clipping', ['train', 'copying', '--clip', '0'], /--clip 0: must be a number above 0/],
  ]

  it('is what the process itself ends with', async () => {
    for (const args of [['--bogus'], ['--threads', '0'], ['--lr', 'fast']]) {
      const { code, stdout, stderr } = await parseval('train', 'copying', ...args)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, new RegExp(args.join(' ')))
      assert.doesNotMatch(stderr, /\n\s+at /)
    }
  })

  for (const [what, args, message] of cases)
    it(`${what} ends with 2 and says why`, async () => {
      const { code, stdout, stderr } = await within(...args)
      assert.equal(code, 2, stderr)
      assert.match(stderr, message)
      assert.doesNotMatch(stderr, /\n\s+at /)
      assert.equal(stdout, '')
    })
})

describe('a file of the user’s that fails where nobody waits for it', () => {
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  it('ends with 1 and its own line, without a trace', async () => {
    const rest = "import { func } from 'parseval'\nexport default func([], [])\n"
    const waits = 'await new Promise(go => setTimeout(go, 100))\n'
    for (const [name, text] of [
      ['rejects.mjs', "Promise.reject(new Error('mine'))\n"],
      ['timer.mjs', `setTimeout(() => { throw new Error('mine') }, 1)\n${waits}`],
    ] as const) {
      const { code, stderr } = await parseval('run', await file(name, text + rest))
      assert.equal(code, 1, stderr)
      assert.match(stderr, new RegExp(`^parseval: .*${name}:1: mine.*\\n$`))
    }
  })

  it('is named where it breaks something of ours; broken promises of ours keep their trace', async () => {
    const cell = (fixed: string): string => `import { term as t } from 'parseval'
export default sizes => ({
  name: 'a', sizes, parameters: [], initial: {}, step: () => ({}), fixed: ${fixed},
  output: () => t.broadcast(t.number(1), sizes.writes),
})
`
    const train = async (name: string, fixed: string) => {
      const model = await file(name, cell(fixed))
      return within(
        'train',
        'adding',
        ...small,
        '--steps',
        '1',
        '--model',
        model,
        '--out',
        join(folder, `${name}.run`),
      )
    }
    const { code, stderr } = await train('big.mjs', '{ a: [1n] }')
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^parseval: .*big\.mjs fails: Do not know how to serialize a BigInt \(if the file is not/m,
    )
    const broken = "{ get a() { throw new Error('Parseval is broken here: it is') } }"
    await assert.rejects(train('bug.mjs', broken), /^Error: Parseval is broken here: it is$/)
  })
})

describe('results that find no room', {
  skip: existsSync('/dev/full') ? false : 'there is no /dev/full',
}, () => {
  it('end with 1 and say so', async () => {
    const full = openSync('/dev/full', 'w')
    const small = ['--hidden', '2', '--lag', '4']
    for (const args of [
      ['compile', 'urnn', ...small],
      ['train', 'adding', ...small, '--steps', '2', '--json', '--out', join(folder, 'full')],
    ]) {
      const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
        stdio: ['ignore', full, 'pipe'],
      })
      let stderr = ''
      child.stderr?.on('data', d => {
        stderr += d
      })
      const code = await new Promise<number | null>(resolve => child.on('close', resolve))
      assert.equal(code, 1, stderr)
      assert.match(stderr, /cannot write to stdout: the disk is full/)
    }
    closeSync(full)
  })
})

describe('a run', () => {
  it('tells the least held-out loss where it is not the last', async () => {
    const out = join(folder, 'least')
    const sizes = ['--lag', '6', '--hidden', '4', '--batch', '2', '--held-out', '8', '--steps', '12']
    const { stdout } = await within(
      ...[
        'train',
        'adding',
        ...sizes,
        '--lr',
        '0.5',
        '--evaluate-every',
        '1',
        '--backend',
        'reference',
        '--out',
        out,
      ],
    )
    const records = parseRecords(await readFile(join(out, 'metrics.jsonl'), 'utf8'))
    assert.ok(E.isRight(records))
    const measured = records.right.flatMap(r => (r.kind === 'evaluation' ? [r] : []))
    const least = measured.toSorted((a, b) => a.loss - b.loss)[0]!
    assert.notEqual(least.step, 12)
    assert.ok(stdout.includes(`the least was ${least.loss.toPrecision(3)}, at step ${least.step}`), stdout)
  })
  it('leaves its folder, tells its result on stdout, and is not overwritten', async () => {
    const out = join(folder, 'run')
    const { code, stdout, stderr } = await parseval(
      'train',
      'copying',
      ...small,
      '--steps',
      '4',
      '--out',
      out,
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /copying, T = 2: held-out cross-entropy .* after 4 steps/)
    assert.deepEqual((await readdir(out)).toSorted(), [
      'checkpoints',
      'config.json',
      'metrics.jsonl',
      'report.html',
    ])
    const report = await readFile(join(out, 'report.html'), 'utf8')
    assert.match(report, /<svg[\s\S]*<\/svg>/)
    assert.doesNotMatch(report, /(src|href)=|@import|url\((?!#)/)
    const records = parseRecords(await readFile(join(out, 'metrics.jsonl'), 'utf8'))
    assert.ok(E.isRight(records))
    assert.equal(records.right.filter(r => r.kind === 'step').length, 4)

    const again = await parseval('train', 'copying', ...small, '--out', out)
    assert.equal(again.code, 1)
    assert.match(again.stderr, /exists and is not empty: name another with --out, or go on with --resume/)
    const nowhere = await within('train', 'copying', ...small, '--out', '')
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.stderr, /the folder .* exists and is not empty/)
  })

  it('that resumes ends where the uninterrupted one does, with the same metrics', async () => {
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')]
    const every = [...small, '--evaluate-every', '2', '--checkpoint-every', '2']
    const first = await within('train', 'copying', ...every, '--steps', '8', '--out', whole)
    const second = await within('train', 'copying', ...every, '--steps', '4', '--out', parts)
    const other = await within('train', 'copying', '--resume', '--out', parts, '--hidden', '5')
    const third = await within('train', 'copying', '--resume', '--out', parts, '--steps', '8')
    assert.deepEqual([first.code, second.code, other.code, third.code], [0, 0, 1, 0], third.stderr)
    assert.match(other.stderr, /made for something else: hidden is 4, not 5/)
    const final = (at: string) => readFile(join(at, 'checkpoints', 'copying-2-final.safetensors'))
    assert.deepEqual(await final(parts), await final(whole))
    const losses = async (at: string) => {
      const records = parseRecords(await readFile(join(at, 'metrics.jsonl'), 'utf8'))
      assert.ok(E.isRight(records))
      return records.right.flatMap(r =>
        r.kind === 'step' || r.kind === 'evaluation' ? [[r.kind, r.step, r.loss]] : [],
      )
    }
    assert.deepEqual(await losses(parts), await losses(whole))
  })

  it('that misses its target ends with 3', async () => {
    const args = ['--steps', '2', '--target', '0.001', '--out', join(folder, 'missed')]
    const { code, stdout } = await within('train', 'copying', ...small, ...args)
    assert.equal(code, 3)
    assert.match(stdout, /target 0\.00100 missed/)
  })

  it('with --json writes records and nothing else to stdout', async () => {
    const args = ['--steps', '2', '--json', '--out', join(folder, 'json')]
    const { code, stdout } = await within('train', 'adding', ...small, ...args)
    assert.equal(code, 0)
    const records = parseRecords(`${stdout}\n`)
    assert.ok(E.isRight(records))
    assert.deepEqual(
      records.right.map(r => r.kind),
      ['started', 'evaluation', 'saved', 'step', 'step', 'evaluation', 'saved', 'finished'],
    )
  })

  it('that is interrupted saves and ends with 130', async () => {
    const out = join(folder, 'interrupted')
    const child = start(['train', 'copying', ...small, '--steps', '100000', '--json', '--out', out])
    child.stdout.once('data', () => child.kill('SIGINT'))
    const { code, stderr } = await ended(child)
    assert.equal(code, 130, stderr)
    assert.deepEqual(await readdir(join(out, 'checkpoints')), ['copying-2-latest.safetensors'])
  })

  it('whose reader goes away saves and ends without a stack trace', async () => {
    const child = start([
      'train',
      'copying',
      ...small,
      '--steps',
      '100000',
      '--json',
      '--out',
      join(folder, 'pipe'),
    ])
    child.stdout.once('data', () => child.stdout.destroy())
    const { code, stderr } = await ended(child)
    assert.equal(code, 130, stderr)
    assert.doesNotMatch(stderr, /EPIPE|\n\s+at /)
  })

  it('in a folder that cannot be made ends with 1 and says why', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    for (const out of [join(file, 'below'), '/proc/parseval']) {
      const { code, stderr } = await within('train', 'copying', ...small, '--out', out)
      assert.equal(code, 1)
      assert.match(
        stderr,
        /cannot create the folder .*: (a file of that name is in the way|there is no such)/,
      )
    }
  })
})

it('help has examples for every command', async () => {
  const commands = ['train', 'paper', 'explain', 'compile', 'run', 'verify']
  for (const command of [[], ...commands.map(name => [name])]) {
    const { code, stdout } = await within(...command, '--help')
    assert.equal(code, 0)
    assert.match(stdout, /Examples:\n {2}\$ parseval/)
  }
})
