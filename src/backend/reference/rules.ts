/** What every op means: one row an op. */
import type { Op } from '../../ir/ops.ts'
import { otherRules } from './control.ts'
import { linearRules } from './linear.ts'
import { pointwiseRules } from './pointwise.ts'
import type { Rule } from './rule.ts'
import { unitaryRules } from './unitary.ts'

export const rules: { readonly [K in Op]: Rule<K> } = {
  ...pointwiseRules,
  ...linearRules,
  ...unitaryRules,
  ...otherRules,
}
