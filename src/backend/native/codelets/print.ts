/** Codelets as C++, on the vectors of native/lanes.h. */
import type { Variant } from './codelet.ts'
import type { Counts } from './counts.ts'
import type { Name, Operation, Term } from './operations.ts'

const digits = 20

/** Names as the text has them: constants by their size, results in the order in which they are computed. */
interface Names {
  readonly value: ReadonlyMap<Name, string>
  readonly constant: ReadonlyMap<number, string>
}

const constantName = (x: number): string => `k${x.toFixed(9).replace('.', '_')}`

const factors = (o: Operation): readonly (number | Name)[] =>
  o.op === 'sum' ? o.terms.flatMap(t => (t.factor === undefined ? [] : [t.factor])) : []

const namesOf = (operations: readonly Operation[]): Names => {
  const sums = operations.flatMap(o => (o.op === 'sum' ? [o.to] : []))
  const numbers = operations.flatMap(factors).filter(f => typeof f === 'number')
  return {
    value: new Map(sums.map((name, i) => [name, `t${i}`])),
    constant: new Map([...new Set(numbers)].sort((a, b) => a - b).map(x => [x, constantName(x)])),
  }
}

const product = (names: Names, { value, factor }: Term): string => {
  const text = names.value.get(value) ?? value
  if (factor === undefined) return text
  return `${typeof factor === 'number' ? names.constant.get(factor) : factor} * ${text}`
}

const sum = (names: Names, terms: readonly Term[]): string => {
  const [first, second] = terms
  if (!first) throw new Error('an empty sum')
  if (!second) return `${first.negative ? '-' : ''}${product(names, first)}`
  if (!first.negative)
    return `${product(names, first)} ${second.negative ? '-' : '+'} ${product(names, second)}`
  return `${product(names, second)} - ${product(names, first)}`
}

const lines = (names: Names, operations: readonly Operation[]): string[] => {
  const introduced = new Set<Name>()
  return operations.flatMap(o => {
    if (o.op === 'load') return [`const Complex<K> x${o.index} = load(${o.index});`]
    if (o.op === 'store') {
      const [re, im] = [o.re, o.im].map(name => names.value.get(name) ?? name)
      return [`store(${o.index}, Complex<K>{${re}, ${im}});`]
    }
    const twiddles = factors(o).filter(f => typeof f === 'string')
    const fresh = twiddles.filter(name => !introduced.has(name))
    for (const name of fresh) introduced.add(name)
    return [
      ...fresh.map(name => `const V ${name} = splat<K>(w[${name.slice(1)}]);`),
      `const V ${names.value.get(o.to)} = ${sum(names, o.terms)};`,
    ]
  })
}

export const countsText = (c: Counts): string =>
  `${c.additions} additions, ${c.multiplications} multiplications, ${c.fused} fused multiply-adds`

export const functionText = (
  n: number,
  variant: Variant,
  c: Counts,
  operations: readonly Operation[],
): string => {
  const names = namesOf(operations)
  const head = [...names.constant].map(
    ([x, name]) => `constexpr Scalar<K> ${name} = Scalar<K>(${x.toPrecision(digits)});`,
  )
  const twiddles = variant === 'dft' ? '' : ', const Scalar<K> *w'
  return `// ${countsText(c)}
template <class K, class Load, class Store>
PARSEVAL_INLINE void ${variant}${n}(const Load &load, const Store &store${twiddles}) {
  using V = typename K::Vector;
${[...head, ...lines(names, operations)].map(line => `  ${line}\n`).join('')}}
`
}
