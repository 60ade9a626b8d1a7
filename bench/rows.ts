/** All rows, in the order of the table. */
import { aloneRows } from './alone.ts'
import { elementwiseRows } from './elementwise.ts'
import type { Row } from './row.ts'
import { trainingRows } from './training.ts'
import { transformRows } from './transforms.ts'

export const rows: readonly Row[] = [...trainingRows, ...transformRows, ...elementwiseRows, ...aloneRows]
