/**
 * Accounting records by content: which are in hand, which a server has taken, and what else is to be known when one comes again.
 *
 * A record that comes again with another Acct-Delay-Time is a new packet but the same record (RFC 2866 section 5.2). It is found by
 * its sender's address and a digest of what a retransmission may not change. `RecordMemory` holds what outlives it. The queues
 * bound those in hand; count and age bound the others, which are kept as numbers and octets.
 */
import { delayTime, hasEventTimestamp, recordDigest, sessionTime } from '../../accounting/record/record.ts'
import type { Wraps } from '../../accounting/record/rewriting.ts'
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import { KeyTable } from '../../queues/containers/key-table.ts'
import { OctetStore } from '../../queues/containers/octet-store.ts'
import type { Packet } from '../../radius/packet.ts'
import { after, type Instant, instant, MICROS_PER_SECOND, since } from '../../units.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Origin } from '../work/exchange.ts'
import { cameAt, courseOf, Request } from '../work/request.ts'
import { LastHeard } from './last-heard.ts'
import { type First, RECORD_WORDS, RecordMemory } from './record-memory.ts'
import { SenderNumbers } from './sender-numbers.ts'

/** Two clocks may disagree by this much when Acct-Delay-Time is compared with the difference of arrivals. */
const DELAY_TOLERANCE = 2 * MICROS_PER_SECOND
/** The values of a record that was taken: where its answer stands and how long it is, when it came, its Acct-Delay-Time. */
const ANSWER_AT = 0
const ANSWER_LENGTH = 1
const CAME_SECOND = 2
const CAME_MICROS = 3
const DELAY = 4
const VALUE_WORDS = 5
/** Records that are forgotten in one step; with each that is taken two, so that the bounds hold. */
const FORGOTTEN_AT_ONCE = 16
const FORGOTTEN_WITH_ONE = 2

const { recordRow } = Request.fields

/**
 * What is known of a record: its request is in hand, or it was answered with these octets (if they are still known); if it
 * gave way to a newer one, that one's. `passed`: a newer one was sent, ended without an answer, and has not come again yet.
 */
export type KnownRecord =
  | { readonly kind: 'pending'; readonly request: Request }
  | { readonly kind: 'answered'; readonly answer: Uint8Array | undefined }
  | { readonly kind: 'passed' }

/** A record that may have come before. */
interface Copied extends Origin {
  readonly receivedAt: Instant
}

export class Records {
  limits: EngineOptions['duplicates']
  readonly #senders = new SenderNumbers()
  readonly #pending: KeyTable<Request>
  readonly #taken: ForgettingTable
  readonly #answers = new OctetStore()
  readonly #memory: RecordMemory
  /** When the clients of those in hand sent them last. */
  readonly heard = new LastHeard(Request.fields.heardIn)
  readonly #key = new Int32Array(RECORD_WORDS)
  readonly #otherKey = new Int32Array(RECORD_WORDS)
  readonly #digest = new Uint8Array(this.#key.buffer, 4)
  /** Whose digest that is: one that is looked for and then added is not computed twice. */
  #digestOf: Packet | undefined = undefined
  /** Whether it was looked for, and nothing has changed since: then these are its rows, -1 if there are none. */
  #isLookedUp = false
  #pendingRow = -1
  #takenRow = -1
  readonly #forgetTaken = (row: number): void => {
    this.#answers.free(this.#taken.value(row, ANSWER_AT))
    this.#senders.release(this.#taken.keyWord(row, 0))
    this.#taken.remove(row)
  }

  constructor(limits: EngineOptions['duplicates'], salt: number) {
    this.limits = limits
    this.#pending = new KeyTable<Request>({ keyWords: RECORD_WORDS, valueWords: 0, salt })
    this.#taken = new ForgettingTable({ keyWords: RECORD_WORDS, valueWords: VALUE_WORDS, salt })
    this.#memory = new RecordMemory(this.#senders, salt)
  }

  /** Records that were taken and are known by content, and those that something is remembered of. */
  get sizes(): { readonly records: number; readonly remembered: number } {
    return { records: this.#taken.size, remembered: this.#memory.size }
  }

  /** What is known of this record, if it is the same sent again. */
  find(record: Copied, now: Instant): KnownRecord | undefined {
    if (!this.#lookUp(record)) return undefined
    if (this.#pendingRow !== -1) {
      const request = this.#pending.object(this.#pendingRow) as Request
      const first = { at: cameAt(request), delay: delayTime(request.packet) ?? 0 }
      return isSentAgain(first, record) ? { kind: 'pending', request } : undefined
    }
    const row = this.#notTooOld(this.#takenRow, now)
    if (row !== -1 && isSentAgain(this.#firstOf(row), record)) {
      return { kind: 'answered', answer: this.#answerOf(row) }
    }
    return this.#whatPassed(record, now)
  }

  /** What is remembered of this record, if it is the same sent again: how often its session's counters had wrapped then. */
  remember(record: Copied): { readonly wraps: Wraps | undefined } | undefined {
    if (this.#memory.size === 0 || !this.#loadKey(record)) return undefined
    const row = this.#rememberedRow(record)
    return row === -1 ? undefined : { wraps: this.#memory.wrapsOf(row) }
  }

  /** The record of an accounting request is in hand from now on. */
  add(request: Request, now: Instant): void {
    this.heard.hear(request, now)
    this.#lookUp(request)
    this.#key[0] = this.#senders.hold(request.from.address)
    if (this.#takenRow !== -1) this.#forgetTaken(this.#takenRow)
    // Not the same record sent again (its time differs), but the same content: the newer one is found from now on.
    if (this.#pendingRow !== -1) this.#removePending(this.#pending.object(this.#pendingRow) as Request)
    this.#isLookedUp = false
    recordRow.set(request, this.#pending.add(this.#key, request))
    if (courseOf(request).wraps !== undefined) this.#keepRequest(request, now)
    const row = this.#memory.find(this.#key)
    if (row !== -1) this.#memory.lead(row, this.#key)
  }

  /** A newer interim update of its session waits in the place of this one: what is known of the one leads to the other. */
  giveWay(older: Request, newer: Request, now: Instant): void {
    this.heard.forget(older)
    this.#loadKeyOf(older)
    const before = this.#keepRequest(older, now)
    this.#removePending(older)
    this.add(newer, now)
    this.#memory.succeed(before, this.#keepRequest(newer, now), this.#key, this.#forgetAt(now))
  }

  /** The same for an older one that came late, and waits for the newer one's answer. */
  joined(older: Copied, wraps: Wraps | undefined, newer: Request, now: Instant): void {
    this.#loadKey(older)
    const before = this.#keep(older, older.receivedAt, wraps, now)
    this.#loadKeyOf(newer)
    this.#memory.succeed(before, this.#keepRequest(newer, now), this.#key, this.#forgetAt(now))
  }

  heardAgain(request: Request, now: Instant): void {
    if (Request.fields.heardIn.get(request) !== -1) this.heard.hear(request, now)
  }

  /** A server has taken the record: it is known by its content for a while. */
  taken(request: Request, answer: Uint8Array, now: Instant): void {
    this.heard.forget(request)
    if (recordRow.get(request) === -1) return
    this.#loadKeyOf(request)
    const remembered = this.#memory.find(this.#key)
    if (remembered !== -1) this.#memory.passed(remembered, 'answered')
    this.#senders.hold(request.from.address)
    const row = this.#taken.add(this.#key, after(now, this.limits.recordCache))
    const came = cameAt(request)
    const second = Math.floor(came / MICROS_PER_SECOND)
    const words = this.#taken.wordsOf(row)
    const at = this.#taken.valuesAt(row)
    words[at + ANSWER_AT] = this.#answers.keep(answer)
    words[at + ANSWER_LENGTH] = answer.length
    words[at + CAME_SECOND] = second
    words[at + CAME_MICROS] = came - second * MICROS_PER_SECOND
    words[at + DELAY] = delayTime(request.packet) ?? 0
    this.#removePending(request)
    this.#forgetSome(FORGOTTEN_WITH_ONE, now)
  }

  /** The record ended without an answer: it is new when it comes again, but what it was given is remembered. */
  ended(request: Request, now: Instant): void {
    this.heard.forget(request)
    if (recordRow.get(request) === -1) return
    this.#loadKeyOf(request)
    const row = this.#keepRequest(request, now)
    if (courseOf(request).transmissions > 0) this.#memory.passed(row, 'sent')
    this.#removePending(request)
  }

  passTime(now: Instant): void {
    this.#forgetSome(FORGOTTEN_AT_ONCE, now)
  }

  #forgetSome(atMost: number, now: Instant): void {
    const { maxRecords } = this.limits
    this.#isLookedUp = false
    this.#taken.forgetSome(atMost, maxRecords, now, this.#forgetTaken)
    this.#memory.forgetSome(atMost, maxRecords, now)
  }

  #removePending(request: Request): void {
    this.#isLookedUp = false
    const row = recordRow.get(request)
    if (row === -1) return
    this.#senders.release(this.#pending.keyWord(row, 0))
    this.#pending.remove(row)
    recordRow.set(request, -1)
  }

  /** The row of a record that was taken, if it is not too old; else -1. */
  #notTooOld(row: number, now: Instant): number {
    return row === -1 || this.#taken.forgetAt(row) <= now ? -1 : row
  }

  #firstOf(row: number): First {
    const at = this.#taken.value(row, CAME_SECOND) * MICROS_PER_SECOND + this.#taken.value(row, CAME_MICROS)
    return { at: instant(at), delay: this.#taken.value(row, DELAY) >>> 0 }
  }

  #answerOf(row: number): Uint8Array {
    return this.#answers.at(this.#taken.value(row, ANSWER_AT), this.#taken.value(row, ANSWER_LENGTH)).slice()
  }

  /** An older update of a succession that comes again: what became of the newest one of it. */
  #whatPassed(again: Copied, now: Instant): KnownRecord | undefined {
    const row = this.#memory.size === 0 ? -1 : this.#rememberedRow(again)
    if (row === -1) return undefined
    const newest = this.#otherKey
    const takenRow = (key: Int32Array): number => this.#notTooOld(this.#taken.find(key), now)
    const isKnown = (key: Int32Array): boolean => this.#pending.find(key) !== -1 || takenRow(key) !== -1
    const progress = this.#memory.progressOf(row, newest, isKnown)
    if (progress === 'none') return undefined
    if (progress === 'sent') return { kind: 'passed' }
    // Its answer is forgotten, that it was given is not.
    if (progress === 'answered') return { kind: 'answered', answer: undefined }
    const pending = this.#pending.find(newest)
    if (pending !== -1) return { kind: 'pending', request: this.#pending.object(pending) as Request }
    return { kind: 'answered', answer: this.#answerOf(takenRow(newest)) }
  }

  /** The row of what is remembered under the key at hand; -1 if that is another record of the same content. */
  #rememberedRow(again: Copied): number {
    const row = this.#memory.find(this.#key)
    if (row === -1) return -1
    const isSame = this.#memory.hasMark(row, again.packet.authenticatorWord(0))
    return isSame || isSentAgain(this.#memory.firstOf(row), again) ? row : -1
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
    return this.#memory.keep(this.#key, copy, this.#forgetAt(now))
  }

  #forgetAt(now: Instant): Instant {
    return after(now, this.limits.recordMemory)
  }

  /** Its key is at hand, and its rows; false if nothing is known of that address. */
  #lookUp(origin: Origin): boolean {
    const isKnown = this.#loadKey(origin)
    if (this.#isLookedUp) return isKnown
    this.#pendingRow = isKnown ? this.#pending.find(this.#key) : -1
    this.#takenRow = isKnown ? this.#taken.find(this.#key) : -1
    this.#isLookedUp = true
    return isKnown
  }

  /** The key of a request that is in hand. */
  #loadKeyOf(request: Request): void {
    const row = recordRow.get(request)
    if (row === -1) {
      this.#loadKey(request)
      return
    }
    this.#pending.keyInto(row, this.#key)
    this.#digestOf = undefined
    this.#isLookedUp = false
  }

  /** False if nothing is known of that address; the digest is computed all the same. */
  #loadKey({ from, packet }: Origin): boolean {
    if (this.#digestOf !== packet) {
      recordDigest(packet, this.#digest)
      this.#isLookedUp = false
    }
    this.#digestOf = packet
    const sender = this.#senders.find(from.address)
    this.#key[0] = sender
    return sender !== -1
  }
}

/** Equal content is one record if Event-Timestamp is in it, or if Acct-Delay-Time has grown as time has passed. */
const isSentAgain = (first: First, { packet, receivedAt }: Copied): boolean => {
  if (hasEventTimestamp(packet)) return true
  const grown = ((delayTime(packet) ?? 0) - first.delay) * MICROS_PER_SECOND
  return Math.abs(since(first.at, receivedAt) - grown) <= DELAY_TOLERANCE
}
