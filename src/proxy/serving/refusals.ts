/**
 * What an ICMP error (port unreachable) says: nobody listened where a request was sent.
 *
 * An error proves nothing, since anybody can send one. It carries a part of the datagram that it is about: 8 octets of the UDP
 * header at least (RFC 792), with most hosts the request too. Only who saw the request knows its authenticator. So RFC 8085
 * section 5.2 is obeyed: an error is checked against what was sent. One that quotes the authenticator of an outstanding attempt
 * moves the request to another server, once. Any other only shortens the wait, so that a server that restarts is not given up
 * within microseconds. The attempt stays open: a response that comes all the same is the answer.
 */
import { type Instant, MICROS_PER_SECOND, since } from '../../units.ts'
import { PROBE_PORT } from '../border/ports.ts'
import type { Pools } from '../pool/pool.ts'
import type { Lane } from '../work/lane.ts'
import { type Attempt, type Request, startCourse } from '../work/request.ts'
import { type Assigning, noteTried } from './assigning.ts'
import type { Sending } from './sending.ts'

/** Code, identifier, length and authenticator: what tells one request from all others. */
const HEADER = 20
/** Fewer octets have no identifier in them. */
const NAMES_ONE = 2

interface Parts {
  readonly pools: Pools
  readonly sending: Sending
  readonly assigning: Assigning
}

export class Refusals {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `quoted`: the datagram that was refused, maybe cut short. If it was never sent, or is over, the error is only counted. */
  refused(lane: Lane, port: number, quoted: Uint8Array | undefined, now: Instant): void {
    lane.counters.refused += 1
    const known = quoted !== undefined && quoted.length >= NAMES_ONE ? quoted : undefined
    if (port === PROBE_PORT) {
      // A probe has no time-out that could be shortened.
      const { probe } = lane.contact
      if (known === undefined || isOf(known, probe?.bytes)) lane.contact.refused(now)
      return
    }
    const attempt = known === undefined ? lane.limits.lastSent[port] : attemptOf(lane, port, known)
    if (attempt === undefined && known !== undefined) return
    lane.contact.refused(now)
    if (attempt === undefined) return
    const { request } = attempt
    const isProven = known !== undefined && known.length >= HEADER
    if (isProven && request !== undefined && this.#mayMove(request, attempt, now)) this.#move(request, attempt, now)
    else this.#shorten(attempt, now)
  }

  #mayMove(request: Request, { lane, step }: Attempt, now: Instant): boolean {
    // Its time-out is over already.
    if (step === -1) return false
    // A conversation is with one server.
    if (request.packet.stateAt !== 0) return false
    if (request.course?.refused !== undefined) return false
    // A server that answers is not gone, whatever the error says.
    const { heardAt } = lane.contact.view(now)
    if (heardAt !== undefined && since(heardAt, now) <= MICROS_PER_SECOND) return false
    return this.#parts.assigning.canMove(request, lane, now)
  }

  /** The attempt keeps its identifier until the response or the time-out, and its request goes elsewhere. */
  #move(request: Request, attempt: Attempt, now: Instant): void {
    startCourse(request).refused = attempt
    attempt.formerly = request
    noteTried(request, attempt)
    this.#parts.sending.abandon(attempt, now)
    this.#parts.assigning.moveOn(request, attempt, now)
  }

  /** If its request was moved for an error before, the first server has no longer than the second. */
  #shorten(attempt: Attempt, now: Instant): void {
    const first = attempt.request?.course?.refused
    this.#parts.sending.shorten(attempt, now)
    if (first !== undefined) this.#parts.sending.shorten(first, now)
  }
}

const attemptOf = (lane: Lane, port: number, quoted: Uint8Array): Attempt | undefined => {
  const attempt = lane.limits.identifiers.at(port, quoted[1]!)?.held
  return isOf(quoted, attempt?.sent.header) ? attempt : undefined
}

/** Whether the quote is of these octets, as far as it goes. */
const isOf = (quoted: Uint8Array, sent: Uint8Array | undefined): boolean => {
  if (sent === undefined) return false
  const length = Math.min(quoted.length, HEADER)
  for (let at = 0; at < length; at += 1) if (quoted[at] !== sent[at]) return false
  return true
}
