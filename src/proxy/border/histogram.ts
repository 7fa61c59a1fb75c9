/**
 * How long something took, counted in twelve buckets from 1 ms to 60 s and one beyond.
 *
 * Plain numbers: to count one is a few comparisons and two additions. Half of the limits matter to RADIUS (a time-out is
 * 3 s, clients wait 5 to 30 s), the others split the rest evenly on a logarithmic scale.
 */
import { type Duration, micros, millis, seconds } from '../../units.ts'

/** The upper limit of each bucket, itself included, ascending. */
export const BUCKET_LIMITS: readonly Duration[] = [
  ...[1, 3, 10, 30, 100, 300].map(millis),
  ...[1, 3, 5, 10, 30, 60].map(seconds),
]

export interface Histogram {
  /** One for each limit, and at the end those beyond all of them. */
  readonly counts: number[]
  sum: Duration
}

export const emptyHistogram = (): Histogram => ({ counts: [0, ...BUCKET_LIMITS.map(() => 0)], sum: micros(0) })

export const copyOfHistogram = ({ counts, sum }: Histogram): Histogram => ({ counts: [...counts], sum })

export function count(histogram: Histogram, took: Duration): void {
  let bucket = 0
  while (bucket < BUCKET_LIMITS.length && took > BUCKET_LIMITS[bucket]!) bucket += 1
  histogram.counts[bucket]! += 1
  histogram.sum = micros(histogram.sum + took)
}
