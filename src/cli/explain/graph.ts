/**
 * A function as a graph to be drawn. Values are boxes called as in the text form; what is the same for all examples
 * and a name, a constant, or a pointwise value with a single reader is written out where it is read. A loop is one
 * box; its body is a graph of its own.
 */
import type { Expr, Func } from '../../ir/expr.ts'
import { postorder } from '../../ir/order.ts'
import { showType } from '../../ir/type.ts'
import { cost } from '../../passes/cost.ts'
import { formula } from './formula.ts'
import { inlined, itemName, valueNames, wrapped } from './inline.ts'
import { count } from './text.ts'

export interface Box {
  readonly id: string
  readonly kind: 'input' | 'value' | 'loop' | 'result'
  readonly lines: readonly string[]
  /** What a pointer that rests on the box is told. */
  readonly hover: string
  /** Of a loop: its body. */
  readonly body?: Func
  /** A unitary operator is applied in it, or it stands between two that are. */
  readonly chain: 'unitary' | 'between' | undefined
}

export interface Arrow {
  readonly from: string
  readonly to: string
  readonly label?: string
  readonly chain: boolean
}

export interface Graph {
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
}

/** Where a node was written, in words; undefined where nobody knows. */
export type WrittenAt = (e: Expr) => string | undefined

export interface GraphOptions {
  readonly bodyName: (f: Func) => string
  readonly writtenAt: WrittenAt
  /** What the results are called. */
  readonly resultNames: readonly string[]
  /** Params that are written out by name where they are read. */
  readonly isName: (param: number) => boolean
}

/** Operands with operators replaced by what these are made of. */
const operands = (e: Expr): readonly Expr[] =>
  e.args.flatMap(a =>
    a.type.kind === 'unitary'
      ? postorder([a]).flatMap(u => u.args.filter(x => x.type.kind === 'tensor'))
      : [a],
  )

/** Boxes between two where operators are applied: the ways from one to another lead through them. */
const between = (arrows: readonly Arrow[], unitary: ReadonlySet<string>): ReadonlySet<string> => {
  const reach = (next: (a: Arrow) => readonly [string, string]): ReadonlySet<string> => {
    const found = new Set<string>(unitary)
    for (let size = -1; size !== found.size; ) {
      size = found.size
      for (const a of arrows) {
        const [from, to] = next(a)
        if (found.has(from)) found.add(to)
      }
    }
    return found
  }
  const behind = reach(a => [a.from, a.to])
  const before = reach(a => [a.to, a.from])
  return new Set([...behind].filter(id => before.has(id)))
}

/** The graph of a function's own values; the bodies of its loops are left out. */
export const graphOf = (f: Func, { bodyName, writtenAt, resultNames, isName }: GraphOptions): Graph => {
  const names = valueNames(f)
  const { isDrawn, written } = inlined(f, names, isName)
  const nodes = postorder(f.results).filter(e => isDrawn(e) && e.op !== 'get')
  const id = (e: Expr): string => `${e.id}`

  const hover = (e: Expr): string => {
    const at = writtenAt(e)
    const operandTypes = e.args.map(a => `${names.get(a) ?? '?'}: ${showType(a.type)}`)
    return [
      `${names.get(e)}: ${showType(e.type)}`,
      ...(e.op === 'arg' ? [] : [`${e.op} of ${operandTypes.join(', ') || 'nothing'}`]),
      ...(at === undefined ? [] : [`written at ${at}`]),
    ].join('\n')
  }

  const loopLines = (e: Expr<'scan'>): readonly string[] => {
    const { body, length, reverse, invariants, carries } = e.attributes
    const carried = body.params.slice(invariants, invariants + carries).map(p => p.name)
    const { transforms } = cost(body)
    return [
      `${names.get(e)} = ${reverse ? '↺' : '↻'} loop ${bodyName(body)}`,
      `${count(length)} ${length === 1 ? 'step' : 'steps'} ${reverse ? 'backward' : 'forward'}`,
      ...wrapped(`carries ${carried.join(', ') || 'nothing'}`),
      ...(transforms === 0 ? [] : [`${transforms} transforms a step`]),
    ]
  }

  /** Drawn values that an expression is made of, through what is written out. */
  const sources = (e: Expr): readonly { readonly box: Expr; readonly label?: string }[] =>
    [...new Set(operands(e))].flatMap(a => {
      if (a.op === 'get') {
        const [loop] = a.args
        return loop === undefined ? [] : [{ box: loop, label: itemName(loop, a.attributes.item) }]
      }
      return isDrawn(a) ? [{ box: a }] : sources(a)
    })

  const bare: Omit<Box, 'chain'>[] = nodes.map(e => {
    if (e.op === 'scan')
      return {
        id: id(e),
        kind: 'loop',
        lines: loopLines(e as Expr<'scan'>),
        hover: hover(e),
        body: e.attributes.body,
      }
    if (e.op === 'arg') return { id: id(e), kind: 'input', lines: [names.get(e) ?? '?'], hover: hover(e) }
    return {
      id: id(e),
      kind: 'value',
      lines: wrapped(`${names.get(e)} = ${formula(e, written).text}`),
      hover: hover(e),
    }
  })
  const results: Omit<Box, 'chain'>[] = f.results.map((r, k) => {
    const text = isDrawn(r) && r.op !== 'get' ? '' : r.op === 'get' ? '' : ` = ${written(r).text}`
    return {
      id: `result${k}`,
      kind: 'result',
      lines: wrapped(`${resultNames[k] ?? `result ${k}`}${text}`),
      hover: `result ${k}: ${showType(r.type)}`,
    }
  })
  const plain: Omit<Arrow, 'chain'>[] = [
    ...nodes.flatMap(e =>
      sources(e).map(s => ({
        from: id(s.box),
        to: id(e),
        ...(s.label === undefined ? {} : { label: s.label }),
      })),
    ),
    ...f.results.flatMap((r, k) => {
      const [loop] = r.args
      if (r.op === 'get' && loop !== undefined)
        return [{ from: id(loop), to: `result${k}`, label: itemName(loop, r.attributes.item) }]
      return (isDrawn(r) ? [r] : sources(r).map(s => s.box)).map(s => ({ from: id(s), to: `result${k}` }))
    }),
  ]

  const applies = (e: Expr): boolean =>
    (e.op === 'apply' && e.args[0]?.op !== 'permute') ||
    e.args.some(a => !isDrawn(a) && a.type.kind === 'tensor' && applies(a))
  const unitary = new Set(nodes.filter(applies).map(id))
  const inside = between(
    plain.map(a => ({ ...a, chain: false })),
    unitary,
  )
  return {
    boxes: [...bare, ...results].map(box => ({
      ...box,
      chain: unitary.has(box.id) ? 'unitary' : inside.has(box.id) ? 'between' : undefined,
    })),
    arrows: [...new Map(plain.map(a => [`${a.from} ${a.to} ${a.label ?? ''}`, a])).values()].map(a => ({
      ...a,
      chain: inside.has(a.from) && inside.has(a.to),
    })),
  }
}
