/** Which values of a function are drawn, and how those that are not are written out where they are read. */
import type { Expr, Func } from '../../ir/expr.ts'
import { isPointwise } from '../../ir/ops.ts'
import { postorder } from '../../ir/order.ts'
import { showName } from '../../ir/print.ts'
import { type Formula, formula, named } from './formula.ts'

const longest = 34
const shared = new Set(['broadcast', 'slice', 'reshape'])

const nameOf = (f: Func, e: Expr): string | undefined =>
  e.op === 'arg' ? showName(f.params[e.attributes.index]?.name ?? '?') : undefined

/** Values' names in the text form. */
export const valueNames = (f: Func): ReadonlyMap<Expr, string> => {
  let values = 0
  return new Map(postorder(f.results).map(e => [e, nameOf(f, e) ?? `%${values++}`]))
}

const readers = (f: Func): ReadonlyMap<Expr, readonly Expr[]> => {
  const found = new Map<Expr, Expr[]>()
  for (const e of postorder(f.results)) for (const a of e.args) found.set(a, [...(found.get(a) ?? []), e])
  return found
}

/** Lines of a length that fits a box, broken behind operators. */
export const wrapped = (text: string): readonly string[] => {
  const lines: string[] = ['']
  for (const word of text.split(/(?<=[ ·])/)) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + word.trimEnd().length > longest) lines.push(word)
    else lines[lines.length - 1] = last + word
  }
  const trimmed = lines.map(l => l.trim())
  return trimmed.length <= 4 ? trimmed : [...trimmed.slice(0, 3), '…']
}

/** What an item of a loop's tuple is called: as the carry, or by the place of the stack. */
export const itemName = (loop: Expr, item: number): string => {
  if (loop.op !== 'scan') return ''
  const { body, carries, invariants } = loop.attributes
  return item < carries ? (body.params[invariants + item]?.name ?? '') : `stack ${item - carries}`
}

/** Which values are written out where they are read, and how. */
export const inlined = (
  f: Func,
  names: ReadonlyMap<Expr, string>,
  isName: (param: number) => boolean,
): { readonly isDrawn: (e: Expr) => boolean; readonly written: (e: Expr) => Formula } => {
  const users = readers(f)
  const known = new Map<Expr, Formula>()
  const drawn = new Set<Expr>()
  const written = (e: Expr): Formula => {
    const [loop] = e.args
    if (e.op === 'get' && loop !== undefined)
      return named(`${names.get(loop)}.${itemName(loop, e.attributes.item)}`)
    return known.get(e) ?? named(names.get(e) ?? '?')
  }
  const standsFor = (e: Expr): boolean => {
    if (e.op === 'arg') return isName(e.attributes.index)
    if (e.op === 'constant' || e.op === 'batchSize') return true
    if (f.results.includes(e)) return false
    const [only, ...others] = users.get(e) ?? []
    const [of] = e.args
    if (shared.has(e.op) && of !== undefined && !drawn.has(of) && written(of).holds === 3) return true
    const fits = formula(e, written).text.length <= longest
    return (
      others.length === 0 &&
      fits &&
      (isPointwise(e.op) || shared.has(e.op)) &&
      only !== undefined &&
      only.op !== 'scan' &&
      only.type.kind === 'tensor'
    )
  }
  for (const e of postorder(f.results)) {
    if (e.type.kind === 'unitary') continue
    if (e.op === 'get') drawn.add(e)
    else if (standsFor(e)) known.set(e, e.op === 'arg' ? written(e) : formula(e, written))
    else drawn.add(e)
  }
  return { isDrawn: e => drawn.has(e), written }
}
