/** Codelets as tables of operations, from which the engine makes machine code together with what is fused to them. */
import { inputName, type Name, type Operation, type Term } from './operations.ts'

/** Values by number: re and im of input j are 2j and 2j + 1, results follow in their order. */
const numbers = (size: number, operations: readonly Operation[]): ReadonlyMap<Name, number> => {
  const inputs = Array.from({ length: size }, (_, j) => [inputName(j, 're'), inputName(j, 'im')]).flat()
  const sums = operations.flatMap(o => (o.op === 'sum' ? [o.to] : []))
  return new Map([...inputs, ...sums].map((name, k) => [name, k]))
}

const term = (numbers: ReadonlyMap<Name, number>, { negative, value, factor }: Term): string => {
  const call = `${negative ? 'minus' : 'plus'}(${numbers.get(value)}`
  if (factor === undefined) return `${call})`
  return typeof factor === 'number'
    ? `${call}, ${factor.toPrecision(20)})`
    : `${call}, w(${factor.slice(1)}))`
}

const entry = (numbers: ReadonlyMap<Name, number>, o: Operation): string => {
  switch (o.op) {
    case 'load':
      return `load(${o.index})`
    case 'store':
      return `store(${o.index}, ${numbers.get(o.re)}, ${numbers.get(o.im)})`
    case 'sum':
      return `sum(${o.terms.map(t => term(numbers, t)).join(', ')})`
  }
}

const width = 116

const wrapped = (entries: readonly string[]): string => {
  const lines: string[] = []
  let line = ''
  for (const e of entries) {
    if (line.length + e.length + 2 > width) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? `    ${e},` : ` ${e},`
  }
  return [...lines, line].join('\n')
}

/** The table of this name. */
export const tableText = (name: string, size: number, operations: readonly Operation[]): string => {
  const known = numbers(size, operations)
  return `constexpr CodeletStep ${name}[] = {
${wrapped(operations.map(o => entry(known, o)))}
};
`
}
