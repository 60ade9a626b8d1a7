/** `parseval run <program>`: a program run once on numbers from a file, or on random ones. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import type { Param } from '../ir/expr.ts'
import { nearest } from '../ir/nearest.ts'
import { reals, showType, type TensorType, tensor } from '../ir/type.ts'
import { stream } from '../random.ts'
import { settings } from '../train/config.ts'
import { readBytes } from '../train/file.ts'
import { selectBackend } from './execute.ts'
import { type ExitCode, exitCode, failed, type Refusal, usage } from './exit.ts'
import { modelChoices } from './modelFile.ts'
import { decodeOption, defaults, givenSettings, type Raw, type SettingFlag, withSettings } from './options.ts'
import { lookedAt, subjectOf } from './subject.ts'
import type { Terminal } from './terminal.ts'
import { numbersOf, textOf } from './values.ts'

const options: readonly SettingFlag[] = ['precision', 'threads', 'backend']

const examples = `
Examples:
  $ parseval run filter.ir --input numbers.json     {"theta": [0, 1], "x": [[[1, 0], [0, 1]]]}
  $ parseval run filter.json --random 1             numbers in ±1 for whatever --input does not give
  $ parseval run ./filter.ts --grad --random 1 --batch 3

Numbers are nested lists: complex ones as [re, im], those of varying parameters with the examples first; what JSON has no
number for is "inf", "-inf" or "nan". Results are one JSON object on stdout: {"results": [{"type": …, "values": …}]}.`

type Given = Readonly<Record<string, unknown>>

const inputs = async (path: unknown): Promise<E.Either<Refusal, Given>> => {
  if (typeof path !== 'string') return E.right({})
  const bytes = await readBytes(resolve(path))()
  if (E.isLeft(bytes)) return E.left(failed(bytes.left))
  const json = E.tryCatch(
    (): unknown => JSON.parse(new TextDecoder().decode(bytes.right)),
    e => failed(`--input ${path}: ${e instanceof Error ? e.message : String(e)}`),
  )
  if (E.isLeft(json)) return json
  const { right: given } = json
  return typeof given === 'object' && given !== null && !Array.isArray(given)
    ? E.right(given as Given)
    : E.left(failed(`--input ${path}: must be an object with the parameters' numbers by name`))
}

const drawn = ({ name, type }: Param, batch: number, seed: number): Float64Array => {
  const s = stream(seed, `input ${name}`)
  const n = reals(type) * (type.rate === 'varying' ? batch : 1)
  return Float64Array.from({ length: n }, () =>
    type.field === 'index' ? s.integer(0, type.bound - 1) : s.real(-1, 1),
  )
}

interface Numbers {
  readonly batch: number
  readonly data: ReadonlyMap<string, Float64Array>
}

/** Every parameter's numbers: as given, else drawn if there is a seed. */
const numbersFor = (
  params: readonly Param[],
  given: Given,
  batchGiven: number | undefined,
  seed: number | undefined,
): E.Either<string, Numbers> => {
  const names = params.map(p => p.name)
  const stray = Object.keys(given).find(name => !names.includes(name))
  if (stray !== undefined)
    return E.left(`there is no parameter "${stray}"${nearest(stray, names)} (${names.join(', ')})`)
  const data = new Map<string, Float64Array>()
  let batch = batchGiven
  for (const { name, type } of params) {
    if (!Object.hasOwn(given, name)) continue
    const numbers = numbersOf(type, given[name])
    if (E.isLeft(numbers)) return E.left(`"${name}" ${numbers.left}`)
    if (type.rate === 'varying' && numbers.right.examples !== (batch ?? numbers.right.examples))
      return E.left(`"${name}" has ${numbers.right.examples} examples, not ${batch}`)
    if (type.rate === 'varying') batch = numbers.right.examples
    data.set(name, numbers.right.data)
  }
  const missing = params.filter(p => !data.has(p.name))
  if (seed === undefined && missing.length > 0)
    return E.left(
      `no numbers for ${missing.map(p => `"${p.name}" (${showType(p.type)})`).join(', ')}: give them with --input FILE, or have them drawn with --random SEED`,
    )
  for (const p of missing) {
    const numbers = E.tryCatch(
      () => drawn(p, batch ?? 1, seed ?? 0),
      () => `"${p.name}" is ${showType(p.type)}, more numbers than there is memory for`,
    )
    if (E.isLeft(numbers)) return numbers
    data.set(p.name, numbers.right)
  }
  return E.right({ batch: batch ?? 1, data })
}

interface Result {
  readonly type: TensorType
  readonly data: Float64Array
}

/** The results as JSON, in pieces that end where JSON may have a new line. */
function* jsonOf(results: readonly Result[], batch: number): Generator<string> {
  yield '{"results":['
  for (const [k, { type, data }] of results.entries()) {
    yield `${k === 0 ? '' : ','}{"type":${JSON.stringify(showType(type))},"values":`
    yield* textOf(type, data, batch)
    yield '}'
  }
  yield ']}'
}

/* One line, unless that is more than a string can hold. */
function* lines(pieces: Iterable<string>): Generator<string> {
  let line = ''
  for (const piece of pieces) {
    if (line.length > longest) {
      yield line
      line = ''
    }
    line += piece
  }
  yield line
}
const longest = 2 ** 26

const run = async (model: string, raw: Raw, terminal: Terminal): Promise<E.Either<Refusal, ExitCode>> => {
  const { input, random, batch: batchText, grad, ...rest } = raw
  const given = givenSettings(rest)
  if (E.isLeft(given)) return given
  const seed = random === undefined ? E.right(undefined) : decodeOption(settings.seed, 'random', random)
  if (E.isLeft(seed)) return seed
  const wanted =
    batchText === undefined ? E.right(undefined) : decodeOption(settings.batch, 'batch', batchText)
  if (E.isLeft(wanted)) return wanted
  const numbersGiven = await inputs(input)
  if (E.isLeft(numbersGiven)) return numbersGiven
  const aspect = grad === true ? 'gradient' : 'forward'
  const subject = await subjectOf(model, lookedAt({}), { recurrent: aspect, program: aspect })()
  if (E.isLeft(subject)) return E.left(failed(subject.left))
  const { program } = subject.right
  const { params, results } = program.func
  const numbers = numbersFor(params, numbersGiven.right, wanted.right, seed.right)
  if (E.isLeft(numbers)) return E.left(usage(numbers.left))
  const { batch, data } = numbers.right

  const selected = selectBackend(given.right.backend, given.right.precision, terminal)
  if (E.isLeft(selected)) return selected
  const { backend, precision } = selected.right
  const threads = given.right.threads ?? defaults.threads
  const session = backend.start(program, { precision, threads })
  if (E.isLeft(session)) return E.left(failed(session.left.message))
  const varying: Record<string, Float64Array> = {}
  for (const { name, type } of params) {
    const values = data.get(name) ?? new Float64Array()
    if (type.rate === 'varying') varying[name] = values
    else {
      const kept = session.right.write(name, values)
      if (E.isLeft(kept)) return E.left(failed(kept.left.message))
    }
  }
  const ran = await session.right.run(batch, varying)()
  if (E.isLeft(ran)) return E.left(failed(ran.left.message))
  const shown = results.map((r, k) => ({
    type: r.type.kind === 'tensor' ? r.type : tensor('real'),
    data: ran.right[k] ?? new Float64Array(),
  }))
  for (const line of lines(jsonOf(shown, batch))) terminal.result(line)
  return E.right(exitCode.ok)
}

/** Adds the command; `done` is told how it ended. */
export const addRun = (
  program: Command,
  terminal: Terminal,
  done: (result: E.Either<Refusal, ExitCode>) => void,
): void => {
  const command = program
    .command('run')
    .summary('run a program once')
    .description(
      'Runs a program (of a recurrent model: its loss on copying memory) once, and prints its results.',
    )
    .argument('<model>', modelChoices)
    .option('--input <FILE>', "JSON with the parameters' numbers by name")
    .option('--random <seed>', 'draw the numbers that --input does not give')
    .option('--batch <B>', 'examples (default: as many as --input has, else 1)')
    .option('--grad', 'the value and the gradient')
  withSettings(command, options)
    .addHelpText('after', examples)
    .action(async (model: string, raw: Raw) => done(await run(model, raw, terminal)))
}
