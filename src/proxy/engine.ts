/**
 * The main path: a request comes in, waits its turn, goes to a server, and its answer goes back. No sockets, no clock.
 *
 * The shell calls in with what happened (`receive`, `respond`, `refused`, `wake`) and the time; after each of them it
 * calls `serve`, which promotes and sends what may go now, and it asks `nextWakeAt` when to come again. An early or a
 * second wake is harmless. One packet's way, in order: `Admission` (is it let in), `Register` (its place in the queues),
 * `Assigning` and `Pool` (which server), `Sending` (identifier, slot, rewriting, and out), `Answering` (its response),
 * `Failover` (no response).
 */
import type { Ended } from '../accounting/sessions/session-report.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { unpredictableNumber } from '../queues/containers/hashing.ts'
import { earliest, type Instant, micros } from '../units.ts'
import { Admission } from './admission/admission.ts'
import { Coalescing } from './admission/coalescing.ts'
import { Intake } from './admission/intake.ts'
import { RecordWatch } from './admission/record-watch.ts'
import { Repetition } from './admission/repetition.ts'
import { StatusServer } from './admission/status-server.ts'
import type { Followed, Peer } from './border/events.ts'
import { type EngineOptions, queueOrder } from './border/options.ts'
import type { Draining, Journal, LanePlan, Outbox, Randomness, Shared, States, Tracer } from './border/ports.ts'
import { ClientRates } from './clients/client-rates.ts'
import { Inspection } from './inspection.ts'
import { Pools } from './pool/pool.ts'
import { StateTable } from './pool/state-table.ts'
import { Register } from './register/register.ts'
import { regroup } from './register/regrouping.ts'
import { Trace } from './register/trace.ts'
import { Answering } from './serving/answering.ts'
import { Assigning } from './serving/assigning.ts'
import { Failover } from './serving/failover.ts'
import { HealthChanges } from './serving/health-changes.ts'
import { Refusals } from './serving/refusals.ts'
import { Requeue } from './serving/requeue.ts'
import { Sending } from './serving/sending.ts'
import { Lanes } from './work/lanes.ts'
import type { Request } from './work/request.ts'

interface Ports {
  readonly outbox: Outbox
  readonly journal: Journal
  readonly random: Randomness
  readonly shared?: Shared
  readonly usedUpUntil?: Instant
  /** Memory for its ledgers (`BOOKS_BYTES`), if they shall outlive a crash. */
  readonly books?: SharedArrayBuffer
  readonly ended?: (what: Ended) => void
}

/** An engine's parts, each made of those before it. */
const partsOf = (options: EngineOptions, ports: Ports, now: Instant) => {
  const { outbox, journal, shared } = ports
  const salt = unpredictableNumber(ports.random)
  const register = new Register(options, ports, salt)
  const pools = new Pools(options)
  const lanes = new Lanes(shared, ports.usedUpUntil)
  const states: States = shared?.states ?? new StateTable(options.state)
  const sending = new Sending(options, { register, ...ports }, salt)
  const assigning = new Assigning({ register, pools, states, sending })
  const requeue = new Requeue({ register, pools, sending, assigning })
  const healthChanges = new HealthChanges({ pools, assigning, requeue, journal })
  const serving = { register, pools, lanes, states, sending, assigning, requeue, healthChanges, outbox, journal }
  const failover = new Failover(serving)
  const refusals = new Refusals(serving)
  const answering = new Answering(serving, salt, shared?.signing.server)
  const intake = new Intake(options, { journal, salt, memory: shared?.signing.client })
  const statusServer = new StatusServer(register, outbox)
  const repetition = new Repetition({ ...serving, answering })
  const rates = new ClientRates(ports.usedUpUntil)
  const recordWatch = new RecordWatch(options, register.records, ports, now)
  const coalescing = new Coalescing(register)
  const admission = new Admission({ register, intake, statusServer, repetition, recordWatch, coalescing })
  return { ...serving, failover, refusals, answering, intake, rates, recordWatch, admission, shared }
}

export class Engine {
  readonly #parts: ReturnType<typeof partsOf>
  readonly inspection: Inspection

  constructor(options: EngineOptions, ports: Ports, now: Instant) {
    this.#parts = partsOf(options, ports, now)
    this.inspection = new Inspection(this.#parts)
    this.#parts.states.reconfigure(options.state)
    this.#setUpRates(options, now)
    this.#setUpLanes(options, now)
  }

  /**
   * A datagram from a client. It is checked and takes its place in the instance queue; `serve` sends it. `age`: how long it
   * waited before, in a socket. Its own age counts that too, and nothing else does.
   */
  receive(trafficClass: TrafficClass, from: Peer, bytes: Uint8Array, now: Instant, age = micros(0)): void {
    this.#parts.admission.receive(trafficClass, from, bytes, now, age)
  }

  /** A datagram on a source port of a lane. */
  respond(lane: number, port: number, bytes: Uint8Array, now: Instant): void {
    const found = this.#parts.lanes.at(lane)
    if (found !== undefined) this.#parts.answering.handle(found, port, bytes, now)
  }

  /** A datagram on a lane's probe socket. */
  probeAnswered(lane: number, bytes: Uint8Array, now: Instant): void {
    const found = this.#parts.lanes.at(lane)
    if (found !== undefined) this.#parts.answering.handleProbeAnswer(found, bytes, now)
  }

  /** ECONNREFUSED on a source port, or on PROBE_PORT. `quoted`: the datagram that was refused, if that is known. */
  refused(lane: number, port: number, now: Instant, quoted?: Uint8Array): void {
    const found = this.#parts.lanes.at(lane)
    if (found !== undefined) this.#parts.refusals.refused(found, port, quoted, now)
  }

  /** Time has passed: what is overdue expires, times out, fails over, is probed. Nothing new is sent: `serve` does. */
  wake(now: Instant): void {
    const { sending, failover, lanes, pools, healthChanges, register, assigning, states, recordWatch } = this.#parts
    for (const attempt of sending.wheel.removeDue(now)) failover.timedOut(attempt, now)
    for (const lane of lanes.due(now)) {
      lane.limits.identifiers.passTime(now)
      if (!lane.isLive()) pools.of(lane).outage.update(lane)
      if (lane.isRetiring) continue
      healthChanges.changed(lane, lane.health.passTime(now), now)
      if (lane.health.isProbeDue(now, sending.jitter)) sending.probe(lane, now)
    }
    for (const request of register.places.aside.removeDue(now)) assigning.triesAgain(request)
    register.passTime(now)
    states.passTime(now)
    recordWatch.sessions?.passTime(now)
  }

  /** Promotes, then sends what may go now, `atMost` messages; true says that more can go at once. */
  serve(now: Instant, atMost: number): boolean {
    this.wake(now)
    const { lanes, failover, requeue } = this.#parts
    const { places } = this.#parts.register
    const { instanceQueue } = places
    lanes.promote(instanceQueue, failover, now)
    requeue.giveBack(atMost, now)
    let roomIsBack = false
    for (let served = 0; served < atMost; served += 1) {
      const request = instanceQueue.takeNext()
      if (request === undefined) break
      const { lane } = request
      lane?.schedule.markChanged()
      // If it goes elsewhere, its reserved place is free for another request.
      if (!this.#dispatch(request, now) || (lane !== undefined && request.lane !== lane)) roomIsBack = true
    }
    // More than one step could end may have waited too long.
    const hasOverdue = TRAFFIC_CLASSES.some((each) => places.backlogs[each].overdue(now) !== undefined)
    return roomIsBack || !instanceQueue.isEmpty() || requeue.isPending() || hasOverdue
  }

  /** When to wake next; undefined if nothing but a datagram can change anything. */
  nextWakeAt(now: Instant): Instant | undefined {
    const { register, requeue, sending, recordWatch, lanes, pools } = this.#parts
    const { places } = register
    if (!places.instanceQueue.isEmpty() || requeue.isPending()) return now
    let next = earliest(
      earliest(sending.wheel.nextWakeAt(), recordWatch.sessions?.nextWakeAt()),
      places.aside.nextWakeAt(),
    )
    next = earliest(next, lanes.nextWakeAt(now))
    for (const each of TRAFFIC_CLASSES) next = earliest(next, places.nextWakeAt(each, now))
    for (const pool of pools) next = earliest(next, pool.outage.nextTrialAt(now))
    return next
  }

  /** The lanes that `reconfigure` with these options would leave: the shell opens their sockets first. */
  planFor(options: EngineOptions, now: Instant): LanePlan[] {
    return this.#parts.lanes.planFor(options, now)
  }

  /** The lanes there are, retiring ones included. */
  plan(): LanePlan[] {
    return [...this.#parts.lanes].map((lane) => this.#parts.lanes.planOf(lane))
  }

  /**
   * Other options from now on. What is in hand goes on with the client and the secrets it came with; a removed server's
   * queue moves to the others, and what is outstanding there gets no retry there; rates change with the next grid second.
   */
  reconfigure(options: EngineOptions, now: Instant): void {
    const { intake, register, sending, states, recordWatch, pools, answering, lanes, requeue } = this.#parts
    const before = intake.clientTable
    const hadTurns = register.places.instanceQueue.order === 'fair'
    intake.reconfigure(options)
    this.#setUpRates(options, now)
    register.reconfigure(options)
    sending.maxAttributes = options.maxAttributes
    states.reconfigure(options.state)
    if (options.sessions !== undefined) recordWatch.sessions?.reconfigure(options.sessions)
    for (const pool of pools) pool.reconfigure(options)
    requeue.reconfigure(queueOrder(options))
    this.#setUpLanes(options, now)
    // Last: all queues have their order.
    if (queueOrder(options) === 'fair') regroup(register.places, intake.clientTable, hadTurns ? before : undefined)
    answering.signers.reconfigure([...lanes])
  }

  /** Forgets of whom `auto` has learned that they sign. */
  forgetLearned(): void {
    this.#parts.intake.signers.forget()
    this.#parts.answering.signers.signers.forget()
  }

  /** From now on no new request is taken, or all are again; what is in hand goes on, and duplicates still get answers. */
  drain(how: Draining): void {
    this.#parts.admission.isDraining = how !== 'no'
    this.#parts.assigning.drain(how)
    this.#parts.failover.isEnding = how === 'end'
  }

  /** From now on the tracer is told of each step of these requests, and of no others. */
  follow(followed: readonly Followed[], tracer: Tracer): void {
    this.#parts.register.trace = followed.length === 0 ? undefined : new Trace(followed, tracer)
  }

  /** Sends, parks or queues the request. Returns false if its reserved place is free for another request. */
  #dispatch(request: Request, now: Instant): boolean {
    const { register, assigning, healthChanges, failover, sending, pools } = this.#parts
    // It is not sent any more, even if its turn to expire has not come.
    if (register.places.backlogs[request.class].isOverdue(request, now)) {
      register.end(request, { how: 'expired' }, now)
      return false
    }
    const waitedFor = request.lane
    if (waitedFor !== undefined) {
      register.trace?.step('promoted', request, now, { server: waitedFor.server.name })
    }
    const lane = assigning.laneOf(request, now)
    if (lane === undefined) return true
    if (!lane.isLive() || (waitedFor !== undefined && healthChanges.shouldLeave(request, lane))) {
      assigning.moveAway(request, lane, now)
      return false
    }
    if (request.stage === 'retry' && failover.retryIsTooLate(request, now)) return false
    if (request.stage === 'aside' && assigning.mustStayAside(request, lane, now)) return false
    if (sending.trySend(request, lane, now, waitedFor === lane)) {
      if (request.course?.transmissions === 1 && !request.isBound) {
        const pool = pools.of(request)
        pool.failing.sentTo(lane, pool.options.algorithm)
      }
      return request.course?.attempt !== undefined
    }
    assigning.wait(request, lane, now)
    // It may have found an older one before it, who can go in its stead.
    return lane.schedule.nextPromotionAt(now) !== now
  }

  #setUpRates(options: EngineOptions, now: Instant): void {
    const { intake, rates, shared } = this.#parts
    // Who has used up his rate gives his turn to others, so without turns nobody has a rate.
    const hasTurns = queueOrder(options) === 'fair'
    rates.reconfigure(intake.clientTable.clients, { slot: options.slot, shared: shared?.budgets, hasTurns, now })
  }

  #setUpLanes(options: EngineOptions, now: Instant): void {
    const { lanes, pools, healthChanges, failover } = this.#parts
    const removed = lanes.reconfigure(options, now)
    for (const pool of pools) pool.setLanes(lanes.inOrder(pool))
    for (const lane of removed) {
      healthChanges.emptyQueueOf(lane, now)
      failover.endWaitingOn(lane, now)
    }
    for (const lane of lanes) {
      lane.schedule.markChanged()
      const change = lane.isRetiring ? undefined : lane.health.hold(lane.options.isHeldDown ?? false, now)
      healthChanges.changed(lane, change, now)
      // A server that is Down already and held from now on has not changed its health.
      pools.of(lane).update(lane)
    }
    for (const pool of pools) {
      pool.outage.judge(pool.live > 0, now)
      healthChanges.leaveFailing(pool)
    }
  }
}
