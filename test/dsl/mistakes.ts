/**
 * Mistakes that people make, each once. The line that is to blame stands under `// here`; `mistakes.txt` holds what
 * each says, word for word.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Backend, Numbers } from '../../src/backend/backend.ts'
import { elaborate, type Input } from '../../src/dsl/elaborate.ts'
import * as t from '../../src/dsl/term.ts'
import type { Func, TypeMismatch } from '../../src/ir/expr.ts'
import { type ParseError, parse } from '../../src/ir/parse.ts'
import { fromNumbers } from '../../src/ir/tensor.ts'
import { complex, index, real, type TensorType, varying } from '../../src/ir/type.ts'
import { urnn } from '../../src/models/urnn.ts'
import { gradient } from '../../src/passes/differentiate.ts'

const types: Readonly<Record<string, TensorType>> = {
  s: real(),
  x: real(3),
  y: real(4),
  z: complex(3),
  A: real(3, 4),
  C: complex(3, 3),
  i: index(5),
  v: varying(real(3)),
  xs: varying(real(10, 3)),
}
const terms = Object.fromEntries(Object.keys(types).map(name => [name, t.declared(name)]))
const s = terms.s as t.Real
const x = terms.x as t.Real
const y = terms.y as t.Real
const z = terms.z as t.Complex
const A = terms.A as t.Real
const i = terms.i as t.Index
const v = terms.v as t.Real
const xs = terms.xs as t.Real
const inputs: readonly Input[] = Object.entries(types).map(([name, type]) => ({
  name,
  type,
  term: terms[name]!,
}))

/** What no type of TypeScript's allows, and JavaScript does. */
// biome-ignore lint/suspicious/noExplicitAny: the mistakes of programs without types
const js = t as any
// biome-ignore lint/suspicious/noExplicitAny: the same
const jsReal = real as any

const model = (result: () => t.Term, more: readonly Input[] = []): E.Either<TypeMismatch, Func> =>
  elaborate([...inputs, ...more], [result()])

/** Mistakes in a model. */
export const inModels: Readonly<Record<string, () => E.Either<TypeMismatch, Func>>> = {
  'wrong length': () =>
    model(() => {
      // here
      return t.add(x, y)
    }),
  'a vector where a matrix meets it': () =>
    model(() => {
      // here
      return t.add(A, y)
    }),
  'real and complex added': () =>
    model(() => {
      // here
      return js.add(z, x)
    }),
  'real and complex multiplied': () =>
    model(() => {
      // here
      return js.mul(x, z)
    }),
  'complex where real is due': () =>
    model(() => {
      // here
      return js.relu(z)
    }),
  'real where complex is due': () =>
    model(() => {
      // here
      return js.modRelu(x, x)
    }),
  'an index as a number': () =>
    model(() => {
      // here
      return js.exp(i)
    }),
  'a number as an index': () =>
    model(() => {
      // here
      return js.take(A, s)
    }),
  'an index that counts too far': () =>
    model(() => {
      // here
      return t.take(y, i)
    }),
  'wrong rank': () =>
    model(() => {
      // here
      return t.logSumExp(A)
    }),
  'a scalar where a vector is due': () =>
    model(() => {
      // here
      return t.slice(s, 0, 1)
    }),
  'a matrix where it should be adjoint': () =>
    model(() => {
      // here
      return t.matvec(A, x)
    }),
  'an adjoint where it should be none': () =>
    model(() => {
      // here
      return t.matvecAdjoint(A, y)
    }),
  'a real matrix with a complex vector': () =>
    model(() => {
      // here
      return js.matvec(A, z)
    }),
  'a vector where a matrix is due': () =>
    model(() => {
      // here
      return t.matvec(x, x)
    }),
  'a vector where a unitary is due': () =>
    model(() => {
      // here
      return js.apply(z, z)
    }),
  'angles where a unitary is due': () =>
    model(() => {
      // here
      return js.apply(t.compose(t.dft(3), js.add(x, 1)), z)
    }),
  'a matrix where a unitary is due': () =>
    model(() => {
      // here
      return js.adjoint(A)
    }),
  'a unitary where a vector is due': () =>
    model(() => {
      // here
      return js.abs(t.dft(3))
    }),
  'a transform of another size': () =>
    model(() => {
      // here
      return t.apply(t.dft(4), z)
    }),
  'factors of different sizes': () =>
    model(() => {
      // here
      const u = t.compose(t.phase(x), t.dft(4), t.reflect(z))
      return t.apply(u, z)
    }),
  'parameters of different sizes in a product': () =>
    model(() => {
      // here
      const u = t.compose(t.phase(x), t.phase(y))
      return t.apply(u, z)
    }),
  'no permutation': () =>
    model(() => {
      // here
      const u = t.permute([0, 2, 2])
      return t.apply(u, z)
    }),
  'a permutation that counts from 1': () =>
    model(() => {
      // here
      const u = t.permute([3, 1, 2])
      return t.apply(u, z)
    }),
  'a transform of size 0': () =>
    model(() => {
      // here
      const u = t.dft(0)
      return t.apply(u, z)
    }),
  'a slice that is out of range': () =>
    model(() => {
      // here
      return t.slice(y, 2, 3)
    }),
  'a slice of nothing': () =>
    model(() => {
      // here
      return t.slice(y, 2, 0)
    }),
  'a concatenation of real and complex': () =>
    model(() => {
      // here
      return js.concat(x, z)
    }),
  'a concatenation of a vector and a matrix': () =>
    model(() => {
      // here
      return t.concat(y, A)
    }),
  'another number of entries': () =>
    model(() => {
      // here
      return t.reshape(A, 3, 3)
    }),
  'a repetition along the last axis': () =>
    model(() => {
      // here
      return t.broadcast(x, 3, 4)
    }),
  'a sum over axes there are not': () =>
    model(() => {
      // here
      return t.sum(x, 2)
    }),
  'a sum over examples of what is the same for all': () =>
    model(() => {
      // here
      return t.batchSum(x)
    }),
  'a sum over examples in a loop': () =>
    model(() => {
      // here
      const { stack } = t.scan({
        carry: {},
        over: { xs },
        step: (_, e) => ({ carry: {}, stack: { total: t.batchSum(e.xs) } }),
      })
      return stack.total
    }),
  'a number that is none': () =>
    model(() => {
      // here
      return t.mul(x, 0 / 0)
    }),
  'a negative epsilon': () =>
    model(() => {
      // here
      return t.modRelu(z, x, -1e-5)
    }),
  'a state that changes its shape': () =>
    model(() => {
      // here
      const { carry } = t.scan({
        carry: { h: x },
        over: { xs },
        step: ({ h }, e) => ({ carry: { h: t.sum(t.mul(h, e.xs)) }, stack: {} }),
      })
      return carry.h
    }),
  'a state that changes its field': () =>
    model(() => {
      // here
      const { carry } = js.scan({
        carry: { h: x },
        over: {},
        length: 2,
        step: ({ h }: { h: t.Real }) => ({ carry: { h: t.toComplex(h) }, stack: {} }),
      })
      return carry.h
    }),
  'a state without a next value': () =>
    model(() => {
      // here
      const { carry } = js.scan({
        carry: { h: x },
        over: { xs },
        step: ({ h }: { h: t.Real }) => ({ carry: { g: h }, stack: {} }),
      })
      return carry.h
    }),
  'a state behind its loop': () => {
    const kept: t.Term[] = []
    return model(() => {
      // here
      t.scan({
        carry: { h: x },
        over: { xs },
        step: ({ h }, e) => {
          kept.push(h)
          return { carry: { h: t.add(h, e.xs) }, stack: {} }
        },
      })
      return kept[0]!
    })
  },
  'deep inside a loop in a loop': () =>
    model(() => {
      const { carry } = t.scan({
        carry: { h: x },
        over: { xs },
        step: outer => {
          const inner = t.scan({
            carry: { g: outer.h },
            over: {},
            length: 2,
            step: ({ g }) => ({
              carry: {
                // here
                g: t.add(g, y),
              },
              stack: {},
            }),
          })
          return { carry: { h: inner.carry.g }, stack: {} }
        },
      })
      return carry.h
    }),
  'an output that is a unitary': () =>
    model(() => {
      // here
      const { stack } = js.scan({
        carry: {},
        over: { xs },
        step: () => ({ carry: {}, stack: { u: t.dft(3) } }),
      })
      return stack.u
    }),
  'a state that is a unitary': () =>
    model(() => {
      // here
      const { carry } = js.scan({
        carry: { u: t.dft(3) },
        over: { xs },
        step: ({ u }: { u: t.Unitary }) => ({ carry: { u }, stack: {} }),
      })
      return carry.u
    }),
  'sequences of different lengths': () =>
    model(() => {
      // here
      const { carry } = t.scan({
        carry: { h: x },
        over: { xs, A },
        step: ({ h }, e) => ({ carry: { h: t.add(h, e.xs) }, stack: {} }),
      })
      return carry.h
    }),
  'a loop without a length': () =>
    model(() => {
      // here
      const { carry } = t.scan({
        carry: { h: x },
        over: {},
        step: ({ h }) => ({ carry: { h: t.sin(h) }, stack: {} }),
      })
      return carry.h
    }),
  'a parameter that is not passed': () =>
    model(() => {
      // here
      const bias = t.declared<'real'>('vv')
      return t.add(x, bias)
    }),
  'a parameter declared again': () =>
    model(() => {
      // here
      const again = t.declared<'real'>('x')
      return t.add(x, again)
    }),
  'two parameters of one name': () => {
    // here
    const other = t.declared<'real'>('x')
    return model(() => t.add(x, other), [{ term: other, name: 'x', type: real(3) }])
  },
  'one term for two parameters': () => model(() => x, [{ term: v, name: 'w', type: real(3) }]),
  'a parameter of no size': () => {
    // here
    const w = t.declared<'real'>('w')
    return model(() => w, [{ term: w, name: 'w', type: real(0) }])
  },
  'an index without a bound': () => {
    // here
    const k = t.declared<'index'>('k')
    return model(() => t.take(y, k), [{ term: k, name: 'k', type: index(0) }])
  },
  'something that is no term': () =>
    model(() => {
      // here
      return js.add(x, 'y')
    }),
  'a word as a number': () =>
    model(() => {
      // here
      return js.number('a')
    }),
  'no number at all': () =>
    model(() => {
      // here
      return js.number()
    }),
  'a permutation that is none': () =>
    model(() => {
      // here
      return t.apply(js.permute(), z)
    }),
  'a list of sizes that is not spread': () =>
    model(() => {
      // here
      return js.reshape(y, [2, 2])
    }),
  'a type of a list': () => {
    // here
    const w = t.declared<'real'>('w')
    return model(() => w, [{ term: w, name: 'w', type: jsReal([3]) }])
  },
  'nothing where a term is due': () =>
    model(() => {
      // here
      return js.sin(terms.bias)
    }),
  'a unitary as a result': () =>
    model(() => {
      // here
      return t.dft(3)
    }),
  'a model without units': () => {
    // here
    const made = urnn({ hidden: 0, reads: { kind: 'vector', size: 3 }, writes: 1, seed: 1 })
    return elaborate([...made.parameters, ...inputs], [made.output(made.step(made.initial, v))])
  },
}

const right = <A>(e: E.Either<unknown, A>): A => {
  if (E.isRight(e)) return e.right
  throw new Error(JSON.stringify(e.left))
}
const fitted = right(elaborate(inputs, [t.batchSum(t.sum(t.mul(v, x)))]))
const unfitted = right(elaborate(inputs, [t.mul(x, 2)]))

/** Gradients of what has none. */
export const inGradients: Readonly<Record<string, () => E.Either<{ readonly message: string }, unknown>>> = {
  'of a vector': () => gradient(unfitted, [0]),
  'of no result': () => gradient({ ...fitted, results: [] }, [0]),
  'by a parameter there is not': () => gradient(fitted, [40]),
  'by an index': () => gradient(fitted, [6]),
}

const program = (line: string): string =>
  `func @main(theta: real[4], z: complex[4], i: index<5>[]) {\n  ${line}\n  return %0\n}\n`

/** Mistakes in the textual form. */
export const inText: Readonly<Record<string, () => E.Either<ParseError, Func>>> = Object.fromEntries(
  Object.entries({
    'a misspelt op': '%0 = sigmiod theta : real[4]',
    'a misspelt parameter': '%0 = sin thetta : real[4]',
    'a misspelt attribute': '%0 = slice theta {begin = 0, length = 2} : real[2]',
    'a missing attribute': '%0 = sum theta : real[]',
    'a wrong annotation': '%0 = abs z : complex[4]',
    'a misspelt type': '%0 = sin theta : reel[4]',
    'a wrong operand': '%0 = modRelu theta, theta {epsilon = 0} : complex[4]',
    'a value before its time': '%0 = add theta, %1 : real[4]',
    'a missing type': '%0 = constant {re = 1}',
  }).map(([name, line]) => [name, () => parse(program(line))]),
)

/** Mistakes in what a program is run on, whichever backend runs it. */
export const inData: Readonly<
  Record<string, (backend: Backend) => Promise<E.Either<{ readonly message: string }, unknown>>>
> = {
  'an array that is too long': async backend => started(backend).write('x', new Float64Array(4)),
  'a misspelt parameter': async backend => started(backend).write('AA', new Float64Array(12)),
  'an input of each run, set once': async backend => started(backend).write('v', new Float64Array(3)),
  'NaN in a parameter': async backend => started(backend).write('x', Float64Array.of(1, Number.NaN, 2)),
  '∞ in a parameter': async backend =>
    started(backend).write('x', Float64Array.of(1, 2, Number.POSITIVE_INFINITY)),
  'a batch without an input': async backend => run(backend, 2, { V: new Float64Array(6) }),
  'a batch of another size': async backend =>
    run(backend, 3, { v: new Float64Array(6), xs: new Float64Array(90) }),
}
/** Mistakes in tensors. */
export const inTensors: Readonly<Record<string, () => E.Either<string, unknown>>> = {
  'too few numbers': () => fromNumbers(complex(3), [1, 2, 3]),
  'an index beyond its bound': () => fromNumbers(index(5, 2), [4, 5]),
}

const started = (backend: Backend) =>
  right(backend.start({ func: fitted, updates: [] }, { precision: 'double', threads: 1 }))
const run = async (backend: Backend, batch: number, data: Readonly<Record<string, Numbers>>) => {
  const session = started(backend)
  for (const [name, type] of Object.entries(types))
    if (type.rate === 'uniform')
      right(
        session.write(
          name,
          new Float64Array(type.shape.reduce((n, d) => n * d, type.field === 'complex' ? 2 : 1)),
        ),
      )
  return session.run(batch, data)()
}
