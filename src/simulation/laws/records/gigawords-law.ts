/**
 * `synthesize_gigawords`, seen at the network: a record has no more Gigawords than its session counted, and each copy of it
 * has the same.
 *
 * A session counts so many octets for each second of its Acct-Session-Time. A record may have fewer Gigawords, since the
 * engine may not have seen a counter wrap.
 */
import type { TrafficClass } from '../../../classes.ts'
import { ACCOUNTING_REQUEST } from '../../../codes.ts'
import type { Peer } from '../../../proxy/border/events.ts'
import type { EngineOptions } from '../../../proxy/border/options.ts'
import type { Instant } from '../../../units.ts'
import { inHand, Recent, remembersRecords } from '../../books/recent.ts'
import { gigawordsOf, serialOf, sessionTimeOf, wellFormed } from '../../peers/packets.ts'
import { BrokenLaw, type ObservedWorld, type Observer } from '../../world/observer.ts'

const TWO_TO_32 = 2 ** 32

export class GigawordsLaw implements Observer {
  /** By serial: the Gigawords of the copy that left last. */
  readonly #said: Recent<number, string>
  /** By serial: what its client counts each second. */
  readonly #rates: Recent<number, number>
  readonly #remembers: boolean
  readonly #rateOf = new Map<string, number>()

  constructor(options: EngineOptions) {
    this.#said = new Recent(inHand(options))
    this.#rates = new Recent(inHand(options))
    this.#remembers = remembersRecords(options)
  }

  begins(world: ObservedWorld): void {
    for (const { plan } of world.clients) {
      const { octetsPerSecond } = plan.accounting
      if (octetsPerSecond !== undefined) this.#rateOf.set(plan.address, octetsPerSecond)
    }
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void {
    const rate = trafficClass === 'accounting' ? this.#rateOf.get(from.address) : undefined
    const serial = rate === undefined ? undefined : serialOf(wellFormed(bytes))
    if (rate !== undefined && serial !== undefined) this.#rates.set(serial, rate, now)
  }

  forwarded(_lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const packet = wellFormed(bytes)
    const serial = packet.code === ACCOUNTING_REQUEST ? serialOf(packet) : undefined
    const rate = serial === undefined ? undefined : this.#rates.get(serial, now)
    if (serial === undefined || rate === undefined) return
    const gigawords = gigawordsOf(packet)
    const counted = Math.floor(((sessionTimeOf(packet) ?? 0) * rate) / TWO_TO_32)
    if (Math.max(...gigawords) > counted) {
      throw new BrokenLaw('gigawords', `request ${serial} says ${gigawords}, its session counted ${counted}`, now)
    }
    const said = String(gigawords)
    const before = this.#said.get(serial, now)
    this.#said.set(serial, said, now)
    if (before !== undefined && before !== said && this.#remembers) {
      throw new BrokenLaw('gigawords', `a copy of request ${serial} says ${said}, an earlier one said ${before}`, now)
    }
  }
}
