/** Hints for misspelt names. */

/** How many letters to insert, delete or replace to get from one to the other. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

/** `: did you mean …?` for the known name that is closest, if one is close; else nothing. */
export const nearest = (name: string, known: readonly string[]): string => {
  if (name.length > 40) return ''
  const ranked = known
    .map(other => ({ other, far: distance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
  const best = ranked[0]
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.other.length / 2))
    ? `: did you mean ${best.other}?`
    : ''
}
