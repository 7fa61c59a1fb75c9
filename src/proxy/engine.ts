/**
 * The main path: a request comes in, waits its turn, goes to a server, and its answer goes back. No sockets, no clock.
 *
 * The shell calls in with what happened (`receive`, `respond`, `refused`, `wake`) and the time; after each of them it
 * calls `serve`, which promotes and sends what may go now, and it asks `nextWakeAt` when to come again. An early or a
 * second wake is harmless. One packet's way, in order: `Intake` (is it a request, is it proven), `Duplicates` (did it
 * come before), `Register` (its place in the queues), `Pool` (which server), `Sending` (identifier, slot, rewriting, and
 * out), `Answering` (its response), `Failover` (no response).
 */
import type { Ended, SessionReport } from '../accounting/sessions/session-report.ts'
import type { Sought } from '../accounting/sessions/session-rows.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { STATUS_SERVER } from '../codes.ts'
import type { Packet } from '../radius/packet.ts'
import { statusServerAnswer } from '../radius/status-server.ts'
import { earliest, type Instant } from '../units.ts'
import { Coalescing } from './admission/coalescing.ts'
import { Intake, type Verdict } from './admission/intake.ts'
import { Accounts } from './admission/record-watch.ts'
import { Repetition } from './admission/repetition.ts'
import type { Followed, Peer } from './border/events.ts'
import type { EngineOptions } from './border/options.ts'
import type { Draining, Journal, LanePlan, Outbox, Randomness, Shared, States, Tracer } from './border/ports.ts'
import type { EngineSnapshot } from './border/snapshot.ts'
import { classSnapshots } from './class-snapshot.ts'
import { Pools } from './pool/pools.ts'
import { StateTable } from './pool/state-table.ts'
import { ENTRY } from './register/ledger.ts'
import { Register } from './register/register.ts'
import { unpredictableNumber } from './register/seed.ts'
import { Answering } from './serving/answering.ts'
import { Assigning } from './serving/assigning.ts'
import { Failover } from './serving/failover.ts'
import { Sending } from './serving/sending.ts'
import { WayBack } from './serving/way-back.ts'
import { Signing } from './signing.ts'
import type { Client } from './work/client-table.ts'
import type { Lane } from './work/lane.ts'
import { Lanes } from './work/lanes.ts'
import { Request, startCourse } from './work/request.ts'

export class Engine {
  readonly #intake: Intake
  readonly #register: Register
  readonly #pools: Pools
  readonly #lanes: Lanes
  readonly #sending: Sending
  readonly #failover: Failover
  readonly #assigning: Assigning
  readonly #answering: Answering
  readonly #wayBack: WayBack
  readonly #repetition: Repetition
  readonly #states: States
  readonly #accounts: Accounts
  readonly #coalescing: Coalescing
  /** What it knows of who signs. */
  readonly signing: Signing
  readonly #outbox: Outbox
  readonly #journal: Journal
  #arrivals = 0
  #isDraining = false

  constructor(
    options: EngineOptions,
    ports: {
      readonly outbox: Outbox
      readonly journal: Journal
      readonly random: Randomness
      readonly shared?: Shared
      readonly usedUpUntil?: Instant
      /** Memory for its ledgers (`BOOKS_BYTES`), if they shall outlive a crash. */
      readonly books?: SharedArrayBuffer
      /** Hears of sessions and bundles that ended. */
      readonly ended?: (what: Ended) => void
    },
    now: Instant,
  ) {
    const { outbox, journal, shared } = ports
    this.#outbox = outbox
    this.#journal = journal
    const seed = unpredictableNumber(ports.random)
    this.#intake = new Intake(options, { journal, salt: seed, memory: shared?.signing.client })
    this.#register = new Register(options, ports, seed)
    this.#pools = new Pools(options)
    this.#states = shared?.states ?? new StateTable(options.state)
    this.#states.reconfigure(options.state)
    this.#sending = new Sending(this.#register, ports, seed)
    this.#failover = new Failover(this.#register, this.#sending, this.#pools, journal)
    this.#assigning = new Assigning({
      register: this.#register,
      failover: this.#failover,
      states: this.#states,
      pools: this.#pools,
    })
    this.#wayBack = new WayBack({
      register: this.#register,
      failover: this.#failover,
      sending: this.#sending,
      pools: this.#pools,
    })
    this.#answering = new Answering({
      register: this.#register,
      sending: this.#sending,
      failover: this.#failover,
      states: this.#states,
      outbox,
      journal,
      salt: seed,
      signing: shared?.signing.server,
    })
    this.#repetition = new Repetition({
      register: this.#register,
      sending: this.#sending,
      answering: this.#answering,
      outbox,
    })
    this.#accounts = new Accounts(options, ports, now)
    this.#coalescing = new Coalescing(this.#register)
    this.#lanes = new Lanes(shared, ports.usedUpUntil)
    this.signing = new Signing(this.#intake, this.#answering.signers, this.#lanes)
    this.#setUpLanes(options, now)
  }

  /** A datagram from a client. It is checked and takes its place in the instance queue; `serve` sends it. */
  receive(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array, now: Instant): void {
    const verdict = this.#check(trafficClass, from, bytes, now)
    if (verdict.ok && verdict.packet.code === STATUS_SERVER) {
      this.#answerStatus(trafficClass, from, verdict.packet, verdict.client, now)
      return
    }
    this.#register.ledgers[trafficClass].count(ENTRY.received)
    if (!verdict.ok) {
      this.#register.refuse({ class: trafficClass, reason: verdict.reason, client: verdict.client, from, bytes }, now)
      return
    }
    const { packet, client } = verdict
    const origin = { from, client, packet }
    if (this.#repetition.absorb(origin, trafficClass, now)) return
    if (this.#isDraining) {
      this.#register.refuse({ class: trafficClass, reason: 'draining', client, from, bytes }, now)
      return
    }
    const { octets, duplicates } = this.#register
    const wraps = trafficClass === 'accounting' ? this.#accounts.admitted(origin, duplicates, now) : undefined
    const coalesces = client.options.accounting.interims === 'newest' && trafficClass === 'accounting'
    if (coalesces && this.#coalescing.take(origin, wraps, now)) return
    this.#arrivals += 1
    const request = new Request({ arrival: this.#arrivals, class: trafficClass, origin, octets, now })
    if (wraps !== undefined) startCourse(request).wraps = wraps
    this.#register.admit(request, origin, now)
  }

  /** How many requests have been let in so far: rises by one with each that takes a place in the queues. */
  get admitted(): number {
    return this.#arrivals
  }

  /** How many interim updates were let in for which a newer one of their session is sent. */
  get coalesced(): number {
    return this.#register.ledgers.accounting.counted(ENTRY.coalesced)
  }

  /** A datagram on a source port of a lane. */
  respond(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const found = this.#lanes.at(lane)
    if (found !== undefined) this.#answering.handle(found, port, bytes, now)
  }

  /** A datagram on a lane's probe socket. */
  probeAnswered(lane: number, bytes: Uint8Array, now: Instant): void {
    const found = this.#lanes.at(lane)
    if (found !== undefined) this.#answering.handleProbeAnswer(found, bytes, now)
  }

  /** ECONNREFUSED on a source port, or on PROBE_PORT. */
  refused(lane: number, port: number, now: Instant): void {
    const found = this.#lanes.at(lane)
    if (found !== undefined) this.#sending.refused(found, port, now)
  }

  /** Time has passed: what is overdue expires, times out, fails over, is probed. Nothing new is sent: `serve` does. */
  wake(now: Instant): void {
    for (const attempt of this.#sending.wheel.takeDue(now)) this.#failover.timedOut(attempt, now)
    for (const lane of this.#lanes.due(now)) {
      lane.identifiers.passTime(now)
      if (!lane.isLive()) this.#pools.of(lane).updateTrial(lane)
      if (lane.isRetiring) continue
      this.#failover.healthChanged(lane, lane.health.passTime(now), now)
      // The spread is drawn for a probe alone: a wake that finds nothing due changes nothing at all.
      const due = lane.health.nextProbeAt
      if (due === undefined || due > now) continue
      if (lane.health.isProbeDue(now, this.#sending.jitter())) this.#sending.probe(lane, now)
    }
    for (const request of this.#register.aside.removeDue(now)) this.#failover.triesAgain(request)
    this.#register.passTime(now)
    this.#states.passTime(now)
    this.#accounts.passTime(now)
  }

  /** Promotes, then sends what may go now, `atMost` messages; true says that more can go at once. */
  serve(now: Instant, atMost: number): boolean {
    this.wake(now)
    const { instanceQueue } = this.#register
    this.#lanes.promote(instanceQueue, this.#failover, now)
    this.#wayBack.giveBack(atMost, now)
    let roomIsBack = false
    for (let served = 0; served < atMost; served += 1) {
      const request = instanceQueue.removeNext()
      if (request === undefined) break
      const { lane } = request
      lane?.markChanged()
      // Where it goes elsewhere, the room that it was promised can go to another.
      if (!this.#dispatch(request, now) || (lane !== undefined && request.lane !== lane)) roomIsBack = true
    }
    return roomIsBack || !instanceQueue.isEmpty() || this.#wayBack.isOpen() || this.#register.hasOverdue(now)
  }

  /** When to wake next; undefined where nothing but a datagram can change anything. */
  nextWakeAt(now: Instant): Instant | undefined {
    if (!this.#register.instanceQueue.isEmpty() || this.#wayBack.isOpen()) return now
    const { aside } = this.#register
    let next = earliest(earliest(this.#sending.wheel.nextWakeAt(), this.#accounts.nextWakeAt()), aside.nextWakeAt())
    next = earliest(next, this.#lanes.nextWakeAt(now))
    for (const each of TRAFFIC_CLASSES) {
      next = earliest(next, this.#register.nextWakeAt(each, now))
    }
    for (const pool of this.#pools) next = earliest(next, pool.nextTrialAt(now))
    return next
  }

  /** The lanes that `reconfigure` with these options would leave: the shell opens their sockets first. */
  planFor(options: EngineOptions): LanePlan[] {
    return this.#lanes.planFor(options)
  }

  /** The lanes there are, retiring ones included. */
  plan(): LanePlan[] {
    return [...this.#lanes].map((lane) => this.#lanes.planOf(lane))
  }

  /**
   * Other options from now on. What is in hand goes on with the client and the secrets it came with; a removed server's
   * queue moves to the others, and what is outstanding there gets no retry there; rates change with the next grid second.
   */
  reconfigure(options: EngineOptions, now: Instant): void {
    this.#intake.change(options)
    this.#register.reconfigure(options)
    this.#states.reconfigure(options.state)
    this.#accounts.change(options)
    for (const pool of this.#pools) pool.reconfigure(options)
    this.#setUpLanes(options, now)
    this.signing.change()
  }

  /** Tracked sessions that are sought, `count` places of the table from `from` on; undefined behind its end. */
  sessions(from: number, count: number, sought: Sought): SessionReport[] | undefined {
    return this.#accounts.look(from, count, sought)
  }

  /** From now on no new request is taken, or all are again; what is in hand goes on, and duplicates still get answers. */
  drain(how: Draining): void {
    this.#isDraining = how !== 'no'
    this.#failover.drain(how)
  }

  /** From now on the tracer is told of each step of these requests; of none where nothing is followed. */
  follow(followed: readonly Followed[], tracer: Tracer): void {
    this.#register.tracing.follow(followed, tracer)
  }

  /** Nothing waits and nothing is outstanding. */
  isIdle(): boolean {
    return TRAFFIC_CLASSES.every(
      (each) => this.#register.backlogs[each].messages === 0 && this.#register.outstanding[each] === 0,
    )
  }

  /** Whether anything waits: in a queue, parked, or as a due retry for its slot. */
  hasWaiting(): boolean {
    if (TRAFFIC_CLASSES.some((each) => this.#register.backlogs[each].messages > 0)) return true
    for (const lane of this.#lanes) if (!lane.queue.waiting.isEmpty()) return true
    return false
  }

  /** The ledger's law; throws where a request was lost or counted twice, which is a bug. */
  check(): void {
    this.#register.check()
    for (const pool of this.#pools) pool.check()
  }

  /** Everything at one moment. */
  snapshot(now: Instant): EngineSnapshot {
    return { ...this.overview(now), clients: this.clients.map((client) => client.snapshot()) }
  }

  /** The same with an empty list of clients: there may be many, and each has a snapshot of its own. */
  overview(now: Instant): EngineSnapshot {
    return {
      at: now,
      draining: this.#isDraining,
      classes: classSnapshots({ register: this.#register, pools: this.#pools }, now),
      lanes: Array.from(this.#lanes, (lane) => lane.snapshot(now)),
      ...this.signing.snapshot(now),
      clients: [],
      formerClients: this.#intake.formerClients,
      tables: { ...this.#register.duplicates.sizes, states: this.#states.size },
      sessions: this.#accounts.counts(),
    }
  }

  /** The configured clients with what they did so far. */
  get clients(): readonly Client[] {
    return this.#intake.clients
  }

  /** The lanes with what they did so far. */
  get lanes(): Iterable<Lane> {
    return this.#lanes
  }

  #check(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array, now: Instant): Verdict {
    if (from.isOurs === true) return { ok: false, reason: 'from-ourselves', client: undefined }
    try {
      return this.#intake.check(trafficClass, from, bytes, now)
    } catch (error) {
      this.#journal.note({ kind: 'internal-error', where: 'checking a datagram', error, bytes }, now)
      return { ok: false, reason: 'internal-error', client: undefined }
    }
  }

  /** RFC 5997: a client asks whether we live; answered here, never proxied, also while every server is Down. */
  #answerStatus(trafficClass: TrafficClass, from: Peer, packet: Packet, client: Client, now: Instant): void {
    const counters = this.#register.counters[trafficClass]
    if (this.#isDraining || !this.#intake.maySeeStatus(from.address, now)) {
      counters.statusServerIgnored += 1
      return
    }
    counters.statusServerAnswered += 1
    this.#outbox.reply(from, statusServerAnswer(packet, trafficClass, client.options.secret))
  }

  /** Sends it, parks it, or lets it wait; false where the room it was promised can go to another now. */
  #dispatch(request: Request, now: Instant): boolean {
    if (this.#register.isOverdue(request, now)) {
      this.#register.expire(request, now)
      return false
    }
    const waitedFor = request.lane
    if (waitedFor !== undefined) this.#register.tracing.active?.promoted(request, waitedFor, now)
    const lane = this.#assigning.laneOf(request, now)
    if (lane === undefined) return true
    if (!lane.isLive() || (waitedFor !== undefined && this.#failover.shouldLeave(request, lane))) {
      this.#failover.moveAway(request, lane, now)
      return false
    }
    if (request.stage === 'retry' && this.#failover.retryIsTooLate(request, now)) return false
    if (request.stage === 'aside' && this.#failover.mustStayAside(request, lane, now)) return false
    if (this.#sending.trySend(request, lane, now)) {
      if (request.course?.transmissions === 1 && !request.isBound) this.#pools.of(request).sentTo(lane)
      return request.course?.attempt !== undefined
    }
    this.#register.wait(request, lane, now)
    // It may have found an older one before it, who can go in its stead.
    return lane.nextPromotionAt(now) !== now
  }

  #setUpLanes(options: EngineOptions, now: Instant): void {
    const removed = this.#lanes.reconfigure(options, now)
    for (const pool of this.#pools) pool.setLanes(this.#lanes.inOrder(pool))
    for (const lane of removed) {
      this.#failover.emptyQueueOf(lane, now)
      this.#failover.endWaitingOn(lane, now)
    }
    for (const lane of this.#lanes) {
      this.#failover.healthChanged(lane, lane.applyHold(now), now)
      // One that is Down already and held from now on has not changed its health.
      this.#pools.of(lane).healthChanged(lane)
    }
    for (const pool of this.#pools) {
      pool.judgeOutage(now)
      this.#failover.leaveFailing(pool)
    }
  }
}
