/**
 * A server that serves nobody is not the first choice for longer than ten seconds while another server does better.
 *
 * It serves nobody if ten requests and more have ended there within ten seconds, and none of them was answered within its
 * first time-out. Another server does better if it has answered most of its requests in that time. From then on the first one
 * gets at most one new request in twenty, and one for each probe interval, so that it can show that it is well again.
 */
import { type PerClass, perClass, type TrafficClass } from '../../../classes.ts'
import type { EngineEvent } from '../../../proxy/border/events.ts'
import { type Instant, MICROS_PER_SECOND, seconds } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { type Asked, type LaneHealth, MOST } from '../../books/health-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { requestKeyOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

const WINDOW = seconds(10)
const ENOUGH = 10
const SECONDS_KEPT = 30
const ONE_IN = 20
/** The engine counts by the second. */
const LEEWAY = 1_500_000
/** Requests whose server was chosen a moment before. */
const SPARE = 2

/** A request that was sent to a lane. `isFirst` if it was sent to no other lane before. */
interface Choice {
  readonly at: Instant
  readonly lane: number
  readonly class: TrafficClass
  readonly isFirst: boolean
  readonly asked: Asked
}

export class FirstChoiceLaw implements Observer {
  readonly #books: Books
  readonly #known: Recent<number, true>
  #choices: Choice[] = []
  /** By lane: since when it has served nobody in time, and when that was evident. */
  readonly #useless = new Map<number, { readonly since: Instant; evidentAt: number | undefined }>()
  /** Datagrams of clients by second of the world. */
  readonly #received: PerClass<Map<number, number>> = perClass(() => new Map())
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(books: Books) {
    this.#books = books
    this.#known = new Recent(inHand(books.lanes.options))
  }

  reconfigured(): void {
    this.#useless.clear()
    this.#choices = []
  }

  forwarded(lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const health = this.#books.health.lanes.get(lane)
    const asked = health?.latest
    if (health === undefined || asked === undefined || asked.tries > 1) return
    const packet = wellFormed(bytes)
    const key = requestKeyOf(packet)
    // A conversation stays with its server.
    const isFirst = this.#known.get(key, now) === undefined && packet.stateAt === 0
    this.#known.set(key, true, now)
    this.#choices.push({ at: now, lane, class: health.class, isFirst, asked })
    if (!this.#useless.has(lane)) this.#useless.set(lane, { since: now, evidentAt: undefined })
  }

  received(trafficClass: TrafficClass, _bytes: Uint8Array, now: Instant): void {
    const counts = this.#received[trafficClass]
    const second = Math.floor(now / MICROS_PER_SECOND)
    counts.set(second, (counts.get(second) ?? 0) + 1)
    counts.delete(second - SECONDS_KEPT)
  }

  arrives(lane: number, _port: number, _bytes: Uint8Array, now: Instant): void {
    if (this.#books.health.lanes.get(lane)?.inTimeAt === now) this.#useless.delete(lane)
  }

  noted(event: EngineEvent): void {
    if (event.kind !== 'server-state' || (event.from !== 'down' && event.to !== 'down')) return
    this.#useless.delete(event.lane)
    // If no other server lived, it had to be chosen.
    this.#choices = []
  }

  stepped(now: Instant): void {
    if (now < this.#nextAt) return
    this.#nextAt = now + MICROS_PER_SECOND
    const [oldest] = this.#choices
    if (oldest !== undefined && oldest.at < now - 4 * WINDOW) {
      this.#choices = this.#choices.filter(({ at }) => at >= now - 3 * WINDOW)
    }
    for (const health of this.#books.health.lanes.values()) if (health.state !== 'down') this.#check(health, now)
  }

  #check({ lane, server, class: trafficClass, state }: LaneHealth, now: Instant): void {
    const useless = this.#useless.get(lane)
    const limits = this.#books.lanes.facts.get(lane)?.limits
    if (useless === undefined || limits === undefined) return
    const { since } = useless
    const from = now - WINDOW
    const others = [...this.#books.health.lanes.values()].filter(
      (other) => other.lane !== lane && other.class === trafficClass,
    )
    const isAnotherBetter = others.some((other) => isWell(other, from) && this.#doesBetter(other, from, now))
    // Enough requests have ended here in the window, and none of them was answered in time.
    const sentBy = now - limits.timeout * MOST * (limits.maxRetries + 1)
    const isEnded = ({ at }: Choice): boolean => at >= since && at > sentBy - WINDOW && at <= sentBy
    const isEvident = this.#choices.filter((choice) => choice.lane === lane && isEnded(choice)).length >= ENOUGH
    if (isEvident && isAnotherBetter) useless.evidentAt ??= now
    // If it is asked less although it is not Failing, what was evident is old.
    else if (!isEvident && state !== 'failing') useless.evidentAt = undefined
    if (!isAnotherBetter) return
    if (from < Math.max(since + WINDOW, useless.evidentAt ?? Number.POSITIVE_INFINITY) + LEEWAY) return
    const firsts = this.#choices.filter(({ at, isFirst, class: of }) => isFirst && of === trafficClass && at > from)
    const here = firsts.filter((choice) => choice.lane === lane).length
    // Requests that wait for a slot or an identifier were chosen too. Only their datagrams are known.
    const chosen = Math.max(firsts.length, this.#receivedSince(trafficClass, from))
    const most = chosen / ONE_IN + WINDOW / this.#books.lanes.options.deadServer.probeInterval + SPARE
    if (here <= most) return
    const saw = `${server} (${trafficClass}) has answered nothing in time for ${Math.round((now - since) / MICROS_PER_SECOND)} s, and got ${here} of the last ${firsts.length} new requests`
    throw new BrokenLaw('first-choice', saw, now)
  }

  #receivedSince(trafficClass: TrafficClass, from: number): number {
    const first = Math.floor(from / MICROS_PER_SECOND)
    return [...this.#received[trafficClass]].reduce((sum, [second, count]) => sum + (second < first ? 0 : count), 0)
  }

  /** Whether it answered most of what it was sent in time. */
  #doesBetter({ lane }: LaneHealth, from: number, now: Instant): boolean {
    const { timeout = 0 } = this.#books.lanes.facts.get(lane)?.limits ?? {}
    const asked = this.#choices.filter(
      (choice) => choice.lane === lane && choice.at > from && choice.at < now - timeout * MOST,
    )
    const served = asked.filter(
      ({ at, asked: { answeredAt } }) => answeredAt !== undefined && answeredAt - at < timeout,
    )
    return asked.length >= ENOUGH && served.length * 10 >= asked.length * 9
  }
}

const isWell = ({ state, wellSince }: LaneHealth, from: number): boolean =>
  (state === 'active' || state === 'not_responding') && wellSince < from
