/**
 * A server's response on its way back: verified against what was sent, told to the health, rewritten for each client that waits,
 * and remembered for retransmissions.
 *
 * What does not verify changes no state (RFC 2865 section 4.2, docs/architecture.md): it is counted by name. If the Response
 * Authenticator verifies, the server lives, whatever else is wrong with the response; the attempt ends by the name of that fault.
 * One exception: if Message-Authenticator is required, a response without a valid one says nothing (CVE-2024-3596 forges just
 * that). A response to what an identifier carried before is late. It still answers a request that is in hand, wherever that waits.
 */
import { RECORD_CLASS } from '../../classes.ts'
import { ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, ACCOUNTING_RESPONSE } from '../../codes.ts'
import { copyOf } from '../../fresh-octets.ts'
import { checkResponse, isSignedOver } from '../../radius/authenticator.ts'
import type { ResponseFault } from '../../radius/faults.ts'
import { type Packet, type PacketFault, readPacket } from '../../radius/packet.ts'
import { accountingAnswerFromRecord, answerForClient } from '../../radius/rewrite.ts'
import { type Instant, since } from '../../units.ts'
import type { ServerDropReason } from '../border/endings.ts'
import type { EngineEvent } from '../border/events.ts'
import { count } from '../border/histogram.ts'
import type { Journal, Outbox, SigningMemory, States } from '../border/ports.ts'
import type { Register } from '../register/register.ts'
import type { Contact } from '../work/contact.ts'
import type { Exchange } from '../work/exchange.ts'
import type { Lane } from '../work/lane.ts'
import { type Attempt, isInHand, type Request } from '../work/request.ts'
import type { Assigning } from './assigning.ts'
import type { HealthChanges } from './health-changes.ts'
import type { Sending } from './sending.ts'
import { ServerSigners } from './server-signers.ts'

/** A valid response to an attempt, and what its client gets: nothing if the client gave it up. */
interface Valid {
  readonly attempt: Attempt
  readonly response: Packet
  readonly answer: Uint8Array | undefined
}

/** What a response is, once its Response Authenticator verifies. */
type Verified =
  | (Valid & { readonly is: 'answer' })
  /** Signed by the server for what is outstanding, and still of no use to any client. */
  | { readonly is: 'unusable'; readonly attempt: Attempt; readonly fault: ResponseFault }
  /** For what its identifier carried before; and an answer if that request is still in hand. */
  | {
      readonly is: 'late'
      readonly attempt: Attempt
      /** Undefined if it can't be passed on. */
      readonly response: Packet | undefined
      readonly answer: Uint8Array | undefined
    }

interface Parts {
  readonly register: Register
  readonly sending: Sending
  readonly assigning: Assigning
  readonly healthChanges: HealthChanges
  readonly states: States
  readonly outbox: Outbox
  readonly journal: Journal
}

export class Answering {
  readonly #parts: Parts
  readonly #placeOf = (length: number): Uint8Array => this.#parts.outbox.room(length)
  readonly signers: ServerSigners

  /** `signing`: what is known of who signs is known to all engines that have it. */
  constructor(parts: Parts, salt: number, signing?: SigningMemory) {
    this.#parts = parts
    this.signers = new ServerSigners({ journal: parts.journal, salt, memory: signing })
  }

  handle(lane: Lane, port: number, bytes: Uint8Array, now: Instant): void {
    const verdict = this.#judge(lane, port, bytes, now)
    if (typeof verdict === 'string') {
      if (verdict === 'missing-message-authenticator') this.signers.dropped(lane, bytes, now)
      this.#drop(lane, verdict, bytes, now)
    } else if (verdict.is === 'answer') this.#accept(verdict, now)
    else if (verdict.is === 'unusable') this.#endUnusable(verdict, bytes, now)
    else this.#acceptLate(verdict, bytes, now)
  }

  handleProbeAnswer(lane: Lane, bytes: Uint8Array, now: Instant): void {
    const response = readPacket(bytes)
    const { probe } = lane.contact
    const fault = typeof response === 'string' ? response : faultOfProbeAnswer(response, probe)
    if (fault !== undefined) {
      this.#drop(lane, fault, bytes, now)
      return
    }
    const { sentAt, secret } = probe!
    lane.contact.probe = undefined
    // A server that is slower with probes than its requests may take would only come and go.
    const { probePatience: limit } = lane.contact
    if (since(sentAt, now) > limit) {
      this.#drop(lane, 'late', bytes, now, { after: since(sentAt, now), limit })
      return
    }
    lane.counters.probesAnswered += 1
    lane.contact.probeAnswered({ secret }, now)
    this.#parts.healthChanges.changed(lane, lane.health.probeAnswered(now), now)
  }

  /** Sends an answer to one client and keeps it for its retransmissions. */
  reply(exchange: Exchange, answer: Uint8Array, now: Instant): void {
    this.#parts.register.exchanges.keepAnswer(exchange, answer, now)
    this.#parts.outbox.reply(exchange.from, answer)
  }

  /** What the datagram is, before anything changes. Octets that make the code throw are a fault with a name too. */
  #judge(lane: Lane, port: number, bytes: Uint8Array, now: Instant): Verified | ServerDropReason {
    try {
      const response = readPacket(bytes)
      if (typeof response === 'string') return this.#judgeUnreadable(lane, port, bytes, response, now)
      const identifier = lane.limits.identifiers.at(port, response.identifier)
      const attempt = identifier?.held
      let fault: ResponseFault | undefined
      if (attempt !== undefined) {
        fault = this.#check(lane, response, attempt, now)
        if (fault === undefined) return this.#judgeAnswer(attempt, response)
        if (this.#saysAlive(lane, fault, attempt, now)) return { is: 'unusable', attempt, fault }
      }
      const last = identifier?.last
      if (last !== undefined) {
        const lastFault = this.#check(lane, response, last, now)
        if (lastFault === undefined) return this.#judgeLate(last, response)
        if (this.#saysAlive(lane, lastFault, last, now)) return this.#judgeLateUnusable(last, bytes)
      }
      return fault ?? 'bad-authenticator'
    } catch (error) {
      this.#parts.journal.note({ kind: 'internal-error', where: 'taking a response', error, bytes }, now)
      return 'internal-error'
    }
  }

  /** Its attributes can't be walked; its header can, and so its Response Authenticator can be verified all the same. */
  #judgeUnreadable(
    lane: Lane,
    port: number,
    bytes: Uint8Array,
    fault: PacketFault,
    now: Instant,
  ): Verified | PacketFault {
    if (fault === 'too-short' || fault === 'bad-length') return fault
    const packet = bytes.subarray(0, (bytes[2]! << 8) | bytes[3]!)
    const { held, last } = lane.limits.identifiers.at(port, bytes[1]!) ?? {}
    const isOver = (attempt: Attempt | undefined): attempt is Attempt =>
      attempt !== undefined &&
      !this.#isRequired(lane, attempt, now) &&
      isSignedOver(packet, attempt.sent.authenticator, attempt.secret)
    if (isOver(held)) return { is: 'unusable', attempt: held, fault }
    return isOver(last) ? this.#judgeLateUnusable(last, bytes) : fault
  }

  #judgeAnswer(attempt: Attempt, response: Packet): Verified {
    const request = requestOf(attempt)
    const answer = request === undefined ? undefined : this.#answerFor(request, attempt, response)
    if (typeof answer === 'string') return { is: 'unusable', attempt, fault: answer }
    return { is: 'answer', attempt, response, answer }
  }

  /** Its request may have gone on to another server, or wait for one: an answer is as good from here. */
  #judgeLate(attempt: Attempt, response: Packet): Verified {
    const request = attempt.formerly
    if (request === undefined || !isInHand(request)) return { is: 'late', attempt, response, answer: undefined }
    const answer = this.#answerFor(request, attempt, response)
    return typeof answer === 'string'
      ? this.#judgeLateUnusable(attempt, response.bytes)
      : { is: 'late', attempt, response, answer }
  }

  #judgeLateUnusable(attempt: Attempt, bytes: Uint8Array): Verified {
    const request = attempt.formerly
    const isOfUse = request !== undefined && isInHand(request) && isRecorded(request, bytes)
    const answer = isOfUse ? this.answerFromRecord(request, undefined) : undefined
    return { is: 'late', attempt, response: undefined, answer }
  }

  /** Whether a faulty response proves that its server lives: it is signed, and lacks no proof that is required. */
  #saysAlive(lane: Lane, fault: ResponseFault, attempt: Attempt, now: Instant): boolean {
    if (fault === 'bad-authenticator') return false
    if (attempt.sent.code !== ACCESS_REQUEST) return true
    return fault !== 'missing-message-authenticator' && !this.#isRequired(lane, attempt, now)
  }

  #check(lane: Lane, response: Packet, attempt: Attempt, now: Instant): ResponseFault | undefined {
    const fault = checkResponse(response, attempt.sent, attempt.secret)
    if (fault !== undefined || response.messageAuthenticatorAt !== 0) return fault
    return this.#isRequired(lane, attempt, now) ? 'missing-message-authenticator' : undefined
  }

  /** Whether a response to this attempt must carry Message-Authenticator. */
  #isRequired(lane: Lane, attempt: Attempt, now: Instant): boolean {
    return attempt.sent.code === ACCESS_REQUEST && this.signers.isRequired(lane, now)
  }

  #accept(valid: Valid, now: Instant): void {
    const { attempt } = valid
    const request = requestOf(attempt)
    const isElsewhere = request !== attempt.request
    this.#parts.sending.finish(attempt, 'responded', now)
    if (request !== undefined && isElsewhere) this.#takeAway(request, now)
    this.#passOn(request, valid, now)
    this.#hear(attempt, now)
  }

  /** A valid response: its client gets it, if one waits, and what it says of the server and of a State is noted. */
  #passOn(request: Request | undefined, { attempt, response, answer }: Valid, now: Instant): void {
    const { lane } = attempt
    this.#count(lane, response, attempt, now)
    if (request !== undefined && answer !== undefined) {
      this.#parts.register.trace?.answered(request, attempt, response.code, now)
      this.#deliver(request, answer, now)
    }
    if (attempt.sent.code === ACCESS_REQUEST) this.signers.accepted(lane, response, now)
    const state = response.stateAt
    if (state !== 0) this.#parts.states.learn(response.value(state), lane.server.name, now)
  }

  /**
   * The server has answered, so it lives and is done with the request; its client gets nothing of that response. But an
   * Accounting-Response says that the record was recorded, and needs no attributes (RFC 2866 section 4.2).
   */
  #endUnusable({ attempt, fault }: Extract<Verified, { is: 'unusable' }>, bytes: Uint8Array, now: Instant): void {
    const { lane } = attempt
    const request = requestOf(attempt)
    const isElsewhere = request !== attempt.request
    this.#drop(lane, fault, bytes, now)
    this.#parts.sending.finish(attempt, 'responded', now)
    this.#hear(attempt, now)
    if (request === undefined) return
    if (isRecorded(request, bytes)) {
      if (isElsewhere) this.#takeAway(request, now)
      this.#deliverOwn(request, attempt, now)
    } else if (!isElsewhere) this.#parts.assigning.gotUnusable(request, attempt, fault, now)
  }

  /** A sign of life: each attempt gives one, whenever its response comes. */
  #hear(attempt: Attempt, now: Instant): void {
    const { lane } = attempt
    if (lane.contact.heard(attempt, now)) lane.limits.heard(lane, now)
    this.#parts.healthChanges.changed(lane, lane.health.responded(now, !attempt.isOverdue), now)
  }

  /**
   * Its time-out is over. If its request is still in hand, the response ends it wherever it waits or is outstanding. Its server
   * was alive after it got the request; a second response says nothing new.
   */
  #acceptLate({ attempt, response, answer }: Extract<Verified, { is: 'late' }>, bytes: Uint8Array, now: Instant): void {
    const { lane, formerly: request } = attempt
    attempt.formerly = undefined
    if (response === undefined || answer === undefined) {
      const late = { after: since(attempt.heldSince, now), limit: lane.options.timeout }
      this.#drop(lane, 'late', bytes, now, late)
    }
    if (request !== undefined && answer !== undefined) {
      this.#takeAway(request, now)
      if (response === undefined) this.#deliverOwn(request, attempt, now)
      else this.#passOn(request, { attempt, response, answer }, now)
    }
    if (!lane.contact.heard(attempt, now)) return
    lane.limits.heard(lane, now)
    this.#parts.healthChanges.changed(lane, lane.health.respondedLate(now), now)
  }

  /** It is answered, and waits or is outstanding no more. */
  #takeAway(request: Request, now: Instant): void {
    const current = request.course?.attempt
    if (current !== undefined) this.#parts.sending.abandon(current, now)
    this.#parts.register.places.leave(request)
  }

  #answerFor(request: Request, attempt: Attempt, response: Packet): Uint8Array | ResponseFault {
    const { packet, client } = request
    const { secret: serverSecret, sent } = attempt
    const { authenticator: sentAuthenticator } = sent
    const { secret: clientSecret } = client.options
    return answerForClient({ response, sentAuthenticator, serverSecret, request: packet, clientSecret }, this.#placeOf)
  }

  /** The server has recorded it, and said so in a response that can't be passed on. */
  #deliverOwn(request: Request, attempt: Attempt, now: Instant): void {
    attempt.lane.counters.responses += 1
    this.#parts.register.trace?.answered(request, attempt, ACCOUNTING_RESPONSE, now)
    this.#deliver(request, this.answerFromRecord(request, undefined), now)
  }

  /** The request ends, and every exchange that waits gets its answer: `answer` is for its origin, others are made of it. */
  #deliver(request: Request, answer: Uint8Array, now: Instant): void {
    const waiting = this.#parts.register.delivered(request, answer, now)
    if (waiting.length === 1 && waiting[0] === request) this.reply(request, answer, now)
    else this.#replyToAll(waiting, request, copyOf(answer), now)
    request.release()
  }

  /** `answer` is a copy: each of these is written where it was made. */
  #replyToAll(waiting: readonly Exchange[], request: Request, answer: Uint8Array, now: Instant): void {
    for (const exchange of waiting) {
      if (exchange !== request) this.reply(exchange, this.answerFromRecord(exchange, answer), now)
      else {
        const octets = this.#placeOf(answer.length)
        octets.set(answer)
        this.reply(request, octets, now)
      }
    }
  }

  /** An answer to an accounting record that a server has taken under another identifier. */
  answerFromRecord(exchange: Exchange, answer: Uint8Array | undefined): Uint8Array {
    const { packet, client } = exchange
    const { secret: clientSecret } = client.options
    return accountingAnswerFromRecord({ answer, request: packet, clientSecret }, this.#placeOf)
  }

  #count(lane: Lane, response: Packet, attempt: Attempt, now: Instant): void {
    const { counters } = lane
    counters.responses += 1
    if (response.code === ACCESS_ACCEPT) counters.accepts += 1
    else if (response.code === ACCESS_REJECT) counters.rejects += 1
    else if (response.code === ACCESS_CHALLENGE) counters.challenges += 1
    // After a retry nobody knows which transmission was answered (Karn's rule).
    if (attempt.tries > 1) return
    const took = since(attempt.sentAt, now)
    count(counters.roundTrips, took)
    // A window that grew has room for those that wait.
    if (lane.limits.answered(took, now)) lane.schedule.placeIsFree()
  }

  #drop(lane: Lane, reason: ServerDropReason, bytes: Uint8Array, now: Instant, late?: Late): void {
    lane.counters.dropped[reason] += 1
    const where = { lane: lane.number, server: lane.server.name, class: lane.class }
    this.#parts.journal.note({ kind: 'response-dropped', ...where, reason, bytes, late }, now)
  }
}

/** Whose answer a response to this attempt is: its request, or the one that a refused port moved and that is still in hand. */
const requestOf = ({ request, formerly }: Attempt): Request | undefined =>
  request ?? (formerly !== undefined && isInHand(formerly) ? formerly : undefined)

const faultOfProbeAnswer = (response: Packet, probe: Contact['probe']): ResponseFault | undefined => {
  if (probe === undefined || response.identifier !== probe.bytes[1]) return 'bad-authenticator'
  const request = { code: probe.bytes[0]!, authenticator: probe.bytes.subarray(4, 20) }
  return checkResponse(response, request, probe.secret)
}

type Late = Extract<EngineEvent, { kind: 'response-dropped' }>['late']

/** A signed response of that code says so, whatever else stands in it. */
const isRecorded = (request: Request, bytes: Uint8Array): boolean =>
  request.class === RECORD_CLASS && bytes[0] === ACCOUNTING_RESPONSE
