/**
 * A client asks whether we live (RFC 5997). It is answered here, never proxied, also while every server is Down.
 *
 * Such a request is in no ledger. While the engine drains it gets no answer, so that its client goes to another proxy.
 */
import { STATUS_SERVER } from '../../codes.ts'
import { statusServerAnswer } from '../../radius/status-server.ts'
import { type Instant, secondOf } from '../../units.ts'
import type { Outbox } from '../border/ports.ts'
import type { Register } from '../register/register.ts'
import type { ProvenArrival, Verdict } from './arrival.ts'

/** RFC 5997 section 4.2 asks for a limit; so many a second of one source address. */
const MOST_PER_SECOND = 5

export class StatusServer {
  readonly #register: Register
  readonly #outbox: Outbox
  readonly #placeOf = (length: number): Uint8Array => this.#outbox.room(length)
  /** Requests of the running second by address. */
  readonly #asked = new Map<string, number>()
  #second = 0

  constructor(register: Register, outbox: Outbox) {
    this.#register = register
    this.#outbox = outbox
  }

  admit({ class: trafficClass, from, packet, client }: ProvenArrival, isDraining: boolean, now: Instant): Verdict {
    if (packet.code !== STATUS_SERVER) return 'goes-on'
    const counters = this.#register.counters[trafficClass]
    if (isDraining || !this.#isWithinLimit(from.address, now)) counters.statusServerIgnored += 1
    else {
      counters.statusServerAnswered += 1
      const answer = statusServerAnswer(packet, trafficClass, client.options.secret, this.#placeOf)
      this.#outbox.reply(from, answer)
    }
    return 'ends'
  }

  #isWithinLimit(address: string, now: Instant): boolean {
    const second = secondOf(now)
    if (second !== this.#second) {
      this.#asked.clear()
      this.#second = second
    }
    const count = (this.#asked.get(address) ?? 0) + 1
    this.#asked.set(address, count)
    return count <= MOST_PER_SECOND
  }
}
