/** From text to functions: the inverse of `print`. Types are inferred again, and annotations held to them. */
import * as E from 'fp-ts/lib/Either.js'
import { decodeAttributes, isOp, opNames } from './attributes.ts'
import { argument, type Expr, type Func, func, make, type Param } from './expr.ts'
import { infer } from './infer.ts'
import { nearest } from './nearest.ts'
import type { Op } from './ops.ts'
import { type Token, type TokenKind, tokens } from './tokens.ts'
import { sameType, showType, type TensorType, type Type, tensor } from './type.ts'

/** What is wrong with a text, and where. */
export interface ParseError {
  readonly kind: 'ParseError'
  /** Both from 1 up. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/* Like a typing rule, a broken one of grammar leaves by throwing this, which `parse` catches. */
interface Failure {
  readonly at: Token
  readonly failure: string
}
const isFailure = (e: unknown): e is Failure => typeof e === 'object' && e !== null && 'failure' in e
const fail = (at: Token, failure: string): never => {
  throw { at, failure } satisfies Failure
}

const end: Token = { kind: 'end', text: '', line: 1, column: 1 }
const quote = (token: Token): string => {
  if (token.kind === 'end') return 'the end of the text'
  return token.text === '"' ? 'a string without an end' : `'${token.text.slice(0, 40)}'`
}

/** A place in the words, which moves on. */
interface Reader {
  readonly peek: () => Token
  readonly next: () => Token
  readonly sees: (text: string) => boolean
  /** Passes the word if it comes next. */
  readonly skips: (text: string) => boolean
  readonly expect: (text: string) => Token
  readonly take: (kind: TokenKind, what: string) => Token
}

const reader = (words: readonly Token[]): Reader => {
  let at = 0
  const peek = (): Token => words[Math.min(at, words.length - 1)] ?? end
  const next = (): Token => {
    const token = peek()
    at++
    return token
  }
  const sees = (text: string): boolean => peek().text === text && peek().kind !== 'string'
  const expect = (text: string): Token =>
    sees(text) ? next() : fail(peek(), `${quote(peek())} where '${text}' is due`)
  return {
    peek,
    next,
    sees,
    expect,
    skips: text => sees(text) && next().text === text,
    take: (kind, what) =>
      peek().kind === kind ? next() : fail(peek(), `${quote(peek())} where ${what} is due`),
  }
}

/** Items with commas between them, up to the closing mark, which is passed. */
const list = <A>(r: Reader, close: string, item: () => A): readonly A[] => {
  const items: A[] = []
  if (r.skips(close)) return items
  do items.push(item())
  while (r.skips(','))
  r.expect(close)
  return items
}

const isNumber = (token: Token): boolean =>
  token.kind === 'number' || (token.kind === 'name' && token.text === 'inf')

const number = (r: Reader): number => {
  if (!isNumber(r.peek())) return fail(r.peek(), `${quote(r.peek())} where a number is due`)
  return Number(r.next().text.replace(/∞|inf/, 'Infinity'))
}

const name = (r: Reader, what: string): string => {
  const token = r.peek()
  if (token.kind === 'name') return r.next().text
  r.take('string', what)
  const text = E.tryCatch(
    () => JSON.parse(token.text) as string,
    () => token,
  )
  return E.isRight(text) ? text.right : fail(token, `${quote(token)} is no string as JSON has them`)
}

const tensorType = (r: Reader): TensorType => {
  const rate = r.skips('varying') ? 'varying' : 'uniform'
  const at = r.take('name', 'a type')
  const field = at.text
  if (field !== 'real' && field !== 'complex' && field !== 'index')
    return fail(at, `there is no type ${quote(at)}${nearest(field, ['real', 'complex', 'index', 'unitary'])}`)
  let bound = 0
  if (field === 'index') {
    r.expect('<')
    bound = number(r)
    r.expect('>')
  }
  r.expect('[')
  return tensor(
    field,
    list(r, ']', () => number(r)),
    rate,
    bound,
  )
}

const anyType = (r: Reader): Type => {
  if (r.skips('(')) return { kind: 'tuple', items: list(r, ')', () => tensorType(r)) }
  if (r.sees('unitary')) return unitaryType(r, 'uniform')
  if (!r.sees('varying')) return tensorType(r)
  r.next()
  return r.sees('unitary') ? unitaryType(r, 'varying') : { ...tensorType(r), rate: 'varying' }
}
const unitaryType = (r: Reader, rate: 'uniform' | 'varying'): Type => {
  r.expect('unitary')
  r.expect('(')
  const size = number(r)
  r.expect(')')
  return { kind: 'unitary', size, rate }
}

const attributeValue = (r: Reader, funcs: ReadonlyMap<string, Func>): unknown => {
  if (isNumber(r.peek())) return number(r)
  if (r.skips('[')) return list(r, ']', () => number(r))
  if (r.skips('true')) return true
  if (r.skips('false')) return false
  const at = r.take('function', 'a number, a list of numbers, a flag or a function')
  return (
    funcs.get(at.text) ??
    fail(at, `there is no function ${at.text} before this${nearest(at.text, [...funcs.keys()])}`)
  )
}

const attributes = (r: Reader, funcs: ReadonlyMap<string, Func>): ReadonlyMap<string, unknown> => {
  const values = new Map<string, unknown>()
  if (!r.skips('{')) return values
  list(r, '}', () => {
    const at = r.take('name', 'an attribute')
    if (values.has(at.text)) fail(at, `${at.text} is given twice`)
    values.set(at.text, r.skips('=') ? attributeValue(r, funcs) : true)
  })
  return values
}

/** What names stand for inside one function. */
interface Scope {
  readonly params: readonly Param[]
  readonly values: ReadonlyMap<string, Expr>
  readonly funcs: ReadonlyMap<string, Func>
}

const operand = (r: Reader, { params, values }: Scope): Expr => {
  const at = r.peek()
  if (at.kind === 'value') {
    r.next()
    return values.get(at.text) ?? fail(at, `${at.text} has no value yet`)
  }
  const wanted = name(r, 'an operand')
  const index = params.findIndex(p => p.name === wanted)
  const param =
    params[index] ??
    fail(
      at,
      `there is no parameter ${wanted.slice(0, 40)}${nearest(
        wanted,
        params.map(p => p.name),
      )}`,
    )
  return argument(index, param.type)
}

const opName = (r: Reader): Op => {
  const at = r.take('name', 'an op')
  return isOp(at.text)
    ? at.text
    : fail(at, `there is no op ${at.text.slice(0, 40)}${nearest(at.text, opNames)}`)
}

/** `%0 = add x, y {…} : type`; where there are operands the type may be left out. */
const binding = (r: Reader, scope: Scope): readonly [string, Expr] => {
  const target = r.take('value', 'a value or return')
  if (scope.values.has(target.text)) fail(target, `${target.text} has a value already`)
  r.expect('=')
  const at = r.peek()
  const op = opName(r)
  const args: Expr[] = []
  if (!r.sees('{') && !r.sees(':'))
    do args.push(operand(r, scope))
    while (r.skips(','))
  const given = attributes(r, scope.funcs)
  const isTyped = op === 'arg' || op === 'constant'
  const isMarked = isTyped || r.sees(':')
  if (isMarked) r.expect(':')
  const typeAt = r.peek()
  const type = isMarked ? anyType(r) : undefined
  const typed = isTyped ? new Map([...given, ['type', type] as const]) : given
  const decoded = decodeAttributes(op, typed)
  if (E.isLeft(decoded)) return fail(at, `${op} ${decoded.left}`)
  const made = make(op, args, decoded.right)
  if (E.isLeft(made)) return fail(at, `${op} ${made.left.message}`)
  const e: Expr = made.right
  if (type !== undefined && !sameType(e.type, type))
    fail(typeAt, `${op} has type ${showType(e.type)} here, not ${showType(type)}`)
  if (e.op === 'arg') {
    const param = scope.params[e.attributes.index]
    if (param === undefined || !sameType(param.type, e.type))
      fail(at, `there is no parameter ${e.attributes.index} of type ${showType(e.type)}`)
  }
  return [target.text, e]
}

const parameter = (r: Reader, names: Set<string>): Param => {
  const nameAt = r.peek()
  const text = name(r, 'a parameter')
  if (names.has(text)) fail(nameAt, `there are two parameters ${quote(nameAt)}`)
  r.expect(':')
  const at = r.peek()
  const type = tensorType(r)
  const checked = infer('arg', [], { index: names.size, type })
  if (E.isLeft(checked)) return fail(at, checked.left)
  names.add(text)
  return { name: text, type }
}

const result = (r: Reader, scope: Scope): Expr => {
  const at = r.peek()
  const e = operand(r, scope)
  return e.type.kind === 'tensor' ? e : fail(at, `a function's results are tensors, not ${showType(e.type)}`)
}

const definition = (r: Reader, funcs: ReadonlyMap<string, Func>): readonly [string, Func] => {
  r.expect('func')
  const title = r.take('function', "a function's name, such as @main,")
  if (funcs.has(title.text)) fail(title, `${title.text} is there already`)
  r.expect('(')
  const names = new Set<string>()
  const params = list(r, ')', () => parameter(r, names))
  r.expect('{')
  const values = new Map<string, Expr>()
  const scope: Scope = { params, values, funcs }
  while (!r.sees('return')) values.set(...binding(r, scope))
  r.expect('return')
  const results = list(r, '}', () => result(r, scope))
  return [title.text, func(params, results)]
}

/** The version of the textual form. */
export const textVersion = 1

/** A line that says so, for text that is kept in a file; `parse` refuses other versions. */
export const textHeader = `// parseval-ir ${textVersion}`

const header = /^\s*\/\/ parseval-ir (\S*)/

/** The last function of the text; those before it are for its scans. */
export const parse = (text: string): E.Either<ParseError, Func> => {
  const [, version = String(textVersion)] = header.exec(text) ?? []
  if (version !== String(textVersion))
    return E.left({
      kind: 'ParseError',
      line: 1,
      column: 1,
      message: `this is version ${version.slice(0, 20)} of the textual form, and this Parseval reads version ${textVersion}: write the program again with it, or take the Parseval that wrote it`,
    })
  try {
    const r = reader(tokens(text))
    const funcs = new Map<string, Func>()
    let last: Func
    do {
      const [title, f] = definition(r, funcs)
      funcs.set(title, f)
      last = f
    } while (r.peek().kind !== 'end')
    return E.right(last)
  } catch (e) {
    if (!isFailure(e)) throw e
    return E.left({ kind: 'ParseError', line: e.at.line, column: e.at.column, message: e.failure })
  }
}
