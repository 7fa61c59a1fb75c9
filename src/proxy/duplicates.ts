/**
 * Who has asked before: every exchange by its client's address, port and identifier, and accounting records by content.
 *
 * Three answers to a message that came before (RFC 5080 section 2.2.2): its request is on its way, it was answered and
 * the answer is still here, or its identifier now carries something else and the old exchange is over. An accounting
 * record that returns with another Acct-Delay-Time is a new packet but the same record (RFC 2866 section 5.2); it is
 * found by its digest. All tables are bounded: pending entries by the queues, answered ones by count and age.
 *
 * What was answered is remembered by the hundred thousand and outlives many collections of garbage, so it is kept as
 * numbers and octets, without an object for each (`ForgettingTable`, `OctetStore`).
 */
import { delayTime, hasEventTimestamp, recordDigest } from '../accounting/record.ts'
import { ForgettingTable } from '../queues/forgetting-table.ts'
import { KeyTable } from '../queues/key-table.ts'
import { OctetStore } from '../queues/octet-store.ts'
import { ACCOUNTING_REQUEST } from '../radius/codes.ts'
import type { Packet } from '../radius/packet.ts'
import { after, type Duration, type Instant, instant, MICROS_PER_SECOND, since } from '../units.ts'
import type { Peer } from './ports.ts'
import type { Exchange, Request } from './request.ts'
import { SenderNumbers } from './sender-numbers.ts'

/** Two clocks may disagree by this much when Acct-Delay-Time is compared with the difference of arrivals. */
const DELAY_TOLERANCE = 2 * MICROS_PER_SECOND

/** Sender, listener, port and identifier. */
const EXCHANGE_WORDS = 3
/** Sender, digest. */
const RECORD_WORDS = 5

/** The values of an answered exchange: where its answer stands, how long it is, the request's code and authenticator. */
const ANSWER_AT = 0
const ANSWER_LENGTH = 1
const CODE = 2
const AUTHENTICATOR = 3
const AUTHENTICATOR_WORDS = 4
/** The values of an answered record: as above, then when it came and its Acct-Delay-Time. */
const CAME_SECOND = 2
const CAME_MICROS = 3
const DELAY = 4
const NO_ANSWER = -1

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
  readonly #senders = new SenderNumbers()
  readonly #answers = new OctetStore()
  /** Apart, so that a million accounting messages that wait are nothing to an Access-Request. */
  readonly #pendingAccess: KeyTable<Exchange>
  readonly #pendingAccounting: KeyTable<Exchange>
  readonly #answered: ForgettingTable
  readonly #pendingRecords: KeyTable<Request>
  readonly #answeredRecords: ForgettingTable
  /** The key at hand. */
  readonly #key = new Int32Array(EXCHANGE_WORDS)
  readonly #recordKey = new Int32Array(RECORD_WORDS)
  readonly #digest = new Uint8Array(this.#recordKey.buffer, 4)
  /** Whose digest that is: one that is looked for and then added is not computed twice. */
  #digestOf: Packet | undefined = undefined
  /** Nothing is to be forgotten before this: looking for it is no work for every datagram. */
  #nextForgetAt = Number.POSITIVE_INFINITY

  /** `salt` is any unpredictable number. */
  constructor(limits: DuplicateLimits, salt: number) {
    this.#limits = limits
    this.#pendingAccess = new KeyTable<Exchange>({ keyWords: EXCHANGE_WORDS, valueWords: 0, salt })
    this.#pendingAccounting = new KeyTable<Exchange>({ keyWords: EXCHANGE_WORDS, valueWords: 0, salt })
    this.#answered = new ForgettingTable({
      keyWords: EXCHANGE_WORDS,
      valueWords: AUTHENTICATOR + AUTHENTICATOR_WORDS,
      salt,
    })
    this.#pendingRecords = new KeyTable<Request>({ keyWords: RECORD_WORDS, valueWords: 0, salt })
    this.#answeredRecords = new ForgettingTable({ keyWords: RECORD_WORDS, valueWords: DELAY + 1, salt })
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

  /** The exchange that holds the packet's identifier of this client, for its class, and waits for its answer. */
  find(from: Peer, packet: Packet): Exchange | undefined {
    if (!this.#takeKey(from, packet.identifier)) return undefined
    const pending = this.#pendingOf(packet)
    const row = pending.find(this.#key)
    return row === -1 ? undefined : pending.object(row)
  }

  /** What this very packet was answered. The answer to another packet under its identifier is forgotten with this. */
  answerTo(from: Peer, packet: Packet, now: Instant): Uint8Array | undefined {
    if (!this.#takeKey(from, packet.identifier)) return undefined
    const row = this.#answered.find(this.#key)
    if (row === -1) return undefined
    if (this.#answered.forgetAt(row) > now && this.#isAnswerOf(row, packet)) {
      return this.#answers.at(this.#answered.value(row, ANSWER_AT), this.#answered.value(row, ANSWER_LENGTH)).slice()
    }
    this.#forgetAnswer(row)
    return undefined
  }

  /** From now on the exchange holds its identifier; what held it before must have been forgotten. */
  add(exchange: Exchange): void {
    this.#key[0] = this.#senders.hold(exchange.from.address)
    this.#setKey(exchange.from, exchange.packet.identifier)
    this.#pendingOf(exchange.packet).add(this.#key, exchange)
  }

  /** Its answer is kept for retransmissions; it waits no more. */
  keepAnswer(exchange: Exchange, answer: Uint8Array, now: Instant): void {
    const { from, packet } = exchange
    if (!this.#takePending(exchange)) return
    const forgetAt = after(now, this.#limits.answerCache)
    this.#senders.hold(from.address)
    const row = this.#answered.add(this.#key, forgetAt)
    this.#answered.setValue(row, ANSWER_AT, this.#answers.keep(answer))
    this.#answered.setValue(row, ANSWER_LENGTH, answer.length)
    this.#answered.setValue(row, CODE, packet.code)
    for (let word = 0; word < AUTHENTICATOR_WORDS; word += 1) {
      this.#answered.setValue(row, AUTHENTICATOR + word, packet.authenticatorWord(word))
    }
    this.#nextForgetAt = Math.min(this.#nextForgetAt, forgetAt)
  }

  /** The exchange holds its identifier no more, if it still did. */
  forget(exchange: Exchange): void {
    this.#takePending(exchange)
  }

  /** What is known of this record, if it is the same sent again. */
  findRecord(exchange: Exchange, now: Instant): KnownRecord | undefined {
    if (!this.#takeRecordKey(exchange)) return undefined
    const pending = this.#pendingRecords.find(this.#recordKey)
    const again = exchange.packet
    if (pending !== -1) {
      const request = this.#pendingRecords.object(pending) as Request
      const first = { at: request.cameAt, delay: delayTime(request.origin.packet) ?? 0 }
      return isSentAgain(first, again, now) ? { kind: 'pending', request } : undefined
    }
    const row = this.#answeredRecords.find(this.#recordKey)
    if (row === -1 || this.#answeredRecords.forgetAt(row) <= now) return undefined
    const came = this.#answeredRecords.value(row, CAME_SECOND) * MICROS_PER_SECOND
    const first = {
      at: instant(came + this.#answeredRecords.value(row, CAME_MICROS)),
      delay: this.#answeredRecords.value(row, DELAY) >>> 0,
    }
    return isSentAgain(first, again, now) ? { kind: 'answered', answer: this.#recordAnswer(row) } : undefined
  }

  /** The record of an accounting request is under way from now on. */
  addRecord(request: Request): void {
    this.#takeRecordKey(request.origin)
    this.#recordKey[0] = this.#senders.hold(request.origin.from.address)
    const answered = this.#answeredRecords.find(this.#recordKey)
    if (answered !== -1) this.#forgetRecordAnswer(answered)
    const pending = this.#pendingRecords.find(this.#recordKey)
    // Not the same record sent again (its time differs), but the same content: the newer one is found from now on.
    if (pending !== -1) this.forgetRecord(this.#pendingRecords.object(pending) as Request)
    request.recordRow = this.#pendingRecords.add(this.#recordKey, request)
  }

  /** A server has taken the record: it is remembered by its content for a while. */
  recordTaken(request: Request, answer: Uint8Array | undefined, now: Instant): void {
    if (request.recordRow === -1) return
    this.#pendingRecords.keyInto(request.recordRow, this.#recordKey)
    this.#digestOf = undefined
    this.#senders.hold(request.origin.from.address)
    this.forgetRecord(request)
    const forgetAt = after(now, this.#limits.recordCache)
    const row = this.#answeredRecords.add(this.#recordKey, forgetAt)
    this.#answeredRecords.setValue(row, ANSWER_AT, answer === undefined ? NO_ANSWER : this.#answers.keep(answer))
    this.#answeredRecords.setValue(row, ANSWER_LENGTH, answer?.length ?? 0)
    const second = Math.floor(request.cameAt / MICROS_PER_SECOND)
    this.#answeredRecords.setValue(row, CAME_SECOND, second)
    this.#answeredRecords.setValue(row, CAME_MICROS, request.cameAt - second * MICROS_PER_SECOND)
    this.#answeredRecords.setValue(row, DELAY, delayTime(request.origin.packet) ?? 0)
    this.#nextForgetAt = Math.min(this.#nextForgetAt, forgetAt)
  }

  /** The record is not under way any more: without an answer it is new when it comes again. */
  forgetRecord(request: Request): void {
    if (request.recordRow === -1) return
    this.#senders.release(this.#pendingRecords.keyWord(request.recordRow, 0))
    this.#pendingRecords.remove(request.recordRow)
    request.recordRow = -1
  }

  /** Forgets what is too old or beyond the bounds. */
  passTime(now: Instant): void {
    const { maxAnswers, maxRecords } = this.#limits
    const isWithinBounds = this.#answered.size <= maxAnswers && this.#answeredRecords.size <= maxRecords
    if (now < this.#nextForgetAt && isWithinBounds) return
    this.#nextForgetAt = Number.POSITIVE_INFINITY
    for (let row = this.#answered.oldest(); row !== -1; row = this.#answered.oldest()) {
      if (this.#staysUntil(this.#answered, row, maxAnswers, now)) break
      this.#forgetAnswer(row)
    }
    for (let row = this.#answeredRecords.oldest(); row !== -1; row = this.#answeredRecords.oldest()) {
      if (this.#staysUntil(this.#answeredRecords, row, maxRecords, now)) break
      this.#forgetRecordAnswer(row)
    }
  }

  #staysUntil(table: ForgettingTable, row: number, most: number, now: Instant): boolean {
    const forgetAt = table.forgetAt(row)
    if (forgetAt <= now || table.size > most) return false
    this.#nextForgetAt = Math.min(this.#nextForgetAt, forgetAt)
    return true
  }

  /** Takes the exchange out of those that wait, where it still holds its identifier; its key is then at hand. */
  #takePending(exchange: Exchange): boolean {
    if (!this.#takeKey(exchange.from, exchange.packet.identifier)) return false
    const pending = this.#pendingOf(exchange.packet)
    const row = pending.find(this.#key)
    if (row === -1 || pending.object(row) !== exchange) return false
    pending.remove(row)
    this.#senders.release(this.#key[0]!)
    return true
  }

  #pendingOf({ code }: Packet): KeyTable<Exchange> {
    return code === ACCOUNTING_REQUEST ? this.#pendingAccounting : this.#pendingAccess
  }

  #forgetAnswer(row: number): void {
    this.#answers.free(this.#answered.value(row, ANSWER_AT))
    this.#senders.release(this.#answered.keyWord(row, 0))
    this.#answered.remove(row)
  }

  #forgetRecordAnswer(row: number): void {
    const place = this.#answeredRecords.value(row, ANSWER_AT)
    if (place !== NO_ANSWER) this.#answers.free(place)
    this.#senders.release(this.#answeredRecords.keyWord(row, 0))
    this.#answeredRecords.remove(row)
  }

  #recordAnswer(row: number): Uint8Array | undefined {
    const place = this.#answeredRecords.value(row, ANSWER_AT)
    if (place === NO_ANSWER) return undefined
    return this.#answers.at(place, this.#answeredRecords.value(row, ANSWER_LENGTH)).slice()
  }

  /** Code and authenticator; source and identifier are the same already. */
  #isAnswerOf(row: number, packet: Packet): boolean {
    if (this.#answered.value(row, CODE) !== packet.code) return false
    for (let word = 0; word < AUTHENTICATOR_WORDS; word += 1) {
      if (this.#answered.value(row, AUTHENTICATOR + word) !== packet.authenticatorWord(word)) return false
    }
    return true
  }

  /** False where nothing is known of that address. */
  #takeKey(from: Peer, identifier: number): boolean {
    const sender = this.#senders.find(from.address)
    this.#key[0] = sender
    this.#setKey(from, identifier)
    return sender !== -1
  }

  #setKey(from: Peer, identifier: number): void {
    this.#key[1] = from.listener
    this.#key[2] = from.port * 256 + identifier
  }

  /** False where nothing is known of that address; the digest is computed all the same. */
  #takeRecordKey(exchange: Exchange): boolean {
    const { packet } = exchange
    if (this.#digestOf !== packet) recordDigest(packet, this.#digest)
    this.#digestOf = packet
    const sender = this.#senders.find(exchange.from.address)
    this.#recordKey[0] = sender
    return sender !== -1
  }
}

/**
 * Whether two packets with equal content but for Acct-Delay-Time are one record: an Event-Timestamp says when it
 * happened (and is part of the content); without one the delay must have grown as time has passed.
 */
const isSentAgain = (
  first: { readonly at: Instant; readonly delay: number },
  again: Packet,
  againAt: Instant,
): boolean => {
  if (hasEventTimestamp(again)) return true
  const grown = ((delayTime(again) ?? 0) - first.delay) * MICROS_PER_SECOND
  return Math.abs(since(first.at, againAt) - grown) <= DELAY_TOLERANCE
}
