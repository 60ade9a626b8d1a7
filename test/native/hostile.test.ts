/** Plans that are wrong: an error that says where, never a crash. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { NativeProgram } from '../../src/backend/native/addon.ts'
import { type Plan, type Segment, tape } from '../../src/backend/native/plan.ts'
import { addon, fft, instruction, loop, map, plan, program, transform, uniform, varying } from './plans.ts'

/** One of everything. */
const everything: Plan = plan({
  units: { uniform: 80, varying: 80 },
  constants: [1, 2],
  inputs: [
    { name: 'a', rate: 'uniform', offset: 0, units: 20, bound: 0 },
    { name: 'b', rate: 'varying', offset: 0, units: 20, bound: 0 },
    { name: 'i', rate: 'varying', offset: 20, units: 1, bound: 4 },
  ],
  outputs: [
    { rate: 'uniform', offset: 20, units: 20 },
    { rate: 'varying', offset: 40, units: 20 },
  ],
  updates: [{ output: 0, input: 0 }],
  permutations: [
    [2, 0, 1],
    [4, 2, 0, 3, 1],
  ],
  segments: [
    {
      rate: 'uniform',
      instructions: [
        instruction('copy', [uniform(20), uniform(0)], [10, 2]),
        fft(7, 0, uniform(40), uniform(0)),
        instruction('logSumExp', [uniform(60), uniform(0)], [5]),
      ],
      reductions: [],
    },
    {
      rate: 'varying',
      instructions: [
        instruction('fill', [varying(60)], [5, 2, 0, 1]),
        loop(3, true, [
          loop(2, false, [
            map(
              4,
              [[varying(40, 4, -2), 2, 1]],
              [
                [varying(0, 0, 0), 2, 1],
                [uniform(0, 0, 0), 1, 0],
              ],
              2,
              [
                ['constant', 2, 2, 0, 1],
                ['mul', 2, 3, 2, 0],
                ['scale', 2, 4, 1, 3],
              ],
            ),
          ]),
          instruction('sum', [varying(60, 0), varying(0, 2)], [3, 2]),
          instruction('dot', [varying(62, 0), varying(0, 2), uniform(0, 2)], [3, 2]),
          instruction('matvec', [varying(64, 0), uniform(0, 0), varying(0, 2)], [2, 3, 1, 0]),
          instruction('transpose', [varying(66, 0), uniform(0, 0)], [2, 3, 1]),
          instruction('outer', [varying(66, 0), varying(0, 0), uniform(0, 0)], [2, 3, 1, 1, 1]),
          instruction('contract', [varying(66, 0), varying(0, 2), uniform(0, 1)], [2, 3, 2, 1, 1, 0]),
          instruction('contract', [varying(66, 0), uniform(0, 0), varying(0, 3)], [3, 1, 2, 2, 0, 1]),
          instruction('take', [varying(72, 0), uniform(0, 0), varying(20, 0)], [4, 2]),
          instruction('put', [varying(72, 0), uniform(0, 0), varying(20, 0)], [4, 2, 1]),
          instruction('permute', [varying(40, 0), varying(0, 0)], [0]),
          fft(5, 1, varying(40, 0), uniform(0, 0)),
          instruction('batchSize', [varying(79, 0)], []),
          map(
            5,
            [[varying(50, 0), 2, 0]],
            [
              [varying(0, 0), 2, 1, 1],
              [uniform(0, 0), 2, 1, 1],
            ],
            0,
            [['conjMul', 2, 2, 0, 1]],
          ),
          transform(
            5,
            0,
            {
              outputs: [
                [varying(24, 0), 1, 0],
                [varying(26, 1), 2, 1],
              ],
              inputs: [
                [varying(0, 0), 2, 1, 1],
                [uniform(0, 2), 2, 1],
              ],
              temporaries: 1,
              micros: [
                ['mul', 2, 2, 0, 1],
                ['modulus', 1, 3, 2],
                ['move', 2, 4, 2],
              ],
              result: 2,
            },
            {
              outputs: [
                [varying(40, 0), 2, 1],
                [varying(52, 0), 2, 0],
              ],
              inputs: [[varying(60, 0), 2, 1]],
              micros: [
                ['move', 2, 2, 0],
                ['conjMul', 2, 3, 1, 0],
              ],
            },
          ),
        ]),
      ],
      reductions: [{ from: 40, to: 60, units: 4, reduced: false }],
    },
  ],
})

const run = async (p: NativeProgram): Promise<void> => {
  const timer = setInterval(() => p.cancel(), 50)
  try {
    p.write(0, new Float64Array(20).fill(1))
    await p.run(9, [null, new Float64Array(180).fill(0.5), new Float64Array(9).fill(2)], 2)
  } catch (error) {
    assert.ok(error instanceof Error)
  } finally {
    clearInterval(timer)
  }
}

const { code, constants } = tape(everything)
const make = (c: Int32Array, k: Float64Array = constants): NativeProgram =>
  new addon.Program(c, k, { precision: 'single' })

describe('a tape that is not a plan', () => {
  it('the whole one runs', async () => {
    const p = make(code)
    p.write(0, new Float64Array(20).fill(1))
    await p.run(9, [null, new Float64Array(180), new Float64Array(9)], 2)
  })
  it('is refused when it ends early, wherever that is', () => {
    for (let n = 0; n < code.length; n++)
      assert.throws(() => make(code.slice(0, n)), /the tape ends|attributes/, `${n}`)
    assert.throws(() => make(Int32Array.of(...code, 0)), /1 integers follow/)
    assert.throws(() => make(code, new Float64Array(1)), /constant 1 is named; there are 1/)
  })
  it('runs or is refused when any of its integers is another', async () => {
    const odd = [-(2 ** 31), -1, 0, 1, 2, 7, 2 ** 24, 2 ** 30, 2 ** 31 - 1]
    for (let n = 0; n < code.length; n++)
      for (const other of [...odd, code[n]! - 1, code[n]! + 1, -code[n]!]) {
        const changed = code.slice()
        changed[n] = other
        let p: NativeProgram
        try {
          p = make(changed)
        } catch (error) {
          assert.ok(error instanceof Error && error.message.length > 10)
          continue
        }
        await run(p)
      }
  })
  it('runs or is refused when several are', async () => {
    const place = fc.nat(code.length - 1)
    const small = fc.integer({ min: -4, max: 100 })
    const other = fc.oneof(
      { weight: 5, arbitrary: small },
      { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(place, other), { minLength: 1, maxLength: 4 }), async changes => {
        const changed = code.slice()
        for (const [n, v] of changes) changed[n] = v
        let p: NativeProgram
        try {
          p = make(changed)
        } catch (error) {
          assert.ok(error instanceof Error)
          return
        }
        await run(p)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a plan that is wrong', () => {
  const segment = (rate: 'uniform' | 'varying', ...instructions: Segment['instructions']): Plan =>
    plan({
      units: { uniform: 10, varying: 10 },
      constants: [1],
      segments: [{ rate, instructions, reductions: [] }],
    })
  const fill = (offset: number, ...strides: number[]) =>
    instruction('fill', [uniform(offset, ...strides)], [1, 1, 0, 0])
  const constantElement = { temporaries: 1, micros: [['constant', 2, 0, 0, 0]] } as const
  type Places = Parameters<typeof map>[1]
  const permuted = (outputs: Places, input: Places[number]): Plan => ({
    ...segment('uniform', map(3, outputs, [input], 0, [['move', 1, 1, 0]])),
    permutations: [
      [2, 0, 1],
      [1, 0],
    ],
  })
  const cases: readonly [string, Plan, RegExp][] = [
    [
      'an operand outside',
      segment('uniform', fill(0), fill(10)),
      /segment 0, instruction 1 \(fill\): operand 0 \(to\) spans units 10 to 11 of the uniform arena, which has 10/,
    ],
    [
      'a stride that leads outside',
      segment('uniform', loop(4, false, [fill(0, 3), fill(2, 3)])),
      /instruction 2 \(fill\): .*2 to 12/,
    ],
    ['a stride that leads below', segment('uniform', loop(4, false, [fill(8, -3)])), /-1 to 9/],
    [
      'strides that overflow',
      segment('uniform', loop(2 ** 30, false, [loop(2 ** 30, false, [fill(0, 2 ** 31 - 1, 2 ** 31 - 1)])])),
      /too large/,
    ],
    ['a loop too long', segment('uniform', loop(2 ** 31 - 1, false, [])), /more than 2\^30/],
    ['a loop of negative length', segment('uniform', loop(2 ** 31, false, [])), /negative/],
    [
      'loops too deep',
      segment(
        'uniform',
        [1, 2, 3, 4, 5, 6, 7, 8, 9].reduce((body, _) => loop(1, false, [body]), loop(1, false, [])),
      ),
      /deeper than 8/,
    ],
    [
      'varying in uniform',
      segment('uniform', instruction('copy', [uniform(0), varying(0)], [1, 1])),
      /varying, in a uniform segment/,
    ],
    [
      'uniform written in varying',
      segment('varying', instruction('copy', [uniform(0), varying(0)], [1, 1])),
      /writes varying operands only/,
    ],
    ['no transform', segment('uniform', fft(0, 0, uniform(0), uniform(2))), /size 0/],
    [
      'a transform larger than its arenas',
      segment('uniform', transform(2 ** 30, 0, { ...constantElement, result: 0 }, {})),
      /transform of size 1073741824, larger than the arenas/,
    ],
    [
      'a transform of a real register',
      segment('uniform', transform(2, 0, { inputs: [[uniform(0), 1, 1]], result: 0 }, {})),
      /register 0, which is transformed, is not complex/,
    ],
    [
      'a transform of nothing',
      segment('uniform', transform(2, 0, { temporaries: 1, result: 0 }, {})),
      /is never written/,
    ],
    [
      'the element written',
      segment('uniform', transform(2, 0, { ...constantElement, result: 0 }, { micros: [['neg', 2, 0, 0]] })),
      /register 0 is an input/,
    ],
    [
      'attributes that nobody reads',
      segment('uniform', {
        ...fft(2, 0, uniform(0), uniform(4)),
        attributes: [...fft(2, 0, uniform(0), uniform(4)).attributes, 7],
      }),
      /has 23 attributes, of which 22 have a meaning/,
    ],
    [
      'no permutation',
      {
        ...segment('uniform'),
        permutations: [
          [1, 0],
          [1, 1],
        ],
      },
      /permutation 1: takes 1 twice/,
    ],
    [
      'a permutation too far',
      { ...segment('uniform'), permutations: [[0, 2]] },
      /an entry is 2; there are 2/,
    ],
    [
      'a permutation there is not',
      segment('uniform', instruction('permute', [uniform(0), uniform(4)], [0])),
      /permutation 0 is named; there are 0/,
    ],
    [
      'a permutation in a program there is not',
      permuted([[uniform(0), 1, 1]], [uniform(4), 1, 1, 2]),
      /permutation 2 is named; there are 2/,
    ],
    [
      'a permutation of another length',
      permuted([[uniform(0), 1, 1]], [uniform(4), 1, 1, 1]),
      /operand 1 has a permutation of 2 for 3 elements/,
    ],
    [
      'a permutation with a step',
      permuted([[uniform(0), 1, 1]], [uniform(4), 1, 2, 0]),
      /operand 1 has a permutation and step 2/,
    ],
    [
      'an output with a permutation',
      permuted([[uniform(0), 1, 1, 0]], [uniform(4), 1, 1]),
      /operand 0 is an output with a permutation/,
    ],
    [
      'a permuted input outside',
      permuted([[uniform(0), 1, 1]], [uniform(8), 1, 1, 0]),
      /operand 1 \(input\) spans units 8 to 11/,
    ],
    [
      'a permuted input that is written over',
      permuted([[uniform(0), 1, 1]], [uniform(2), 1, 1, 0]),
      /output operand 0 overlaps operand 1, which is read through a permutation/,
    ],
    [
      'too many micro-ops',
      segment(
        'uniform',
        map(
          1,
          [[uniform(0), 1, 1]],
          [[uniform(2), 1, 1]],
          0,
          Array.from({ length: 300 }, () => ['neg', 1, 1, 0]),
        ),
      ),
      /more than 256 micro-ops/,
    ],
    [
      'a width',
      segment('uniform', instruction('dot', [uniform(0), uniform(4), uniform(4)], [2, 3])),
      /neither 1 nor 2/,
    ],
    [
      'a missing operand',
      segment('uniform', instruction('dot', [uniform(0), uniform(4)], [2, 1])),
      /2 operands instead of 3/,
    ],
    [
      'a missing attribute',
      segment('uniform', instruction('batchSize', [uniform(0)], [1])),
      /1 attributes instead of 0/,
    ],
    [
      'a register not written',
      segment('uniform', map(1, [[uniform(0), 1, 1]], [], 1, [['move', 1, 1, 0]])),
      /read before/,
    ],
    ['an output not written', segment('uniform', map(1, [[uniform(0), 1, 1]], [], 1, [])), /never written/],
    [
      'an input written',
      segment('uniform', map(1, [[uniform(0), 1, 1]], [[uniform(1), 1, 1]], 0, [['move', 1, 0, 0]])),
      /is an input/,
    ],
    [
      'a width mixed up',
      segment('uniform', map(1, [[uniform(0), 1, 1]], [[uniform(2), 2, 1]], 0, [['move', 1, 1, 0]])),
      /has width 2, where 1/,
    ],
    [
      'an output of another width',
      segment('uniform', map(1, [[uniform(0), 2, 1]], [[uniform(2), 1, 1]], 0, [['move', 1, 1, 0]])),
      /output of width 2/,
    ],
    [
      'a form there is not',
      segment('uniform', map(1, [[uniform(0), 2, 1]], [[uniform(2), 2, 1]], 0, [['relu', 2, 1, 0]])),
      /relu has no form of width 2/,
    ],
    [
      'a reduction in uniform',
      {
        ...segment('uniform'),
        segments: [
          { rate: 'uniform', instructions: [], reductions: [{ from: 0, to: 0, units: 1, reduced: false }] },
        ],
      },
      /belong to varying/,
    ],
    [
      'a reduction outside',
      {
        ...segment('uniform'),
        segments: [
          { rate: 'varying', instructions: [], reductions: [{ from: 8, to: 0, units: 3, reduced: false }] },
        ],
      },
      /reduction 0: reaches unit 11 of the varying/,
    ],
    [
      'an input outside',
      { ...segment('uniform'), inputs: [{ name: 'x', rate: 'uniform', offset: 8, units: 3, bound: 0 }] },
      /input 0: reaches unit 11/,
    ],
    [
      'another version',
      { ...segment('uniform'), version: 99 as 5 },
      /version 99; this engine runs version 5/,
    ],
  ]
  for (const [what, wrong, message] of cases)
    it(`is refused: ${what}`, () => {
      assert.throws(() => program(wrong), message)
    })
})
