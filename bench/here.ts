/** Places and programs that the rivals need. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import type { Command, Contender } from './contender.ts'

/** A file of this folder. */
export const here = (...path: readonly string[]): string =>
  join(fileURLToPath(new URL('.', import.meta.url)), ...path)

let folder: string | undefined

/** A folder for what is compiled here; gone at the end. */
export const buildFolder = (): string => {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'parseval-bench-'))
    process.on('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return folder
}

const execute = promisify(execFile)

/** What a program prints, or why it failed. */
export const output = async (
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<E.Either<string, string>> => {
  try {
    return E.right((await execute(file, args, { env, maxBuffer: 1 << 28 })).stdout)
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    return E.left((stderr || message).trim().split('\n').slice(0, 3).join(' '))
  }
}

const compilers = { cc: process.env.CC ?? 'gcc', cxx: process.env.CXX ?? 'g++' } as const

export interface Build {
  readonly name: string
  readonly language: keyof typeof compilers
  readonly args: readonly string[]
}

const built = new Map<string, Promise<E.Either<string, string>>>()

/** The program, compiled once. */
export const build = ({ name, language, args }: Build): Promise<E.Either<string, string>> => {
  const known = built.get(name)
  if (known !== undefined) return known
  const to = join(buildFolder(), name)
  const made = output(compilers[language], [...args, '-o', to]).then(E.map(() => to))
  built.set(name, made)
  return made
}

/** A contender that is a script of Python's: PARSEVAL_PYTHON names the interpreter that has its packages. */
export const python = (name: string, script: string, args: readonly string[], remedy: string): Contender => ({
  name,
  command: async () =>
    E.right<string, Command>({
      file: process.env.PARSEVAL_PYTHON ?? 'python3',
      args: [here('peers', script), ...args],
      remedy,
    }) as E.Either<string, Command>,
})

let compiledScripts: Promise<E.Either<string, string>> | undefined

/** Ours as users run it: package and scripts compiled to JavaScript, once, into a folder that is laid out as the package. */
const compiled = (): Promise<E.Either<string, string>> => {
  compiledScripts ??= (async () => {
    const to = join(buildFolder(), 'package')
    const args = [here('../node_modules/typescript/bin/tsc'), '-p', here(), '--outDir', to]
    const made = await output(process.execPath, args)
    if (E.isLeft(made)) return made
    for (const name of ['package.json', 'node_modules', 'build'])
      symlinkSync(here('..', name), join(to, name))
    return E.right(join(to, 'bench'))
  })()
  return compiledScripts
}

/** A script of ours. */
export const script = async (name: string, ...args: readonly string[]): Promise<E.Either<string, Command>> =>
  E.map(
    (folder: string): Command => ({ file: process.execPath, args: [join(folder, `${name}.js`), ...args] }),
  )(await compiled())
