/**
 * One datagram from a client on its way through the steps of the admission, and what a step can say of it.
 */
import type { Wraps } from '../../accounting/record/rewriting.ts'
import type { TrafficClass } from '../../classes.ts'
import type { Packet } from '../../radius/packet.ts'
import type { Instant } from '../../units.ts'
import type { ClientDropReason } from '../border/endings.ts'
import type { Peer } from '../border/events.ts'
import type { Client } from '../clients/client-table.ts'
import type { Origin } from '../work/exchange.ts'

export class Arrival {
  readonly class: TrafficClass
  readonly from: Peer
  readonly octets: Uint8Array
  /** When it came to a socket of ours. It may be read later. */
  readonly receivedAt: Instant
  /** Found by the intake; undefined if nobody is configured there. */
  client: Client | undefined = undefined
  /** Read by the intake. */
  packet: Packet | undefined = undefined
  /** Whether the ledger has counted it: a Status-Server request never gets there. */
  isCounted = false
  /** Accounting: how often the counters of its session had wrapped, if the record is to say so. */
  wraps: Wraps | undefined = undefined

  constructor(trafficClass: TrafficClass, from: Peer, octets: Uint8Array, receivedAt: Instant) {
    this.class = trafficClass
    this.from = from
    this.octets = octets
    this.receivedAt = receivedAt
  }
}

/** A proven packet of a client, as the intake leaves it. */
export type ProvenArrival = Arrival & Origin

/** It goes on to the next step; it ends here, which is no refusal; or why it is refused. */
export type Verdict = 'goes-on' | 'ends' | ClientDropReason

export interface AdmissionStep {
  readonly name: string
  readonly admit: (arrival: Arrival, now: Instant) => Verdict
}
