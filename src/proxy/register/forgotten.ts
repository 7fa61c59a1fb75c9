/**
 * Logins that were forgotten while their clients may still send them: what their copies said of how long the client waits
 * (`max_age: auto`).
 *
 * The next copy of a login enters the line anew. It is known again by its source, identifier and authenticator, so the gap
 * between its copies counts on. Each is remembered for 30 s. The number is bounded; beyond it the oldest goes, and its next copy
 * counts as the first.
 */
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import { Patience } from '../../queues/patience.ts'
import { after, type Instant, instant, MICROS_PER_SECOND, micros, secondOf, seconds } from '../../units.ts'
import type { Origin } from '../work/exchange.ts'

const REMEMBERED_FOR = seconds(30)
/** For each message that may wait. */
const REMEMBERED_PER_MESSAGE = 4
const FORGOTTEN_AT_ONCE = 16
const FORGOTTEN_WITH_ONE = 2

/** Authenticator, address as a number, link, port and identifier. */
const AUTHENTICATOR_WORDS = 4
const ADDRESS = 4
const LINK = 5
const PORT = 6
const KEY_WORDS = 7

const LATEST_SECOND = 0
const LATEST_MICROS = 1
const COPIES = 2
const GAP = 3
const GAP_BEFORE = 4
const VALUE_WORDS = 5

export class Forgotten {
  readonly #table: ForgettingTable
  readonly #key = new Int32Array(KEY_WORDS)
  readonly #salt: number
  readonly #forget = (row: number): void => this.#table.remove(row)

  constructor(salt: number) {
    this.#salt = salt
    this.#table = new ForgettingTable({ keyWords: KEY_WORDS, valueWords: VALUE_WORDS, salt })
  }

  get size(): number {
    return this.#table.size
  }

  /** The login is forgotten, and its client may send it again. `maxMessages` may wait. */
  keep(origin: Origin, { copies, latestAt, gap, gapBefore }: Patience, maxMessages: number, now: Instant): void {
    this.#setKey(origin)
    const known = this.#table.find(this.#key)
    if (known !== -1) this.#table.remove(known)
    const row = this.#table.add(this.#key, after(now, REMEMBERED_FOR))
    const second = secondOf(latestAt)
    this.#table.setValue(row, LATEST_SECOND, second)
    this.#table.setValue(row, LATEST_MICROS, latestAt - second * MICROS_PER_SECOND)
    this.#table.setValue(row, COPIES, copies)
    this.#table.setValue(row, GAP, gap)
    this.#table.setValue(row, GAP_BEFORE, gapBefore)
    this.#table.forgetSome(FORGOTTEN_WITH_ONE, REMEMBERED_PER_MESSAGE * maxMessages, now, this.#forget)
  }

  /** What is known of a login that comes, if it was forgotten; undefined if it comes for the first time, or after too long. */
  take(origin: Origin, now: Instant): Patience | undefined {
    if (this.#table.size === 0) return undefined
    this.#setKey(origin)
    const row = this.#table.find(this.#key)
    if (row === -1) return undefined
    const isLate = this.#table.forgetAt(row) <= now
    const latestAt = this.#value(row, LATEST_SECOND) * MICROS_PER_SECOND + this.#value(row, LATEST_MICROS)
    const patience = new Patience(instant(latestAt), {
      copies: this.#value(row, COPIES),
      gap: micros(this.#value(row, GAP)),
      gapBefore: micros(this.#value(row, GAP_BEFORE)),
    })
    this.#table.remove(row)
    return isLate ? undefined : patience
  }

  passTime(now: Instant): void {
    this.#table.forgetSome(FORGOTTEN_AT_ONCE, Number.POSITIVE_INFINITY, now, this.#forget)
  }

  #value(row: number, place: number): number {
    return this.#table.value(row, place)
  }

  #setKey({ from, packet }: Origin): void {
    for (let word = 0; word < AUTHENTICATOR_WORDS; word += 1) this.#key[word] = packet.authenticatorWord(word)
    let address = this.#salt
    for (let at = 0; at < from.address.length; at += 1) {
      address = Math.imul(address ^ from.address.charCodeAt(at), 0x01000193)
    }
    this.#key[ADDRESS] = address
    this.#key[LINK] = from.link
    this.#key[PORT] = from.port * 256 + packet.identifier
  }
}
