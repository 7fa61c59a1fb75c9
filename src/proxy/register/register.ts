/**
 * Where every request is: queued, outstanding, or ended in exactly one way.
 *
 * All moves into and out of the queues go through here, and all endings, so the ledger's law can be read off one file:
 * `queued` is the backlog's length, `outstanding` one number a class, and every ending adds one to one counter.
 */

import { statusType } from '../../accounting/record/record.ts'
import { kindOf } from '../../accounting/sessions/client-accounting.ts'
import { type PerClass, perClass, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { Backlog } from '../../queues/backlog.ts'
import { OctetStore } from '../../queues/containers/octet-store.ts'
import { InstanceQueue, settlePromise } from '../../queues/instance-queue.ts'
import { PriorityQueue } from '../../queues/priority-queue.ts'
import { earliest, type Instant } from '../../units.ts'
import { type ClientDropReason, isWrongProof } from '../border/endings.ts'
import type { GivenUpBecause, Peer } from '../border/events.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Journal } from '../border/ports.ts'
import type { ClassCounters } from '../border/snapshot.ts'
import { SetAside } from '../pool/set-aside.ts'
import type { Client } from '../work/client-table.ts'
import type { Exchange } from '../work/exchange.ts'
import type { Lane } from '../work/lane.ts'
import { courseOf, Request, startCourse } from '../work/request.ts'
import { givenUpSentence } from '../work/silence.ts'
import { Duplicates } from './duplicates.ts'
import { Exchanges } from './exchanges.ts'
import { LastHeard } from './last-heard.ts'
import { BOOKS_BYTES, ENTRY, type Ledger, ledgersIn } from './ledger.ts'
import { Returning } from './returning.ts'
import { Tracing } from './tracing.ts'
import { WaitingSessions, type Wants } from './waiting-sessions.ts'

/**
 * Requests that are shed or expire in one step. The largest packet pushes out 205 of the smallest, so that only a reload
 * that lowers the bounds leaves more for the steps that follow.
 */
const SHED_AT_ONCE = 256
const EXPIRED_AT_ONCE = 64

interface Refusal {
  readonly class: TrafficClass
  readonly reason: ClientDropReason
  readonly client: Client | undefined
  readonly from: Peer
  readonly bytes: Uint8Array
}

export class Register {
  readonly ledgers: PerClass<Ledger>
  readonly counters: PerClass<ClassCounters> = perClass(noCounts)
  readonly backlogs: PerClass<Backlog<Request>>
  readonly instanceQueue: InstanceQueue<Request>
  readonly returning = new Returning()
  readonly duplicates: Duplicates
  readonly exchanges: Exchanges
  readonly sessions: WaitingSessions
  /** Records that a living server left unanswered, until they are tried again. */
  readonly aside = new SetAside()
  /** When the clients of records in hand sent them last. */
  readonly heard = new LastHeard(Request.fields.heardIn)
  /** The packets of those that wait. */
  readonly octets = new OctetStore()
  /** Requests that wait for a server's answer. */
  readonly outstanding: Record<TrafficClass, number> = perClass(() => 0)
  /** Told of each step of each request, by whoever takes it. */
  readonly tracing = new Tracing()
  /** Attributes that a server takes in one request; 0 is no limit. */
  maxAttributes: number
  readonly #journal: Journal

  /** `salt` is any unpredictable number. */
  constructor(
    options: EngineOptions,
    { journal, books = new ArrayBuffer(BOOKS_BYTES) }: { readonly journal: Journal; readonly books?: ArrayBufferLike },
    salt: number,
  ) {
    this.ledgers = ledgersIn(books)
    this.backlogs = perClass((each) => new Backlog<Request>(options.queues[each], Request.fields))
    this.instanceQueue = new InstanceQueue<Request>(options.serviceOrder, Request.fields)
    this.duplicates = new Duplicates(options.duplicates, salt)
    this.exchanges = new Exchanges(this.duplicates)
    this.sessions = new WaitingSessions(wantsOf(options), this.backlogs.accounting, salt)
    this.maxAttributes = options.maxAttributes
    this.#journal = journal
  }

  reconfigure(options: EngineOptions): void {
    for (const each of TRAFFIC_CLASSES) this.backlogs[each].limits = options.queues[each]
    this.instanceQueue.order = options.serviceOrder
    this.duplicates.reconfigure(options.duplicates)
    this.sessions.setWants(wantsOf(options))
    this.maxAttributes = options.maxAttributes
  }

  /**
   * A new request takes its place at the tail of the instance queue, within the bounds of its class. `exchange` is who waits
   * for the answer: nobody has to.
   */
  admit(request: Request, exchange: Exchange | undefined, now: Instant): void {
    this.tracing.active?.received(request, now)
    if (exchange !== undefined) this.exchanges.begin(exchange, request)
    if (request.class === 'accounting') {
      this.duplicates.addRecord(request)
      this.heard.hear(request, now)
    }
    this.instanceQueue.put(request)
    this.backlogs[request.class].enter(request)
    if (request.class === 'accounting') this.sessions.came(request)
    this.#shedOverflow(request.class, now)
  }

  /** A request counts among those that wait; what then passes the bounds is shed by the policy, maybe itself. */
  enterBacklog(request: Request, now: Instant): void {
    this.backlogs[request.class].enter(request)
    this.#shedOverflow(request.class, now)
  }

  /** A newer interim update waits in the place of an older one of its session. */
  replace(waiting: Request, newer: Request, now: Instant): void {
    const { queue } = waiting
    if (!(queue instanceof PriorityQueue)) throw new Error('register: only what was never sent gives way')
    queue.replace(waiting, newer)
    this.backlogs.accounting.replace(waiting, newer)
    this.sessions.replace(waiting, newer)
    this.heard.forget(waiting)
    this.heard.hear(newer, now)
    newer.lane = waiting.lane
    const promoter = Request.fields.promoter.get(waiting)
    if (promoter !== undefined) {
      Request.fields.promoter.set(newer, promoter)
      Request.fields.promoter.set(waiting, undefined)
    }
    newer.compact()
    this.#shedOverflow('accounting', now)
  }

  #shedOverflow(trafficClass: TrafficClass, now: Instant): void {
    const backlog = this.backlogs[trafficClass]
    if (backlog.overflow() === undefined) return
    if (trafficClass === 'accounting') this.sessions.watch()
    for (let shed = 0; shed < SHED_AT_ONCE; shed += 1) {
      const reason = backlog.overflow()
      const victim = reason === undefined ? undefined : backlog.victim()
      if (reason === undefined || victim === undefined) return
      this.tracing.active?.ended(victim, `shed: ${reason}`, now)
      const record = victim.class === 'accounting' ? kindOf(statusType(victim.packet)) : undefined
      this.#end(victim, now)
      this.ledgers[victim.class].count(ENTRY.shed[reason])
      if (record !== undefined) victim.client.accounting.shed[record] += 1
      this.#journal.note({ kind: 'shed', class: victim.class, reason, client: victim.client.options.name, record }, now)
    }
  }

  /** It can't go now: it waits for a server, and the order of its session is kept from now on. */
  wait(request: Request, lane: Lane, now: Instant, why?: string): void {
    request.lane = lane
    lane.queue.waiting.put(request)
    lane.schedule.markChanged()
    this.tracing.active?.queued(request, lane, now, why)
    if (request.class === 'accounting') this.sessions.waits(request)
    request.compact()
  }

  /** Out of the backlog: it is sent, or it has ended. */
  leaveBacklog(request: Request): void {
    const backlog = this.backlogs[request.class]
    this.sessions.leave(request)
    backlog.leave(request)
    if (request.class === 'accounting' && backlog.messages === 0) this.sessions.end()
  }

  /** Out of the queue it waits in, but not ended: it is sent, or waits elsewhere. */
  leaveQueue(request: Request): void {
    request.queue?.remove(request)
    request.lane?.schedule.markChanged()
    settlePromise(request, Request.fields)
  }

  /** Out of wherever it waits. */
  leave(request: Request): void {
    if (request.queue !== undefined) this.leaveQueue(request)
    if (this.backlogs[request.class].has(request)) this.leaveBacklog(request)
    request.expand()
  }

  /** Its server has taken the request, and it ends. Who waits is answered by whoever calls this (`Answering`). */
  delivered(request: Request, answer: Uint8Array, now: Instant): Exchange[] {
    const waiting = this.exchanges.release(request)
    this.heard.forget(request)
    this.ledgers[request.class].count(waiting.length > 0 ? ENTRY.answered : ENTRY.deliveredUnanswered)
    this.duplicates.recordTaken(request, answer, now)
    return waiting
  }

  drop(request: Request, reason: ClientDropReason, now: Instant): void {
    this.tracing.active?.ended(request, `dropped: ${reason}`, now)
    this.#end(request, now)
    const { client, from, packet } = request
    this.#countRefusal({ class: request.class, reason, client, from, bytes: packet.bytes }, now)
  }

  /** A datagram that never became a request. */
  refuse(o: Refusal, now: Instant): void {
    if (o.client !== undefined) {
      this.tracing.active?.refused({ ...o, client: o.client.options.name, why: o.reason }, now)
    }
    this.#countRefusal(o, now)
  }

  #expireSome(backlog: Backlog<Request>, now: Instant): void {
    for (let expired = 0; expired < EXPIRED_AT_ONCE; expired += 1) {
      const late = backlog.overdue(now)
      if (late === undefined) return
      this.expire(late, now)
    }
  }

  #countRefusal(o: Refusal, now: Instant): void {
    this.ledgers[o.class].count(ENTRY.dropped[o.reason])
    if (o.client !== undefined) {
      o.client.dropped += 1
      if (isWrongProof(o.reason)) o.client.badAuthenticators += 1
      else o.client.lastDrop = o.reason
    }
    this.#journal.note({ kind: 'dropped', ...o, client: o.client?.options.name }, now)
  }

  expire(request: Request, now: Instant): void {
    this.tracing.active?.ended(request, 'expired: it waited longer than max_age', now)
    this.#end(request, now)
    this.ledgers[request.class].count(ENTRY.expired)
    this.#journal.note({ kind: 'expired', class: request.class, client: request.client.options.name }, now)
  }

  supersede(request: Request, now: Instant): void {
    this.tracing.active?.ended(request, 'superseded: the client gave it up for a newer one', now)
    this.#end(request, now)
    this.ledgers[request.class].count(ENTRY.superseded)
  }

  /**
   * No server answered, and it goes nowhere else: `why`; `untried` is a server that lives and was not asked, `cause` what is
   * known of the silence of the others.
   */
  giveUp(
    request: Request,
    o: { readonly why: GivenUpBecause; readonly untried: string | undefined; readonly cause: string | undefined },
    now: Instant,
  ): void {
    const { why, untried, cause } = o
    const tried = courseOf(request).history
    this.tracing.active?.ended(request, givenUpSentence({ tried, why, untried }), now)
    this.#end(request, now)
    this.ledgers[request.class].count(ENTRY.givenUp)
    const client = request.client.options.name
    this.#journal.note({ kind: 'given-up', class: request.class, client, tried, why, untried, cause }, now)
  }

  /** What waited too long expires, what is remembered is forgotten, what waits is looked at: some of it at each call. */
  passTime(now: Instant): void {
    for (const each of TRAFFIC_CLASSES) this.#expireSome(this.backlogs[each], now)
    this.sessions.catchUp()
    this.duplicates.passTime(now)
  }

  /** When something of that class is due here; undefined where only a message can change anything. */
  nextWakeAt(trafficClass: TrafficClass, now: Instant): Instant | undefined {
    const dueAt = this.backlogs[trafficClass].nextWakeAt()
    const overdue = dueAt === undefined || dueAt > now ? dueAt : now
    return trafficClass === 'accounting' ? earliest(overdue, this.sessions.nextWakeAt(now)) : overdue
  }

  /** More than one step could end waited too long. */
  hasOverdue(now: Instant): boolean {
    return TRAFFIC_CLASSES.some((each) => this.backlogs[each].overdue(now) !== undefined)
  }

  /** It waits, and for longer than it may: it is not sent any more, though its turn to expire has not come. */
  isOverdue(request: Request, now: Instant): boolean {
    const backlog = this.backlogs[request.class]
    return backlog.has(request) && backlog.isOverdue(request, now)
  }

  /** Its client has sent it again while it waits or is outstanding, so it still wants the answer. */
  heardAgain(request: Request, now: Instant): void {
    if (request.class === 'authentication') startCourse(request).latestCopyAt = now
    else if (Request.fields.heardIn.get(request) !== -1) this.heard.hear(request, now)
  }

  /** The law, for both classes, that the lines agree with the backlog, and that each record in hand is listened for. */
  check(): void {
    for (const each of TRAFFIC_CLASSES) {
      this.ledgers[each].check({ queued: this.backlogs[each].messages, outstanding: this.outstanding[each], kept: 0 })
    }
    const records = this.backlogs.accounting.messages + this.outstanding.accounting
    if (this.heard.all !== records)
      throw new Error(`${this.heard.all} records are listened for, ${records} are in hand`)
  }

  /** It waits nowhere and has no answer: what comes again is new. */
  #end(request: Request, now: Instant): void {
    this.leave(request)
    this.heard.forget(request)
    this.exchanges.endAll(request)
    this.duplicates.recordEnded(request, now)
  }
}

/** One server has one queue, which keeps the order. */
const wantsOf = ({ servers, clients, queues }: EngineOptions): Wants => ({
  order: servers.filter(({ lanes }) => lanes.accounting !== undefined).length > 1,
  interims:
    queues.accounting.overflow === 'shed_interim_first' ||
    clients.some(({ accounting }) => accounting.interims === 'newest'),
})

const noCounts = (): ClassCounters => ({
  cachedAnswers: 0,
  contentDuplicates: 0,
  statusServerAnswered: 0,
  statusServerIgnored: 0,
})
