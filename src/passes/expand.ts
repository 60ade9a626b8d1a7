/**
 * Writes out what the engine has no instruction for: chains factor by factor, phases as products with e^iθ,
 * reflections as rank-one updates, modReLU by its formula. What in it depends on parameters only is then an
 * expression like any other, which `hoist` takes out of loops.
 */
import * as b from '../ir/build.ts'
import { constant, type Expr, tensorType } from '../ir/expr.ts'
import { required } from '../ir/invariant.ts'
import { type Factor, factors } from '../ir/unitary.ts'
import { everywhere } from '../ir/walk.ts'
import { type Pass, silent, type Tell } from './pass.ts'

const applied = (f: Factor, x: Expr, tell: Tell): Expr => {
  switch (f.op) {
    // D(θ) x = e^iθ x
    case 'phase': {
      tell('D(θ) x = e^iθ x')
      const theta = required(f.args[0], 'angles')
      return b.mul(b.complexOf(b.cos(theta), b.sin(theta)), x)
    }
    // R x = x − (τ v) (v^H x), τ = 2/‖v‖²
    case 'reflect': {
      tell('R x = x − (τ v) (v^H x)')
      const v = required(f.args[0], 'a vector')
      const tau = b.mul(constant(2), b.pinv(b.re(b.dot(v, v))))
      const scaled = b.scale(b.broadcast(tau, tensorType(v).shape), v)
      return b.sub(x, b.mul(b.broadcast(b.dot(v, x), tensorType(x).shape), scaled))
    }
    default:
      return b.apply(f, x)
  }
}

const written = (e: Expr, tell: Tell): Expr => {
  if (e.op === 'apply') {
    const chain = factors(required(e.args[0], 'an operator'))
    if (chain.length !== 1) tell('(U V) x = U (V x)')
    return chain.reduceRight<Expr>((x, f) => applied(f, x, tell), required(e.args[1], 'a vector'))
  }
  if (e.op === 'modRelu') {
    tell('modReLU by its formula')
    const [z, bias] = [required(e.args[0], 'z'), required(e.args[1], 'b')]
    const { epsilon } = e.attributes
    const a = b.abs(z)
    const inverse = b.pinv(epsilon === 0 ? a : b.add(a, b.constantLike(a, epsilon)))
    return b.scale(b.mul(b.relu(b.add(a, bias)), inverse), z)
  }
  return e
}

export const expand: Pass = {
  name: 'expand',
  summary: 'unitary factors and modReLU are written out in pointwise ops, transforms and inner products',
  run: (f, tell = silent) => everywhere(f, e => written(e, tell)),
}
