/**
 * What is known of the way to a server and back: whether anything valid has ever come from it, whether its port is closed,
 * whether its answers come too late or are lost.
 *
 * A server that knows another secret, or does not know us, drops what we send in silence (RFC 2865 section 3); from outside
 * that looks like a server that is gone. What tells them apart is that such a server has never answered. An ICMP error
 * (port unreachable) says that nothing listens there, until silence follows it. An answer that comes after the time-out of
 * the last transmission is late. One that comes sooner after a retry may answer that retry: then the server may be slow, or
 * the first transmission or its answer was lost, and the words say both. What is judged is kept as plain facts, so that
 * those of several instances can be added (`src/instances/shared/sum.ts`) before they are judged; and when any of them last heard the
 * server is known to all, so that none says in its log or a trace that it never answered.
 * These are hints for people: nothing is decided by them, since ICMP proves nothing.
 */
import { endpointText } from '../../addresses.ts'
import { TIMEOUT_JITTER } from '../../throttle/failover-time.ts'
import { type Duration, type Instant, instant, MICROS_PER_SECOND, micros, since } from '../../units.ts'
import type { LaneSnapshot } from '../border/snapshot.ts'

/** So many transmissions without one valid response are more than bad luck. */
export const ENOUGH_UNHEARD = 3
/** So many time-outs in a row say that what was known before is over. */
const ENOUGH_SILENT = 3
/** Hosts and routers send one ICMP error a second or fewer: silence so soon after one proves nothing. */
const ICMP_PAUSE = 2_000_000
/** Of so many of the latest responses more than half came late, and at least so many. */
const RESPONSES_REMEMBERED = 8
const ALL_BITS = 2 ** RESPONSES_REMEMBERED - 1
const ENOUGH_LATE = 3
/** So many late ones are worth a word where retries are asked about. */
const SOME_LATE = 2
/** What the latest responses said holds for so long; then the server may be another one. */
const ANSWERS_HOLD = 60_000_000
/** The moving mean follows a change within about so many. */
const LATE_IN_MEAN = 4

/** When a request was first and last sent to the server, and how often. */
export interface Sent {
  readonly heldSince: Instant
  readonly sentAt: Instant
  readonly tries: number
}

type Facts = Pick<LaneSnapshot, 'unheard' | 'heardAt' | 'respondedAt' | 'refusedAt' | 'silence' | 'answers'>

export class Contact {
  #timeouts = 0
  #firstTimeoutAt: Instant | undefined = undefined
  #isLasting = false
  #heardAt: Instant | undefined = undefined
  #respondedAt: Instant | undefined = undefined
  #refusedAt: Instant | undefined = undefined
  /** Of transmissions sent well after that error: those that were left unanswered. */
  #silentSinceRefused = 0
  /** When those were sent that timed out last, in the order of their time-outs. */
  #silent: readonly Instant[] = []
  #silentAt: Instant | undefined = undefined
  /** One bit for each of the latest responses, the newest lowest: 1 is late, or late unless something was lost. */
  #lateBits = 0
  #unclearBits = 0
  #responses = 0
  #delay: Duration = micros(0)
  /** The second in which any instance last heard it, plus one; 0 where none did. */
  #shared: Int32Array | undefined = undefined

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  }

  /** What several instances know of the server with this secret; undefined where there is one. */
  share(memory: SharedArrayBuffer | undefined): void {
    this.#shared = memory === undefined ? undefined : new Int32Array(memory)
  }

  /** A transmission was not answered within `timeout`. */
  timedOut(sentAt: Instant, timeout: Duration, now: Instant): void {
    this.#timeouts += 1
    this.#firstTimeoutAt ??= now
    // Many at once say no more than one: their answers may be late.
    if (since(this.#firstTimeoutAt, now) * 2 >= timeout) this.#isLasting = true
    this.#silent = [...this.#silent.slice(1 - ENOUGH_SILENT), sentAt]
    this.#silentAt = now
    this.#doubtRefusal(sentAt)
    if (this.#delay > 0 && hasFallenSilent(this.view(timeout, now))) this.forgetAnswers()
  }

  /** A probe sent then was not answered. It says nothing of requests: many servers answer no probes. */
  probeUnanswered(sentAt: Instant): void {
    this.#doubtRefusal(sentAt)
  }

  /** ICMP says that the server's port is closed. */
  refused(now: Instant): void {
    this.#refusedAt = now
    this.#silentSinceRefused = 0
    // Whatever was slow there has ended.
    this.forgetAnswers()
  }

  /** A valid response to a probe. */
  probeAnswered(now: Instant): void {
    this.#hear(now)
  }

  /** A valid response to a request; whether it may be late, or else something was lost. */
  responded({ heldSince, sentAt, tries }: Sent, timeout: Duration, now: Instant): boolean {
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
  answeredAgain(): void {
    const newest = this.#unclearBits & -this.#unclearBits
    this.#unclearBits ^= newest
    this.#lateBits |= newest
  }

  /** Another secret: what was learned with the one before says nothing any more. */
  renew(): void {
    this.#timeouts = 0
    this.#firstTimeoutAt = undefined
    this.#isLasting = false
    this.#heardAt = undefined
    this.#respondedAt = undefined
    this.#refusedAt = undefined
    this.#silent = []
    this.#silentAt = undefined
    this.forgetAnswers()
  }

  /** `timeout` is that of the server's settings. Responses that came long before `now` say nothing of it. */
  view(timeout: Duration, now: Instant): Facts {
    if (this.#respondedAt !== undefined && since(this.#respondedAt, now) > ANSWERS_HOLD) this.forgetAnswers()
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
        timeout,
      },
    }
  }

  #hear(now: Instant): void {
    this.#heardAt = now
    const second = Math.floor(now / MICROS_PER_SECOND) + 1
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

  /** How late answers came is over, or is so by another time-out than that of today. */
  forgetAnswers(): void {
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

/** What the words are made of. */
export type ContactView = Facts & Pick<LaneSnapshot, 'address' | 'port'>

/** Whether nothing valid has ever come from a server that was asked often enough. */
export const isUnheard = ({ unheard }: Pick<ContactView, 'unheard'>): boolean =>
  unheard !== undefined && unheard.timeouts >= ENOUGH_UNHEARD

/** The latest that came from there is an ICMP error, and those sent long enough after it were not left in silence. */
export const isRefused = ({
  heardAt,
  refusedAt,
  silence,
}: Pick<ContactView, 'heardAt' | 'refusedAt' | 'silence'>): boolean =>
  refusedAt !== undefined &&
  (heardAt === undefined || refusedAt >= heardAt) &&
  (silence === undefined || since(refusedAt, silence.since) <= ICMP_PAUSE)

/** Three that were sent after the last response timed out, and the late answer that the first should have did not come. */
const hasFallenSilent = ({
  respondedAt,
  silence,
  answers,
}: Pick<Facts, 'respondedAt' | 'silence' | 'answers'>): boolean =>
  respondedAt !== undefined &&
  silence !== undefined &&
  silence.since > respondedAt &&
  since(silence.since, silence.at) > 2 * answers.typically

/** Whether most of the latest answers came too late; `late-or-lost`: or what was sent before them was lost. */
export function latenessOf(facts: Pick<Facts, 'respondedAt' | 'silence' | 'answers'>): 'no' | 'late' | 'late-or-lost' {
  const { counted, late, unclear } = facts.answers
  const isMost = (count: number): boolean => count >= ENOUGH_LATE && 2 * count > counted
  if (!isMost(late + unclear) || hasFallenSilent(facts)) return 'no'
  return isMost(late) ? 'late' : 'late-or-lost'
}

/** The likely cause of a server's silence in one sentence; undefined where nothing points to one. */
export function likelyCause(lane: ContactView): string | undefined {
  const { unheard, answers } = lane
  if (isRefused(lane)) {
    return `nothing listens at ${endpointText(lane)} (ICMP port unreachable): start the server there, or correct its address and port`
  }
  if (unheard !== undefined) {
    if (!isUnheard(lane)) return undefined
    return `probably the secret, the client entry or a firewall: never a valid response to ${unheard.timeouts} transmissions; look in the server's own log, it drops what it can't verify in silence`
  }
  const lateness = latenessOf(lane)
  if (lateness === 'no') return undefined
  const [after, limit] = [secondsText(answers.typically), secondsText(answers.timeout)]
  if (lateness === 'late') {
    return `answers come after the time-out of ${limit}, typically ${after} after the first transmission: raise timeout, or look at why the server is slow`
  }
  return `most answers come only after a retry, typically ${after} after the first transmission: packets are lost on the way, or the server takes longer than the time-out of ${limit}; capture at the server whether the first transmission arrives, then mend the network, or raise timeout`
}

/** What some of the latest answers say where most came in time; undefined where none of them was late. */
export function someLateText({ answers }: Pick<ContactView, 'answers'>): string | undefined {
  const { counted, late, unclear, typically, timeout } = answers
  if (late + unclear < SOME_LATE) return undefined
  const [after, limit] = [secondsText(typically), secondsText(timeout)]
  const came =
    unclear === 0 ? `after the time-out of ${limit}` : `after the time-out of ${limit}, or only after a retry`
  return `${late + unclear} of the last ${counted} answers came ${came}, typically ${after} after the first transmission: look in the server's own log what is slow there (some users, a realm, a database), and whether packets are lost on the way; raise timeout where that is how long it takes`
}

const secondsText = (time: Duration): string => `${Number((time / 1_000_000).toFixed(1))} s`

/** What an operator has done, and what ends it: `an operator holds fr-1 Down: "radsluice server up fr-1" ends that`. */
export function heldText(servers: readonly string[]): string {
  const [first = ''] = servers
  const each =
    servers.length === 1 ? `"radsluice server up ${first}" ends that` : '"radsluice server up NAME" ends that'
  return `an operator holds ${servers.join(' and ')} Down: ${each}`
}
