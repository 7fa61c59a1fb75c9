/**
 * Which server a request is for: before it is sent for the first time, and when it can't stay with its server.
 *
 * At first it is the server that records of the same session wait for (docs/accounting.md: they leave in the order of arrival),
 * or the server that its State belongs to, or the one that the class's algorithm names. Only health changes it.
 *
 * If that server fails, another one that lives and did not fail the request gets a copy. If every server is Down, the request
 * parks with its place in the order. If all that live have failed it, a request is given up; an accounting record waits
 * on, set aside behind the others if a living server left it unanswered. max-age counts from its client's
 * latest copy here: a client that still asks is still there.
 */
import { RECORD_CLASS } from '../../classes.ts'
import type { Instant } from '../../units.ts'
import type { GivenUpBecause } from '../border/events.ts'
import type { Draining, States } from '../border/ports.ts'
import type { Pools } from '../pool/pool.ts'
import { shareOf } from '../pool/set-aside.ts'
import type { Register } from '../register/register.ts'
import { type Lane, mostUnanswered } from '../work/lane.ts'
import { type Attempt, courseOf, type Request, startCourse, worthSendingUntil } from '../work/request.ts'
import { causeOfSilence } from '../work/silence.ts'
import { NONE_TRIED } from '../work/unanswered.ts'
import type { Sending } from './sending.ts'

const SET_ASIDE = 'a server that lives left it unanswered; it waits behind the others'

interface Parts {
  readonly register: Register
  readonly pools: Pools
  readonly states: States
  readonly sending: Sending
}

export class Assigning {
  readonly #parts: Parts
  #draining: Draining = 'no'

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The server of a request; without one it has parked or ended. */
  laneOf(request: Request, now: Instant): Lane | undefined {
    const { register, pools } = this.#parts
    const { sessions } = register.places
    const itsSessions = sessions.laneOf(request)
    if (itsSessions?.isLive() === true) request.lane = itsSessions
    if (request.lane !== undefined) return request.lane
    const bound = this.#boundLane(request, now)
    request.isBound = bound !== undefined
    if (bound?.isLive() === false) {
      register.end(request, { how: 'dropped', reason: 'state-server-down' }, now)
      return undefined
    }
    request.lane = bound ?? pools.of(request).choose(request, now)
    sessions.setLaneOf(request, request.lane)
    if (request.lane === undefined) this.#findsNone(request, now)
    return request.lane
  }

  #boundLane(request: Request, now: Instant): Lane | undefined {
    const { packet } = request
    const { states, pools } = this.#parts
    const server = packet.stateAt === 0 ? undefined : states.serverOf(packet.value(packet.stateAt), now)
    return server === undefined ? undefined : pools.of(request).find(server)
  }

  /** A request whose server takes nothing any more goes to another one. It must be in no queue. */
  moveAway(request: Request, from: Lane, now: Instant): void {
    const { register, sending, pools } = this.#parts
    if (request.stage === 'retry') {
      const attempt = request.course?.attempt as Attempt
      noteTried(request, attempt)
      sending.finish(attempt, 'silent', now)
      this.failOver(request, attempt, now)
      return
    }
    if (request.isBound && !from.isRetiring) {
      register.end(request, { how: 'dropped', reason: 'state-server-down' }, now)
      return
    }
    request.isBound = false
    const { sessions } = register.places
    const itsSessions = sessions.laneOf(request)
    // Records of one session move together.
    const isTheirs = itsSessions !== from && itsSessions?.isLive() === true
    const next = isTheirs ? itsSessions : pools.of(request).choose(request, now, from)
    sessions.setLaneOf(request, next)
    if (next === undefined) this.#findsNone(request, now)
    else this.wait(request, next, now, `server ${from.server.name} takes nothing now`)
  }

  /** The server did not answer, and the attempt is over: a copy goes to another server, if one is left. */
  failOver(request: Request, attempt: Attempt, now: Instant): void {
    const { register, pools } = this.#parts
    const from = attempt.lane
    const course = startCourse(request)
    course.tried = course.tried.with(from.number, signsOf(attempt))
    const obstacle = this.obstacleTo(request, now)
    if (obstacle !== undefined) {
      this.giveUp(request, obstacle, now)
      return
    }
    if (request.isBound && !from.isRetiring) {
      if (from.isLive()) this.giveUp(request, 'state', now)
      else register.end(request, { how: 'dropped', reason: 'state-server-down' }, now)
      return
    }
    // It must not enter the backlog first: there it could push out a younger one.
    if (this.#isTooOld(request, now)) {
      register.end(request, { how: 'expired' }, now)
      return
    }
    const pool = pools.of(request)
    const next = pool.choose(request, now)
    if (next !== undefined) this.#goOnAt(next, request, `server ${from.server.name} did not answer`, now)
    else if (request.class !== RECORD_CLASS && pool.live > 0) this.giveUp(request, 'no-other-server', now)
    else if (this.#hadItsLastTry(request)) this.giveUp(request, 'draining', now)
    else {
      becomeCopy(request)
      this.#findsNone(request, now)
      this.#enterBacklog(request, now)
    }
  }

  /** Whether a request that is outstanding at this server could go to another one. */
  canMove(request: Request, from: Lane, now: Instant): boolean {
    if (this.obstacleTo(request, now) !== undefined || this.#isTooOld(request, now)) return false
    return this.#parts.pools.of(request).hasOther(from, request)
  }

  /** Its server refused it, and it can move: a copy goes to another server. The attempt may be open still. */
  moveOn(request: Request, attempt: Attempt, now: Instant): void {
    const from = attempt.lane
    // Its time-out is not over, so these are the signs until now.
    if (attempt.tries === 1) attempt.signsAtTimeout = from.contact.signsOfLife
    const course = startCourse(request)
    course.tried = course.tried.with(from.number, signsOf(attempt))
    const next = this.#parts.pools.of(request).choose(request, now) as Lane
    this.#goOnAt(next, request, `refused by server ${from.server.name}: moved to server ${next.server.name}`, now)
  }

  /** The attempt is over: the server answered, but `why` says what is wrong with its response. */
  gotUnusable(request: Request, attempt: Attempt, why: string, now: Instant): void {
    const { register, pools } = this.#parts
    const { lane } = attempt
    const { server } = lane
    const dropped = `its response was dropped: ${why}`
    register.trace?.step('timed-out', request, now, { server: server.name, why: dropped })
    noteTried(request, attempt)
    const course = startCourse(request)
    course.tried = course.tried.with(lane.number, Number.POSITIVE_INFINITY)
    const isElsewhere = !request.isBound && this.obstacleTo(request, now) === undefined
    const next = isElsewhere ? pools.of(request).choose(request, now) : undefined
    if (next === undefined) register.end(request, { how: 'dropped', reason: 'unusable-response' }, now)
    else this.#goOnAt(next, request, `the response of server ${server.name} can't be passed on`, now)
  }

  wait(request: Request, lane: Lane, now: Instant, why?: string): void {
    const { places, trace } = this.#parts.register
    places.wait(request, lane)
    trace?.queued(request, lane, now, why)
  }

  /** Every server is Down: it waits in the order of arrival, and may try any server afterwards. */
  park(request: Request, now: Instant): void {
    request.lane = undefined
    if (request.course !== undefined) request.course.tried = NONE_TRIED
    this.#parts.pools.of(request).outage.park(request)
    this.#parts.register.trace?.step('queued', request, now, { why: 'every server is Down' })
    request.setCompact(true)
  }

  /** The engine drains, or does no more: what was set aside has one try more; before the end it ends with that. */
  drain(how: Draining): void {
    if (how === this.#draining) return
    this.#draining = how
    if (how === 'no') return
    for (const request of this.#parts.register.places.aside.removeAll()) this.triesAgain(request)
  }

  /** The time of a record that was set aside has come: it is served after all others. */
  triesAgain(request: Request): void {
    request.stage = 'aside'
    request.lane = undefined
    this.#parts.register.places.instanceQueue.put(request)
  }

  /** A record that was set aside may not go yet: others like it hold their share of the identifiers. */
  mustStayAside(request: Request, lane: Lane, now: Instant): boolean {
    if (lane.limits.aside < shareOf(mostUnanswered(lane))) return false
    this.#parts.register.places.aside.putOff(request, now)
    return true
  }

  giveUp(request: Request, why: GivenUpBecause, now: Instant): void {
    const { tried, history } = courseOf(request)
    const { lanes } = this.#parts.pools.of(request)
    const untried = lanes.find((lane) => lane.isLive() && !tried.lanes.includes(lane.number))?.server.name
    const cause = causeOfSilence(history, lanes, now)
    this.#parts.register.end(request, { how: 'given-up', why, untried, cause }, now)
  }

  /** What keeps it from being sent again: max-transmissions counts over all servers, max-age ends it, unless it is a record. */
  obstacleTo(request: Request, now: Instant): 'max-age' | 'max-transmissions' | undefined {
    const { pools, register } = this.#parts
    const { maxTransmissions } = pools.of(request).options
    if (maxTransmissions > 0 && courseOf(request).transmissions >= maxTransmissions) return 'max-transmissions'
    if (request.class === RECORD_CLASS) return undefined
    return now <= worthSendingUntil(request, register.places.backlogs[request.class].limits) ? undefined : 'max-age'
  }

  /** No server lives that did not leave it unanswered. It must be in no queue; whether it waits is already counted. */
  #findsNone(request: Request, now: Instant): void {
    if (this.#parts.pools.of(request).live === 0) this.park(request, now)
    else if (request.class === RECORD_CLASS) this.#keepTrying(request, now)
    else this.giveUp(request, 'no-other-server', now)
  }

  /** All servers that live have left the record unanswered: it is never given up for that. */
  #keepTrying(request: Request, now: Instant): void {
    const { register, pools } = this.#parts
    const { course } = request
    const isAside = course?.wasLeftByLiving === true
    if (course !== undefined) {
      course.tried = NONE_TRIED
      course.wasLeftByLiving = false
    }
    if (isAside) {
      request.lane = undefined
      register.places.aside.put(request, now)
      register.trace?.step('queued', request, now, { why: SET_ASIDE })
      request.setCompact(true)
      return
    }
    const next = pools.of(request).choose(request, now)
    if (next === undefined) this.park(request, now)
    else this.wait(request, next, now, 'no server answered so far')
  }

  /** As a copy it would expire at once. */
  #isTooOld(request: Request, now: Instant): boolean {
    return now > worthSendingUntil(request, this.#parts.register.places.backlogs[request.class].limits)
  }

  #goOnAt(next: Lane, request: Request, why: string, now: Instant): void {
    becomeCopy(request)
    this.wait(request, next, now, why)
    this.#enterBacklog(request, now)
  }

  /** It was outstanding and counts among those that wait from now on. */
  #enterBacklog(request: Request, now: Instant): void {
    const { register } = this.#parts
    register.places.enter(request)
    register.keepBounds(request, now)
  }

  /** The engine drains before its end, and a server that lives left the record unanswered: it is not set aside again. */
  #hadItsLastTry(request: Request): boolean {
    return this.#draining === 'end' && courseOf(request).wasLeftByLiving && this.#parts.pools.of(request).live > 0
  }
}

export const noteTried = (request: Request, { lane, tries }: Attempt): void => {
  const course = startCourse(request)
  course.history = [...course.history, { server: lane.server.name, transmissions: tries }]
}

/** Its server's signs of life when the first time-out was over; Infinity if it gave some until then and left this unanswered. */
const signsOf = ({ signsAtFirst, signsAtTimeout }: Attempt): number =>
  signsAtFirst === signsAtTimeout ? signsAtTimeout : Number.POSITIVE_INFINITY

const becomeCopy = (request: Request): void => {
  request.isBound = false
  request.stage = courseOf(request).asideTimer === undefined ? 'failover' : 'aside'
}
