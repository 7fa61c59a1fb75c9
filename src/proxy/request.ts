/**
 * One request on its way, and the exchanges with clients that wait for its answer.
 *
 * A `Request` is what a server is asked. An `Exchange` is one identifier of one client that an answer goes to: usually
 * one, several where a client sent the same accounting record again under a new identifier (RFC 2866 section 5.2), none
 * once the client has used its identifier for something else. A request is at every moment in exactly one place: waiting
 * in a line, outstanding (`attempt`), or ended.
 */

import { isInterim } from '../accounting/record.ts'
import { Link } from '../queues/arrival-list.ts'
import type { Promoter } from '../queues/server-queue.ts'
import { PREFERENCE, type Preference, type Stage } from '../queues/waiting-line.ts'
import type { Packet } from '../radius/packet.ts'
import type { Instant, TrafficClass } from '../units.ts'
import type { Attempt } from './attempt.ts'
import type { Client } from './client-table.ts'
import type { Lane } from './lane.ts'
import type { Peer } from './ports.ts'
import type { WaitingSession } from './waiting-sessions.ts'

/** One identifier of one client that waits for an answer. */
export class Exchange {
  readonly from: Peer
  readonly client: Client
  readonly packet: Packet
  /** What it waits for; undefined once it waits no more. */
  request: Request | undefined = undefined

  constructor(from: Peer, client: Client, packet: Packet) {
    this.from = from
    this.client = client
    this.packet = packet
  }
}

export class Request {
  /** Rises by one with each request: who is older. */
  readonly arrival: number
  readonly class: TrafficClass
  readonly receivedAt: Instant
  /** The exchange it came with; the packet that is rewritten for servers. */
  readonly origin: Exchange
  /** Who still waits for the answer. */
  readonly exchanges: Exchange[]
  readonly size: number
  readonly preference: Preference
  /** Accounting: where `Duplicates` knows its record by content; -1 where it does not. */
  recordRow = -1

  stage: Stage = 'fresh'
  /** Chosen once; health alone changes it. */
  lane: Lane | undefined = undefined
  /** Bound to its server by State: no other would understand it. */
  isBound = false
  /** Lanes that did not answer it. */
  readonly tried: number[] = []
  /** Over all servers. */
  transmissions = 0
  /** Outstanding: its copy at a server. */
  attempt: Attempt | undefined = undefined

  readonly link: Link<Request>
  readonly ageLink: Link<Request>
  readonly interimLink: Link<Request> | undefined
  heapPlace = -1
  /** An accounting record that waits unsent: its session's. */
  session: WaitingSession | undefined = undefined
  line: object | undefined = undefined
  promotedBy: Promoter | undefined = undefined

  constructor(o: {
    readonly arrival: number
    readonly class: TrafficClass
    readonly exchange: Exchange
    readonly now: Instant
  }) {
    this.arrival = o.arrival
    this.class = o.class
    this.receivedAt = o.now
    this.origin = o.exchange
    this.exchanges = [o.exchange]
    o.exchange.request = this
    const { packet } = o.exchange
    this.size = packet.length
    this.preference =
      o.class === 'accounting'
        ? PREFERENCE.accounting
        : packet.stateAt !== 0
          ? PREFERENCE.state
          : PREFERENCE.authentication
    this.link = new Link<Request>(this, o.arrival)
    this.ageLink = new Link<Request>(this, o.arrival)
    this.interimLink = o.class === 'accounting' && isInterim(packet) ? new Link<Request>(this, o.arrival) : undefined
  }

  get client(): Client {
    return this.origin.client
  }

  /** The exchange does not wait any more. */
  detach(exchange: Exchange): void {
    const place = this.exchanges.indexOf(exchange)
    if (place !== -1) this.exchanges.splice(place, 1)
    exchange.request = undefined
  }
}
