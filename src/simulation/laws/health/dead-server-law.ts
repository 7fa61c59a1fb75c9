/**
 * A server that is dead is Down within 30 s, whatever an attacker sends in its place.
 *
 * Dead is who gives no valid response anew, to requests or to probes. It must have been asked enough: so many requests as
 * make it Down have used up all their tries in vain, and time was left to ask it with a probe. Where tries, time-outs or a
 * response time-out take longer than 30 s together, they may.
 */

import { after, type Instant, MICROS_PER_SECOND, seconds } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { type Asked, type HealthBook, type LaneHealth, MOST } from '../../books/health-book.ts'
import type { LaneBook } from '../../books/lane-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { requestKeyOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

const LIMIT = seconds(30)
/** How often it is looked at, and how late the engine's timer may be, and then some. */
const EVERY = MICROS_PER_SECOND
const MARGIN = 200_000

export class DeadServerLaw implements Observer {
  readonly #book: HealthBook
  /** Where a request went first; and those that came here after another server had left them unanswered. */
  readonly #firstLane: Recent<number, number>
  readonly #handedOn = new WeakSet<Asked>()
  readonly #lanes: LaneBook
  #nextAt = Number.NEGATIVE_INFINITY

  constructor({ health, lanes }: Books) {
    this.#book = health
    this.#lanes = lanes
    this.#firstLane = new Recent(inHand(lanes.options))
  }

  forwarded(lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const asked = this.#book.of(lane)?.latest
    const key = requestKeyOf(wellFormed(bytes))
    const first = this.#firstLane.get(key, now)
    if (first === undefined) this.#firstLane.set(key, lane, now)
    else if (first !== lane && asked !== undefined) this.#handedOn.add(asked)
  }

  stepped(now: Instant): void {
    if (now < this.#nextAt) return
    this.#nextAt = after(now, seconds(1))
    for (const health of this.#book.lanes) if (health.state !== 'down') this.#check(health, now)
  }

  #check(health: LaneHealth, now: Instant): void {
    const limits = this.#book.limitsOf(health.lane)
    if (limits === undefined) return
    const quietSince = Math.max(health.begunAt, health.maybeSignAt)
    if (now - quietSince < LIMIT + EVERY) return
    const { consecutiveFailures, responseTimeout, probe } = this.#lanes.options.deadServer
    const wait = limits.timeout * MOST + MARGIN
    // A probe takes one time-out more, and one that was under way may be waited for first.
    const enoughBy = now - 2 * wait
    // What another server left unanswered may be what every server does; without a probe nobody can tell.
    const isTelling = (asked: Asked): boolean => probe === 'status_server' || !this.#handedOn.has(asked)
    const inVain = health.vain.filter(
      (asked) => isTelling(asked) && hasEnded(asked, limits.maxRetries, enoughBy - wait),
    )
    const [first] = inVain
    if (first === undefined || inVain.length < consecutiveFailures || first.lastAt + wait + responseTimeout > enoughBy)
      return
    const saw = `${health.server} (${health.class}) is ${health.state}; it has answered nothing for ${Math.round((now - quietSince) / MICROS_PER_SECOND)} s, and ${inVain.length} requests were in vain`
    throw new BrokenLaw('dead-server', saw, now)
  }
}

/** All its tries were used up, the last of them at `by` or before. */
const hasEnded = ({ tries, lastAt }: Asked, maxRetries: number, by: number): boolean =>
  tries > maxRetries && lastAt <= by
