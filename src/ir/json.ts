/**
 * Programs as JSON: plain data for other programs to write and read, and for people to edit.
 *
 *     { "format": "parseval-program", "version": 1, "functions": [
 *       { "name": "@main",
 *         "params": [{ "name": "theta", "type": { "field": "real", "shape": [4] } },
 *                    { "name": "h", "type": { "field": "complex", "shape": [4], "rate": "varying" } }],
 *         "values": [{ "op": "phase", "args": ["theta"] },
 *                    { "op": "apply", "args": [0, "h"] }],
 *         "results": [1] }] }
 *
 * An operand is a parameter, by its name, or a value, by its place among the function's values. A scan names its body,
 * a function before it; the last function is the program. `type` is due for constants, and held to where it is given:
 * types are inferred. What JSON has no number for is text: "-0", "inf", "-inf".
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { attributeCodecs, attributeDefaults, decodeAttributes, isOp, opNames } from './attributes.ts'
import { argument, type Expr, type Func, func, make, type Param, type TypeMismatch } from './expr.ts'
import { infer } from './infer.ts'
import { nearest } from './nearest.ts'
import type { Op } from './ops.ts'
import { postorder } from './order.ts'
import { bodiesOf, showNumber } from './print.ts'
import { showType, type TensorType, tensor } from './type.ts'

export const jsonFormat = 'parseval-program'
export const jsonVersion = 1

/** The numbers that JSON has none for, by how they are written. */
export const numberWords: ReadonlyMap<unknown, number> = new Map([
  ['-0', -0],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
])

/** A number; the few that JSON has none for as text. */
const JsonNumber = new t.Type<number, number | string>(
  'a number, "inf", "-inf" or "-0"',
  (u): u is number => typeof u === 'number',
  (u, context) => {
    const number = typeof u === 'number' ? u : numberWords.get(u)
    return number === undefined ? t.failure(u, context) : t.success(number)
  },
  x => (Object.is(x, -0) || !Number.isFinite(x) ? showNumber(x) : x),
)

const JsonType = t.intersection(
  [
    t.type({
      field: t.keyof({ real: null, complex: null, index: null }, 'real, complex or index'),
      shape: t.readonlyArray(t.number, 'a list of numbers'),
    }),
    t.partial({
      rate: t.keyof({ uniform: null, varying: null }, 'uniform or varying'),
      /** Of an index. */
      bound: t.number,
    }),
  ],
  'a type',
)
type JsonType = t.TypeOf<typeof JsonType>

const Operand = t.union([t.string, t.number], "a parameter's name or a value's place")

const JsonAttribute = t.union(
  [JsonNumber, t.boolean, t.readonlyArray(t.number), t.string],
  'a number, a list of numbers, a flag or the name of a function',
)

const JsonValue = t.intersection(
  [
    t.type({ op: t.string, args: t.readonlyArray(Operand, 'a list of operands') }),
    t.partial({
      attributes: t.record(t.string, JsonAttribute, 'attributes by name'),
      type: t.union([JsonType, t.string], 'a type'),
    }),
  ],
  'a value',
)
type JsonValue = t.TypeOf<typeof JsonValue>

const JsonFunction = t.type(
  {
    name: t.string,
    params: t.readonlyArray(
      t.type({ name: t.string, type: JsonType }, 'a parameter'),
      'a list of parameters',
    ),
    values: t.readonlyArray(JsonValue, 'a list of values'),
    results: t.readonlyArray(Operand, 'a list of operands'),
  },
  'a function',
)
type JsonFunction = t.TypeOf<typeof JsonFunction>

const JsonProgram = t.type(
  {
    format: t.literal(jsonFormat),
    version: t.literal(jsonVersion),
    functions: t.readonlyArray(JsonFunction, 'a list of functions'),
  },
  'a program',
)
/** A program as plain data, as `toJson` writes it. */
export type JsonProgram = t.OutputOf<typeof JsonProgram>

/** Why JSON is no program: where in it, and what is wrong. */
export interface JsonError {
  readonly kind: 'JsonError'
  /** `functions[0].values[3].args`; empty for the whole. */
  readonly path: string
  readonly message: string
}

const jsonType = ({ field, shape, rate, bound }: TensorType): JsonType => ({
  field,
  shape,
  ...(rate === 'varying' ? { rate } : {}),
  ...(field === 'index' ? { bound } : {}),
})

const jsonAttributes = (e: Expr, names: ReadonlyMap<Func, string>): JsonValue['attributes'] => {
  const values: Readonly<Record<string, unknown>> = e.attributes
  const given = Object.keys(attributeCodecs[e.op])
    .filter(name => name !== 'type' && !Object.is(values[name], attributeDefaults.get(name)))
    .map(name => [name, names.get(values[name] as Func) ?? values[name]])
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

const jsonFunction = (f: Func, name: string, names: ReadonlyMap<Func, string>): JsonFunction => {
  const nodes = postorder(f.results).filter(e => e.op !== 'arg')
  const places = new Map(nodes.map((e, k) => [e, k]))
  const operand = (e: Expr): string | number =>
    e.op === 'arg' ? (f.params[e.attributes.index]?.name ?? '') : (places.get(e) ?? -1)
  return {
    name,
    params: f.params.map(p => ({ name: p.name, type: jsonType(p.type) })),
    values: nodes.map(e => {
      const attributes = jsonAttributes(e, names)
      return {
        op: e.op,
        args: e.args.map(operand),
        ...(attributes === undefined ? {} : { attributes }),
        type: e.type.kind === 'tensor' ? jsonType(e.type) : showType(e.type),
      }
    }),
    results: f.results.map(operand),
  }
}

/** The program as JSON: plain objects, lists, numbers and text. `fromJson` is the inverse. */
export const toJson = (f: Func): JsonProgram => {
  const names = new Map(bodiesOf(f).map((body, k) => [body, `@body${k}`]))
  return JsonProgram.encode({
    format: jsonFormat,
    version: jsonVersion,
    functions: [
      ...[...names].map(([body, name]) => jsonFunction(body, name, names)),
      jsonFunction(f, '@main', names),
    ],
  })
}

const failure = (path: string, message: string): E.Either<JsonError, never> =>
  E.left({ kind: 'JsonError', path, message })

const typeOf = ({ field, shape, rate = 'uniform', bound = 0 }: JsonType): TensorType =>
  tensor(field, shape, rate, field === 'index' ? bound : 0)

/** What one function is read in. */
interface Scope {
  readonly params: readonly Param[]
  readonly values: readonly Expr[]
  readonly funcs: ReadonlyMap<string, Func>
}

const operandOf = ({ params, values }: Scope, operand: string | number): E.Either<string, Expr> => {
  if (typeof operand === 'number') {
    const value = values[operand]
    if (value !== undefined) return E.right(value)
    return E.left(`there is no value ${operand} before this one (${values.length} stand there)`)
  }
  const names = params.map(p => p.name)
  const index = names.indexOf(operand)
  const param = params[index]
  return param === undefined
    ? E.left(`there is no parameter ${operand.slice(0, 40)}${nearest(operand, names)}`)
    : E.right(argument(index, param.type))
}

const takesFunction = (op: Op, attribute: string): boolean => {
  const codecs: Readonly<Record<string, t.Decoder<unknown, unknown>>> = attributeCodecs[op]
  return codecs[attribute]?.name === 'function'
}

const attributesOf = (
  op: Op,
  { attributes = {}, type }: JsonValue,
  funcs: ReadonlyMap<string, Func>,
): E.Either<string, ReadonlyMap<string, unknown>> => {
  const given = new Map<string, unknown>()
  for (const [name, value] of Object.entries(attributes)) {
    const body = typeof value === 'string' && takesFunction(op, name) ? funcs.get(value) : value
    if (body === undefined)
      return E.left(
        `there is no function ${String(value).slice(0, 40)} before this${nearest(String(value), [...funcs.keys()])}`,
      )
    given.set(name, body)
  }
  return E.right(type === undefined || typeof type === 'string' ? given : given.set('type', typeOf(type)))
}

const madeOf = (value: JsonValue, scope: Scope): E.Either<string, Expr> => {
  const { op, type } = value
  if (!isOp(op) || op === 'arg')
    return E.left(
      `there is no op ${op.slice(0, 40)}${nearest(
        op,
        opNames.filter(name => name !== 'arg'),
      )}`,
    )
  const args: Expr[] = []
  for (const operand of value.args) {
    const arg = operandOf(scope, operand)
    if (E.isLeft(arg)) return arg
    args.push(arg.right)
  }
  return pipe(
    attributesOf(op, value, scope.funcs),
    E.map(given => (op === 'constant' ? given : new Map([...given].filter(([name]) => name !== 'type')))),
    E.chain(given => E.mapLeft((why: string) => `${op} ${why}`)(decodeAttributes(op, given))),
    E.chain(attributes => E.mapLeft((e: TypeMismatch) => `${op}: ${e.message}`)(make(op, args, attributes))),
    E.chain(made => {
      const marked = type === undefined ? undefined : typeof type === 'string' ? type : showType(typeOf(type))
      return marked === undefined || marked === showType(made.type)
        ? E.right(made)
        : E.left(`${op} has type ${showType(made.type)}, but is marked ${marked}`)
    }),
  )
}

const paramsOf = (f: JsonFunction, at: string): E.Either<JsonError, readonly Param[]> => {
  const params = f.params.map(p => ({ name: p.name, type: typeOf(p.type) }))
  for (const [index, { name, type }] of params.entries()) {
    const path = `${at}.params[${index}]`
    if (params.findIndex(p => p.name === name) < index)
      return failure(path, `two parameters are called ${name}`)
    const checked = infer('arg', [], { index, type })
    if (E.isLeft(checked)) return failure(path, checked.left)
  }
  return E.right(params)
}

const funcOf = (f: JsonFunction, at: string, funcs: ReadonlyMap<string, Func>): E.Either<JsonError, Func> => {
  if (funcs.has(f.name)) return failure(`${at}.name`, `${f.name} is there already`)
  const params = paramsOf(f, at)
  if (E.isLeft(params)) return params
  const values: Expr[] = []
  const scope = { params: params.right, values, funcs }
  for (const [k, value] of f.values.entries()) {
    const made = madeOf(value, scope)
    if (E.isLeft(made)) return failure(`${at}.values[${k}]`, made.left)
    values.push(made.right)
  }
  const results: Expr[] = []
  for (const [k, operand] of f.results.entries()) {
    const result = operandOf(scope, operand)
    if (E.isLeft(result)) return failure(`${at}.results[${k}]`, result.left)
    if (result.right.type.kind !== 'tensor')
      return failure(`${at}.results[${k}]`, `results are tensors, not ${showType(result.right.type)}`)
    results.push(result.right)
  }
  return E.right(func(params.right, results))
}

/* Lists in lists, deep enough, are more than JSON can write. */
const asText = (u: unknown): string | undefined =>
  pipe(
    E.tryCatch(
      () => JSON.stringify(u),
      () => (Array.isArray(u) ? 'a list too large to show' : 'an object too large to show'),
    ),
    E.toUnion,
  )

/* The deepest failure says most: of the alternatives of a union the one that fits best has gone farthest. */
const firstError = (errors: t.Errors): JsonError => {
  const deepest = [...errors].sort((a, b) => b.context.length - a.context.length)[0]
  const context = deepest?.context.filter(c => c.key !== '') ?? []
  const named = context.filter(({ key }, i) => !(/^\d+$/.test(key) && isAlternative(deepest?.context, i)))
  const path = named.map(({ key }) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('')
  const due = deepest?.context.at(-1)?.type.name ?? 'something else'
  const found = asText(deepest?.value) ?? 'nothing'
  return {
    kind: 'JsonError',
    path: path.replace(/^\./, ''),
    message: `${found.slice(0, 40)} where ${due} is due`,
  }
}

/* Unions and intersections put the number of an alternative into the path, which is no place in the JSON. */
const isAlternative = (context: t.Context | undefined, i: number): boolean => {
  const holder = context?.[i]?.type
  return holder instanceof t.UnionType || holder instanceof t.IntersectionType
}

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> => typeof u === 'object' && u !== null

/** The program that JSON (as `JSON.parse` gives it) holds. Types are inferred again, and those given held to. */
export const fromJson = (json: unknown): E.Either<JsonError, Func> => {
  if (!isRecord(json) || json.format !== jsonFormat)
    return failure('', `it is no program of Parseval's: its "format" must be "${jsonFormat}"`)
  if (json.version !== jsonVersion)
    return failure(
      'version',
      `this is version ${asText(json.version)?.slice(0, 40) ?? 'none'} of the format, and this Parseval reads version ${jsonVersion}: write the program again with it, or take the Parseval that wrote it`,
    )
  const decoded = JsonProgram.decode(json)
  if (E.isLeft(decoded)) return E.left(firstError(decoded.left))
  const funcs = new Map<string, Func>()
  let last: Func | undefined
  for (const [k, f] of decoded.right.functions.entries()) {
    const made = funcOf(f, `functions[${k}]`, funcs)
    if (E.isLeft(made)) return made
    last = made.right
    funcs.set(f.name, last)
  }
  return last === undefined ? failure('functions', 'there is no function') : E.right(last)
}

/** The error in words. */
export const showJsonError = ({ path, message }: JsonError): string =>
  path === '' ? message : `${path}: ${message}`
