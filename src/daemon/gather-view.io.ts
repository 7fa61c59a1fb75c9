/**
 * One look at the whole daemon: what its instances, its settings and its process say at one moment, put into one view.
 *
 * Every scrape, status request and poll of the alarms is computed from such a view. It is gathered on the main thread; the
 * instances hand over theirs in parts, so no packet waits for it.
 */
import { type Endpoint, endpointText } from '../addresses.ts'
import type { Attached } from '../admin/attached.ts'
import { perClass } from '../classes.ts'
import type { Config } from '../config/schema/config.ts'
import { type PerClient, perClientOf } from '../config/schema/watch-settings.ts'
import type { Instances } from '../instances/instances.io.ts'
import type { InstanceView } from '../instances/protocol/instance-view.ts'
import { type Scope, sumOf } from '../instances/shared/sum.ts'
import type { Watch } from '../observe/alarms/watch.io.ts'
import type { Boundary } from '../observe/boundary/boundary.io.ts'
import { sumOfErrors } from '../observe/boundary/watch-errors.ts'
import type { Log } from '../observe/log/log.io.ts'
import type { SessionsLog } from '../observe/log/sessions-log.io.ts'
import type { TpsFile } from '../observe/log/tps-file.io.ts'
import type { ClientActivity } from '../observe/view/client-activity.ts'
import type { DaemonView, Phase } from '../observe/view/view.ts'
import type { Vitals } from '../observe/vitals.io.ts'
import { monotonicNow } from '../transport/clock.io.ts'
import { type Instant, MICROS_PER_SECOND } from '../units.ts'
import type { DaemonSettings } from './settings.io.ts'

/** The parts of a daemon that are looked at. */
export interface Seen {
  readonly version: string
  readonly startedAt: Instant
  readonly startedUnixSeconds: number
  readonly scope: Scope
  readonly phase: Phase
  readonly admin: { readonly address: Endpoint; readonly socket: string | undefined } | undefined
  readonly instances: Instances
  readonly settings: DaemonSettings
  readonly attached: Attached
  readonly watch: Watch
  readonly vitals: Vitals
  readonly activity: ClientActivity
  readonly boundary: Boundary
  readonly log: Log
  readonly sessionsLog: SessionsLog | undefined
  readonly tps: TpsFile | undefined
}

/** Looks now; rejects where an instance was never open. */
export async function viewOf(seen: Seen): Promise<DaemonView> {
  const instances = await seen.instances.view()
  const now = monotonicNow()
  const listeners = listenersOf(instances)
  const upstreams = instances.flatMap((one) => one.upstreams)
  const drops = seen.vitals.kernelDrops([...listeners, ...upstreams])
  const upstreamDrops = drops.slice(listeners.length).filter((count) => count !== undefined)
  const total = (count: (one: InstanceView) => number): number => instances.reduce((sum, one) => sum + count(one), 0)
  const engine = sumOf(
    instances.map((one) => one.engine),
    seen.scope,
  )
  return seen.watch.upToDate({
    version: seen.version,
    nodeVersion: process.version,
    pid: process.pid,
    phase: seen.phase,
    startedUnixSeconds: seen.startedUnixSeconds,
    uptimeSeconds: (now - seen.startedAt) / MICROS_PER_SECOND,
    admin: seen.admin === undefined ? '' : endpointText(seen.admin.address),
    adminSocket: seen.admin?.socket,
    listeners: listeners.map((listener, index) => ({
      class: listener.class,
      address: endpointText(listener),
      presence: listener.presence,
      isOptional: listener.isOptional,
      receiveBufferBytes: listener.receiveBuffer,
      sendBufferBytes: listener.sendBuffer,
      kernelDrops: drops[index],
    })),
    upstreamKernelDrops: upstreamDrops.length === 0 ? undefined : upstreamDrops.reduce((a, b) => a + b, 0),
    config: seen.settings.view(),
    overrides: seen.settings.overrides,
    attached: seen.attached.all,
    limits: queueLimits(seen.settings.config),
    sendFailures: total(({ sendFailures }) => sendFailures),
    internalErrors: total(({ internalErrors }) => internalErrors),
    logLinesLost: seen.log.lost,
    tpsLinesLost: seen.tps?.lost ?? 0,
    sessionsLogLinesLost: seen.sessionsLog?.lost,
    listedClients: { which: perClient(seen.settings.config), active: seen.activity.update(engine.clients, now) },
    watchErrors: sumOfErrors([seen.boundary.counts, ...instances.map((one) => one.watchErrors)]),
    process: seen.vitals.process(),
    watch: seen.watch.latest,
    instances,
    engine,
  })
}

/** The listeners of all instances, those that share an address and port once: as the instance sees it that lacks it most. */
export function listenersOf(instances: readonly InstanceView[]): InstanceView['listeners'] {
  const found = new Map<string, InstanceView['listeners'][number]>()
  for (const one of instances.flatMap(({ listeners }) => listeners)) {
    const key = `${one.class} ${endpointText(one)}`
    if (found.get(key)?.presence !== 'absent') found.set(key, one)
  }
  return [...found.values()]
}

/** `192.0.2.7:1812 (absent)`: where it listens, in the words of the log. */
export const listenersText = (instances: readonly InstanceView[]): string =>
  listenersOf(instances)
    .map((one) => (one.presence === 'absent' ? `${endpointText(one)} (absent)` : endpointText(one)))
    .join(', ')

const queueLimits = ({ queues }: Config): DaemonView['limits'] =>
  perClass((each) => {
    const { max_messages: messages, max_bytes: bytes, max_age: age } = queues[each]
    return { messages, bytes, age }
  })

/** Which clients have series of their own in /metrics. */
const perClient = ({ metrics, clients }: Config): PerClient => perClientOf(metrics.per_client, clients.length)
