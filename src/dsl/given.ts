/** What was given where something else was due: JavaScript has nobody who looks at types. */

export const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' && x !== null

/** Whether it is a `Term`, as far as one can see. */
export const isTerm = (x: unknown): boolean => isObject(x) && 'form' in x && 'at' in x

/** The value, in a word or two. */
export const shown = (x: unknown): string => {
  if (typeof x === 'string') return JSON.stringify(x)
  if (typeof x === 'function') return 'a function'
  if (Array.isArray(x)) return 'a list'
  return isObject(x) ? 'an object' : String(x)
}
