/**
 * The daemon at one moment: the engine's snapshot, and what the shell knows beside it.
 *
 * The daemon makes one view for each scrape or status request. Metrics, /status and /readyz are computed from it alone.
 */

import type { PerClass, TrafficClass } from '../../classes.ts'
import type { InstanceView } from '../../instances/protocol/instance-view.ts'
import type { EngineSnapshot } from '../../proxy/border/snapshot.ts'
import type { PacketIoChoice, ThreadPacketIo } from '../../transport/choice/packet-io.ts'
import type { Duration, PerSecond } from '../../units.ts'
import type { WatchErrors } from '../boundary/watch-errors.ts'
import type { Alarm, AlarmId, HealthScore } from './alarm.ts'
import type { ListedClients } from './client-activity.ts'
import type { BusiestClients } from './client-use.ts'

export type Phase = 'starting' | 'running' | 'draining'

export interface ListenerView {
  readonly class: TrafficClass
  /** `127.0.0.1:1812` */
  readonly address: string
  /** `absent`: the machine lacks the address. `bound`: the socket is open, and no interface has the address so far. */
  readonly presence: 'listening' | 'bound' | 'absent'
  /** Whether the machine may lack the address: `optional`, or one that a wildcard covers. */
  readonly isOptional: boolean
  /** Buffers of a socket that is not open are 0. */
  readonly receiveBufferBytes: number
  readonly sendBufferBytes: number
  /** Datagrams that the kernel dropped because the receive buffer was full; undefined if it doesn't say. */
  readonly kernelDrops: number | undefined
}

/** What was chosen at the start, for all instances. */
export interface PacketIoView extends PacketIoChoice {
  /** As the setting says it; over dgram it is the port in any case. */
  readonly instancesBy: ThreadPacketIo['steersBy']
}

/** Bounds of what waits, of one class in each instance. */
export interface QueueLimits {
  readonly messages: number
  readonly bytes: number
  /** How long any message may wait. */
  readonly age: Duration
  /** With `max_age: auto`: how long a login may wait that came once. Others wait until just before their client's next copy. */
  readonly ageIfOnce?: Duration
}

/** Who changed something, and when. */
export interface Mark {
  readonly by: string
  readonly sinceUnixSeconds: number
}

export interface LaneName {
  readonly server: string
  readonly class: TrafficClass
}

/** What operators have changed while the daemon runs, against the configuration. */
export interface Overrides {
  readonly held: readonly (LaneName & Mark)[]
  /** `configured` is what the file says. */
  readonly maxRates: readonly (LaneName & Mark & { readonly maxRate: PerSecond; readonly configured: PerSecond })[]
  readonly logLevel: (Mark & { readonly level: string }) | undefined
}

export interface SettingChange {
  /** `farm.servers[fr-1].accounting.max_rate`. */
  readonly path: string
  /** `order`: the same names in another order. */
  readonly kind: 'changed' | 'added' | 'removed' | 'order' | 'secret'
  /** As in the file. Missing if there was none, and for secrets. */
  readonly was?: string
  readonly is?: string
  /** It holds only after a restart. */
  readonly needsRestart: boolean
}

/** What a reload changes. */
export interface ReloadChanges {
  readonly changes: readonly SettingChange[]
  /** What operators had changed and does not hold any more, in words. */
  readonly endedOverrides: readonly string[]
}

/** Who follows the daemon: an open `top`, a running trace. */
export interface Attachment extends Mark {
  readonly kind: 'top' | 'trace'
}

export interface DaemonView {
  readonly version: string
  readonly nodeVersion: string
  readonly pid: number
  readonly phase: Phase
  readonly startedUnixSeconds: number
  readonly uptimeSeconds: number
  readonly admin: string
  readonly adminSocket: string | undefined
  readonly packetIo: PacketIoView
  readonly listeners: readonly ListenerView[]
  /** Of the sockets towards the servers together. */
  readonly upstreamKernelDrops: number | undefined
  readonly config: {
    readonly file: string
    /** SHA-256 of the settings in force, in hex: not of the file's text, and without the secrets. */
    readonly digest: string
    readonly reloadsOk: number
    readonly reloadsFailed: number
    readonly lastSuccessUnixSeconds: number
    /** Why the last reload was refused; undefined if it was not. */
    readonly refused: string | undefined
    /** Settings that changed in the file and hold only after a restart. */
    readonly waitingForRestart: readonly string[]
  }
  readonly limits: PerClass<QueueLimits>
  readonly watch: WatchView
  readonly overrides: Overrides
  readonly attached: readonly Attachment[]
  readonly sendFailures: number
  readonly internalErrors: number
  readonly logLinesLost: number
  readonly tpsLinesLost: number
  /** Undefined if there is no sessions log. */
  readonly sessionsLogLinesLost: number | undefined
  /** Which clients have series of their own in /metrics (`metrics.per_client`), and which had traffic in the last hour. */
  readonly listedClients: ListedClients
  readonly watchErrors: WatchErrors
  /** Undefined until it was read once. */
  readonly process: { readonly residentBytes: number | undefined; readonly cpuSeconds: number | undefined }
  readonly instances: readonly InstanceView[]
  /** All instances together. */
  readonly engine: EngineSnapshot
}

/** What the daemon's own watch found at the end of the last poll interval, and in the one that runs. */
export interface WatchView {
  readonly alarms: readonly Alarm[]
  /** Those that the end of this poll interval will raise if nothing changes. */
  readonly foreseen: readonly Alarm[]
  readonly health: HealthScore
  /** Under it the daemon counts as degraded. */
  readonly degradedBelow: number
  /** Without those of alarms that are switched off. */
  readonly thresholds: readonly { readonly id: AlarmId; readonly high: number; readonly low: number }[]
  readonly lanes: readonly LaneWatch[]
  readonly busiest: BusiestClients
  readonly webhook: WebhookView | undefined
}

/** How busy one server and class was in an interval, all instances together; undefined if nothing limits it. */
export interface LaneWatch extends LaneName {
  /** Sent of max_rate, 0 to 1. */
  readonly utilisation: number | undefined
  /** Offered of the effective ceiling; 1 at least if messages waited at both ends of the interval. */
  readonly load: number | undefined
}

export interface WebhookView {
  readonly ok: number
  readonly failed: number
  /** Alarms that were not delivered yet. */
  readonly waiting: number
  /** Alarms that will not be delivered, since too many waited. */
  readonly lost: number
  /** Why the last request failed; undefined if it was accepted, or none was sent. */
  readonly failing: string | undefined
}

export const STATE_WORDS = {
  active: 'Active',
  not_responding: 'Not Responding',
  failing: 'Failing',
  down: 'Down',
} as const
