/**
 * Refused ports, seen at the network: what leaves for another server while it certainly is outstanding at the one before was
 * moved by an ICMP error. That error must have quoted it, with its authenticator. A request is moved once, never with a State,
 * and not away from a server that gave a sign of life in the last second before the error.
 *
 * Nothing else takes a request from its server before its time-out, but a response that can't be passed on.
 */
import { HEADER_LENGTH } from '../../../codes.ts'
import type { Peer } from '../../../proxy/border/events.ts'
import { type Instant, MICROS_PER_SECOND } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { identifierKeyOf } from '../../books/lane-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { requestKeyOf, sameOctets, verifies, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** A request that was sent, and its last transmission. */
interface Sent {
  readonly lane: number
  readonly identifier: number
  readonly bytes: Uint8Array
  readonly at: Instant
  /** An error has quoted it, and nothing stood in its way. */
  mayMove: boolean
  /** A response came, of whatever use. */
  isAnswered: boolean
  readonly hasMoved: boolean
}

/** A refused transmission waits so long at least. */
const REFUSED_WAIT = MICROS_PER_SECOND

export class RefusalLaw implements Observer {
  readonly #books: Books
  /** By request. */
  readonly #sent: Recent<number, Sent>
  /** By identifier: the request that it carries. */
  readonly #carried = new Map<number, number>()
  /** Requests that were moved. */
  moved = 0

  constructor(books: Books) {
    this.#books = books
    this.#sent = new Recent(inHand(books.lanes.options))
  }

  /** Limits change for what is in hand. */
  reconfigured(): void {
    this.#carried.clear()
  }

  /** It is let in anew, so what was sent before was of a request that has ended. */
  received(_class: unknown, bytes: Uint8Array, now: Instant, _from: Peer): void {
    const { kind } = this.#books.interims.fate
    const before = kind === 'let-in' ? this.#sent.get(requestKeyOf(wellFormed(bytes)), now) : undefined
    if (before !== undefined) this.#carried.delete(before.identifier)
  }

  refused(lane: number, port: number, now: Instant, quoted?: Uint8Array): void {
    if (quoted === undefined || quoted.length < HEADER_LENGTH) return
    const sent = this.#sentWith(identifierKeyOf(lane, port, quoted), now)
    if (sent === undefined || !sameOctets(quoted.subarray(0, HEADER_LENGTH), sent.bytes.subarray(0, HEADER_LENGTH)))
      return
    const signAt = this.#books.health.lanes.get(lane)?.signAt ?? Number.NEGATIVE_INFINITY
    if (signAt < now - MICROS_PER_SECOND) sent.mayMove = true
  }

  responded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const sent = this.#sentWith(identifierKeyOf(lane, port, bytes), now)
    const secret = this.#books.lanes.facts.get(lane)?.server.secret
    if (sent !== undefined && secret !== undefined && verifies(wellFormed(bytes), sent.bytes, secret))
      sent.isAnswered = true
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    const key = requestKeyOf(packet)
    const identifier = identifierKeyOf(lane, port, bytes)
    const before = this.#sent.get(key, now)
    const isKnown = before !== undefined && this.#carried.get(before.identifier) === key
    const isEarly =
      isKnown && before.lane !== lane && !before.isAnswered && now - before.at < this.#patienceOf(before.lane)
    if (isEarly) this.#checkMove(before, key, packet.stateAt !== 0, now)
    const hasMoved = isKnown && (before.hasMoved || isEarly)
    this.#carried.set(identifier, key)
    this.#sent.set(key, { lane, identifier, bytes, at: now, mayMove: false, isAnswered: false, hasMoved }, now)
  }

  #checkMove({ lane, mayMove, hasMoved }: Sent, key: number, hasState: boolean, now: Instant): void {
    const name = `request ${key >> 1}, outstanding at lane ${lane},`
    if (hasState) throw new BrokenLaw('refusal', `${name} has moved, and has a State`, now)
    if (hasMoved) throw new BrokenLaw('refusal', `${name} has moved twice`, now)
    if (!mayMove) throw new BrokenLaw('refusal', `${name} has moved, and no error allowed that`, now)
    this.moved += 1
  }

  /** What that identifier carries, if it is the last transmission of its request. */
  #sentWith(identifier: number, now: Instant): Sent | undefined {
    const sent = this.#sent.get(this.#carried.get(identifier) ?? -1, now)
    return sent?.identifier === identifier ? sent : undefined
  }

  #patienceOf(lane: number): number {
    return Math.min((this.#books.health.leastTimeouts.get(lane) ?? 0) * 0.9, REFUSED_WAIT)
  }
}
