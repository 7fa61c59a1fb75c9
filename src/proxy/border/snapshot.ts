/**
 * The engine at one moment: plain values for `status`, metrics and tests.
 *
 * A snapshot is a copy, so keeping it keeps nothing of the engine. All times are instants or durations in microseconds.
 */
import type { Addition } from '../../accounting/record/rewriting.ts'
import type { ClientAccounting } from '../../accounting/sessions/client-accounting.ts'
import type { SessionCounts } from '../../accounting/sessions/sessions.ts'
import type { PerClass } from '../../classes.ts'
import type { SlotView } from '../../throttle/budget.ts'
import type { IdentifiersView } from '../../throttle/identifiers.ts'
import type { ServerState } from '../../throttle/server-health.ts'
import type { Duration, Instant, PerSecond } from '../../units.ts'
import type { ClientDropReason, LedgerSnapshot, PlaceCounts, ServerDropReason } from './endings.ts'
import type { MixedSigning, UnsignedDropped } from './events.ts'
import type { Histogram } from './histogram.ts'
import type { LanePlan } from './ports.ts'

/** Not a part of the law: these events do not end a request. */
export interface ClassCounters {
  /** Duplicates answered from the answer cache. */
  cachedAnswers: number
  /** Duplicates by content (a new Acct-Delay-Time) among the duplicates. */
  contentDuplicates: number
  /** Status-Server requests of clients: answered, and left unanswered (over 5/s of one source, or while draining). */
  statusServerAnswered: number
  statusServerIgnored: number
}

/** Counters of one lane in the terms of RFC 4668 and RFC 4670, and ours. */
export interface LaneCounters {
  /** First transmissions to this server. */
  requests: number
  retransmissions: number
  accepts: number
  rejects: number
  challenges: number
  /** Valid responses of any code. */
  responses: number
  timeouts: number
  /** Requests moved to the head of the instance queue. */
  promotions: number
  /** Requests that ended here unanswered while nothing valid came from the server. */
  failures: number
  /** Requests that ended here unanswered while the server answered others. */
  unansweredByLiveServer: number
  probesSent: number
  probesAnswered: number
  refused: number
  readonly dropped: Record<ServerDropReason, number>
  /** From the transmission to its response, if there was only one transmission. */
  readonly roundTrips: Histogram
  /** From the arrival of a request to its first transmission, if that was to this server. */
  readonly queueWaits: Histogram
}

export interface ResponsesInTime {
  readonly counted: number
  /** After the time-out of the last transmission. */
  readonly late: number
  /** Soon after a retry: late, unless the transmission before it was lost. */
  readonly unclear: number
  /** How long after the first transmission these two came: a moving mean, 0 before the first. */
  readonly typically: Duration
  /** Of the settings. */
  readonly timeout: Duration
}

export interface LaneSnapshot extends Pick<LanePlan, 'lane' | 'server' | 'class' | 'address' | 'port'> {
  /** Removed by a reload; it lives until what is outstanding has ended. */
  readonly retiring: boolean
  readonly state: ServerState
  readonly isHeldDown: boolean
  readonly stateSince: Instant
  readonly consecutiveFailures: number
  readonly slots: SlotView
  readonly queued: number
  /** Of these, those whose clients may send no more in their slots: they do not wait for the server. */
  readonly resting: number
  readonly queuedBytes: number
  readonly oldestAge: Duration
  readonly outstanding: number
  readonly maxOutstanding: number
  /** How many may be outstanding now, at most `maxOutstanding`; undefined where `adaptive` is off. */
  readonly window: number | undefined
  /** Answers a second in the slowest second of the last 24 hours in which there was always more to do; undefined without one. */
  readonly slowestPace: number | undefined
  /** Due retries that hold their identifier and wait for quota; a part of outstanding. */
  readonly waitingRetries: number
  readonly identifiers: IdentifiersView
  /** Of the last valid response; undefined before the first, and if it is not known which transmission it answers. */
  readonly roundTripTime: Duration | undefined
  /** Time-outs before the first valid response under this secret; 0 while all came at about one time: responses may be late. */
  readonly unheard: { readonly timeouts: number } | undefined
  /** When the last valid response came, to a probe or a request, and when the last one to a request. */
  readonly heardAt: Instant | undefined
  readonly respondedAt: Instant | undefined
  /** When the last ICMP error came: nothing listens there. Undefined again if silence followed it. */
  readonly refusedAt: Instant | undefined
  /** Of the last three transmissions that timed out: when the first of them was sent, and when the last timed out. */
  readonly silence: { readonly since: Instant; readonly at: Instant } | undefined
  /** Of the latest valid responses to requests (at most 8 of each instance): see `ResponsesInTime`. */
  readonly answers: ResponsesInTime
  /** How long an identifier is held, tries and silence included: a moving mean, 0 before the first comes back. */
  readonly holdingTime: Duration
  readonly counters: Readonly<LaneCounters>
}

/** Knows a lane again in another snapshot. */
export const laneIdentity = ({ server, class: name, address, port, retiring }: LaneSnapshot): string =>
  [server, name, address, port, retiring].join(' ')

/** `queued`: waiting anywhere, in the instance queue, in server queues or parked. */
export interface ClassSnapshot extends PlaceCounts {
  readonly ledger: LedgerSnapshot
  readonly counters: Readonly<ClassCounters>
  readonly queuedBytes: number
  readonly oldestAge: Duration
  /** Of the time that a message may wait, what is over, of the first to expire or of the one there for longest: 0 to 1. */
  readonly ageShare: number
  /** Waiting in the instance queue itself. */
  readonly instanceQueued: number
  readonly instanceQueuedBytes: number
  /** Of those in the instance queue that were never sent. */
  readonly instanceOldestAge: Duration
  /** Waiting because every server is Down. */
  readonly parked: number
  /** Records that a living server left unanswered, until they are tried again. */
  readonly setAside: number
  /** Records in hand (queued or outstanding) that their clients have not sent again for 30 s. */
  readonly clientsGaveUp: number
  /** How long ago the first of those was sent last, at least; 0 if there are none. */
  readonly longestGivenUp: Duration
}

/** What became of a client's requests of one class. */
export interface ServedCounts {
  /** Requests that were sent to a server; a retry or a copy counts no second time. */
  readonly sent: number
  readonly shed: number
  readonly expired: number
}

/** What of a client waits: in the instance queue, in server queues, parked or set aside. */
export interface ClientWaiting {
  readonly queued: number
  /** Of the oldest of these; with `fairness: none` it is not known, and 0. */
  readonly oldestAge: Duration
}

export interface ClientSnapshot {
  readonly name: string
  readonly weight: number
  /** Its own rate for each class, of all instances that share it; 0 if nothing limits it. */
  readonly maxRate: PerSecond
  readonly served: PerClass<ServedCounts>
  readonly waiting: PerClass<ClientWaiting>
  readonly received: PerClass<number>
  readonly dropped: number
  /** Dropped because the (Message-)Authenticator did not verify: most often a wrong secret. */
  readonly badAuthenticators: number
  /** Why the last one was dropped that had no wrong authenticator. */
  readonly lastDrop: ClientDropReason | undefined
  readonly accounting: ClientAccounting
  /** Additions that did not fit into a packet for a server. */
  readonly leftOut: Readonly<Record<Addition, number>>
}

/** Addresses and parts of clients that have turns of their own. */
export interface FlowCounts {
  /** Those that have a flow of their own now. */
  readonly own: number
  /** Requests that had to share a flow because a table was full. */
  readonly shared: number
}

/** What waits, as a check looks at it. */
export interface WaitingSnapshot {
  readonly classes: PerClass<Pick<ClassSnapshot, 'queued' | 'queuedBytes' | 'oldestAge' | 'ageShare' | 'parked'>>
  readonly lanes: readonly LaneSnapshot[]
}

export interface EngineSnapshot {
  readonly at: Instant
  readonly draining: boolean
  readonly classes: PerClass<ClassSnapshot>
  readonly lanes: readonly LaneSnapshot[]
  readonly clients: readonly ClientSnapshot[]
  /** All clients together that reloads removed; undefined if none of them did anything. Its name has no meaning. */
  readonly formerClients: ClientSnapshot | undefined
  readonly messageAuthenticatorLearned: { readonly clients: number; readonly servers: number }
  /** Peers whose signatures need an operator, a thousand clients and a thousand servers of each kind at most. */
  readonly signing: { readonly mixed: readonly MixedSigning[]; readonly dropped: readonly UnsignedDropped[] }
  /** Entries in the bounded tables; `remembered`: records that are known beyond their time in hand. */
  readonly tables: Readonly<Record<'answers' | 'records' | 'remembered' | 'states', number>>
  readonly flows: FlowCounts
  /** Where sessions are tracked. */
  readonly sessions: SessionCounts | undefined
}
