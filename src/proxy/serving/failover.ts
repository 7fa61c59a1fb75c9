/**
 * What happens when no answer comes: a retry, waiting on, or the end of the attempt; and what that says of the server.
 *
 * A request has used up its tries at a server if max-retries, max-transmissions or (Access-Request) its max-age allow no further
 * one. That speaks against the server only if nothing valid came from it since the request's latest transmission. If the server
 * answered others meanwhile, only the request is counted, here and at the servers that get it next (`assigning.ts`).
 *
 * A login that no other server is left to ask for *waits on*: it keeps its place at its server, in the same attempt, while its
 * client asks. So a slow server (a push to a telephone) gets each login once: it knows a retransmission by its octets (RFC 5080
 * section 2.2.1). Each copy of the client is one more try, since a packet may have been lost. If others wait for this server, they
 * need its places more.
 */
import { RECORD_CLASS } from '../../classes.ts'
import { after, type Instant, instant, micros } from '../../units.ts'
import type { Journal } from '../border/ports.ts'
import type { Pools } from '../pool/pool.ts'
import type { Register } from '../register/register.ts'
import { isFailing, isWell, type Lane } from '../work/lane.ts'
import { type Attempt, latestCopyAt, type Request, startCourse, worthSendingUntil } from '../work/request.ts'
import { type Assigning, noteTried } from './assigning.ts'
import type { HealthChanges } from './health-changes.ts'
import type { Sending } from './sending.ts'

/** Places that are given up for others in one step. */
const FREED_AT_ONCE = 32
/** A login waits on for so long from its arrival: no client asks longer for one login. */
const LONGEST = micros(30_000_000)
const WAITS_ON = 'no other server is left to ask, and its client asks'

interface Parts {
  readonly register: Register
  readonly pools: Pools
  readonly sending: Sending
  readonly assigning: Assigning
  readonly healthChanges: HealthChanges
  readonly journal: Journal
}

export class Failover {
  readonly #parts: Parts
  /** The engine drains before its end: nothing waits on. */
  isEnding = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  timedOut(attempt: Attempt, now: Instant): void {
    const { register, sending, assigning } = this.#parts
    const { request, lane } = attempt
    if (!attempt.isWaitingOn) {
      lane.counters.timeouts += 1
      lane.contact.timedOut(attempt, now)
      lane.limits.identifiers.places.window?.timedOut(now)
      if (attempt.tries === 1) attempt.signsAtTimeout = lane.contact.signsOfLife
    }
    if (request === undefined) {
      // Its client gave it up, and the server had its time for it all the same.
      this.#fail(attempt, now)
      return
    }
    if (!attempt.isWaitingOn) register.trace?.timedOut(request, attempt, now)
    const triesLeft = lane.isLive() && attempt.tries <= lane.options.maxRetries
    if (triesLeft && assigning.obstacleTo(request, now) === undefined) {
      this.#countOverdue(attempt, now)
      this.#retry(attempt, request)
      return
    }
    this.#spend(attempt, now)
    if (!this.#mayWaitOn(request, attempt, now)) this.#end(attempt, request, now)
    else if (latestCopyAt(request) <= attempt.sentAt || assigning.obstacleTo(request, now) !== undefined) {
      if (!attempt.isWaitingOn)
        register.trace?.step('queued', request, now, { server: lane.server.name, why: WAITS_ON })
      sending.waitOn(attempt, this.#waitsOnUntil(request), now)
    } else if (this.#leavesForAnother(request, attempt)) this.#end(attempt, request, now)
    else {
      // Its client has asked again, so the server is asked again too: what was lost on the way comes to nothing else.
      this.#retry(attempt, request)
    }
  }

  /** Requests wait for identifiers: the logins that have waited on for longest give theirs up. */
  makeRoom(lane: Lane, now: Instant): void {
    const { limits, queue } = lane
    // What is given back and not served yet has been promised room.
    if (limits.waitingOn.size === 0 || queue.promised > 0 || queue.restsAt(now)) return
    const wanted = Math.min(queue.waiting.queued, limits.budget.left(now), FREED_AT_ONCE)
    while (limits.identifiers.room() < wanted && limits.canMakeRoom()) this.#endLongest(lane, now)
  }

  /** The server was removed: what waits on there begins anew elsewhere, or not at all. */
  endWaitingOn(lane: Lane, now: Instant): void {
    while (lane.limits.waitingOn.size > 0) this.#endLongest(lane, now)
  }

  /** A due retry that waited too long for quota: an Access-Request past its max-age goes nowhere any more. */
  retryIsTooLate(request: Request, now: Instant): boolean {
    const obstacle = this.#parts.assigning.obstacleTo(request, now)
    if (obstacle === undefined) return false
    this.#end(request.course?.attempt as Attempt, request, now)
    return true
  }

  #retry(attempt: Attempt, request: Request): void {
    const { lane } = attempt
    lane.limits.waitingOn.delete(attempt)
    lane.queue.waiting.put(request)
    lane.schedule.markChanged()
  }

  #endLongest(lane: Lane, now: Instant): void {
    const [attempt] = lane.limits.waitingOn
    if (attempt !== undefined) this.#end(attempt, attempt.request as Request, now)
  }

  #end(attempt: Attempt, request: Request, now: Instant): void {
    this.#fail(attempt, now)
    this.#parts.assigning.failOver(request, attempt, now)
  }

  /** The request ended at this server without an answer, or its client gave it up and the time for it is over. */
  #fail(attempt: Attempt, now: Instant): void {
    this.#spend(attempt, now)
    if (attempt.wasLeftByLiving) this.#countUnanswered(attempt, now)
    if (attempt.request !== undefined) noteTried(attempt.request, attempt)
    this.#parts.sending.finish(attempt, 'silent', now)
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
      this.#parts.healthChanges.changed(lane, lane.health.failed(now, wasLeftByLiving), now)
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
    const { contact, server, class: its } = lane
    contact.unanswered.note(request, now)
    const client = request.client.options.name
    const more = { client, common: contact.unanswered.common(now), cause: contact.likelyCause(now) }
    this.#parts.journal.note({ kind: 'unanswered-by-live-server', server: server.name, class: its, ...more }, now)
  }

  /** The health hears once of each request that was not answered within its first time-out. */
  #countOverdue(attempt: Attempt, now: Instant): void {
    const { lane } = attempt
    if (attempt.isOverdue || !lane.isLive()) return
    attempt.isOverdue = true
    if (attempt.request?.course?.wasLeftByLiving === true) return
    lane.health.punctuality.note(false, now)
    const isBetter = (other: Lane): boolean =>
      other !== lane && isWell(other) && other.health.punctuality.servesWell(now)
    const hasBetter = (): boolean => this.#parts.pools.of(lane).lanes.some(isBetter)
    this.#parts.healthChanges.changed(lane, lane.health.judgeService(hasBetter, now), now)
  }

  /** Whether it may keep its place. With a secret that is not the server's any more, an answer would come to nobody. */
  #mayWaitOn(request: Request, { lane, secret }: Attempt, now: Instant): boolean {
    if (request.class === RECORD_CLASS || !lane.isLive() || this.isEnding) return false
    const { queue } = lane
    if (queue.waiting.queued > 0 && !queue.restsAt(now)) return false
    if (now >= this.#waitsOnUntil(request)) return false
    if (secret !== lane.server.secret && !secret.equals(lane.server.secret)) return false
    return request.isBound || !this.#parts.pools.of(request).hasOther(lane, request)
  }

  /**
   * Until when an answer is of use: max-age after its client last asked, or for as long as its next copy may be away, and no longer
   * than any client asks.
   */
  #waitsOnUntil(request: Request): Instant {
    const { limits } = this.#parts.register.places.backlogs[request.class]
    const asked = Math.max(after(latestCopyAt(request), limits.maxAge), worthSendingUntil(request, limits))
    return instant(Math.min(after(request.receivedAt, LONGEST), asked + 1))
  }

  /**
   * Whether a server that failed it may answer now, and this one hardly will: then it may try that one again. If this one is
   * silent that is every other, else those that gave no sign of life while they were asked, and one since.
   */
  #leavesForAnother(request: Request, { lane, signsAtFirst }: Attempt): boolean {
    if (request.isBound) return false
    const isSilent = lane.contact.signsOfLife === signsAtFirst
    const again = this.#parts.pools.of(request).lanes.filter((other) => {
      const signs = other === lane || !other.isLive() ? undefined : request.course?.tried.signsOf(other.number)
      return signs !== undefined && (isSilent || other.contact.signsOfLife > signs)
    })
    const { course } = request
    if (course !== undefined) for (const { number } of again) course.tried = course.tried.without(number)
    return again.length > 0
  }
}
