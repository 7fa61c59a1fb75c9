/**
 * What happens when no answer comes: retry, fail over, park, or give up, each by name; and what a server's change of
 * health does to those who wait for it.
 *
 * A request has used up its tries at a server when max-retries, max-transmissions or (Access-Request) its max-age allow
 * no further one. That is one failure of the server. Then another server that lives and was not tried gets a copy; where
 * every server is Down it parks with its place in the order; where all that live have failed it, it is given up.
 */

import type { HealthChange } from '../throttle/health.ts'
import { type Instant, since } from '../units.ts'
import type { Attempt } from './attempt.ts'
import type { Farm } from './farm.ts'
import type { Lane } from './lane.ts'
import type { Journal } from './ports.ts'
import type { Register } from './register.ts'
import type { Request } from './request.ts'
import type { Sending } from './sending.ts'

/** Of a queue, when its server goes Down. */
const MOVED_AT_ONCE = 32

export class Failover {
  readonly #register: Register
  readonly #sending: Sending
  readonly #farms: Readonly<Record<Request['class'], Farm>>
  readonly #journal: Journal

  constructor(register: Register, sending: Sending, farms: Readonly<Record<Request['class'], Farm>>, journal: Journal) {
    this.#register = register
    this.#sending = sending
    this.#farms = farms
    this.#journal = journal
  }

  /** The deadline of a transmission has passed. */
  timedOut(attempt: Attempt, now: Instant): void {
    const { request, lane } = attempt
    lane.counters.timeouts += 1
    if (request === undefined) {
      this.#sending.finish(attempt, 'silent', now)
      return
    }
    this.#register.tracing.active?.timedOut(request, attempt, now)
    if (lane.isLive() && attempt.tries <= lane.options.maxRetries && this.#mayTransmit(request, now)) {
      lane.queue.line.put(request)
      lane.stir()
      return
    }
    this.#fail(attempt, now)
    this.#failOver(request, lane, now)
  }

  /** A due retry that waited too long for quota: an Access-Request past its max-age goes nowhere any more. */
  retryIsTooLate(request: Request, now: Instant): boolean {
    if (this.#mayTransmit(request, now)) return false
    this.#fail(request.attempt as Attempt, now)
    this.#register.giveUp(request, now)
    return true
  }

  /** The request has used up its tries at this server. */
  #fail(attempt: Attempt, now: Instant): void {
    const { lane } = attempt
    this.#sending.finish(attempt, 'silent', now)
    if (!lane.isLive()) return
    lane.counters.failures += 1
    lane.stir()
    this.healthChanged(lane, lane.health.failed(now), now)
  }

  /** Acts on what the health of a lane has become; `undefined` is no change. */
  healthChanged(lane: Lane, change: HealthChange | undefined, now: Instant): void {
    if (!lane.health.isCalm) lane.stir()
    if (change === undefined) return
    lane.stir()
    const farm = this.#farms[lane.class]
    farm.healthChanged(lane)
    this.#journal.note(
      { kind: 'server-state', lane: lane.number, server: lane.server.name, class: lane.class, ...change },
      now,
    )
    if (change.to === 'down') this.emptyQueueOf(lane, now)
    else if (change.from === 'down') lane.triedAt = undefined
    farm.judgeOutage(now)
    // What its queue has not given away yet parks in a moment.
    // What is on its way back parks too where no server lives.
    const parked = farm.parked.line.queued + this.#register.returning.queuedOf(lane.class)
    if (lane.isRetiring) return
    if (change.to === 'down' && !farm.hasLive()) {
      this.#journal.note({ kind: 'all-servers-down', class: lane.class, parked }, now)
    } else if (change.from === 'down' && farm.isOnlyLive(lane)) {
      this.#journal.note({ kind: 'servers-back', class: lane.class, parked }, now)
    }
  }

  /**
   * A server is Down or removed: what waits there goes to the others, in the order of arrival. A long queue takes several
   * steps: the rest returns to the instance queue, and what is newer waits behind it.
   */
  emptyQueueOf(lane: Lane, now: Instant): void {
    const { line } = lane.queue
    // One by one: what moves may shed others by the overflow policy, of those that still wait here too.
    for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {
      const next = line.takeOldest()
      if (next === undefined) return
      this.moveAway(next, lane, now)
    }
    this.#register.returning.add(lane.class, lane.giveUpQueue())
  }

  /** A request whose server takes nothing any more goes to another one. It must stand in no line. */
  moveAway(request: Request, from: Lane, now: Instant): void {
    if (request.stage === 'retry') {
      this.#sending.finish(request.attempt as Attempt, 'silent', now)
      this.#failOver(request, from, now)
      return
    }
    if (request.isBound && !from.isRetiring) {
      this.#register.drop(request, 'state-server-down', now)
      return
    }
    request.isBound = false
    const farm = this.#farms[request.class]
    const { sessions } = this.#register
    const itsSessions = sessions.laneOf(request)
    // Records of one session move together.
    const next = itsSessions !== from && itsSessions?.isLive() === true ? itsSessions : farm.choose(request)
    sessions.setLaneOf(request, next)
    if (next !== undefined) this.#register.wait(request, next, now, `server ${from.server.name} takes nothing now`)
    else if (farm.hasLive()) this.#register.giveUp(request, now)
    else this.park(request, now)
  }

  /** Every server is Down: it waits in the order of arrival, and may try any server afterwards. */
  park(request: Request, now: Instant): void {
    request.lane = undefined
    request.forgetTried()
    this.#farms[request.class].park(request)
    this.#register.tracing.active?.parked(request, now)
    request.rest()
  }

  #failOver(request: Request, from: Lane, now: Instant): void {
    if (!this.#mayTransmit(request, now)) {
      this.#register.giveUp(request, now)
      return
    }
    if (request.isBound && !from.isRetiring) {
      if (from.isLive()) this.#register.giveUp(request, now)
      else this.#register.drop(request, 'state-server-down', now)
      return
    }
    if (since(request.receivedAt, now) > this.#register.backlogs[request.class].limits.maxAge) {
      this.#register.expire(request, now)
      return
    }
    request.isBound = false
    request.stage = 'failover'
    request.addTried(from.number)
    const farm = this.#farms[request.class]
    const next = farm.choose(request)
    if (next !== undefined) this.#register.wait(request, next, now, `server ${from.server.name} did not answer`)
    else if (!farm.hasLive()) this.park(request, now)
    else {
      this.#register.giveUp(request, now)
      return
    }
    this.#register.enterBacklog(request, now)
  }

  /** An Access-Request past its max-age is neither retried nor failed over; max-transmissions counts over all servers. */
  #mayTransmit(request: Request, now: Instant): boolean {
    const { maxTransmissions } = this.#farms[request.class].options
    if (maxTransmissions > 0 && request.transmissions >= maxTransmissions) return false
    if (request.class === 'accounting') return true
    return since(request.receivedAt, now) <= this.#register.backlogs.authentication.limits.maxAge
  }
}
