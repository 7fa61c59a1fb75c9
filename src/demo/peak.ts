/**
 * The busiest moment of a list of arrivals: how many fell into any window of one length, wherever it begins.
 */

/** The most arrivals (ascending, microseconds) within any `window` microseconds. */
export function peakWithin(arrivals: readonly number[], window: number): number {
  let peak = 0
  let first = 0
  for (let last = 0; last < arrivals.length; last += 1) {
    while ((arrivals[last] ?? 0) - (arrivals[first] ?? 0) >= window) first += 1
    peak = Math.max(peak, last - first + 1)
  }
  return peak
}
