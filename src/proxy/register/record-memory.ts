/**
 * What outlives a record's time in hand, so that each copy of it that still comes is treated like the first one.
 *
 * Of a record, by sender and digest, it is remembered how often its session's counters had wrapped (the Gigawords it was given),
 * and the *succession* it belongs to if interim updates gave way (`interims: newest`). A succession knows its newest update, and
 * up to which session time one was sent or answered: an older one that comes again is not sent after it. If updates of two
 * successions meet, the two become one. A record that ended without an answer is remembered too, so that it is observed once.
 *
 * Count and age bound it; the oldest is forgotten first. What was forgotten is new when it comes again.
 */
import type { Wraps } from '../../accounting/record/rewriting.ts'
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import { type Instant, instant, MICROS_PER_SECOND } from '../../units.ts'
import type { SenderNumbers } from './sender-numbers.ts'

export const RECORD_WORDS = 5

/** The values of a record. */
const INPUT_WRAPS = 0
const OUTPUT_WRAPS = 1
const CAME_SECOND = 2
const CAME_MICROS = 3
const DELAY = 4
const MARK = 5
const SESSION_TIME = 6
const SUCCESSION = 7
const VALUE_WORDS = 8
/** The values of a succession: the key of its newest update, then session times. */
const NEWEST_TIME = RECORD_WORDS
const SENT_TIME = RECORD_WORDS + 1
const ANSWERED_TIME = RECORD_WORDS + 2
/** The succession that it became part of, or NONE. */
const PART_OF = RECORD_WORDS + 3
const SUCCESSION_WORDS = RECORD_WORDS + 4
const NONE = 0

export interface Copy {
  readonly address: string
  readonly cameAt: Instant
  /** Acct-Delay-Time, 0 if it has none. */
  readonly delay: number
  /** Some octets of its authenticator: two equal packets have the same. */
  readonly mark: number
  /** Acct-Session-Time; undefined if it has none. */
  readonly time: number | undefined
  readonly wraps: Wraps | undefined
}

/** When the first copy of a record came, and its Acct-Delay-Time. */
export interface First {
  readonly at: Instant
  readonly delay: number
}

/** How far a succession has come, as one of its older updates sees it. */
export type RecordProgress = 'newest-in-hand' | 'answered' | 'sent' | 'none'

export class RecordMemory {
  readonly #senders: SenderNumbers
  readonly #records: ForgettingTable
  readonly #successions: ForgettingTable
  readonly #number = new Int32Array(1)
  #lastSuccession = NONE
  readonly #forgetRecord = (row: number): void => {
    this.#senders.release(this.#records.keyWord(row, 0))
    this.#records.remove(row)
  }
  readonly #forgetSuccession = (row: number): void => this.#successions.remove(row)

  constructor(senders: SenderNumbers, salt: number) {
    this.#senders = senders
    this.#records = new ForgettingTable({ keyWords: RECORD_WORDS, valueWords: VALUE_WORDS, salt })
    this.#successions = new ForgettingTable({ keyWords: 1, valueWords: SUCCESSION_WORDS, salt })
  }

  get size(): number {
    return this.#records.size
  }

  /** What is remembered under a record's key; -1 if nothing is. */
  find(key: Int32Array): number {
    return this.#records.size === 0 ? -1 : this.#records.find(key)
  }

  firstOf(row: number): First {
    const at = this.#value(row, CAME_SECOND) * MICROS_PER_SECOND + this.#value(row, CAME_MICROS)
    return { at: instant(at), delay: this.#value(row, DELAY) }
  }

  hasMark(row: number, mark: number): boolean {
    return this.#records.value(row, MARK) === mark
  }

  wrapsOf(row: number): Wraps | undefined {
    const input = this.#value(row, INPUT_WRAPS)
    const output = this.#value(row, OUTPUT_WRAPS)
    return input + output === 0 ? undefined : { input, output }
  }

  /** The record is remembered from now on, in the succession it had. Answers its row. */
  keep(key: Int32Array, { address, cameAt, delay, mark, time, wraps }: Copy, forgetAt: Instant): number {
    const known = this.find(key)
    const succession = known === -1 ? NONE : this.#records.value(known, SUCCESSION)
    if (known === -1) this.#senders.hold(address)
    else this.#records.remove(known)
    const row = this.#records.add(key, forgetAt)
    const second = Math.floor(cameAt / MICROS_PER_SECOND)
    this.#records.setValue(row, INPUT_WRAPS, wraps?.input ?? 0)
    this.#records.setValue(row, OUTPUT_WRAPS, wraps?.output ?? 0)
    this.#records.setValue(row, CAME_SECOND, second)
    this.#records.setValue(row, CAME_MICROS, cameAt - second * MICROS_PER_SECOND)
    this.#records.setValue(row, DELAY, delay)
    this.#records.setValue(row, MARK, mark)
    this.#records.setValue(row, SESSION_TIME, time ?? 0)
    this.#records.setValue(row, SUCCESSION, succession)
    return row
  }

  /** Two updates of one session, both kept: the newer one is sent for the older one. */
  succeed(older: number, newer: number, newest: Int32Array, forgetAt: Instant): void {
    const [before, after] = [this.#successionOf(older), this.#successionOf(newer)]
    const next = this.#renewed(before === -1 ? after : before, forgetAt)
    if (before !== -1 && after !== -1 && before !== after) this.#unite(after, next)
    this.#records.setValue(older, SUCCESSION, this.#successions.keyWord(next, 0))
    this.#records.setValue(newer, SUCCESSION, this.#successions.keyWord(next, 0))
    this.#lead(next, newer, newest)
  }

  /** The record is in hand: of its succession it is the newest that can be sent. */
  lead(row: number, key: Int32Array): void {
    const succession = this.#successionOf(row)
    if (succession !== -1) this.#lead(succession, row, key)
  }

  /** A server got the record, or answered it: no older one is to be sent after it. */
  passed(row: number, how: 'sent' | 'answered'): void {
    const succession = this.#successionOf(row)
    if (succession === -1) return
    const place = how === 'sent' ? SENT_TIME : ANSWERED_TIME
    const time = this.#value(row, SESSION_TIME)
    if (time > this.#successions.value(succession, place) >>> 0) this.#successions.setValue(succession, place, time)
  }

  /** What came of the updates that are newer than this one. `isInHand` says so of a record by its key. */
  progressOf(row: number, newest: Int32Array, isInHand: (key: Int32Array) => boolean): RecordProgress {
    const succession = this.#successionOf(row)
    if (succession === -1) return 'none'
    const time = this.#value(row, SESSION_TIME)
    const isOlderThan = (place: number): boolean => time < this.#successions.value(succession, place) >>> 0
    if (isOlderThan(NEWEST_TIME)) {
      for (let word = 0; word < RECORD_WORDS; word += 1) newest[word] = this.#successions.value(succession, word)
      if (isInHand(newest)) return 'newest-in-hand'
    }
    if (isOlderThan(ANSWERED_TIME)) return 'answered'
    return isOlderThan(SENT_TIME) ? 'sent' : 'none'
  }

  forgetSome(atMost: number, most: number, now: Instant): void {
    this.#records.forgetSome(atMost, most, now, this.#forgetRecord)
    this.#successions.forgetSome(atMost, most, now, this.#forgetSuccession)
  }

  #lead(succession: number, row: number, key: Int32Array): void {
    for (let word = 0; word < RECORD_WORDS; word += 1) this.#successions.setValue(succession, word, key[word]!)
    this.#successions.setValue(succession, NEWEST_TIME, this.#value(row, SESSION_TIME))
  }

  /** The same succession, forgotten no sooner than its newest member; a new one if there is none. */
  #renewed(before: number, forgetAt: Instant): number {
    const table = this.#successions
    if (before === -1) {
      this.#lastSuccession = (this.#lastSuccession % 0x7fff_ffff) + 1
      this.#number[0] = this.#lastSuccession
      return table.add(this.#number, forgetAt)
    }
    const [sent, answered] = [table.value(before, SENT_TIME), table.value(before, ANSWERED_TIME)]
    this.#number[0] = table.keyWord(before, 0)
    table.remove(before)
    const row = table.add(this.#number, forgetAt)
    table.setValue(row, SENT_TIME, sent)
    table.setValue(row, ANSWERED_TIME, answered)
    return row
  }

  /** All updates of the one are updates of the other from now on. */
  #unite(one: number, other: number): void {
    const table = this.#successions
    for (const place of [SENT_TIME, ANSWERED_TIME]) {
      const [time, otherTime] = [table.value(one, place), table.value(other, place)]
      if (time >>> 0 > otherTime >>> 0) table.setValue(other, place, time)
    }
    table.setValue(one, PART_OF, table.keyWord(other, 0))
  }

  /** The row of the succession that a record belongs to; -1 if there is none, or it is forgotten. */
  #successionOf(row: number): number {
    let succession = this.#successionAt(this.#records.value(row, SUCCESSION))
    while (succession !== -1) {
      const whole = this.#successions.value(succession, PART_OF)
      if (whole === NONE) break
      // So the next search is one step shorter.
      this.#records.setValue(row, SUCCESSION, whole)
      const next = this.#successionAt(whole)
      if (next !== -1) this.#skip(succession, next)
      succession = next
    }
    return succession
  }

  /** A part of what is a part itself is at once part of the whole. */
  #skip(part: number, whole: number): void {
    const further = this.#successions.value(whole, PART_OF)
    if (further !== NONE) this.#successions.setValue(part, PART_OF, further)
  }

  #successionAt(number: number): number {
    this.#number[0] = number
    return number === NONE ? -1 : this.#successions.find(this.#number)
  }

  /** A value that is no negative number. */
  #value(row: number, place: number): number {
    return this.#records.value(row, place) >>> 0
  }
}
