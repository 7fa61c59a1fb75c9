/**
 * Sending to servers: a request gets an identifier and a place in the slot, and goes; and its attempt ends.
 *
 * If a request has to wait, `trySend` answers false and changes nothing. An attempt ends by its response (the identifier is free at
 * once) or by silence (the identifier rests in quarantine). Or it is abandoned, because its client gave up or a late answer ended
 * the request: then the identifier stays outstanding until the response or the time-out.
 */
import { RECORD_CLASS } from '../../classes.ts'
import { ACCESS_REQUEST, AUTHENTICATOR_LENGTH } from '../../codes.ts'
import { requestForServer } from '../../radius/rewrite.ts'
import { TIMEOUT_JITTER } from '../../throttle/failover-time.ts'
import { TimingWheel } from '../../throttle/timing-wheel.ts'
import { after, type Duration, type Instant, micros, since } from '../../units.ts'
import type { ClientDropReason } from '../border/endings.ts'
import { count } from '../border/histogram.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Journal, Outbox, Randomness } from '../border/ports.ts'
import { countServed } from '../clients/client-share.ts'
import type { Register } from '../register/register.ts'
import type { Lane } from '../work/lane.ts'
import { Attempt, Request, startCourse } from '../work/request.ts'
import { nasAddressFor, noteNasAddress, recordForServer } from './rewriting.ts'

/** How long a refused transmission still waits: a server that restarts is not given up within microseconds. */
const REFUSED_WAIT = micros(1_000_000)

interface Parts {
  readonly register: Register
  readonly outbox: Outbox
  readonly journal: Journal
  readonly random: Randomness
}

export class Sending {
  readonly wheel = new TimingWheel<Attempt>()
  readonly #parts: Parts
  readonly #placeOf = (length: number): Uint8Array => this.#parts.outbox.room(length)
  /** Of the Access-Request that is being made. */
  readonly #authenticator = new Uint8Array(AUTHENTICATOR_LENGTH)
  maxAttributes: number
  #seed: number

  constructor(options: EngineOptions, parts: Parts, seed: number) {
    this.maxAttributes = options.maxAttributes
    this.#parts = parts
    this.#seed = seed
  }

  /**
   * Sends a request that is in no queue, or drops it if it can't be rewritten; false if it must wait. `hadItsTurn`: it has waited for
   * this lane, and its turn has come.
   */
  trySend(request: Request, lane: Lane, now: Instant, hadItsTurn: boolean): boolean {
    if (request.stage === 'retry') {
      if (!lane.limits.budget.tryTake(now)) return false
      const attempt = request.course?.attempt as Attempt
      this.#transmit(attempt, this.#again(attempt), now)
      return true
    }
    const identifier = lane.limits.identifiers.peek()
    if (identifier === undefined || lane.queue.waiting.hasPrecedenceOver(request, hadItsTurn, now)) return false
    const allowance = request.stage === 'fresh' ? Request.fields.allowance(request) : undefined
    if (lane.limits.budget.left(now) <= 0 || (allowance !== undefined && allowance.left(now) <= 0)) return false
    request.setCompact(false)
    const bytes = this.#rewrite(request, lane, identifier.value, now)
    if (typeof bytes === 'string') {
      this.#parts.register.end(request, { how: 'dropped', reason: bytes }, now)
      return true
    }
    // Only now: what can't be sent takes nothing of the slot.
    if (allowance?.tryTake(now) === false || !lane.limits.budget.tryTake(now)) return false
    const { octets } = this.#parts.register.places
    const attempt = new Attempt({ lane, identifier, secret: lane.server.secret, request, bytes, octets })
    lane.limits.identifiers.hold(attempt)
    if (request.stage === 'aside') {
      attempt.isAside = true
      lane.limits.aside += 1
    }
    this.#parts.register.places.leave(request)
    this.#parts.register.places.outstanding[request.class] += 1
    startCourse(request).attempt = attempt
    this.#transmit(attempt, bytes, now)
    return true
  }

  /** It keeps its place without being sent again: for one time-out more, and not beyond `until`. */
  waitOn(attempt: Attempt, until: Instant, now: Instant): void {
    const timeout = after(now, this.#waitOf(attempt.lane))
    this.wheel.put(attempt, timeout < until ? timeout : until)
    attempt.isWaitingOn = true
    attempt.lane.limits.waitingOn.add(attempt)
  }

  /** The attempt is over for its request. `responded` frees the identifier at once, silence puts it in quarantine. */
  finish(attempt: Attempt, how: 'responded' | 'silent', now: Instant): void {
    const { limits, schedule } = attempt.lane
    if (how === 'silent') attempt.formerly = attempt.request ?? attempt.formerly
    this.#letGo(attempt)
    this.wheel.remove(attempt)
    limits.wasHeld(since(attempt.heldSince, now), now)
    if (attempt.isAside) limits.aside -= 1
    if (how === 'responded') limits.identifiers.release(attempt.identifier)
    else {
      limits.identifiers.quarantine(attempt.identifier, now)
      schedule.markChanged()
    }
    schedule.placeIsFree()
  }

  /** Nobody waits for the answer from here any more: the identifier stays in use until the response or the time-out. */
  abandon(attempt: Attempt, now: Instant): void {
    if (attempt.isWaitingOn || attempt.request?.queue !== undefined) {
      // Its time-out is over already.
      if (attempt.wasLeftByLiving) attempt.lane.counters.unansweredByLiveServer += 1
      this.finish(attempt, 'silent', now)
      return
    }
    this.#letGo(attempt)
    attempt.lane.limits.identifiers.abandon(attempt.identifier)
  }

  /** Nobody listens there: its transmission ends early, but not at once. */
  shorten(attempt: Attempt, now: Instant): void {
    if (attempt.step === -1) return
    const deadline = after(now, REFUSED_WAIT)
    if (deadline < attempt.deadline) this.wheel.put(attempt, deadline)
  }

  /** Asks a server whether it lives (RFC 5997). */
  probe(lane: Lane, now: Instant): void {
    const authenticator = new Uint8Array(16)
    this.#parts.random(authenticator)
    lane.counters.probesSent += 1
    const probe = lane.contact.startProbe(authenticator, now)
    const octets = this.#placeOf(probe.length)
    octets.set(probe)
    this.#parts.outbox.probe(lane.number, octets)
  }

  /** A number in [-1, 1), seeded once from the port's randomness. */
  readonly jitter = (): number => {
    // mulberry32: four operations; its quality is ample for spreading timers.
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x8000_0000 - 1
  }

  /** What it was sent as, to be sent once more. */
  #again(attempt: Attempt): Uint8Array {
    const { octets: sent } = attempt.sent
    const octets = this.#placeOf(sent.length)
    octets.set(sent)
    return octets
  }

  #transmit(attempt: Attempt, octets: Uint8Array, now: Instant): void {
    const { lane, identifier } = attempt
    const request = attempt.request as Request
    const course = startCourse(request)
    if (attempt.tries === 0) {
      lane.counters.requests += 1
      attempt.heldSince = now
      attempt.signsAtFirst = lane.contact.signsOfLife
      if (course.transmissions === 0) {
        count(lane.counters.queueWaits, since(request.receivedAt, now))
        countServed(request, 'sent')
      }
    } else lane.counters.retransmissions += 1
    attempt.tries += 1
    attempt.sentAt = now
    attempt.signsBefore = lane.contact.signsOfLife
    attempt.isWaitingOn = false
    course.transmissions += 1
    request.stage = 'retry'
    this.wheel.put(attempt, after(now, this.#waitOf(lane)))
    lane.limits.lastSent[identifier.port] = attempt
    this.#parts.register.trace?.sent(request, attempt, now)
    this.#parts.outbox.forward(lane.number, identifier.port, octets)
  }

  #waitOf(lane: Lane): Duration {
    return micros(Math.round(lane.options.timeout * (1 + TIMEOUT_JITTER * this.jitter())))
  }

  #rewrite(request: Request, lane: Lane, identifier: number, now: Instant): Uint8Array | ClientDropReason {
    const { client } = request
    const authenticator = this.#authenticator
    const came = request.packet
    if (came.code === ACCESS_REQUEST) this.#parts.random(authenticator)
    try {
      const { maxAttributes } = this
      const packet = request.class === RECORD_CLASS ? recordForServer(request, came, maxAttributes, now) : came
      const nasAddress = nasAddressFor(request, packet, maxAttributes)
      const { secret: clientSecret } = client.options
      const { secret: serverSecret } = lane.server
      const what = { packet, identifier, authenticator, clientSecret, serverSecret, nasAddress }
      const made = requestForServer(what, this.#placeOf)
      if (typeof made !== 'string') noteNasAddress(client, packet, nasAddress)
      return made
    } catch (error) {
      this.#parts.journal.note({ kind: 'internal-error', where: 'rewriting a request', error, bytes: came.bytes }, now)
      return 'internal-error'
    }
  }

  #letGo(attempt: Attempt): void {
    const { request } = attempt
    if (attempt.isSpent) attempt.lane.limits.waitingOn.delete(attempt)
    if (request === undefined) return
    if (request.queue !== undefined) this.#parts.register.places.leaveQueue(request)
    this.#parts.register.places.outstanding[request.class] -= 1
    startCourse(request).attempt = undefined
    attempt.request = undefined
    attempt.sent.release()
  }
}
