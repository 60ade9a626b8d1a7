/** A pass rewrites a function into one of the same type and meaning. A pipeline is a list of passes. */
import * as E from 'fp-ts/lib/Either.js'
import type { Expr, Func } from '../ir/expr.ts'
import { fits, showType } from '../ir/type.ts'
import { verify } from '../ir/verify.ts'

/** A pass: functions to functions of the same type and the same meaning. */
export interface Pass {
  /** One word, for reports and `--pass`. */
  readonly name: string
  /** What it does, in a line. */
  readonly summary: string
  /** `tell` hears of each rule that applies; what it hears changes nothing. */
  readonly run: (f: Func, tell?: Tell) => Func
}

/** A rule, by its name, has applied (so many times). */
export type Tell = (rule: string, times?: number) => void
export const silent: Tell = () => undefined

/** What a rule made of a node, told if it made anything of it. */
export const changed = (before: Expr, after: Expr, rule: string, tell: Tell): Expr => {
  if (after !== before) tell(rule)
  return after
}

/** What a pass makes of a function, and how often each of its rules applied. */
export const counted = (
  pass: Pass,
  f: Func,
): { readonly func: Func; readonly fired: ReadonlyMap<string, number> } => {
  const fired = new Map<string, number>()
  const func = pass.run(f, (rule, times = 1) => {
    if (times > 0) fired.set(rule, (fired.get(rule) ?? 0) + times)
  })
  return { func, fired }
}

/** Which pass broke its promise, and how. */
export interface PassError {
  readonly kind: 'PassError'
  /** Its name. */
  readonly pass: string
  /** What is wrong, with the lines around it. */
  readonly message: string
}

const typeOf = (f: Func): { readonly params: readonly string[]; readonly results: readonly string[] } => ({
  params: f.params.map(p => `${p.name}: ${showType(p.type)}`),
  results: f.results.map(r => showType(r.type)),
})

/* A result may come out uniform that was varying: who reads it takes either. */
const otherType = (before: Func, after: Func): string | undefined => {
  const [was, is] = [typeOf(before), typeOf(after)]
  if (was.params.join() !== is.params.join())
    return `takes (${is.params.join(', ')}) where it took (${was.params.join(', ')})`
  const same =
    before.results.length === after.results.length &&
    before.results.every((r, k) => {
      const s = after.results[k]
      return r.type.kind === 'tensor' && s?.type.kind === 'tensor' && fits(s.type, r.type)
    })
  return same ? undefined : `gives (${is.results.join(', ')}) where it gave (${was.results.join(', ')})`
}

/** What the pass makes of a function, checked: well typed throughout, and of the type that the function had. */
export const verified = (pass: Pass, f: Func): E.Either<PassError, Func> => {
  const error = (message: string): E.Either<PassError, never> =>
    E.left({ kind: 'PassError', pass: pass.name, message: `the pass ${pass.name} ${message}` })
  const made = E.tryCatch(
    () => pass.run(f),
    e => (e instanceof Error ? e.message : String(e)),
  )
  if (E.isLeft(made)) return error(`fails: ${made.left}`)
  const checked = E.tryCatch(
    () => verify(made.right),
    () => 'gives something that is no function of the IR',
  )
  if (E.isLeft(checked)) return error(checked.left)
  if (E.isLeft(checked.right)) return error(`breaks a type: ${checked.right.left.message}`)
  const other = otherType(f, made.right)
  return other === undefined ? made : error(`changes the type of the program, which ${other}`)
}
