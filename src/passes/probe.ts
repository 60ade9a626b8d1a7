/**
 * The gradient by the state of a loop at every step. A probe is a sequence e of zeros, one for each step, that is
 * added to a carry where the step gives it its next value, before anything reads it:
 *
 *     h[t] = step(h[t−1], x[t]) + e[t]    hence    ∂C/∂e[t] = ∂C/∂h[t]
 *
 * so `valueAndGradient` by e is the gradient by all h[t] at once, and nothing that differentiates knows of it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { add, scan } from '../ir/build.ts'
import { argument, type Expr, type Func, func } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { postorder } from '../ir/order.ts'
import { rateOf, type TensorType, withRate } from '../ir/type.ts'
import { rewrite } from '../ir/walk.ts'

/** A function with a probe. */
export interface Probed {
  /** The function with one parameter more: e, of the type [T, …] of the loop's states. Its name is the carry's, with `probe`. */
  readonly func: Func
  /** Which parameter that is. */
  readonly param: number
}

type Loop = Expr<'scan'>

const carriesOf = ({ attributes: { body, invariants, carries } }: Loop) =>
  body.params.slice(invariants, invariants + carries)

/** The loop with e among its sequences, and e[t] added to what carry `k` becomes, wherever the step reads it. */
const withProbe = (loop: Loop, k: number, e: Expr, entry: TensorType): Expr => {
  const { body } = loop.attributes
  const at = argument(body.params.length, entry)
  const state = required(body.results[k], 'the next state')
  // A state that is handed on as it came is, to the rest of the step, still the one before.
  const results =
    state.op === 'arg'
      ? body.results.map((r, i) => (i === k ? add(r, at) : r))
      : rewrite(body.results, (rebuilt, original) => (original === state ? add(rebuilt, at) : rebuilt))
  const params = [...body.params, { name: 'probe', type: entry }]
  return scan([...loop.args, e], { ...loop.attributes, body: func(params, results) })
}

/** `f` with a probe on the carry of that name: one of the loops of `f` must have such a carry, and one only. */
export const probe = (f: Func, carry: string): E.Either<string, Probed> => {
  const loops = postorder(f.results).filter((e): e is Loop => e.op === 'scan')
  const found = loops.flatMap(loop =>
    carriesOf(loop).flatMap(({ name, type }, k) => (name === carry ? [{ loop, k, type }] : [])),
  )
  const [only, another] = found
  if (only === undefined) {
    const names = loops.flatMap(l => carriesOf(l).map(c => c.name))
    return E.left(
      `there is no carry "${carry}" in a loop of the program; ${names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`}`,
    )
  }
  if (another !== undefined)
    return E.left(`${found.length} carries of loops of the program are called "${carry}"`)
  if (only.type.field === 'index') return E.left(`the carry "${carry}" is an index: it has no gradient`)
  const { loop, k } = only
  const entry = withRate(only.type, rateOf(loop.type))
  const param = f.params.length
  const type = { ...entry, shape: [loop.attributes.length, ...entry.shape] }
  const e = argument(param, type)
  return E.right({
    func: func(
      [...f.params, { name: `probe ${carry}`, type }],
      rewrite(f.results, (rebuilt, original) =>
        original === loop ? withProbe(rebuilt as Loop, k, e, entry) : rebuilt,
      ),
    ),
    param,
  })
}
