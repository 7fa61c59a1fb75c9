/**
 * What is known of the way to a server and back: whether anything valid has ever come from it, whether its port is closed,
 * whether its answers come too late.
 *
 * A server that knows another secret, or does not know us, drops what we send in silence (RFC 2865 section 3); from outside
 * that looks like a server that is gone. What tells them apart is that such a server has never answered. An ICMP error
 * (port unreachable) says that nothing listens there, and answers that come after the time-out say that the server is slow.
 * These are hints for people: nothing is decided by them, since ICMP proves nothing.
 */
import { type Duration, type Instant, micros, since } from '../units.ts'
import type { LaneSnapshot } from './snapshot.ts'

/** So many transmissions without one valid response are more than bad luck. */
export const ENOUGH_UNHEARD = 3
/** Of so many of the latest responses more than half came late, and at least so many. */
const RESPONSES_REMEMBERED = 8
const ENOUGH_LATE = 3
/** The moving mean follows a change within about so many. */
const LATE_IN_MEAN = 4

export class Contact {
  #timeouts = 0
  #firstTimeoutAt: Instant | undefined = undefined
  #isLasting = false
  #heardAt: Instant | undefined = undefined
  #refusedAt: Instant | undefined = undefined
  /** One bit for each of the latest responses, the newest lowest: 1 is late. */
  #lateBits = 0
  #responses = 0
  #delay: Duration = micros(0)

  /** A transmission was not answered within `timeout`. */
  timedOut(timeout: Duration, now: Instant): void {
    this.#timeouts += 1
    this.#firstTimeoutAt ??= now
    // Many at once say no more than one: their answers may be late.
    if (since(this.#firstTimeoutAt, now) * 2 >= timeout) this.#isLasting = true
  }

  /** ICMP says that the server's port is closed. */
  refused(now: Instant): void {
    this.#refusedAt = now
  }

  /** A valid response to a probe. */
  probeAnswered(now: Instant): void {
    this.#heardAt = now
  }

  /** A valid response to a request, so long after its first transmission; `isLate`: after that one's time-out. */
  responded(delay: Duration, isLate: boolean, now: Instant): void {
    this.#heardAt = now
    this.#responses = Math.min(RESPONSES_REMEMBERED, this.#responses + 1)
    this.#lateBits = ((this.#lateBits << 1) | (isLate ? 1 : 0)) & (2 ** RESPONSES_REMEMBERED - 1)
    if (!isLate) return
    this.#delay = this.#delay === 0 ? delay : micros(this.#delay + (delay - this.#delay) / LATE_IN_MEAN)
  }

  /** Another secret: what was learned with the one before says nothing any more. */
  renew(): void {
    this.#timeouts = 0
    this.#firstTimeoutAt = undefined
    this.#isLasting = false
    this.#heardAt = undefined
    this.#refusedAt = undefined
    this.#lateBits = 0
    this.#responses = 0
    this.#delay = micros(0)
  }

  /** `timeout` is that of the server's settings. */
  view(timeout: Duration): Pick<LaneSnapshot, 'unheard' | 'heardAt' | 'refusedAt' | 'late'> {
    return {
      unheard: this.#heardAt === undefined ? { timeouts: this.#isLasting ? this.#timeouts : 0 } : undefined,
      heardAt: this.#heardAt,
      refusedAt: this.#refusedAt,
      late: this.#isMostlyLate() ? { typically: micros(Math.round(this.#delay)), timeout } : undefined,
    }
  }

  #isMostlyLate(): boolean {
    let late = 0
    for (let bits = this.#lateBits; bits !== 0; bits >>>= 1) late += bits & 1
    return late >= ENOUGH_LATE && 2 * late > this.#responses
  }
}

/** What the words are made of. */
export type ContactView = Pick<LaneSnapshot, 'unheard' | 'heardAt' | 'refusedAt' | 'late' | 'address' | 'port'>

/** Whether nothing valid has ever come from a server that was asked often enough. */
export const isUnheard = ({ unheard }: Pick<ContactView, 'unheard'>): boolean =>
  unheard !== undefined && unheard.timeouts >= ENOUGH_UNHEARD

/** The latest that came from there is an ICMP error. */
export const isRefused = ({ heardAt, refusedAt }: Pick<ContactView, 'heardAt' | 'refusedAt'>): boolean =>
  refusedAt !== undefined && (heardAt === undefined || refusedAt >= heardAt)

/** The likely cause of a server's silence in one sentence; undefined where nothing points to one. */
export function likelyCause(lane: ContactView): string | undefined {
  const { address, port, unheard, late } = lane
  if (isRefused(lane)) {
    const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
    return `nothing listens at ${at} (ICMP port unreachable): start the server there, or correct its address and port`
  }
  if (unheard !== undefined) {
    if (!isUnheard(lane)) return undefined
    return `probably the secret, the client entry or a firewall: never a valid response to ${unheard.timeouts} transmissions; look in the server's own log, it drops what it can't verify in silence`
  }
  if (late === undefined) return undefined
  const [after, limit] = [late.typically, late.timeout].map((time) => `${Number((time / 1_000_000).toFixed(1))} s`)
  return `answers come after the time-out of ${limit}, typically after ${after}: raise timeout, or look at why the server is slow`
}

/** What an operator has done, and what ends it: `an operator holds fr-1 Down: "radsluice server up fr-1" ends that`. */
export function heldText(servers: readonly string[]): string {
  const [first = ''] = servers
  const each =
    servers.length === 1 ? `"radsluice server up ${first}" ends that` : '"radsluice server up NAME" ends that'
  return `an operator holds ${servers.join(' and ')} Down: ${each}`
}
