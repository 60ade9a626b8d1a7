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

/* A buffer starts at a multiple of four units, so that neither a complex element of eight examples nor two neighbours of
four cross a cache line, which what is written past the caches must fill. Behind a large one some lines
stay free: buffers a power of two apart would compete for the same few places of the first-level cache (measured: seven
buffers read and written column by column take ten times as long). */
const large = 256
const gap = 20
const rounded = (units: number): number => units + (-units & 3) + (units >= large ? gap : 0)

export const arena = (): Arena => {
  let holes: Buffer[] = []
  let size = 0
  return {
    allocate: units => {
      const need = rounded(units)
      const i = holes.findIndex(h => h.units >= need)
      const hole = holes[i]
      if (hole === undefined) {
        const offset = size
        size += need // may pass what a plan can hold: `lower` refuses such plans
        return { offset, units }
      }
      const rest = { offset: hole.offset + need, units: hole.units - need }
      holes = holes.flatMap((h, k) => (k !== i ? [h] : rest.units > 0 ? [rest] : []))
      return { offset: hole.offset, units }
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
