/**
 * What a client sent, and an answer that it waits for.
 *
 * An origin is a packet as it came. An exchange is an origin whose client waits for an answer under the packet's identifier. A
 * request has one origin and any number of exchanges (`register/exchanges.ts`).
 */
import type { Packet } from '../../radius/packet.ts'
import type { Peer } from '../border/events.ts'
import type { Client } from '../clients/client-table.ts'

export interface Origin {
  readonly from: Peer
  readonly client: Client
  readonly packet: Packet
}

export type Exchange = Origin
