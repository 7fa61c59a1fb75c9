/**
 * Who has asked before: every exchange by its client's address, port and identifier, and accounting records by content.
 *
 * Three answers to a message that came before (RFC 5080 section 2.2.2): its request is on its way, it was answered and
 * the answer is still here, or its identifier now carries something else and the old exchange is over. An accounting
 * record that returns with another Acct-Delay-Time is a new packet but the same record (RFC 2866 section 5.2); it is
 * found by its digest. Both tables are bounded: pending entries by the queues, answered ones by count and age.
 */
import { delayTime, hasEventTimestamp } from '../accounting/record.ts'
import type { Packet } from '../radius/packet.ts'
import { after, type Duration, type Instant, MICROS_PER_SECOND, since } from '../units.ts'
import type { Peer } from './ports.ts'
import type { Exchange, Request } from './request.ts'

/** Two clocks may disagree by this much when Acct-Delay-Time is compared with the difference of arrivals. */
const DELAY_TOLERANCE = 2 * MICROS_PER_SECOND

/** A record that a server has taken. */
class AnsweredRecord {
  readonly key: string
  readonly packet: Packet
  readonly receivedAt: Instant
  readonly answer: Uint8Array | undefined
  readonly forgetAt: Instant

  constructor(request: Request, key: string, answer: Uint8Array | undefined, forgetAt: Instant) {
    this.key = key
    this.packet = request.origin.packet
    this.receivedAt = request.receivedAt
    this.answer = answer
    this.forgetAt = forgetAt
  }
}

export interface DuplicateLimits {
  readonly answerCache: Duration
  readonly maxAnswers: number
  readonly recordCache: Duration
  readonly maxRecords: number
}

/** What is known of a record: its request is under way, or it was answered with these octets (if with any). */
export type KnownRecord =
  | { readonly kind: 'pending'; readonly request: Request }
  | { readonly kind: 'answered'; readonly answer: Uint8Array | undefined }

export class Duplicates {
  #limits: DuplicateLimits
  readonly #exchanges = new Map<string, Map<number, Exchange>>()
  /** In the order of answering, so the next to be forgotten is first. */
  readonly #answered = new Set<Exchange>()
  readonly #records = new Map<string, Request | AnsweredRecord>()
  readonly #answeredRecords = new Set<AnsweredRecord>()
  /** Nothing is to be forgotten before this: looking for it is no work for every datagram. */
  #nextForgetAt = Number.POSITIVE_INFINITY

  constructor(limits: DuplicateLimits) {
    this.#limits = limits
  }

  change(limits: DuplicateLimits): void {
    this.#limits = limits
  }

  get answers(): number {
    return this.#answered.size
  }

  get records(): number {
    return this.#answeredRecords.size
  }

  /** The exchange that holds this identifier of this client, pending or answered. */
  find(from: Peer, identifier: number): Exchange | undefined {
    return this.#exchanges.get(from.address)?.get(slotOf(from, identifier))
  }

  /** From now on the exchange holds its identifier; what held it before must have been forgotten. */
  add(exchange: Exchange): void {
    const { from, packet } = exchange
    let ofAddress = this.#exchanges.get(from.address)
    if (ofAddress === undefined) {
      ofAddress = new Map()
      this.#exchanges.set(from.address, ofAddress)
    }
    ofAddress.set(slotOf(from, packet.identifier), exchange)
  }

  /** The answer is kept for retransmissions. */
  keepAnswer(exchange: Exchange, answer: Uint8Array, now: Instant): void {
    exchange.answer = answer
    exchange.forgetAt = after(now, this.#limits.answerCache)
    this.#answered.add(exchange)
    this.#nextForgetAt = Math.min(this.#nextForgetAt, exchange.forgetAt)
  }

  forget(exchange: Exchange): void {
    const { from, packet } = exchange
    this.#answered.delete(exchange)
    const ofAddress = this.#exchanges.get(from.address)
    const slot = slotOf(from, packet.identifier)
    if (ofAddress?.get(slot) !== exchange) return
    ofAddress.delete(slot)
    if (ofAddress.size === 0) this.#exchanges.delete(from.address)
  }

  /** What is known of the record with this key, if `packet` is the same record sent again. */
  findRecord(key: string, packet: Packet, now: Instant): KnownRecord | undefined {
    const known = this.#records.get(key)
    if (known === undefined) return undefined
    const first = known instanceof AnsweredRecord ? known.packet : known.origin.packet
    if (!isSentAgain({ first, firstAt: known.receivedAt, again: packet, againAt: now })) return undefined
    if (!(known instanceof AnsweredRecord)) return { kind: 'pending', request: known }
    return known.forgetAt > now ? { kind: 'answered', answer: known.answer } : undefined
  }

  addRecord(key: string, request: Request): void {
    this.#dropAnsweredRecord(key)
    this.#records.set(key, request)
  }

  /** A server has taken the record: it is remembered by its content for a while. */
  recordTaken(request: Request, answer: Uint8Array | undefined, now: Instant): void {
    if (request.record === undefined || this.#records.get(request.record) !== request) return
    const taken = new AnsweredRecord(request, request.record, answer, after(now, this.#limits.recordCache))
    this.#records.set(request.record, taken)
    this.#answeredRecords.add(taken)
    this.#nextForgetAt = Math.min(this.#nextForgetAt, taken.forgetAt)
  }

  /** The record ended without a server: if it comes again, it is new. */
  forgetRecord(request: Request): void {
    if (request.record !== undefined && this.#records.get(request.record) === request) {
      this.#records.delete(request.record)
    }
  }

  /** Forgets what is too old or beyond the bounds. */
  passTime(now: Instant): void {
    const { maxAnswers, maxRecords } = this.#limits
    const isWithinBounds = this.#answered.size <= maxAnswers && this.#answeredRecords.size <= maxRecords
    if (now < this.#nextForgetAt && isWithinBounds) return
    this.#nextForgetAt = Number.POSITIVE_INFINITY
    for (const exchange of this.#answered) {
      const forgetAt = exchange.forgetAt as Instant
      if (forgetAt > now && this.#answered.size <= maxAnswers) {
        this.#nextForgetAt = forgetAt
        break
      }
      this.forget(exchange)
    }
    for (const record of this.#answeredRecords) {
      if (record.forgetAt > now && this.#answeredRecords.size <= maxRecords) {
        this.#nextForgetAt = Math.min(this.#nextForgetAt, record.forgetAt)
        break
      }
      this.#answeredRecords.delete(record)
      if (this.#records.get(record.key) === record) this.#records.delete(record.key)
    }
  }

  #dropAnsweredRecord(key: string): void {
    const known = this.#records.get(key)
    if (known instanceof AnsweredRecord) this.#answeredRecords.delete(known)
  }
}

/** One identifier of one port that came in by one listener, as one number. */
const slotOf = (from: Peer, identifier: number): number => (from.listener * 65_536 + from.port) * 256 + identifier

/**
 * Whether two packets with equal content but for Acct-Delay-Time are one record: an Event-Timestamp says when it
 * happened (and is part of the content); without one the delay must have grown as time has passed.
 */
const isSentAgain = (o: {
  readonly first: Packet
  readonly firstAt: Instant
  readonly again: Packet
  readonly againAt: Instant
}): boolean => {
  if (hasEventTimestamp(o.again)) return true
  const grown = ((delayTime(o.again) ?? 0) - (delayTime(o.first) ?? 0)) * MICROS_PER_SECOND
  return Math.abs(since(o.firstAt, o.againAt) - grown) <= DELAY_TOLERANCE
}
