/**
 * A server that answers is not Down, and what it leaves unanswered while it answers others is no failure.
 *
 * - live-server: it does not go Down within nine tenths of a time-out (a second, if it refuses) after it answered a request in
 *   time; nor, with probes, within one time-out more if it answered a tenth of what it was sent in each of the last five seconds with
 *   traffic.
 * - no-failure: no failure is counted, and it is not Not Responding, if a valid response, late or not, came after the last
 *   transmission of the request that ended.
 * - asked-first: with probes it is Down only after a probe was unanswered for a time-out.
 * - return: it comes back from Down when it answers a probe or what may be outstanding, or when its dead time is over; not by
 *   a late response or a replay.
 */
import type { EngineEvent } from '../../../proxy/border/events.ts'
import { type Instant, MICROS_PER_SECOND } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { type LaneHealth, LEAST } from '../../books/health-book.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** Seconds with traffic, and the share that it answered in each. */
const SECONDS = 5
const SHARE = 0.1

export class LiveServerLaw implements Observer {
  readonly #books: Books
  /** By lane, after the last step: failures that are counted, and the last sign of life. */
  readonly #seen = new Map<number, { failures: number; signAt: number }>()
  /** A client got an answer since the latest response of a server arrived. */
  #isPassedOn = false

  constructor(books: Books) {
    this.#books = books
  }

  reconfigured(): void {
    this.#seen.clear()
  }

  arrives(): void {
    this.#isPassedOn = false
  }

  replied(): void {
    this.#isPassedOn = true
  }

  noted(event: EngineEvent, now: Instant): void {
    const health = event.kind === 'server-state' ? this.#books.health.lanes.get(event.lane) : undefined
    if (event.kind !== 'server-state' || health === undefined) return
    if (event.to === 'down') this.#checkDown(health, event.why, now)
    if (event.from === 'down') this.#checkReturn(health, event.why, now)
    if (event.to === 'not_responding') this.#checkFailure(health, health.signAt, now)
  }

  /** Failures are counted during a step, so they are read from the counters. */
  stepped(now: Instant): void {
    for (const { number: lane, counters } of this.#books.lanes.engine?.inspection.lanes ?? []) {
      const health = this.#books.health.lanes.get(lane)
      if (health === undefined) continue
      const seen = this.#seen.get(lane)
      // A sign of life in the same step may have come after the failure.
      if (seen !== undefined && counters.failures > seen.failures) this.#checkFailure(health, seen.signAt, now)
      if (seen === undefined) this.#seen.set(lane, { failures: counters.failures, signAt: health.signAt })
      else [seen.failures, seen.signAt] = [counters.failures, health.signAt]
    }
  }

  #checkDown(health: LaneHealth, why: string, now: Instant): void {
    const name = `${health.server} (${health.class})`
    if (health.heldAt > now - this.#books.health.leastWait(health, now)) {
      const saw = `${name} is Down (${why}) ${agoOf(health.heldAt, now)} after it answered in time`
      throw new BrokenLaw('live-server', saw, now)
    }
    if (this.#books.lanes.options.deadServer.probe === 'none') return
    const probe = this.#books.health.probes.get(health.lane)
    const timeout = this.#books.health.leastTimeouts.get(health.lane) ?? 0
    // An answer that comes after the time-out may be what wakes the engine.
    const isUnanswered = probe?.answeredAt === undefined || probe.answeredAt === now
    if (probe === undefined || !isUnanswered || probe.firstAt > now - timeout * LEAST) {
      throw new BrokenLaw('asked-first', `${name} is Down (${why}), and no probe was left unanswered before`, now)
    }
    const seconds = this.#books.health.secondsBefore(health, now, SECONDS)
    // Of one that has just died, these seconds say nothing.
    const isStillHeard = health.heldAt > now - (this.#books.health.leastWait(health, now) + timeout * LEAST)
    const isFresh = now - health.begunAt > SECONDS * MICROS_PER_SECOND
    if (
      isStillHeard &&
      isFresh &&
      seconds.length === SECONDS &&
      seconds.every(({ sent, answers }) => answers >= sent * SHARE)
    ) {
      const counts = seconds.map(({ sent, answers }) => `${answers} of ${sent}`).join(', ')
      throw new BrokenLaw('live-server', `${name} is Down (${why}); it answered, newest second first: ${counts}`, now)
    }
  }

  #checkReturn(health: LaneHealth, why: string, now: Instant): void {
    const isOver = now >= health.formerSince + this.#books.lanes.options.deadServer.deadTime
    // If there is no other server, a login waits longer than its tries. Its client got that response a moment ago.
    const isInTime = !health.isSignLate || (health.class === 'authentication' && this.#isPassedOn)
    const isHeard = health.probeAnsweredAt === now || (health.signAt === now && isInTime)
    if (isOver || isHeard) return
    const saw = `${health.server} (${health.class}) is not Down any more (${why}), and did nothing`
    throw new BrokenLaw('return', saw, now)
  }

  #checkFailure(health: LaneHealth, signAt: number, now: Instant): void {
    if (signAt <= now - this.#books.health.leastWait(health, now)) return
    const saw = `a failure of ${health.server} (${health.class}) is counted ${agoOf(signAt, now)} after a valid response`
    throw new BrokenLaw('no-failure', saw, now)
  }
}

const agoOf = (then: number, now: Instant): string => `${Math.round((now - then) / 1_000)} ms`
