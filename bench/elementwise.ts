/** Elementwise expressions of users beside loops written by hand. */
import * as E from 'fp-ts/lib/Either.js'
import type { Contender } from './contender.ts'
import { duel } from './duel.ts'
import { expressions } from './expressions.ts'
import { build, here, script } from './here.ts'
import type { Row } from './row.ts'

const ours: Contender = { name: 'parseval', command: () => script('pointwise') }

const byHand: Contender = {
  name: 'loops by hand',
  command: async () =>
    E.map((file: string) => ({ file, args: [] }))(
      await build({
        name: 'pointwise',
        language: 'cxx',
        args: ['-std=c++17', '-Ofast', '-march=native', here('peers/pointwise.cc'), '-lmvec', '-lm'],
      }),
    ),
}

const size = 512
const batch = 32

export const elementwiseRows: readonly Row[] = Object.entries(expressions).map(([name, { what }]) => ({
  name: `pointwise-${name}`,
  what: `x ← ${what}, ${size} elements, B = ${batch}, one core, an element`,
  measure: ({ quick }) =>
    duel({
      row: `pointwise-${name}`,
      what: `x ← ${what}, ${size} elements, B = ${batch}`,
      unit: 'ns',
      factor: 1e9,
      ours,
      rivals: [{ contender: byHand, agrees: true, bound: { kind: 'at least', must: 0.5, aim: 1 } }],
      load: { expression: name, size, batch, steps: 2000 },
      rounds: quick ? 9 : 31,
      tolerance: 1e-3,
    }),
}))
