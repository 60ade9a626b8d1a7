/** The words of the IR's textual form. */

export type TokenKind = 'string' | 'number' | 'value' | 'function' | 'name' | 'mark' | 'end' | 'stray'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Both from 1 up. */
  readonly line: number
  readonly column: number
}

const space = /(?:\s|\/\/[^\n]*)+/y
const words: readonly (readonly [TokenKind, RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"/y],
  ['number', /-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|∞)|-inf(?![\p{L}\p{N}_.'])/uy],
  ['value', /%[\p{L}\p{N}_]+/uy],
  ['function', /@[\p{L}\p{N}_.]+/uy],
  ['name', /[\p{L}_][\p{L}\p{N}_.']*/uy],
  ['mark', /[(){}[\]<>,:=]/y],
  ['stray', /./suy],
]

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/** All words, then one `end`. Characters that begin no word are words of their own, and `stray`. */
export const tokens = (text: string): readonly Token[] => {
  const found: Token[] = []
  let at = 0
  let line = 1
  let lineStart = 0
  for (;;) {
    const gap = matchAt(space, text, at)
    for (let i = gap.indexOf('\n'); i >= 0; i = gap.indexOf('\n', i + 1)) {
      line++
      lineStart = at + i + 1
    }
    at += gap.length
    const column = at - lineStart + 1
    if (at >= text.length) return [...found, { kind: 'end', text: '', line, column }]
    for (const [kind, pattern] of words) {
      const word = matchAt(pattern, text, at)
      if (word === '') continue
      found.push({ kind, text: word, line, column })
      at += word.length
      break
    }
  }
}
