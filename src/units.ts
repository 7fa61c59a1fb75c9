/**
 * Numbers that cannot be mixed up.
 *
 * Time is an integer count of microseconds: an `Instant` on the monotonic clock (its origin means nothing, only
 * differences do), a `Duration` between two of them. Both are plain numbers at run time; the brand costs nothing and
 * stops a millisecond from being passed where microseconds are meant. 2^53 microseconds are 285 years.
 */

declare const unit: unique symbol
type Branded<Name extends string> = number & { readonly [unit]: Name }

/** A moment on the monotonic clock, integer microseconds. */
export type Instant = Branded<'Instant'>
/** A length of time, integer microseconds, never negative. */
export type Duration = Branded<'Duration'>
/** Messages per second, a non-negative integer; 0 is unlimited. */
export type PerSecond = Branded<'PerSecond'>

export const MICROS_PER_SECOND = 1_000_000
export const MICROS_PER_MINUTE = 60_000_000

export const instant = (microseconds: number): Instant => microseconds as Instant
export const micros = (microseconds: number): Duration => microseconds as Duration
export const millis = (milliseconds: number): Duration => Math.round(milliseconds * 1_000) as Duration
export const seconds = (count: number): Duration => Math.round(count * MICROS_PER_SECOND) as Duration
export const perSecond = (messages: number): PerSecond => messages as PerSecond

/** The whole second in which a moment is. */
export const secondOf = (at: Instant): number => Math.floor(at / MICROS_PER_SECOND)
/** The moment `wait` after `start`. */
export const after = (start: Instant, wait: Duration): Instant => (start + wait) as Instant
/** How long ago `earlier` was, seen from `now`; 0 where it lies in the future. */
export const since = (earlier: Instant, now: Instant): Duration => Math.max(0, now - earlier) as Duration
/** The earlier of two moments, either of which may be absent. */
export const earliest = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined ? b : b === undefined || a <= b ? a : b

/** As a setting is written: `5s`, `1500ms`. */
export const durationText = (duration: Duration): string =>
  duration % MICROS_PER_SECOND === 0 ? `${duration / MICROS_PER_SECOND}s` : `${Math.round(duration / 1_000)}ms`

/** For people, in the largest unit that still says enough: `0.4 s`, `12 s`, `3 min`, `2 h`. */
export function lengthOfTime(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}
