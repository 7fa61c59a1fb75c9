/**
 * How many requests may be unanswered at a server that became slower: `throttle.adaptive: window`.
 *
 * A window that is full is worked off in window / pace. If that is longer than the time-out, the server works for requests that
 * were given up. So the window follows the server, as TCP Vegas does: it compares the mean response time of each second with the
 * least one of the last 10 minutes (the base), and takes the difference for requests that queue inside the server. Few of them:
 * the window grows; many: it shrinks. A time-out shrinks it at once, once a second.
 *
 * It shrinks from as many as were unanswered, not from itself: a ceiling of 4000 would come down too late, and a queue of some
 * hundred requests is too long for a slow server however wide the window is.
 *
 * Promises: never above the ceiling (max-outstanding), never below 8 (or the ceiling, if that is lower); O(1) for each answer;
 * it changes only when it is told something, so nothing has to wake for it.
 */
import { type Duration, type Instant, MICROS_PER_MINUTE, micros, secondOf } from '../units.ts'
import { RecentMinimum } from './recent-minimum.ts'

/** The window never closes: its answers are what it learns from. */
export const WINDOW_FLOOR = 8
/** Fewer response times are no mean. */
const ENOUGH_ANSWERS = 8
/** With fewer queued inside the server the window grows, with more it shrinks. */
const FEW_QUEUED = 6
const MANY_QUEUED = 16
/**
 * In tenths of the time-out: a window that is less than half used shrinks only after so long a wait in the server. Response times
 * of a healthy server differ from second to second, and a burst after a quiet time looks like a queue.
 */
const LONG_WAIT = 1
/** In tenths of the window: what it grows by, and what a time-out leaves of it. */
const GROWTH = 1
const AFTER_TIMEOUT = 7
/** A shorter base would take the noise of the machines between for a queue. */
const LEAST_BASE = 1_000
const BASE_MINUTES = 10
/**
 * A server that gives fewer answers than `ENOUGH_ANSWERS` a second is measured over several seconds, so many at most. Otherwise
 * its window would never grow again after the first lost packet.
 */
const LONGEST_MEASURE = 10

export class AdaptiveWindow {
  #ceiling: number
  #timeout: Duration
  /** Not rounded: 10 % of a small window are less than one. */
  #size: number
  readonly #base = new RecentMinimum({ parts: BASE_MINUTES, length: micros(MICROS_PER_MINUTE) })
  /** The measure: since when, the latest second in it, and what came in it. */
  #since = Number.NEGATIVE_INFINITY
  #second = Number.NEGATIVE_INFINITY
  #answers = 0
  #responseTimes = 0
  #latest: Instant | undefined = undefined
  #mostTaken = 0
  #hasTimedOut = false

  /** `ceiling`: max-outstanding, 1 or more. The window begins there: without a measurement nothing speaks against it. */
  constructor(ceiling: number, timeout: Duration) {
    this.#ceiling = ceiling
    this.#timeout = timeout
    this.#size = ceiling
  }

  /** How many may be unanswered now: whole, 1 to the ceiling. */
  get size(): number {
    return Math.floor(this.#size)
  }

  /** Another ceiling. A window that stood at its ceiling stays there; a lowered one goes on from where it is. */
  reconfigure(ceiling: number, timeout: Duration): void {
    const wasThere = this.#size >= this.#ceiling
    this.#ceiling = ceiling
    this.#timeout = timeout
    this.#size = wasThere ? ceiling : Math.min(this.#size, ceiling)
  }

  /** So many were unanswered just before one of them ended: only then the number can be at its highest. */
  used(taken: number, now: Instant): void {
    this.#enter(secondOf(now))
    if (taken > this.#mostTaken) this.#mostTaken = taken
  }

  /** A response after so long. Only where the request had one transmission: else nobody knows which one was answered. */
  answered(took: Duration, now: Instant): void {
    this.#enter(secondOf(now))
    this.#answers += 1
    this.#responseTimes += took
    this.#latest = now
  }

  /** A transmission was not answered in time. Many in a second say no more than one: they waited in one queue. */
  timedOut(now: Instant): void {
    this.#enter(secondOf(now))
    if (this.#hasTimedOut) return
    this.#hasTimedOut = true
    this.#set((this.#size * AFTER_TIMEOUT) / 10)
  }

  #enter(second: number): void {
    if (second <= this.#second) return
    const isEnough = this.#answers >= ENOUGH_ANSWERS
    if (isEnough) this.#step()
    // A measure with a time-out ends with its second: it has had its effect.
    const goesOn = !isEnough && !this.#hasTimedOut && second - this.#since < LONGEST_MEASURE
    this.#second = second
    if (goesOn) return
    this.#since = second
    this.#answers = 0
    this.#responseTimes = 0
    this.#mostTaken = 0
    this.#hasTimedOut = false
  }

  #step(): void {
    const at = this.#latest as Instant
    const mean = Math.max(LEAST_BASE, this.#responseTimes / this.#answers)
    this.#base.note(mean, at)
    if (this.#hasTimedOut) return
    const waited = mean - (this.#base.least(at) as number)
    const used = Math.min(this.#size, this.#mostTaken)
    const queued = (used * waited) / mean
    const isHalfUsed = 2 * used >= this.size
    if (queued < FEW_QUEUED) {
      if (isHalfUsed) this.#set(this.#size + Math.max(1, (this.#size * GROWTH) / 10))
    } else if (queued > MANY_QUEUED && (isHalfUsed || 10 * waited >= LONG_WAIT * this.#timeout)) {
      this.#set(used - (queued - MANY_QUEUED) / 2)
    }
  }

  #set(size: number): void {
    this.#size = Math.min(this.#ceiling, Math.max(WINDOW_FLOOR, size))
  }
}
