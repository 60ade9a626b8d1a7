/** The one way a broken internal promise is reported: a bug of the compiler's, never of its user's. */
export const bug = (what: string): never => {
  throw new Error(`Parseval is broken here: ${what}. Please report this with the program that led to it.`)
}

/** `value`, unless it is undefined or null, which is a bug. */
export const required = <A>(value: A | undefined | null, what: string): A =>
  value ?? bug(`${what} is missing`)
