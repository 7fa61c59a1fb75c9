/**
 * The counters of two objects of the same shape added: of two instances, of an engine and the one before it, of clients that
 * a reload removed.
 */

/** Adds every number, at any depth and in lists. Other values are those of the first object. */
export function addedNumbers<T extends object>(a: T, b: T): T {
  const sum: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(a)) {
    const other = (b as Record<string, unknown>)[key]
    if (typeof value === 'number') sum[key] = value + Number(other)
    else if (Array.isArray(value)) sum[key] = value.map((one: number, at) => one + (other as number[])[at]!)
    else sum[key] = typeof value === 'object' && value !== null ? addedNumbers(value, other as object) : value
  }
  return sum as T
}

/** Adds every number of `added` to `sum`, which has the same shape, at any depth. */
export function addNumbersTo(sum: object, added: object): void {
  const to = sum as Record<string, unknown>
  for (const [key, value] of Object.entries(added)) {
    if (typeof value === 'number') to[key] = Number(to[key]) + value
    else if (typeof value === 'object' && value !== null) addNumbersTo(to[key] as object, value)
  }
}
