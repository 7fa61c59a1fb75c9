/**
 * The health of one server and class.
 *
 *     Not Responding   one failure
 *     Down             enough failures in a row, and long enough since the first of them if a response time-out is set.
 *                      With probes, a Status-Server is sent first and must stay unanswered for one time-out (RFC 5997)
 *     Failing          it lives, but answers hardly any request in time while another server does better; or it answers
 *                      the probe and no request
 *     Active           at first; from Not Responding and Down by a valid response to what is outstanding; from Down also by
 *                      an answered probe, or when the dead time is over; from Failing by serving half of its requests again
 *
 * A failure is a request that ended here unanswered while nothing valid came from the server since its latest transmission.
 * The caller knows which one is a failure: what a server leaves unanswered while it answers others is none. An operator may
 * hold a server Down. Then nothing but the operator ends it, and it is not probed.
 */
import { after, type Duration, earliest, type Instant, MICROS_PER_SECOND, micros } from '../units.ts'
import { Punctuality } from './punctuality.ts'

export type ServerState = 'active' | 'not_responding' | 'failing' | 'down'

export interface HealthOptions {
  readonly consecutiveFailures: number
  /** 0 is off; else the failures must also have lasted this long. */
  readonly responseTimeout: Duration
  readonly deadTime: Duration
  readonly probe: 'status_server' | 'none'
  readonly probeInterval: Duration
  /** One time-out of a request here: how long the probe before Down may stay unanswered. */
  readonly timeout: Duration
}

/** A change of state with its reason in words, for the log. */
export interface HealthChange {
  readonly from: ServerState
  readonly to: ServerState
  readonly why: string
}

/** Probes are spread by a fifth, at most 2 s, to either side (RFC 3539 section 3.4.1). */
const PROBE_JITTER_LIMIT = 2_000_000
/** A server that answered a request in time is not Down for so long: it may answer one in each second of the clock. */
const ALIVE_AFTER_ANSWER = micros(2_000_000)

export class ServerHealth {
  /** The caller notes each request that was not answered within its first time-out. */
  readonly punctuality = new Punctuality()
  #options: HealthOptions
  #state: ServerState = 'active'
  #since: Instant
  #failures = 0
  /** Of these, those that are not doubtful. */
  #clearFailures = 0
  #firstFailureAt: Instant | undefined = undefined
  /** The last valid response to a request that was outstanding. */
  #answeredAt: Instant | undefined = undefined
  /** The last valid response of any kind, late ones and answers to probes included. */
  #heardAt: Instant | undefined = undefined
  #nextProbeAt: Instant | undefined = undefined
  /** It is asked whether it lives: Down unless something is heard until then. */
  #askedUntil: Instant | undefined = undefined
  /** It has just answered a probe: it is not asked again before. */
  #notAskedBefore: Instant | undefined = undefined
  /** The second in which it was last compared with the other servers. */
  #comparedIn = -1
  #isHeldDown = false

  constructor(options: HealthOptions, now: Instant) {
    this.#options = options
    this.#since = now
  }

  get state(): ServerState {
    return this.#state
  }

  get since(): Instant {
    return this.#since
  }

  get consecutiveFailures(): number {
    return this.#failures
  }

  get isHeldDown(): boolean {
    return this.#isHeldDown
  }

  /** A valid response to a request that is outstanding. `isInTime`: before its first time-out had passed. */
  responded(now: Instant, isInTime = true): HealthChange | undefined {
    if (isInTime) this.punctuality.note(true, now)
    this.#answeredAt = now
    this.#heardAt = now
    this.#forgetFailures()
    if (this.#state === 'active' || this.#isHeldDown) return undefined
    if (this.#state !== 'failing') return this.#become('active', 'it answered', now)
    if (!this.punctuality.hasRecovered(now)) return undefined
    return this.#become('active', 'it answers half of its requests again', now)
  }

  /** The first valid response after its request ended here: a sign of life. It serves nobody, so no failure is forgotten. */
  respondedLate(now: Instant): HealthChange | undefined {
    this.#heardAt = now
    return this.#askedUntil === undefined ? undefined : this.#findAlive('it answers, but too late', now)
  }

  probeAnswered(now: Instant): HealthChange | undefined {
    this.#heardAt = now
    if (this.#isHeldDown) return undefined
    if (this.#state === 'down') {
      this.#forgetFailures()
      return this.#become('active', 'it answered a probe', now)
    }
    return this.#askedUntil === undefined ? undefined : this.#findAlive('it answers probes and no request', now)
  }

  /** `isDoubtful`: another server lives and left it unanswered too. That is a reason to ask this one, and none to judge it. */
  failed(now: Instant, isDoubtful = false): HealthChange | undefined {
    if (isDoubtful && this.#options.probe === 'none') return undefined
    this.#failures += 1
    if (!isDoubtful) this.#clearFailures += 1
    this.#firstFailureAt ??= now
    if (this.#state === 'down') return undefined
    const change = this.#judgeDead(now)
    if (change !== undefined || isDoubtful || this.#state !== 'active') return change
    return this.#become('not_responding', 'a request used up its tries', now)
  }

  /** Failing if it serves badly, is heard at all, and another server does better. Others are looked at once a second at most. */
  judgeService(isAnotherBetter: () => boolean, now: Instant): HealthChange | undefined {
    if (this.#state !== 'active' && this.#state !== 'not_responding') return undefined
    const why = this.#heardAt === undefined ? undefined : this.punctuality.whyUseless(this.#heardAt, now)
    if (why === undefined) return undefined
    const second = Math.floor(now / MICROS_PER_SECOND)
    if (second === this.#comparedIn) return undefined
    this.#comparedIn = second
    if (!isAnotherBetter()) return undefined
    return this.#becomeFailing(why, now)
  }

  /** What time alone changes: the response time-out reached, a probe unanswered, the dead time over. */
  passTime(now: Instant): HealthChange | undefined {
    if (this.#isHeldDown) return undefined
    if (this.#state !== 'down') return this.#judgeDead(now)
    if (now < after(this.#since, this.#options.deadTime)) return undefined
    this.#forgetFailures()
    return this.#become('active', 'its dead time is over', now)
  }

  /** The next probe of a Down server is an interval later. `jitter`, in [-1, 1], is only called if one is due. */
  isProbeDue(now: Instant, jitter: () => number): boolean {
    if (this.#nextProbeAt === undefined || now < this.#nextProbeAt) return false
    const interval = this.#options.probeInterval
    const spread = Math.round(jitter() * Math.min(PROBE_JITTER_LIMIT, interval / 5))
    this.#nextProbeAt = this.#state === 'down' ? after(now, micros(interval + spread)) : undefined
    return true
  }

  nextWakeAt(): Instant | undefined {
    if (this.#isHeldDown) return undefined
    if (this.#state === 'down') return earliest(after(this.#since, this.#options.deadTime), this.#nextProbeAt)
    if (this.#askedUntil !== undefined) return earliest(this.#askedUntil, this.#nextProbeAt)
    const { consecutiveFailures, responseTimeout, probe } = this.#options
    if (this.#firstFailureAt === undefined || this.#failures < consecutiveFailures) return undefined
    const enoughAt = after(this.#firstFailureAt, responseTimeout)
    const notBefore = probe === 'status_server' ? this.#notAskedBefore : this.#aliveUntil()
    return notBefore === undefined || notBefore < enoughAt ? enoughAt : notBefore
  }

  reconfigure(options: HealthOptions): void {
    this.#options = options
    if (this.#isHeldDown) return
    if (this.#state === 'down') this.#nextProbeAt = this.#firstProbeAt(this.#nextProbeAt ?? this.#since)
    else if (this.#askedUntil === undefined) return
    // By these options it is not asked, or not yet: what it leaves unanswered now would not count.
    else if (options.probe === 'none' || !this.#hasFailedEnough(this.#askedUntil)) this.#stopAsking()
  }

  /** What an operator wants: held Down from now on, or let go, which makes it Active. */
  hold(isHeldDown: boolean, now: Instant): HealthChange | undefined {
    if (isHeldDown === this.#isHeldDown) return undefined
    this.#isHeldDown = isHeldDown
    this.#forgetFailures()
    this.#nextProbeAt = undefined
    if (!isHeldDown) return this.#become('active', 'an operator took it up', now)
    return this.#state === 'down' ? undefined : this.#become('down', 'an operator took it down', now)
  }

  #judgeDead(now: Instant): HealthChange | undefined {
    if (this.#isHeldDown || !this.#hasFailedEnough(now)) return undefined
    if (this.#options.probe === 'status_server') {
      if (this.#askedUntil === undefined) this.#ask(now)
      if (this.#askedUntil === undefined || now < this.#askedUntil) return undefined
      return this.#goDown('and a probe was not answered', now)
    }
    const aliveUntil = this.#aliveUntil()
    return aliveUntil !== undefined && now < aliveUntil ? undefined : this.#goDown('and no probe is configured', now)
  }

  /** A probe is to be sent now, before it is judged. */
  #ask(now: Instant): void {
    if (this.#notAskedBefore !== undefined && now < this.#notAskedBefore) return
    const [patience, aliveUntil] = [after(now, this.#options.timeout), this.#aliveUntil()]
    this.#askedUntil = aliveUntil === undefined || aliveUntil < patience ? patience : aliveUntil
    this.#nextProbeAt = now
  }

  /** It was asked whether it lives, and does. */
  #findAlive(why: string, now: Instant): HealthChange | undefined {
    const isJudged = this.#clearFailures > 0
    this.#forgetFailures()
    this.#notAskedBefore = after(now, this.#options.probeInterval)
    return this.#state === 'failing' || !isJudged ? undefined : this.#becomeFailing(why, now)
  }

  #becomeFailing(why: string, now: Instant): HealthChange {
    this.punctuality.restart()
    return this.#become('failing', why, now)
  }

  /** Until when an answer in time keeps it from being Down. */
  #aliveUntil(): Instant | undefined {
    return this.#answeredAt === undefined ? undefined : after(this.#answeredAt, ALIVE_AFTER_ANSWER)
  }

  #forgetFailures(): void {
    this.#failures = 0
    this.#clearFailures = 0
    this.#firstFailureAt = undefined
    this.#stopAsking()
  }

  #stopAsking(): void {
    if (this.#askedUntil === undefined) return
    this.#askedUntil = undefined
    this.#nextProbeAt = undefined
  }

  #hasFailedEnough(now: Instant): boolean {
    const { consecutiveFailures, responseTimeout } = this.#options
    if (this.#failures < consecutiveFailures || this.#firstFailureAt === undefined) return false
    return now >= after(this.#firstFailureAt, responseTimeout)
  }

  #goDown(andWhat: string, now: Instant): HealthChange {
    this.#stopAsking()
    this.#nextProbeAt = this.#firstProbeAt(after(now, this.#options.probeInterval))
    const failed =
      this.#failures === 1 ? 'a request used up its tries' : `${this.#failures} requests in a row used up their tries`
    return this.#become('down', `${failed}, ${andWhat}`, now)
  }

  #firstProbeAt(at: Instant): Instant | undefined {
    return this.#options.probe === 'status_server' ? at : undefined
  }

  #become(to: ServerState, why: string, now: Instant): HealthChange {
    const from = this.#state
    this.#state = to
    this.#since = now
    if (to !== 'down' && this.#askedUntil === undefined) this.#nextProbeAt = undefined
    return { from, to, why }
  }
}
