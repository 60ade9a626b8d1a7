/** Buffers in an arena: first fit, freed pieces joined. The one mutable thing in lowering, local to one plan. */
/** Units from `offset` on. */
export interface Buffer {
  readonly offset: number
  readonly units: number
}

export interface Arena {
  readonly allocate: (units: number) => Buffer
  readonly free: (buffer: Buffer) => void
  /** The most units that were ever in use, holes included. */
  readonly size: () => number
}

/* A buffer starts at an even unit, so that a complex element never crosses a cache line; a large one at every fourth, so
that two neighbours of four examples do not either: what is written past the caches must fill lines. Behind it some lines
stay free: buffers a power of two apart would compete for the same few places of the first-level cache (measured: seven
buffers read and written column by column take ten times as long). */
const large = 256
const gap = 20
const rounded = (units: number): number => units + (units & 1) + (units >= large ? gap : 0)
/** Where a buffer of so many units may begin, from `offset` on. */
const startFrom = (offset: number, units: number): number => offset + (units >= large ? -offset & 3 : 0)

export const arena = (): Arena => {
  let holes: Buffer[] = []
  let size = 0
  return {
    allocate: units => {
      const need = rounded(units)
      const i = holes.findIndex(h => h.offset + h.units >= startFrom(h.offset, units) + need)
      const hole = holes[i] ?? { offset: size, units: 0 }
      const offset = startFrom(hole.offset, units)
      const end = offset + need
      const before = { offset: hole.offset, units: offset - hole.offset }
      const behind = { offset: end, units: hole.offset + hole.units - end }
      const rest = [before, behind].filter(h => h.units > 0)
      holes = i < 0 ? [...holes, ...rest] : holes.flatMap((h, k) => (k !== i ? [h] : rest))
      size = Math.max(size, end) // may pass what a plan can hold: `lower` refuses such plans
      return { offset, units }
    },
    free: ({ offset, units }) => {
      const sorted = [...holes, { offset, units: rounded(units) }].sort((p, q) => p.offset - q.offset)
      holes = []
      for (const h of sorted) {
        const last = holes.at(-1)
        if (last !== undefined && last.offset + last.units === h.offset)
          holes[holes.length - 1] = { offset: last.offset, units: last.units + h.units }
        else holes.push(h)
      }
    },
    size: () => size,
  }
}
