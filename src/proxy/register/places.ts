/**
 * The places where a request can be: waiting in a queue, or outstanding at a server.
 *
 * All moves into and out of the queues go through here. A backlog counts all that waits of one class, in whatever queue.
 */
import { type PerClass, perClass, RECORD_CLASS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import { Backlog } from '../../queues/backlog.ts'
import { OctetStore } from '../../queues/containers/octet-store.ts'
import { PriorityQueue } from '../../queues/priority-queue.ts'
import { earliest, type Instant } from '../../units.ts'
import type { PlaceCounts } from '../border/endings.ts'
import { type EngineOptions, queueOrder } from '../border/options.ts'
import { Flows } from '../clients/flows.ts'
import { SetAside } from '../pool/set-aside.ts'
import type { Lane } from '../work/lane.ts'
import { Request } from '../work/request.ts'
import { WaitingSessions, type Wants } from './waiting-sessions.ts'

export class Places {
  readonly backlogs: PerClass<Backlog<Request>>
  /** The first level: a request enters at its tail and is served from its head; what server queues give back is older. */
  readonly instanceQueue: PriorityQueue<Request>
  readonly sessions: WaitingSessions
  /** Records that a living server left unanswered, until they are tried again. */
  readonly aside = new SetAside()
  /** The packets of those in hand, and of those outstanding also what was sent. */
  readonly octets = new OctetStore()
  readonly outstanding: Record<TrafficClass, number> = perClass(() => 0)
  readonly flows: Flows

  constructor(options: EngineOptions, salt: number) {
    const order = queueOrder(options)
    this.backlogs = perClass((each) => new Backlog<Request>(options.queues[each], Request.fields, order === 'fair'))
    this.instanceQueue = new PriorityQueue<Request>(order, Request.fields)
    this.flows = new Flows(salt)
    this.sessions = new WaitingSessions(wantsOf(options), this.backlogs[RECORD_CLASS], salt)
  }

  reconfigure(options: EngineOptions): void {
    const order = queueOrder(options)
    for (const each of TRAFFIC_CLASSES) {
      this.backlogs[each].limits = options.queues[each]
      this.backlogs[each].holdings.isFair = order === 'fair'
    }
    this.instanceQueue.order = order
    this.sessions.setWants(wantsOf(options))
  }

  counts(trafficClass: TrafficClass): PlaceCounts {
    return { queued: this.backlogs[trafficClass].messages, outstanding: this.outstanding[trafficClass], kept: 0 }
  }

  /** From now on it counts among those that wait: a new one at the tail of the instance queue, a copy in the queue that it is in. */
  enter(request: Request): void {
    const isNew = request.queue === undefined
    // While a copy was outstanding, its flow may have been forgotten, and another one has its name.
    if (!isNew && request.flow.waiting === 0) request.flow = this.flows.of(request.client, request)
    if (isNew) this.instanceQueue.put(request)
    this.backlogs[request.class].enter(request)
    this.flows.count(request.flow, request.class, 1)
    if (isNew && request.class === RECORD_CLASS) this.sessions.came(request)
  }

  /** It can't go now: it waits for a server, and the order of its session is kept from now on. */
  wait(request: Request, lane: Lane): void {
    request.lane = lane
    lane.queue.waiting.put(request)
    lane.schedule.markChanged()
    if (request.class === RECORD_CLASS) this.sessions.waits(request)
    request.setCompact(true)
  }

  /** A newer interim update waits in the place of an older one of its session. */
  replace(older: Request, newer: Request): void {
    const { queue } = older
    if (!(queue instanceof PriorityQueue)) throw new Error('places: only what was never sent gives way')
    queue.replace(older, newer)
    this.backlogs[RECORD_CLASS].replace(older, newer)
    this.sessions.replace(older, newer)
    newer.lane = older.lane
    newer.setCompact(true)
  }

  /** Out of the queue it waits in, but not ended: it is sent, or waits elsewhere. */
  leaveQueue(request: Request): void {
    request.queue?.remove(request)
    request.lane?.schedule.markChanged()
  }

  /** Out of wherever it waits: it is sent, or it has ended. */
  leave(request: Request): void {
    if (request.queue !== undefined) this.leaveQueue(request)
    const backlog = this.backlogs[request.class]
    if (backlog.has(request)) {
      this.sessions.leave(request)
      backlog.leave(request)
      this.flows.count(request.flow, request.class, -1)
      if (request.class === RECORD_CLASS && backlog.messages === 0) this.sessions.end()
    }
    request.setCompact(false)
  }

  /** When something of that class is due here; undefined if only a message can change anything. */
  nextWakeAt(trafficClass: TrafficClass, now: Instant): Instant | undefined {
    const dueAt = this.backlogs[trafficClass].nextWakeAt()
    const overdue = dueAt === undefined || dueAt > now ? dueAt : now
    return trafficClass === RECORD_CLASS ? earliest(overdue, this.sessions.nextWakeAt(now)) : overdue
  }
}

/** Records of one session may name several users or stations, or none. */
const hasParts = (clients: EngineOptions['clients']): boolean =>
  clients.some(({ flowKey }) => flowKey === 'user' || flowKey === 'calling_station')

/** One server has one queue, which keeps the order, if nothing in it has turns but clients. */
const wantsOf = ({ servers, clients, queues }: EngineOptions): Wants => ({
  order: hasParts(clients) || servers.filter(({ lanes }) => lanes[RECORD_CLASS] !== undefined).length > 1,
  flows: hasParts(clients),
  interims:
    queues[RECORD_CLASS].overflow === 'shed_interim_first' ||
    clients.some(({ accounting }) => accounting.interims === 'newest'),
})
