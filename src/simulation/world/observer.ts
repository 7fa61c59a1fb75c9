/**
 * Who watches a world: what the checkers and the recorders are told, step by step.
 *
 * An observer changes nothing. A checker that finds a law broken throws `BrokenLaw` with the law's name and what it saw; the
 * run ends there, and the seed brings it back.
 */

import type { TrafficClass } from '../../classes.ts'
import type { EngineEvent, Peer } from '../../proxy/border/events.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { Engine } from '../../proxy/engine.ts'
import type { Packet } from '../../radius/packet.ts'
import type { Duration, Instant } from '../../units.ts'
import type { HomeServer } from '../peers/home-server.ts'
import type { Nas } from '../peers/nas.ts'

export class BrokenLaw extends Error {
  readonly law: string

  constructor(law: string, saw: string, now: Instant) {
    super(`${law}: ${saw} (at ${now} us)`)
    this.law = law
  }
}

/** What an observer may look at: all but the means to change it. */
export interface ObservedWorld {
  readonly now: Instant
  /** Undefined where the clients ask the servers directly. */
  readonly engine: Engine | undefined
  readonly servers: readonly Pick<HomeServer<never>, 'plan' | 'waiting'>[]
  readonly clients: readonly Pick<Nas, 'plan' | 'counters' | 'trying'>[]
}

/** Everything that can be told; an observer listens to what it cares for. */
export interface Observer {
  begins?(world: ObservedWorld): void
  /** A client's datagram was handed to the engine. */
  received?(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer): void
  /** The engine sends to a server. */
  forwarded?(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  /** The engine asks a server how it is. */
  probed?(lane: number, bytes: Uint8Array, now: Instant): void
  /** A server's datagram is about to be handed to the engine; port -1 is the probe socket. */
  arrives?(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  /** A port of a server that is not there refused what was sent. */
  refused?(lane: number, port: number, now: Instant): void
  /** A server's datagram was handed to the engine. */
  responded?(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  /** The engine answers a client. */
  replied?(to: Peer, bytes: Uint8Array, now: Instant): void
  noted?(event: EngineEvent, now: Instant): void
  reconfigured?(options: EngineOptions, now: Instant): void
  /** Something happened, and the engine has served all that can go. */
  stepped?(now: Instant): void
  wrongAnswer?(client: string, why: string, now: Instant): void
  /** A server worked a message off. */
  worked?(server: string, packet: Packet, now: Instant): void
  /** A client's session came up, so long after it first dialed. */
  cameUp?(client: string, waited: Duration, now: Instant): void
  /** A client gave a message up; `serial` is what the message carries. */
  gaveUp?(client: string, trafficClass: TrafficClass, serial: number, now: Instant): void
}
