/**
 * What becomes of a record of a client with `interims: newest`: it gets a place of its own, or that of an older interim
 * update of its session, or none, because a newer one is sent for it.
 *
 * Only that a record was coalesced is the engine's word. Which record took which one's place is worked out here, from the
 * packets: the last record of a session gives way if it is an interim update that has not left yet, and if one of the two
 * has a greater Acct-Session-Time. If that can't be, the fate is `unfounded`.
 */

import { isInterim } from '../../accounting/record/record.ts'
import { perClass, type TrafficClass } from '../../classes.ts'
import type { Peer } from '../../proxy/border/events.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { Packet } from '../../radius/packet.ts'
import { type Duration, type Instant, instant } from '../../units.ts'
import { serialOf, sessionOf, sessionTimeOf, wellFormed } from '../peers/packets.ts'
import type { ObservedWorld, Observer } from '../world/observer.ts'
import { inHand, Recent } from './recent.ts'

/** `arrival` and `at` are those of the place that a record has, `of` is the serial of the other record. */
export type Fate =
  | { readonly kind: 'let-in'; readonly arrival: number; readonly at: Instant }
  | { readonly kind: 'took-place'; readonly arrival: number; readonly at: Instant; readonly of: number }
  | { readonly kind: 'joined'; readonly of: number }
  | { readonly kind: 'unfounded'; readonly why: string }
  | { readonly kind: 'no-place' }

const NO_PLACE = { kind: 'no-place' } as const
const unfounded = (why: string): Fate => ({ kind: 'unfounded', why })

/** The last record of a session. */
interface Last {
  readonly serial: number
  readonly arrival: number
  readonly at: Instant
  readonly isInterim: boolean
  readonly time: number | undefined
  wasSent: boolean
}

export class InterimBook implements Observer {
  readonly #lastOf: Recent<string, Last>
  /** The same by serial. */
  readonly #records: Recent<number, Last>
  /** Addresses of the clients whose interim updates may give way, now or before a reload. */
  readonly #addresses = new Set<string>()
  #engine: ObservedWorld['engine']
  #admitted = 0
  #coalesced = 0
  /** Of the datagram that the engine was handed last. */
  fate: Fate = NO_PLACE
  /** When that came to its socket. What is read later counts as no older than what was let in before it. */
  cameAt: Instant = instant(0)
  readonly #latest = perClass(() => instant(0))

  constructor(options: EngineOptions) {
    this.#lastOf = new Recent(inHand(options))
    this.#records = new Recent(inHand(options))
    this.reconfigured(options)
  }

  begins({ engine }: ObservedWorld): void {
    this.#engine = engine
  }

  reconfigured({ clients }: EngineOptions): void {
    for (const { network, accounting } of clients) if (accounting.interims === 'newest') this.#addresses.add(network)
  }

  /** Whether interim updates of this client may give way. */
  isFor(address: string): boolean {
    return this.#addresses.has(address)
  }

  received(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer, age: Duration): void {
    this.cameAt = instant(Math.max(now - age, this.#latest[trafficClass]))
    this.fate = this.#fateOf(trafficClass, bytes, now, from)
    if (this.fate.kind === 'let-in') this.#latest[trafficClass] = this.cameAt
  }

  #fateOf(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): Fate {
    const { admitted = 0, coalesced = 0 } = this.#engine?.inspection ?? {}
    const isLetIn = admitted !== this.#admitted
    const isCoalesced = coalesced !== this.#coalesced
    this.#admitted = admitted
    this.#coalesced = coalesced
    if (isCoalesced) return this.#placeOf(trafficClass, bytes, now, from)
    if (!isLetIn) return NO_PLACE
    const place = { arrival: admitted, at: this.cameAt }
    if (trafficClass === 'accounting' && this.isFor(from.address)) this.#keep(wellFormed(bytes), from, place, now)
    return { kind: 'let-in', ...place }
  }

  /** Whether the record with that serial left for a server since it was let in last. */
  wasSent(serial: number, now: Instant): boolean {
    return this.#records.get(serial, now)?.wasSent === true
  }

  /** What left for a server can give way no more. */
  forwarded(_lane: number, _port: number, bytes: Uint8Array, now: Instant): void {
    const record = this.#records.get(serialOf(wellFormed(bytes)) ?? -1, now)
    if (record !== undefined) record.wasSent = true
  }

  #placeOf(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): Fate {
    const packet = wellFormed(bytes)
    const name = `request ${serialOf(packet)}`
    if (trafficClass !== 'accounting' || !isInterim(packet)) return unfounded(`${name} is no interim update`)
    if (!this.isFor(from.address)) return unfounded(`${name}: all interim updates of ${from.address} are delivered`)
    const last = this.#lastOf.get(keyOf(packet, from), now)
    if (last === undefined || !last.isInterim || last.wasSent) {
      return unfounded(`${name}: no interim update is the last of its session that waits`)
    }
    const time = sessionTimeOf(packet)
    if (time === undefined || last.time === undefined || time === last.time) {
      return unfounded(`${name} with ${time} s and request ${last.serial} with ${last.time} s: neither is newer`)
    }
    if (time < last.time) return { kind: 'joined', of: last.serial }
    const { arrival, at } = last
    this.#keep(packet, from, { arrival, at }, now)
    return { kind: 'took-place', arrival, at, of: last.serial }
  }

  #keep(packet: Packet, from: Peer, place: { readonly arrival: number; readonly at: Instant }, now: Instant): void {
    const serial = serialOf(packet)
    if (serial === undefined || sessionOf(packet) === undefined) return
    const time = sessionTimeOf(packet)
    const record: Last = { serial, ...place, isInterim: isInterim(packet), time, wasSent: false }
    this.#lastOf.set(keyOf(packet, from), record, now)
    this.#records.set(serial, record, now)
  }
}

const keyOf = (packet: Packet, from: Peer): string => `${from.address} ${sessionOf(packet)}`
