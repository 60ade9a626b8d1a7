/** Our side of the elementwise expressions: a loop that is one, compiled as any program. Speaks what protocol.py says. */
import { createInterface } from 'node:readline'
import { loadAddon } from '../src/backend/native/addon.ts'
import { nativeBackend } from '../src/backend/native/backend.ts'
import { elaborate } from '../src/dsl/elaborate.ts'
import * as d from '../src/dsl/term.ts'
import { real, varying } from '../src/ir/type.ts'
import { type ExpressionName, expressions } from './expressions.ts'
import { right } from './shapes.ts'

interface Case {
  readonly expression: ExpressionName
  readonly size: number
  readonly batch: number
  readonly steps: number
}

/* The data of bench/peers/pointwise.cc. */
const numbers = (count: number, low: number, high: number, turn: number): Float64Array =>
  Float64Array.from({ length: count }, (_, k) => low + (high - low) * (0.5 + 0.5 * Math.sin(turn * (k + 1))))

const backend = right(nativeBackend())

const prepared = ({ expression, size, batch, steps }: Case) => {
  const [x, a, b] = [d.declared<'real'>('x'), d.declared<'real'>('a'), d.declared<'real'>('b')]
  const { carry } = d.scan({
    carry: { x },
    over: {},
    length: steps,
    step: ({ x: at }) => ({ carry: { x: expressions[expression].step(at, a, b) }, stack: {} }),
  })
  const func = right(
    elaborate(
      [
        { name: 'x', term: x, type: varying(real(size)) },
        { name: 'a', term: a, type: real(size) },
        { name: 'b', term: b, type: real(size) },
      ],
      [carry.x],
    ),
  )
  const session = right(backend.start({ func, updates: [] }, { precision: 'single', threads: 1 }))
  right(session.write('a', numbers(size, 2.5, 3.5, 0.7)))
  right(session.write('b', numbers(size, 0, 0.1, 1.3)))
  const data = { x: numbers(size * batch, 0.1, 0.9, 0.37) }
  return async () => {
    const start = performance.now()
    const [y] = right(await session.run(batch, data)())
    return { seconds: (performance.now() - start) / 1000 / (steps * size * batch), y: y! }
  }
}

const say = (answer: unknown): void => console.log(JSON.stringify(answer))

let run: ReturnType<typeof prepared> | undefined
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as { load?: Case; run?: number }
  if (request.load !== undefined) {
    // chaos would make a rounding's difference everything: what is compared comes after a few steps
    const { y } = await prepared({ ...request.load, steps: 3 })()
    run = prepared(request.load)
    await run()
    say({ version: right(loadAddon()).features().isa[0], losses: [1, 5, 77].map(i => y[i]) })
  } else if (request.run !== undefined && run !== undefined) {
    const seconds: number[] = []
    for (let k = 0; k < request.run; k++) seconds.push((await run()).seconds)
    say({ seconds })
  }
}
