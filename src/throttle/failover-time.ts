/**
 * How time-outs, retries and the age of a login fit together.
 *
 * A login must have left a silent server before its `max_age` is over, or no other server is ever asked. It leaves after
 * `timeout` x (`max_retries` + 1), each time-out up to a tenth longer (RFC 5080 section 2.2.1).
 */
import { type Duration, millis } from '../units.ts'

/** Own timers are spread by so much to either side. */
export const TIMEOUT_JITTER = 0.1
const SHORTEST = 10
const LONGEST = 2_000
const STEP = 100

/** The longest time until a request leaves a server that does not answer. */
export const timeToLeave = (timeout: Duration, maxRetries: number): number =>
  timeout * (maxRetries + 1) * (1 + TIMEOUT_JITTER)

/** The longest time-out, 10 ms to 2 s, with which a login of `maxAge` leaves a silent server in time after `maxRetries`. */
export function timeoutWithin(maxAge: Duration, maxRetries = 1): Duration {
  const longest = maxAge / 1_000 / (maxRetries + 1) / (1 + TIMEOUT_JITTER)
  const rounded = longest < STEP ? Math.floor(longest) : Math.floor(longest / STEP) * STEP
  return millis(Math.min(LONGEST, Math.max(SHORTEST, rounded)))
}
