/**
 * Medians and spreads of a few rounds: the middle value, with the smallest and the largest.
 */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Of an even number of values the median is the mean of the two in the middle. @throws where there is no value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new Error('bench: a median of nothing')
  return { median: (upper + lower) / 2, least: sorted[0]!, most: sorted.at(-1)! }
}

export const medianOf = (values: readonly number[]): number => spreadOf(values).median
