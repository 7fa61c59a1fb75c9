/**
 * How a sentence quotes a value of the file: short, on one line, and never the inside of a mapping or list, which could
 * hold a secret.
 */
const LONGEST = 60

export function quoted(value: unknown): string {
  if (typeof value === 'object') return kindOf(value)
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 3)}...`
}

export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}
