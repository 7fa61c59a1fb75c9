/**
 * What the engine needs of the world, and what it tells it: the engine's side of the border to the shell.
 *
 * The engine declares these, the shell implements them (`sockets.io.ts` the outbox, `observe/log.io.ts` the journal),
 * and tests and the simulation put their own behind them. Nothing here touches a socket, a clock or a file.
 */
import type { Anomaly } from '../../accounting/sessions/anomalies.ts'
import type { RecordKind } from '../../accounting/sessions/client-accounting.ts'
import type { SessionReport } from '../../accounting/sessions/session-report.ts'
import type { SessionOptions } from '../../accounting/sessions/sessions.ts'
import type { Secret } from '../../radius/secret.ts'
import type { SlotBudget } from '../../throttle/slots.ts'
import type { Duration, Instant, PerClass, PerSecond, TrafficClass } from '../../units.ts'
import type { ClientDropReason, ServerDropReason, ShedReason } from './reasons.ts'

/** Where a request came from and where its answer must leave: `listener` is the shell's number of the socket. */
/**
 * `no`: takes traffic. `keep`: takes nothing new, and gives up nothing for that. `end`: the same before the process ends: what
 * was set aside has one try more, and nobody waits on.
 */
export type Draining = 'no' | 'keep' | 'end'

/** Who sent a datagram, to which listener. `isOurs`: one of our own sockets, so what a server is taken for is this very machine. */
export interface Peer {
  readonly listener: number
  readonly address: string
  readonly port: number
  readonly isOurs?: true
}

/** The way out. Every call is final: the bytes belong to the outbox from then on and are not changed by the engine. */
export interface Outbox {
  /** Send a request to a server. `lane` names server and class, `port` counts the lane's source ports from 0. */
  forward(lane: number, port: number, bytes: Uint8Array): void
  /** Send a Status-Server probe from the lane's own probe socket. */
  probe(lane: number, bytes: Uint8Array): void
  /** Send an answer to a client, from the socket (and so the address) that the request came to. */
  reply(to: Peer, bytes: Uint8Array): void
}

/** What an engine may share with other engines of its host; what is not given it has for itself. */
export interface Shared {
  /** The slots of the lane with this key (`laneKey`); undefined where each engine counts its own. */
  budgetOf(lane: string): SlotBudget | undefined
  /** When any engine last heard the server of that lane under its secret: memory of `Contact`. */
  heardOf(lane: string): SharedArrayBuffer | undefined
  readonly states: States
  /** Which clients' addresses and which servers sign, and which don't. */
  readonly signing: Readonly<Record<PeerKind, SigningMemory>>
}

/** Who sends Message-Authenticator, or doesn't: a client by its address, or a server by its address and port. */
export type PeerKind = 'client' | 'server'

/** Memory of two `LastSeenTable`s. */
export interface SigningMemory {
  readonly learned: SharedArrayBuffer
  readonly unsigned: SharedArrayBuffer
}

/** What tells one packet from others in a capture: its sender's port, its code and its identifier. */
export interface SeenPacket {
  readonly port: number
  readonly code: number
  readonly identifier: number
}

/** State -> the name of the server that began the conversation. */
export interface States {
  readonly size: number
  learn(state: Uint8Array, server: string, now: Instant): void
  serverOf(state: Uint8Array, now: Instant): string | undefined
  change(limits: { readonly lifetime: Duration; readonly maxEntries: number }): void
  /** Forgets what is over. */
  passTime(now: Instant): void
}

/** Fills `target` with unpredictable octets (seeded ones in a simulation). */
export type Randomness = (target: Uint8Array) => void

/** Why it is forgotten that a peer signs: 30 days without a signed packet, or an unsigned one that the setting `no` let pass. */
export type SignatureForgotten = 'silent' | 'unsigned'

/** How much proof is asked for; `auto` asks whoever was learned to give it (`Signers`). */
export type RequireMessageAuthenticator = 'yes' | 'no' | 'auto'

/** A configured client (or client network). Replaced as a whole by a reload; what is in hand keeps the old one. */
export interface ClientOptions {
  readonly name: string
  /** Address or prefix: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`. The longest matching prefix wins. */
  readonly network: string
  readonly secret: Secret
  readonly requireMessageAuthenticator: RequireMessageAuthenticator
  /** Drop an Access-Request that has Proxy-State but no Message-Authenticator (BlastRADIUS). */
  readonly limitProxyState: boolean
  /** Add NAS-IP-Address or NAS-IPv6-Address where a request has neither: the servers now see our address. */
  readonly addNasIpAddress: 'when_missing' | 'never'
  readonly accounting: RecordOptions
}

/** What of a client's accounting records is changed or left out on their way (docs/accounting.md). */
export interface RecordOptions {
  /** Acct-Delay-Time of a record without Event-Timestamp that waited here. */
  readonly acctDelayTime: 'update' | 'keep'
  /** Only where sessions are tracked. */
  readonly synthesizeGigawords: boolean
  readonly swapDirections: boolean
  readonly erxIpv6Zeros: 'keep' | 'drop_on_mlppp'
  /** Whether a newer interim update takes the place of one that still waits unsent. */
  readonly interims: 'all' | 'newest'
}

/** What one server takes of one class. */
export interface LaneOptions {
  /** Where it listens, UDP 1-65535. */
  readonly port: number
  /** Messages per second, 0 is unlimited. */
  readonly maxRate: PerSecond
  /** 1-4000, unanswered at one time. */
  readonly maxOutstanding: number
  readonly timeout: Duration
  /** Transmissions after the first at this server, 0 or more. */
  readonly maxRetries: number
  /** An operator holds it Down: it gets nothing new until that ends. */
  readonly isHeldDown?: boolean
}

/** A configured server: an address and up to two lanes, one a class. An absent lane takes nothing of that class. */
export interface ServerOptions {
  readonly name: string
  readonly address: string
  readonly secret: Secret
  readonly requireMessageAuthenticator: RequireMessageAuthenticator
  readonly sourceAddress?: string
  /** First and last source port, inclusive: authentication takes them from the first up, accounting from the last down. */
  readonly sourcePorts?: readonly [first: number, last: number]
  readonly lanes: Readonly<Partial<Record<TrafficClass, LaneOptions>>>
}

export type Algorithm = 'first_server' | 'round_robin' | 'hash'

/** An attribute by number: `vendor` 0 is the standard space. */
export interface AttributeKey {
  readonly vendor: number
  readonly type: number
}

/** How one class chooses among the servers. */
export interface ClassOptions {
  readonly algorithm: Algorithm
  readonly hashKey?: AttributeKey
  /** A cap on the transmissions of one request over all servers; 0 is none. */
  readonly maxTransmissions: number
}

export type OverflowPolicy = 'drop_newest' | 'drop_oldest' | 'shed_interim_first'

/** Bounds of one class: instance queue and server queues together. */
export interface QueueOptions {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly maxAge: Duration
  readonly overflow: OverflowPolicy
}

export interface EngineOptions {
  readonly slot: Duration
  readonly serviceOrder: 'authentication_first' | 'fifo'
  readonly clients: readonly ClientOptions[]
  readonly servers: readonly ServerOptions[]
  readonly classes: PerClass<ClassOptions>
  readonly queues: PerClass<QueueOptions>
  readonly identifierQuarantine: Duration
  /** Attributes that a server takes in one request (`hasTooManyAttributes`); 0 is no limit. */
  readonly maxAttributes: number
  readonly deadServer: {
    readonly consecutiveFailures: number
    /** 0 is off; else the failures must also have lasted this long. */
    readonly responseTimeout: Duration
    readonly deadTime: Duration
    readonly probe: 'status_server' | 'none'
    readonly probeInterval: Duration
  }
  readonly duplicates: {
    /** How long an answer is kept for retransmissions, 5-30 s by RFC 5080 section 2.2.2. */
    readonly answerCache: Duration
    readonly maxAnswers: number
    /** How long an answered accounting record is remembered by its content. */
    readonly recordCache: Duration
    readonly maxRecords: number
    /** How long it is remembered what an accounting record was given, and what it gave way to. */
    readonly recordMemory: Duration
  }
  /** Accounting sessions are tracked; by default they are not. */
  readonly sessions?: SessionOptions
  /** The table State -> server. */
  readonly state: { readonly lifetime: Duration; readonly maxEntries: number }
}

/** A server that left a request unanswered, and how often it was sent there. */
export interface TriedServer {
  readonly server: string
  readonly transmissions: number
}

/** Why a request was sent nowhere else. */
export type GivenUpBecause = 'max-age' | 'max-transmissions' | 'state' | 'no-other-server' | 'draining'

export type ServerState = 'active' | 'not_responding' | 'failing' | 'down'

/** Where one lane's sockets go; the shell opens `ports` source sockets and one probe socket for each. */
export interface LanePlan {
  readonly lane: number
  readonly server: string
  readonly class: TrafficClass
  readonly address: string
  readonly port: number
  /** How many source ports hold max-outstanding identifiers and as many in quarantine. */
  readonly ports: number
  readonly sourceAddress?: string
  /** The probe's port; source port i is at `probe + (i + 1) * step`. Lanes of one server begin at the ends of its range. */
  readonly sourcePorts?: { readonly probe: number; readonly step: 1 | -1 }
}

/** Things worth a log line. Rare by themselves, or marked as frequent: the journal bounds those to one line a second. */
export type EngineEvent =
  | {
      readonly kind: 'server-state'
      readonly lane: number
      readonly server: string
      readonly class: TrafficClass
      readonly from: ServerState
      readonly to: ServerState
      readonly why: string
      /** What it may come from: a wrong secret, a closed port, answers that come too late. */
      readonly hint?: string | undefined
      /** An operator holds it Down. */
      readonly isHeld?: boolean
      /** It went Down and was the last that served its class. */
      readonly isLast?: boolean
    }
  | {
      readonly kind: 'all-servers-down'
      readonly class: TrafficClass
      readonly parked: number
      /** Those that an operator holds Down. */
      readonly held: readonly string[]
    }
  | { readonly kind: 'servers-back'; readonly class: TrafficClass; readonly parked: number }
  | {
      /** `auto` asks for Message-Authenticator there from now on, because of this packet. */
      readonly kind: 'signature-learned'
      readonly peer: PeerKind
      readonly name: string
      /** The client's address, or the server's address and port. */
      readonly at: string
      readonly packet: SeenPacket
    }
  | {
      /** What was learned there is over: `auto` asks there no more. */
      readonly kind: 'signature-forgotten'
      readonly peer: PeerKind
      readonly name: string
      readonly at: string
      readonly because: SignatureForgotten
    }
  | {
      /** Signed and unsigned packets from one address within an hour: `auto` learns nothing there. */
      readonly kind: 'mixed-signing'
      readonly peer: PeerKind
      readonly name: string
      readonly at: string
      readonly packet: SeenPacket
      /** An unsigned one; undefined where too many peers sent some to know whether this one did. */
      readonly unsigned: SeenPacket | undefined
    }
  | {
      readonly kind: 'dropped'
      readonly class: TrafficClass
      readonly reason: ClientDropReason
      readonly client: string | undefined
      readonly from: Peer
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'shed'
      readonly class: TrafficClass
      readonly reason: ShedReason
      readonly client: string
      /** Of accounting: what kind of record it was. */
      readonly record: RecordKind | undefined
    }
  | { readonly kind: 'expired'; readonly class: TrafficClass; readonly client: string }
  | {
      readonly kind: 'given-up'
      readonly class: TrafficClass
      readonly client: string
      /** What was tried where: server and transmissions, in order. */
      readonly tried: readonly TriedServer[]
      readonly why: GivenUpBecause
      /** A server that lives and was not asked. */
      readonly untried: string | undefined
      /** What the silence of those that were asked points to, in words; undefined where nothing is known. */
      readonly cause?: string | undefined
    }
  | {
      readonly kind: 'unanswered-by-live-server'
      readonly server: string
      readonly class: TrafficClass
      readonly client: string
      /** What most of the latest of them share; empty where nothing stands out. */
      readonly common: readonly string[]
      /** What the server is known to suffer from, in words: answers that come too late, say. */
      readonly cause?: string | undefined
    }
  | {
      readonly kind: 'response-dropped'
      readonly lane: number
      readonly server: string
      readonly class: TrafficClass
      readonly reason: ServerDropReason
      readonly bytes: Uint8Array
      /** Of one that is late: how long after the first transmission it came, and the time-out of one. */
      readonly late?: { readonly after: Duration; readonly limit: Duration } | undefined
    }
  | {
      readonly kind: 'accounting-anomaly'
      readonly anomaly: Anomaly
      /** As it was before the record. */
      readonly session: SessionReport
      /** The record in a few words. */
      readonly record: string
      /** Of this kind since it was told of before. */
      readonly count: number
    }
  | { readonly kind: 'internal-error'; readonly where: string; readonly error: unknown; readonly bytes: Uint8Array }

/** What a trace follows: requests of which all that is given holds. `trace` is its number. */
export interface Followed {
  readonly trace: number
  readonly client?: string
  /** User-Name, to the octet. */
  readonly user?: string
  /** Acct-Session-Id, to the octet. */
  readonly session?: string
}

export type TraceStep =
  | 'received'
  | 'refused'
  | 'duplicate'
  | 'queued'
  | 'promoted'
  | 'sent'
  | 'retried'
  | 'timed-out'
  | 'answered'
  | 'ended'

/** One step of a followed request, as plain values. */
export interface TraceEvent {
  readonly step: TraceStep
  readonly at: Instant
  readonly class: TrafficClass
  /** Rises with each request that this engine takes; 0 where it is none of its own (refused, duplicate). */
  readonly request: number
  readonly client: string
  readonly from: { readonly address: string; readonly port: number }
  readonly code: number
  readonly identifier: number
  readonly user: string | undefined
  readonly session: string | undefined
  /** Since it was received. */
  readonly age: Duration
  readonly server?: string
  /** Which of the lane's source ports, from 0. */
  readonly sourcePort?: number
  readonly serverIdentifier?: number
  /** At this server, from 1. */
  readonly transmission?: number
  /** The code of the server's answer. */
  readonly answer?: number
  readonly why?: string
}

/** Takes the steps of followed requests, each with the numbers of the traces that it belongs to. */
export interface Tracer {
  note(traces: readonly number[], event: TraceEvent): void
}

export interface Journal {
  note(event: EngineEvent, now: Instant): void
}
