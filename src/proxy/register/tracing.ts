/**
 * Follows single requests through the engine, for an operator who asks what becomes of them.
 *
 * Nearly always nobody asks: then `active` is undefined, and that comparison is all that a step of a request costs. While
 * somebody does, each step of each request is held against what is followed, by the octets of its packet; what matches
 * is told as plain values. Names of users and sessions are among them, passwords never are.
 */

import { classOfRequest, type TrafficClass } from '../../classes.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import { type Instant, micros, since } from '../../units.ts'
import type { Followed, Peer, TraceEvent, TraceStep } from '../border/events.ts'
import type { Tracer } from '../border/ports.ts'
import type { Origin } from '../work/exchange.ts'
import type { Lane } from '../work/lane.ts'
import type { Attempt, Request } from '../work/request.ts'

const USER_NAME = { vendor: 0, type: 1 } as const
const ACCT_SESSION_ID = { vendor: 0, type: 44 } as const

export class Tracing {
  active: Trace | undefined = undefined

  /** From now on these are followed, and none but these. */
  follow(followed: readonly Followed[], tracer: Tracer): void {
    this.active = followed.length === 0 ? undefined : new Trace(followed, tracer)
  }
}

/** What one step is about, beside its request. */
type Particulars = Partial<
  Pick<TraceEvent, 'server' | 'sourcePort' | 'serverIdentifier' | 'transmission' | 'answer' | 'why'>
>

interface Sought {
  readonly trace: number
  readonly client: string | undefined
  readonly user: Uint8Array | undefined
  readonly session: Uint8Array | undefined
}

/** Only made while something is followed. */
class Trace {
  readonly #sought: readonly Sought[]
  readonly #tracer: Tracer

  constructor(followed: readonly Followed[], tracer: Tracer) {
    this.#sought = followed.map(({ trace, client, user, session }) => ({
      trace,
      client,
      user: octetsOf(user),
      session: octetsOf(session),
    }))
    this.#tracer = tracer
  }

  received(request: Request, now: Instant): void {
    this.#tell('received', request, now)
  }

  /** It came before: its request is on its way, or it is answered again. */
  duplicate({ from, client, packet }: Origin, why: string, now: Instant): void {
    const of = classOfRequest(packet.code) as TrafficClass
    this.#tellOfNone('duplicate', { class: of, from, client: client.options.name, packet, why }, now)
  }

  /** It became no request. What can't be read matches by its client alone. */
  refused(o: { class: TrafficClass; from: Peer; client: string; bytes: Uint8Array; why: string }, now: Instant): void {
    const read = readPacket(o.bytes)
    this.#tellOfNone('refused', { ...o, packet: typeof read === 'string' ? undefined : read }, now)
  }

  /** It waits for a server, because of what stands in its way. */
  queued(request: Request, lane: Lane, now: Instant, why = obstacleOf(request, lane, now)): void {
    this.#tell('queued', request, now, { server: lane.server.name, why })
  }

  parked(request: Request, now: Instant): void {
    this.#tell('queued', request, now, { why: 'every server is Down' })
  }

  promoted(request: Request, lane: Lane, now: Instant): void {
    this.#tell('promoted', request, now, { server: lane.server.name })
  }

  sent(request: Request, attempt: Attempt, now: Instant): void {
    this.#tell(attempt.tries === 1 ? 'sent' : 'retried', request, now, particularsOf(attempt))
  }

  timedOut(request: Request, attempt: Attempt, now: Instant): void {
    const why = attempt.lane.contact.likelyCause(now)
    this.#tell('timed-out', request, now, { ...particularsOf(attempt), ...(why === undefined ? {} : { why }) })
  }

  /** Its tries are used up, and it keeps its place at the server. */
  waitsOn(request: Request, attempt: Attempt, now: Instant): void {
    const { server } = attempt.lane
    this.#tell('queued', request, now, {
      server: server.name,
      why: 'no other server is left to ask, and its client asks',
    })
  }

  answered(request: Request, attempt: Attempt, answer: number, now: Instant): void {
    this.#tell('answered', request, now, { ...particularsOf(attempt), answer })
  }

  /** A server answered with what can't be passed on. */
  unusable(request: Request, lane: Lane, why: string, now: Instant): void {
    this.#tell('timed-out', request, now, { server: lane.server.name, why: `its response was dropped: ${why}` })
  }

  /** A living server left it unanswered: it waits apart, and is tried again later. */
  setAside(request: Request, now: Instant): void {
    this.#tell('queued', request, now, { why: 'a server that lives left it unanswered; it waits behind the others' })
  }

  /** It ended without an answer, in the way named. */
  ended(request: Request, why: string, now: Instant): void {
    this.#tell('ended', request, now, { why })
  }

  #tellOfNone(
    step: 'duplicate' | 'refused',
    o: { class: TrafficClass; from: Peer; client: string; packet: Packet | undefined; why: string },
    now: Instant,
  ): void {
    const { from, client, packet, why } = o
    const traces = this.#tracesOf(client, packet)
    if (traces.length === 0) return
    const { address, port } = from
    const identity = identityOf(client, packet)
    this.#tracer.note(traces, {
      step,
      at: now,
      class: o.class,
      request: 0,
      from: { address, port },
      ...identity,
      age: micros(0),
      why,
    })
  }

  #tell(step: TraceStep, request: Request, now: Instant, particulars: Particulars = {}): void {
    const { from, client, packet } = request
    const traces = this.#tracesOf(client.options.name, packet)
    if (traces.length === 0) return
    this.#tracer.note(traces, {
      step,
      at: now,
      class: request.class,
      request: request.arrival,
      from: { address: from.address, port: from.port },
      ...identityOf(client.options.name, packet),
      age: since(request.receivedAt, now),
      ...particulars,
    })
  }

  #tracesOf(client: string, packet: Packet | undefined): number[] {
    return this.#sought
      .filter(
        (sought) =>
          (sought.client === undefined || sought.client === client) &&
          isSame(sought.user, packet, USER_NAME) &&
          isSame(sought.session, packet, ACCT_SESSION_ID),
      )
      .map(({ trace }) => trace)
  }
}

type Identity = Pick<TraceEvent, 'client' | 'code' | 'identifier' | 'user' | 'session'>

const identityOf = (client: string, packet: Packet | undefined): Identity => ({
  client,
  code: packet?.code ?? 0,
  identifier: packet?.identifier ?? 0,
  user: textOf(packet?.find(USER_NAME)),
  session: textOf(packet?.find(ACCT_SESSION_ID)),
})

const particularsOf = ({ lane, identifier, tries }: Attempt): Particulars => ({
  server: lane.server.name,
  sourcePort: identifier.port,
  serverIdentifier: identifier.value,
  transmission: tries,
})

/** What keeps it from being sent now, in the order in which sending looks at it. */
function obstacleOf(request: Request, lane: Lane, now: Instant): string {
  if (request.stage !== 'retry' && lane.limits.identifiers.room() === 0) return 'max_outstanding is reached'
  if (lane.limits.budget.left(now) <= 0) return 'the slot is used up'
  return 'others wait before it'
}

const isSame = (
  sought: Uint8Array | undefined,
  packet: Packet | undefined,
  key: typeof USER_NAME | typeof ACCT_SESSION_ID,
): boolean => {
  if (sought === undefined) return true
  const found = packet?.find(key)
  return found !== undefined && found.length === sought.length && found.every((octet, i) => octet === sought[i])
}

const octetsOf = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : new TextEncoder().encode(text)

/** Octets of a stranger as text that is safe to show. */
const textOf = (octets: Uint8Array | undefined): string | undefined =>
  octets === undefined ? undefined : new TextDecoder().decode(octets).replace(/[\p{C}]/gu, '\ufffd')
