/**
 * Writes native/codelets, the transforms of small sizes; `npm run generate`. The headers are checked in, so that a
 * build of the addon needs no TypeScript, and a test compares them with what is printed here.
 */
import { writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { expressions, type Variant } from './codelet.ts'
import { counts } from './counts.ts'
import { type Operation, operations } from './operations.ts'
import { functionText } from './print.ts'
import { scheduled } from './schedule.ts'
import { tableText } from './table.ts'

export interface Wanted {
  readonly size: number
  readonly variants: readonly Variant[]
}

const all: readonly Variant[] = ['dft', 'dit', 'dif']

/**
 * Radices 2 … 16. With 16 registers the larger ones are no faster than two passes of small ones over data in the
 * first-level cache; they save passes where it does not hold the data, and on machines with more registers.
 */
export const wanted: readonly Wanted[] = [
  ...Array.from({ length: 15 }, (_, i) => ({ size: i + 2, variants: all })),
  { size: 25, variants: all },
  { size: 32, variants: all },
  { size: 64, variants: ['dft'] },
]

/** Moves tried while the order is improved; large codelets keep much in memory anyhow. */
const effort = (size: number): number => (size > 16 ? 2000 : 8000)

const made = new Map<string, readonly Operation[]>()

/** A codelet's operations in order, computed once. */
export const codelet = (size: number, variant: Variant): readonly Operation[] => {
  const key = `${variant}${size}`
  const operationList =
    made.get(key) ?? scheduled(operations(expressions(size, variant, 'fused')), effort(size))
  made.set(key, operationList)
  return operationList
}

const note = 'Generated from src/backend/native/codelets by `npm run generate`; do not edit.'

export const header = ({ size, variants }: Wanted): string => {
  const texts = variants.map(variant => {
    const list = codelet(size, variant)
    return functionText(size, variant, counts(list), list)
  })
  return `// ${note}
// Transforms of size ${size}: ${variants.join(', ')}. See codelets.h.
#pragma once

#include "../lanes.h"

namespace parseval {
namespace {

${texts.join('\n')}
}  // namespace
}  // namespace parseval
`
}

const entry = ({ size, variants }: Wanted): string => {
  const calls = variants.map(variant => {
    const [parameter, argument] = variant === 'dft' ? ['', ''] : [', const Scalar<K> *w', ', w']
    return `  template <class Load, class Store>
  static PARSEVAL_INLINE void ${variant}(const Load &load, const Store &store${parameter}) {
    ${variant}${size}<K>(load, store${argument});
  }
`
  })
  return `template <class K>
struct Codelet<K, ${size}> {
${calls.join('')}};
`
}

export const index = (): string => `// ${note}
// Transforms y_k = Σ_j e^(−2πi jk/n) x_j of elements in registers, the batch in the lanes. Element j comes from
// load(j), a Complex<K>, and goes to store(k, y_k), so that what belongs before or after a pass is computed in it.
// Every element is loaded once and stored once, and all loads come before the first store: both may be one place.
//
// dft: no twiddles. dit: inputs 1 … n − 1 are multiplied by w first, dif: outputs 1 … n − 1 are multiplied last; w is
// n − 1 pairs (re, im), the same for all lanes. For the transform backward with the conjugates of w, exchange re
// and im in load and in store.
#pragma once

${wanted.map(({ size }) => `#include "dft${size}.h"`).join('\n')}

namespace parseval {
namespace {

template <class K, int Size>
struct Codelet;

${wanted.map(entry).join('\n')}
constexpr int codeletSizes[] = {${wanted.map(w => w.size).join(', ')}};

}  // namespace
}  // namespace parseval
`

/* Machine code is made of whole transforms' passes, which are all in time. */
const tabled = (v: Variant): boolean => v !== 'dif'

const tables = (): string => `// ${note}
// The codelets as tables, for the generator of machine code. Values are numbered: re and im of input j are 2j and
// 2j + 1, the sums follow in their order. See codelets.h for what a codelet computes.
#pragma once

#include "../codegen/codeletStep.h"

namespace parseval {
namespace {

using namespace codelet;

// clang-format off
${wanted
  .flatMap(({ size, variants }) =>
    variants.filter(tabled).map(v => tableText(`${v}${size}Steps`, size, codelet(size, v))),
  )
  .join('\n')}
// clang-format on
constexpr CodeletTable codeletTables[] = {
${wanted
  .flatMap(({ size, variants }) =>
    variants
      .filter(tabled)
      .map(
        v =>
          `    {${size}, ${v === 'dit'}, ${v}${size}Steps, sizeof ${v}${size}Steps / sizeof(CodeletStep)},`,
      ),
  )
  .join('\n')}
};

}  // namespace
}  // namespace parseval
`

const folder = new URL('../../../../native/codelets/', import.meta.url)

/** Name and text of every file. */
export const files = (): (readonly [string, string])[] => [
  ...wanted.map(w => [fileURLToPath(new URL(`dft${w.size}.h`, folder)), header(w)] as const),
  [fileURLToPath(new URL('codelets.h', folder)), index()],
  [fileURLToPath(new URL('tables.h', folder)), tables()],
]

if (argv[1] === fileURLToPath(import.meta.url)) for (const [name, text] of files()) writeFileSync(name, text)
