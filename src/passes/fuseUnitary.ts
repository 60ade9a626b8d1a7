/**
 * Every product of unitary operators that is applied becomes one chain in normal form: adjoints pushed down to
 * the transforms, neighbours that cancel or merge gone, phases to the left of permutations so that they meet.
 *
 *     U (V x) = (U V) x            where V x has no other use
 *     U U^H = 1                    F F^H, R R, Π Π⁻¹
 *     D(a) D(b) = D(a + b),        D(0) = 1
 *     Π Σ = one permutation
 *     Π D(a) = D(Π a) Π
 */
import { apply, compose, permute, phase } from '../ir/build.ts'
import { type Expr, func } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { composed, isIdentity } from '../ir/permutation.ts'
import { rateOf } from '../ir/type.ts'
import { adjointFactor, type Factor, factors } from '../ir/unitary.ts'
import { deeply, rewrite } from '../ir/walk.ts'
import { areZero, permuted, total } from './angles.ts'
import { type Pass, silent, type Tell } from './pass.ts'
import { usesOf } from './uses.ts'

/** The two factors, left acting last, as fewer or better ordered ones; undefined where no law applies. */
const pair = (left: Factor, right: Factor, tell: Tell): readonly Factor[] | undefined => {
  if (left === adjointFactor(right)) {
    tell('U U^H = 1')
    return []
  }
  if (left.op === 'phase' && right.op === 'phase') {
    tell('D(a) D(b) = D(a + b)')
    return [phase(total(required(left.args[0], 'angles'), required(right.args[0], 'angles'))) as Factor]
  }
  if (left.op === 'permute' && right.op === 'permute') {
    tell('Π Σ = one permutation')
    return [permute(composed(left.attributes.permutation, right.attributes.permutation)) as Factor]
  }
  if (left.op === 'permute' && right.op === 'phase') {
    tell('Π D(a) = D(Π a) Π')
    return [phase(permuted(left.attributes.permutation, required(right.args[0], 'angles'))) as Factor, left]
  }
  return undefined
}

const changesNothing = (f: Factor): boolean =>
  f.op === 'permute'
    ? isIdentity(f.attributes.permutation)
    : f.op === 'phase' && areZero(required(f.args[0], 'angles'))

/**
 * The chain in normal form. Ends because each law shortens the chain or moves a phase left past a permutation,
 * and nothing moves one right.
 */
export const normalise = (chain: readonly Factor[], tell = silent): readonly Factor[] => {
  const done: Factor[] = []
  const rest = [...chain].reverse()
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (changesNothing(next)) {
      tell('D(0) = Π(0, 1, …) = 1')
      continue
    }
    const last = done.at(-1)
    const merged = last === undefined ? undefined : pair(last, next, tell)
    if (merged === undefined) done.push(next)
    else {
      done.pop()
      rest.push(...[...merged].reverse())
    }
  }
  return done
}

/** The operator with these factors, if it is not the identity. */
export const product = (chain: readonly Factor[]): Expr | undefined =>
  chain.length > 1 ? compose(chain) : chain[0]

export const fuseUnitary: Pass = {
  name: 'fuseUnitary',
  summary: 'unitary products become single chains in normal form',
  run: (f, tell = silent) =>
    deeply(f, g => {
      const uses = usesOf(g.results)
      const gather = (e: Expr, original: Expr): Expr => {
        if (e.op !== 'apply') return e
        const [unitary, x] = [required(e.args[0], 'an operator'), required(e.args[1], 'a vector')]
        const inner = original.args[1]
        const absorbs = x.op === 'apply' && inner !== undefined && uses(inner) === 1
        const own = factors(unitary)
        if (absorbs) tell('U (V x) = (U V) x')
        else if (product(own) !== unitary) tell('a product = its factors in order')
        const chain = normalise(
          absorbs ? [...own, ...factors(required(x.args[0], 'an operator'))] : own,
          tell,
        )
        const vector = absorbs ? required(x.args[1], 'a vector') : x
        const u = product(chain)
        const fused = u === undefined ? vector : apply(u, vector)
        // Where varying factors cancel in front of a uniform vector, it cannot stand for what varied.
        return rateOf(fused.type) === rateOf(e.type) ? fused : e
      }
      return func(g.params, rewrite(g.results, gather))
    }),
}
