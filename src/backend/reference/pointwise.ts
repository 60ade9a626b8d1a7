/** Pointwise ops: the scalar functions, element by element. */
import { required } from '../../ir/invariant.ts'
import type { PointwiseOp } from '../../ir/ops.ts'
import { complexFunction, realFunction, type Scalar } from '../../ir/scalar.ts'
import { type Tensor, tensorOf, zeros } from '../../ir/tensor.ts'
import { elements } from '../../ir/type.ts'
import { asTensor, type Rule, tensorResult } from './rule.ts'

const nothing: Scalar = { re: 0, im: 0 }

const scalarAt = (x: Tensor, i: number): Scalar =>
  x.field === 'complex' ? { re: x.data[2 * i]!, im: x.data[2 * i + 1]! } : { re: x.data[i]!, im: 0 }

const pointwise =
  <K extends PointwiseOp>(op: K): Rule<K> =>
  (args, attributes, type) => {
    const [x, y] = [asTensor(args[0]), args[1] && asTensor(args[1])]
    const onReals = x.field === 'real' ? realFunction(op) : undefined
    if (onReals !== undefined)
      return tensorOf(
        x,
        x.data.map((a, i) => onReals(a, y ? y.data[i]! : 0)),
      )
    const f = required(complexFunction(op), `${op} of a complex number`)
    const result = zeros(tensorResult(type))
    for (let i = 0; i < elements(result.shape); i++) {
      const z = f(scalarAt(x, i), y ? scalarAt(y, i) : nothing, attributes)
      if (result.field === 'complex') {
        result.data[2 * i] = z.re
        result.data[2 * i + 1] = z.im
      } else result.data[i] = z.re
    }
    return result
  }

export const pointwiseRules: { readonly [K in PointwiseOp]: Rule<K> } = {
  neg: pointwise('neg'),
  conj: pointwise('conj'),
  re: pointwise('re'),
  im: pointwise('im'),
  abs: pointwise('abs'),
  pinv: pointwise('pinv'),
  exp: pointwise('exp'),
  log: pointwise('log'),
  sqrt: pointwise('sqrt'),
  sin: pointwise('sin'),
  cos: pointwise('cos'),
  tanh: pointwise('tanh'),
  sigmoid: pointwise('sigmoid'),
  relu: pointwise('relu'),
  step: pointwise('step'),
  add: pointwise('add'),
  sub: pointwise('sub'),
  mul: pointwise('mul'),
  div: pointwise('div'),
  scale: pointwise('scale'),
  complex: pointwise('complex'),
  modRelu: pointwise('modRelu'),
}
