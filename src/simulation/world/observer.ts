/**
 * Who watches a world, and what they are told. An observer changes nothing.
 *
 * A law that is broken throws `BrokenLaw` with its name and what it saw. The run ends there, and the seed reproduces it.
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

/** What an observer may see of a world. */
export interface ObservedWorld {
  readonly now: Instant
  /** Undefined if the clients ask the servers directly. */
  readonly engine: Engine | undefined
  /** What each datagram costs the engine's host. */
  readonly cost: Duration
  readonly servers: readonly Pick<HomeServer<never>, 'plan' | 'waiting'>[]
  readonly clients: readonly Pick<Nas, 'plan' | 'counters' | 'trying'>[]
}

export interface Observer {
  begins?(world: ObservedWorld): void
  /** A client's datagram was handed to the engine, which may have been told that it had waited in its socket. */
  received?(trafficClass: TrafficClass, bytes: Uint8Array, now: Instant, from: Peer, age: Duration): void
  /** The engine sends to a server. */
  forwarded?(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  probed?(lane: number, bytes: Uint8Array, now: Instant): void
  /** A server's datagram will be handed to the engine. The port may be PROBE_PORT. */
  arrives?(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  /** What was sent from this port was refused (ECONNREFUSED), as an error says that may quote it. */
  refused?(lane: number, port: number, now: Instant, quoted?: Uint8Array): void
  /** A server's datagram was handed to the engine, and it was no answer to a probe. */
  responded?(lane: number, port: number, bytes: Uint8Array, now: Instant): void
  /** The engine answers a client. */
  replied?(to: Peer, bytes: Uint8Array, now: Instant): void
  noted?(event: EngineEvent, now: Instant): void
  reconfigured?(options: EngineOptions, now: Instant): void
  /** Something happened, and the engine has sent all that may go. */
  stepped?(now: Instant): void
  wrongAnswer?(client: string, why: string, now: Instant): void
  /** A server worked a message off. */
  worked?(server: string, packet: Packet, now: Instant): void
  /** A client's session came up, so long after it first dialed. */
  cameUp?(client: string, waited: Duration, now: Instant): void
  /** A client gave up the request with this serial. */
  gaveUp?(client: string, trafficClass: TrafficClass, serial: number, now: Instant): void
}
