/**
 * The main path: a request comes in, waits its turn, goes to a server, and its answer goes back. No sockets, no clock.
 *
 * The shell calls in with what happened (`receive`, `respond`, `refused`, `wake`) and the time; after each of them it
 * calls `serve`, which promotes and sends what may go now, and it asks `nextWakeAt` when to come again. An early or a
 * second wake is harmless. One packet's way, in order: `Admission` (is it let in: the list of steps there),
 * `Register` (its place in the queues), `Assigning` and `Pool` (which server), `Sending` (identifier, slot, rewriting, and out),
 * `Answering` (its response), `Failover` (no response).
 */
import type { Ended } from '../accounting/sessions/session-report.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { earliest, type Instant } from '../units.ts'
import { Admission } from './admission/admission.ts'
import { Coalescing } from './admission/coalescing.ts'
import { Intake } from './admission/intake.ts'
import { RecordWatch } from './admission/record-watch.ts'
import { Repetition } from './admission/repetition.ts'
import { StatusServer } from './admission/status-server.ts'
import type { Followed, Peer } from './border/events.ts'
import type { EngineOptions } from './border/options.ts'
import type { Draining, Journal, LanePlan, Outbox, Randomness, Shared, States, Tracer } from './border/ports.ts'
import { Inspection } from './inspection.ts'
import { Pools } from './pool/pools.ts'
import { StateTable } from './pool/state-table.ts'
import { Register } from './register/register.ts'
import { unpredictableNumber } from './register/seed.ts'
import { Answering } from './serving/answering.ts'
import { Assigning } from './serving/assigning.ts'
import { Failover } from './serving/failover.ts'
import { HealthChanges } from './serving/health-changes.ts'
import { Sending } from './serving/sending.ts'
import { WayBack } from './serving/way-back.ts'
import { Lanes } from './work/lanes.ts'
import type { Request } from './work/request.ts'

export class Engine {
  readonly #intake: Intake
  readonly #register: Register
  readonly #pools: Pools
  readonly #lanes: Lanes
  readonly #sending: Sending
  readonly #failover: Failover
  readonly #assigning: Assigning
  readonly #healthChanges: HealthChanges
  readonly #answering: Answering
  readonly #wayBack: WayBack
  readonly #states: States
  readonly #recordWatch: RecordWatch
  readonly #admission: Admission
  readonly inspection: Inspection

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
    const salt = unpredictableNumber(ports.random)
    const register = new Register(options, ports, salt)
    const pools = new Pools(options)
    const lanes = new Lanes(shared, ports.usedUpUntil)
    const states = shared?.states ?? new StateTable(options.state)
    states.reconfigure(options.state)
    const sending = new Sending(options, register, ports, salt)
    const assigning = new Assigning({ register, pools, states, sending })
    const wayBack = new WayBack({ register, pools, sending, assigning })
    const healthChanges = new HealthChanges({ pools, assigning, wayBack, journal })
    const parts = { register, pools, lanes, states, sending, assigning, healthChanges, outbox, journal }
    const answering = new Answering({ ...parts, salt, signing: shared?.signing.server })
    const intake = new Intake(options, { journal, salt, memory: shared?.signing.client })
    const recordWatch = new RecordWatch(options, register.records, ports, now)
    const statusServer = new StatusServer(register, outbox)
    const repetition = new Repetition({ ...parts, answering })
    const coalescing = new Coalescing(register)
    const admission = new Admission({ register, intake, statusServer, repetition, recordWatch, coalescing })
    this.#intake = intake
    this.#register = register
    this.#pools = pools
    this.#lanes = lanes
    this.#states = states
    this.#sending = sending
    this.#assigning = assigning
    this.#healthChanges = healthChanges
    this.#failover = new Failover(parts)
    this.#answering = answering
    this.#wayBack = wayBack
    this.#recordWatch = recordWatch
    this.#admission = admission
    this.inspection = new Inspection({ ...parts, admission, intake, recordWatch, signers: answering.signers })
    this.#setUpLanes(options, now)
  }

  /** A datagram from a client. It is checked and takes its place in the instance queue; `serve` sends it. */
  receive(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array, now: Instant): void {
    this.#admission.receive(trafficClass, from, bytes, now)
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
    for (const attempt of this.#sending.wheel.removeDue(now)) this.#failover.timedOut(attempt, now)
    for (const lane of this.#lanes.due(now)) {
      lane.limits.identifiers.passTime(now)
      if (!lane.isLive()) this.#pools.of(lane).outage.update(lane)
      if (lane.isRetiring) continue
      this.#healthChanges.changed(lane, lane.health.passTime(now), now)
      if (lane.health.isProbeDue(now, this.#sending.jitter)) this.#sending.probe(lane, now)
    }
    for (const request of this.#register.places.aside.removeDue(now)) this.#assigning.triesAgain(request)
    this.#register.passTime(now)
    this.#states.passTime(now)
    this.#recordWatch.passTime(now)
  }

  /** Promotes, then sends what may go now, `atMost` messages; true says that more can go at once. */
  serve(now: Instant, atMost: number): boolean {
    this.wake(now)
    const { instanceQueue } = this.#register.places
    this.#lanes.promote(instanceQueue, this.#failover, now)
    this.#wayBack.giveBack(atMost, now)
    let roomIsBack = false
    for (let served = 0; served < atMost; served += 1) {
      const request = instanceQueue.removeNext()
      if (request === undefined) break
      const { lane } = request
      lane?.schedule.markChanged()
      // Where it goes elsewhere, the room that it was promised can go to another.
      if (!this.#dispatch(request, now) || (lane !== undefined && request.lane !== lane)) roomIsBack = true
    }
    return roomIsBack || !instanceQueue.isEmpty() || this.#wayBack.isOpen() || this.#register.places.hasOverdue(now)
  }

  /** When to wake next; undefined where nothing but a datagram can change anything. */
  nextWakeAt(now: Instant): Instant | undefined {
    if (!this.#register.places.instanceQueue.isEmpty() || this.#wayBack.isOpen()) return now
    const { aside } = this.#register.places
    let next = earliest(earliest(this.#sending.wheel.nextWakeAt(), this.#recordWatch.nextWakeAt()), aside.nextWakeAt())
    next = earliest(next, this.#lanes.nextWakeAt(now))
    for (const each of TRAFFIC_CLASSES) {
      next = earliest(next, this.#register.places.nextWakeAt(each, now))
    }
    for (const pool of this.#pools) next = earliest(next, pool.outage.nextTrialAt(now))
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
    this.#intake.reconfigure(options)
    this.#register.reconfigure(options)
    this.#sending.reconfigure(options)
    this.#states.reconfigure(options.state)
    this.#recordWatch.reconfigure(options)
    for (const pool of this.#pools) pool.reconfigure(options)
    this.#setUpLanes(options, now)
    this.#answering.signers.reconfigure([...this.#lanes])
  }

  /** Forgets of whom `auto` has learned that they sign. */
  forgetLearned(): void {
    this.#intake.signers.forget()
    this.#answering.signers.signers.forget()
  }

  /** From now on no new request is taken, or all are again; what is in hand goes on, and duplicates still get answers. */
  drain(how: Draining): void {
    this.#admission.isDraining = how !== 'no'
    this.#assigning.drain(how)
    this.#failover.isEnding = how === 'end'
  }

  /** From now on the tracer is told of each step of these requests; of none where nothing is followed. */
  follow(followed: readonly Followed[], tracer: Tracer): void {
    this.#register.tracing.follow(followed, tracer)
  }

  /** Sends it, parks it, or lets it wait; false where the room it was promised can go to another now. */
  #dispatch(request: Request, now: Instant): boolean {
    // It is not sent any more, even if its turn to expire has not come.
    if (this.#register.places.backlogs[request.class].isOverdue(request, now)) {
      this.#register.end(request, { how: 'expired' }, now)
      return false
    }
    const waitedFor = request.lane
    if (waitedFor !== undefined) this.#register.tracing.active?.promoted(request, waitedFor, now)
    const lane = this.#assigning.laneOf(request, now)
    if (lane === undefined) return true
    if (!lane.isLive() || (waitedFor !== undefined && this.#healthChanges.shouldLeave(request, lane))) {
      this.#assigning.moveAway(request, lane, now)
      return false
    }
    if (request.stage === 'retry' && this.#failover.retryIsTooLate(request, now)) return false
    if (request.stage === 'aside' && this.#assigning.mustStayAside(request, lane, now)) return false
    if (this.#sending.trySend(request, lane, now)) {
      if (request.course?.transmissions === 1 && !request.isBound) {
        const pool = this.#pools.of(request)
        pool.failing.sentTo(lane, pool.options.algorithm)
      }
      return request.course?.attempt !== undefined
    }
    this.#assigning.wait(request, lane, now)
    // It may have found an older one before it, who can go in its stead.
    return lane.schedule.nextPromotionAt(now) !== now
  }

  #setUpLanes(options: EngineOptions, now: Instant): void {
    const removed = this.#lanes.reconfigure(options, now)
    for (const pool of this.#pools) pool.setLanes(this.#lanes.inOrder(pool))
    for (const lane of removed) {
      this.#healthChanges.emptyQueueOf(lane, now)
      this.#failover.endWaitingOn(lane, now)
    }
    for (const lane of this.#lanes) {
      lane.schedule.markChanged()
      const change = lane.isRetiring ? undefined : lane.health.hold(lane.options.isHeldDown ?? false, now)
      this.#healthChanges.changed(lane, change, now)
      // One that is Down already and held from now on has not changed its health.
      this.#pools.of(lane).update(lane)
    }
    for (const pool of this.#pools) {
      pool.outage.judge(pool.live > 0, now)
      this.#healthChanges.leaveFailing(pool)
    }
  }
}
