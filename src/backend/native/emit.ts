/** The instructions of a block's units. */
import { type Expr, tensorType } from '../../ir/expr.ts'
import { bug, required } from '../../ir/invariant.ts'
import { leavesBy } from '../../ir/order.ts'
import { map, transform } from './fused.ts'
import { loop } from './loop.ts'
import type { Instruction, Operand } from './plan.ts'
import {
  copy,
  fill,
  instruction,
  moved,
  place,
  release,
  result,
  type Site,
  unitsOf,
  widthOf,
} from './site.ts'

const contract = (
  e: Expr,
  operands: readonly Operand[],
  accumulated: boolean,
  reduced: boolean,
): Instruction => {
  const steps = tensorType(required(e.args[0], 'a sequence')).shape[0]!
  const flags = [accumulated, reduced].map(Number)
  return instruction('contract', operands, [steps, ...tensorType(e).shape, widthOf(e), ...flags])
}

const accumulate = (site: Site, e: Expr, added: Expr): Instruction => {
  const to = result(site, e)
  const operands = added.args.map(a => place(site, a))
  if (added.op === 'contract') return contract(added, [to, ...operands], true, false)
  const reduced = site.totals.has(e) ? 1 : 0
  return added.op === 'outer'
    ? instruction('outer', [to, ...operands], [...tensorType(added).shape, widthOf(added), 1, reduced])
    : instruction('put', [to, ...operands], [tensorType(added).shape[0]!, unitsOf(added.args[0]!), 1])
}

const single = (site: Site, e: Expr): readonly Instruction[] => {
  const added = site.block.accumulates.get(e)
  if (added !== undefined) return [accumulate(site, e, added)]
  if (e.op === 'scan') return loop(site, e as Expr<'scan'>, emit)
  const x = e.args[0]
  const y = e.args[1]
  const from = (a: Expr | undefined): Operand => place(site, required(a, `an operand of ${e.op}`))
  const first = (): Expr => required(x, `an operand of ${e.op}`)
  switch (e.op) {
    case 'constant':
      return [fill(site, result(site, e), e)]
    case 'batchSize':
      return [instruction('batchSize', [result(site, e)], [])]
    case 'sum': {
      const inner = unitsOf(e)
      return [instruction('sum', [result(site, e), from(x)], [unitsOf(first()) / inner, inner])]
    }
    case 'broadcast': {
      const units = unitsOf(first())
      return [copy(result(site, e), from(x), units, unitsOf(e) / units)]
    }
    case 'logSumExp':
      return [instruction('logSumExp', [result(site, e), from(x)], [unitsOf(first())])]
    case 'matvec':
      return [
        instruction(
          'matvec',
          [result(site, e), from(x), from(y)],
          [...tensorType(first()).shape, widthOf(e), e.attributes.adjoint ? 1 : 0],
        ),
      ]
    case 'transpose':
      return [
        instruction('transpose', [result(site, e), from(x)], [...tensorType(first()).shape, widthOf(e)]),
      ]
    case 'outer':
      return [
        instruction('outer', [result(site, e), from(x), from(y)], [...tensorType(e).shape, widthOf(e), 0, 0]),
      ]
    case 'contract': {
      // What is only summed over the examples is summed over a block's at once.
      const reduced =
        site.block.lastUse(e) !== Number.POSITIVE_INFINITY &&
        site.block.users(e).every(u => u.op === 'batchSum')
      if (reduced) site.reduced.add(e)
      return [contract(e, [result(site, e), from(x), from(y)], false, reduced)]
    }
    case 'concat': {
      const parts = leavesBy<Expr>(e, c =>
        c === e || site.block.partOf(c) !== undefined ? c.args : undefined,
      )
      let to = site.places.get(e) ?? result(site, e)
      return parts.flatMap(part => {
        const [here, own] = [to, from(part)]
        to = moved(to, unitsOf(part))
        const isThere = own.space === here.space && own.offset === here.offset && site.block.unitOf.has(part)
        return isThere ? [] : [copy(here, own, unitsOf(part))]
      })
    }
    case 'pad': {
      const to = result(site, e)
      const entry = unitsOf(first()) / tensorType(first()).shape[0]!
      const zero = site.shop.constant(0)
      return [
        instruction('fill', [to], [unitsOf(e), 1, zero, zero]),
        copy(moved(to, e.attributes.before * entry), from(x), unitsOf(first())),
      ]
    }
    case 'take':
      return [
        instruction('take', [result(site, e), from(x), from(y)], [tensorType(first()).shape[0]!, unitsOf(e)]),
      ]
    case 'put':
      return [
        instruction('put', [result(site, e), from(x), from(y)], [e.attributes.size, unitsOf(first()), 0]),
      ]
    case 'apply': {
      const operator = first()
      if (operator.op !== 'permute') return bug(`${operator.op} is expanded before it is lowered`)
      return [
        instruction(
          'permute',
          [result(site, e), from(y)],
          [site.shop.permutation(operator.attributes.permutation)],
        ),
      ]
    }
    default:
      return bug(`${e.op} has no instruction`)
  }
}

export const emitUnit = (site: Site, index: number): readonly Instruction[] => {
  const unit = site.block.units[index]!
  const made =
    unit.kind === 'cluster'
      ? map(site, unit.nodes)
      : unit.kind === 'transform'
        ? transform(site, unit.before, unit.node, unit.after)
        : single(site, unit.node)
  release(site, index)
  return made
}

export const emit = (site: Site): readonly Instruction[] =>
  site.block.units.flatMap((_, i) => emitUnit(site, i))
