/**
 * Who has asked before: every exchange by its client's address, port and identifier, and accounting records by content.
 *
 * Three answers to a message that came before (RFC 5080 section 2.2.2): its request is on its way, it was answered and
 * the answer is still here, or its identifier now carries something else and the old exchange is over. An accounting
 * record that returns with another Acct-Delay-Time is a new packet but the same record (RFC 2866 section 5.2); it is
 * found by its digest, and what is to be known of it beyond that is in `RecordMemory`. All tables are bounded: pending
 * entries by the queues, others by count and age.
 *
 * What was answered is remembered by the hundred thousand and outlives many collections of garbage, so it is kept as
 * numbers and octets, without an object for each (`ForgettingTable`, `OctetStore`).
 */

import { delayTime, recordDigest, sessionTime } from '../../accounting/record/record.ts'
import type { Wraps } from '../../accounting/record/rewriting.ts'
import { classOfRequest, type PerClass, perClass, type TrafficClass } from '../../classes.ts'
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import { KeyTable } from '../../queues/containers/key-table.ts'
import { OctetStore } from '../../queues/containers/octet-store.ts'
import type { Packet } from '../../radius/packet.ts'
import { after, type Duration, type Instant } from '../../units.ts'
import type { Peer } from '../border/events.ts'
import type { Exchange, Origin } from '../work/exchange.ts'
import { cameAt, courseOf, Request } from '../work/request.ts'
import { AnsweredRecords, isSentAgain } from './answered-records.ts'
import { RECORD_WORDS, RecordMemory } from './record-memory.ts'
import { SenderNumbers } from './sender-numbers.ts'

const { recordRow } = Request.fields

/** Sender, link, port and identifier. */
const EXCHANGE_WORDS = 3

/** The values of an answered exchange: where its answer stands, how long it is, the request's code and authenticator. */
const ANSWER_AT = 0
const ANSWER_LENGTH = 1
const CODE = 2
const AUTHENTICATOR = 3
const AUTHENTICATOR_WORDS = 4

/** Answers, and records, that are forgotten in one step; with each that is kept two, so that the bounds hold. */
const FORGOTTEN_AT_ONCE = 16
const FORGOTTEN_WITH_ONE = 2

export interface DuplicateLimits {
  readonly answerCache: Duration
  readonly maxAnswers: number
  readonly recordCache: Duration
  readonly maxRecords: number
  /** How long it is remembered what a record was given, and what it gave way to. */
  readonly recordMemory: Duration
}

/**
 * What is known of a record: its request is under way, or it was answered with these octets (if with any); where it gave
 * way to a newer one, that one's. `passed`: a newer one was sent, ended without an answer, and has not come again yet.
 */
export type KnownRecord =
  | { readonly kind: 'pending'; readonly request: Request }
  | { readonly kind: 'answered'; readonly answer: Uint8Array | undefined }
  | { readonly kind: 'passed' }

/** A record that came before: how often its session's counters had wrapped then, if they had. */
export interface Remembered {
  readonly wraps: Wraps | undefined
}

export class Duplicates {
  #limits: DuplicateLimits
  readonly #senders = new SenderNumbers()
  readonly #answers = new OctetStore()
  /** Apart, so that a million accounting messages that wait are nothing to an Access-Request. */
  readonly #pending: PerClass<KeyTable<Request>>
  readonly #answered: ForgettingTable
  readonly #pendingRecords: KeyTable<Request>
  readonly #answeredRecords: AnsweredRecords
  readonly #memory: RecordMemory
  /** The key at hand. */
  readonly #key = new Int32Array(EXCHANGE_WORDS)
  readonly #recordKey = new Int32Array(RECORD_WORDS)
  readonly #otherKey = new Int32Array(RECORD_WORDS)
  readonly #digest = new Uint8Array(this.#recordKey.buffer, 4)
  /** Whose digest that is: one that is looked for and then added is not computed twice. */
  #digestOf: Packet | undefined = undefined
  /** Nothing is to be forgotten before this: looking for it is no work for every datagram. */
  #nextForgetAt = Number.POSITIVE_INFINITY

  /** `salt` is any unpredictable number. */
  constructor(limits: DuplicateLimits, salt: number) {
    this.#limits = limits
    this.#pending = perClass(() => new KeyTable<Request>({ keyWords: EXCHANGE_WORDS, valueWords: 0, salt }))
    this.#answered = new ForgettingTable({
      keyWords: EXCHANGE_WORDS,
      valueWords: AUTHENTICATOR + AUTHENTICATOR_WORDS,
      salt,
    })
    this.#pendingRecords = new KeyTable<Request>({ keyWords: RECORD_WORDS, valueWords: 0, salt })
    this.#answeredRecords = new AnsweredRecords(this.#senders, this.#answers, salt)
    this.#memory = new RecordMemory(this.#senders, salt)
  }

  reconfigure(limits: DuplicateLimits): void {
    this.#limits = limits
  }

  /** Answers that are kept, records known by content, and those that something is remembered of. */
  get sizes(): { readonly answers: number; readonly records: number; readonly remembered: number } {
    return { answers: this.#answered.size, records: this.#answeredRecords.size, remembered: this.#memory.size }
  }

  /** The request whose answer this client waits for under the packet's identifier. */
  find(from: Peer, packet: Packet): Request | undefined {
    if (!this.#loadKey(from, packet.identifier)) return undefined
    const pending = this.#pendingOf(packet)
    const row = pending.find(this.#key)
    return row === -1 ? undefined : pending.object(row)
  }

  /** What this very packet was answered. The answer to another packet under its identifier is forgotten with this. */
  answerTo(from: Peer, packet: Packet, now: Instant): Uint8Array | undefined {
    if (!this.#loadKey(from, packet.identifier)) return undefined
    const row = this.#answered.find(this.#key)
    if (row === -1) return undefined
    if (this.#answered.forgetAt(row) > now && this.#isAnswerOf(row, packet)) {
      return this.#answers.at(this.#answered.value(row, ANSWER_AT), this.#answered.value(row, ANSWER_LENGTH)).slice()
    }
    this.#forgetAnswer(row)
    return undefined
  }

  /** From now on the exchange waits for that request; what held its identifier before must have been forgotten. */
  add(exchange: Exchange, request: Request): void {
    this.#key[0] = this.#senders.hold(exchange.from.address)
    this.#setKey(exchange.from, exchange.packet.identifier)
    this.#pendingOf(exchange.packet).add(this.#key, request)
  }

  /** It waits no more, if it did; its answer is kept for retransmissions. */
  keepAnswer(exchange: Exchange, answer: Uint8Array, now: Instant): void {
    const { from, packet } = exchange
    this.#senders.hold(from.address)
    this.forget(exchange)
    const forgetAt = after(now, this.#limits.answerCache)
    const row = this.#answered.add(this.#key, forgetAt)
    this.#answered.setValue(row, ANSWER_AT, this.#answers.keep(answer))
    this.#answered.setValue(row, ANSWER_LENGTH, answer.length)
    this.#answered.setValue(row, CODE, packet.code)
    for (let word = 0; word < AUTHENTICATOR_WORDS; word += 1) {
      this.#answered.setValue(row, AUTHENTICATOR + word, packet.authenticatorWord(word))
    }
    this.#nextForgetAt = Math.min(this.#nextForgetAt, forgetAt)
    this.#forgetSome(FORGOTTEN_WITH_ONE, now)
  }

  /** The exchange waits no more, if it did. */
  forget({ from, packet }: Exchange): void {
    if (!this.#loadKey(from, packet.identifier)) return
    const pending = this.#pendingOf(packet)
    const row = pending.find(this.#key)
    if (row === -1) return
    pending.remove(row)
    this.#senders.release(this.#key[0]!)
  }

  /** What is known of this record, if it is the same sent again. */
  findRecord(record: Origin, now: Instant): KnownRecord | undefined {
    if (!this.#loadRecordKey(record)) return undefined
    const pending = this.#pendingRecords.find(this.#recordKey)
    const again = record.packet
    if (pending !== -1) {
      const request = this.#pendingRecords.object(pending) as Request
      const first = { at: cameAt(request), delay: delayTime(request.packet) ?? 0 }
      return isSentAgain(first, again, now) ? { kind: 'pending', request } : undefined
    }
    const row = this.#answeredRecords.find(this.#recordKey, now)
    if (row !== -1 && isSentAgain(this.#answeredRecords.firstOf(row), again, now)) {
      return { kind: 'answered', answer: this.#answeredRecords.answerOf(row) }
    }
    return this.#whatPassed(again, now)
  }

  /** What is remembered of this record, if it is the same sent again. */
  remember(record: Origin, now: Instant): Remembered | undefined {
    if (this.#memory.size === 0 || !this.#loadRecordKey(record)) return undefined
    const row = this.#rememberedRow(record.packet, now)
    return row === -1 ? undefined : { wraps: this.#memory.wrapsOf(row) }
  }

  /** A newer interim update of its session waits in the place of this one: what is known of the one leads to the other. */
  giveWay(older: Request, newer: Request, now: Instant): void {
    this.#loadKeyOf(older)
    const before = this.#keepRequest(older, now)
    this.forgetRecord(older)
    this.addRecord(newer)
    const after = this.#keepRequest(newer, now)
    this.#memory.succeed(before, after, this.#recordKey, this.#forgetAt(now))
  }

  /** The same for an older one that came late, and waits for the newer one's answer. */
  joined(older: Origin, wraps: Wraps | undefined, newer: Request, now: Instant): void {
    this.#loadRecordKey(older)
    const before = this.#keep(older, now, wraps, now)
    this.#loadKeyOf(newer)
    const after = this.#keepRequest(newer, now)
    this.#memory.succeed(before, after, this.#recordKey, this.#forgetAt(now))
  }

  /** The record of an accounting request is under way from now on. */
  addRecord(request: Request): void {
    this.#loadRecordKey(request)
    this.#recordKey[0] = this.#senders.hold(request.from.address)
    this.#answeredRecords.forgetKey(this.#recordKey)
    const pending = this.#pendingRecords.find(this.#recordKey)
    // Not the same record sent again (its time differs), but the same content: the newer one is found from now on.
    if (pending !== -1) this.forgetRecord(this.#pendingRecords.object(pending) as Request)
    recordRow.set(request, this.#pendingRecords.add(this.#recordKey, request))
    if (courseOf(request).wraps !== undefined) this.#keepRequest(request, cameAt(request))
    const row = this.#memory.find(this.#recordKey)
    if (row !== -1) this.#memory.lead(row, this.#recordKey)
  }

  /** A server has taken the record: it is remembered by its content for a while. */
  recordTaken(request: Request, answer: Uint8Array | undefined, now: Instant): void {
    if (recordRow.get(request) === -1) return
    this.#loadKeyOf(request)
    const remembered = this.#memory.find(this.#recordKey)
    if (remembered !== -1) this.#memory.passed(remembered, 'answered')
    const forgetAt = after(now, this.#limits.recordCache)
    this.#answeredRecords.add(this.#recordKey, request, answer, forgetAt)
    this.#nextForgetAt = Math.min(this.#nextForgetAt, forgetAt)
    this.forgetRecord(request)
    this.#forgetSome(FORGOTTEN_WITH_ONE, now)
  }

  /** The record ended without an answer: it is new when it comes again, but what it was given is remembered. */
  recordEnded(request: Request, now: Instant): void {
    if (recordRow.get(request) === -1) return
    this.#loadKeyOf(request)
    const row = this.#keepRequest(request, now)
    if (courseOf(request).transmissions > 0) this.#memory.passed(row, 'sent')
    this.forgetRecord(request)
  }

  /** The record is not under way any more. */
  forgetRecord(request: Request): void {
    const row = recordRow.get(request)
    if (row === -1) return
    this.#senders.release(this.#pendingRecords.keyWord(row, 0))
    this.#pendingRecords.remove(row)
    recordRow.set(request, -1)
  }

  /** Forgets some of what is too old or beyond the bounds; the rest is not found any more, or waits for the next time. */
  passTime(now: Instant): void {
    const { maxAnswers, maxRecords } = this.#limits
    const isWithinBounds =
      this.#answered.size <= maxAnswers && this.#answeredRecords.size <= maxRecords && this.#memory.size <= maxRecords
    if (now < this.#nextForgetAt && isWithinBounds) return
    this.#forgetSome(FORGOTTEN_AT_ONCE, now)
    this.#nextForgetAt = Math.min(
      this.#answered.nextDueAt(),
      this.#answeredRecords.nextDueAt(),
      this.#memory.nextDueAt(),
    )
  }

  #forgetSome(atMost: number, now: Instant): void {
    const { maxAnswers, maxRecords } = this.#limits
    for (let forgotten = 0; forgotten < atMost; forgotten += 1) {
      const answer = this.#answered.due(maxAnswers, now)
      if (answer !== -1) this.#forgetAnswer(answer)
      const isRecord = this.#answeredRecords.forgetOne(maxRecords, now)
      const isMemory = this.#memory.forgetOne(maxRecords, now)
      if (answer === -1 && !isRecord && !isMemory) return
    }
  }

  #pendingOf({ code }: Packet): KeyTable<Request> {
    return this.#pending[classOfRequest(code) as TrafficClass]
  }

  #forgetAnswer(row: number): void {
    this.#answers.free(this.#answered.value(row, ANSWER_AT))
    this.#senders.release(this.#answered.keyWord(row, 0))
    this.#answered.remove(row)
  }

  /** An older update of a succession that comes again: what became of the newest one of it. */
  #whatPassed(again: Packet, now: Instant): KnownRecord | undefined {
    if (this.#memory.size === 0) return undefined
    const row = this.#rememberedRow(again, now)
    if (row === -1) return undefined
    const newest = this.#otherKey
    const progress = this.#memory.progressOf(
      row,
      newest,
      (key) => this.#pendingRecords.find(key) !== -1 || this.#answeredRecords.find(key, now) !== -1,
    )
    if (progress === 'none') return undefined
    if (progress === 'sent') return { kind: 'passed' }
    // Its answer is forgotten, that it was given is not.
    if (progress === 'answered') return { kind: 'answered', answer: undefined }
    const pending = this.#pendingRecords.find(newest)
    if (pending !== -1) return { kind: 'pending', request: this.#pendingRecords.object(pending) as Request }
    return { kind: 'answered', answer: this.#answeredRecords.answerOf(this.#answeredRecords.find(newest, now)) }
  }

  /** The row of what is remembered under the key at hand; -1 where that is another record of the same content. */
  #rememberedRow(again: Packet, now: Instant): number {
    const row = this.#memory.find(this.#recordKey)
    if (row === -1) return -1
    const isSame = this.#memory.hasMark(row, again.authenticatorWord(0))
    return isSame || isSentAgain(this.#memory.firstOf(row), again, now) ? row : -1
  }

  #keepRequest(request: Request, now: Instant): number {
    return this.#keep(request, cameAt(request), courseOf(request).wraps, now)
  }

  /** Remembers a record under the key at hand. */
  #keep({ from, packet }: Origin, at: Instant, wraps: Wraps | undefined, now: Instant): number {
    const copy = {
      address: from.address,
      cameAt: at,
      delay: delayTime(packet) ?? 0,
      mark: packet.authenticatorWord(0),
      time: sessionTime(packet),
      wraps,
    }
    this.#nextForgetAt = Math.min(this.#nextForgetAt, this.#forgetAt(now))
    return this.#memory.keep(this.#recordKey, copy, this.#forgetAt(now))
  }

  #forgetAt(now: Instant): Instant {
    return after(now, this.#limits.recordMemory)
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
  #loadKey(from: Peer, identifier: number): boolean {
    const sender = this.#senders.find(from.address)
    this.#key[0] = sender
    this.#setKey(from, identifier)
    return sender !== -1
  }

  #setKey(from: Peer, identifier: number): void {
    this.#key[1] = from.link
    this.#key[2] = from.port * 256 + identifier
  }

  /** The key of a request that is in hand. */
  #loadKeyOf(request: Request): void {
    const row = recordRow.get(request)
    if (row === -1) {
      this.#loadRecordKey(request)
      return
    }
    this.#pendingRecords.keyInto(row, this.#recordKey)
    this.#digestOf = undefined
  }

  /** False where nothing is known of that address; the digest is computed all the same. */
  #loadRecordKey({ from, packet }: Origin): boolean {
    if (this.#digestOf !== packet) recordDigest(packet, this.#digest)
    this.#digestOf = packet
    const sender = this.#senders.find(from.address)
    this.#recordKey[0] = sender
    return sender !== -1
  }
}
