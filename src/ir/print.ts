/**
 * The textual form: one value a line, scan bodies before the function that uses them.
 *
 *     func @main(theta: real[4], h: complex[4], x: varying index<10>[]) {
 *       %0 = phase theta : unitary(4)
 *       %1 = apply %0, h : complex[4]
 *       %2 = put %1, x {size = 10} : varying complex[10, 4]
 *       return %2
 *     }
 *
 * Flags are written when set, `constant` has no imaginary part unless written, and the attribute `type` is the
 * annotation. `parse` is the inverse.
 */
import { attributeCodecs, attributeDefaults } from './attributes.ts'
import type { Expr, Func } from './expr.ts'
import { postorder } from './order.ts'
import { sameType, showType } from './type.ts'

const identifier = /^[\p{L}_][\p{L}\p{N}_.']*$/u

/** A parameter's name, quoted as in JSON unless it is an identifier. */
export const showName = (name: string): string => (identifier.test(name) ? name : JSON.stringify(name))

/** Enough digits to get the same number back. */
export const showNumber = (x: number): string => {
  if (Object.is(x, -0)) return '-0'
  return Number.isFinite(x) ? String(x) : x > 0 ? 'inf' : x < 0 ? '-inf' : 'nan'
}

const showValue = (value: unknown, bodies: ReadonlyMap<Func, string>): string => {
  if (typeof value === 'number') return showNumber(value)
  if (Array.isArray(value)) return `[${value.map(v => showValue(v, bodies)).join(', ')}]`
  return bodies.get(value as Func) ?? String(value)
}

const showAttributes = (e: Expr, bodies: ReadonlyMap<Func, string>): string => {
  const values: Readonly<Record<string, unknown>> = e.attributes
  const parts = Object.keys(attributeCodecs[e.op])
    .filter(name => name !== 'type' && !Object.is(values[name], attributeDefaults.get(name)))
    .map(name => (values[name] === true ? name : `${name} = ${showValue(values[name], bodies)}`))
  return parts.length === 0 ? '' : ` {${parts.join(', ')}}`
}

/** What an argument is called where it is used; nothing if its parameter cannot be told by name. */
const parameterName = (f: Func, e: Expr): string | undefined => {
  if (e.op !== 'arg') return undefined
  const param = f.params[e.attributes.index]
  if (param === undefined || !sameType(param.type, e.type)) return undefined
  return f.params.findIndex(p => p.name === param.name) === e.attributes.index
    ? showName(param.name)
    : undefined
}

interface Listing {
  readonly lines: readonly string[]
  /** Where each node of the function itself stands in `lines`; its parameters stand in its first line. */
  readonly lineOf: ReadonlyMap<Expr, number>
}

const listOne = (f: Func, name: string, bodies: ReadonlyMap<Func, string>): Listing => {
  const params = f.params.map(p => `${showName(p.name)}: ${showType(p.type)}`)
  const lines = [`func ${name}(${params.join(', ')}) {`]
  const lineOf = new Map<Expr, number>()
  const names = new Map<Expr, string>()
  for (const e of postorder(f.results)) {
    const known = parameterName(f, e)
    lineOf.set(e, known === undefined ? lines.length : 0)
    names.set(e, known ?? `%${lines.length - 1}`)
    if (known !== undefined) continue
    const operands = e.args.map(a => ` ${names.get(a)}`).join(',')
    lines.push(`  ${names.get(e)} = ${e.op}${operands}${showAttributes(e, bodies)} : ${showType(e.type)}`)
  }
  const results = f.results.map(r => ` ${names.get(r)}`).join(',')
  return { lines: [...lines, `  return${results}`, '}'], lineOf }
}

/** The bodies of a function's scans, each once, inner ones before those that use them. */
export const bodiesOf = (f: Func): readonly Func[] => {
  const bodies = new Set<Func>()
  const enter = (g: Func): void => {
    for (const e of postorder(g.results)) {
      if (e.op !== 'scan' || bodies.has(e.attributes.body)) continue
      enter(e.attributes.body)
      bodies.add(e.attributes.body)
    }
  }
  enter(f)
  return [...bodies]
}

/** The lines of a function's text, and where its nodes are among them. */
export const listing = (f: Func): Listing => {
  const names = new Map(bodiesOf(f).map((body, k) => [body, `@body${k}`]))
  const before = [...names].flatMap(([body, name]) => [...listOne(body, name, names).lines, ''])
  const { lines, lineOf } = listOne(f, '@main', names)
  return {
    lines: [...before, ...lines],
    lineOf: new Map([...lineOf].map(([e, line]) => [e, before.length + line])),
  }
}

/** The function as text, scan bodies first; `parse` is the inverse. */
export const print = (f: Func): string => `${listing(f).lines.join('\n')}\n`
