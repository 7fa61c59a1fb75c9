/**
 * What a client sent, and an answer that it waits for: the two sides of a request that its server never sees.
 *
 * An origin is a packet as it came. An exchange is an origin whose client waits for an answer under the identifier of that
 * packet. A request has one origin and any number of exchanges: none if it was kept and is sent later, or if its client gave
 * up; several if a client sent one record under several identifiers.
 */
import type { Packet } from '../../radius/packet.ts'
import type { Peer } from '../border/events.ts'
import type { Client } from './client-table.ts'

export interface Origin {
  readonly from: Peer
  readonly client: Client
  readonly packet: Packet
}

export type Exchange = Origin
