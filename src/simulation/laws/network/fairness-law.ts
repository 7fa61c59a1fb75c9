/**
 * fairness: while a client has something waiting for a server, no other client gets more than its turns there.
 *
 * Over any interval in which client b always has something waiting in one preference of one lane, what any client a sends there,
 * divided by a's weight, is at most one turn more than what b sends, divided by b's weight, for each of the two levels of queues. It
 * holds for whatever a does, so it is found out if somebody who sends in drips gets more than his share.
 *
 * Messages that a server queue gave back to the instance queue go first, before all that come later. They may be given back when the
 * packet of a step is read, so a request counts as waiting from the end of its step. In a world where sending takes time, nobody can
 * see from outside how long they stand there. Such a world is not judged.
 *
 * When somebody waited is known afterwards: from when a request came until it was first sent. So each send of b tells of an
 * interval, and what others sent in it is counted then.
 */
import type { TrafficClass } from '../../../classes.ts'
import type { EngineEvent, Peer } from '../../../proxy/border/events.ts'
import type { Duration, Instant } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { preferenceOf, type Turn } from '../../books/turn-book.ts'
import { requestKeyOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type ObservedWorld, type Observer } from '../../world/observer.ts'

/** Turns that one may be ahead of another: one in the server queue, and one in the instance queue. */
const TURNS_AHEAD = 2

/** A request that was let in and not sent so far. */
interface Waiting {
  readonly from: Peer
  /** When it came, in the order of all that happens. In the step of its arrival that is not known. */
  since: number
}

interface Send {
  readonly at: number
  readonly turn: Turn
  /** It came after everything was stirred up last. */
  readonly isOrderly: boolean
}

/** Of one client: until when it is known to have had something waiting without a pause, and what was sent in that time. */
interface Backlogged {
  until: number
  /** Turns of others less its own, each with the least that it ever was. */
  readonly ahead: Map<string, { now: number; least: number }>
}

/** One preference of one lane. */
class Line {
  readonly #sends: Send[] = []
  /** `at` of the first one that is kept. */
  readonly #backlogged = new Map<string, Backlogged>()

  /** Answers who is too far ahead of whom. */
  send(turn: Turn, since: number, at: number, isOrderly: boolean): string | undefined {
    this.#sends.push({ at, turn, isOrderly })
    if (turn.isLimited || !isOrderly) return undefined
    let state = this.#backlogged.get(turn.of)
    if (state === undefined || since > state.until) {
      state = { until: since, ahead: new Map() }
      this.#backlogged.set(turn.of, state)
    }
    const found = this.#count(state, turn, at)
    state.until = at
    this.#forget()
    return found
  }

  /** What was sent since `state.until`, this one included. */
  #count(state: Backlogged, own: Turn, at: number): string | undefined {
    let found: string | undefined
    for (let place = this.#placeAfter(state.until); place < this.#sends.length; place += 1) {
      const send = this.#sends[place] as Send
      if (send.at > at) break
      if (send.turn.of === own.of) {
        for (const lead of state.ahead.values()) {
          lead.now -= 1 / own.weight
          lead.least = Math.min(lead.least, lead.now)
        }
      } else if (send.isOrderly) {
        const lead = state.ahead.get(send.turn.of) ?? { now: 0, least: 0 }
        state.ahead.set(send.turn.of, lead)
        lead.now += 1 / send.turn.weight
        if (lead.now - lead.least > TURNS_AHEAD + 1e-9) {
          found = `${send.turn.of} is ${(lead.now - lead.least).toFixed(2)} turns ahead of ${own.of}`
        }
      }
    }
    return found
  }

  #placeAfter(at: number): number {
    let [low, high] = [0, this.#sends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sends[middle] as Send).at <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Nobody asks for what was sent long ago: who waits so long is not watched any more. */
  #forget(): void {
    if (this.#sends.length < 40_000) return
    this.#sends.splice(0, 20_000)
    const first = this.#sends[0]?.at ?? 0
    for (const [of, { until }] of this.#backlogged) if (until < first) this.#backlogged.delete(of)
  }
}

export class FairnessLaw implements Observer {
  readonly #books: Books
  readonly #waiting: Recent<number, Waiting>
  /** By lane and preference. */
  readonly #lines = new Map<number, Line>()
  /** Those that came in this step. */
  #coming: Waiting[] = []
  #isJudged = true
  #happened = 0
  #stirredAt = 0

  constructor(books: Books) {
    this.#books = books
    this.#waiting = new Recent(inHand(books.lanes.options))
  }

  begins({ cost }: ObservedWorld): void {
    this.#isJudged = cost === 0
  }

  reconfigured(): void {
    this.#stir()
  }

  noted(event: EngineEvent): void {
    // What waited for one server goes to others, or parked requests return: they stand in another order there.
    if (event.kind === 'server-state' && (event.from !== 'active' || event.to !== 'not_responding')) this.#stir()
  }

  received(_class: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer, _age: Duration): void {
    this.#happened += 1
    const { fate } = this.#books.interims
    if (fate.kind !== 'let-in' && fate.kind !== 'took-place') return
    // A record that took the place of another one stands where that one stood: it only counts as one that its own client sent.
    const isNew = fate.kind === 'let-in'
    const waiting = { from, since: isNew ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY }
    if (isNew) this.#coming.push(waiting)
    this.#waiting.set(requestKeyOf(wellFormed(bytes)), waiting, now)
  }

  stepped(): void {
    for (const waiting of this.#coming) waiting.since = this.#happened
    this.#coming = []
  }

  forwarded(lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    this.#happened += 1
    if (!this.#books.turns.hasTurns || !this.#isJudged) return
    const packet = wellFormed(bytes)
    const key = requestKeyOf(packet)
    const waiting = this.#waiting.get(key, now)
    if (waiting === undefined) return
    this.#waiting.delete(key)
    const place = lane * 4 + preferenceOf(packet)
    const line = this.#lines.get(place) ?? new Line()
    this.#lines.set(place, line)
    // A reload may have changed with whom it has turns.
    const turn = this.#books.turns.turnOf(waiting.from, packet)
    const since = Math.min(waiting.since, this.#happened)
    const found = line.send(turn, since, this.#happened, since > this.#stirredAt)
    if (found !== undefined) throw new BrokenLaw('fairness', `lane ${lane}: ${found}`, now)
  }

  #stir(): void {
    this.#stirredAt = this.#happened
    this.#lines.clear()
  }
}
