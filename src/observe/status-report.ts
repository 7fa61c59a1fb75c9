/**
 * The report of `/status`: one JSON object with all that can be seen, for `radsluice status`, for scripts and tests.
 *
 * Classes and lanes are the engine's snapshot as it is: times there are microseconds, moments are microseconds of the
 * monotonic clock. `clock` has both clocks at one moment, so the time stamps of a capture can be put on the grid of slots.
 */
import { type ClientAccounting, exact, TOTALS, type TotalName } from '../accounting/sessions/client-accounting.ts'
import type { PerClass } from '../classes.ts'
import { imbalance } from '../proxy/border/imbalance.ts'
import type { ClassSnapshot, ClientSnapshot, LaneSnapshot } from '../proxy/border/snapshot.ts'
import { MICROS_PER_SECOND } from '../units.ts'
import { type AlarmReport, alarmReports } from './alarms/alarm-report.ts'
import { concerns, notReady } from './judgements.ts'
import type { Health } from './view/alarm.ts'
import { causeOf } from './view/causes.ts'
import { effectiveCeiling, whatLimits } from './view/ceiling.ts'
import { clientsShown } from './view/client-activity.ts'
import type { Attachment, DaemonView, InstanceLook, ListenerView, Overrides } from './view/view.ts'

export interface StatusReport {
  readonly name: 'radsluice'
  readonly version: string
  readonly pid: number
  readonly phase: DaemonView['phase']
  /** Ready, nothing to look at, and no alarm of a loss: `radsluice status` exits with 0. */
  readonly ok: boolean
  readonly ready: boolean
  readonly notReady: readonly string[]
  /** Not reasons to take traffic away, but to look. */
  readonly concerns: readonly string[]
  readonly health: Health
  readonly alarms: readonly AlarmReport[]
  readonly uptimeSeconds: number
  readonly clock: { readonly monotonic_us: number; readonly wall_us: number }
  readonly config: DaemonView['config']
  readonly admin: string
  /** The path of the socket for what changes something; undefined where there is none. */
  readonly adminSocket: string | undefined
  readonly overrides: Overrides
  readonly attached: readonly Attachment[]
  readonly limits: DaemonView['limits']
  readonly listeners: readonly ListenerView[]
  readonly instances: readonly InstanceReport[]
  readonly classes: PerClass<ClassSnapshot & { readonly imbalance: number }>
  readonly lanes: readonly LaneReport[]
  readonly clients: readonly ClientReport[]
  /** Where accounting sessions are tracked. */
  readonly sessions: DaemonView['engine']['sessions']
  readonly messageAuthenticatorLearned: DaemonView['engine']['messageAuthenticatorLearned']
  readonly tables: DaemonView['engine']['tables']
  readonly sendFailures: number
  readonly internalErrors: number
  readonly watchErrors: DaemonView['watchErrors']
  readonly logLinesLost: number
  readonly tpsLinesLost: number
  readonly sessionsLogLinesLost: number | undefined
  readonly upstreamKernelDrops: number | undefined
  readonly process: DaemonView['process']
}

/** What one instance has in hand and did; the report's classes and lanes are all of them together. */
export type InstanceReport = Omit<InstanceLook, 'engine'> & {
  readonly classes: PerClass<ClassSnapshot>
  readonly lanes: readonly Pick<LaneSnapshot, 'server' | 'class' | 'state' | 'queued' | 'outstanding'>[]
}

/** Its traffic in decimal digits: a number of JSON is exact to 2^53 only. */
export type ClientReport = Omit<ClientSnapshot, 'accounting'> & {
  readonly accounting: Omit<ClientAccounting, 'traffic'> & { readonly traffic: Readonly<Record<TotalName, string>> }
}

/** `slotLength` is 1 s / slotsPerSecond in microseconds, not rounded; 0 where the rate is unlimited. */
export type LaneReport = Omit<LaneSnapshot, 'slots'> & {
  readonly slots: LaneSnapshot['slots'] & { readonly slotLength: number }
  /** Why it is silent or slow, in words, and what to do; undefined where nothing points to a cause. */
  readonly likelyCause: string | undefined
  /** What the server can be sent at most, messages per second; undefined where nothing limits it so far. */
  readonly ceiling: { readonly rate: number; readonly because: 'max_rate' | 'max_outstanding' } | undefined
}

/** Builds the report; `clock` has the two clocks read together, microseconds; `whose`: the clients that are in it. */
export function statusReport(
  view: DaemonView,
  clock: { monotonic: number; unix: number },
  whose: DaemonView['shownClients']['which'] = 'all',
): StatusReport {
  const { engine, version, pid, phase, uptimeSeconds, config, admin, listeners } = view
  const [reasons, worries, alarms] = [notReady(view), concerns(view), alarmReports(view.watch)]
  const { authentication, accounting } = engine.classes
  return {
    name: 'radsluice',
    version,
    pid,
    phase,
    ok: reasons.length + worries.length === 0 && !alarms.some(({ fails_status: fails }) => fails),
    ready: reasons.length === 0,
    notReady: reasons,
    concerns: worries,
    health: view.watch.health,
    alarms,
    uptimeSeconds,
    clock: { monotonic_us: clock.monotonic, wall_us: clock.unix },
    config,
    admin,
    adminSocket: view.adminSocket,
    overrides: view.overrides,
    attached: view.attached,
    limits: view.limits,
    listeners,
    instances: view.instances.map(instanceReport),
    classes: {
      authentication: { ...authentication, imbalance: imbalance(authentication) },
      accounting: { ...accounting, imbalance: imbalance(accounting) },
    },
    lanes: engine.lanes.map(laneReport),
    clients: clientsShown(engine.clients, { which: whose, active: view.shownClients.active }).map(clientReport),
    sessions: engine.sessions,
    messageAuthenticatorLearned: engine.messageAuthenticatorLearned,
    tables: engine.tables,
    sendFailures: view.sendFailures,
    internalErrors: view.internalErrors,
    watchErrors: view.watchErrors,
    logLinesLost: view.logLinesLost,
    tpsLinesLost: view.tpsLinesLost,
    sessionsLogLinesLost: view.sessionsLogLinesLost,
    upstreamKernelDrops: view.upstreamKernelDrops,
    process: view.process,
  }
}

const laneReport = (lane: LaneSnapshot): LaneReport => {
  const rate = effectiveCeiling(lane)
  return {
    ...lane,
    slots: { ...lane.slots, slotLength: slotLength(lane) },
    likelyCause: causeOf(lane),
    ceiling: rate === undefined ? undefined : { rate, because: whatLimits(lane) },
  }
}

const clientReport = (client: ClientSnapshot): ClientReport => {
  const { traffic, ...counts } = client.accounting
  const shown = Object.fromEntries(TOTALS.map((name) => [name, String(exact(traffic[name]))]))
  return { ...client, accounting: { ...counts, traffic: shown as Record<TotalName, string> } }
}

const instanceReport = ({ engine, ...look }: InstanceLook): InstanceReport => ({
  ...look,
  classes: engine.classes,
  lanes: engine.lanes.map(({ server, class: name, state, queued, outstanding }) => ({
    server,
    class: name,
    state,
    queued,
    outstanding,
  })),
})

const slotLength = ({ slots }: LaneSnapshot): number =>
  slots.slotsPerSecond === 0 ? 0 : MICROS_PER_SECOND / slots.slotsPerSecond
