/**
 * What to do with a message that came before: absorb it, answer it again, or attach it to its record.
 *
 * RFC 5080 section 2.2.2: a retransmission has the same source, identifier, code and authenticator. It never goes to a server
 * a second time. The same identifier with another authenticator means that the client gave the old request up. Then an
 * Access-Request ends. An accounting record stays where it is, since a client uses its 256 identifiers again within seconds;
 * only its old identifier gets no answer any more.
 */
import { RECORD_CLASS } from '../../classes.ts'
import type { Packet } from '../../radius/packet.ts'
import type { Instant } from '../../units.ts'
import type { Outbox } from '../border/ports.ts'
import { ENTRY } from '../register/ledger.ts'
import type { Register } from '../register/register.ts'
import type { Answering } from '../serving/answering.ts'
import type { Sending } from '../serving/sending.ts'
import type { Exchange } from '../work/exchange.ts'
import type { Request } from '../work/request.ts'
import type { ProvenArrival, Verdict } from './arrival.ts'

const ABSORBED = 'its request is on its way'
const ANSWERED = 'it was answered, and is answered again'
const PASSED = 'it gave way to a newer one, which was sent and must come again'
const SAID = { pending: ABSORBED, answered: ANSWERED, passed: PASSED } as const

interface Parts {
  readonly register: Register
  readonly sending: Sending
  readonly answering: Answering
  readonly outbox: Outbox
}

export class Repetition {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A packet that came before ends here. */
  admit(arrival: ProvenArrival, now: Instant): Verdict {
    const { register, answering, outbox } = this.#parts
    const { exchanges, records, trace } = register
    const { class: trafficClass, from, packet } = arrival
    const ledger = register.ledgers[trafficClass]
    const counters = register.counters[trafficClass]
    const before = exchanges.find(arrival)
    const isRepeated = before !== undefined && isSamePacket(before.exchange.packet, packet)
    if (isRepeated && this.#forgets(before.request, arrival, now)) return 'goes-on'
    if (isRepeated) {
      ledger.count(ENTRY.duplicate)
      register.heardAgain(before.request, arrival, now)
      trace?.duplicate(arrival, ABSORBED, now)
      return 'ends'
    }
    const answer = exchanges.answerTo(arrival, now)
    if (answer !== undefined) {
      ledger.count(ENTRY.duplicate)
      counters.cachedAnswers += 1
      trace?.duplicate(arrival, ANSWERED, now)
      const octets = outbox.room(answer.length)
      octets.set(answer)
      outbox.reply(from, octets)
      return 'ends'
    }
    const known = trafficClass === RECORD_CLASS ? records.find(arrival, now) : undefined
    if (before !== undefined) this.#letGo(before.exchange, before.request, now)
    if (known === undefined) return 'goes-on'
    ledger.count(ENTRY.duplicate)
    counters.contentDuplicates += 1
    trace?.duplicate(arrival, SAID[known.kind], now)
    if (known.kind === 'passed') return 'ends'
    if (known.kind === 'pending') {
      register.heardAgain(known.request, arrival, now)
      exchanges.attach(arrival, known.request)
    } else {
      answering.reply(arrival, answering.answerFromRecord(arrival, known.answer), now)
    }
    return 'ends'
  }

  /**
   * With `max_age: auto`: whether the copy of a login that still waits came too late to keep its place. Then the login is forgotten, and
   * the copy enters anew.
   */
  #forgets(request: Request, { receivedAt }: ProvenArrival, now: Instant): boolean {
    const { register } = this.#parts
    const backlog = register.places.backlogs[request.class]
    if (backlog.limits.maxAgeMost === undefined || !backlog.isOverdue(request, receivedAt)) return false
    register.end(request, { how: 'expired' }, now)
    return true
  }

  /** The client has used the identifier for something else. */
  #letGo(exchange: Exchange, request: Request, now: Instant): void {
    const { register, sending } = this.#parts
    if (request.class === RECORD_CLASS) {
      register.exchanges.end(exchange, request)
      return
    }
    const attempt = request.course?.attempt
    if (attempt !== undefined) sending.abandon(attempt, now)
    register.end(request, { how: 'superseded' }, now)
  }
}

/** Code and authenticator; source and identifier are the same already. */
const isSamePacket = (a: Packet, b: Packet): boolean => {
  if (a.code !== b.code) return false
  for (let at = 4; at < 20; at += 1) if (a.bytes[at] !== b.bytes[at]) return false
  return true
}
