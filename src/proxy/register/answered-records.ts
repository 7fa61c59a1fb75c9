/**
 * Accounting records that a server has taken, by sender and digest: when each came, and what was answered.
 *
 * Kept as numbers and octets (`ForgettingTable`, `OctetStore`), for `Duplicates`, which says how long and how many.
 */
import { delayTime, hasEventTimestamp } from '../../accounting/record/record.ts'
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import type { OctetStore } from '../../queues/containers/octet-store.ts'
import type { Packet } from '../../radius/packet.ts'
import { type Instant, instant, MICROS_PER_SECOND, since } from '../../units.ts'
import { cameAt, type Request } from '../work/request.ts'
import { RECORD_WORDS } from './record-memory.ts'
import type { SenderNumbers } from './sender-numbers.ts'

/** Two clocks may disagree by this much when Acct-Delay-Time is compared with the difference of arrivals. */
const DELAY_TOLERANCE = 2 * MICROS_PER_SECOND

/** The values of a record: where its answer stands, how long it is, when it came, and its Acct-Delay-Time. */
const ANSWER_AT = 0
const ANSWER_LENGTH = 1
const CAME_SECOND = 2
const CAME_MICROS = 3
const DELAY = 4
const VALUE_WORDS = 5
const NO_ANSWER = -1

/** The first copy of a record. */
export interface First {
  readonly at: Instant
  readonly delay: number
}

export class AnsweredRecords {
  readonly #senders: SenderNumbers
  readonly #answers: OctetStore
  readonly #table: ForgettingTable

  constructor(senders: SenderNumbers, answers: OctetStore, salt: number) {
    this.#senders = senders
    this.#answers = answers
    this.#table = new ForgettingTable({ keyWords: RECORD_WORDS, valueWords: VALUE_WORDS, salt })
  }

  get size(): number {
    return this.#table.size
  }

  /** The row of a record that is not too old; -1 where there is none. */
  find(key: Int32Array, now: Instant): number {
    const row = this.#table.find(key)
    return row === -1 || this.#table.forgetAt(row) <= now ? -1 : row
  }

  firstOf(row: number): First {
    const came = this.#table.value(row, CAME_SECOND) * MICROS_PER_SECOND + this.#table.value(row, CAME_MICROS)
    return { at: instant(came), delay: this.#table.value(row, DELAY) >>> 0 }
  }

  answerOf(row: number): Uint8Array | undefined {
    const place = this.#table.value(row, ANSWER_AT)
    return place === NO_ANSWER ? undefined : this.#answers.at(place, this.#table.value(row, ANSWER_LENGTH)).slice()
  }

  /** A server has taken the record. Its key must not be there. */
  add(key: Int32Array, request: Request, answer: Uint8Array | undefined, forgetAt: Instant): void {
    this.#senders.hold(request.from.address)
    const row = this.#table.add(key, forgetAt)
    this.#table.setValue(row, ANSWER_AT, answer === undefined ? NO_ANSWER : this.#answers.keep(answer))
    this.#table.setValue(row, ANSWER_LENGTH, answer?.length ?? 0)
    const came = cameAt(request)
    const second = Math.floor(came / MICROS_PER_SECOND)
    this.#table.setValue(row, CAME_SECOND, second)
    this.#table.setValue(row, CAME_MICROS, came - second * MICROS_PER_SECOND)
    this.#table.setValue(row, DELAY, delayTime(request.packet) ?? 0)
  }

  /** The record with that key is under way again. */
  forgetKey(key: Int32Array): void {
    const row = this.#table.find(key)
    if (row !== -1) this.#forget(row)
  }

  /** Forgets one record that is too old or beyond the bound; false where all may stay. */
  forgetOne(most: number, now: Instant): boolean {
    const row = this.#table.due(most, now)
    if (row !== -1) this.#forget(row)
    return row !== -1
  }

  /** When the next record is to be forgotten; infinite where there is none. */
  nextDueAt(): number {
    return this.#table.nextDueAt()
  }

  #forget(row: number): void {
    const place = this.#table.value(row, ANSWER_AT)
    if (place !== NO_ANSWER) this.#answers.free(place)
    this.#senders.release(this.#table.keyWord(row, 0))
    this.#table.remove(row)
  }
}

/**
 * Whether two packets with equal content but for Acct-Delay-Time are one record: an Event-Timestamp says when it
 * happened (and is part of the content); without one the delay must have grown as time has passed.
 */
export const isSentAgain = (first: First, again: Packet, againAt: Instant): boolean => {
  if (hasEventTimestamp(again)) return true
  const grown = ((delayTime(again) ?? 0) - first.delay) * MICROS_PER_SECOND
  return Math.abs(since(first.at, againAt) - grown) <= DELAY_TOLERANCE
}
