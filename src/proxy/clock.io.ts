/**
 * The clock: the monotonic one of the machine, whose origin all threads and processes share (process.hrtime).
 *
 * The grid of slots stands on it. For people and captures it can be read together with the wall clock.
 */
import { type Instant, instant, MICROS_PER_SECOND } from '../units.ts'

export type Clock = () => Instant

/** Now, in integer microseconds of CLOCK_MONOTONIC. */
export const monotonicNow: Clock = () => {
  const [whole, nanos] = process.hrtime()
  return instant(whole * MICROS_PER_SECOND + Math.floor(nanos / 1_000))
}

/** The two clocks at one moment, in microseconds. */
export interface ClockPair {
  readonly monotonic: Instant
  readonly unix: number
}

/**
 * Reads both clocks together, to a few microseconds: the wall clock shows milliseconds only, so it is watched until
 * it turns to the next one. Takes at most 2 ms, in which nothing else runs.
 */
export function readClockPair(): ClockPair {
  const deadline = monotonicNow() + 2_000
  const first = Date.now()
  for (;;) {
    const unix = Date.now()
    const monotonic = monotonicNow()
    if (unix !== first || monotonic >= deadline) return { monotonic, unix: unix * 1_000 }
  }
}
