/**
 * The health of one server and class: Active, Not Responding, Down.
 *
 * Not Responding: a request has used up its tries here; the server stays eligible. Each such request is one failure.
 * Down: enough failures in a row and, where a response time-out is set, long enough since the first of them. Active
 * again: any valid response, an answered probe, or the dead time over. Silence is only what a request waited for in
 * vain: a refused or unverifiable datagram never changes the state (RFC 2865 section 2.6: no test traffic to a healthy
 * server; RFC 5997 probes only one that is Down). An operator may hold a server Down: then nothing but the operator ends
 * it, and it is not probed.
 */
import { after, type Duration, earliest, type Instant, micros } from '../units.ts'

export type HealthState = 'active' | 'not_responding' | 'down'

export interface HealthOptions {
  readonly consecutiveFailures: number
  /** 0 is off. */
  readonly responseTimeout: Duration
  readonly deadTime: Duration
  readonly probe: 'status_server' | 'none'
  readonly probeInterval: Duration
}

/** A change of state with its reason in words, for the log. */
export interface HealthChange {
  readonly from: HealthState
  readonly to: HealthState
  readonly why: string
}

/** Probes are spread by a fifth, at most 2 s, to either side (RFC 3539 section 3.4.1). */
const PROBE_JITTER_LIMIT = 2_000_000

export class Health {
  #options: HealthOptions
  #state: HealthState = 'active'
  #since: Instant
  #failures = 0
  #firstFailureAt: Instant | undefined = undefined
  #nextProbeAt: Instant | undefined = undefined
  #isHeldDown = false

  constructor(options: HealthOptions, now: Instant) {
    this.#options = options
    this.#since = now
  }

  /** Time alone changes nothing: it is not Down, and no failure counts. */
  get isCalm(): boolean {
    return this.#firstFailureAt === undefined && this.#state !== 'down'
  }

  get state(): HealthState {
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

  /** A valid response of any kind. */
  responded(now: Instant): HealthChange | undefined {
    this.#forgetFailures()
    if (this.#state === 'active' || this.#isHeldDown) return undefined
    return this.#become('active', 'it answered', now)
  }

  /** A request used up its tries here without a response. */
  failed(now: Instant): HealthChange | undefined {
    this.#failures += 1
    this.#firstFailureAt ??= now
    if (this.#state === 'down') return undefined
    if (this.#isDead(now)) return this.#goDown(now)
    return this.#state === 'active' ? this.#become('not_responding', 'a request used up its tries', now) : undefined
  }

  /** What time alone changes: the response time-out reached, the dead time over. */
  passTime(now: Instant): HealthChange | undefined {
    if (this.#isHeldDown) return undefined
    if (this.#state === 'down') {
      if (now < after(this.#since, this.#options.deadTime)) return undefined
      this.#forgetFailures()
      return this.#become('active', 'its dead time is over', now)
    }
    return this.#isDead(now) ? this.#goDown(now) : undefined
  }

  /** Whether a probe is due; the next one is then one interval away. `jitter` is in [-1, 1]. */
  isProbeDue(now: Instant, jitter: number): boolean {
    if (this.#nextProbeAt === undefined || now < this.#nextProbeAt) return false
    const interval = this.#options.probeInterval
    const spread = Math.round(jitter * Math.min(PROBE_JITTER_LIMIT, interval / 5))
    this.#nextProbeAt = after(now, micros(interval + spread))
    return true
  }

  nextWakeAt(): Instant | undefined {
    if (this.#isHeldDown) return undefined
    if (this.#state === 'down') return earliest(after(this.#since, this.#options.deadTime), this.#nextProbeAt)
    const { consecutiveFailures, responseTimeout } = this.#options
    if (this.#firstFailureAt === undefined || this.#failures < consecutiveFailures) return undefined
    return after(this.#firstFailureAt, responseTimeout)
  }

  change(options: HealthOptions): void {
    this.#options = options
    if (this.#state === 'down' && !this.#isHeldDown)
      this.#nextProbeAt = this.#firstProbeAt(this.#nextProbeAt ?? this.#since)
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

  #forgetFailures(): void {
    this.#failures = 0
    this.#firstFailureAt = undefined
  }

  #isDead(now: Instant): boolean {
    const { consecutiveFailures, responseTimeout } = this.#options
    if (this.#failures < consecutiveFailures || this.#firstFailureAt === undefined) return false
    return now >= after(this.#firstFailureAt, responseTimeout)
  }

  #goDown(now: Instant): HealthChange {
    this.#nextProbeAt = this.#firstProbeAt(after(now, this.#options.probeInterval))
    return this.#become('down', `${this.#failures} requests in a row used up their tries`, now)
  }

  #firstProbeAt(at: Instant): Instant | undefined {
    return this.#options.probe === 'status_server' ? at : undefined
  }

  #become(to: HealthState, why: string, now: Instant): HealthChange {
    const from = this.#state
    this.#state = to
    this.#since = now
    if (to !== 'down') this.#nextProbeAt = undefined
    return { from, to, why }
  }
}
