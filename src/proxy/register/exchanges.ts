/**
 * Who waits for the answer to which request, and what was answered lately: exchanges by their client's address, port and
 * identifier (RFC 5080 section 2.2.2).
 *
 * Usually one client waits: the one that sent the request. That exchange is the request itself and takes no memory. A client that
 * sends a record again under a new identifier (RFC 2866 section 5.2) waits under both. Nobody waits if the client has used its
 * identifier for something else. Answers are kept as numbers and octets, by the hundred thousand: count and age bound them.
 */
import { classOfRequest, type PerClass, perClass, type TrafficClass } from '../../classes.ts'
import { ForgettingTable } from '../../queues/containers/forgetting-table.ts'
import { KeyTable } from '../../queues/containers/key-table.ts'
import { OctetStore } from '../../queues/containers/octet-store.ts'
import type { Packet } from '../../radius/packet.ts'
import { after, type Instant } from '../../units.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Exchange, Origin } from '../work/exchange.ts'
import { courseOf, Request, startCourse } from '../work/request.ts'
import { SenderNumbers } from './sender-numbers.ts'

/** Identifiers that wait for the answer to one record; a client that tries so often has long given up the oldest. */
const MOST_EXCHANGES = 16
/** Sender, link, port and identifier. */
const KEY_WORDS = 3
/** The values of an answered exchange: where its answer stands, how long it is, the request's code and authenticator. */
const ANSWER_AT = 0
const ANSWER_LENGTH = 1
const CODE = 2
const AUTHENTICATOR = 3
const AUTHENTICATOR_WORDS = 4
/** Answers that are forgotten in one step; with each that is kept two, so that the bound holds. */
const FORGOTTEN_AT_ONCE = 16
const FORGOTTEN_WITH_ONE = 2

const { isAwaited, exchangeRow } = Request.fields

export class Exchanges {
  limits: EngineOptions['duplicates']
  readonly #senders = new SenderNumbers()
  readonly #answers = new OctetStore()
  /** Apart, so that a million accounting messages that wait are nothing to an Access-Request. */
  readonly #pending: PerClass<KeyTable<Request>>
  readonly #answered: ForgettingTable
  readonly #key = new Int32Array(KEY_WORDS)
  readonly #forgetAnswer = (row: number): void => {
    this.#answers.free(this.#answered.value(row, ANSWER_AT))
    this.#senders.release(this.#answered.keyWord(row, 0))
    this.#answered.remove(row)
  }

  constructor(limits: EngineOptions['duplicates'], salt: number) {
    this.limits = limits
    this.#pending = perClass(() => new KeyTable<Request>({ keyWords: KEY_WORDS, valueWords: 0, salt }))
    this.#answered = new ForgettingTable({ keyWords: KEY_WORDS, valueWords: AUTHENTICATOR + AUTHENTICATOR_WORDS, salt })
  }

  get answers(): number {
    return this.#answered.size
  }

  /** Who waits under the packet's identifier of this client, and for which request. */
  find(origin: Origin): { readonly exchange: Exchange; readonly request: Request } | undefined {
    const pending = this.#pendingOf(origin)
    const row = this.#loadKey(origin) ? pending.find(this.#key) : -1
    const request = row === -1 ? undefined : pending.object(row)
    if (request === undefined) return undefined
    const repeat = courseOf(request).repeats.find((each) => hasSameIdentifier(each, origin))
    return { exchange: repeat ?? request, request }
  }

  /** Who waits for a request, oldest first. If it took the place of older ones, its client is the newest. */
  of(request: Request): readonly Exchange[] {
    const { repeats, cameAt } = courseOf(request)
    if (!isAwaited.get(request)) return repeats
    if (repeats.length === 0) return [request]
    return cameAt === undefined ? [request, ...repeats] : [...repeats, request]
  }

  /** The client that sent the request's packet waits for the answer. */
  begin(exchange: Exchange, request: Request): void {
    exchangeRow.set(request, this.#add(exchange, request))
    isAwaited.set(request, true)
  }

  attach(exchange: Exchange, request: Request): void {
    const waiting = this.of(request)
    const [oldest] = waiting
    if (oldest !== undefined && waiting.length >= MOST_EXCHANGES) this.end(oldest, request)
    this.#add(exchange, request)
    // The octets that came are valid for one call.
    exchange.packet.own()
    const course = startCourse(request)
    course.repeats = [...course.repeats, exchange]
  }

  /** The exchange ends without an answer; the request goes on. */
  end(exchange: Exchange, request: Request): void {
    this.#detach(exchange, request)
    this.#forget(exchange)
  }

  endAll(request: Request): readonly Exchange[] {
    const waiting = this.of(request)
    for (const exchange of waiting) this.end(exchange, request)
    return waiting
  }

  /** None waits any more: those that did are to be answered. */
  release(request: Request): readonly Exchange[] {
    const waiting = this.of(request)
    for (const exchange of waiting) this.#detach(exchange, request)
    return waiting
  }

  /** The exchange is answered: it waits no more, if it did, and its answer is kept for retransmissions. */
  keepAnswer(exchange: Exchange, answer: Uint8Array, now: Instant): void {
    const { from, packet } = exchange
    this.#setKey(this.#senders.hold(from.address), exchange)
    this.#forgetPending(exchange)
    const row = this.#answered.add(this.#key, after(now, this.limits.answerCache))
    const words = this.#answered.wordsOf(row)
    const at = this.#answered.valuesAt(row)
    words[at + ANSWER_AT] = this.#answers.keep(answer)
    words[at + ANSWER_LENGTH] = answer.length
    words[at + CODE] = packet.code
    for (let word = 0; word < AUTHENTICATOR_WORDS; word += 1) {
      words[at + AUTHENTICATOR + word] = packet.authenticatorWord(word)
    }
    this.#answered.forgetSome(FORGOTTEN_WITH_ONE, this.limits.maxAnswers, now, this.#forgetAnswer)
  }

  /**
   * What this very packet was answered, in the store: valid until the next answer is kept. The answer to another packet under its
   * identifier is forgotten with this.
   */
  answerTo(origin: Origin, now: Instant): Uint8Array | undefined {
    const row = this.#loadKey(origin) ? this.#answered.find(this.#key) : -1
    if (row === -1) return undefined
    if (this.#answered.forgetAt(row) > now && this.#isAnswerOf(row, origin.packet)) {
      return this.#answers.at(this.#answered.value(row, ANSWER_AT), this.#answered.value(row, ANSWER_LENGTH))
    }
    this.#forgetAnswer(row)
    return undefined
  }

  passTime(now: Instant): void {
    this.#answered.forgetSome(FORGOTTEN_AT_ONCE, this.limits.maxAnswers, now, this.#forgetAnswer)
  }

  /** What held its identifier before must have been forgotten. Answers its row. */
  #add(exchange: Exchange, request: Request): number {
    this.#setKey(this.#senders.hold(exchange.from.address), exchange)
    return this.#pendingOf(exchange).add(this.#key, request)
  }

  #detach(exchange: Exchange, request: Request): void {
    if (exchange === request) {
      isAwaited.set(request, false)
      return
    }
    const course = startCourse(request)
    course.repeats = course.repeats.filter((other) => other !== exchange)
  }

  #forget(exchange: Exchange): void {
    if (this.#loadKey(exchange)) this.#forgetPending(exchange)
  }

  /** Its key is at hand. That of a request's own packet is in the row that the request knows. */
  #forgetPending(exchange: Exchange): void {
    const pending = this.#pendingOf(exchange)
    const isItsOwn = exchange instanceof Request
    const row = isItsOwn ? exchangeRow.get(exchange) : pending.find(this.#key)
    if (row === -1) return
    if (isItsOwn) exchangeRow.set(exchange, -1)
    pending.remove(row)
    this.#senders.release(this.#key[0]!)
  }

  #pendingOf({ packet }: Origin): KeyTable<Request> {
    return this.#pending[classOfRequest(packet.code) as TrafficClass]
  }

  /** Code and authenticator; source and identifier are the same already. */
  #isAnswerOf(row: number, packet: Packet): boolean {
    if (this.#answered.value(row, CODE) !== packet.code) return false
    for (let word = 0; word < AUTHENTICATOR_WORDS; word += 1) {
      if (this.#answered.value(row, AUTHENTICATOR + word) !== packet.authenticatorWord(word)) return false
    }
    return true
  }

  /** False if nothing is known of that address. */
  #loadKey(origin: Origin): boolean {
    const sender = this.#senders.find(origin.from.address)
    this.#setKey(sender, origin)
    return sender !== -1
  }

  #setKey(sender: number, { from, packet }: Origin): void {
    this.#key[0] = sender
    this.#key[1] = from.link
    this.#key[2] = from.port * 256 + packet.identifier
  }
}

const hasSameIdentifier = (a: Exchange, b: Origin): boolean =>
  a.packet.identifier === b.packet.identifier &&
  a.from.port === b.from.port &&
  a.from.link === b.from.link &&
  a.from.address === b.from.address
