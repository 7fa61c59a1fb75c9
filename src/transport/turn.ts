/**
 * How long a turn serves, and how the timer of `dgram/timer-pace.io.ts` waits for the next one.
 *
 * That timer has a grain of 1 ms and may ring late. So it is set a little early, and the last stretch before the engine's moment is
 * spent polling the sockets: a slot is entered as it begins.
 */
import { type Instant, millis } from '../units.ts'

/** Messages of one step of serving. Each step has a fresh reading of the clock. */
export const STEP_MESSAGES = 32
const SERVE_AT_MOST = millis(25)
/** Below this a sleep could end too late; the sockets are polled instead. */
const TOO_SHORT_TO_SLEEP = 1_200
const TIMER_MARGIN = 200
/** Timers of Node end at 2^31 - 1 ms; waking once an hour for nothing costs nothing. */
const LONGEST_SLEEP_MS = 3_600_000

/** Whether the turn goes on serving; if not, the sockets are read before it goes on. */
export const servesOn = (began: Instant, now: Instant): boolean => now - began < SERVE_AT_MOST

/** Whether a moment is too near for a timer. */
export const isNear = (moment: Instant, now: Instant): boolean => moment - now <= TOO_SHORT_TO_SLEEP

/**
 * Whether a timer must be set. One that is set too early is left as it is: a useless wake is cheaper than setting the timer
 * again for each request.
 */
export const needsTimer = (moment: Instant, timerAt: Instant | undefined): boolean =>
  timerAt === undefined || timerAt > moment

/** How long to sleep for a moment that is not near. */
export const sleepFor = (moment: Instant, now: Instant): number =>
  Math.min(LONGEST_SLEEP_MS, Math.floor((moment - now - TIMER_MARGIN) / 1_000))
