/**
 * The health of one server and class: Active, Not Responding, Failing, Down.
 *
 * A failure is a request that ended here unanswered while nothing valid came from the server since its latest
 * transmission; what a server leaves unanswered while it answers others is no failure (the caller decides which it is).
 * Not Responding: one failure. Down: enough failures in a row and, where a response time-out is set, long enough since
 * the first of them; with probes, a Status-Server is sent first and must stay unanswered for one time-out (RFC 5997).
 * Failing: it lives, but answers hardly any request in time, while another server does better; or it answers the probe
 * and no request. Active again: from Not Responding and Down by any valid response to what is outstanding, from Down also
 * by an answered probe or when the dead time is over; from Failing by serving half of its requests again. An operator may
 * hold a server Down: then nothing but the operator ends it, and it is not probed.
 */
import { after, type Duration, earliest, type Instant, MICROS_PER_SECOND, micros, since } from '../units.ts'
import { Punctuality, RECORD_SECONDS } from './punctuality.ts'

export type ServerState = 'active' | 'not_responding' | 'failing' | 'down'

export interface HealthOptions {
  readonly consecutiveFailures: number
  /** 0 is off. */
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
const RECORD_LENGTH = micros(RECORD_SECONDS * 1_000_000)
/** Fewer requests than these say nothing of how a server serves. */
const ENOUGH_ENDED = 10
/** Failing is who answers less than one request in ten. */
const ONE_IN = 10
/** Under load it shows sooner: so many requests in so many seconds, and none of them answered in time. */
const USELESS_SECONDS = 4
const USELESS_ENDED = 50
/** The fewest requests that end Failing, and how many of the latest are remembered. */
const ENOUGH_TO_RECOVER = 3
const TALLY_MOST = 6

export class Health {
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
  readonly #punctuality = new Punctuality()
  /** The second in which it was last compared with the other servers. */
  #comparedIn = -1
  /** Since it became Failing, of the latest requests. */
  #tally = { ended: 0, answered: 0 }
  #isHeldDown = false

  constructor(options: HealthOptions, now: Instant) {
    this.#options = options
    this.#since = now
  }

  /** Time alone changes nothing: it is not Down, and no failure counts. */
  get isCalm(): boolean {
    return this.#firstFailureAt === undefined && this.#state !== 'down'
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

  /** An operator holds it Down. */
  get isHeldDown(): boolean {
    return this.#isHeldDown
  }

  /** A valid response to a request that is outstanding. `isInTime`: before that request was `overdue`. */
  responded(now: Instant, isInTime = true): HealthChange | undefined {
    if (isInTime) this.#note(true, now)
    this.#answeredAt = now
    this.#heardAt = now
    this.#forgetFailures()
    if (this.#state === 'active' || this.#isHeldDown) return undefined
    if (this.#state !== 'failing') return this.#become('active', 'it answered', now)
    return this.#hasRecovered(now) ? this.#become('active', 'it answers half of its requests again', now) : undefined
  }

  /**
   * A valid response that came after its request had ended here, for the first time. The server was alive after it got
   * that request; it serves nobody with it, so it is not Active by it and no failure is forgotten.
   */
  respondedLate(now: Instant): HealthChange | undefined {
    this.#heardAt = now
    return this.#askedUntil === undefined ? undefined : this.#findAlive('it answers, but too late', now)
  }

  /** An answer to a probe. */
  probeAnswered(now: Instant): HealthChange | undefined {
    this.#heardAt = now
    if (this.#isHeldDown) return undefined
    if (this.#state === 'down') {
      this.#forgetFailures()
      return this.#become('active', 'it answered a probe', now)
    }
    return this.#askedUntil === undefined ? undefined : this.#findAlive('it answers probes and no request', now)
  }

  /** The time-out of a request's first transmission here has passed: once for each request. */
  overdue(now: Instant): void {
    this.#note(false, now)
  }

  /**
   * A request ended here unanswered, and nothing valid came since its latest transmission. `isDoubtful`: another server
   * lives and left it unanswered too. That is a reason to ask this one, and none to judge it.
   */
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

  /** Whether it serves too few of its requests: fewer than one in ten, or none at all for a few seconds. */
  servesBadly(now: Instant): boolean {
    const ended = this.#punctuality.ended(now)
    if (ended >= ENOUGH_ENDED && this.#punctuality.answered(now) * ONE_IN < ended) return true
    return this.#punctuality.isUseless(USELESS_SECONDS, USELESS_ENDED, now)
  }

  /** Why it is of little use though it lives; undefined where it serves, or has given no sign of life meanwhile. */
  #whyUseless(now: Instant): string | undefined {
    if (this.#heardAt === undefined) return undefined
    const silence = since(this.#heardAt, now)
    const [answered, ended] = [this.#punctuality.answered(now), this.#punctuality.ended(now)]
    if (ended >= ENOUGH_ENDED && answered * ONE_IN < ended && silence <= RECORD_LENGTH) {
      return `it answered ${answered} of the last ${ended} requests in time`
    }
    const isNone = this.#punctuality.isUseless(USELESS_SECONDS, USELESS_ENDED, now)
    if (!isNone || silence > USELESS_SECONDS * MICROS_PER_SECOND) return undefined
    return `it answered no request of the last ${USELESS_SECONDS} s in time`
  }

  /** Whether it serves better than badly, as far as is known: of a server that was asked nothing, nothing bad is. */
  servesBetter(now: Instant): boolean {
    return (
      this.#punctuality.ended(now) === 0 || this.#punctuality.answered(now) * ONE_IN >= this.#punctuality.ended(now)
    )
  }

  /**
   * It serves badly while another server does better: Failing, if it gives a sign of life at all. The others are looked at
   * once a second at most.
   */
  judgeService(isAnotherBetter: () => boolean, now: Instant): HealthChange | undefined {
    if (this.#state !== 'active' && this.#state !== 'not_responding') return undefined
    const why = this.#whyUseless(now)
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

  /** When a probe is due. */
  get nextProbeAt(): Instant | undefined {
    return this.#nextProbeAt
  }

  /** Whether a probe is due; of a Down server the next one is then one interval away. `jitter` is in [-1, 1]. */
  isProbeDue(now: Instant, jitter: number): boolean {
    if (this.#nextProbeAt === undefined || now < this.#nextProbeAt) return false
    const interval = this.#options.probeInterval
    const spread = Math.round(jitter * Math.min(PROBE_JITTER_LIMIT, interval / 5))
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

  change(options: HealthOptions): void {
    this.#options = options
    if (this.#isHeldDown) return
    if (this.#state === 'down') this.#nextProbeAt = this.#firstProbeAt(this.#nextProbeAt ?? this.#since)
    else if (options.probe === 'none') this.#stopAsking()
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

  #note(isAnswered: boolean, now: Instant): void {
    this.#punctuality.add(isAnswered, now)
    if (this.#state !== 'failing') return
    this.#tally.ended += 1
    this.#tally.answered += isAnswered ? 1 : 0
    if (this.#tally.ended <= TALLY_MOST) return
    this.#tally.ended /= 2
    this.#tally.answered /= 2
  }

  /** Half of what ended of late, be it many or few. */
  #hasRecovered(now: Instant): boolean {
    const ended = this.#punctuality.ended(now)
    if (ended >= ENOUGH_ENDED && this.#punctuality.answered(now) * 2 < ended) return false
    return this.#tally.ended >= ENOUGH_TO_RECOVER && this.#tally.answered * 2 >= this.#tally.ended
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
    this.#tally = { ended: 0, answered: 0 }
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
    const requests = this.#failures === 1 ? 'a request' : `${this.#failures} requests in a row`
    return this.#become('down', `${requests} used up their tries, ${andWhat}`, now)
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
