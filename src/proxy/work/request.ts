/**
 * One request on its way, and the exchanges with clients that wait for its answer.
 *
 * A `Request` is what a server is asked. Its origin (`from`, `client`, `packet`, `receivedAt`) never changes. Its exchanges
 * are those who wait for the answer: usually one, the client that sent the packet; more if a client sent the same accounting
 * record again under a new identifier (RFC 2866 section 5.2); none if the client has used its identifier for something else,
 * or if nobody waited from the start. A request is at every moment in exactly one place: waiting in a queue, outstanding
 * (`attempt`), or ended.
 *
 * A million of them can wait. So a request that was never sent is small: it rests (`compact`) with its octets in an
 * `OctetStore` and nothing but its places in the lists, and what only a sent one has stands apart (`Course`).
 */
import { isInterim } from '../../accounting/record/record.ts'
import type { Wraps } from '../../accounting/record/rewriting.ts'
import { CLASS_TRAITS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { copyOf } from '../../fresh-octets.ts'
import type { OctetStore } from '../../queues/containers/octet-store.ts'
import type { Promoter, Stage } from '../../queues/priority-queue.ts'
import { Packet, readPacket } from '../../radius/packet.ts'
import type { Timed } from '../../throttle/timing-wheel.ts'
import { type Instant, instant, MICROS_PER_SECOND } from '../../units.ts'
import type { Peer, TriedServer } from '../border/events.ts'
import { type FarmNumber, ONLY_FARM } from '../border/options.ts'
import type { Attempt } from './attempt.ts'
import type { Client } from './client-table.ts'
import { type Exchange, isSameExchange, type Origin } from './exchange.ts'
import type { Lane } from './lane.ts'

/** Where a request that is set aside hangs, and how often it was. */
export interface AsideTimer extends Timed {
  times: number
}

/** What a request has once it is on its way, or was somewhere. */
class Course {
  /** Exchanges that wait, but the one of its origin. */
  readonly repeats: Exchange[] = []
  /** Lanes that did not answer it; and how many signs of life each had given by then. */
  readonly tried: number[] = []
  readonly signsThen: number[] = []
  /** What was tried where, for people. */
  readonly history: TriedServer[] = []
  /** When its client sent it last, where that was after it came. */
  latestCopyAt: Instant | undefined = undefined
  /** Accounting: a server left it unanswered that lives. */
  wasLeftByLiving = false
  /** Accounting: where it hangs while it is set aside. */
  asideTimer: AsideTimer | undefined = undefined
  /** Over all servers. */
  transmissions = 0
  /** Outstanding: its copy at a server. */
  attempt: Attempt | undefined = undefined
  heapPlace = -1
  promotedBy: Promoter | undefined = undefined
  /** Accounting: how often the session's counters have wrapped, where its Gigawords are to be added. */
  wraps: Wraps | undefined = undefined
  /** Accounting: when the record came, where it took the place of an older one. */
  cameAt: Instant | undefined = undefined

  /** Nothing that a request at rest must keep. */
  get isIdle(): boolean {
    const { repeats, wraps, cameAt, latestCopyAt } = this
    return repeats.length === 0 && wraps === undefined && cameAt === undefined && latestCopyAt === undefined
  }
}

const NONE: readonly never[] = []
const STAGES: readonly Stage[] = ['fresh', 'failover', 'retry', 'aside']
const PREFERENCE_BITS = 0b11
const STAGE_AT = 2
const IN_QUEUE = 1 << 4
const IN_BACKLOG = 1 << 5
const INTERIM = 1 << 6
const BOUND = 1 << 7
const OUTDATED = 1 << 8
const AWAITED = 1 << 9
const CLASS_AT = 10
const SIZE_AT = 12

export class Request implements Origin {
  /** Rises by one with each request: who is older. */
  readonly arrival: number
  readonly from: Peer
  readonly client: Client
  /** Accounting: where `Duplicates` knows its record by content; -1 where it does not. */
  recordRow = -1
  /** Accounting: where `LastHeard` counts it. */
  heardIn = -1
  /** Chosen once; health alone changes it. */
  lane: Lane | undefined = undefined
  queue: object | undefined = undefined
  /** An accounting record that waits unsent: where `WaitingSessions` knows its session; -1 where it does not. */
  sessionRow = -1

  nextInQueue: Request | undefined = undefined
  previousInQueue: Request | undefined = undefined
  nextByAge: Request | undefined = undefined
  previousByAge: Request | undefined = undefined
  nextInterim: Request | undefined = undefined
  previousInterim: Request | undefined = undefined

  // A number that is no small integer is an object of its own, so the moment is two of them, and what is small is one.
  readonly #second: number
  readonly #micros: number
  /** Preference, stage, the flags above, class, size. */
  #traits: number
  readonly #octets: OctetStore
  /** A number while it rests: the place of its octets. */
  #packet: Packet | number
  #course: Course | undefined = undefined

  constructor(o: {
    readonly arrival: number
    readonly class: TrafficClass
    readonly origin: Origin
    readonly octets: OctetStore
    readonly now: Instant
  }) {
    const { packet, from, client } = o.origin
    this.arrival = o.arrival
    this.from = from
    this.client = client
    this.#second = Math.floor(o.now / MICROS_PER_SECOND)
    this.#micros = o.now - this.#second * MICROS_PER_SECOND
    this.#octets = o.octets
    // The octets that came are valid for one call.
    packet.own()
    this.#packet = packet
    const preference = CLASS_TRAITS[o.class].preference[packet.stateAt === 0 ? 'plain' : 'withState']
    const interim = o.class === 'accounting' && isInterim(packet) ? INTERIM : 0
    this.#traits = preference | interim | (TRAFFIC_CLASSES.indexOf(o.class) << CLASS_AT) | (packet.length << SIZE_AT)
  }

  get farm(): FarmNumber {
    return ONLY_FARM
  }

  get class(): TrafficClass {
    return TRAFFIC_CLASSES[(this.#traits >>> CLASS_AT) & 0b11] as TrafficClass
  }

  get receivedAt(): Instant {
    return instant(this.#second * MICROS_PER_SECOND + this.#micros)
  }

  /** Octets of its packet. */
  get size(): number {
    return this.#traits >>> SIZE_AT
  }

  get preference(): number {
    return this.#traits & PREFERENCE_BITS
  }

  get stage(): Stage {
    return STAGES[(this.#traits >>> STAGE_AT) & 0b11] as Stage
  }

  set stage(stage: Stage) {
    this.#traits = (this.#traits & ~(0b11 << STAGE_AT)) | (STAGES.indexOf(stage) << STAGE_AT)
  }

  get isInQueue(): boolean {
    return (this.#traits & IN_QUEUE) !== 0
  }

  set isInQueue(is: boolean) {
    this.#setTrait(IN_QUEUE, is)
  }

  get isInBacklog(): boolean {
    return (this.#traits & IN_BACKLOG) !== 0
  }

  set isInBacklog(is: boolean) {
    this.#setTrait(IN_BACKLOG, is)
  }

  /** It was sent before, and waits to be sent to another server or once more. */
  get isCopy(): boolean {
    return this.stage !== 'fresh'
  }

  /** From when on max-age counts: what was sent once is worth something while its client still asks. */
  get agesFrom(): Instant {
    return this.isCopy ? this.latestCopyAt : this.receivedAt
  }

  get isInterim(): boolean {
    return (this.#traits & INTERIM) !== 0
  }

  /** A newer record of its session waits that says all that it says. */
  get isOutdated(): boolean {
    return (this.#traits & OUTDATED) !== 0
  }

  set isOutdated(is: boolean) {
    this.#setTrait(OUTDATED, is)
  }

  /** Bound to its server by State: no other would understand it. */
  get isBound(): boolean {
    return (this.#traits & BOUND) !== 0
  }

  set isBound(is: boolean) {
    this.#setTrait(BOUND, is)
  }

  /** As the client sent it. While it rests, every question reads the octets again. */
  get packet(): Packet {
    if (typeof this.#packet !== 'number') return this.#packet
    const packet = readPacket(copyOf(this.#octets.at(this.#packet, this.size)))
    if (packet instanceof Packet) return packet
    throw new Error(`request: its octets were damaged while it waited: ${packet}`)
  }

  /** It waits unsent or set aside, maybe for long and with a million others: its octets go where each costs little. */
  compact(): void {
    const isFresh = this.stage === 'fresh'
    if (typeof this.#packet === 'number' || !(isFresh || this.asideTimer !== undefined)) return
    this.#packet = this.#octets.keep(this.#packet.bytes)
    if (isFresh && this.#course?.isIdle === true) this.#course = undefined
  }

  /** It is to be sent, or has ended: what it rested in is free for others. */
  expand(): void {
    const place = this.#packet
    if (typeof place !== 'number') return
    this.#packet = this.packet
    this.#octets.free(place)
  }

  get wraps(): Wraps | undefined {
    return this.#course?.wraps
  }

  set wraps(wraps: Wraps | undefined) {
    if (wraps !== undefined) this.#onCourse().wraps = wraps
  }

  /** When its record came; `receivedAt` is older where it took the place of an older one. */
  get cameAt(): Instant {
    return this.#course?.cameAt ?? this.receivedAt
  }

  set cameAt(cameAt: Instant) {
    this.#onCourse().cameAt = cameAt
  }

  get tried(): readonly number[] {
    return this.#course?.tried ?? NONE
  }

  /** The lane did not answer it. `signs` of life it had given when it was asked; Infinity where it gave some meanwhile. */
  addTried(lane: number, signs: number): void {
    this.#onCourse().tried.push(lane)
    this.#onCourse().signsThen.push(signs)
  }

  /** The signs of life of a lane of `tried`, as noted. */
  signsThen(lane: number): number | undefined {
    return this.#course?.signsThen[this.tried.indexOf(lane)]
  }

  /** It may try any server again, or that one. */
  forgetTried(lane?: number): void {
    const place = lane === undefined ? 0 : this.tried.indexOf(lane)
    if (this.#course === undefined || place === -1) return
    const { tried, signsThen } = this.#course
    for (const list of [tried, signsThen]) list.splice(place, lane === undefined ? list.length : 1)
  }

  /** It waits or is outstanding: an answer is of use. */
  get isInHand(): boolean {
    return this.queue !== undefined || this.attempt !== undefined
  }

  /** What was tried where, in order. */
  get history(): readonly TriedServer[] {
    return this.#course?.history ?? NONE
  }

  /** A server left it unanswered after so many transmissions. */
  noteTried(server: string, transmissions: number): void {
    this.#onCourse().history.push({ server, transmissions })
  }

  /** When its client sent it last: until then, at least, somebody waited for the answer. */
  get latestCopyAt(): Instant {
    return this.#course?.latestCopyAt ?? this.receivedAt
  }

  set latestCopyAt(at: Instant) {
    this.#onCourse().latestCopyAt = at
  }

  /** A server that lives left it unanswered: lately, or before it was set aside. */
  get wasLeftByLiving(): boolean {
    const course = this.#course
    return course !== undefined && (course.wasLeftByLiving || course.asideTimer !== undefined)
  }

  set wasLeftByLiving(was: boolean) {
    if (was || this.#course !== undefined) this.#onCourse().wasLeftByLiving = was
  }

  get asideTimer(): AsideTimer | undefined {
    return this.#course?.asideTimer
  }

  set asideTimer(timer: AsideTimer | undefined) {
    this.#onCourse().asideTimer = timer
  }

  get transmissions(): number {
    return this.#course?.transmissions ?? 0
  }

  set transmissions(count: number) {
    this.#onCourse().transmissions = count
  }

  get attempt(): Attempt | undefined {
    return this.#course?.attempt
  }

  set attempt(attempt: Attempt | undefined) {
    if (attempt !== undefined || this.#course !== undefined) this.#onCourse().attempt = attempt
  }

  get heapPlace(): number {
    return this.#course?.heapPlace ?? -1
  }

  set heapPlace(place: number) {
    this.#onCourse().heapPlace = place
  }

  get promotedBy(): Promoter | undefined {
    return this.#course?.promotedBy
  }

  set promotedBy(promoter: Promoter | undefined) {
    if (promoter !== undefined || this.#course !== undefined) this.#onCourse().promotedBy = promoter
  }

  /** Who still waits for the answer, oldest first: a list of its own. What took the place of older ones is the newest. */
  get exchanges(): Exchange[] {
    const repeats = this.#course?.repeats ?? NONE
    if ((this.#traits & AWAITED) === 0) return [...repeats]
    return this.#course?.cameAt === undefined ? [this, ...repeats] : [...repeats, this]
  }

  /** The exchange that waits under the identifier of this packet, which is known to wait for this request. */
  exchangeOf(again: Origin): Exchange {
    return this.#course?.repeats.find((repeat) => isSameExchange(repeat, again)) ?? this
  }

  /** One more exchange waits for the answer. That of its origin, the common case, takes no memory. */
  attach(exchange: Exchange): void {
    if (exchange.packet === this.#packet) this.#setTrait(AWAITED, true)
    else {
      exchange.packet.own()
      this.#onCourse().repeats.push(exchange)
    }
  }

  /** The exchange does not wait any more. */
  detach(exchange: Exchange): void {
    const repeats = this.#course?.repeats
    const place = repeats?.indexOf(exchange) ?? -1
    if (place !== -1) repeats?.splice(place, 1)
    else if (exchange === this) this.#setTrait(AWAITED, false)
  }

  #onCourse(): Course {
    this.#course ??= new Course()
    return this.#course
  }

  #setTrait(trait: number, is: boolean): void {
    this.#traits = is ? this.#traits | trait : this.#traits & ~trait
  }
}
