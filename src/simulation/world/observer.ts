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

/** Several observers of one world as one. */
export const together = (all: readonly Observer[]): Observer => ({
  begins: (world) => {
    for (const each of all) each.begins?.(world)
  },
  received: (trafficClass, bytes, now, from) => {
    for (const each of all) each.received?.(trafficClass, bytes, now, from)
  },
  forwarded: (lane, port, bytes, now) => {
    for (const each of all) each.forwarded?.(lane, port, bytes, now)
  },
  probed: (lane, bytes, now) => {
    for (const each of all) each.probed?.(lane, bytes, now)
  },
  arrives: (lane, port, bytes, now) => {
    for (const each of all) each.arrives?.(lane, port, bytes, now)
  },
  refused: (lane, port, now) => {
    for (const each of all) each.refused?.(lane, port, now)
  },
  responded: (lane, port, bytes, now) => {
    for (const each of all) each.responded?.(lane, port, bytes, now)
  },
  replied: (to, bytes, now) => {
    for (const each of all) each.replied?.(to, bytes, now)
  },
  noted: (event, now) => {
    for (const each of all) each.noted?.(event, now)
  },
  reconfigured: (options, now) => {
    for (const each of all) each.reconfigured?.(options, now)
  },
  stepped: (now) => {
    for (const each of all) each.stepped?.(now)
  },
  wrongAnswer: (client, why, now) => {
    for (const each of all) each.wrongAnswer?.(client, why, now)
  },
  worked: (server, packet, now) => {
    for (const each of all) each.worked?.(server, packet, now)
  },
  cameUp: (client, waited, now) => {
    for (const each of all) each.cameUp?.(client, waited, now)
  },
  gaveUp: (client, trafficClass, serial, now) => {
    for (const each of all) each.gaveUp?.(client, trafficClass, serial, now)
  },
})
