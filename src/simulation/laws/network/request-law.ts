/**
 * What becomes of each request, seen at the network. A request is known by its serial.
 *
 * - order: first transmissions of one lane, preference and client leave in the order of arrival; without turns, of all clients.
 * - age: nothing leaves for the first time after max-age, and no Access-Request later than that after its client sent it. With
 *   `max_age: auto`, not after its client's next copy was due, judged by the copies that came.
 * - repetition: what certainly is outstanding, or was answered a moment ago, is not let in a second time.
 * - late-answer: a late response of one server answers what certainly is outstanding at another.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../../../classes.ts'
import { ACCESS_REQUEST, ACCT_DELAY_TIME } from '../../../codes.ts'
import type { EngineEvent, Peer } from '../../../proxy/border/events.ts'
import type { EngineOptions } from '../../../proxy/border/options.ts'
import type { BacklogLimits } from '../../../queues/backlog.ts'
import type { Packet } from '../../../radius/packet.ts'
import type { Instant } from '../../../units.ts'
import type { Books } from '../../books/books.ts'
import { clientKeyOf, identifierKeyOf } from '../../books/lane-book.ts'
import { inHand, Recent } from '../../books/recent.ts'
import { preferenceOf } from '../../books/turn-book.ts'
import { requestKeyOf, sameOctets, serialOf, verifies, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type Observer } from '../../world/observer.ts'

/** A request that was let in. */
interface Asked {
  readonly arrival: number
  /** In whose order it leaves, if no reload has changed that since. */
  readonly flow: string
  readonly epoch: number
  readonly admittedAt: Instant
  /** When its copies came, those before it was forgotten included, and which was the first of this admission. */
  readonly copies: Instant[]
  readonly firstCopy: number
  /** When its client last sent it. */
  renewedAt: Instant
  /** Lanes that it was sent to. */
  readonly lanes: number[]
  /** Its last transmission, and the identifier that it had. */
  sent: { readonly at: Instant; readonly identifier: number } | undefined
  /** When its answer came, if it certainly was outstanding then, and the number of that answer. */
  answered: { readonly at: Instant; readonly number: number } | undefined
  /** Its client uses the identifier again, which ends an Access-Request; or it has ended otherwise. */
  isReleased: boolean
}

/** What came last from one identifier of one client's port, and the answer that went there. */
interface Slot {
  readonly authenticator: Uint8Array
  readonly key: number
  replied: { readonly at: Instant; readonly number: number } | undefined
  /** What it was before, if what came last was not let in: then the former request may be waiting still. */
  readonly former: Slot | undefined
}

const isOf = ({ authenticator }: Slot, packet: Packet): boolean =>
  sameOctets(authenticator, packet.bytes.subarray(4, 20))

/** What an identifier of a lane's port carries. */
interface Carried {
  readonly key: number
  readonly arrival: number
  readonly bytes: Uint8Array
  /** A response to it could not be passed on. */
  isSpoilt: boolean
}

/** A Tunnel-Password is malformed here, and can't be passed on. */
const isReadable = (response: Packet): boolean => response.find({ vendor: 0, type: 69 }) === undefined

/** How long an unanswered request certainly is outstanding after its last transmission. */
const patienceOf = (options: EngineOptions): number => {
  const timeouts = options.servers.flatMap(({ lanes }) => TRAFFIC_CLASSES.map((each) => lanes[each]?.timeout ?? 1e6))
  return Math.min(...timeouts, 1e6 / 0.9) * 0.9
}

/** No epoch: its place in the order is not known. */
const UNCLEAR = -1

export class RequestLaw implements Observer {
  readonly #asked: Recent<number, Asked>
  readonly #slots: Recent<string, Slot>
  /** By lane, preference and flow: the arrival number of the last first transmission. */
  readonly #lastArrival = new Map<string, number>()
  readonly #carried = new Map<number, Carried>()
  /** When a port was refused last, and when a request was shed last. */
  #refusedAt = Number.NEGATIVE_INFINITY
  #shedAt = Number.NEGATIVE_INFINITY
  /** Why the engine has just dropped a response. */
  #droppedFor: string | undefined
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

  get remembered(): number {
    return this.#asked.size + this.#slots.size
  }

  refused(_lane: number, _port: number, now: Instant): void {
    this.#refusedAt = now
  }

  noted(event: EngineEvent, now: Instant): void {
    if (event.kind === 'shed') this.#shedAt = now
    if (event.kind === 'response-dropped') this.#droppedFor = event.reason
    if (event.kind === 'dropped' && event.reason === 'unusable-response') {
      const asked = this.#asked.get(requestKeyOf(wellFormed(event.bytes)), now)
      if (asked !== undefined) asked.isReleased = true
    }
    // The queue of a Down or Failing server moves, or parked requests return: older ones may follow younger ones.
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
    const place = clientKeyOf(from, packet.identifier)
    const slot = this.#slots.get(place, now)
    const isRepeated = slot !== undefined && isOf(slot, packet)
    if (isLetIn) this.#checkRepetition(packet, key, isRepeated ? slot : undefined, now)
    const inSlot = slot === undefined ? undefined : this.#asked.get(slot.key, now)
    const copied = [slot, slot?.former].find((one) => one !== undefined && isOf(one, packet))
    const renewed = copied === undefined || isLetIn ? undefined : this.#asked.get(copied.key, now)
    if (renewed !== undefined) {
      renewed.renewedAt = this.#renewal(renewed)
      renewed.copies.push(renewed.renewedAt)
    }
    if (inSlot !== undefined && !isRepeated && trafficClass === 'authentication') inSlot.isReleased = true
    if (isLetIn || !isRepeated) {
      const former = isLetIn || slot === undefined ? undefined : { ...slot, former: undefined }
      this.#slots.set(place, { authenticator: packet.bytes.slice(4, 20), key, replied: undefined, former }, now)
    }
    if (!isLetIn) return
    const { arrival, at } = fate
    const former = this.#asked.get(key, now)
    const before = former?.copies ?? []
    // If it was let in before and may wait still, nobody can see which of the two leaves.
    const isClear = former === undefined || former.sent !== undefined
    const { turns } = this.#books
    const { flow } = turns.turnOf(from, packet)
    const came = { flow, epoch: isClear ? turns.epoch : UNCLEAR, copies: [...before, at], firstCopy: before.length }
    const neverSent = { lanes: [], sent: undefined, answered: undefined, isReleased: false }
    this.#asked.set(key, { arrival, admittedAt: at, renewedAt: at, ...came, ...neverSent }, now)
  }

  replied(to: Peer, bytes: Uint8Array, now: Instant): void {
    this.#replies += 1
    const packet = wellFormed(bytes)
    const slot = this.#slots.get(clientKeyOf(to, packet.identifier), now)
    const serial = serialOf(packet)
    if (slot === undefined || serial === undefined || slot.key >> 1 !== serial) return
    slot.replied ??= { at: now, number: this.#replies }
    // A late response of another server ends it too.
    const asked = this.#asked.get(slot.key, now)
    if (asked !== undefined) asked.answered ??= { at: now, number: this.#answers }
  }

  arrives(): void {
    this.#droppedFor = undefined
  }

  responded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    // Answers push each other out of a bounded table, so it is safe to count one too many.
    this.#answers += 1
    const packet = wellFormed(bytes)
    const identifier = identifierKeyOf(lane, port, bytes)
    const carried = this.#carried.get(identifier)
    const isLeftLate = this.#droppedFor === 'late'
    if (carried !== undefined && this.#droppedFor !== undefined && !isLeftLate) carried.isSpoilt = true
    const asked = carried === undefined ? undefined : this.#asked.get(carried.key, now)
    if (carried === undefined || asked?.sent === undefined || !this.#isOutstanding(asked, now)) return
    const secret = this.#books.lanes.facts.get(lane)?.server.secret
    if (secret === undefined || !verifies(packet, carried.bytes, secret) || carried.arrival !== asked.arrival) return
    // It has ended the request, or can't be passed on.
    if (asked.sent.identifier === identifier || !isLeftLate) asked.answered = { at: now, number: this.#answers }
    else if (!asked.isReleased && !carried.isSpoilt && isReadable(packet) && !this.#mayBeShed(asked)) {
      const saw = `request ${carried.key >> 1} is outstanding, and the answer of lane ${lane} reached nobody`
      throw new BrokenLaw('late-answer', saw, now)
    }
  }

  forwarded(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    const key = requestKeyOf(packet)
    const asked = this.#asked.get(key, now)
    if (asked === undefined) throw new BrokenLaw('order', `request ${key >> 1} was never received`, now)
    const identifier = identifierKeyOf(lane, port, bytes)
    this.#carried.set(identifier, { key, arrival: asked.arrival, bytes, isSpoilt: false })
    const isFirstHere = !asked.lanes.includes(lane)
    this.#checkAge(packet, asked, isFirstHere, now)
    asked.sent = { at: now, identifier }
    if (!isFirstHere) return
    asked.lanes.push(lane)
    // A failover copy may leave later than younger requests, and so may what waited for a Failing server and had to leave it.
    const isSorted = asked.epoch === this.#books.turns.epoch && !this.#isOneFailing(lane)
    if (asked.lanes.length === 1 && isSorted)
      this.checkOrder(`${lane} ${preferenceOf(packet)} ${asked.flow}`, asked.arrival, now)
  }

  /** Of the servers of this lane's class. */
  #isOneFailing(lane: number): boolean {
    const { lanes } = this.#books.health
    const its = lanes.get(lane)?.class
    for (const { state, class: other } of lanes.values()) if (state === 'failing' && other === its) return true
    return false
  }

  /** One first transmission. `place`: lane, preference and flow. */
  checkOrder(place: string, arrival: number, now: Instant): void {
    const last = this.#lastArrival.get(place) ?? 0
    if (arrival < last) {
      throw new BrokenLaw('order', `lane, preference and flow ${place}: arrival ${arrival} left after ${last}`, now)
    }
    this.#lastArrival.set(place, arrival)
  }

  /** Its copies may come out of their order from several sockets. */
  #renewal({ renewedAt }: Asked): Instant {
    const { cameAt } = this.#books.interims
    return cameAt > renewedAt ? cameAt : renewedAt
  }

  #checkAge(packet: Packet, asked: Asked, isFirstHere: boolean, now: Instant): void {
    const trafficClass = packet.code === ACCESS_REQUEST ? 'authentication' : 'accounting'
    if (!isFirstHere && trafficClass === 'accounting') return
    // For the first transmission its arrival counts, for every other one its client's latest retransmission.
    const age = now - (asked.sent === undefined ? asked.admittedAt : asked.renewedAt)
    const limits = this.#books.lanes.options.queues[trafficClass]
    if (age <= limits.maxAge || now <= dueAt(asked, limits)) return
    throw new BrokenLaw('age', `arrival ${asked.arrival} (${trafficClass}) leaves ${age} us after it came`, now)
  }

  #checkRepetition(packet: Packet, key: number, slot: Slot | undefined, now: Instant): void {
    const { answerCache, maxAnswers, recordCache, maxRecords } = this.#books.lanes.options.duplicates
    const asked = this.#asked.get(key, now)
    const name = `request ${key >> 1}`
    // Its client was late with the copy, and its request may have been forgotten while it waited for another server.
    const { maxAgeMost } = this.#books.lanes.options.queues.authentication
    const isLate = asked !== undefined && maxAgeMost !== undefined && now > dueAt(asked, { maxAgeMost })
    if (
      asked !== undefined &&
      !asked.isReleased &&
      !isLate &&
      !this.#mayBeShed(asked) &&
      this.#isOutstanding(asked, now)
    ) {
      throw new BrokenLaw('repetition', `${name} is outstanding and was let in again`, now)
    }
    const replied = slot?.replied
    if (replied !== undefined && now < replied.at + answerCache && this.#replies - replied.number < maxAnswers) {
      throw new BrokenLaw('repetition', `${name} was answered and was let in again`, now)
    }
    // A retransmitted record is known by its content only if it has an Acct-Delay-Time.
    const answered = packet.find({ vendor: 0, type: ACCT_DELAY_TIME }) === undefined ? undefined : asked?.answered
    if (answered !== undefined && now < answered.at + recordCache && this.#answers - answered.number < maxRecords) {
      throw new BrokenLaw('repetition', `${name} is a record that a server has taken, and was let in again`, now)
    }
  }

  /** A request that was refused may have moved into a full queue, and was shed there while its first copy is open. */
  #mayBeShed({ sent }: Asked): boolean {
    return sent !== undefined && this.#refusedAt >= sent.at && this.#shedAt >= sent.at
  }

  #isOutstanding({ answered, sent }: Asked, now: Instant): boolean {
    return answered === undefined && sent !== undefined && now - sent.at < this.#patience
  }
}

/**
 * With `max_age: auto`: just before the next copy is due, by the rule of docs/throttling.md and by nothing of the engine. Whether
 * copies before it was forgotten count depends on how long ago that was, so the later of the two holds.
 */
const dueAt = (
  { sent, copies, firstCopy, admittedAt }: Asked,
  { maxAgeMost }: Pick<BacklogLimits, 'maxAgeMost'>,
): number => {
  if (maxAgeMost === undefined) return 0
  const limits = [copies, copies.slice(firstCopy)].map((each) => nextDueAt(each, sent !== undefined))
  return Math.min(Math.max(...limits), admittedAt + maxAgeMost)
}

const nextDueAt = (copies: readonly Instant[], wasSent: boolean): number => {
  const gaps: number[] = []
  for (let at = 1; at < copies.length; at += 1) {
    const gap = (copies[at] as number) - (copies[at - 1] as number)
    if (gap >= 50_000) gaps.push(gap)
  }
  const [gap, before] = gaps.reverse()
  if (gap === undefined) return 0
  const ratio = before === undefined ? 1 : gap / before
  const growth = ratio >= 1.5 && ratio <= 3 ? Math.min(ratio, 2.2) : 1
  return (
    (copies.at(-1) as number) +
    (wasSent ? 1.05 * growth * gap + 20_000 : Math.max(20_000, 0.95 * growth * gap - 20_000)) +
    1
  )
}
