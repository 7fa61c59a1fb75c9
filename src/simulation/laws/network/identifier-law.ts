/**
 * Identifiers and what is outstanding, seen at the network: no identifier carries a second request before the first was
 * answered, or timed out and its quarantine is over; no server has more unanswered than max-outstanding, whatever lanes it
 * had over reloads; no request is tried too often or too soon.
 *
 * A time-out can't be seen from outside. But an unanswered request certainly is outstanding for nine tenths of its time-out
 * after its last transmission, and for no more than a second, since the server's host may refuse it.
 */
import type { TrafficClass } from '../../../classes.ts'
import { ACCESS_REQUEST } from '../../../codes.ts'
import type { EngineOptions } from '../../../proxy/border/options.ts'
import { type Instant, seconds } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { identifierKeyOf, type LaneBook } from '../../books/lane-book.ts'
import { Recent } from '../../books/recent.ts'
import { requestKeyOf, verifies, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** What an identifier of a source port carries. */
interface Use {
  /** A retry sends the same octets. */
  readonly bytes: Uint8Array
  lastSentAt: Instant
  transmissions: number
  isAnswered: boolean
  /** Certainly unanswered at this moment. */
  isInFlight: boolean
}

/** What certainly is unanswered at one server. */
interface InFlight {
  /** Transmissions in their order. */
  readonly sent: { readonly use: Use; readonly at: Instant }[]
  count: number
  /** The shortest of any lane there. */
  patience: number
}

/** A lane's limits. After a reload, those that may still hold for what is in hand. */
type Limits = Readonly<Record<'timeout' | 'maxRetries' | 'maxOutstanding', number>>

/** A refusal ends a transmission no earlier. */
const REFUSED_AFTER = 1_000_000
/** A login waits for its answer 30 s at most, and a record for its turn as long as a world lasts. */
const REMEMBERED = seconds(300)

export class IdentifierLaw implements Observer {
  readonly #uses = new Map<number, Use>()
  /** By endpoint. */
  readonly #flights = new Map<string, InFlight>()
  readonly #limits = new Map<number, Limits>()
  /** Lanes whose server a reload took away. What is outstanding there gets no retry. */
  readonly #removed = new Set<number>()
  /** When a client last sent a request. */
  readonly #askedAt = new Recent<number, Instant>(REMEMBERED)
  readonly #lanes: LaneBook
  #quarantine: number

  constructor({ lanes }: Books) {
    this.#lanes = lanes
    this.#quarantine = lanes.options.identifierQuarantine
  }

  begins(): void {
    this.#enterLimits()
  }

  reconfigured(options: EngineOptions, now: Instant): void {
    for (const { lane, retiring } of this.#lanes.engine?.inspection.snapshot(now).lanes ?? []) {
      if (retiring) this.#removed.add(lane)
      else this.#removed.delete(lane)
    }
    this.#quarantine = Math.min(this.#quarantine, options.identifierQuarantine)
    this.#enterLimits()
  }

  /** What is in hand keeps the limits that it began with, so the looser ones hold. */
  #enterLimits(): void {
    for (const [lane, { limits }] of this.#lanes.facts) {
      const before = this.#limits.get(lane) ?? limits
      this.#limits.set(lane, {
        timeout: Math.min(before.timeout, limits.timeout),
        maxRetries: Math.max(before.maxRetries, limits.maxRetries),
        maxOutstanding: Math.max(before.maxOutstanding, limits.maxOutstanding),
      })
    }
  }

  received(_class: TrafficClass, bytes: Uint8Array, now: Instant): void {
    this.#askedAt.set(requestKeyOf(wellFormed(bytes)), now, now)
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const limits = this.#limits.get(lane)
    if (limits === undefined || this.#removed.has(lane)) {
      throw new BrokenLaw('removed', `something leaves by lane ${lane}, which is there no more`, now)
    }
    const patience = patienceOf(limits)
    const key = identifierKeyOf(lane, port, bytes)
    const known = this.#uses.get(key)
    const name = `lane ${lane}, port ${port}, identifier ${bytes[1]}`
    const isFree = known === undefined || known.isAnswered || now - known.lastSentAt >= patience + this.#quarantine
    if (known === undefined || !isSame(known.bytes, bytes) || (isFree && this.#cameAnew(known, bytes, now))) {
      if (!isFree) {
        throw new BrokenLaw('identifier', `${name} is in use twice`, now)
      }
      const use = { bytes, lastSentAt: now, transmissions: 1, isAnswered: false, isInFlight: false }
      this.#uses.set(key, use)
      this.#addInFlight(lane, use, now, limits)
      return
    }
    known.transmissions += 1
    if (known.isAnswered) throw new BrokenLaw('retry', `${name} was answered and is sent again`, now)
    if (now - known.lastSentAt < patience) throw new BrokenLaw('retry', `${name} is sent again too soon`, now)
    if (known.transmissions > limits.maxRetries + 1 && !this.#isAskedSince(known.lastSentAt, bytes, now)) {
      throw new BrokenLaw('retry', `${name} is sent for the ${known.transmissions}th time`, now)
    }
    known.lastSentAt = now
    this.#addInFlight(lane, known, now, limits)
  }

  responded(lane: number, port: number, bytes: Uint8Array, _now: Instant): void {
    const known = this.#uses.get(identifierKeyOf(lane, port, bytes))
    const secret = this.#lanes.facts.get(lane)?.server.secret
    if (known === undefined || secret === undefined) return
    // A server may have a wrong secret, or answer what this identifier carried before.
    if (!verifies(wellFormed(bytes), known.bytes, secret)) return
    known.isAnswered = true
    this.#removeInFlight(lane, known)
  }

  /** If no other server is left, a login that has used up its tries is sent once more for each copy of its client. */
  #isAskedSince(then: Instant, bytes: Uint8Array, now: Instant): boolean {
    if (bytes[0] !== ACCESS_REQUEST) return false
    const askedAt = this.#askedAt.get(requestKeyOf(wellFormed(bytes)), now)
    return askedAt !== undefined && askedAt > then
  }

  /** A record that was given up, and that its client sent again, has the same octets if it gets the same identifier. */
  #cameAnew({ lastSentAt }: Use, bytes: Uint8Array, now: Instant): boolean {
    if (bytes[0] === ACCESS_REQUEST) return false
    const askedAt = this.#askedAt.get(requestKeyOf(wellFormed(bytes)), now)
    return askedAt !== undefined && askedAt > lastSentAt
  }

  #addInFlight(lane: number, use: Use, now: Instant, limits: Limits): void {
    const endpoint = this.#lanes.endpoints.get(lane)?.key ?? ''
    let flight = this.#flights.get(endpoint)
    if (flight === undefined) {
      flight = { sent: [], count: 0, patience: patienceOf(limits) }
      this.#flights.set(endpoint, flight)
    }
    flight.patience = Math.min(flight.patience, patienceOf(limits))
    let over = 0
    for (const { use: earlier, at } of flight.sent) {
      if (now - at < flight.patience) break
      if (earlier.lastSentAt === at) this.#removeInFlight(lane, earlier)
      over += 1
    }
    if (over > 0) flight.sent.splice(0, over)
    flight.sent.push({ use, at: now })
    if (!use.isInFlight) flight.count += 1
    use.isInFlight = true
    if (flight.count > limits.maxOutstanding) {
      const saw = `lane ${lane} has ${flight.count} of ${limits.maxOutstanding} outstanding`
      throw new BrokenLaw('max-outstanding', saw, now)
    }
  }

  #removeInFlight(lane: number, use: Use): void {
    const flight = this.#flights.get(this.#lanes.endpoints.get(lane)?.key ?? '')
    if (flight === undefined || !use.isInFlight) return
    use.isInFlight = false
    flight.count -= 1
  }
}

const patienceOf = ({ timeout }: Limits): number => Math.min(timeout * 0.9, REFUSED_AFTER)

/** A retransmission has the same octets (RFC 2865 section 2.5). */
const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, at) => octet === b[at])
