/**
 * A dead server is Down within 30 s, whatever an attacker sends in its place.
 *
 * A server is dead if it gives no new valid response, to requests or to probes. It must have been asked enough: as many
 * requests as make it Down have used up all tries, and there was time for a probe. Tries, time-outs and a response time-out
 * may take longer than 30 s together.
 */
import { after, type Instant, MICROS_PER_SECOND, seconds } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { type Asked, type LaneHealth, MOST } from '../../books/health-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { requestKeyOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

const LIMIT = seconds(30)
const CHECKED_EVERY = seconds(1)
/** More than the engine's timer may be late. */
const MARGIN = 200_000

export class DeadServerLaw implements Observer {
  readonly #books: Books
  /** By request: the lane that it went to first. */
  readonly #firstLane: Recent<number, number>
  /** What another server had left unanswered before. */
  readonly #handedOn = new WeakSet<Asked>()
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(books: Books) {
    this.#books = books
    this.#firstLane = new Recent(inHand(books.lanes.options))
  }

  forwarded(lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const asked = this.#books.health.lanes.get(lane)?.latest
    const key = requestKeyOf(wellFormed(bytes))
    const first = this.#firstLane.get(key, now)
    if (first === undefined) this.#firstLane.set(key, lane, now)
    else if (first !== lane && asked !== undefined) this.#handedOn.add(asked)
  }

  stepped(now: Instant): void {
    if (now < this.#nextAt) return
    this.#nextAt = after(now, CHECKED_EVERY)
    for (const health of this.#books.health.lanes.values()) if (health.state !== 'down') this.#check(health, now)
  }

  #check(health: LaneHealth, now: Instant): void {
    const limits = this.#books.lanes.facts.get(health.lane)?.limits
    if (limits === undefined) return
    const quietSince = Math.max(health.begunAt, health.maybeSignAt)
    if (now - quietSince < LIMIT + CHECKED_EVERY) return
    const { consecutiveFailures, responseTimeout, probe } = this.#books.lanes.options.deadServer
    const wait = limits.timeout * MOST + MARGIN
    // A probe takes one more time-out, after the end of one that was under way.
    const enoughBy = now - 2 * wait
    // Every server may leave such a request unanswered. Only a probe can tell.
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
