/**
 * What becomes of each request, seen at the network: its order, its age, and that it is asked once.
 *
 * order: first transmissions of one lane and preference leave in the order of arrival. age: nothing leaves for the first
 * time that has waited longer than max-age, and no Access-Request is sent again so long after its client last sent it.
 * repetition: what certainly is outstanding, or was answered a moment ago, is not let in a second time. late-answer: what
 * certainly is outstanding at one server is answered by a late response of another. A request is known by its serial; what
 * is remembered of it lasts as long as it can be in hand, and not longer.
 */

import { CLASS_TRAITS, classOfRequest, TRAFFIC_CLASSES, type TrafficClass } from '../../../classes.ts'
import { ACCESS_REQUEST, ACCT_DELAY_TIME } from '../../../codes.ts'
import type { EngineEvent, Peer } from '../../../proxy/border/events.ts'
import type { EngineOptions } from '../../../proxy/border/options.ts'
import type { Packet } from '../../../radius/packet.ts'
import type { Instant } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { identifierKeyOf } from '../../books/lane-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { requestKeyOf, sameOctets, serialOf, verifies, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** A request that was let in. */
interface Asked {
  readonly arrival: number
  readonly admittedAt: Instant
  /** When its client last sent it: a client that still asks is still there. */
  renewedAt: Instant
  /** Lanes that it was sent to. */
  readonly lanes: number[]
  /** Its last transmission: the way it took, and the octets. */
  sent: { readonly at: Instant; readonly way: number; readonly bytes: Uint8Array } | undefined
  /** When its answer came, if it was certainly outstanding then; and the how many-th answer that was. */
  answered: { readonly at: Instant; readonly number: number } | undefined
  /** Its identifier carries something else by now: an Access-Request ends with that. */
  isReleased: boolean
}

/** One identifier of one client's port: the last datagram that came from there, and the answer that went there. */
interface Slot {
  readonly authenticator: Uint8Array
  readonly key: number
  replied: { readonly at: Instant; readonly number: number } | undefined
}

/** What an identifier carries. */
interface Carried {
  readonly key: number
  readonly arrival: number
  readonly bytes: Uint8Array
  /** A response to it could not be passed on. */
  isSpoilt: boolean
}

/** A Tunnel-Password is malformed here, and can't be passed on. */
const isReadable = (response: Packet): boolean => response.find({ vendor: 0, type: 69 }) === undefined

/** How long after its last transmission an unanswered request certainly is outstanding. */
const patienceOf = (options: EngineOptions): number => {
  const timeouts = options.servers.flatMap(({ lanes }) => TRAFFIC_CLASSES.map((each) => lanes[each]?.timeout ?? 1e6))
  return Math.min(...timeouts, 1e6 / 0.9) * 0.9
}

export class RequestLaw implements Observer {
  readonly #asked: Recent<number, Asked>
  readonly #slots: Recent<number, Slot>
  /** Clients' addresses, numbered as they come. */
  readonly #addresses = new Map<string, number>()
  /** By lane and preference: the arrival number of the last first transmission. */
  readonly #lastArrival = new Map<number, number>()
  /** What an identifier of a lane's port carries: the key of its request, which arrival that was, and the octets. */
  readonly #carried = new Map<number, Carried>()
  /** Why the engine has just passed a response on to nobody. */
  #droppedFor: string | undefined = undefined
  readonly #books: Books
  #patience: number
  #replies = 0
  #answers = 0

  constructor(books: Books) {
    this.#books = books
    const { options } = books.lanes
    this.#patience = patienceOf(options)
    this.#asked = new Recent(inHand(options))
    this.#slots = new Recent(inHand(options))
  }

  /** How much is remembered now. */
  get remembered(): number {
    return this.#asked.size + this.#slots.size
  }

  /** The queue of a Down or Failing server moves, or the parked return: older ones may follow younger ones. */
  noted(event: EngineEvent, now: Instant): void {
    if (event.kind === 'response-dropped') this.#droppedFor = event.reason
    if (event.kind === 'dropped' && event.reason === 'unusable-response') this.#ends(wellFormed(event.bytes), now)
    if (event.kind === 'server-state' && (event.from !== 'active' || event.to !== 'not_responding'))
      this.#lastArrival.clear()
  }

  reconfigured(options: EngineOptions): void {
    this.#patience = Math.min(this.#patience, patienceOf(options))
    this.#lastArrival.clear()
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void {
    const { fate } = this.#books.interims
    const isLetIn = fate.kind === 'let-in' || fate.kind === 'took-place'
    const packet = wellFormed(bytes)
    const key = requestKeyOf(packet)
    const place = this.#placeOf(from, packet.identifier)
    const before = this.#slots.get(place, now)
    const isRepeated = before !== undefined && sameOctets(before.authenticator, packet.bytes.subarray(4, 20))
    if (isLetIn) this.#checkRepetition(packet, key, isRepeated ? before : undefined, now)
    const asking = isRepeated && !isLetIn ? this.#asked.get(before.key, now) : undefined
    if (asking !== undefined) asking.renewedAt = now
    if (!isRepeated) {
      const former = before === undefined ? undefined : this.#asked.get(before.key, now)
      if (former !== undefined && trafficClass === 'authentication') former.isReleased = true
    }
    if (isLetIn || !isRepeated) {
      this.#slots.set(place, { authenticator: packet.bytes.slice(4, 20), key, replied: undefined }, now)
    }
    if (!isLetIn) return
    const asked: Asked = {
      arrival: fate.arrival,
      admittedAt: fate.at,
      renewedAt: fate.at,
      lanes: [],
      sent: undefined,
      answered: undefined,
      isReleased: false,
    }
    this.#asked.set(key, asked, now)
  }

  replied(to: Peer, bytes: Uint8Array, now: Instant): void {
    this.#replies += 1
    const packet = wellFormed(bytes)
    const slot = this.#slots.get(this.#placeOf(to, packet.identifier), now)
    const serial = serialOf(packet)
    if (slot === undefined || serial === undefined || slot.key >> 1 !== serial) return
    slot.replied ??= { at: now, number: this.#replies }
    // A late response of a server that it was sent to before ends it too: it is outstanding no more.
    const asked = this.#asked.get(slot.key, now)
    if (asked !== undefined) asked.answered ??= { at: now, number: this.#answers }
  }

  /** What was late before, an answer to a probe say, is not this one. */
  arrives(): void {
    this.#droppedFor = undefined
  }

  responded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    // Counted one too many rather than one too few: they push each other out of a bounded table.
    this.#answers += 1
    const packet = wellFormed(bytes)
    const way = identifierKeyOf(lane, port, bytes)
    const carried = this.#carried.get(way)
    const isLeftLate = this.#droppedFor === 'late'
    // The server may be done with it by that one.
    if (carried !== undefined && this.#droppedFor !== undefined && !isLeftLate) carried.isSpoilt = true
    const asked = carried === undefined ? undefined : this.#asked.get(carried.key, now)
    if (carried === undefined || asked?.sent === undefined || !this.#isOutstanding(asked, now)) return
    const secret = this.#books.lanes.of(lane)?.server.secret
    if (secret === undefined || !verifies(packet, carried.bytes, secret)) return
    if (carried.arrival !== asked.arrival) return
    // From wherever it came: it has ended the request, or can't be passed on; a second one from there says nothing new.
    if (asked.sent.way === way || !isLeftLate) asked.answered = { at: now, number: this.#answers }
    else if (!asked.isReleased && !carried.isSpoilt && isReadable(packet)) {
      const saw = `request ${carried.key >> 1} is outstanding, and the answer of lane ${lane} reached nobody`
      throw new BrokenLaw('late-answer', saw, now)
    }
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    const key = requestKeyOf(packet)
    const asked = this.#asked.get(key, now)
    if (asked === undefined) throw new BrokenLaw('order', `request ${key >> 1} was never received`, now)
    const way = identifierKeyOf(lane, port, bytes)
    this.#carried.set(way, { key, arrival: asked.arrival, bytes, isSpoilt: false })
    const isFirstHere = !asked.lanes.includes(lane)
    this.#checkAge(packet, asked, isFirstHere, now)
    asked.sent = { at: now, way, bytes }
    if (!isFirstHere) return
    asked.lanes.push(lane)
    // A failover copy has gone to another lane before, and may come later than younger ones.
    if (asked.lanes.length === 1) this.checkOrder(lane, preferenceOf(packet), asked.arrival, now)
  }

  /** One first transmission. */
  checkOrder(lane: number, preference: number, arrival: number, now: Instant): void {
    const place = lane * 4 + preference
    const last = this.#lastArrival.get(place) ?? 0
    if (arrival < last) throw new BrokenLaw('order', `lane ${lane} sent arrival ${arrival} after arrival ${last}`, now)
    this.#lastArrival.set(place, arrival)
  }

  #checkAge(packet: Packet, asked: Asked, isFirstHere: boolean, now: Instant): void {
    const trafficClass = packet.code === ACCESS_REQUEST ? 'authentication' : 'accounting'
    if (!isFirstHere && trafficClass === 'accounting') return
    // The first time it leaves counts from its arrival, every other time from its client's latest retransmission.
    const age = now - (asked.sent === undefined ? asked.admittedAt : asked.renewedAt)
    const { maxAge } = this.#books.lanes.options.queues[trafficClass]
    if (age <= maxAge) return
    throw new BrokenLaw('age', `arrival ${asked.arrival} (${trafficClass}) leaves ${age} us after it came`, now)
  }

  #checkRepetition(packet: Packet, key: number, slot: Slot | undefined, now: Instant): void {
    const { answerCache, maxAnswers, recordCache, maxRecords } = this.#books.lanes.options.duplicates
    const asked = this.#asked.get(key, now)
    const name = `request ${key >> 1}`
    if (asked !== undefined && !asked.isReleased && this.#isOutstanding(asked, now)) {
      throw new BrokenLaw('repetition', `${name} is outstanding and was let in again`, now)
    }
    const replied = slot?.replied
    if (replied !== undefined && now < replied.at + answerCache && this.#replies - replied.number < maxAnswers) {
      throw new BrokenLaw('repetition', `${name} was answered and was let in again`, now)
    }
    // A record sent again is known by its content only where it says how long it has been tried.
    const answered = packet.find({ vendor: 0, type: ACCT_DELAY_TIME }) === undefined ? undefined : asked?.answered
    if (answered !== undefined && now < answered.at + recordCache && this.#answers - answered.number < maxRecords) {
      throw new BrokenLaw('repetition', `${name} is a record that a server has taken, and was let in again`, now)
    }
  }

  /** A server answered with what can't be passed on, and nobody else is asked. */
  #ends(packet: Packet, now: Instant): void {
    const asked = this.#asked.get(requestKeyOf(packet), now)
    if (asked !== undefined) asked.isReleased = true
  }

  /** One identifier of one port of one client as one number. */
  #placeOf({ link, address, port }: Peer, identifier: number): number {
    let client = this.#addresses.get(address)
    if (client === undefined) {
      client = this.#addresses.size
      this.#addresses.set(address, client)
    }
    return ((client * 2 + link) * 65_536 + port) * 256 + identifier
  }

  #isOutstanding({ answered, sent }: Asked, now: Instant): boolean {
    return answered === undefined && sent !== undefined && now - sent.at < this.#patience
  }
}

const preferenceOf = (packet: Packet): number => {
  const { plain, withState } = CLASS_TRAITS[classOfRequest(packet.code) as TrafficClass].preference
  return packet.stateAt === 0 ? plain : withState
}
