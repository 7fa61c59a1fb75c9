/**
 * What an engine tells: events that are worth a log line, and the steps of requests that are traced. Plain values.
 */
import type { RecordKind } from '../../accounting/sessions/client-accounting.ts'
import type { Sought } from '../../accounting/sessions/session-rows.ts'
import type { FoundAnomaly } from '../../accounting/sessions/sessions.ts'
import type { TrafficClass } from '../../classes.ts'
import type { HealthChange } from '../../throttle/server-health.ts'
import type { Duration, Instant } from '../../units.ts'
import type { ClientDropReason, ServerDropReason, ShedReason } from './endings.ts'

/** Who sent a datagram. */
export interface Peer {
  /** The number of the link that it came by, and that the reply leaves by. */
  readonly link: number
  readonly address: string
  readonly port: number
  /** It came from one of our own sockets, so the address of a server is that of this very machine. */
  readonly isOurs?: true
}

/** What tells one packet from others in a capture: its sender's port, its code and its identifier. */
export interface SeenPacket {
  readonly port: number
  readonly code: number
  readonly identifier: number
}

/** Who sends Message-Authenticator, or doesn't: a client by its address, or a server by its address and port. */
export type PeerKind = 'client' | 'server'

/** Why it is forgotten that a peer signs: 30 days without a signed packet, or an unsigned one that the setting `no` let pass. */
export type SignatureForgotten = 'silent' | 'unsigned'

export interface TriedServer {
  readonly server: string
  readonly transmissions: number
}

/** Why a request was sent nowhere else. */
export type GivenUpBecause = 'max-age' | 'max-transmissions' | 'state' | 'no-other-server' | 'draining'

export interface GivenUp {
  readonly why: GivenUpBecause
  /** A server that lives and was not asked. */
  readonly untried: string | undefined
  /** What the silence of those that were asked points to, in words; undefined where nothing is known. */
  readonly cause: string | undefined
}

/** How a peer is called in the configuration, and where it is. */
export interface SignerName {
  readonly name: string
  /** A client's address, or a server's address and port. */
  readonly at: string
}

/** A packet of a peer, and whose it was. */
interface SignerPacket extends SignerName {
  readonly peer: PeerKind
  readonly packet: SeenPacket
}

/** Signed and unsigned packets came from one address within an hour. */
export interface MixedSigning extends SignerPacket {
  /** When that packet was. */
  readonly seen: Instant
  /** An unsigned one; undefined where too many peers send some to know whether this one did. */
  readonly unsigned: SeenPacket | undefined
  /** The same is so at this many other addresses of the name, or at more: the latest few are counted. */
  readonly others: number
}

/** Unsigned packets were dropped, the last of them this one. */
export interface UnsignedDropped extends SignerPacket {
  readonly seen: Instant
  /** By the setting `yes`, or by what `auto` has learned. */
  readonly because: 'required' | 'learned'
}

/** Things worth a log line. Rare by themselves, or marked as frequent: the journal bounds those to one line a second. */
export type EngineEvent =
  | (HealthChange & {
      readonly kind: 'server-state'
      readonly lane: number
      readonly server: string
      readonly class: TrafficClass
      /** What it may come from: a wrong secret, a closed port, answers that come too late. */
      readonly hint?: string | undefined
      /** An operator holds it Down. */
      readonly isHeld?: boolean
      /** It went Down and was the last that served its class. */
      readonly isLast?: boolean
    })
  | {
      readonly kind: 'all-servers-down'
      readonly class: TrafficClass
      readonly parked: number
      /** Those that an operator holds Down. */
      readonly held: readonly string[]
    }
  | { readonly kind: 'servers-back'; readonly class: TrafficClass; readonly parked: number }
  /** `auto` asks for Message-Authenticator there from now on, because of this packet. */
  | (SignerPacket & { readonly kind: 'signature-learned' })
  /** What was learned there is over: `auto` asks there no more. */
  | (SignerName & {
      readonly kind: 'signature-forgotten'
      readonly peer: PeerKind
      readonly because: SignatureForgotten
    })
  /** `auto` learns nothing there. */
  | (Omit<MixedSigning, 'seen' | 'others'> & { readonly kind: 'mixed-signing' })
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
  | (GivenUp & {
      readonly kind: 'given-up'
      readonly class: TrafficClass
      readonly client: string
      /** What was tried where: server and transmissions, in order. */
      readonly tried: readonly TriedServer[]
    })
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
  | (FoundAnomaly & { readonly kind: 'accounting-anomaly' })
  | { readonly kind: 'internal-error'; readonly where: string; readonly error: unknown; readonly bytes: Uint8Array }

/** What a trace follows: requests of which all that is given holds. `trace` is its number. */
export interface Followed extends Sought {
  readonly trace: number
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
