/**
 * How a loop's steps fall into chunks, and which way of it recomputes least within a number of saved entries.
 *
 * Of T steps the first c·k are c chunks of k, of which only the start is saved; each of the other r = T − c·k is
 * saved. Going back, those r come first, and their room is then that of one chunk after the other: c + max(k, r)
 * entries at once, and c·k steps run again. Within s entries that is least for r = s − c and the smallest c that
 * leaves k ≤ r, or a little less: other values want to lie where the r were, too. Where even c ≈ √T is too much, a
 * chunk is itself done in chunks.
 */

/** The first `chunks`·`steps` steps in chunks, each of them nested `within`; the others behind them, one by one. */
export interface Nest {
  /** How many chunks. */
  readonly chunks: number
  /** Steps of the loop in each. */
  readonly steps: number
  /** How a chunk is done in turn; plainly if not given. */
  readonly within?: Nest | undefined
}

/** Saved entries that are live at once, at most. */
export const savedEntries = (length: number, nest: Nest | undefined): number =>
  nest === undefined
    ? length
    : nest.chunks + Math.max(length - nest.chunks * nest.steps, savedEntries(nest.steps, nest.within))

/** Steps that are run forward once more, in all. */
export const recomputedSteps = (nest: Nest | undefined): number =>
  nest === undefined ? 0 : nest.chunks * (nest.steps + recomputedSteps(nest.within))

/** Chunks in chunks, at most: each level adds a loop forward and one back. Three do for 10⁶ steps in 130 entries. */
export const mostLevels = 3

/** What is left for a chunk of the room of so many entries. */
const roomFor = (rest: number): number => rest - Math.ceil(rest / 16)

/** A nest, or none needed, in `nest`; undefined itself where no nest is enough. */
export type Found = { readonly nest: Nest | undefined } | undefined

const withChunks = (levels: number, length: number, entries: number, chunks: number): Found => {
  const steps = Math.ceil((length - (entries - chunks)) / chunks)
  const rest = length - chunks * steps
  if (rest < 1) return undefined
  const inner = within(levels - 1, steps, roomFor(rest))
  return inner && { nest: { chunks, steps, within: inner.nest } }
}

const within = (levels: number, length: number, entries: number): Found => {
  if (length <= entries) return { nest: undefined }
  let best: Found
  for (let chunks = 1; levels > 0 && chunks < entries; chunks++) {
    const found = withChunks(levels, length, entries, chunks)
    if (found && (best === undefined || recomputedSteps(found.nest) < recomputedSteps(best.nest)))
      best = found
    if (best !== undefined && levels === 1) break // the smallest number is the best, but for rounding
  }
  return best
}

/** The nest that recomputes least with so many entries saved at once, of so many levels at most. */
export const nestWithin = (length: number, entries: number, most = mostLevels): Found => {
  for (let levels = 0; levels <= most; levels++) {
    const found = within(levels, length, entries)
    if (found !== undefined) return found
  }
  return undefined
}

/** The fewest entries that some nest of so many levels at most does with. */
export const leastEntries = (length: number, most = mostLevels): number => {
  let [low, high] = [1, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (nestWithin(length, middle, most) === undefined) low = middle + 1
    else high = middle
  }
  return low
}
