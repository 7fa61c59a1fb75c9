/**
 * A server's response on its way back: verified against what was sent, taken by the health, rewritten for each client
 * that waits, and remembered for those who ask again.
 *
 * Nothing that does not verify changes any state (RFC 2865 section 4.2, docs/architecture.md): it is counted by name. A
 * response to what an identifier carried before is late, and counted as that.
 */
import { checkResponse } from '../radius/authenticator.ts'
import { ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST } from '../radius/codes.ts'
import type { ResponseFault } from '../radius/faults.ts'
import { type Packet, readPacket } from '../radius/packet.ts'
import { accountingAnswerFromRecord, answerForClient } from '../radius/rewrite.ts'
import { type Instant, since } from '../units.ts'
import type { Attempt } from './attempt.ts'
import type { Failover } from './failover.ts'
import { count } from './histogram.ts'
import { type Lane, laneKey } from './lane.ts'
import type { Journal, Learned, Outbox, States } from './ports.ts'
import type { ServerDropReason } from './reasons.ts'
import type { Register } from './register.ts'
import type { Exchange, Request } from './request.ts'
import type { Sending } from './sending.ts'

/** A verified response to what is outstanding, and what its client gets: nothing where the client gave it up. */
interface Accepted {
  readonly attempt: Attempt
  readonly response: Packet
  readonly answer: Uint8Array | ResponseFault | undefined
}

export class Answering {
  readonly #register: Register
  readonly #sending: Sending
  readonly #failover: Failover
  readonly #states: States
  readonly #outbox: Outbox
  readonly #journal: Journal
  readonly #learned: Learned | undefined

  constructor(o: {
    readonly register: Register
    readonly sending: Sending
    readonly failover: Failover
    readonly states: States
    readonly outbox: Outbox
    readonly journal: Journal
    /** Which lanes' servers sent Message-Authenticator to any of several engines. */
    readonly learned?: Learned
  }) {
    this.#register = o.register
    this.#sending = o.sending
    this.#failover = o.failover
    this.#states = o.states
    this.#outbox = o.outbox
    this.#journal = o.journal
    this.#learned = o.learned
  }

  /** A datagram came in on a source port of the lane. */
  take(lane: Lane, port: number, bytes: Uint8Array, now: Instant): void {
    const verdict = this.#judge(lane, port, bytes, now)
    if (typeof verdict === 'string') this.#drop(lane, verdict, bytes, now)
    else this.#accept(verdict, now)
  }

  /** A datagram came in on the lane's probe socket. */
  takeProbeAnswer(lane: Lane, bytes: Uint8Array, now: Instant): void {
    const response = readPacket(bytes)
    const { probe } = lane
    if (typeof response === 'string') {
      this.#drop(lane, response, bytes, now)
      return
    }
    const request =
      probe === undefined ? undefined : { code: probe.bytes[0]!, authenticator: probe.bytes.subarray(4, 20) }
    const isOurs = probe !== undefined && response.identifier === probe.bytes[1]
    const fault =
      request === undefined || !isOurs ? 'bad-authenticator' : checkResponse(response, request, probe!.secret)
    if (fault !== undefined) {
      this.#drop(lane, fault, bytes, now)
      return
    }
    lane.probe = undefined
    lane.counters.probesAnswered += 1
    this.#failover.healthChanged(lane, lane.health.responded(now), now)
  }

  /** Sends an answer to one client and keeps it for its retransmissions. */
  reply(exchange: Exchange, answer: Uint8Array, now: Instant): void {
    this.#register.duplicates.keepAnswer(exchange, answer, now)
    this.#outbox.reply(exchange.from, answer)
  }

  /** What the datagram is, before anything changes. Octets that make the code throw are a fault with a name too. */
  #judge(lane: Lane, port: number, bytes: Uint8Array, now: Instant): Accepted | ServerDropReason {
    try {
      const response = readPacket(bytes)
      if (typeof response === 'string') return response
      const identifier = lane.identifiers.at(port, response.identifier)
      const attempt = identifier?.held
      const fault = attempt === undefined ? 'bad-authenticator' : this.#check(lane, response, attempt)
      if (attempt === undefined || fault !== undefined) {
        const last = identifier?.last
        const isLate = last !== undefined && this.#check(lane, response, last) === undefined
        return isLate ? 'late' : (fault ?? 'bad-authenticator')
      }
      const { request } = attempt
      const answer = request === undefined ? undefined : this.#answerFor(request, attempt, response)
      return { attempt, response, answer }
    } catch (error) {
      this.#journal.note({ kind: 'internal-error', where: 'taking a response', error, bytes }, now)
      return 'internal-error'
    }
  }

  #check(lane: Lane, response: Packet, attempt: Attempt): ResponseFault | undefined {
    const fault = checkResponse(response, attempt, attempt.secret)
    if (fault !== undefined || attempt.code !== ACCESS_REQUEST || response.messageAuthenticatorAt !== 0) return fault
    const required = lane.server.requireMessageAuthenticator
    const isRequired = required === 'yes' || (required === 'auto' && this.#hasLearned(lane))
    return isRequired ? 'missing-message-authenticator' : undefined
  }

  #hasLearned(lane: Lane): boolean {
    return lane.learnedMessageAuthenticator || (this.#learned?.has(keyOf(lane)) ?? false)
  }

  #learn(lane: Lane, now: Instant): void {
    if (lane.learnedMessageAuthenticator) return
    const isNew = !this.#hasLearned(lane)
    lane.learnedMessageAuthenticator = true
    this.#learned?.add(keyOf(lane))
    const { server } = lane
    // Accounting is signed by its authenticator, and nothing more is asked for there.
    if (!isNew || server.requireMessageAuthenticator !== 'auto' || lane.class !== 'authentication') return
    const at = `${server.address} port ${lane.options.port}`
    this.#journal.note({ kind: 'signature-learned', peer: 'server', name: server.name, at }, now)
  }

  #accept({ attempt, response, answer }: Accepted, now: Instant): void {
    const { lane, request } = attempt
    if (typeof answer === 'string') {
      // An answer that can't be passed on leaves the request where it is; that the server lives is true all the same.
      this.#drop(lane, answer, response.bytes, now)
    } else {
      this.#sending.finish(attempt, 'responded', now)
      this.#count(lane, response, attempt, now)
      if (request !== undefined && answer !== undefined) {
        this.#register.tracing.active?.answered(request, attempt, response, now)
        this.#deliver(request, answer, now)
      }
    }
    if (response.messageAuthenticatorAt !== 0 && response.eapMessageAt === 0) this.#learn(lane, now)
    const state = response.stateAt
    if (state !== 0) this.#states.learn(response.value(state), lane.server.name, now)
    this.#failover.healthChanged(lane, lane.health.responded(now), now)
  }

  #answerFor(request: Request, attempt: Attempt, response: Packet): Uint8Array | ResponseFault {
    const { packet, client } = request.origin
    return answerForClient({
      response,
      sentAuthenticator: attempt.authenticator,
      serverSecret: attempt.secret,
      request: packet,
      clientSecret: client.options.secret,
    })
  }

  /** Every exchange that still waits gets its answer; the others of one record get theirs from the first's. */
  #deliver(request: Request, answer: Uint8Array, now: Instant): void {
    const waiting = request.exchanges
    this.#register.answered(request, waiting.length > 0)
    this.#register.duplicates.recordTaken(request, answer, now)
    for (const exchange of waiting) {
      request.detach(exchange)
      this.reply(exchange, exchange === request.origin ? answer : this.answerFromRecord(exchange, answer), now)
    }
  }

  /** An answer to an accounting record that a server has taken under another identifier. */
  answerFromRecord(exchange: Exchange, answer: Uint8Array | undefined): Uint8Array {
    const { packet, client } = exchange
    return accountingAnswerFromRecord({ answer, request: packet, clientSecret: client.options.secret })
  }

  #count(lane: Lane, response: Packet, attempt: Attempt, now: Instant): void {
    const { counters } = lane
    counters.responses += 1
    if (response.code === ACCESS_ACCEPT) counters.accepts += 1
    else if (response.code === ACCESS_REJECT) counters.rejects += 1
    else if (response.code === ACCESS_CHALLENGE) counters.challenges += 1
    // After a retry nobody knows which transmission was answered (Karn's rule).
    if (attempt.tries > 1) return
    lane.roundTripTime = since(attempt.sentAt, now)
    count(counters.roundTrips, lane.roundTripTime)
  }

  #drop(lane: Lane, reason: ServerDropReason, bytes: Uint8Array, now: Instant): void {
    lane.counters.dropped[reason] += 1
    const { server } = lane
    this.#journal.note(
      { kind: 'response-dropped', lane: lane.number, server: server.name, class: lane.class, reason, bytes },
      now,
    )
  }
}

const keyOf = (lane: Lane): string => laneKey(lane.class, lane.server, lane.options)
