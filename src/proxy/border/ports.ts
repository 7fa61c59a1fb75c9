/**
 * What the engine needs of the world, and what it tells it: the engine's side of the border to the shell.
 *
 * The engine declares these. The shell implements them (`links.io.ts` the outbox, `log.io.ts` the journal), and so do tests and
 * the simulation. Nothing here touches a socket, a clock or a file.
 */
import type { TrafficClass } from '../../classes.ts'
import type { Budgets } from '../../throttle/budget.ts'
import type { Instant } from '../../units.ts'
import type { EngineEvent, Peer, PeerKind, TraceEvent } from './events.ts'
import type { EngineOptions } from './options.ts'

/**
 * `no`: takes traffic. `keep`: takes nothing new, and gives up nothing for that. `end`: the same, before the process ends. What
 * was set aside has one try more, and nobody waits any longer.
 */
export type Draining = 'no' | 'keep' | 'end'

/** The `port` that means a lane's probe socket; the lane's source ports count from 0. */
export const PROBE_PORT = -1

/**
 * The way out. What is sent is written where `room` says, and handed over as `room` gave it. From then on it belongs to the outbox:
 * the engine neither writes into it nor reads it again, and keeps what it needs later elsewhere. An outbox may send at once, or
 * gather and send with `flush`.
 */
export interface Outbox {
  /**
   * Where the next datagram is written: so many octets, 20-4096, with anything in them. Until something is handed over, the next call
   * gives the same place again.
   */
  room(length: number): Uint8Array
  /** Sends a request to a server. `lane` names server and class, `port` counts the lane's source ports. */
  forward(lane: number, port: number, octets: Uint8Array): void
  /** Sends a Status-Server probe from the lane's own probe socket. */
  probe(lane: number, octets: Uint8Array): void
  /** Sends an answer to a client by the link (and so from the address) that the request came to. */
  reply(to: Peer, octets: Uint8Array): void
  /** The engine has served for a while: what was gathered leaves now. The shell calls it, never the engine. */
  flush(): void
}

/** What an engine may share with other engines of its host. What is not given, it has for itself. */
export interface Shared {
  /** The slots of all lanes, if others announce their rates; undefined if each engine counts its own, by its own options. */
  readonly budgets: Budgets | undefined
  /** When any engine last heard the server of that lane under its secret: memory of `Contact`. */
  heardOf(lane: string): SharedArrayBuffer | undefined
  readonly states: States
  /** Which clients' addresses and which servers sign, and which don't. */
  readonly signing: Readonly<Record<PeerKind, SigningMemory>>
}

/** Memory of two `LastSeenTable`s. */
export interface SigningMemory {
  readonly learned: SharedArrayBuffer
  readonly unsigned: SharedArrayBuffer
}

/** State -> the name of the server that began the conversation. */
export interface States {
  readonly size: number
  learn(state: Uint8Array, server: string, now: Instant): void
  serverOf(state: Uint8Array, now: Instant): string | undefined
  reconfigure(limits: EngineOptions['state']): void
  passTime(now: Instant): void
}

/** Fills `target` with unpredictable octets (seeded ones in a simulation). */
export type Randomness = (target: Uint8Array) => void

/** Where one lane's sockets go; the shell opens `ports` source sockets and one probe socket for each. */
export interface LanePlan {
  readonly lane: number
  readonly server: string
  readonly class: TrafficClass
  readonly address: string
  readonly port: number
  /** How many source ports hold max-outstanding identifiers and as many in quarantine. */
  readonly ports: number
  readonly sourceAddress?: string | undefined
  /**
   * The port of the first probe socket at this end of the server's range, and the way from there. `behind` is how many sockets
   * other classes of this server have there before it.
   */
  readonly sourcePorts?: { readonly probe: number; readonly step: 1 | -1; readonly behind: number } | undefined
}

/** Takes the steps of followed requests, each with the numbers of the traces that it belongs to. */
export interface Tracer {
  note(traces: readonly number[], event: TraceEvent): void
}

/** Octets in an event are valid for the call: who keeps the event copies them. */
export interface Journal {
  note(event: EngineEvent, now: Instant): void
}
