/**
 * What is known of the way to a server and back: whether anything valid has ever come from it, whether its port is closed,
 * whether its answers come too late or are lost.
 *
 * It counts and remembers. `silence.ts` judges what that points to. If there are several instances, all of them know when any of
 * them last heard the server, so that none says in its log or a trace that it never answered.
 */
import type { Secret } from '../../radius/secret.ts'
import { statusServerProbe } from '../../radius/status-server.ts'
import { TIMEOUT_JITTER } from '../../throttle/failover-time.ts'
import { type Duration, type Instant, instant, MICROS_PER_SECOND, micros, secondOf, since } from '../../units.ts'
import type { Signer } from '../signing/signers.ts'
import type { LaneSettings } from './lane-settings.ts'
import { type Facts, hasFallenSilent, ICMP_PAUSE, likelyCause } from './silence.ts'
import { Unanswered } from './unanswered.ts'

/** So many time-outs in a row say that what was known before is over. */
const ENOUGH_SILENT = 3
const RESPONSES_REMEMBERED = 8
const ALL_BITS = 2 ** RESPONSES_REMEMBERED - 1
/** What the latest responses said holds for so long; then the server may be another one. */
const ANSWERS_HOLD = 60_000_000
/** The moving mean follows a change within about so many. */
const LATE_IN_MEAN = 4
/** A probe may take a second, however short the time-out is. */
const LEAST_PATIENCE = 1_000_000

type ContactSettings = Pick<LaneSettings, 'server' | 'options'>

/** A request as it was sent to the server: first and last, how often, and what came. */
export interface Sent {
  readonly heldSince: Instant
  readonly sentAt: Instant
  readonly tries: number
  readonly secret: Secret
  isAnswered: boolean
  isUnclear: boolean
}

/** What several instances share of one server. */
export const contactMemory = (): SharedArrayBuffer => new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)

export class Contact {
  /** Valid responses so far, late ones included, each counted once. */
  signsOfLife = 0
  roundTripTime: Duration | undefined = undefined
  /** The probe under way: its octets, for verifying the answer. */
  probe: { readonly bytes: Uint8Array; readonly secret: Secret; readonly sentAt: Instant } | undefined = undefined
  /** What `ServerSigners` knows of the server. */
  signer: Signer | undefined = undefined
  /** What its server leaves unanswered while it answers other requests. */
  readonly unanswered = new Unanswered()
  #settings: ContactSettings
  #probeIdentifier = 0
  #timeouts = 0
  #firstTimeoutAt: Instant | undefined = undefined
  #isLasting = false
  #heardAt: Instant | undefined = undefined
  #respondedAt: Instant | undefined = undefined
  #refusedAt: Instant | undefined = undefined
  /** Transmissions sent well after that error and left unanswered. */
  #silentSinceRefused = 0
  /** When the last ones that timed out were sent, in the order of their time-outs. */
  #silent: readonly Instant[] = []
  #silentAt: Instant | undefined = undefined
  /** One bit for each of the latest responses, the newest lowest: 1 is late, or late unless something was lost. */
  #lateBits = 0
  #unclearBits = 0
  #responses = 0
  #delay: Duration = micros(0)
  /** The second in which any instance last heard it, plus one; 0 if none did. */
  #shared: Int32Array | undefined = undefined

  constructor(settings: ContactSettings) {
    this.#settings = settings
  }

  /** What was learned with another secret or another time-out says nothing any more. */
  reconfigure(settings: ContactSettings): void {
    const { server, options } = this.#settings
    this.#settings = settings
    if (!settings.server.secret.equals(server.secret)) this.#renew()
    if (settings.options.timeout !== options.timeout) this.#forgetAnswers()
  }

  /** What several instances know of the server with this secret; undefined if there is one. */
  share(memory: SharedArrayBuffer | undefined): void {
    this.#shared = memory === undefined ? undefined : new Int32Array(memory)
  }

  /** A valid response to an attempt, late or not; false if it was answered before. */
  heard(attempt: Sent, now: Instant): boolean {
    const isFirst = !attempt.isAnswered
    if (isFirst) {
      attempt.isAnswered = true
      this.signsOfLife += 1
    }
    if (!this.#isUnderItsSecret(attempt)) return isFirst
    if (isFirst) {
      // After a retry nobody knows which transmission was answered (Karn's rule).
      this.roundTripTime = attempt.tries > 1 ? undefined : since(attempt.sentAt, now)
      attempt.isUnclear = this.#responded(attempt, now)
    } else if (attempt.isUnclear) {
      attempt.isUnclear = false
      this.#answeredAgain()
    }
    return isFirst
  }

  timedOut(attempt: Sent, now: Instant): void {
    if (!this.#isUnderItsSecret(attempt)) return
    const { sentAt } = attempt
    this.#timeouts += 1
    this.#firstTimeoutAt ??= now
    // Many at once say no more than one: their answers may be late.
    if (since(this.#firstTimeoutAt, now) * 2 >= this.#timeout) this.#isLasting = true
    this.#silent = [...this.#silent.slice(1 - ENOUGH_SILENT), sentAt]
    this.#silentAt = now
    this.#doubtRefusal(sentAt)
    if (this.#delay > 0 && hasFallenSilent(this.view(now))) this.#forgetAnswers()
  }

  /** Asks the server whether it lives (RFC 5997): the octets to send. A probe that is not answered ends with the next one. */
  startProbe(authenticator: Uint8Array, now: Instant): Uint8Array {
    // An unanswered probe says nothing of requests: many servers answer no probes.
    if (this.probe !== undefined) this.#doubtRefusal(this.probe.sentAt)
    const { secret } = this.#settings.server
    this.#probeIdentifier = (this.#probeIdentifier + 1) % 256
    const bytes = statusServerProbe({ identifier: this.#probeIdentifier, authenticator, secret })
    this.probe = { bytes, secret, sentAt: now }
    return bytes
  }

  /** How long a probe may take: one time-out, as long as the server is asked before it is Down. */
  get probePatience(): Duration {
    return micros(Math.max(this.#timeout, LEAST_PATIENCE))
  }

  probeAnswered(probe: { readonly secret: Secret }, now: Instant): void {
    if (this.#isUnderItsSecret(probe)) this.#hear(now)
  }

  /** ICMP says that the server's port is closed. */
  refused(now: Instant): void {
    this.#refusedAt = now
    this.#silentSinceRefused = 0
    // Whatever was slow there has ended.
    this.#forgetAnswers()
  }

  /** Why it is silent, in words for people; undefined if nothing points to a cause. */
  likelyCause(now: Instant): string | undefined {
    const { server, options } = this.#settings
    return likelyCause({ address: server.address, port: options.port, ...this.view(now) })
  }

  /** Responses that came long before `now` say nothing of it. */
  view(now: Instant): Facts {
    if (this.#respondedAt !== undefined && since(this.#respondedAt, now) > ANSWERS_HOLD) this.#forgetAnswers()
    const at = this.#silentAt
    const heardAt = this.#heardByAnyAt()
    const isSilent = at !== undefined && this.#silent.length === ENOUGH_SILENT
    return {
      unheard: heardAt === undefined ? { timeouts: this.#isLasting ? this.#timeouts : 0 } : undefined,
      heardAt,
      respondedAt: this.#respondedAt,
      refusedAt: this.#refusedAt,
      silence: isSilent ? { since: instant(Math.min(...this.#silent)), at } : undefined,
      answers: {
        counted: this.#responses,
        late: bitsIn(this.#lateBits),
        unclear: bitsIn(this.#unclearBits),
        typically: micros(Math.round(this.#delay)),
        timeout: this.#timeout,
      },
    }
  }

  get #timeout(): Duration {
    return this.#settings.options.timeout
  }

  /** What was sent before a reload says nothing of the secret since then. */
  #isUnderItsSecret({ secret }: { readonly secret: Secret }): boolean {
    return secret.equals(this.#settings.server.secret)
  }

  /** Whether the response may be late, or else something was lost. */
  #responded({ heldSince, sentAt, tries }: Sent, now: Instant): boolean {
    const timeout = this.#timeout
    this.#hear(now)
    this.#respondedAt = now
    const delay = since(heldSince, now)
    const isLate = since(sentAt, now) > timeout
    // A retry after an ICMP error comes sooner than any time-out: that error is known, and nothing was late.
    const isUnclear = !isLate && tries > 1 && delay >= timeout * (1 - TIMEOUT_JITTER)
    this.#responses = Math.min(RESPONSES_REMEMBERED, this.#responses + 1)
    this.#lateBits = ((this.#lateBits << 1) | (isLate ? 1 : 0)) & ALL_BITS
    this.#unclearBits = ((this.#unclearBits << 1) | (isUnclear ? 1 : 0)) & ALL_BITS
    if (isLate || isUnclear) {
      this.#delay = this.#delay === 0 ? delay : micros(this.#delay + (delay - this.#delay) / LATE_IN_MEAN)
    }
    return isUnclear
  }

  /** A second answer to a request whose first one was unclear: nothing was lost, so the newest unclear one was late. */
  #answeredAgain(): void {
    const newest = this.#unclearBits & -this.#unclearBits
    this.#unclearBits ^= newest
    this.#lateBits |= newest
  }

  #renew(): void {
    this.roundTripTime = undefined
    this.#timeouts = 0
    this.#firstTimeoutAt = undefined
    this.#isLasting = false
    this.#heardAt = undefined
    this.#respondedAt = undefined
    this.#refusedAt = undefined
    this.#silent = []
    this.#silentAt = undefined
    this.#forgetAnswers()
  }

  #hear(now: Instant): void {
    this.#heardAt = now
    const second = secondOf(now) + 1
    // One write in a second, of all instances together.
    if (this.#shared !== undefined && Atomics.load(this.#shared, 0) < second) Atomics.store(this.#shared, 0, second)
  }

  #heardByAnyAt(): Instant | undefined {
    const second = this.#shared === undefined ? 0 : Atomics.load(this.#shared, 0)
    if (second === 0) return this.#heardAt
    return instant(Math.max(this.#heardAt ?? 0, (second - 1) * MICROS_PER_SECOND))
  }

  /** A closed port would have brought an error for each of these, or for one a second. */
  #doubtRefusal(sentAt: Instant): void {
    if (this.#refusedAt === undefined || since(this.#refusedAt, sentAt) <= ICMP_PAUSE) return
    this.#silentSinceRefused += 1
    if (this.#silentSinceRefused >= ENOUGH_SILENT) this.#refusedAt = undefined
  }

  /** How late answers came is over, or was measured by another time-out. */
  #forgetAnswers(): void {
    this.#lateBits = 0
    this.#unclearBits = 0
    this.#responses = 0
    this.#delay = micros(0)
  }
}

function bitsIn(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest >>>= 1) count += rest & 1
  return count
}
