/** The paper's experiments: what is done is kept, what was interrupted goes on, the report says what there is. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { keyOf } from '../../../src/cli/paper/cache.ts'
import { powerOfTen } from '../../../src/cli/paper/chart.ts'
import { full, quick, secondsOf, statesRuns } from '../../../src/cli/paper/experiments.ts'
import { runPaper } from '../../../src/cli/paper/paper.ts'
import { planAll, planOne } from '../../../src/cli/paper/plan.ts'
import { finalOf, isMet, progressOf, spread } from '../../../src/cli/paper/summary.ts'
import { remaining } from '../../../src/cli/paper/watch.ts'
import { parseval } from '../../../src/cli/parseval.ts'
import { parseRecords } from '../../../src/cli/record.ts'
import { writeFiles } from '../../tasks/imageFiles.ts'
import { config } from '../../train/small.ts'
import { entry, long, made, paperRun, quiet, tiny } from './tiny.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parseval-'))
})
after(() => rm(folder, { recursive: true }))

/** Every file below, with its content and when it was written. */
const files = async (path: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const name of (await readdir(path, { recursive: true })).toSorted()) {
    const at = join(path, name)
    const s = await stat(at)
    if (s.isFile()) found.set(name, `${s.mtimeMs} ${(await readFile(at)).toString('base64')}`)
  }
  return found
}
const below = (all: ReadonlyMap<string, string>, ...folders: readonly string[]) =>
  [...all].filter(([name]) => folders.some(f => name.startsWith(f)))

describe('the hash of a run', () => {
  it('changes with every setting that its result depends on, with the graph and with the version', () => {
    const key = keyOf(config, 'graph', '1')
    const changes = {
      model: 'lstm',
      task: 'adding',
      lag: 3,
      hidden: 4,
      batch: 3,
      steps: 7,
      learningRate: 2e-2,
      decay: 0.8,
      seed: 8,
      precision: 'single',
      backend: 'native',
      heldOut: 3,
      evaluateEvery: 3,
      target: 0.1,
      memory: 1e6,
      clip: 1,
      halfLife: 5,
    } as const
    const keys = Object.entries(changes).map(([name, value]) =>
      keyOf({ ...config, [name]: value }, 'graph', '1'),
    )
    const all = [key, ...keys, keyOf(config, 'other', '1'), keyOf(config, 'graph', '2')]
    assert.equal(new Set(all).size, all.length)
  })
  it('changes with the data, not with where it lies', () => {
    const images = { ...config, task: 'pixels' } as const
    const key = keyOf(images, 'graph', '1', { file: 'a' })
    assert.equal(keyOf({ ...images, data: '/elsewhere' }, 'graph', '1', { file: 'a' }), key)
    assert.notEqual(keyOf(images, 'graph', '1', { file: 'b' }), key)
    assert.notEqual(keyOf(images, 'graph', '1'), key)
  })
  it('does not change with threads, checkpoints, or the order of the settings', () => {
    const key = keyOf(config, 'graph', '1')
    assert.equal(keyOf({ ...config, threads: 2, checkpointEvery: 5 }, 'graph', '1'), key)
    const turned = Object.fromEntries(Object.entries(config).reverse()) as typeof config
    assert.equal(keyOf(turned, 'graph', '1'), key)
  })
})

describe('the table', () => {
  it('has the figures, sizes and baselines of the paper', () => {
    const of = (figure: number) => full.entries.filter(e => e.figure === figure)
    assert.deepEqual([...new Set(of(1).map(e => e.lag))], [100, 200, 300, 500])
    assert.deepEqual([...new Set(of(2).map(e => e.lag))], [100, 200, 400, 750])
    const sizes = (figure: number, lag: number) =>
      Object.fromEntries(of(figure).flatMap(e => (e.lag === lag ? [[e.model, e.hidden]] : [])))
    assert.deepEqual(sizes(1, 100), { urnn: 128, lstm: 40, rnn: 80, irnn: 80 })
    assert.deepEqual(sizes(2, 750), { urnn: 512, lstm: 128, rnn: 128, irnn: 128 })
    for (const e of full.entries) {
      assert.deepEqual(
        [e.learningRate, e.decay, e.batch, e.clip],
        [1e-3, 0.9, 20, e.model === 'urnn' ? undefined : 1],
      )
      if (e.figure !== 1 || e.bar === undefined) continue
      const planned = planOne(e, 1, paperRun(folder))
      assert.ok(E.isRight(planned) && Math.abs(e.bar / planned.right.baseline - 0.1) < 1e-12)
    }
  })
  it('goes without figure 3 where its data is not, and says why', () => {
    const figures = quick.entries.filter(e => e.figure === 3)
    assert.equal(figures.length, 6)
    const plan = planAll(quick, [1, 3], paperRun(folder), E.left('no images'))
    assert.ok(E.isRight(plan))
    assert.deepEqual(plan.right.skipped, [{ figure: 3, why: 'no images' }])
    assert.ok(plan.right.entries.length > 0 && plan.right.entries.every(e => e.entry.figure === 1))
  })
  it("has beside each run of another setting the paper's own, first", () => {
    const falling = full.entries.flatMap((e, i) => (e.halfLife === undefined ? [] : [i]))
    assert.deepEqual(
      falling.map(i => full.entries[i]!.lag),
      [100, 200, 400, 750, 784, 784],
    )
    for (const i of falling) {
      const { halfLife, unitaryRate, momentum, steps, ...same } = full.entries[i]!
      const { steps: paperSteps, ...own } = full.entries[i - 1]!
      assert.deepEqual(same, own)
      assert.ok(steps >= paperSteps, `${steps} updates`)
      assert.equal(momentum, same.figure === 2 ? 0.9 : undefined)
    }
  })
  it('keeps within its budgets: an hour and a half for figures 1, 2 and 4, three minutes in miniature', () => {
    const minutes = (x: typeof full, ...of: readonly number[]) =>
      [...x.entries.filter(e => of.includes(e.figure)), ...statesRuns(x).map(s => s.begun)].reduce(
        (sum, e) => sum + secondsOf(e) / 60,
        0,
      )
    assert.ok(minutes(full, 1, 2) < 80, `${minutes(full, 1, 2)}`)
    assert.ok(minutes(quick, 1, 2, 3) < 1, `${minutes(quick, 1, 2, 3)}`)
  })
  it("has figure 4's runs among figure 2's, and has those of every model", () => {
    for (const x of [full, quick, tiny])
      for (const { whole, begun } of statesRuns(x)) {
        assert.ok(x.entries.includes(whole))
        assert.equal(begun.steps, x.states.updates)
      }
    assert.deepEqual(
      statesRuns(full).map(s => s.whole.model),
      ['urnn', 'lstm', 'rnn', 'irnn'],
    )
  })
})

describe('the runs', () => {
  it('are made once: again, nothing of them is written; with another setting, that run alone is made', async () => {
    const out = join(folder, 'cache')
    const first = await made(paperRun(out))
    assert.deepEqual([first.made, first.cached, first.interrupted], [7, 0, false]) // 5, and 2 of figure 4's
    const then = await files(out)
    const again = await made(paperRun(out))
    assert.deepEqual([again.made, again.cached], [0, 7])
    const now = await files(out)
    assert.deepEqual(below(now, 'runs', 'states'), below(then, 'runs', 'states'))
    assert.ok(below(then, 'states').length === 2)

    const [one, ...others] = tiny.entries
    const other = await made(
      paperRun(out, { experiments: { ...tiny, entries: [{ ...one!, steps: 8 }, ...others] } }),
    )
    assert.deepEqual([other.made, other.cached], [1, 6])
    assert.equal((await made(paperRun(out, { version: '0.0.1' }))).made, 7)
  })

  it('give what no cache and no interruption gives, seed by seed, and the report their mean and range', async () => {
    const two = await made(paperRun(join(folder, 'two'), { seeds: [1, 2], figures: [1] }))
    const finals = two.groups.map(g => g.runs.map(r => finalOf(r)!))
    for (const [k, seed] of [1, 2].entries()) {
      const alone = await made(paperRun(join(folder, `alone${seed}`), { seeds: [seed], figures: [1] }))
      assert.deepEqual(
        alone.groups.map(g => finalOf(g.runs[0]!)),
        finals.map(f => f[k]),
      )
    }
    const html = await readFile(two.report, 'utf8')
    assert.match(html, /seeds 1, 2/)
    for (const f of finals) {
      const { mean, least, most } = spread(f)!
      for (const x of [mean, least, most]) assert.ok(html.includes(`<td>${x.toPrecision(3)}</td>`), String(x))
    }
    assert.deepEqual(spread([3, 1, 2]), { mean: 2, least: 1, most: 3 })
    assert.equal(spread([]), undefined)
    // A run that is kept without its updates still tells how many there were, and how long they took.
    for (const run of two.groups.flatMap(g => g.runs)) {
      assert.deepEqual(progressOf({ ...run, records: [] }).step, progressOf(run).step)
      const { step, seconds } = progressOf({ ...run, result: undefined })
      assert.ok(
        step === progressOf(run).step && Math.abs(seconds - progressOf(run).seconds) <= 1e-9 * seconds,
        run.config.model,
      )
    }
  })

  it('that are stopped go on where they were left, and the report says which are not done', async () => {
    const out = join(folder, 'stopped')
    const controller = new AbortController()
    let steps = 0
    const terminal = {
      ...quiet(),
      result: (line: string) => {
        if (JSON.parse(line).kind === 'step' && ++steps === 9) controller.abort()
      },
    }
    const context = { terminal, json: true, signal: controller.signal }
    const stopped = await made(paperRun(out, { context }))
    assert.deepEqual([stopped.interrupted, stopped.made], [true, 1])
    assert.match(
      await readFile(stopped.report, 'utf8'),
      /copying, T = 2, LSTM, seed 1: not done; the same command/,
    )
    assert.equal(isMet(stopped.groups[2]!), undefined)
    const rest = await made(paperRun(out))
    assert.deepEqual([rest.made, rest.cached], [6, 1])
    const whole = await made(paperRun(join(folder, 'cache')))
    assert.deepEqual(
      rest.groups.map(g => g.runs.map(finalOf)),
      whole.groups.map(g => g.runs.map(finalOf)),
    )
    assert.doesNotMatch(await readFile(rest.report, 'utf8'), /not done/)
  })

  it('killed in the middle end, made again, where an uninterrupted one does, bit for bit', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('child.ts', import.meta.url)), killed],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let last = 0
    let text = ''
    child.stdout.on('data', d => {
      text += d
      const lines = text.split('\n')
      text = lines.pop()!
      for (const line of lines) {
        const record = JSON.parse(line)
        if (record.kind === 'step') last = record.step
        if (record.kind === 'saved' && record.step > 50) child.kill('SIGKILL')
      }
    })
    const signal = await new Promise(resolve => child.on('close', (_, s) => resolve(s)))
    assert.equal(signal, 'SIGKILL')
    assert.ok(last > 50 && last < 400, `killed after step ${last}`)

    const only = { experiments: long, figures: [1] as const }
    const seen: string[] = []
    const terminal = { ...quiet(), result: (line: string) => void seen.push(line) }
    const rest = await made(
      paperRun(killed, { ...only, context: { terminal, json: true, signal: new AbortController().signal } }),
    )
    const started = JSON.parse(seen[0]!)
    assert.ok(started.kind === 'started' && started.step > 50, `goes on from step ${started.step}`)
    assert.deepEqual([rest.made, rest.interrupted], [1, false])
    await made(paperRun(whole, only))
    const run = async (out: string) => {
      const [name, ...others] = await readdir(join(out, 'runs'))
      assert.equal(others.length, 0)
      const at = join(out, 'runs', name!)
      const records = parseRecords(await readFile(join(at, 'metrics.jsonl'), 'utf8'))
      assert.ok(E.isRight(records))
      return {
        name,
        state: await readFile(join(at, 'checkpoints', 'run-final.safetensors')),
        losses: records.right.flatMap(r =>
          r.kind === 'step' || r.kind === 'evaluation' ? [[r.kind, r.step, r.loss]] : [],
        ),
      }
    }
    assert.deepEqual(await run(killed), await run(whole))
  })

  it('begin again where the checkpoint cannot be read, and say so', async () => {
    const out = join(folder, 'broken')
    const context = { terminal: quiet(), json: false, signal: new AbortController().signal }
    const first = await made(paperRun(out, { figures: [1] }))
    const [name] = await readdir(join(out, 'runs'))
    await rm(join(out, 'runs', name!, 'result.json'))
    await writeFile(join(out, 'runs', name!, 'checkpoints', 'run-latest.safetensors'), 'nothing')
    const again = await made(paperRun(out, { figures: [1], context }))
    assert.equal(again.made, 1)
    assert.match(context.terminal.notes.join('\n'), /begins again: cannot go on from the checkpoint/)
    assert.deepEqual(
      again.groups.map(g => g.runs.map(finalOf)),
      first.groups.map(g => g.runs.map(finalOf)),
    )
  })

  it('are made again where their metrics are lost or broken, and say so', async () => {
    const out = join(folder, 'lost')
    const first = await made(paperRun(out, { figures: [1] }))
    const names = (await readdir(join(out, 'runs'))).toSorted()
    await rm(join(out, 'runs', names[0]!, 'metrics.jsonl'))
    await writeFile(join(out, 'runs', names[1]!, 'metrics.jsonl'), 'nothing\n')
    await writeFile(join(out, 'runs', names[2]!, 'metrics.jsonl'), '')
    const left = join(out, 'runs', names[0]!, 'checkpoints', '.run-latest.safetensors.99999999')
    await writeFile(left, 'half')
    const context = { terminal: quiet(), json: false, signal: new AbortController().signal }
    const again = await made(paperRun(out, { figures: [1], context }))
    assert.deepEqual([again.made, again.cached], [3, 0])
    assert.equal(context.terminal.notes.join('\n').match(/metrics\.jsonl is lost or broken/g)?.length, 3)
    assert.deepEqual(
      again.groups.map(g => g.runs.map(finalOf)),
      first.groups.map(g => g.runs.map(finalOf)),
    )
    await assert.rejects(stat(left))
    assert.equal((await made(paperRun(out, { figures: [1] }))).cached, 3)
  })

  it('of few images hold out what there is, and are named by the pixels there are', async () => {
    const data = await writeFiles(join(folder, 'images'))
    const images = { ...entry, figure: 3 as const, task: 'pixels' as const, lag: 784, heldOut: 100 }
    const experiments = { ...tiny, entries: [{ ...images, bar: 0 }] }
    const { groups } = await made(paperRun(join(folder, 'few'), { experiments, figures: [3], data }))
    assert.deepEqual(
      groups.map(g => [g.entry.lag, g.runs[0]!.config.lag, g.runs[0]!.config.heldOut]),
      [[6, 6, 2]],
    )
    assert.match((await readdir(join(folder, 'few', 'runs'))).join(), /^pixels-6-urnn/)
  })

  it('that fail leave a report of those that are finished', async () => {
    const out = join(folder, 'failing')
    const far = planOne({ ...entry, lag: 3 }, 1, paperRun(out))
    assert.ok(E.isRight(far))
    await mkdir(join(out, 'runs'), { recursive: true })
    await writeFile(far.right.folder.path, 'in the way')
    const experiments = { ...tiny, entries: [entry, { ...entry, lag: 3 }] }
    const result = await runPaper(paperRun(out, { experiments, figures: [1] }))
    assert.ok(E.isLeft(result))
    assert.match(result.left, /cannot create the folder .*; what is finished is in .*report\.html/)
    const html = await readFile(join(out, 'report.html'), 'utf8')
    assert.match(html, /copying, T = 2/)
    assert.match(html, /copying, T = 3, uRNN, seed 1: not done/)
  })

  it('that diverge are a result, and miss what is expected of them', async () => {
    const out = join(folder, 'diverged')
    const experiments = { ...tiny, entries: [{ ...entry, learningRate: 1e300 }] }
    const result = await made(paperRun(out, { experiments, figures: [1] }))
    assert.equal(result.groups[0]!.runs[0]!.result?.reason, 'diverged')
    assert.equal(isMet(result.groups[0]!), false)
    assert.match(await readFile(result.report, 'utf8'), /copying, T = 2, uRNN, seed 1: diverged at update/)
    assert.equal((await made(paperRun(out, { experiments, figures: [1] }))).cached, 1)
  })

  it('of a task that is not to be had are left out, with a line that says so', async () => {
    const nowhere = { ...entry, figure: 3 as const, task: 'nothing' as 'pixels' }
    const experiments = { ...tiny, entries: [entry, nowhere] }
    const terminal = quiet()
    const context = { terminal, json: false, signal: new AbortController().signal }
    const result = await made(paperRun(join(folder, 'skip'), { experiments, figures: [1, 3], context }))
    assert.deepEqual(result.skipped, [{ figure: 3, why: 'there is no task "nothing" here' }])
    assert.match(terminal.notes.join('\n'), /figure 3 is skipped: there is no task "nothing" here/)
    assert.match(await readFile(result.report, 'utf8'), /Figure 3 is not in this report: there is no task/)
    const wrong = { ...tiny, entries: [{ ...entry, task: 'nothing' as 'pixels' }] }
    assert.ok(E.isLeft(await runPaper(paperRun(join(folder, 'wrong'), { experiments: wrong }))))
  })
})

describe('the report', () => {
  it('has the figures, every curve, what was reached beside the paper, parameters and settings, in one file', async () => {
    const { report, groups } = await made(paperRun(join(folder, 'cache')))
    const html = await readFile(report, 'utf8')
    for (const text of [
      'Figure 1: Copying memory',
      'Figure 2: Adding',
      'Figure 4: Gradients and hidden states',
      'copying, T = 2',
      'copying, T = 3',
      'adding, T = 4',
      '(i) gradients, before training',
      '(ii) gradients, after 2 updates',
      '(iii) norms of hidden states',
      '(iv) distance to the last hidden state',
      'cross-entropy (nats a step)',
      'mean squared error',
      'training examples',
      '‖∂C/∂h[t]‖',
      'baseline without memory',
      '<td>solved</td>',
      '<td>below the baseline</td>',
      'learningRate = 0.001',
      'clip = 1',
    ])
      assert.ok(html.includes(text), text)
    for (const g of groups) assert.ok(html.includes(`<td>${g.runs[0]!.parameters}</td>`))
    assert.doesNotMatch(html, /(src|href)=|@import|url\((?!#)/)
    assert.doesNotMatch(html, /NaN|undefined|Infinity/)
    // uRNN and LSTM, uRNN, uRNN and RNN, and both of these in each of figure 4's panels
    const curves = html.match(/<g [^>]*aria-label="line"/g) ?? []
    assert.equal(curves.length, 2 + 1 + 2 + 4 * 2)
    const names = await readdir(join(folder, 'cache'))
    assert.deepEqual(names.toSorted(), [
      'figure-1.svg',
      'figure-2.svg',
      'figure-4.svg',
      'report.html',
      'runs',
      'states',
    ])
    const svg = await readFile(join(folder, 'cache', 'figure-4.svg'), 'utf8')
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[\s\S]*<\/svg>$/)
    assert.equal(svg.split('<svg ').length - 1, 1 + 4)
  })

  it('writes powers of ten, and nothing for other numbers', () => {
    assert.deepEqual([1e-12, 0.001, 1, 10, 1e3, 2].map(powerOfTen), [
      '10⁻¹²',
      '10⁻³',
      '10⁰',
      '10¹',
      '10³',
      '',
    ])
  })
  it('expects of what remains that it goes as what was done', () => {
    assert.equal(remaining(100, 0, 3), 100)
    assert.equal(remaining(100, 25, 50), 150)
  })
})

describe('the command', () => {
  const run = async (...args: readonly string[]) => {
    const terminal = quiet()
    const code = await parseval(['paper', ...args], terminal)
    return { code, out: terminal.results.join('\n'), err: terminal.notes.join('\n') }
  }
  it('is quick in miniature, ends with 0, and does nothing the second time', async () => {
    const out = join(folder, 'command')
    const first = await run('--quick', '--figure', '4', '--out', out)
    assert.equal(first.code, 0, first.err)
    assert.match(first.out, /report: .*report\.html/)
    const before = await files(out)
    const second = await run('--quick', '--figure', '4', '--out', out)
    assert.equal(second.code, 0)
    assert.match(second.err, /8 of 8 runs are done already/)
    assert.deepEqual(below(await files(out), 'runs', 'states'), below(before, 'runs', 'states'))
  })
  it('refuses seeds beyond the last, and says that it is the seed', async () => {
    const last = String(Number.MAX_SAFE_INTEGER)
    const { code, err } = await run('--quick', '--seed', last, '--seeds', '2', '--out', join(folder, 'far'))
    assert.equal(code, 2)
    assert.match(err, /--seeds 2: with --seed 9007199254740991 they go beyond 9007199254740991/)
    const planned = planOne(entry, 2 ** 53, paperRun(folder))
    assert.ok(E.isLeft(planned))
    assert.match(planned.left, /^the seed 9007199254740992 is out of range: it must be a whole number/)
  })
  it('ends with 1 where it cannot write', async () => {
    const { code, err } = await run('--quick', '--figure', '1', '--out', '/proc/parseval')
    assert.equal(code, 1)
    assert.match(err, /cannot create the folder/)
  })
})
