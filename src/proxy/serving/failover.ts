/**
 * What happens when no answer comes: retry, fail over, park, set aside, or give up, each by name; and what a server's
 * change of health does to those who wait for it.
 *
 * A request has used up its tries at a server when max-retries, max-transmissions or (Access-Request) its max-age allow
 * no further one. That speaks against the server only if nothing valid came from it since the request's latest
 * transmission; a server that answers others meanwhile lives, and the request alone is counted, here and at the servers
 * that get it next. Then another server that lives and was not tried gets a copy; where every server is Down it parks with
 * its place in the order. Where all that live have failed it, an Access-Request waits on at the last of them
 * (`waiting-on.ts`) or is given up; an accounting record waits, behind the others if a server left it unanswered that lives.
 * max-age of an Access-Request counts from its client's latest copy here: a client that still asks is still there.
 */
import type { HealthChange } from '../../throttle/server-health.ts'
import { type Instant, since } from '../../units.ts'
import type { GivenUpBecause } from '../border/events.ts'
import type { Draining, Journal } from '../border/ports.ts'
import { heldOf, isOnlyLive, type Pool } from '../pool/pool.ts'
import type { Pools } from '../pool/pools.ts'
import { shareOf } from '../pool/set-aside.ts'
import { WaitingOn } from '../pool/waiting-on.ts'
import type { Register } from '../register/register.ts'
import { isFailing, isWell, type Lane } from '../work/lane.ts'
import { type Attempt, courseOf, latestCopyAt, type Request, startCourse } from '../work/request.ts'
import { causeOfSilence } from '../work/silence.ts'
import type { Sending } from './sending.ts'

/** Of a queue, when its server goes Down; and places that are given up for others. */
const MOVED_AT_ONCE = 32

export class Failover {
  readonly #register: Register
  readonly #sending: Sending
  readonly #pools: Pools
  readonly #journal: Journal
  readonly #waitingOn: WaitingOn
  #draining: Draining = 'no'

  constructor(register: Register, sending: Sending, pools: Pools, journal: Journal) {
    this.#register = register
    this.#sending = sending
    this.#pools = pools
    this.#journal = journal
    this.#waitingOn = new WaitingOn(register.backlogs.authentication, pools)
  }

  /** The deadline of a transmission has passed. */
  timedOut(attempt: Attempt, now: Instant): void {
    const { request, lane } = attempt
    if (!attempt.isWaitingOn) {
      lane.counters.timeouts += 1
      lane.contact.timedOut(attempt, now)
      if (attempt.tries === 1) attempt.signsAtTimeout = lane.contact.signsOfLife
    }
    if (request === undefined) {
      // Its client gave it up, and the server had its time for it all the same.
      this.#fail(attempt, now)
      return
    }
    if (!attempt.isWaitingOn) this.#register.tracing.active?.timedOut(request, attempt, now)
    const triesLeft = lane.isLive() && attempt.tries <= lane.options.maxRetries
    if (triesLeft && this.#obstacleTo(request, now) === undefined) {
      this.#countOverdue(attempt, now)
      this.#retry(attempt, request)
      return
    }
    this.#spend(attempt, now)
    if (!this.#waitingOn.may(request, attempt, now)) this.#end(attempt, request, now)
    else if (latestCopyAt(request) <= attempt.sentAt || this.#obstacleTo(request, now) !== undefined) {
      if (!attempt.isWaitingOn) this.#register.tracing.active?.waitsOn(request, attempt, now)
      this.#sending.waitOn(attempt, this.#waitingOn.until(request), now)
    } else if (this.#waitingOn.leavesFor(request, attempt)) this.#end(attempt, request, now)
    else {
      // Its client has asked again, so the server is asked again too: what was lost on the way comes to nothing else.
      this.#retry(attempt, request)
    }
  }

  /** It waits for a slot, and then goes out once more. */
  #retry(attempt: Attempt, request: Request): void {
    const { lane } = attempt
    lane.limits.waitingOn.delete(attempt)
    lane.queue.waiting.put(request)
    lane.schedule.markChanged()
  }

  /** Requests wait for identifiers: the logins that have waited on for longest give theirs up. */
  makeRoom(lane: Lane, now: Instant): void {
    const { limits, queue } = lane
    // What is given back and not served yet has been promised room.
    if (limits.waitingOn.size === 0 || queue.promised > 0) return
    const wanted = Math.min(queue.waiting.queued, limits.budget.left(now), MOVED_AT_ONCE)
    while (limits.identifiers.room() < wanted && limits.canMakeRoom()) this.#endLongest(lane, now)
  }

  /** The server was removed: what waits on there begins anew elsewhere, or not at all. */
  endWaitingOn(lane: Lane, now: Instant): void {
    while (lane.limits.waitingOn.size > 0) this.#endLongest(lane, now)
  }

  #endLongest(lane: Lane, now: Instant): void {
    const [attempt] = lane.limits.waitingOn
    if (attempt !== undefined) this.#end(attempt, attempt.request as Request, now)
  }

  #end(attempt: Attempt, request: Request, now: Instant): void {
    this.#fail(attempt, now)
    this.#failOver(request, attempt, now)
  }

  /** A due retry that waited too long for quota: an Access-Request past its max-age goes nowhere any more. */
  retryIsTooLate(request: Request, now: Instant): boolean {
    const obstacle = this.#obstacleTo(request, now)
    if (obstacle === undefined) return false
    const attempt = request.course?.attempt as Attempt
    this.#fail(attempt, now)
    startCourse(request).addTried(attempt.lane.number, signsOf(attempt))
    this.#giveUp(request, obstacle, now)
    return true
  }

  /** The attempt is over: the server answered, but `why` says what is wrong with its response. */
  gotUnusable(request: Request, attempt: Attempt, why: string, now: Instant): void {
    const { lane } = attempt
    this.#register.tracing.active?.unusable(request, lane, why, now)
    noteTried(request, attempt)
    startCourse(request).addTried(lane.number, Number.POSITIVE_INFINITY)
    const isElsewhere = !request.isBound && this.#obstacleTo(request, now) === undefined
    const next = isElsewhere ? this.#pools.of(request).choose(request, now) : undefined
    if (next === undefined) this.#register.drop(request, 'unusable-response', now)
    else this.#goOnAt(next, request, `the response of server ${lane.server.name} can't be passed on`, now)
  }

  /** The request ended at this server without an answer, or its client gave it up and the time for it is over. */
  #fail(attempt: Attempt, now: Instant): void {
    this.#spend(attempt, now)
    if (attempt.wasLeftByLiving) this.#countUnanswered(attempt, now)
    if (attempt.request !== undefined) noteTried(attempt.request, attempt)
    this.#sending.finish(attempt, 'silent', now)
  }

  /** Its tries here are used up: what that says of the server, and of the request. Once for each attempt. */
  #spend(attempt: Attempt, now: Instant): void {
    if (attempt.isSpent) return
    attempt.isSpent = true
    const { lane, request } = attempt
    const isSilent = lane.contact.signsOfLife === attempt.signsBefore
    // Another server lives and left it unanswered too: that says something of the request, and hardly of this server.
    const wasLeftByLiving = request?.course?.wasLeftByLiving ?? false
    this.#countOverdue(attempt, now)
    if (!lane.isLive()) return
    if (isSilent) {
      lane.counters.failures += 1
      lane.schedule.markChanged()
      this.healthChanged(lane, lane.health.failed(now, wasLeftByLiving), now)
      if (request !== undefined && isFailing(lane)) startCourse(request).wasLeftByLiving = true
      return
    }
    attempt.wasLeftByLiving = true
    if (request !== undefined) startCourse(request).wasLeftByLiving = true
  }

  /** A server that lives left it unanswered: with what such requests have in common. */
  #countUnanswered({ lane, request }: Attempt, now: Instant): void {
    lane.counters.unansweredByLiveServer += 1
    if (request === undefined) return
    lane.contact.unanswered.note(request, now)
    const { server, class: trafficClass } = lane
    const client = request.client.options.name
    const more = { client, common: lane.contact.unanswered.common(now), cause: lane.contact.likelyCause(now) }
    const kind = 'unanswered-by-live-server'
    this.#journal.note({ kind, server: server.name, class: trafficClass, ...more }, now)
  }

  /** The health hears once of each request that was not answered within its first time-out. */
  #countOverdue(attempt: Attempt, now: Instant): void {
    const { lane } = attempt
    if (attempt.isOverdue || !lane.isLive()) return
    attempt.isOverdue = true
    if (attempt.request?.course?.wasLeftByLiving === true) return
    lane.health.overdue(now)
    const hasBetter = (): boolean =>
      this.#pools.of(lane).lanes.some((other) => other !== lane && isWell(other) && other.health.servesBetter(now))
    this.healthChanged(lane, lane.health.judgeService(hasBetter, now), now)
  }

  /** Acts on what the health of a lane has become; `undefined` is no change. */
  healthChanged(lane: Lane, change: HealthChange | undefined, now: Instant): void {
    if (!lane.health.isCalm) lane.schedule.markChanged()
    if (change === undefined) return
    lane.schedule.markChanged()
    const pool = this.#pools.of(lane)
    pool.stateChanged(lane)
    const { number, class: of, server } = lane
    const isLast = change.to === 'down' && !lane.isRetiring && !pool.hasLive()
    const more = {
      hint: change.to === 'active' || lane.health.isHeldDown ? undefined : lane.contact.likelyCause(now),
      isHeld: lane.health.isHeldDown,
      isLast,
    }
    this.#journal.note({ kind: 'server-state', lane: number, server: server.name, class: of, ...change, ...more }, now)
    pool.outage.judge(pool.hasLive(), now)
    if (change.to === 'down') this.emptyQueueOf(lane, now)
    else this.leaveFailing(pool)
    // What its queue has not given away yet, and what is on its way back, parks in a moment.
    const parked = pool.outage.parked.waiting.queued + this.#register.returning.queuedOf(lane.class)
    if (lane.isRetiring) return
    if (change.to === 'down' && !pool.hasLive()) {
      this.#journal.note({ kind: 'all-servers-down', class: lane.class, parked, held: heldOf(pool) }, now)
    } else if (change.from === 'down' && isOnlyLive(lane, pool)) {
      this.#journal.note({ kind: 'servers-back', class: lane.class, parked }, now)
    }
  }

  /**
   * A server is Down or removed: what waits there goes to the others, in the order of arrival. A long queue takes several
   * steps: the rest returns to the instance queue, and what is newer waits behind it.
   */
  emptyQueueOf(lane: Lane, now: Instant): void {
    const { waiting } = lane.queue
    // One by one: what moves may shed others by the overflow policy, of those that still wait here too.
    for (let moved = 0; moved < MOVED_AT_ONCE; moved += 1) {
      const next = waiting.removeOldest()
      if (next === undefined) return
      this.moveAway(next, lane, now)
    }
    this.#register.returning.addQueueOf(lane)
  }

  /** Where a server is well, what waits for Failing ones is served once more, and goes there if it may (`shouldLeave`). */
  leaveFailing(pool: Pool): void {
    if (pool.failing.lanes.length === 0 || !pool.lanes.some(isWell)) return
    for (const lane of pool.failing.lanes) if (!lane.queue.waiting.isEmpty()) this.#register.returning.addQueueOf(lane)
  }

  /** Whether a request that waited for a Failing server goes to another one: its own States and due retries stay. */
  shouldLeave(request: Request, lane: Lane): boolean {
    if (!isFailing(lane) || request.isBound || request.stage === 'retry') return false
    const { tried } = courseOf(request)
    return this.#pools.of(lane).lanes.some((other) => other !== lane && isWell(other) && !tried.includes(other.number))
  }

  /** A request whose server takes nothing any more goes to another one. It must be in no queue. */
  moveAway(request: Request, from: Lane, now: Instant): void {
    if (request.stage === 'retry') {
      const attempt = request.course?.attempt as Attempt
      noteTried(request, attempt)
      this.#sending.finish(attempt, 'silent', now)
      this.#failOver(request, attempt, now)
      return
    }
    if (request.isBound && !from.isRetiring) {
      this.#register.drop(request, 'state-server-down', now)
      return
    }
    request.isBound = false
    const pool = this.#pools.of(request)
    const { sessions } = this.#register
    const itsSessions = sessions.laneOf(request)
    // Records of one session move together.
    const isTheirs = itsSessions !== from && itsSessions?.isLive() === true
    const next = isTheirs ? itsSessions : pool.choose(request, now, from)
    sessions.setLaneOf(request, next)
    if (next === undefined) this.findsNone(request, now)
    else this.#register.wait(request, next, now, `server ${from.server.name} takes nothing now`)
  }

  /** No server lives that did not leave it unanswered. It must be in no queue; whether it waits is already counted. */
  findsNone(request: Request, now: Instant): void {
    if (!this.#pools.of(request).hasLive()) this.park(request, now)
    else if (request.class === 'accounting') this.#waitOn(request, now)
    else this.#giveUp(request, 'no-other-server', now)
  }

  /** Every server is Down: it waits in the order of arrival, and may try any server afterwards. */
  park(request: Request, now: Instant): void {
    request.lane = undefined
    request.course?.forgetTried()
    this.#pools.of(request).outage.park(request)
    this.#register.tracing.active?.parked(request, now)
    request.compact()
  }

  /** The engine drains, or does no more: what was set aside has one try more; before the end it ends with that. */
  drain(how: Draining): void {
    if (how === this.#draining) return
    this.#draining = how
    this.#waitingOn.isOver = how === 'end'
    if (how === 'no') return
    for (const request of this.#register.aside.removeAll()) this.triesAgain(request)
  }

  /** The time of a record that was set aside has come: it is served after all others. */
  triesAgain(request: Request): void {
    request.stage = 'aside'
    request.lane = undefined
    this.#register.instanceQueue.put(request)
  }

  /** A record that was set aside may not go yet: others like it hold their share of the identifiers. */
  mustStayAside(request: Request, lane: Lane, now: Instant): boolean {
    if (lane.limits.aside < shareOf(lane.options.maxOutstanding)) return false
    this.#register.aside.putOff(request, now)
    return true
  }

  #failOver(request: Request, attempt: Attempt, now: Instant): void {
    const from = attempt.lane
    startCourse(request).addTried(from.number, signsOf(attempt))
    const obstacle = this.#obstacleTo(request, now)
    if (obstacle !== undefined) {
      this.#giveUp(request, obstacle, now)
      return
    }
    if (request.isBound && !from.isRetiring) {
      if (from.isLive()) this.#giveUp(request, 'state', now)
      else this.#register.drop(request, 'state-server-down', now)
      return
    }
    // It must not enter the backlog first: there it could push out a younger one.
    if (since(latestCopyAt(request), now) > this.#register.backlogs[request.class].limits.maxAge) {
      this.#register.expire(request, now)
      return
    }
    const pool = this.#pools.of(request)
    const next = pool.choose(request, now)
    if (next !== undefined) this.#goOnAt(next, request, `server ${from.server.name} did not answer`, now)
    else if (request.class === 'authentication' && pool.hasLive()) {
      this.#giveUp(request, 'no-other-server', now)
    } else if (this.#hadItsLastTry(request)) this.#giveUp(request, 'draining', now)
    else {
      this.#becomeCopy(request)
      this.findsNone(request, now)
      this.#register.enterBacklog(request, now)
    }
  }

  /** A copy of it waits for another server. */
  #goOnAt(next: Lane, request: Request, why: string, now: Instant): void {
    this.#becomeCopy(request)
    this.#register.wait(request, next, now, why)
    this.#register.enterBacklog(request, now)
  }

  #becomeCopy(request: Request): void {
    request.isBound = false
    request.stage = courseOf(request).asideTimer === undefined ? 'failover' : 'aside'
  }

  /** The engine drains before its end, and a server that lives left the record unanswered: it is not set aside again. */
  #hadItsLastTry(request: Request): boolean {
    return this.#draining === 'end' && courseOf(request).wasLeftByLiving && this.#pools.of(request).hasLive()
  }

  /** All servers that live have left the record unanswered: it is never given up for that. */
  #waitOn(request: Request, now: Instant): void {
    const { course } = request
    const isAside = course?.wasLeftByLiving === true
    course?.forgetTried()
    if (course !== undefined) course.wasLeftByLiving = false
    if (isAside) {
      request.lane = undefined
      this.#register.aside.put(request, now)
      this.#register.tracing.active?.setAside(request, now)
      request.compact()
      return
    }
    const next = this.#pools.of(request).choose(request, now)
    if (next === undefined) this.park(request, now)
    else this.#register.wait(request, next, now, 'no server answered so far')
  }

  #giveUp(request: Request, why: GivenUpBecause, now: Instant): void {
    const { tried, history } = courseOf(request)
    const { lanes } = this.#pools.of(request)
    const untried = lanes.find((lane) => lane.isLive() && !tried.includes(lane.number))
    const cause = causeOfSilence(history, lanes, now)
    this.#register.giveUp(request, { why, untried: untried?.server.name, cause }, now)
  }

  /** What keeps it from being sent again: max-transmissions counts over all servers, max-age ends an Access-Request. */
  #obstacleTo(request: Request, now: Instant): 'max-age' | 'max-transmissions' | undefined {
    const { maxTransmissions } = this.#pools.of(request).options
    if (maxTransmissions > 0 && courseOf(request).transmissions >= maxTransmissions) return 'max-transmissions'
    if (request.class === 'accounting') return undefined
    const { maxAge } = this.#register.backlogs.authentication.limits
    return since(latestCopyAt(request), now) <= maxAge ? undefined : 'max-age'
  }
}

const noteTried = (request: Request, { lane, tries }: Attempt): void => {
  startCourse(request).history.push({ server: lane.server.name, transmissions: tries })
}

/**
 * How many signs of life the attempt's server had given when its first time-out was over; Infinity where some of them came
 * meanwhile: it lived, and left the request unanswered.
 */
const signsOf = ({ signsAtFirst, signsAtTimeout }: Attempt): number =>
  signsAtFirst === signsAtTimeout ? signsAtTimeout : Number.POSITIVE_INFINITY
