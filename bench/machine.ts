/** Which machine it was, and how busy. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { loadAddon } from '../src/backend/native/addon.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  /** Those that matter here, and those that the engine uses. */
  readonly instructionSets: readonly string[]
  readonly engine: readonly string[]
  readonly node: string
  readonly system: string
  readonly date: string
  /** Mean number of busy threads over the last minute, ours not yet among them. */
  readonly load: number
}

const interesting = [
  'sse2',
  'sse4_2',
  'avx',
  'f16c',
  'fma',
  'avx2',
  'avx512f',
  'avx512dq',
  'avx512vl',
  'asimd',
  'neon',
]

/* As Linux tells them; elsewhere nothing. */
const information = (): string => {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}

export const machine = (): Machine => {
  const text = information()
  const value = (name: string): string => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(text)?.[1] ?? ''
  const flags = value('flags').split(' ')
  const addon = loadAddon()
  const family = value('cpu family')
  return {
    cpu: `${cpus()[0]?.model ?? 'unknown'}${family === '' ? '' : `, family ${family}, model ${value('model')}`}`,
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    instructionSets: interesting.filter(f => flags.includes(f)),
    engine: E.isRight(addon) ? addon.right.features().isa : [],
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 16),
    load: Math.round(loadavg()[0]! * 100) / 100,
  }
}
