/**
 * Follows single requests through the engine, for an operator who asks what becomes of them.
 *
 * Usually nobody asks. Then there is no trace, and a step of a request costs one comparison. If somebody asks, each request is
 * compared with what is followed. The steps of those that match are handed on as plain values. They can hold names of users
 * and sessions, but never a password.
 */
import { octetsOfText } from '../../accounting/sessions/session-rows.ts'
import { classOfRequest, type TrafficClass } from '../../classes.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import { type Instant, micros, since } from '../../units.ts'
import type { Followed, Peer, TraceEvent, TraceStep } from '../border/events.ts'
import type { Tracer } from '../border/ports.ts'
import type { Origin } from '../work/exchange.ts'
import { type Lane, mostUnanswered } from '../work/lane.ts'
import { type Attempt, Request } from '../work/request.ts'

const USER_NAME = { vendor: 0, type: 1 } as const
const ACCT_SESSION_ID = { vendor: 0, type: 44 } as const

type Particulars = Partial<
  Pick<TraceEvent, 'request' | 'age' | 'server' | 'sourcePort' | 'serverIdentifier' | 'transmission' | 'answer' | 'why'>
>

/** The texts as octets. */
type Sought = Omit<Followed, 'user' | 'session'> & Readonly<Record<'user' | 'session', Uint8Array | undefined>>

export class Trace {
  readonly #sought: readonly Sought[]
  readonly #tracer: Tracer

  constructor(followed: readonly Followed[], tracer: Tracer) {
    this.#sought = followed.map(({ user, session, ...o }) => ({
      ...o,
      user: octetsOfText(user),
      session: octetsOfText(session),
    }))
    this.#tracer = tracer
  }

  step(step: TraceStep, request: Request, now: Instant, particulars: Particulars = {}): void {
    const { arrival, receivedAt, client, packet } = request
    this.#note(step, { class: request.class, from: request.from, client: client.options.name, packet }, now, {
      request: arrival,
      age: since(receivedAt, now),
      ...particulars,
    })
  }

  duplicate({ from, client, packet }: Origin, why: string, now: Instant): void {
    const its = classOfRequest(packet.code) as TrafficClass
    this.#note('duplicate', { class: its, from, client: client.options.name, packet }, now, { why })
  }

  /** It became no request. What can't be read matches by its client alone. */
  refused(o: { class: TrafficClass; from: Peer; client: string; bytes: Uint8Array; why: string }, now: Instant): void {
    const read = readPacket(o.bytes)
    this.#note('refused', { ...o, packet: typeof read === 'string' ? undefined : read }, now, { why: o.why })
  }

  /** It waits for a server, because of what stands in its way. */
  queued(request: Request, lane: Lane, now: Instant, why?: string): void {
    const { client, packet } = request
    if (this.#tracesOf({ client: client.options.name, packet }).length === 0) return
    const obstacle = why ?? obstacleOf(request, lane, now) + itsOwnBefore(request, lane)
    this.step('queued', request, now, { server: lane.server.name, why: obstacle })
  }

  sent(request: Request, attempt: Attempt, now: Instant): void {
    this.step(attempt.tries === 1 ? 'sent' : 'retried', request, now, particularsOf(attempt))
  }

  timedOut(request: Request, attempt: Attempt, now: Instant): void {
    const why = attempt.lane.contact.likelyCause(now)
    this.step('timed-out', request, now, { ...particularsOf(attempt), ...(why === undefined ? {} : { why }) })
  }

  answered(request: Request, attempt: Attempt, answer: number, now: Instant): void {
    this.step('answered', request, now, { ...particularsOf(attempt), answer })
  }

  /** Those that follow it. */
  #tracesOf({ client, packet }: Pick<Subject, 'client' | 'packet'>): number[] {
    const isFollowed = (sought: Sought): boolean =>
      (sought.client === undefined || sought.client === client) &&
      isSame(sought.user, packet?.find(USER_NAME)) &&
      isSame(sought.session, packet?.find(ACCT_SESSION_ID))
    return this.#sought.filter(isFollowed).map(({ trace }) => trace)
  }

  #note(step: TraceStep, { class: its, from, client, packet }: Subject, now: Instant, more: Particulars): void {
    const traces = this.#tracesOf({ client, packet })
    if (traces.length === 0) return
    this.#tracer.note(traces, {
      step,
      at: now,
      class: its,
      request: 0,
      from: { address: from.address, port: from.port },
      client,
      code: packet?.code ?? 0,
      identifier: packet?.identifier ?? 0,
      user: textOf(packet?.find(USER_NAME)),
      session: textOf(packet?.find(ACCT_SESSION_ID)),
      age: micros(0),
      ...more,
    })
  }
}

interface Subject {
  readonly class: TrafficClass
  readonly from: Peer
  readonly client: string
  readonly packet: Packet | undefined
}

const particularsOf = ({ lane, identifier, tries }: Attempt): Particulars => ({
  server: lane.server.name,
  sourcePort: identifier.port,
  serverIdentifier: identifier.value,
  transmission: tries,
})

/** What keeps it from being sent now, in the order in which sending looks at it. */
function obstacleOf(request: Request, lane: Lane, now: Instant): string {
  if (request.stage !== 'retry' && lane.limits.identifiers.room() === 0) {
    const most = mostUnanswered(lane)
    const isWindow = most < lane.options.maxOutstanding && lane.limits.identifiers.places.taken >= most
    return isWindow ? `the window of ${most} is full` : 'max_outstanding is reached'
  }
  if (lane.limits.budget.left(now) <= 0) return 'the slot is used up'
  const allowance = request.stage === 'fresh' ? Request.fields.allowance(request) : undefined
  if (allowance !== undefined && allowance.left(now) <= 0) return "its client's max_rate is used up"
  return 'others wait before it'
}

/**
 * What of its own client waits for that server and goes before it. A part of a client's flow has turns among the other parts: what of
 * them goes before it depends on what will come.
 */
function itsOwnBefore(request: Request, lane: Lane): string {
  if (request.stage !== 'fresh') return ''
  const { fresh } = lane.queue.waiting
  const others = fresh.waitingWith(request) - 1
  if (others < 1) return ''
  const count = others.toLocaleString('en-US')
  if (request.flow.whole !== undefined) return `; ${count} of its own client wait there too`
  // One that was promoted and waits again is the first of its own.
  return fresh.hasTurnBefore(request, true) ? `; it waits behind ${count} of its own client` : ''
}

const isSame = (sought: Uint8Array | undefined, found: Uint8Array | undefined): boolean =>
  sought === undefined ||
  (found !== undefined && found.length === sought.length && found.every((octet, i) => octet === sought[i]))

/** Octets of a stranger as text that is safe to show. */
const textOf = (octets: Uint8Array | undefined): string | undefined =>
  octets === undefined ? undefined : new TextDecoder().decode(octets).replace(/[\p{C}]/gu, '\ufffd')
