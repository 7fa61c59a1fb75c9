/**
 * The report of `/status`: one JSON object with all that is known, for `radsluice status`, scripts and tests.
 *
 * Classes and lanes are those of the engine's snapshot: durations and instants are microseconds, instants of the monotonic
 * clock. `clock` has both clocks at one moment, so that the time stamps of a capture can be compared with slots.
 */

import { exact, TOTALS, type TotalName } from '../accounting/sessions/client-accounting.ts'
import { perClass } from '../classes.ts'
import { imbalance } from '../proxy/border/endings.ts'
import type { ClientSnapshot, LaneSnapshot } from '../proxy/border/snapshot.ts'
import type { ClockPair } from '../transport/clock.io.ts'
import { MICROS_PER_SECOND } from '../units.ts'
import { alarmReports } from './alarms/alarm-text.ts'
import { concerns, notReady } from './judgements.ts'
import { listedClients } from './view/client-activity.ts'
import { sentOf } from './view/client-use.ts'
import { causeOf, effectiveCeiling, whatLimits } from './view/diagnosis.ts'
import type { DaemonView } from './view/view.ts'

export type StatusReport = ReturnType<typeof statusReport>
export type ClientReport = StatusReport['clients'][number]
export type LaneReport = StatusReport['lanes'][number]

/** `whose`: the clients that are in it. */
export function statusReport(view: DaemonView, clock: ClockPair, whose: DaemonView['listedClients']['which'] = 'all') {
  const { engine, watch } = view
  const [reasons, worries, alarms] = [notReady(view), concerns(view), alarmReports(watch)]
  const listed = listedClients(engine.clients, { which: whose, active: view.listedClients.active })
  const sent = listed.length === 0 ? 0 : engine.clients.reduce((sum, client) => sum + sentOf(client), 0)
  return {
    name: 'radsluice',
    version: view.version,
    pid: view.pid,
    phase: view.phase,
    /** Ready, nothing to look at, and no alarm of a loss: `radsluice status` exits with 0. */
    ok: reasons.length + worries.length === 0 && !alarms.some(({ fails_status: fails }) => fails),
    ready: reasons.length === 0,
    notReady: reasons,
    concerns: worries,
    health: watch.health,
    alarms,
    uptimeSeconds: view.uptimeSeconds,
    clock: { monotonic_us: clock.monotonic, wall_us: clock.unix },
    config: view.config,
    admin: view.admin,
    adminSocket: view.adminSocket,
    overrides: view.overrides,
    attached: view.attached,
    limits: view.limits,
    packetIo: view.packetIo,
    listeners: view.listeners,
    instances: view.instances.map(instanceReport),
    classes: perClass((each) => ({ ...engine.classes[each], imbalance: imbalance(engine.classes[each]) })),
    lanes: engine.lanes.map(laneReport),
    clients: listed.map((client) => clientReport(client, sent)),
    /** Who asked for most in the last poll interval, few, whichever clients are in the report. */
    busiest: watch.busiest,
    /** If accounting sessions are tracked. */
    sessions: engine.sessions,
    messageAuthenticatorLearned: engine.messageAuthenticatorLearned,
    tables: engine.tables,
    flows: engine.flows,
    sendFailures: view.sendFailures,
    internalErrors: view.internalErrors,
    watchErrors: view.watchErrors,
    logLinesLost: view.logLinesLost,
    tpsLinesLost: view.tpsLinesLost,
    sessionsLogLinesLost: view.sessionsLogLinesLost,
    upstreamKernelDrops: view.upstreamKernelDrops,
    process: view.process,
  } as const
}

const laneReport = (lane: LaneSnapshot) => {
  const { slots } = lane
  const rate = effectiveCeiling(lane)
  return {
    ...lane,
    slots: {
      ...slots,
      /** 1 s / slotsPerSecond in microseconds, not rounded; 0 where the rate is unlimited. */
      slotLength: slots.slotsPerSecond === 0 ? 0 : MICROS_PER_SECOND / slots.slotsPerSecond,
    },
    /** Why it is silent or slow, and what to do; undefined if it is not known. */
    likelyCause: causeOf(lane),
    /** Messages per second that it can be sent at most; undefined if nothing limits it so far. */
    ceiling: rate === undefined ? undefined : { rate, because: whatLimits(lane) },
  } as const
}

/** Its traffic in decimal digits: a number of JSON is exact to 2^53 only. `allSent`: requests of all clients. */
const clientReport = (client: ClientSnapshot, allSent: number) => {
  const { traffic, ...counts } = client.accounting
  const digits = Object.fromEntries(TOTALS.map((name) => [name, String(exact(traffic[name]))]))
  return {
    ...client,
    /** Of what was sent of all clients since the start, 0 to 1. */
    share: allSent === 0 ? 0 : sentOf(client) / allSent,
    accounting: { ...counts, traffic: digits as Readonly<Record<TotalName, string>> },
  } as const
}

/** One instance; the report's classes and lanes are all instances together. */
const instanceReport = (one: DaemonView['instances'][number]) =>
  ({
    number: one.number,
    isRunning: one.isRunning,
    crashes: one.crashes,
    packetIo: one.packetIo,
    /** If its transport counts anything. */
    transport: one.transport,
    sendFailures: one.sendFailures,
    internalErrors: one.internalErrors,
    cpuSeconds: one.cpuSeconds,
    loopDelay: one.loopDelay,
    classes: one.engine.classes,
    lanes: one.engine.lanes.map(({ server, class: name, state, queued, outstanding }) => ({
      server,
      class: name,
      state,
      queued,
      outstanding,
    })),
  }) as const
