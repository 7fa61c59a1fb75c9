/**
 * The seam between the loop and what carries packets. dgram and batched packet I/O stand behind it; TLS can take the same place.
 *
 *     a socket -> Transport -> Arrivals (the loop) -> the engine -> Outbox -> Link -> a socket
 *
 * A transport moves octets and decides nothing about what is in them. Two rules say whose the octets are:
 *
 * - Octets that arrive are a view into the transport's memory and are valid for the call. Who keeps them copies them.
 * - Octets that are sent stand where `room` said, and belong to the transport from then on. It may keep them beyond `flush`,
 *   until the system takes them, or give the room to the next datagram after `flush`. The sender neither writes into them nor
 *   reads them again.
 *
 * A further transport is a folder beside `dgram/`. The two suites of `test/transport/` run against it, and
 * `src/instances/thread/thread.io.ts` hands it to the instance.
 */
import type { Endpoint } from '../addresses.ts'
import type { TrafficClass } from '../classes.ts'
import type { Peer } from '../proxy/border/events.ts'
import type { Duration, Instant } from '../units.ts'
import type { Clock } from './clock.io.ts'

/** What is asked of the kernel for what waits in one link. It may grant less. Octets. */
export const WANTED_RECEIVE_BUFFER = 4 * 1024 * 1024
/** The same for what the system has not sent yet. */
export const WANTED_SEND_BUFFER = 1024 * 1024

/** One octet of each packet tells the requests of a port apart (RFC 2865 section 3). */
export const IDENTIFIERS = 256

export interface Transport {
  /** Whether a link at a wildcard address knows which address was asked, and can answer from it. */
  readonly tellsAsked: boolean
  /**
   * Opens a link that clients send to.
   * @throws a coded error if it can't be opened.
   */
  listen(plan: ListenPlan, arrivals: Arrivals): Promise<Link>
  /**
   * Opens a link to a server. If no route leads there, the link is down and opens itself later.
   * @throws a coded error if it can't be opened for another reason.
   */
  connect(plan: ConnectPlan, arrivals: Arrivals): Promise<Link>
  /**
   * Hands over what still waits here: responses first, then requests. So a response frees an identifier before a request
   * wants one (RFC 5080 section 2.2.3). The loop calls it once a turn.
   */
  deliver(): void
  /** A step of the turn is over: what the links have gathered leaves now. */
  flush(): void
  /**
   * Where the next datagram is written: so many octets, with anything in them. The next `send` may take them; until then the
   * next call gives the same room again.
   */
  room(length: number): Uint8Array
  /** What calls `turn` when it is time. One wait serves both: for the sockets, and for the engine's moment. */
  pace(turn: () => void, clock: Clock): Pace
  /** What it has counted since it was made; a transport that counts nothing has no such method. */
  counts?(): TransportCounts
}

/** Datagrams by what happened to them in the transport. */
export interface TransportCounts {
  /** Dropped in sending, since the system had no room for them. */
  readonly sendBufferFull: number
  /** Received with a time stamp of the kernel that can't be right. Their time in the socket counts as 0. */
  readonly strangeAge: number
}

/** When the turns of a loop come. After `stop` none does. */
export interface Pace {
  /** A turn comes as soon as what is at hand was read. */
  kick(): void
  /** A turn comes at that moment, or before it. An earlier moment that was asked for before stays. */
  aim(moment: Instant, now: Instant): void
  /** The thread has something else to do first: its event loop has a turn before this waits again. */
  rest(): void
  /** How late what arrives comes to its turn, since this was asked last. */
  delay(): Delay
  stop(): void
}

/** Seconds. */
export interface Delay {
  readonly mean: number
  readonly p99: number
  readonly max: number
}

/** What a transport tells the loop. */
export interface Arrivals {
  /** Something waits for `deliver`. */
  pending(): void
  /** Only within `deliver`. `age`: how long it waited in the socket; undefined if the transport can't say. */
  request(trafficClass: TrafficClass, from: Peer, octets: Uint8Array, age?: Duration): void
  response(lane: number, link: number, octets: Uint8Array): void
  probeAnswer(lane: number, octets: Uint8Array): void
  /** `quoted`: what was refused, as the ICMP error quotes it, and maybe cut short. Undefined if the transport can't say. */
  linkChanged(lane: number, link: number, to: LinkChange, quoted?: Uint8Array): void
}

/** `refused`: nobody listens at the other end. `down`: nothing can be sent. A link is up at first, unless it said `down`. */
export type LinkChange = 'up' | 'refused' | 'down'

/** One way in or out: a UDP socket, or a connection. */
export interface Link {
  // No link over TCP exists so far, so the engine does not ask for the next two yet.
  /** Whether the transport repeats what is lost, so that nobody else has to. */
  readonly isReliable: boolean
  /** How many requests may be unanswered on it at once. */
  readonly capacity: number
  /**
   * To the server of a connected link, or `to` one client of a listening link, from the address that it `asked` if the link
   * is at a wildcard. Never throws: a failure is told to the plan.
   */
  send(octets: Uint8Array, to?: Endpoint, asked?: string): void
  close(): void
  /** Undefined while nothing is open. */
  report(): LinkReport | undefined
}

/** An open link, and the octets that the kernel granted for what waits in it. */
export interface LinkReport {
  readonly local: Endpoint
  readonly receiveBuffer: number
  readonly sendBuffer: number
  /** Datagrams that the kernel dropped since the receive buffer was full; missing if the transport is not told. */
  readonly kernelDrops?: number | undefined
}

export interface OpenPlan {
  /** What it is for, in the words of the configuration. The sentence begins with it if the link can't be opened. */
  readonly purpose: string
  /** A system call on the open link failed; the link goes on. */
  failed(systemCode: string): void
}

export interface ListenPlan extends OpenPlan {
  readonly class: TrafficClass
  readonly local: Endpoint
  /** What else to do if the machine lacks the address. */
  readonly ifNotLocal: string
  /** Other instances listen at the same address and port: the kernel spreads by source (SO_REUSEPORT). */
  readonly isShared: boolean
  /** Who sends from there. */
  readonly peers: { at(address: string, port: number, asked?: string): Peer }
}

export interface ConnectPlan extends OpenPlan {
  readonly lane: number
  /** Which one of the lane: a source port, or `PROBE_PORT`. */
  readonly link: number
  readonly server: Endpoint
  /** Undefined: the system chooses. */
  readonly local: Endpoint | undefined
  /** It is open at this local end; again after each time that it was down. */
  opened(local: Endpoint): void
}
