/** A line of the table: a figure of ours beside a rival's, or alone; with what it is to reach. */

/** The median of the rounds, and the extremes. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface Line {
  readonly row: string
  /** What is measured, in words. */
  readonly what: string
  /** Of the figures: 'ms', 'ns', 'MB', … */
  readonly unit: string
  readonly ours?: Figure
  readonly rival?: string
  readonly theirs?: Figure
  /** Theirs over ours; of a line without a rival, the figure itself. */
  readonly ratio?: number
  /** What the ratio is to reach: from below, or from above where less is better. */
  readonly bound?: { readonly kind: 'at least' | 'at most'; readonly must: number; readonly aim: number }
  /** Why there is no figure, and how to get one. */
  readonly absent?: string
  readonly note?: string
}

/** What the command line chose. */
export interface Choice {
  readonly quick: boolean
  readonly threads: number
}

/** A row of the table: its lines are measured in one go, interleaved. */
export interface Row {
  readonly name: string
  readonly what: string
  /** Left out unless it is asked for by name. */
  readonly onRequest?: boolean
  readonly measure: (choice: Choice) => Promise<readonly Line[]>
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const figure = (values: readonly number[], factor = 1): Figure => ({
  median: median(values) * factor,
  low: Math.min(...values) * factor,
  high: Math.max(...values) * factor,
})
