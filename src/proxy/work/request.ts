/**
 * A request on its way, and its copy at one server.
 *
 * A `Request` is what a server is asked. Its packet and its client never change. Who waits for its answer can change at any time
 * (`register/exchanges.ts`). It is always in exactly one place: waiting in a queue, outstanding (`course.attempt`), or ended.
 *
 * An `Attempt` is its copy at one server. A retry sends the same octets from the same port (RFC 2865 section 2.5: identifier and
 * authenticator stay), so the attempt keeps them. It outlives a request that its client gave up: the identifier stays in use
 * until the response or the time-out. After its end, a late response is verified against it.
 *
 * The octets of both are in an `OctetStore`, those of a request until it `release`s them at its end, those of an attempt while it may
 * be sent again. A million requests can wait. So a request that was never sent is compact: it has no `Packet`, and what only a sent one
 * needs is a separate object (`Course`).
 */
import { isInterim } from '../../accounting/record/record.ts'
import { CLASS_TRAITS, perClass, RECORD_CLASS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { BacklogLimits } from '../../queues/backlog.ts'
import { KeptPacket } from '../../queues/containers/kept-packet.ts'
import type { OctetStore } from '../../queues/containers/octet-store.ts'
import type { Flow } from '../../queues/flow.ts'
import type { Message, MessageField, QueueFields, Stage } from '../../queues/message.ts'
import { worthUntil } from '../../queues/patience.ts'
import { Packet, readPacket } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'
import type { Identifier } from '../../throttle/identifiers.ts'
import type { Timed } from '../../throttle/timing-wheel.ts'
import { type Instant, instant, MICROS_PER_SECOND, secondOf } from '../../units.ts'
import type { Peer } from '../border/events.ts'
import { type FarmNumber, ONLY_FARM } from '../border/options.ts'
import type { Client } from '../clients/client-table.ts'
import { Course } from './course.ts'
import type { Origin } from './exchange.ts'
import type { ServerLane } from './server-lane.ts'

type RequestCourse = Course<Request, Attempt>

const UNTOUCHED: Readonly<RequestCourse> = new Course()

export const courseOf = ({ course }: Request): Readonly<RequestCourse> => course ?? UNTOUCHED

export const startCourse = (request: Request): RequestCourse => {
  request.course ??= new Course()
  return request.course
}

/** When its client sent it last: until then, at least, somebody waited for the answer. */
export const latestCopyAt = ({ course, receivedAt }: Request): Instant => course?.latestCopyAt ?? receivedAt

/** Until when it is worth sending once more: so long its client still asks, by what is known. */
export const worthSendingUntil = (request: Request, limits: BacklogLimits): Instant => {
  const agesFrom = latestCopyAt(request)
  const { receivedAt, course } = request
  return worthUntil({ wasSent: true, patience: course?.patience, agesFrom, receivedAt }, limits)
}

/** When its record came; `receivedAt` is older if it took the place of an older one. */
export const cameAt = ({ course, receivedAt }: Request): Instant => course?.cameAt ?? receivedAt

/** It waits or is outstanding: an answer is of use. */
export const isInHand = ({ queue, course }: Request): boolean => queue !== undefined || course?.attempt !== undefined

const NO_CELL = -1
const STAGES: readonly Stage[] = ['fresh', 'failover', 'retry', 'aside']
const NUMBER_OF_STAGE: Readonly<Record<Stage, number>> = { fresh: 0, failover: 1, retry: 2, aside: 3 }
const NUMBER_OF_CLASS = perClass((each) => TRAFFIC_CLASSES.indexOf(each))
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

/** What the queues and the register's tables keep in a request; -1 is no row. */
interface RequestFields extends QueueFields<Request> {
  /** The client that sent its packet waits for the answer. */
  readonly isAwaited: MessageField<Request, boolean>
  /** Where `Exchanges` knows that client, from the time it waits until it is answered or waits no more. */
  readonly exchangeRow: MessageField<Request, number>
  /** Accounting: where `Records` knows it by content. */
  readonly recordRow: MessageField<Request, number>
  /** Accounting: where `LastHeard` counts it. */
  readonly heardIn: MessageField<Request, number>
  /** An accounting record that waits unsent: where `WaitingSessions` knows its session. */
  readonly sessionRow: MessageField<Request, number>
}

export class Request implements Origin, Message<Request> {
  readonly arrival: number
  readonly from: Peer
  readonly client: Client
  /** With whom it has turns. A reload may change it. */
  flow: Flow
  /** Chosen once; health alone changes it. */
  lane: ServerLane<Request, Attempt> | undefined = undefined
  queue: Message<Request>['queue'] = undefined
  course: RequestCourse | undefined = undefined

  // A number that is no small integer is an object of its own, so the moment is two of them, and what is small is one.
  readonly #second: number
  readonly #micros: number
  /** Preference, stage, the flags above, class, size. */
  #traits: number
  readonly #octets: OctetStore
  /** Where they are; NO_CELL once they were given back. */
  #cell: number
  /** Undefined while it is compact. */
  #packet: Packet | undefined
  #exchangeRow = -1
  #recordRow = -1
  #heardIn = -1
  #sessionRow = -1
  #nextInQueue: Request | undefined = undefined
  #previousInQueue: Request | undefined = undefined
  #nextByAge: Request | undefined = undefined
  #previousByAge: Request | undefined = undefined
  #nextInFlow: Request | undefined = undefined
  #previousInFlow: Request | undefined = undefined
  #nextInterim: Request | undefined = undefined
  #previousInterim: Request | undefined = undefined

  constructor(o: {
    readonly arrival: number
    readonly class: TrafficClass
    readonly origin: Origin
    readonly flow: Flow
    readonly octets: OctetStore
    readonly receivedAt: Instant
  }) {
    const { packet, from, client } = o.origin
    this.arrival = o.arrival
    this.from = from
    this.client = client
    this.flow = o.flow
    this.#second = secondOf(o.receivedAt)
    this.#micros = o.receivedAt - this.#second * MICROS_PER_SECOND
    this.#octets = o.octets
    // The octets that came are valid for one call.
    this.#cell = o.octets.keep(packet.bytes)
    packet.own(o.octets.at(this.#cell, packet.length))
    this.#packet = packet
    const preference = CLASS_TRAITS[o.class].preference[packet.stateAt === 0 ? 'plain' : 'withState']
    const interim = o.class === RECORD_CLASS && isInterim(packet) ? INTERIM : 0
    this.#traits = preference | interim | (NUMBER_OF_CLASS[o.class] << CLASS_AT) | (packet.length << SIZE_AT)
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

  get stage(): Stage {
    return STAGES[(this.#traits >>> STAGE_AT) & 0b11] as Stage
  }

  set stage(stage: Stage) {
    this.#traits = (this.#traits & ~(0b11 << STAGE_AT)) | (NUMBER_OF_STAGE[stage] << STAGE_AT)
  }

  /** Bound to its server by State: no other would understand it. */
  get isBound(): boolean {
    return (this.#traits & BOUND) !== 0
  }

  set isBound(is: boolean) {
    this.#set(BOUND, is)
  }

  /** As the client sent it. While it is compact, every question reads the octets again. */
  get packet(): Packet {
    if (this.#packet !== undefined) return this.#packet
    if (this.#cell === NO_CELL) throw new Error('request: it has ended, and its octets were given back')
    const packet = readPacket(this.#octets.at(this.#cell, this.#traits >>> SIZE_AT))
    if (packet instanceof Packet) return packet
    throw new Error(`request: its octets were damaged while it waited: ${packet}`)
  }

  /**
   * A compact request has no `Packet`: its octets are read again each time that one is asked for. Only a request that waits unsent
   * or is set aside becomes compact, since a million of them may wait.
   */
  setCompact(is: boolean): void {
    if (!is) {
      this.#packet = this.packet
      return
    }
    const isFresh = this.stage === 'fresh'
    if (!isFresh && this.course?.asideTimer === undefined) return
    this.#packet = undefined
    if (isFresh && this.course !== undefined && isIdle(this.course)) this.course = undefined
  }

  /** It has ended, and nobody reads its packet any more: its place in the store is for others. */
  release(): void {
    this.#octets.free(this.#cell)
    this.#cell = NO_CELL
    this.#packet = undefined
  }

  #set(trait: number, is: boolean): void {
    this.#traits = is ? this.#traits | trait : this.#traits & ~trait
  }

  static readonly fields: RequestFields = {
    size: (of) => of.#traits >>> SIZE_AT,
    preference: (of) => of.#traits & PREFERENCE_BITS,
    isInterim: (of) => (of.#traits & INTERIM) !== 0,
    flow: ({ flow }) => flow,
    // That of the client that it belongs to now.
    allowance: (of) => of.flow.of.allowances?.[of.class],
    patience: ({ course }) => course?.patience,
    // What was sent once is worth something while its client still asks.
    agesFrom: (of) => (of.stage === 'fresh' ? of.receivedAt : latestCopyAt(of)),
    isOutdated: { get: (of) => (of.#traits & OUTDATED) !== 0, set: (of, is) => of.#set(OUTDATED, is) },
    inQueue: {
      next: (of) => of.#nextInQueue,
      previous: (of) => of.#previousInQueue,
      setNext: (of, next) => {
        of.#nextInQueue = next
      },
      setPrevious: (of, previous) => {
        of.#previousInQueue = previous
      },
      isLinked: (of) => (of.#traits & IN_QUEUE) !== 0,
      link: (of, previous, next) => {
        of.#previousInQueue = previous
        of.#nextInQueue = next
        of.#traits |= IN_QUEUE
      },
      unlink: (of) => {
        of.#previousInQueue = undefined
        of.#nextInQueue = undefined
        of.#traits &= ~IN_QUEUE
      },
    },
    byAge: {
      next: (of) => of.#nextByAge,
      previous: (of) => of.#previousByAge,
      setNext: (of, next) => {
        of.#nextByAge = next
      },
      setPrevious: (of, previous) => {
        of.#previousByAge = previous
      },
      isLinked: (of) => (of.#traits & IN_BACKLOG) !== 0,
      link: (of, previous, next) => {
        of.#previousByAge = previous
        of.#nextByAge = next
        of.#traits |= IN_BACKLOG
      },
      unlink: (of) => {
        of.#previousByAge = undefined
        of.#nextByAge = undefined
        of.#traits &= ~IN_BACKLOG
      },
    },
    inFlow: {
      next: (of) => of.#nextInFlow,
      previous: (of) => of.#previousInFlow,
      setNext: (of, next) => {
        of.#nextInFlow = next
      },
      setPrevious: (of, previous) => {
        of.#previousInFlow = previous
      },
      isLinked: () => false,
      link: (of, previous, next) => {
        of.#previousInFlow = previous
        of.#nextInFlow = next
      },
      unlink: (of) => {
        of.#previousInFlow = undefined
        of.#nextInFlow = undefined
      },
    },
    amongInterims: {
      next: (of) => of.#nextInterim,
      previous: (of) => of.#previousInterim,
      setNext: (of, next) => {
        of.#nextInterim = next
      },
      setPrevious: (of, previous) => {
        of.#previousInterim = previous
      },
      isLinked: () => false,
      link: (of, previous, next) => {
        of.#previousInterim = previous
        of.#nextInterim = next
      },
      unlink: (of) => {
        of.#previousInterim = undefined
        of.#nextInterim = undefined
      },
    },
    promoter: {
      get: (of) => of.course?.promoter,
      set: (of, promoter) => {
        startCourse(of).promoter = promoter
      },
    },
    isAwaited: { get: (of) => (of.#traits & AWAITED) !== 0, set: (of, is) => of.#set(AWAITED, is) },
    exchangeRow: {
      get: (of) => of.#exchangeRow,
      set: (of, row) => {
        of.#exchangeRow = row
      },
    },
    recordRow: {
      get: (of) => of.#recordRow,
      set: (of, row) => {
        of.#recordRow = row
      },
    },
    heardIn: {
      get: (of) => of.#heardIn,
      set: (of, span) => {
        of.#heardIn = span
      },
    },
    sessionRow: {
      get: (of) => of.#sessionRow,
      set: (of, row) => {
        of.#sessionRow = row
      },
    },
  }
}

const isIdle = ({ repeats, wraps, cameAt, latestCopyAt, patience }: RequestCourse): boolean =>
  repeats.length === 0 && [wraps, cameAt, latestCopyAt, patience].every((each) => each === undefined)

/** The copy of a request at one server: the octets as sent, the identifier they hold, the tries so far and the deadline. */
export class Attempt implements Timed {
  readonly lane: ServerLane<Request, Attempt>
  readonly identifier: Identifier<Attempt>
  /** The server's secret when it was sent: a reload does not change what is in hand. */
  readonly secret: Secret
  /** As it was sent. It has its octets while the request may be sent again. */
  readonly sent: KeptPacket
  /** Undefined once the request ended or the client gave it up. */
  request: Request | undefined
  tries = 0
  /** How many signs of life its lane had given: when it was first sent, when that timed out, and when it was last sent. */
  signsAtFirst = 0
  signsAtTimeout = 0
  signsBefore = 0
  /** The health has counted it as unanswered in time. */
  isOverdue = false
  /** Its record was left unanswered by a living server before. */
  isAside = false
  /** Its tries are used up, and the health knows. */
  isSpent = false
  /** Its server gave signs of life when they were. */
  wasLeftByLiving = false
  /** Its last transmission has timed out, and it waits for its answer all the same. */
  isWaitingOn = false
  /** If it ended in silence, or its server refused it: the request that a response may still answer. */
  formerly: Request | undefined = undefined
  /** A valid response came: another one, or the same one again, says nothing new. */
  isAnswered = false
  /** It came after a retry, so that it may be late, or something was lost; a second one tells. */
  isUnclear = false
  /** First and last transmission. */
  heldSince: Instant = instant(0)
  sentAt: Instant = instant(0)

  deadline: Instant = instant(0)
  step = -1
  next: Timed | undefined = undefined
  previous: Timed | undefined = undefined

  /** `bytes` are what is sent; they are copied into the store. */
  constructor(
    o: Pick<Attempt, 'lane' | 'identifier' | 'secret' | 'request'> & {
      readonly bytes: Uint8Array
      readonly octets: OctetStore
    },
  ) {
    this.lane = o.lane
    this.identifier = o.identifier
    this.secret = o.secret
    this.request = o.request
    this.sent = new KeptPacket(o.bytes, o.octets)
  }
}
