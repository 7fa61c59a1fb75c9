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

/** Between two looks at the clocks; more than this and the process was interrupted there. */
const SURE_ENOUGH = 50
const READ_AT_MOST = 5_000

/**
 * Reads both clocks together, to some 50 microseconds where the machine is not overloaded: the wall clock shows
 * milliseconds only, so it is watched until it turns to the next one. Takes 5 ms at most, in which nothing else runs.
 */
export function readClockPair(): ClockPair {
  let monotonic = monotonicNow()
  let unix = Date.now()
  const deadline = monotonic + READ_AT_MOST
  let best: ClockPair = { monotonic, unix: unix * 1_000 }
  for (let doubt = Number.POSITIVE_INFINITY; doubt > SURE_ENOUGH && monotonic < deadline; ) {
    const before = { monotonic, unix }
    unix = Date.now()
    monotonic = monotonicNow()
    if (unix === before.unix || monotonic - before.monotonic >= doubt) continue
    doubt = monotonic - before.monotonic
    best = { monotonic, unix: unix * 1_000 }
  }
  return best
}
