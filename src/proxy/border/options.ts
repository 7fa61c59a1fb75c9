/**
 * What an engine works by: its clients, its servers, and the limits of both, as plain values.
 *
 * The configuration's words become these (`config/outward/engine-options.ts`); an engine knows no configuration.
 */
import type { SessionOptions } from '../../accounting/sessions/sessions.ts'
import type { PerClass, TrafficClass } from '../../classes.ts'
import type { BacklogLimits } from '../../queues/backlog.ts'
import type { QueueOrder } from '../../queues/priority-queue.ts'
import type { AttributeKey } from '../../radius/packet.ts'
import type { Secret } from '../../radius/secret.ts'
import type { HealthOptions } from '../../throttle/server-health.ts'
import type { Duration, PerSecond } from '../../units.ts'

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
  /** Messages in each of its turns, 1-100. */
  readonly weight: number
  /** Requests of each class that may be sent to servers in a second; 0 is unlimited. */
  readonly maxRate: PerSecond
  /** Per cent of a class's `maxMessages` that it may hold, 1-100. */
  readonly maxShare: number
  /** Who has a turn: the client as a whole, or each of its addresses. */
  readonly fairnessKey: 'client' | 'address'
  /** Whose requests have turns inside of this one's turn. */
  readonly flowKey: 'none' | 'user' | 'calling_station' | 'session'
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

/** A configured server: an address and a lane for each class that it serves. An absent lane takes nothing of that class. */
export interface ServerOptions {
  readonly name: string
  readonly address: string
  readonly secret: Secret
  readonly requireMessageAuthenticator: RequireMessageAuthenticator
  readonly sourceAddress?: string
  /** First and last source port, inclusive. Which class begins where: `sourcePortStep` in `classes.ts`. */
  readonly sourcePorts?: readonly [first: number, last: number]
  readonly lanes: Readonly<Partial<Record<TrafficClass, LaneOptions>>>
}

/** Which farm of the configuration: its place in the list of farms. There is one farm today. */
export type FarmNumber = number
export const ONLY_FARM: FarmNumber = 0

export type Algorithm = 'first_server' | 'round_robin' | 'hash'

export interface ClassOptions {
  readonly algorithm: Algorithm
  readonly hashKey?: AttributeKey
  /** A cap on the transmissions of one request over all servers; 0 is none. */
  readonly maxTransmissions: number
}

export interface EngineOptions {
  readonly slot: Duration
  readonly serviceOrder: 'authentication_first' | 'fifo'
  /** `client`: clients have turns. It needs `authentication_first`. */
  readonly fairness: 'client' | 'none'
  /** Whether the number of unanswered requests follows each server's pace, with max-outstanding as its ceiling. */
  readonly adaptive: 'off' | 'window'
  readonly clients: readonly ClientOptions[]
  readonly servers: readonly ServerOptions[]
  readonly classes: PerClass<ClassOptions>
  readonly queues: PerClass<BacklogLimits>
  readonly identifierQuarantine: Duration
  /** Attributes that a server takes in one request (`hasTooManyAttributes`); 0 is no limit. */
  readonly maxAttributes: number
  readonly deadServer: Omit<HealthOptions, 'timeout'>
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

/** The order of all queues: whether clients have turns is a part of it. */
export const queueOrder = ({ serviceOrder, fairness }: Pick<EngineOptions, 'serviceOrder' | 'fairness'>): QueueOrder =>
  fairness === 'client' && serviceOrder === 'authentication_first' ? 'fair' : serviceOrder
