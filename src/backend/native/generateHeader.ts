/**
 * Writes `native/opcodes.h`, the C++ side of the table in `opcodes.ts`; `npm run generate`. The header is checked
 * in, so that a build of the addon needs no TypeScript, and a test compares it with what is printed here.
 */
import { writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import {
  maxDepth,
  maxMapOperands,
  microOpNames,
  microOps,
  type Opcode,
  opcodeNames,
  opcodes,
  planVersion,
} from './opcodes.ts'
import { magic } from './plan.ts'

const operandWidth = (w: 1 | 2 | 'w' | 'none'): number => (w === 'none' ? 0 : w === 'w' ? ownWidth : w)
const ownWidth = 3

const texts = (names: readonly string[], places: number): string =>
  `{${Array.from({ length: places }, (_, i) => (names[i] === undefined ? 'nullptr' : `"${names[i]}"`)).join(', ')}}`

const mostOperands = Math.max(...opcodeNames.map(name => opcodes[name].operands.length))
const mostAttributes = Math.max(...opcodeNames.map(name => opcodes[name].attributes.length))

const opcodeRow = (name: keyof typeof opcodes): string => {
  const o: Opcode = opcodes[name]
  const counts = `${o.operands.length}, ${o.attributes.length}, ${o.variadic === true}`
  return `    {"${name}", ${counts}, ${texts(o.operands, mostOperands)}, ${texts(o.attributes, mostAttributes)}},`
}

const microRow = (name: keyof typeof microOps): string => {
  const m: {
    readonly widths: readonly number[]
    readonly a: 1 | 2 | 'w' | 'none'
    readonly b: 1 | 2 | 'w' | 'none'
  } = microOps[name]
  const widths = m.widths.reduce((set, w) => set | w, 0)
  return `    {"${name}", ${widths}, ${operandWidth(m.a)}, ${operandWidth(m.b)}},`
}

export const header =
  (): string => `// Generated from src/backend/native/opcodes.ts by \`npm run generate\`; do not edit.
#pragma once

#include <stdint.h>

namespace parseval {

constexpr int32_t planVersion = ${planVersion};
constexpr int32_t planMagic = 0x${magic.toString(16)};
constexpr int maxDepth = ${maxDepth};
constexpr int maxMapOperands = ${maxMapOperands};
constexpr int mostOperands = ${mostOperands};    // of the opcodes that are not variadic
constexpr int mostAttributes = ${mostAttributes};  // before the variadic ones

enum class Opcode : int32_t {
${opcodeNames.map(name => `  ${name},`).join('\n')}
};
constexpr int opcodeCount = ${opcodeNames.length};

struct OpcodeInfo {
  const char *name;
  int operands, attributes;
  bool variadic;
  const char *operandNames[mostOperands];
  const char *attributeNames[mostAttributes];
};

constexpr OpcodeInfo opcodeTable[opcodeCount] = {
${opcodeNames.map(opcodeRow).join('\n')}
};

// Pointwise operations inside a map.
enum class Micro : int32_t {
${microOpNames.map(name => `  ${name},`).join('\n')}
};
constexpr int microCount = ${microOpNames.length};
constexpr int ownWidth = ${ownWidth};

// widths: a set, 1 real and 2 complex; a, b: the operands' widths, 0 none, ownWidth that of the micro-op.
struct MicroInfo {
  const char *name;
  int widths, a, b;
};

constexpr MicroInfo microTable[microCount] = {
${microOpNames.map(microRow).join('\n')}
};

}  // namespace parseval
`

export const headerFile = fileURLToPath(new URL('../../../native/opcodes.h', import.meta.url))

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(headerFile, header())
