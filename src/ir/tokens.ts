/** The words of the IR's textual form. */

export type TokenKind = 'string' | 'number' | 'value' | 'function' | 'name' | 'mark' | 'end' | 'stray'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Both from 1 up. */
  readonly line: number
  readonly column: number
}

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/* Where the first character from `at` on stands that `other` matches. A pattern for all before it would keep a place to go
   back to for each, and runs out of room for them in a word of millions. */
const until = (other: RegExp, text: string, at: number): number => {
  other.lastIndex = at
  return other.exec(text)?.index ?? text.length
}

const noSpace = /\S/g
const noLetter = /[^\p{L}\p{N}_.']/gu
const noDottedLetter = /[^\p{L}\p{N}_.]/gu
const noPlainLetter = /[^\p{L}\p{N}_]/gu
const noDigit = /[^0-9]/g
const noText = /["\\\n]/g

/** Where the spaces and comments from `at` on end. */
const afterGap = (text: string, at: number): number => {
  for (let from = at; ; ) {
    const to = until(noSpace, text, from)
    if (!text.startsWith('//', to)) return to
    const end = text.indexOf('\n', to)
    from = end < 0 ? text.length : end
  }
}

/** Where a string that begins at `at` ends; `at` if it does not. */
const afterString = (text: string, at: number): number => {
  for (let from = at + 1; ; ) {
    const to = until(noText, text, from)
    if (text[to] === '"') return to + 1
    if (text[to] !== '\\' || matchAt(escaped, text, to) === '') return at
    from = to + 2
  }
}
const escaped = /\\./y

/** Where the digits from `at` on end, with `before`, which they need; `at` if there are none. */
const afterDigits = (before: RegExp, text: string, at: number): number => {
  const from = at + matchAt(before, text, at).length
  return from === at ? at : until(noDigit, text, from)
}

const afterNumber = (text: string, at: number): number => {
  const word = matchAt(wordNumber, text, at)
  if (word !== '') return at + word.length
  const whole = afterDigits(firstDigit, text, at)
  return whole === at ? at : afterDigits(firstOfPower, text, afterDigits(firstDecimal, text, whole))
}
const wordNumber = /-?∞|-inf(?![\p{L}\p{N}_.'])/uy
const firstDigit = /-?[0-9]/y
const firstDecimal = /\.[0-9]/y
const firstOfPower = /[eE][+-]?[0-9]/y

/** Where a word that begins with `first` ends; `at` if there is none. */
const afterWord =
  (first: RegExp, other: RegExp) =>
  (text: string, at: number): number => {
    const begin = matchAt(first, text, at)
    return begin === '' ? at : until(other, text, at + begin.length)
  }

const afterMatch =
  (pattern: RegExp) =>
  (text: string, at: number): number =>
    at + matchAt(pattern, text, at).length

/* Each: where a word of the kind that begins at a place ends. */
const words: readonly (readonly [TokenKind, (text: string, at: number) => number])[] = [
  ['string', (text, at) => (text[at] === '"' ? afterString(text, at) : at)],
  ['number', afterNumber],
  ['value', afterWord(/%[\p{L}\p{N}_]/uy, noPlainLetter)],
  ['function', afterWord(/@[\p{L}\p{N}_.]/uy, noDottedLetter)],
  ['name', afterWord(/[\p{L}_]/uy, noLetter)],
  ['mark', afterMatch(/[(){}[\]<>,:=]/y)],
  ['stray', afterMatch(/./suy)],
]

/** All words, then one `end`. Characters that begin no word are words of their own, and `stray`. */
export const tokens = (text: string): readonly Token[] => {
  const found: Token[] = []
  let at = 0
  let line = 1
  let lineStart = 0
  for (;;) {
    const gap = text.slice(at, afterGap(text, at))
    for (let i = gap.indexOf('\n'); i >= 0; i = gap.indexOf('\n', i + 1)) {
      line++
      lineStart = at + i + 1
    }
    at += gap.length
    const column = at - lineStart + 1
    if (at >= text.length) {
      found.push({ kind: 'end', text: '', line, column })
      return found
    }
    for (const [kind, after] of words) {
      const end = after(text, at)
      if (end === at) continue
      found.push({ kind, text: text.slice(at, end), line, column })
      at = end
      break
    }
  }
}
